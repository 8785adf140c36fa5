"""Faults of an agent: what it answers, and what it writes."""

import base64
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.agent.application import Agent, Outcome, check_forwarded
from conformance.agent.deviations import fault
from conformance.agent.log import Log
from conformance.agent.messages import Asked, Lookup, Refused, Reply
from conformance.agent.retrieval import Retrieval
from conformance.agent.shapes import SHAPES, Members
from conformance.agent.upstream import Said
from conformance.target import Target

Change = Callable[[dict[str, Any]], dict[str, Any]]


def _changed(agent: Agent, change: Change) -> None:
    """Change the document of every answer."""
    original = agent.shape
    agent.shape = lambda members, target: change(original(members, target))


def _fetched(agent: Agent, change: Change) -> None:
    """Change the members that come from KMS."""
    original = agent.retrieval.ask

    def ask(retrieval: Retrieval, lookup: Lookup) -> Said:
        said = original(retrieval, lookup)
        return replace(said, members=change(dict(said.members))) if said.ok else said

    agent.retrieval.ask = ask


def _without(*names: str) -> Change:
    return lambda document: {name: value for name, value in document.items() if name not in names}


# --- shapes -----------------------------------------------------------------------------------


@fault(
    "agent-knows-one-shape",
    breaks=("AGT-020",),
    statement="The agent answers as KMS does, whatever ResponseType is.",
)
def _(agent: Agent) -> None:
    agent.shape = SHAPES[0] if agent.settings.response_type else SHAPES[1]


@fault(
    "agent-leaves-the-name-out",
    breaks=("AGT-020",),
    statement="An answer does not name the secret.",
)
def _(agent: Agent) -> None:
    _changed(agent, _without("SecretName", "Name"))


@fault(
    "agent-wraps-the-answer",
    breaks=("AGT-020",),
    statement="An answer stands in a member of its own.",
)
def _(agent: Agent) -> None:
    _changed(agent, lambda document: {"Secret": document})


@fault(
    "agent-answers-the-wrong-version-id",
    breaks=("AGT-020",),
    statement="An answer names another version than the value is of.",
)
def _(agent: Agent) -> None:
    _changed(
        agent,
        lambda document: document | ({"VersionId": "latest"} if "VersionId" in document else {}),
    )


@fault(
    "agent-leaves-times-and-stages-out",
    breaks=("AGT-021",),
    statement="An answer has neither stages nor times.",
)
def _(agent: Agent) -> None:
    _changed(agent, _without("CreateTime", "CreatedDate", "VersionStages"))


@fault(
    "agent-puts-the-text-into-kv",
    breaks=("AGT-021",),
    statement="A JSON value stands in HashiCorp KV as one text.",
)
def _(agent: Agent) -> None:
    original = agent.shape

    def shape(members: Members, target: Target) -> dict[str, Any]:
        if agent.settings.response_type != 2:
            return original(members, target)
        return {"data": {"data": {"value": members.get("SecretData")}, "metadata": {}}}

    agent.shape = shape


# --- values -----------------------------------------------------------------------------------


def _value(change: Callable[[str], str]) -> Change:
    return lambda members: members | {"SecretData": change(str(members["SecretData"]))}


@fault(
    "agent-trims-values",
    breaks=("AGT-022",),
    statement="White space at the ends of a value is removed.",
)
def _(agent: Agent) -> None:
    _fetched(agent, _value(str.strip))


@fault(
    "agent-rewrites-json-values",
    breaks=("AGT-022",),
    statement="A JSON value is read and written again.",
)
def _(agent: Agent) -> None:
    def rewritten(text: str) -> str:
        try:
            return json.dumps(json.loads(text))
        except ValueError:
            return text

    _fetched(agent, _value(rewritten))


@fault(
    "agent-loses-other-scripts",
    breaks=("AGT-022",),
    statement="What is not Latin becomes question marks.",
)
def _(agent: Agent) -> None:
    _fetched(agent, _value(lambda text: text.encode("latin-1", "replace").decode("latin-1")))


@fault(
    "agent-cuts-long-values",
    breaks=("AGT-022",),
    statement="A value is cut after 4096 characters.",
)
def _(agent: Agent) -> None:
    _fetched(agent, _value(lambda text: text[:4096]))


@fault(
    "agent-encodes-binary-values-again",
    breaks=("AGT-022",),
    statement="A binary value, which is base64 already, is encoded once more.",
)
def _(agent: Agent) -> None:
    def change(members: dict[str, Any]) -> dict[str, Any]:
        if members.get("SecretDataType") != "binary":
            return members
        coded = base64.b64encode(str(members["SecretData"]).encode()).decode()
        return members | {"SecretData": coded}

    _fetched(agent, change)


