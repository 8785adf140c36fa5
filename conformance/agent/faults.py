"""Faults of an agent: who may ask, how often it asks KMS, what else it does."""

import math
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from conformance.agent.application import Agent, check_health
from conformance.agent.cache import Cache, Entry, Key
from conformance.agent.deviations import fault
from conformance.agent.messages import Asked, Lookup, Reply
from conformance.agent.retrieval import Retrieval
from conformance.agent.service import service
from conformance.agent.upstream import Said, Upstream

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - the fault


def _shown(agent: Agent, asked: Asked) -> list[str]:
    return [asked.headers.get(name.lower(), "") for name in agent.settings.token_headers]


# --- who may ask ------------------------------------------------------------------------------


@fault(
    "agent-listens-everywhere",
    breaks=("AGT-001",),
    statement="The agent listens on every address of the machine.",
)
def _(agent: Agent) -> None:
    agent.host = _EVERYWHERE


@fault(
    "agent-needs-no-token",
    breaks=("AGT-002", "AGT-003"),
    statement="The agent asks for no token.",
)
def _(agent: Agent) -> None:
    agent.authorised = lambda _agent, _asked: True


@fault(
    "agent-needs-no-token-for-what-it-has",
    breaks=("AGT-002",),
    statement="The agent asks for a token only when the value is not cached.",
)
def _(agent: Agent) -> None:
    original = agent.authorised

    def authorised(agent: Agent, asked: Asked) -> bool:
        cached = agent.retrieval.cache.get(agent.retrieval.key_of(agent.read(agent, asked)))
        return cached is not None or original(agent, asked)

    agent.authorised = authorised


@fault(
    "agent-takes-any-token",
    breaks=("AGT-003",),
    statement="The agent is content with any token.",
)
def _(agent: Agent) -> None:
    agent.authorised = lambda agent, asked: any(_shown(agent, asked))


@fault(
    "agent-compares-the-beginning-of-the-token",
    breaks=("AGT-003",),
    statement="The agent compares only as much of the token as it is shown.",
)
def _(agent: Agent) -> None:
    agent.authorised = lambda agent, asked: any(
        shown and agent.token.value.startswith(shown) for shown in _shown(agent, asked)
    )


@fault(
    "agent-ignores-what-follows-the-token",
    breaks=("AGT-003",),
    statement="The agent takes a token that begins with the right one.",
)
def _(agent: Agent) -> None:
    agent.authorised = lambda agent, asked: any(
        shown.startswith(agent.token.value) for shown in _shown(agent, asked)
    )


@fault(
    "agent-ignores-the-case-of-the-token",
    breaks=("AGT-003",),
    statement="The agent takes upper for lower case in the token.",
)
def _(agent: Agent) -> None:
    agent.authorised = lambda agent, asked: any(
        shown.lower() == agent.token.value.lower() for shown in _shown(agent, asked)
    )


@fault(
    "agent-knows-one-header",
    breaks=("AGT-004",),
    statement="The agent looks for the token in the first header alone.",
)
def _(agent: Agent) -> None:
    agent.settings = replace(agent.settings, token_headers=agent.settings.token_headers[:1])


@fault(
    "agent-wants-both-headers",
    breaks=("AGT-004",),
    statement="The agent wants the token in both headers.",
)
def _(agent: Agent) -> None:
    agent.authorised = lambda agent, asked: all(
        shown == agent.token.value for shown in _shown(agent, asked)
    )


@fault(
    "agent-tells-its-health-for-the-token-only",
    breaks=("AGT-028",),
    statement="The agent wants the token before it says that it is well.",
)
def _(agent: Agent) -> None:
    agent.checks = [check for check in agent.checks if check is not check_health]


# --- what is asked for ------------------------------------------------------------------------


@fault(
    "agent-knows-no-parameter-for-the-name",
    breaks=("AGT-005",),
    statement="The agent does not know the form with a query.",
)
def _(agent: Agent) -> None:
    _answer_path(agent, service().query_path, Reply.of_text(404, "Not found"))


@fault(
    "agent-knows-no-name-in-the-path",
    breaks=("AGT-005",),
    statement="The agent does not know the form with the name in the path.",
)
def _(agent: Agent) -> None:
    _answer_path(agent, agent.settings.path_prefix, Reply.of_text(404, "Not found"))


def _answer_path(agent: Agent, beginning: str, reply: Reply) -> None:
    async def before(_agent: Agent, asked: Asked) -> Reply | None:
        return reply if asked.path.startswith(beginning) else None

    agent.before = before


@fault(
    "agent-mixes-secrets-up",
    breaks=("AGT-005",),
    statement="The agent answers the value that it has cached, whatever the secret.",
)
def _(agent: Agent) -> None:
    agent.retrieval.key_of = lambda _lookup: ("", None, None)


def _calls(agent: Agent, methods: Mapping[str, str], params: Mapping[str, str]) -> None:
    """Turn methods into operations on the secret that is named."""

    async def before(agent: Agent, asked: Asked) -> Reply | None:
        if asked.method not in methods or not agent.authorised(agent, asked):
            return None
        lookup = agent.read(agent, asked)
        named = {"SecretName": lookup.name, **params}
        said = agent.retrieval.upstream.call(methods[asked.method], named)
        return Reply.of_json(said.status, said.members)

    agent.before = before


@fault(
    "agent-writes-values",
    breaks=("AGT-006",),
    statement="The agent writes a value on POST, PUT and PATCH.",
)
def _(agent: Agent) -> None:
    methods = dict.fromkeys(("POST", "PUT", "PATCH"), "PutSecretValue")
    _calls(agent, methods, {"SecretData": "changed", "VersionId": "v2"})


