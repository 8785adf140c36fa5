"""Serves an endpoint over HTTP and HTTPS: one process, one event loop, state in memory.

with serve(Endpoint()) as running:
    httpx.get(running.http_url)
"""

import asyncio
import contextlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from types import TracebackType
from typing import Any, Self

from uvicorn.config import Config
from uvicorn.server import ServerState

from conformance.reference.application import Application
from conformance.reference.ca import Authority, dedicated_context
from conformance.reference.control import Control
from conformance.reference.endpoint import Endpoint, new_request_id
from conformance.reference.listening import Listener, bind, url_of
from conformance.reference.passage import ListenerName
from conformance.reference.protocol import Connection, Limits
from conformance.reference.workers import Workers

_SWEEP_SECONDS = 0.5
_START_SECONDS = 10.0
#: For closing bytes to leave before connections that their peer keeps open are dropped.
_GOODBYE_SECONDS = 0.01
_INSTANCE_DOMAIN = "cryptoservice.kms.aliyuncs.com"


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Where to listen.

    Attributes:
        host: Address to bind to; loopback unless told otherwise.
        http_port: 0 for a free one, None for no listener.
        https_port: Likewise.
        internet_port: Likewise, of HTTPS on the side of the Internet.
        dedicated_port: Likewise, of the dedicated gateway.
        control_port: Of the control surface, on loopback; None for none.
        names: Further names that the certificate is for.
        limits: Of a connection.
    """

    host: str = "127.0.0.1"
    http_port: int | None = 0
    https_port: int | None = 0
    internet_port: int | None = 0
    dedicated_port: int | None = 0
    control_port: int | None = None
    names: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


class Server:
    """The listeners of one endpoint, bound at once and served by `run`.

    Args:
        endpoint: What is served.
        options: Where.

    Raises:
        ListenError: When a port cannot be used.
    """

    def __init__(self, endpoint: Endpoint, options: ListenOptions | None = None) -> None:
        self.endpoint = endpoint
        self.options = options or ListenOptions()
        dedicated = endpoint.transport.dedicated
        flat = dedicated.chain == "flat"
        self.instance_authority = Authority.make() if flat else Authority.make_private()
        one = dedicated.shared_authority
        self.authority = self.instance_authority if one else Authority.make()
        endpoint.instance_ca_pem = self.instance_authority.pem
        self._state = ServerState()
        self._stopping: Callable[[], None] = lambda: None
        self._bound: dict[ListenerName, socket.socket] = {}
        self._contexts: dict[ListenerName, ssl.SSLContext] = {}
        self._control: socket.socket | None = None
        try:
            self._bind()
        except BaseException:
            self._close_sockets()
            raise

    def _bind(self) -> None:
        options, host = self.options, self.options.host
        ports: dict[ListenerName, int | None] = {
            "http": options.http_port,
            "https": options.https_port,
            "internet": options.internet_port,
            "dedicated": options.dedicated_port,
        }
        for name, port in ports.items():
            if port is not None:
                self._bound[name] = bind(host, port, f"--{name}-port")
        if options.control_port is not None:
            self._control = bind("127.0.0.1", options.control_port, "--control-port")
        transport = self.endpoint.transport
        if "https" in self._bound or "internet" in self._bound:
            context = self.authority.server_context(
                self._names(),
                transport.tls_versions,
                expired=transport.certificate == "expired",
            )
            self._contexts = {"https": context, "internet": context}
        if "dedicated" in self._bound:
            own = f"{self.endpoint.instance_id}.{_INSTANCE_DOMAIN}"
            self._contexts["dedicated"] = dedicated_context(
                self.instance_authority,
                self.authority,
                [own, *self._local_names()],
                transport.dedicated,
            )

    def _names(self) -> list[str]:
        if self.endpoint.transport.certificate_names is not None:
            return list(self.endpoint.transport.certificate_names)
        if self.endpoint.transport.certificate == "other-host":
            return ["kms.other.example"]
        return self._local_names()

    def _local_names(self) -> list[str]:
        names = ["127.0.0.1", "localhost", "::1", *self.options.names]
        if self.options.host not in {"", "0.0.0.0", "::"}:  # noqa: S104 - recognised, not bound
            names.append(self.options.host)
        return list(dict.fromkeys(names))

    @property
    def http_url(self) -> str | None:
        """Base URL of the HTTP listener."""
        return self._url("http")

    @property
    def https_url(self) -> str | None:
        """Base URL of the HTTPS listener."""
        return self._url("https")

    @property
    def internet_url(self) -> str | None:
        """Base URL of the HTTPS listener on the side of the Internet."""
        return self._url("internet")

    @property
    def dedicated_url(self) -> str | None:
        """Base URL of the dedicated gateway."""
        return self._url("dedicated")

    def _url(self, name: ListenerName) -> str | None:
        bound = self._bound.get(name)
        scheme = "http" if name == "http" else "https"
        return None if bound is None else url_of(scheme, bound, self.options.host)

    @property
    def control_url(self) -> str | None:
        """Base URL of the control surface."""
        return None if self._control is None else url_of("http", self._control, "127.0.0.1")

    def stop(self) -> None:
        """Ask `run` to end; may be called from any thread and from a signal handler."""
        self._stopping()

    def _close_sockets(self) -> None:
        for bound in (*self._bound.values(), self._control):
            if bound is not None:
                bound.close()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop` is called.

        Args:
            started: Called once connections are accepted.
        """
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        self._stopping = partial(_set_from_anywhere, loop, stop)
        loop.set_exception_handler(self._note_loop_error)
        workers = Workers()
        listeners = self._listeners(workers)
        sweeper = loop.create_task(self._sweep())
        for listener in listeners:
            listener.start()
        started()
        try:
            await stop.wait()
        finally:
            sweeper.cancel()
            for listener in listeners:
                await listener.stop()
            await self._drain()
            workers.shutdown()
            self._stopping = lambda: None

    def _listeners(self, workers: Workers) -> list[Listener]:
        transport = self.endpoint.transport
        found = []
        for name, bound in self._bound.items():
            application = Application(self.endpoint, name, workers)
            plain = transport.dedicated.plain if name == "dedicated" else transport.plain_on_tls
            found.append(self._listener(bound, application, self._contexts.get(name), plain=plain))
        if self._control is not None:
            found.append(self._listener(self._control, Control(self.endpoint, self.stop), None))
        return found

    def _listener(
        self,
        bound: socket.socket,
        application: Any,
        context: ssl.SSLContext | None,
        *,
        plain: bool = False,
    ) -> Listener:
        config = Config(
            application,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(self.options.limits.idle_seconds),
        )
        config.load()
        logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())
        witness, limits = self.endpoint.witness, self.options.limits
        factory = partial(Connection, config, self._state, limits, witness, self._not_http)
        return Listener(bound, factory, witness, limits, context, serve_plain=plain)

    def _not_http(self, message: str) -> bytes:
        """Return the whole answer to what is no HTTP request."""
        members = {
            "RequestId": new_request_id(),
            "HttpStatus": 400,
            "Code": "ParseRequestParameterException",
            "Message": message,
        }
        body = json.dumps(members).encode()
        return (
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json;charset=utf-8\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        )

    def _note_loop_error(
        self,
        loop: asyncio.AbstractEventLoop,  # noqa: ARG002 - the signature of an exception handler
        context: dict[str, Any],
    ) -> None:
        error = context.get("exception")
        # A peer that goes away in the middle of something is no fault of the endpoint.
        if error is not None and not isinstance(error, OSError | asyncio.CancelledError):
            self.endpoint.witness.note_internal_error(error)

    async def _sweep(self) -> None:
        """Close what is overdue, and keep the Date header right."""
        loop = asyncio.get_running_loop()
        while True:
            date = formatdate(self.endpoint.clock.now().timestamp(), usegmt=True)
            self._state.default_headers = [(b"date", date.encode())]
            for connection in list(self._state.connections):
                if isinstance(connection, Connection):
                    connection.check_deadline(loop.time())
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _drain(self) -> None:
        """Let answers under way end, within limits, and close every connection."""
        for connection in list(self._state.connections):
            connection.shutdown()
        under_way = set(self._state.tasks)
        if under_way:
            await asyncio.wait(under_way, timeout=self.options.limits.stop_seconds)
        await asyncio.sleep(_GOODBYE_SECONDS)
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def _set_from_anywhere(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(event.set)


class RunningServer:
    """A server in a thread of its own; leaving the context stops it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.endpoint = server.endpoint
        self.http_url = server.http_url or ""
        self.https_url = server.https_url or ""
        self.internet_url = server.internet_url or ""
        self.dedicated_url = server.dedicated_url or ""
        self.control_url = server.control_url
        self.ca_pem = server.authority.pem
        self.instance_ca_pem = server.instance_authority.pem
        self._thread = threading.Thread(target=self._serve, name="endpoint", daemon=True)
        started = threading.Event()
        self._started = started.set
        self._thread.start()
        if not started.wait(_START_SECONDS):
            raise RuntimeError("the endpoint did not start")

    def client_context(self) -> ssl.SSLContext:
        """Return the client side of TLS that trusts this server and nothing else."""
        return ssl.create_default_context(cadata=self.ca_pem)

    def stop(self) -> None:
        """Stop and wait for the end."""
        self._server.stop()
        self._thread.join(_START_SECONDS)

    def _serve(self) -> None:
        run(self._server, self._started)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def run(server: Server, started: Callable[[], None] = lambda: None) -> None:
    """Serve in this thread until the server is told to stop; uvloop is used where it exists."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(server.run(started))


def serve(endpoint: Endpoint, options: ListenOptions | None = None) -> RunningServer:
    """Start serving an endpoint in a thread.

    Raises:
        ListenError: When a port cannot be used.
    """
    return RunningServer(Server(endpoint, options))
