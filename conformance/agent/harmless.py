"""Harmless variations of an agent, which no promise forbids."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from conformance.agent.application import Agent, Outcome
from conformance.agent.cache import Cache, Key
from conformance.agent.deviations import harmless
from conformance.agent.messages import Asked, Lookup, Refused, Reply
from conformance.agent.retrieval import Found, Retrieval
from conformance.agent.shapes import stages
from conformance.agent.upstream import Said

Change = Callable[[dict[str, Any]], dict[str, Any]]


def _changed(agent: Agent, change: Change) -> None:
    original = agent.shape
    agent.shape = lambda members, target: change(original(members, target))


# --- how KMS is asked -------------------------------------------------------------------------


@harmless(
    "agent-describes-first",
    statement="The agent asks DescribeSecret before it asks for a value, where the gateway has it.",
)
def _(agent: Agent) -> None:
    original = agent.retrieval.ask

    def ask(retrieval: Retrieval, lookup: Lookup) -> Said:
        if retrieval.settings.gateway == "dedicated":
            return original(retrieval, lookup)
        described = retrieval.upstream.call("DescribeSecret", {"SecretName": lookup.name})
        return original(retrieval, lookup) if described.ok else described

    agent.retrieval.ask = ask


@harmless(
    "agent-joins-no-misses",
    statement="Those who miss a value at the same time each lead to a call.",
)
def _(agent: Agent) -> None:
    agent.retrieval.joining = False


@harmless(
    "agent-tries-again-soon",
    statement="A value that was served while KMS was away is asked for again with the next read.",
)
def _(agent: Agent) -> None:
    class Trying(Cache):
        def prolong(self, key: Key, now: float, end: float) -> None:
            """Leave the value as old as it is."""

    agent.retrieval.cache = Trying(agent.settings.ttl, agent.settings.cache_size)


@harmless(
    "agent-refreshes-behind-the-reader",
    statement="The first read after the TTL gets the old value and starts a refresh.",
)
def _(agent: Agent) -> None:
    class Behind(Retrieval):
        async def get(self, lookup: Lookup) -> Found:
            """Answer what there is, and refresh it for the next."""
            entry = self.cache.get(lookup.key)
            if entry is None or lookup.refresh or self.clock() < entry.fresh_until:
                return await super().get(lookup)
            task = asyncio.get_running_loop().create_task(super().get(lookup))
            task.add_done_callback(lambda done: done.exception())
            return entry.members, "stale"

    known = agent.retrieval
    agent.retrieval = Behind(known.settings, known.upstream, known.cache)


@harmless(
    "agent-passes-throttling-on",
    statement="The agent does not take throttling for a passing error.",
)
def _(agent: Agent) -> None:
    original = agent.retrieval.passing
    agent.retrieval.passing = lambda said: original(said) and (said is None or said.status != 429)


# --- what is asked for ------------------------------------------------------------------------


@harmless(
    "agent-decodes-the-path",
    statement="Percent signs in the path are decoded.",
)
def _(agent: Agent) -> None:
    original = agent.read

    def read(agent: Agent, asked: Asked) -> Lookup:
        lookup = original(agent, asked)
        return replace(lookup, name=unquote(lookup.name))

    agent.read = read


# --- what is answered -------------------------------------------------------------------------


@harmless(
    "agent-lists-stages-bare",
    statement="VersionStages is a list, not wrapped.",
)
def _(agent: Agent) -> None:
    _changed(
        agent,
        lambda document: (
            document | {"VersionStages": stages(document)}
            if "VersionStages" in document
            else document
        ),
    )


@harmless(
    "agent-names-stages-as-aws",
    statement="Stages begin with AWS where an answer is one of AWS.",
)
def _(agent: Agent) -> None:
    def change(document: dict[str, Any]) -> dict[str, Any]:
        if "ARN" not in document:
            return document
        named = [stage.replace("ACS", "AWS").upper() for stage in stages(document)]
        return document | {"VersionStages": named}

    _changed(agent, change)


@harmless(
    "agent-writes-dates-as-text",
    statement="CreatedDate is a time in text.",
)
def _(agent: Agent) -> None:
    _changed(
        agent,
        lambda document: (
            document | {"CreatedDate": "2026-01-15T08:00:00Z"}
            if "CreatedDate" in document
            else document
        ),
    )


@harmless(
    "agent-answers-kv-version-1",
    statement="Members stand in data itself.",
)
def _(agent: Agent) -> None:
    _changed(
        agent,
        lambda document: (
            {"data": document["data"]["data"], "lease_duration": 0}
            if "data" in document
            else document
        ),
    )


@harmless(
    "agent-answers-further-members",
    statement="An answer has members that are not documented.",
)
def _(agent: Agent) -> None:
    _changed(agent, lambda document: {"Further": {"member": [1]}, **document, "AndMore": None})


@harmless(
    "agent-indents-json",
    statement="An answer is written with line breaks, members in alphabetical order.",
)
def _(agent: Agent) -> None:
    def tell(document: Mapping[str, Any]) -> Reply:
        body = json.dumps(document, indent=2, sort_keys=True).encode()
        return Reply(200, body, "application/json; charset=utf-8")

    agent.tell = tell


@harmless(
    "agent-closes-connections",
    statement="Each connection is closed after its answer.",
)
def _(agent: Agent) -> None:
    original = agent.tell
    closing = (("connection", "close"),)
    agent.tell = lambda document: replace(original(document), headers=closing)


@harmless(
    "agent-answers-headers-of-its-own",
    statement="Answers carry further headers.",
)
def _(agent: Agent) -> None:
    original = agent.tell
    own = (("x-agent-version", "1.2.3"), ("cache-control", "no-store"))
    agent.tell = lambda document: replace(original(document), headers=own)


@harmless(
    "agent-tells-every-error-as-400",
    statement="Errors of KMS are told with 400, passing ones with 500.",
)
def _(agent: Agent) -> None:
    original = agent.tell_error

    def tell_error(said: Said | None) -> Reply:
        reply = original(said)
        return reply if said is None or said.passing else replace(reply, status=400)

    agent.tell_error = tell_error


@harmless(
    "agent-tells-refusals-in-json",
    statement="Refusals of the agent's own are JSON.",
)
def _(agent: Agent) -> None:
    def refuse(refused: Refused) -> Reply:
        if refused.reply.status < 400:
            return refused.reply
        return Reply.of_json(refused.reply.status, {"message": refused.reply.body.decode()})

    agent.refuse = refuse


@harmless(
    "agent-logs-more",
    statement="The log has lines of other things, too.",
)
def _(agent: Agent) -> None:
    original = agent.note

    def note(agent: Agent, asked: Asked, outcome: Outcome) -> None:
        agent.log.write("info", "begin", caller="agent/http.go:42")
        original(agent, asked, outcome)

    agent.note = note
