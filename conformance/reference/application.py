"""The ASGI application around an endpoint: bytes in, bytes out, scripts and the odd long job."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import lru_cache, partial
from typing import Any, TypeAlias

from conformance.reference.endpoint import Endpoint, new_request_id
from conformance.reference.passage import DOORS, Headers, ListenerName, Passage, Response
from conformance.reference.playing import connection_of, play
from conformance.reference.witness import SeenRequest
from conformance.reference.workers import Workers
from conformance.reference.writing import head_of, take_whole, write_whole
from conformance.wire.failures import WireError
from conformance.wire.instance import API_NAME_HEADER
from conformance.wire.request import WireRequest

Message: TypeAlias = dict[str, Any]
Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
#: What is left to do for an answer.
Rest: TypeAlias = Coroutine[Any, Any, None] | None
#: Goes on with the request that a `Send` belongs to: by a step, then by what that leaves to do.
GoOn: TypeAlias = Callable[[Send, Callable[[], Rest]], None]

#: How much more than the limit of a body is read and dropped, so that a client that sends all
#: before it reads gets to see the refusal.
_DRAINED = 32 * 1024 * 1024
#: So that nobody fills the memory with names of headers.
_NAMES_KEPT = 1_000


class Disconnected(Exception):  # noqa: N818 - names what happened
    """The client went away before its request was whole."""


class Application:
    """Serves one endpoint on one listener.

    Args:
        endpoint: Answers the requests.
        listener: Where it listens; `DOORS` says what stands behind it.
        workers: Run RSA private-key work.
    """

    def __init__(self, endpoint: Endpoint, listener: ListenerName, workers: Workers) -> None:
        self._endpoint = endpoint
        self._listener: ListenerName = listener
        self._gateway, self._side = DOORS[listener]
        self._workers = workers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        rest = self.begin(scope, receive, send, None)
        if rest is not None:
            await rest

    def begin(self, scope: Scope, receive: Receive, send: Send, go_on: GoOn | None) -> Rest:
        """Answer one request as far as nothing has to be waited for, which mostly is to the end.

        Args:
            scope: Of ASGI.
            receive: Likewise.
            send: Likewise.
            go_on: Called when a thread has done RSA private-key work, which a task would be a dear
                way to wait for; without it the work belongs to what is left to do.

        Returns:
            What is left to do; None when the answer is written, or `go_on` will be called.
        """
        self._endpoint.witness.counts["requests"] += 1
        body = take_whole(receive)
        if body is None:
            return self._receive(scope, receive, send)
        if len(body) > self._endpoint.settings.body_limit:
            body = None
        return self._proceed(scope, body, receive, send, go_on)

    async def _receive(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._body(receive)
        except Disconnected:
            return
        rest = self._proceed(scope, body, receive, send, None)
        if rest is not None:
            await rest

    def _proceed(
        self, scope: Scope, body: bytes | None, receive: Receive, send: Send, go_on: GoOn | None
    ) -> Rest:
        """Answer by script or by the endpoint; without a body it was larger than allowed."""
        endpoint = self._endpoint
        request = _wire_request(scope, body or b"", secure=self._listener != "http")
        seen = self._record(request, receive) if endpoint.witness.recording else None
        client = scope.get("client")
        client_ip = client[0] if client else ""
        if endpoint.script:
            action = _action(request)
            if seen is not None:
                seen.action = action
            reply = endpoint.script.take(action)
            if reply is not None:
                endpoint.witness.counts["scripted"] += 1
                ask = partial(self._ask, request, body, client_ip, seen, send, None)
                return _scripted(play(reply, receive, send), ask)
        return self._ask(request, body, client_ip, seen, send, go_on)

    def _ask(
        self,
        request: WireRequest,
        body: bytes | None,
        client_ip: str,
        seen: SeenRequest | None,
        send: Send,
        go_on: GoOn | None,
    ) -> Rest:
        """Let the endpoint answer."""
        endpoint = self._endpoint
        if body is None:
            return self._answer(_too_large(endpoint, request), send, last=True)
        passage = endpoint.admit(
            request,
            self._listener,
            gateway=self._gateway,
            side=self._side,
            client_ip=client_ip,
        )
        if not endpoint.is_slow(passage):
            return self._finish(passage, seen, send, endpoint.finish(passage))
        finish = partial(self._finish, passage, seen, send)
        if go_on is None:
            return self._finish_slowly(passage, finish)
        self._workers.run(
            partial(endpoint.finish, passage),
            lambda response: go_on(send, partial(finish, response)),
        )
        return None

    async def _finish_slowly(self, passage: Passage, finish: Callable[[Response], Rest]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._workers.run(
            partial(self._endpoint.finish, passage),
            lambda response: None if done.done() else done.set_result(response),
        )
        rest = finish(await done)
        if rest is not None:
            await rest

    def _finish(
        self, passage: Passage, seen: SeenRequest | None, send: Send, response: Response
    ) -> Rest:
        if seen is not None:
            seen.scheme = passage.scheme.value
            seen.action = passage.verified.action if passage.verified else seen.action
            seen.status = response.status
            seen.code = passage.error.code if passage.error else ""
        # After an upgrade that was not taken the parser reads no further request.
        return self._answer(response, send, last="upgrade" in passage.request.by_name)

    async def _body(self, receive: Receive) -> bytes | None:
        """Return a body as it comes, None when it is larger than allowed."""
        limit = self._endpoint.settings.body_limit
        parts: list[bytes] = []
        size, more = 0, True
        while more and size <= limit + _DRAINED:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            size += len(message["body"])
            more = bool(message.get("more_body"))
            if size <= limit:
                parts.append(message["body"])
        return b"".join(parts) if size <= limit else None

    def _record(self, request: WireRequest, receive: Receive) -> SeenRequest:
        witness = self._endpoint.witness
        connection = connection_of(receive).get_protocol()
        seen = SeenRequest(
            witness.counts["requests"],
            self._endpoint.clock.now(),
            self._listener,
            getattr(connection, "number", 0),
            getattr(connection, "tls", ""),
            request,
        )
        witness.requests.append(seen)
        return seen

    def _answer(self, response: Response, send: Send, *, last: bool) -> Rest:
        transport = self._endpoint.transport
        status, headers, body = response
        lines, head = _encoded(headers + transport.headers if transport.headers else headers)
        if transport.close or last:
            lines = [*lines, (b"connection", b"close")]
        elif (
            head is not None
            and not transport.chunked
            and not transport.delay
            and write_whole(send, status, head, body)
        ):
            return None
        return self._send(status, lines, body, send)

    async def _send(
        self, status: int, lines: list[tuple[bytes, bytes]], body: bytes, send: Send
    ) -> None:
        transport = self._endpoint.transport
        if transport.delay:
            await asyncio.sleep(transport.delay)
        if transport.chunked:
            await send({"type": "http.response.start", "status": status, "headers": lines})
            for start in range(0, len(body), transport.chunked):
                part = body[start : start + transport.chunked]
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        if not any(name.lower() == b"content-length" for name, _ in lines):
            lines = [*lines, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})


async def _scripted(played: Awaitable[bool], ask: Callable[[], Rest]) -> None:
    """Play a scripted reply, and let the endpoint answer after it where the script says so."""
    if not await played:
        return
    rest = ask()
    if rest is not None:
        await rest


def _wire_request(scope: Scope, body: bytes, *, secure: bool) -> WireRequest:
    headers = tuple([(_NAMES[name], text.decode("latin-1")) for name, text in scope["headers"]])
    path = scope["raw_path"].decode("latin-1")
    request = WireRequest(scope["method"], path, scope["query_string"], headers, body, "", secure)
    request.host = request.header("host") or ""
    return request


class _Names(dict[bytes, str]):
    """Names of headers as text; clients send the same ones again in every request."""

    def __missing__(self, name: bytes) -> str:
        text = sys.intern(name.decode("latin-1"))
        if len(self) < _NAMES_KEPT:
            self[name] = text
        return text


_NAMES = _Names()


@lru_cache(maxsize=256)
def _encoded(headers: Headers) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
    """Return headers as ASGI takes them, and as `write_whole` does."""
    lines = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    return lines, head_of(lines)


def _too_large(endpoint: Endpoint, request: WireRequest) -> Response:
    """Refuse a body above the limit, which was not kept."""
    endpoint.witness.counts["oversized"] += 1
    if request.header(API_NAME_HEADER) is not None:
        return Response(413, (), b"")
    members = {
        "RequestId": new_request_id(),
        "HttpStatus": 400,
        "Code": "InvalidParameter",
        "Message": "The request body is too large.",
    }
    if endpoint.settings.error_family == "gateway":
        members["HostId"] = request.host
        del members["HttpStatus"]
    headers = (("content-type", "application/json;charset=utf-8"),)
    return Response(400, headers, json.dumps(members).encode())


def _action(request: WireRequest) -> str:
    """Return the operation that a request asks for, whoever sent it and however it is signed."""
    action = request.header("x-acs-action")
    if action is not None:
        return action
    try:
        return dict(request.query_pairs() + request.form_pairs()).get("Action", "")
    except WireError:
        return ""
