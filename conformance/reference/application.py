"""The ASGI application around an endpoint: bytes in, bytes out, scripts and the odd long job."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

from conformance.reference.endpoint import Endpoint, new_request_id
from conformance.reference.passage import DOORS, Headers, ListenerName, Response
from conformance.reference.playing import connection_of, play
from conformance.reference.witness import SeenRequest
from conformance.reference.workers import Workers
from conformance.reference.writing import head_of, take_whole, write_whole
from conformance.wire.failures import WireError
from conformance.wire.instance import API_NAME_HEADER
from conformance.wire.request import WireRequest

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

#: How much more than the limit of a body is read and dropped, so that a client that sends all
#: before it reads gets to see the refusal.
_DRAINED = 32 * 1024 * 1024


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

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = self._endpoint
        endpoint.witness.counts["requests"] += 1
        body = take_whole(receive)
        if body is None:
            try:
                body = await self._body(receive)
            except Disconnected:
                return
        elif len(body) > endpoint.settings.body_limit:
            body = None
        request = _wire_request(scope, body or b"", secure=self._listener != "http")
        seen = self._record(request, receive) if endpoint.witness.recording else None
        if endpoint.script:
            action = _action(request)
            if seen is not None:
                seen.action = action
            reply = endpoint.script.take(action)
            if reply is not None:
                endpoint.witness.counts["scripted"] += 1
                if not await play(reply, receive, send):
                    return
        client = scope.get("client")
        if body is None:
            response = _too_large(endpoint, request)
        else:
            passage = endpoint.admit(
                request,
                self._listener,
                gateway=self._gateway,
                side=self._side,
                client_ip=client[0] if client else "",
            )
            if endpoint.is_slow(passage):
                response = await self._workers.run(endpoint.finish, passage)
            else:
                response = endpoint.finish(passage)
            if seen is not None:
                seen.scheme = passage.scheme.value
                seen.action = passage.verified.action if passage.verified else seen.action
                seen.status = response.status
                seen.code = passage.error.code if passage.error else ""
        # After an upgrade that was not taken the parser reads no further request.
        last = body is None or "upgrade" in request.by_name()
        await self._answer(response, send, last=last)

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

    async def _answer(self, response: Response, send: Send, *, last: bool) -> None:
        transport = self._endpoint.transport
        status, headers, body = response
        lines, head = _encoded(headers + transport.headers if transport.headers else headers)
        if transport.delay:
            await asyncio.sleep(transport.delay)
        if transport.close or last:
            lines = [*lines, (b"connection", b"close")]
        elif head is not None and not transport.chunked and write_whole(send, status, head, body):
            return
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


def _wire_request(scope: Mapping[str, Any], body: bytes, *, secure: bool) -> WireRequest:
    # No header holds a line feed, so that all of them are decoded at once.
    texts = b"\n".join(chain.from_iterable(scope["headers"])).decode("latin-1").split("\n")
    headers = tuple(zip(texts[::2], texts[1::2], strict=False))
    host = ""
    for name, value in headers:
        if name == "host":
            host = value
            break
    path = scope["raw_path"].decode("latin-1")
    return WireRequest(scope["method"], path, scope["query_string"], headers, body, host, secure)


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
