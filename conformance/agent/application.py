"""The ASGI application of an agent: who may ask, for what, and how it is told.

The order in which a request is looked at is that of programs of the same kind: number of
connections, forwarding, token, method, path, parameters.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from conformance.agent.log import Log
from conformance.agent.messages import Asked, Lookup, Refused, Reply
from conformance.agent.retrieval import Failed, Retrieval
from conformance.agent.service import service
from conformance.agent.settings import Settings
from conformance.agent.shapes import SHAPES, Members, Shape
from conformance.agent.token import Token
from conformance.agent.upstream import Said

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

#: Connections beyond the most that may still ask for the health of the agent.
_SPARE = 2
_BODY_LIMIT = 1024 * 1024
_REFRESH: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


@dataclass
class Agent:
    """One agent; what may deviate are attributes.

    Attributes:
        settings: Of the agent.
        token: What callers have to show.
        retrieval: Cache and upstream.
        log: Of the agent.
        shape: Shape of its answers.
        connections: Number of connections that are open.
        deviations: Names of the deviations in force.
        authorised: Tells whether a request shows the token.
        checks: What is looked at before a secret, in order; each raises Refused.
        read: Finds out which secret a request asks for.
        tell_error: Answers when there is no value.
        tell: Makes the answer from the document.
        refuse: Makes the answer of a refusal of the agent's own.
        note: Writes to the log how a request ended.
        host: Address to listen on.
    """

    settings: Settings
    token: Token
    retrieval: Retrieval
    log: Log
    shape: Shape
    connections: Callable[[], int] = lambda: 0
    deviations: list[str] = field(default_factory=list)
    authorised: "Callable[[Agent, Asked], bool]" = field(default_factory=lambda: shows_token)
    checks: "list[Callable[[Agent, Asked], None]]" = field(default_factory=lambda: list(CHECKS))
    read: "Callable[[Agent, Asked], Lookup]" = field(default_factory=lambda: read_lookup)
    tell_error: Callable[[Said | None], Reply] = field(default_factory=lambda: error_reply)
    tell: Callable[[Mapping[str, Any]], Reply] = lambda document: Reply.of_json(200, document)
    refuse: Callable[[Refused], Reply] = lambda refused: refused.reply
    note: "Callable[[Agent, Asked, Outcome], None]" = field(default_factory=lambda: note_outcome)
    #: Answers a request in place of all else, None to go on; for deviations.
    before: "Callable[[Agent, Asked], Awaitable[Reply | None]]" = field(
        default_factory=lambda: _nothing_before
    )
    host: str = field(default_factory=lambda: service().address)

    @classmethod
    def make(cls, settings: Settings, token: Token, retrieval: Retrieval, log: Log) -> "Agent":
        """Return an agent without deviations."""
        return cls(settings, token, retrieval, log, SHAPES[settings.response_type])

    async def answer(self, asked: Asked) -> Reply:
        """Answer one request and note how it ended."""
        lookup: Lookup | None = None
        origin: str = ""
        members: Members = {}
        try:
            found = await self.before(self, asked)
            if found is not None:
                return found
            for check in self.checks:
                check(self, asked)
            lookup = self.read(self, asked)
            members, origin = await self.retrieval.get(lookup)
            reply = self.tell(self.shape(members, self.retrieval.upstream.target))
        except Refused as refused:
            reply, origin = self.refuse(refused), refused.why
        except Failed as failed:
            reply = self.tell_error(failed.said)
            origin = "away" if failed.said is None else failed.said.code
        self.note(self, asked, Outcome(reply, lookup, origin, members))
        return reply

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        asked = Asked(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers={n.decode("latin-1"): v.decode("latin-1") for n, v in scope["headers"]},
            body=body,
        )
        reply = await self.answer(asked)
        headers = [
            ("content-type", reply.content_type),
            ("content-length", str(len(reply.body))),
            *reply.headers,
        ]
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended.

    Attributes:
        reply: What it was told.
        lookup: What it asked for, None when that was not found out.
        origin: cache, kms or stale, or why there is no value.
        members: What KMS answered; never for the log.
    """

    reply: Reply
    lookup: Lookup | None
    origin: str
    members: Mapping[str, Any] = field(repr=False)


async def _nothing_before(_agent: Agent, _asked: Asked) -> Reply | None:
    return None


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        size += len(message["body"])
        if size <= _BODY_LIMIT:
            parts.append(message["body"])
        if not message.get("more_body"):
            return b"".join(parts)


