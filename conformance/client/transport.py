"""One pooled HTTP/1.1 connection to each listener, with a deadline over the whole call.

httpx and httpcore limit the time of each single read. An endpoint that sends a byte a second never
exceeds that, so here every socket operation gets what is left of the call's time. Nothing is
followed, decompressed on request or taken from the environment on loopback, and a body that does
not end is cut off.
"""

import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from conformance.client.building import Outgoing
from conformance.run.verdict import Hang, TransportProblem
from conformance.target.model import is_loopback

#: Longest body that is read, in bytes; the largest documented answers are well below 1 MiB.
BODY_LIMIT = 16 * 1024 * 1024

#: OpenSSL's codes for a trusted certificate that is not in force, or for another host or address.
_OWN_MISTAKES = frozenset({9, 10, 62, 64})

_Option = Any


class _Deadline(threading.local):
    """End of the call in progress on this thread, in seconds of the monotonic clock."""

    end: float = float("inf")
    connects: int = 0

    def left(self, timeout: float | None) -> float:
        """Return the seconds that an operation may take."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._backend = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_Option] | None = None,
    ) -> httpcore.NetworkStream:
        self._deadline.connects += 1
        left = self._deadline.left(timeout)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back: status, headers as sent, body after content decoding, seconds it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float


class StaleConnection(Exception):  # noqa: N818 - what happened to the connection
    """A connection that was kept from an earlier call broke; the call deserves another one."""


class Transport:
    """A pool of connections to one listener.

    Args:
        base_url: Scheme, host and port.
        context: Trust for https; None for http.
        trusted: Name of the CA file that the trust comes from, None for the public authorities.
    """

    def __init__(
        self, base_url: str, context: ssl.SSLContext | None, trusted: str | None = None
    ) -> None:
        self.base_url = base_url
        self._trusted = trusted
        url = httpx.URL(base_url)
        self._origin = (url.raw_scheme, url.raw_host, url.port)
        self._deadline = _Deadline()
        backend = _Backend(self._deadline)
        self._options: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": 100,
            "max_keepalive_connections": 20,
            "keepalive_expiry": 5.0,
            "network_backend": backend,
        }
        self._proxy = _proxy(base_url)
        self._pool = self._new_pool()

    def _new_pool(self) -> httpcore.ConnectionPool:
        if self._proxy is None:
            return httpcore.ConnectionPool(**self._options)
        return httpcore.HTTPProxy(self._proxy, **self._options)

    def send(
        self, request: Outgoing, timeout: float, *, resend: bool = True, fresh: bool = False
    ) -> RawAnswer:
        """Send a complete request and read the whole answer within ``timeout`` seconds.

        Args:
            request: What to send.
            timeout: Seconds for all of it.
            resend: Send it again where a kept connection breaks; a signed request that the other
                side has read already would count as a replay.
            fresh: Send it over a connection of its own, where none can break that was kept.

        Raises:
            StaleConnection: When a kept connection broke and it may not be sent again as it is.
            Hang: When the answer is not complete in time, or does not end.
            TransportProblem: When there is no answer.
        """
        deadline = self._deadline
        started = time.monotonic()
        deadline.end = started + timeout
        connects = deadline.connects
        try:
            try:
                return self._send(request, started, fresh=fresh)
            except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
                # The other side may close an idle connection just as it is used again.
                if deadline.connects != connects:
                    raise
                if not resend:
                    raise StaleConnection from None
                return self._send(request, started, fresh=fresh)
        except httpcore.TimeoutException:
            raise Hang(f"no complete answer from {self.base_url} within {timeout:g} s") from None
        except httpcore.NetworkError as error:
            raise _transport_problem(error, self.base_url, self._trusted) from None
        except httpcore.RemoteProtocolError as error:
            closed = "disconnected" in str(error)
            what = "closed the connection without an answer" if closed else f"sent no HTTP: {error}"
            kind = "reset" if closed else "protocol"
            raise TransportProblem(kind, f"{self.base_url} {what}") from None
        except httpcore.ProxyError as error:
            raise TransportProblem(
                "refused", f"the proxy refuses {self.base_url}: {error}"
            ) from None

    def _send(self, request: Outgoing, started: float, *, fresh: bool) -> RawAnswer:
        if not fresh:
            return self._send_in(self._pool, request, started)
        with self._new_pool() as pool:
            return self._send_in(pool, request, started)

    def _send_in(
        self, pool: httpcore.ConnectionPool, request: Outgoing, started: float
    ) -> RawAnswer:
        scheme, host, port = self._origin
        core = httpcore.Request(
            method=request.method.encode("ascii"),
            url=httpcore.URL(
                scheme=scheme, host=host, port=port, target=request.target.encode("ascii")
            ),
            headers=[
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers
            ],
            content=request.content,
        )
        response = pool.handle_request(core)
        try:
            chunks = []
            size = 0
            for chunk in response.iter_stream():
                chunks.append(chunk)
                size += len(chunk)
                if size > BODY_LIMIT:
                    raise Hang(
                        f"the body from {self.base_url} did not end within {BODY_LIMIT} bytes"
                    )
        finally:
            response.close()
        body = _decoded(response, b"".join(chunks))
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in response.headers
        )
        return RawAnswer(response.status, headers, body, time.monotonic() - started)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _decoded(response: httpcore.Response, body: bytes) -> bytes:
    if not any(name.lower() == b"content-encoding" for name, _ in response.headers):
        return body
    try:
        return httpx.Response(response.status, headers=response.headers, content=body).content
    except httpx.DecodingError:
        return body


def _proxy(base_url: str) -> str | None:
    """Return the proxy that the environment names for a listener, never for loopback."""
    if is_loopback(base_url):
        return None
    url = httpx.URL(base_url)
    if proxy_bypass(url.host):
        return None
    return getproxies().get(url.scheme)


def _transport_problem(error: Exception, base_url: str, trusted: str | None) -> TransportProblem:
    import socket

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            by = f" by the CA file {trusted}, which may be another's," if trusted else ""
            return TransportProblem(
                "certificate",
                f"the certificate of {base_url} is not trusted{by} ({seen.verify_message}): "
                "name its authority as ca in the target file",
                own=seen.verify_code in _OWN_MISTAKES,
            )
        if isinstance(seen, ssl.SSLError):
            return TransportProblem(
                "tls", f"the TLS handshake with {base_url} failed ({seen.reason or seen})"
            )
        if isinstance(seen, socket.gaierror):
            return TransportProblem(
                "name", f"the host name in {base_url} does not resolve: check the address"
            )
        if isinstance(seen, ConnectionRefusedError):
            return TransportProblem(
                "refused", f"{base_url} refuses connections: is the endpoint running there?"
            )
        if isinstance(seen, ConnectionResetError | BrokenPipeError):
            return TransportProblem("reset", f"{base_url} reset the connection")
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, httpcore.ConnectError):
        return TransportProblem("refused", f"{base_url} cannot be reached: {error}")
    return TransportProblem("reset", f"the connection to {base_url} broke: {error}")
