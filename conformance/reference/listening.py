"""Sockets: binding them, and letting connections in."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.reference.protocol import Connection, Limits
from conformance.reference.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Coroutine

_BACKLOG = 2048
_TLS_HANDSHAKE = 0x16
_PEEKED = 64
_PLAIN_ANSWER = b"The plain HTTP request was sent to the HTTPS port."
_PLAIN_RESPONSE = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_PLAIN_ANSWER), _PLAIN_ANSWER)
)


class ListenError(Exception):
    """A port that cannot be listened on; the text is one sentence with the mend."""


def bind(host: str, port: int, option: str) -> socket.socket:
    """Return a listening socket.

    Args:
        host: Address or name to bind to.
        port: Port, 0 for a free one.
        option: Command-line option of the port, for the message.

    Raises:
        ListenError: When it cannot be bound.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError, OverflowError):
        raise ListenError(
            f"the host {host!r} does not resolve: give an address of this machine with --host"
        ) from None
    bound = socket.socket(found[0], found[1], found[2])
    try:
        if os.name != "nt":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(found[4])
        bound.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        bound.close()
        why = getattr(error, "strerror", None) or str(error)
        raise ListenError(
            f"port {port} on {host} cannot be used ({why}): "
            f"give another with {option}, or 0 for a free one"
        ) from None
    bound.setblocking(False)
    return bound


def url_of(scheme: str, bound: socket.socket, host: str) -> str:
    """Return the address of a listening socket as a client writes it."""
    port = bound.getsockname()[1]
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - recognised, not bound
        host = "127.0.0.1"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class Listener:
    """Accepts the connections of one socket.

    Args:
        bound: The listening socket.
        factory: Makes the protocol of a connection.
        witness: Told about failed handshakes and plain text on a TLS port.
        limits: Of a connection.
        context: Server side of TLS, None for plain HTTP.
        serve_plain: Serve plain text on a TLS port instead of refusing it.
    """

    def __init__(
        self,
        bound: socket.socket,
        factory: Callable[[], Connection],
        witness: Witness,
        limits: Limits,
        context: ssl.SSLContext | None = None,
        *,
        serve_plain: bool = False,
    ) -> None:
        self._bound = bound
        self._factory = factory
        self._witness = witness
        self._limits = limits
        self._context = context
        self._serve_plain = serve_plain
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to accept."""
        self._spawn(self._accept())

    async def stop(self) -> None:
        """Stop accepting, and drop connections that are not set up yet."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._bound.close()

    def _spawn(self, work: "Coroutine[None, None, None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(self._bound)
            except OSError:
                # Out of file descriptors, or the peer gave up: both pass.
                await asyncio.sleep(0.02)
                continue
            accepted.setblocking(False)
            with contextlib.suppress(OSError):
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._admit(accepted))

    async def _admit(self, accepted: socket.socket) -> None:
        try:
            if self._context is None:
                loop = asyncio.get_running_loop()
                await loop.connect_accepted_socket(self._factory, accepted)
            else:
                await self._admit_tls(accepted, self._context)
        except asyncio.CancelledError:
            accepted.close()
            raise
        except (OSError, TimeoutError) as error:
            self._witness.note_tls_failure(_reason(error))
            accepted.close()

    async def _admit_tls(self, accepted: socket.socket, context: ssl.SSLContext) -> None:
        first = await self._peek(accepted)
        if not first:
            accepted.close()
        elif first[0] != _TLS_HANDSHAKE:
            self._witness.note_plain_text(first)
            if self._serve_plain:
                loop = asyncio.get_running_loop()
                await loop.connect_accepted_socket(self._factory, accepted)
            else:
                _refuse_plain_text(accepted)
        else:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory,
                accepted,
                ssl=context,
                ssl_handshake_timeout=self._limits.handshake_seconds,
            )

    async def _peek(self, accepted: socket.socket) -> bytes:
        """Return the first bytes and leave them unread; empty when none come."""
        loop = asyncio.get_running_loop()
        readable: asyncio.Future[None] = loop.create_future()
        descriptor = accepted.fileno()
        loop.add_reader(descriptor, _wake, readable)
        try:
            await asyncio.wait_for(readable, self._limits.idle_seconds)
            return accepted.recv(_PEEKED, socket.MSG_PEEK)
        except (TimeoutError, OSError):
            return b""
        finally:
            loop.remove_reader(descriptor)


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def _refuse_plain_text(accepted: socket.socket) -> None:
    """Answer what came in plain text to a TLS port, and close."""
    with contextlib.suppress(OSError):
        # Bytes left unread would turn the close into a reset, and the answer would be lost.
        while accepted.recv(65536):
            continue
    with contextlib.suppress(OSError):
        accepted.send(_PLAIN_RESPONSE)
        accepted.shutdown(socket.SHUT_WR)
    accepted.close()


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS error"
    return type(error).__name__