# --- versions and stages ----------------------------------------------------------------------


@fault(
    "agent-ignores-versions",
    breaks=("AGT-023",),
    statement="The agent answers the current version, whichever is asked for.",
)
def _(agent: Agent) -> None:
    original = agent.read
    agent.read = lambda agent, asked: replace(original(agent, asked), version=None)


@fault(
    "agent-ignores-stages",
    breaks=("AGT-024",),
    statement="The agent answers the current version, whichever stage is asked for.",
)
def _(agent: Agent) -> None:
    original = agent.read
    agent.read = lambda agent, asked: replace(original(agent, asked), stage=None)


@fault(
    "agent-keeps-one-version",
    breaks=("AGT-023", "AGT-024"),
    statement="The agent caches by name alone, whichever version was asked for.",
)
def _(agent: Agent) -> None:
    agent.retrieval.key_of = lambda lookup: (lookup.name, None, None)


# --- refusals ---------------------------------------------------------------------------------


@fault(
    "agent-makes-values-up",
    breaks=("AGT-013",),
    statement="While KMS is away, the agent answers an empty value with success.",
)
def _(agent: Agent) -> None:
    original = agent.tell_error
    agent.tell_error = lambda said: (
        Reply.of_json(200, {"SecretData": ""}) if said is None else original(said)
    )


@fault(
    "agent-answers-success-for-errors",
    breaks=("AGT-013", "AGT-025"),
    statement="The agent answers 200 with the error in the body.",
)
def _(agent: Agent) -> None:
    original = agent.tell_error
    agent.tell_error = lambda said: replace(original(said), status=200)


@fault(
    "agent-hides-the-code-of-kms",
    breaks=("AGT-026",),
    statement="The agent says nothing of why KMS has refused.",
)
def _(agent: Agent) -> None:
    agent.tell_error = lambda _said: Reply.of_text(400, "Error")


@fault(
    "agent-refuses-the-token-with-401",
    breaks=("AGT-027",),
    statement="A request without the token is refused with 401.",
)
def _(agent: Agent) -> None:
    def refuse(refused: Refused) -> Reply:
        return replace(
            refused.reply, status=401 if refused.why == "token" else refused.reply.status
        )

    agent.refuse = refuse


@fault(
    "agent-serves-forwarded-requests",
    breaks=("AGT-027",),
    statement="The agent serves what comes through a proxy.",
)
def _(agent: Agent) -> None:
    agent.checks = [check for check in agent.checks if check is not check_forwarded]


@fault(
    "agent-repeats-the-token",
    breaks=("AGT-003", "AGT-002"),
    statement="A refusal names the token that was expected.",
)
def _(agent: Agent) -> None:
    def refuse(refused: Refused) -> Reply:
        if refused.why != "token":
            return refused.reply
        return Reply.of_text(403, f"Bad token, expected {agent.token.value}")

    agent.refuse = refuse


# --- the log ----------------------------------------------------------------------------------


def _also_logs(agent: Agent, fields: Callable[[Asked, Outcome], Mapping[str, Any]]) -> None:
    original = agent.note

    def note(agent: Agent, asked: Asked, outcome: Outcome) -> None:
        original(agent, asked, outcome)
        agent.log.write("info", "detail", **fields(asked, outcome))

    agent.note = note


@fault(
    "agent-logs-values",
    breaks=("AGT-032",),
    statement="The log holds what was answered.",
)
def _(agent: Agent) -> None:
    _also_logs(agent, lambda _asked, outcome: {"body": outcome.reply.body.decode()})


@fault(
    "agent-logs-headers",
    breaks=("AGT-032",),
    statement="The log holds the headers of requests, the token among them.",
)
def _(agent: Agent) -> None:
    _also_logs(agent, lambda asked, _outcome: {"headers": dict(asked.headers)})


@fault(
    "agent-prints-values",
    breaks=("AGT-032",),
    statement="What was answered is printed to standard error.",
)
def _(agent: Agent) -> None:
    original = agent.note

    def note(agent: Agent, asked: Asked, outcome: Outcome) -> None:
        original(agent, asked, outcome)
        print(outcome.reply.body.decode(), file=sys.stderr, flush=True)

    agent.note = note


@fault(
    "agent-logs-plain-text",
    breaks=("AGT-033",),
    statement="The log is made of plain text.",
)
def _(agent: Agent) -> None:
    agent.log = Log(agent.settings, logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
