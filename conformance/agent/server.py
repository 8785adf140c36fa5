"""Listens on loopback and serves an agent until it is told to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import uvicorn

from conformance.agent.application import Agent
from conformance.target.problems import UsageError

_BACKLOG = 1024
#: Hops that an answer may take: whoever is beyond this machine gets none.
_HOPS = 1
_STOP_SECONDS = 2


class Server:
    """The listener of one agent, bound at once and served by `run`.

    Raises:
        UsageError: When the port cannot be used.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._socket = _bind(agent.host, agent.settings.port)
        config = uvicorn.Config(
            agent,
            http="auto",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        agent.connections = lambda: len(self._server.server_state.connections)

    @property
    def url(self) -> str:
        """Base URL on loopback."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._server.should_exit = True

    def run(self, started: Callable[[], None]) -> None:
        """Serve until `stop`, SIGTERM or SIGINT.

        Args:
            started: Called once connections are accepted.
        """
        factory: Callable[[], asyncio.AbstractEventLoop] | None = None
        with contextlib.suppress(ImportError):
            import uvloop

            factory = uvloop.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(self._serve(started))

    async def _serve(self, started: Callable[[], None]) -> None:
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        # The socket listens already: whoever connects is served as soon as the loop gets there.
        started()
        await serving


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, _HOPS)
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise UsageError(
            f"port {port} on {host} cannot be used ({error.strerror}): "
            "give another with --port or as HttpPort, or 0 for a free one"
        ) from None
    return bound
