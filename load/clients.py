"""HTTP clients to choose from: ours, geventhttpclient, and Locust's FastHttpSession.

The two others exist to compare with. They take the same signed bytes apart again, which costs them
a few microseconds a request; `load.bench` measures them without that.
"""

from collections.abc import Callable
from typing import Any

from load.connection import Address, Channel, Connection, Reply, failure_of, trust
from load.failures import TransportFailure
from load.options import ClientName


def connector(name: ClientName, address: Address, timeout: float) -> Callable[[], Channel]:
    """Return what makes channels to an address.

    Raises:
        LoadError: When the file of trust anchors cannot be used.
    """
    context = trust(address) if address.secure else None
    if name == "raw":
        return lambda: Connection(address, context, timeout, watched=True)
    if name == "ghc":
        return lambda: _GeventHttpClient(address, context, timeout)
    return lambda: _FastHttp(address, context, timeout)


def _apart(request: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """Return method, path, headers and body of a request of ours."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    headers.pop("Content-Length", None)
    method, path, _ = first.split(" ")
    return method, path, headers, body


class _GeventHttpClient:
    """One connection of geventhttpclient."""

    def __init__(self, address: Address, context: Any, timeout: float) -> None:
        from geventhttpclient import HTTPClient

        self.reopened = 0
        self._client = HTTPClient(
            address.host,
            address.port,
            ssl=address.secure,
            ssl_context_factory=(lambda: context) if context is not None else None,
            concurrency=1,
            connection_timeout=timeout,
            network_timeout=timeout,
        )

    def open(self) -> None:
        """Connections open with the first request."""

    def exchange(self, request: bytes) -> Reply:
        """Send one request and return its answer."""
        from geventhttpclient.response import HTTPParseError

        method, path, headers, body = _apart(request)
        try:
            answer = self._client.request(method, path, body, headers)
            return Reply(answer.status_code, b"", bytes(answer.read()))
        except OSError as error:
            raise failure_of(error) from None
        except HTTPParseError as error:
            raise TransportFailure("protocol", str(error)) from None

    def expire(self, moment: float) -> None:
        """It keeps its own time."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class _FastHttp:
    """One session of Locust's FastHttpUser, with the certificate check that it leaves out."""

    def __init__(self, address: Address, context: Any, timeout: float) -> None:
        from locust.contrib.fasthttp import FastHttpSession
        from locust.event import EventHook

        self.reopened = 0
        self._session = FastHttpSession(
            request_event=EventHook(),  # type: ignore[no-untyped-call]
            user=None,
            base_url=address.url,
            insecure=False,
            ssl_context_factory=(lambda: context) if context is not None else None,
            connection_timeout=timeout,
            network_timeout=timeout,
            concurrency=1,
        )

    def open(self) -> None:
        """Connections open with the first request."""

    def exchange(self, request: bytes) -> Reply:
        """Send one request and return its answer."""
        method, path, headers, body = _apart(request)
        session: Any = self._session  # its annotations know text bodies only
        answer = session.request(method, path, data=body, headers=headers)
        if answer.status_code == 0:
            if isinstance(answer.error, OSError):
                raise failure_of(answer.error)
            raise TransportFailure("network", type(answer.error).__name__)
        return Reply(answer.status_code, b"", answer.content or b"")

    def expire(self, moment: float) -> None:
        """It keeps its own time."""

    def close(self) -> None:
        """Close the connection."""
        self._session.client.close()