# --- checks -----------------------------------------------------------------------------------


def refusal(name: str, *, close: bool = False) -> Refused:
    """Return a refusal of the agent's own, by its name in specs/agent/service.json."""
    known = service().refusals[name]
    reply = Reply.of_text(known.status, known.text)
    if close:
        reply = Reply(reply.status, reply.body, reply.content_type, (("connection", "close"),))
    return Refused(reply, name)


def check_connections(agent: Agent, asked: Asked) -> None:
    """Refuse what exceeds the most connections; the health path has some to spare."""
    most = agent.settings.max_connections
    if asked.path == service().health_path:
        most += _SPARE
    if agent.connections() > most:
        raise refusal("too-many-connections", close=True)


def check_health(_agent: Agent, asked: Asked) -> None:
    """Answer a question for the health of the agent, which needs no token."""
    facts = service()
    if asked.path == facts.health_path and asked.method == "GET":
        raise Refused(Reply.of_text(200, facts.health_body), "health")


def check_forwarded(_agent: Agent, asked: Asked) -> None:
    """Refuse what comes through a proxy: such a request was not made on this machine."""
    if "x-forwarded-for" in asked.headers:
        raise refusal("forwarded")


def check_token(agent: Agent, asked: Asked) -> None:
    """Refuse what does not show the token."""
    if not agent.authorised(agent, asked):
        raise refusal("token")


def check_method(_agent: Agent, asked: Asked) -> None:
    """Refuse what does not retrieve."""
    if asked.method != "GET":
        raise refusal("method")


CHECKS: tuple[Callable[[Agent, Asked], None], ...] = (
    check_connections,
    check_health,
    check_forwarded,
    check_token,
    check_method,
)


def shows_token(agent: Agent, asked: Asked) -> bool:
    """Tell whether any of the accepted headers carries the token."""
    right = agent.token.value.encode()
    shown = [asked.headers.get(name.lower(), "") for name in agent.settings.token_headers]
    return any(hmac.compare_digest(one.encode("latin-1"), right) for one in shown)


# --- what is asked for ------------------------------------------------------------------------


def read_lookup(agent: Agent, asked: Asked) -> Lookup:
    """Return what a request asks for.

    The name in the path is taken as it stands there; that in the query is decoded.

    Raises:
        Refused: When it asks for nothing that there is.
    """
    facts, prefix = service(), agent.settings.path_prefix
    pairs = dict(parse_qsl(asked.query, keep_blank_values=True, encoding="utf-8"))
    if asked.path == facts.query_path:
        name = pairs.pop(facts.query_name, "")
    elif asked.path.startswith(prefix):
        name = asked.path.removeprefix(prefix)
    else:
        raise refusal("path")
    if pairs.keys() - facts.parameters.keys():
        raise refusal("parameter")
    if not name:
        raise refusal("name")
    refresh = _REFRESH.get(pairs.pop("refreshNow", "false").lower())
    if refresh is None:
        raise refusal("refresh")
    given = {facts.parameters[name]: value for name, value in pairs.items() if value}
    return Lookup(name, given.get("VersionId"), given.get("VersionStage"), refresh)


# --- what is told -----------------------------------------------------------------------------


def error_reply(said: Said | None) -> Reply:
    """Return the answer when there is no value: the code of KMS at its status."""
    if said is None:
        return Reply.of_json(500, {"__type": "InternalFailure"})
    status = said.status if said.status >= 400 else 500
    return Reply.of_json(status, {"__type": said.code, "message": said.message})


def note_outcome(agent: Agent, asked: Asked, outcome: Outcome) -> None:
    """Write a line about a request: what was asked for and how it ended, no value and no token."""
    fields: dict[str, Any] = {"status": outcome.reply.status, "origin": outcome.origin}
    if outcome.lookup is not None:
        # Whoever got so far has shown the token, so that this is the name of a secret.
        fields["secret"] = outcome.lookup.name
        if outcome.lookup.version is not None:
            fields["version"] = outcome.lookup.version
        if outcome.lookup.stage is not None:
            fields["stage"] = outcome.lookup.stage
    level = "warn" if outcome.origin == "stale" or outcome.reply.status >= 400 else "info"
    agent.log.write(level, "request", method=asked.method[:16], **fields)
