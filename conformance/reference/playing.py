"""Plays a scripted reply on a connection."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from conformance.reference.script import Reply

Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

#: Makes closing a socket send RST instead of FIN.
_LINGER_NOT = struct.pack("ii", 1, 0)


def connection_of(receive: Receive) -> Any:
    """Return the transport below ASGI: ``receive`` is a method of uvicorn's cycle."""
    return receive.__self__.transport  # type: ignore[attr-defined]


async def play(reply: Reply, receive: Receive, send: Send) -> bool:
    """Answer by script; True when the request is to be answered as ever."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.proceed:
        return True
    if reply.raw is None and reply.cut is None and not (reply.reset or reply.hang):
        await _send_framed(reply, send)
        return False
    transport = connection_of(receive)
    if not reply.hang:
        await _write(reply, transport)
        if reply.reset:
            _reset(transport)
        else:
            transport.close()
    while (await receive())["type"] != "http.disconnect":
        continue
    return False


async def _send_framed(reply: Reply, send: Send) -> None:
    """Answer within HTTP, so that the connection can be used again."""
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.headers]
    names = {name.lower() for name, _ in headers}
    if names.isdisjoint({b"content-length", b"transfer-encoding"}):
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for piece in _pieces(reply.body, reply.drip):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(reply.drip or 0)
    await send({"type": "http.response.body", "body": b""})


async def _write(reply: Reply, transport: Any) -> None:
    """Write bytes past HTTP; whoever does so closes the connection afterwards."""
    whole = reply.wire_bytes()
    if reply.cut is not None or reply.reset:
        whole = whole[: reply.cut or 0]
    for piece in _pieces(whole, reply.drip):
        if transport.is_closing():
            return
        transport.write(piece)
        await asyncio.sleep(reply.drip or 0)


def _pieces(content: bytes, drip: float | None) -> list[bytes]:
    if drip is None:
        return [content] if content else []
    return [content[at : at + 1] for at in range(len(content))]


def _reset(transport: Any) -> None:
    # The socket that a transport shows may not be changed; a duplicate shares its options.
    duplicate = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
    duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    duplicate.close()
    transport.abort()
