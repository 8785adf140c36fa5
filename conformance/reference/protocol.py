"""One HTTP connection: uvicorn's protocol with the limits a public port needs.

uvicorn has no limit on the size of headers with httptools, and none on the time a request may take
to arrive. Both are added here, and malformed HTTP is answered in the form of every other refusal.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from uvicorn.config import Config
from uvicorn.server import ServerState

from conformance.reference.witness import Witness

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as HttpProtocol
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as HttpProtocol


#: Answers a request, given as ASGI gives it, as far as nothing has to be waited for. A task for
#: each request costs as much as a whole stage, and two rounds of the event loop.
Begin: TypeAlias = Callable[[Any, Any, Any, Any], Coroutine[Any, Any, None] | None]

_IS_HTTPTOOLS = hasattr(HttpProtocol, "_start_asgi_task")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take.

    Attributes:
        header_bytes: Of request line and headers together.
        request_seconds: For a request to arrive whole, once its first byte is there.
        idle_seconds: For a connection without any request under way.
        handshake_seconds: For TLS to be set up.
        stop_seconds: For answers under way when the server stops.
    """

    header_bytes: int = 64 * 1024
    request_seconds: float = 15.0
    idle_seconds: float = 75.0
    handshake_seconds: float = 10.0
    stop_seconds: float = 0.25


class Connection(HttpProtocol):
    """One connection.

    With h11 in the place of httptools, which is where no wheel of it exists, the size of heads is
    limited by h11 itself, and only the idle time of connections by this class.

    Args:
        config: Of uvicorn.
        state: Shared by all connections of a server.
        limits: What it may take.
        witness: Told about malformed HTTP and time-outs.
        refusal: Makes the whole answer to a request that is not HTTP, from a message.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        limits: Limits,
        witness: Witness,
        refusal: Callable[[str], bytes],
    ) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self._limits = limits
        self._witness = witness
        self._refusal = refusal
        self._head_bytes = 0
        #: When the request that is not whole yet began to arrive; None between requests.
        self.pending_since: float | None = None
        #: Since when no request is under way.
        self.idle_since = self.loop.time()
        self._unstarted: tuple[Any, Any] | None = None
        self._begin: Begin | None = getattr(config.loaded_app, "begin", None)
        self.number = 0
        self.tls = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection and note its TLS version."""
        super().connection_made(transport)
        self._witness.counts["connections"] += 1
        self.number = next(self._witness.connection_numbers)
        tls = transport.get_extra_info("ssl_object")
        self.tls = tls.version() or "" if tls is not None else ""

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and watch how large the head of a request grows."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._unstarted is not None:
            unstarted, self._unstarted = self._unstarted, None
            super()._start_asgi_task(*unstarted)
        if self.pending_since is not None and self._is_in_head():
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.header_bytes:
                self._witness.counts["oversized"] += 1
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Note the first byte of a request."""
        super().on_message_begin()
        self.pending_since = self.loop.time()
        self._head_bytes = 0

    def _is_in_head(self) -> bool:
        """Tell whether the head of the request under way is not whole yet: then it has no cycle."""
        cycle: Any = self.cycle
        return cycle is None or cycle.scope is not self.scope

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self.pending_since = None
        super().on_message_complete()
        if self._unstarted is None:
            return
        (cycle, application), self._unstarted = self._unstarted, None
        if self._begin is not None:
            begin = partial(self._begin, cycle.scope, cycle.receive, cycle.send, self._go_on)
            self._go_on(cycle.send, begin)
        else:
            super()._start_asgi_task(cycle, application)

    def _go_on(self, send: Any, step: Callable[[], Coroutine[Any, Any, None] | None]) -> None:
        """Take a step towards an answer; what it leaves to do is for a task like those of ASGI."""
        try:
            rest = step()
        except Exception as error:  # noqa: BLE001 - answered with 500 like that of a task
            rest = _failure(error)
        if rest is not None:
            super()._start_asgi_task(send.__self__, _Rest(rest))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Wait for the body before the answer is begun: nearly always it is there already."""
        if cycle.more_body:
            self._unstarted = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Note that the connection is idle; uvicorn sets and stops a timer for each request."""
        self.idle_since = self.loop.time()
        if not _IS_HTTPTOOLS or self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.flow.read_paused:
            self.flow.resume_reading()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and close."""
        if self.transport.is_closing():
            return
        self._witness.counts["malformed_http"] += 1
        self.transport.write(self._refusal(msg))
        self.transport.close()

    def check_deadline(self, now: float) -> None:
        """Close the connection when a request is overdue, under way or yet to come."""
        cycle: Any = self.cycle
        if self.pending_since is not None:
            if now - self.pending_since > self._limits.request_seconds:
                self._witness.counts["timed_out"] += 1
                self.transport.close()
            return
        idle = cycle is None or cycle.response_complete
        if idle and now - self.idle_since > self._limits.idle_seconds:
            self.transport.close()


class _Rest:
    """What is left to do for an answer, in the place of an application.

    Args:
        work: It.
    """

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = work

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:  # noqa: ARG002
        """Do it; the application has been given all of it already."""
        return self._work


async def _failure(error: Exception) -> None:
    raise error