@fault(
    "agent-deletes-secrets",
    breaks=("AGT-006",),
    statement="The agent deletes a secret on DELETE.",
)
def _(agent: Agent) -> None:
    _calls(agent, {"DELETE": "DeleteSecret"}, {"RecoveryWindowInDays": "30"})


@fault(
    "agent-passes-actions-on",
    breaks=("AGT-007",),
    statement="The agent passes on to KMS whatever operation is named in the query.",
)
def _(agent: Agent) -> None:
    async def before(agent: Agent, asked: Asked) -> Reply | None:
        params = dict(parse_qsl(asked.query))
        operation = params.pop("Action", None)
        if operation is None or not agent.authorised(agent, asked):
            return None
        if asked.path.startswith(agent.settings.path_prefix):
            params["SecretName"] = asked.path.removeprefix(agent.settings.path_prefix)
        elif service().query_name in params:
            params["SecretName"] = params.pop(service().query_name)
        params.pop("Version", None)
        said = agent.retrieval.upstream.call(operation, params)
        return Reply.of_json(said.status, said.members)

    agent.before = before


@fault(
    "agent-has-a-path-to-put",
    breaks=("AGT-007",),
    statement="The agent puts a value where programs of its kind would put a path for it.",
)
def _(agent: Agent) -> None:
    async def before(agent: Agent, asked: Asked) -> Reply | None:
        if asked.path != "/secretsmanager/put" or not agent.authorised(agent, asked):
            return None
        given = dict(parse_qsl(asked.query))
        params = {
            "SecretName": given["secretId"],
            "SecretData": given["secretData"],
            "VersionId": given["versionId"],
        }
        said = agent.retrieval.upstream.call("PutSecretValue", params)
        return Reply.of_json(said.status, said.members)

    agent.before = before


# --- how often KMS is asked -------------------------------------------------------------------


@fault(
    "agent-keeps-nothing",
    breaks=("AGT-010", "AGT-012"),
    statement="The agent asks KMS each time.",
)
def _(agent: Agent) -> None:
    agent.retrieval.cache = Cache(0, agent.settings.cache_size)


@fault(
    "agent-asks-although-it-has-the-value",
    breaks=("AGT-010",),
    statement="The agent answers from its cache and asks KMS all the same.",
)
def _(agent: Agent) -> None:
    class Asking(Cache):
        def get(self, key: Key) -> Entry | None:
            """Ask KMS for what is there, and let the answer be."""
            entry = super().get(key)
            if entry is not None:
                agent.retrieval.upstream.call("GetSecretValue", {"SecretName": key[0]})
            return entry

    agent.retrieval.cache = Asking(agent.settings.ttl, agent.settings.cache_size)


@fault(
    "agent-never-refreshes",
    breaks=("AGT-011", "AGT-014", "AGT-016"),
    statement="The agent keeps a value for good.",
)
def _(agent: Agent) -> None:
    agent.retrieval.cache = Cache(math.inf, agent.settings.cache_size)


@fault(
    "agent-takes-any-failure-for-final",
    breaks=("AGT-012", "AGT-015"),
    statement="The agent has no value once its TTL has run out and KMS is away.",
)
def _(agent: Agent) -> None:
    agent.retrieval.passing = lambda _said: False


@fault(
    "agent-serves-an-old-value-once",
    breaks=("AGT-012",),
    statement="The agent forgets a value after it has served it while KMS was away.",
)
def _(agent: Agent) -> None:
    class Forgetting(Cache):
        def prolong(self, key: Key, now: float, end: float) -> None:
            """Forget in place of keeping."""
            del now, end
            self.drop(key)

    agent.retrieval.cache = Forgetting(agent.settings.ttl, agent.settings.cache_size)


@fault(
    "agent-stays-with-an-old-value",
    breaks=("AGT-014",),
    statement="A value that was served while KMS was away is served for good.",
)
def _(agent: Agent) -> None:
    class Staying(Cache):
        def prolong(self, key: Key, now: float, end: float) -> None:
            """Keep for good."""
            del end
            super().prolong(key, now + 1e9, math.inf)

    agent.retrieval.cache = Staying(agent.settings.ttl, agent.settings.cache_size)


@fault(
    "agent-takes-errors-of-kms-for-final",
    breaks=("AGT-015",),
    statement="The agent passes a passing error of KMS on although it has a value.",
)
def _(agent: Agent) -> None:
    agent.retrieval.passing = lambda said: said is None


@fault(
    "agent-serves-what-is-gone",
    breaks=("AGT-016",),
    statement="The agent takes every refusal of KMS for a passing error.",
)
def _(agent: Agent) -> None:
    agent.retrieval.passing = lambda _said: True


@fault(
    "agent-remembers-refusals",
    breaks=("AGT-025",),
    statement="The agent does not ask again for a secret that was once unknown.",
)
def _(agent: Agent) -> None:
    original = agent.retrieval.ask
    refused: dict[Key, Said] = {}

    def ask(retrieval: Retrieval, lookup: Lookup) -> Said:
        if lookup.key in refused:
            return refused[lookup.key]
        said = original(retrieval, lookup)
        if not said.ok and not said.passing:
            refused[lookup.key] = said
        return said

    agent.retrieval.ask = ask


@fault(
    "agent-asks-one-gateway-always",
    breaks=("AGT-030",),
    statement="The agent asks the shared gateway, whatever it is set to.",
)
def _(agent: Agent) -> None:
    agent.retrieval.upstream = Upstream(replace(agent.settings, gateway="shared"))


@fault(
    "agent-serves-few-at-a-time",
    breaks=("AGT-031",),
    statement="The agent refuses all but a few connections.",
)
def _(agent: Agent) -> None:
    agent.settings = replace(agent.settings, max_connections=3)
