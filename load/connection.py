"""One keep-alive HTTP/1.1 connection on a gevent socket.

A load generator shares its core with the bookkeeping, so that the common answer (final status,
Content-Length, body in one or two segments) is read with three string operations. Any other framing
(chunked, interim answers, no length) is handed to h11, byte for byte.
"""

import errno
import socket as stdlib_socket
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import gevent
import gevent.socket
import gevent.ssl
import h11
from greenlet import getcurrent  # type: ignore[import-untyped]

from load.failures import LoadError, TransportFailure
from load.timer import now

#: No answer of KMS is near this size; a target that sends more is wrong, not slow.
LARGEST_ANSWER = 4 * 1024 * 1024
_CHUNK = 65536
#: A connection idle for this long is looked at before use: servers close idle ones.
_STALE_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a target listens.

    Attributes:
        secure: TLS or plain HTTP.
        host: Name or IP address; the certificate must be for it.
        port: TCP port.
        ca: File with the trust anchors in PEM, None for the platform's.
    """

    secure: bool
    host: str
    port: int
    ca: str | None = None

    @classmethod
    def from_url(cls, url: str, ca: str | None = None) -> "Address":
        """Read ``https://host[:port]``."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise LoadError(f"{url!r} is not an http:// or https:// address")
        secure = parts.scheme == "https"
        return cls(secure, parts.hostname, parts.port or (443 if secure else 80), ca)

    @property
    def authority(self) -> str:
        """Value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.secure else 80
        return host if self.port == default else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{'https' if self.secure else 'http'}://{self.authority}"


class Reply(NamedTuple):
    """An HTTP answer: status, header section as it came, body."""

    status: int
    head: bytes
    body: bytes


class Channel(Protocol):
    """What the engine sends requests through; one request at a time."""

    reopened: int

    def open(self) -> None:
        """Connect, TLS handshake included."""

    def exchange(self, request: bytes) -> Reply:
        """Send one request and return its answer; TransportFailure when there is none."""

    def close(self) -> None:
        """Close the connection."""

    def expire(self, moment: float) -> None:
        """End an exchange whose time is over at ``moment``, where the channel does not itself."""


def trust(address: Address) -> Any:
    """Return a TLS context that checks certificate chain and host name.

    Raises:
        LoadError: When the file of trust anchors cannot be used.
    """
    context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = gevent.ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        if address.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(address.ca)
    except (OSError, gevent.ssl.SSLError) as error:
        raise LoadError(f"the CA file {address.ca} cannot be used: {error.strerror}") from None
    return context


class Connection:
    """Raw client; see the module.

    Args:
        address: Where to connect.
        context: From `trust`, shared by all connections of a process; None for plain HTTP.
        timeout: Seconds allowed for connecting, and for one exchange as a whole.
        watched: Somebody calls `expire` every now and then: spares a timer for each read, which
            would cost as much as the read.
    """

    def __init__(
        self, address: Address, context: Any, timeout: float, *, watched: bool = False
    ) -> None:
        self._patience = None if watched else timeout
        self._deadline = 0.0
        self._reader: Any = None
        self._address = address
        self._context = context
        self._timeout = timeout
        self._socket: Any = None
        self._session: Any = None
        self._used = 0.0
        self.reopened = 0

    def open(self) -> None:
        """Connect, TLS handshake included."""
        if self._socket is not None:
            return
        address = self._address
        plain = None
        try:
            plain = gevent.socket.create_connection((address.host, address.port), self._timeout)
            plain.setsockopt(stdlib_socket.IPPROTO_TCP, stdlib_socket.TCP_NODELAY, 1)
            if self._context is None:
                self._socket = plain
                plain.settimeout(self._patience)
                return
            self._socket = self._context.wrap_socket(
                plain, server_hostname=address.host, session=self._session
            )
            self._socket.settimeout(self._patience)
        except OSError as error:
            if plain is not None:
                plain.close()
            raise failure_of(error) from None

    def exchange(self, request: bytes) -> Reply:
        """Send one request and return its answer."""
        if self._socket is not None and now() - self._used > _STALE_AFTER and self._is_stale():
            self.close()
            self.reopened += 1
        self.open()
        deadline = now() + self._timeout
        sock = self._socket
        if self._patience is None:
            self._reader, self._deadline = getcurrent(), deadline
        try:
            # In nearly all cases the buffer takes a request whole, and sendall would do much more.
            sent = sock.send(request)
            if sent < len(request):
                sock.sendall(request[sent:])
            if self._context is None or not sock.pending():
                # No answer is there yet: trying would cost a system call and an exception.
                sock._wait(sock._read_event)  # noqa: SLF001 - no public call waits without a timer
            reply, keep = self._read(sock, deadline)
        except OSError as error:
            self.close()
            raise failure_of(error) from None
        except BaseException:
            self.close()
            raise
        finally:
            self._reader = None
        self._used = now()
        if not keep:
            self.close()
        elif sock.gettimeout() != self._patience:
            sock.settimeout(self._patience)  # reading in parts has shortened it
        return reply

    def close(self) -> None:
        """Close the connection, keeping the TLS session for the next one."""
        sock, self._socket = self._socket, None
        if sock is None:
            return
        if self._context is not None:
            self._session = sock.session
        sock.close()

    def expire(self, moment: float) -> None:
        """End an exchange whose time is over at ``moment``."""
        if self._reader is not None and moment > self._deadline:
            gevent.get_hub().loop.run_callback(self._interrupt, self._deadline)

    def _interrupt(self, deadline: float) -> None:
        """Raise in the reader, unless the answer has come meanwhile."""
        reader = self._reader
        if reader is not None and self._deadline == deadline:
            self._reader = None
            reader.throw(TimeoutError())

    def _is_stale(self) -> bool:
        """Tell whether the server has closed, or sent something nobody asked for."""
        sock = self._socket
        try:
            sock.settimeout(0.0)
            if self._context is None:
                sock.recv(1)
            else:
                sock.read(1)
        except (BlockingIOError, TimeoutError, gevent.ssl.SSLWantReadError):
            sock.settimeout(self._patience)
            return False
        except OSError:
            return True
        return True

    def _read(self, sock: Any, deadline: float) -> tuple[Reply, bool]:
        data = sock.recv(_CHUNK)
        if not data:
            raise TransportFailure("closed", "before any byte of the answer")
        end = data.find(b"\r\n\r\n")
        while end < 0:
            if len(data) > _CHUNK:
                raise TransportFailure("protocol", "header section too long")
            data += self._more(sock, deadline)
            end = data.find(b"\r\n\r\n")
        head, start = data[: end + 2], end + 4
        framing = plain_framing(head)
        if framing is None:
            return self._read_with_h11(sock, data, deadline)
        length, closes = framing
        if length > LARGEST_ANSWER:
            raise TransportFailure("protocol", f"answer of {length} bytes")
        body = data[start:]
        if len(body) < length:
            parts, have = [body], len(body)
            while have < length:
                part = self._more(sock, deadline)
                parts.append(part)
                have += len(part)
            body = b"".join(parts)
        keep = len(body) == length and not closes
        return Reply(int(head[9:12]), head, body[:length]), keep

    def _more(self, sock: Any, deadline: float) -> bytes:
        left = deadline - now()
        if left <= 0:
            raise TransportFailure("time-out", "in the middle of the answer")
        if self._patience is not None:
            sock.settimeout(left)
        data: bytes = sock.recv(_CHUNK)
        if not data:
            raise TransportFailure("closed", "in the middle of the answer")
        return data

    def _read_with_h11(self, sock: Any, data: bytes, deadline: float) -> tuple[Reply, bool]:
        machine = h11.Connection(our_role=h11.CLIENT)
        machine.send(h11.Request(method="POST", target="/", headers=[("host", "h")]))
        machine.send(h11.EndOfMessage())
        status, head, parts, size = 0, b"", [], 0
        try:
            machine.receive_data(data)
            while True:
                event = machine.next_event()
                if event is h11.NEED_DATA:
                    machine.receive_data(self._more_or_end(sock, deadline))
                elif isinstance(event, h11.Response):
                    status = event.status_code
                    head = b"".join(b"%b: %b\r\n" % pair for pair in event.headers)
                elif isinstance(event, h11.Data):
                    parts.append(bytes(event.data))
                    size += len(event.data)
                    if size > LARGEST_ANSWER:
                        raise TransportFailure("protocol", "answer too long")
                elif isinstance(event, h11.EndOfMessage):
                    break
                elif isinstance(event, h11.ConnectionClosed):
                    raise TransportFailure("closed", "in the middle of the answer")
        except h11.RemoteProtocolError as error:
            raise TransportFailure("protocol", str(error)) from None
        keep = machine.their_state is h11.DONE and not machine.trailing_data[0]
        return Reply(status, head, b"".join(parts)), keep

    def _more_or_end(self, sock: Any, deadline: float) -> bytes:
        """Read more; nothing at the end of the connection, which ends an answer without length."""
        left = deadline - now()
        if left <= 0:
            raise TransportFailure("time-out", "in the middle of the answer")
        if self._patience is not None:
            sock.settimeout(left)
        data: bytes = sock.recv(_CHUNK)
        return data


def plain_framing(head: bytes) -> tuple[int, bool] | None:
    """Return Content-Length, and whether the connection ends after it, of the common framing.

    Returns:
        None for every other framing: that is for h11 to read.
    """
    if not head.startswith(b"HTTP/1.1 ") or head[9:10] not in b"2345" or head[12:13] not in b" \r":
        return None
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at < 0 or b"\r\ntransfer-encoding:" in lower or head[9:12] in {b"204", b"304"}:
        return None
    digits = lower[at + 17 : lower.index(b"\r\n", at + 17)].strip()
    twice = lower.find(b"\r\ncontent-length:", at + 17) >= 0
    if twice or not digits.isdigit() or not head[9:12].isdigit():
        return None
    at = lower.find(b"\r\nconnection:")
    closes = at >= 0 and b"close" in lower[at : lower.index(b"\r\n", at + 13)]
    return int(digits), closes


def failure_of(error: OSError) -> TransportFailure:
    """Return what an operating system error means for a request."""
    if isinstance(error, gevent.ssl.SSLCertVerificationError):
        return TransportFailure("tls", error.verify_message)
    if isinstance(error, gevent.ssl.SSLEOFError):
        return TransportFailure("closed", "TLS connection cut")
    if isinstance(error, TimeoutError):
        return TransportFailure("time-out")
    if isinstance(error, gevent.ssl.SSLError):
        return TransportFailure("tls", error.reason or str(error))
    if isinstance(error, ConnectionRefusedError):
        return TransportFailure("refused")
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return TransportFailure("reset")
    if isinstance(error, stdlib_socket.gaierror):
        return TransportFailure("name", "the host name does not resolve")
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return TransportFailure("network", name)
