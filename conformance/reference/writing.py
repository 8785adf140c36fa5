"""Whole bodies taken and whole answers written in one piece.

By ASGI an answer goes out in two messages, and uvicorn checks each header of each answer. What the
endpoint answers is whole from the start and its headers are always the same few, so that the bytes
are handed to the connection at once, with the same effect on it. A body that has arrived whole need
not be waited for either.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
else:
    try:
        from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
    except ImportError:  # no wheel of httptools here: uvicorn uses h11, and nothing is written here
        STATUS_LINE, RequestResponseCycle = {}, None

#: Headers that say how an answer is framed or what becomes of its connection.
_HOP_BY_HOP = frozenset({b"connection", b"transfer-encoding", b"content-length"})


def head_of(lines: list[tuple[bytes, bytes]]) -> bytes | None:
    """Return header lines as they are written, None when uvicorn has to see them."""
    if any(name.lower() in _HOP_BY_HOP for name, _ in lines):
        return None
    return _written(tuple((name.lower(), text) for name, text in lines))


# The headers of every answer change with the second, that of the date.
@lru_cache(maxsize=16)
def _written(lines: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join([b"%s: %s\r\n" % line for line in lines])


def take_whole(receive: Callable[[], Awaitable[dict[str, Any]]]) -> bytes | None:
    """Return a body that is there already, None when it has to be received by ASGI.

    Args:
        receive: Of ASGI: a method of uvicorn's cycle of one request and answer.
    """
    cycle: Any = receive.__self__  # type: ignore[attr-defined]
    if type(cycle) is not RequestResponseCycle or cycle.more_body or cycle.disconnected:
        return None
    if cycle.waiting_for_100_continue or cycle.response_complete:
        return None
    body, cycle.body = bytes(cycle.body), bytearray()
    if cycle.flow.read_paused:
        cycle.flow.resume_reading()
    cycle.message_event.clear()
    return body


def write_whole(
    send: Callable[[dict[str, Any]], Awaitable[None]], status: int, head: bytes, body: bytes
) -> bool:
    """Write an answer and end the request; False when that is left to ASGI, nothing being written.

    Args:
        send: Of ASGI: a method of the same cycle.
        status: HTTP status.
        head: Header lines, Content-Length excepted.
        body: All of it.
    """
    cycle: Any = send.__self__  # type: ignore[attr-defined]
    if type(cycle) is not RequestResponseCycle or cycle.response_started or cycle.disconnected:
        return False
    if not cycle.keep_alive or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    own = _written(tuple(cycle.default_headers))
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(
        b"%s%s%scontent-length: %d\r\n\r\n%s" % (STATUS_LINE[status], own, head, len(body), body)
    )
    cycle.message_event.set()
    cycle.on_response()
    return True
