"""A small HTTP proxy that stands before a good endpoint and spoils its answers.

    with spoiled(upstream_url, corruption) as url:
        ...

What comes out of it is wrong in ways that no switch of an endpoint makes: bits that flip on the
way, answers that change places between connections, bodies that break off. It reads HTTP/1.1 as far
as is needed (Content-Length and chunked bodies), opens a connection upstream for each one that
comes in, and passes requests on byte for byte, so that signatures hold.
"""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_LIMIT = 64 * 1024 * 1024
#: Seconds without a byte after which a connection is given up.
_IDLE = 60


@dataclass(frozen=True, slots=True)
class Message:
    """One request or answer.

    Attributes:
        head: First line and header lines, as they came.
        body: The body, without chunks.
    """

    head: tuple[bytes, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        for line in self.head[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.encode():
                return value.strip().decode("latin-1")
        return None

    def with_header(self, name: str, value: str | None) -> "Message":
        """Return the message with another value of a header, or without it."""
        kept = [
            line for line in self.head if line.partition(b":")[0].strip().lower() != name.encode()
        ]
        lines = [*kept, f"{name}: {value}".encode("latin-1")] if value is not None else kept
        return replace(self, head=tuple(lines))

    def with_body(self, body: bytes) -> "Message":
        """Return the message with another body and the length that goes with it."""
        return replace(self.with_header("content-length", str(len(body))), body=body)

    def bytes(self) -> bytes:
        """Return the message as it goes over the wire."""
        return b"\r\n".join([*self.head, b"", b""]) + self.body


@dataclass(frozen=True, slots=True)
class Answer(Message):
    """An answer, and the request that it is for.

    Attributes:
        operation: What was asked for, empty when that cannot be told.
        request: The request.
        number: Counts answers from 1.
    """

    operation: str = ""
    request: Message = field(default_factory=lambda: Message((), b""))
    number: int = 0

    @property
    def status(self) -> int:
        """HTTP status."""
        return int(self.head[0].split()[1])

    def with_status(self, status: int) -> "Answer":
        """Return the answer with another status."""
        line = f"HTTP/1.1 {status} Changed".encode()
        return replace(self, head=(line, *self.head[1:]))

    @property
    def members(self) -> dict[str, Any] | None:
        """Members of a JSON answer, None where it is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return None
        return document if isinstance(document, dict) else None

    def with_members(self, members: Any) -> "Answer":
        """Return the answer with other members."""
        changed = self.with_body(json.dumps(members, ensure_ascii=False).encode())
        return replace(self, head=changed.head, body=changed.body)


class Proxy:
    """What a corruption may need beside the answer: memory and others in flight."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.memory: dict[Any, Any] = {}
        self.applied = 0
        self.upstream: str | None = None


#: Returns what is sent instead, None to cut the connection; a tuple of bytes is sent as it is.
Corruption = Callable[[Answer, Proxy], Answer | bytes | None]


#: Returns what is answered without asking upstream, None to ask.
Instead = Callable[[Message, Proxy], bytes | None]


def as_it_is(answer: Answer, _: Proxy) -> Answer:
    """Spoil nothing."""
    return answer


@contextlib.contextmanager
def spoiled(
    upstream: str, corruption: Corruption = as_it_is, instead: Instead | None = None
) -> Iterator[tuple[str, Proxy]]:
    """Serve the proxy on loopback; yield its URL and what it remembers.

    `Proxy.upstream` may be set to another URL meanwhile, or to None: then connections are cut.
    """
    state = Proxy()
    state.upstream = upstream
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    numbers = iter(range(1, 1 << 60))

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), client:
            client.settimeout(_IDLE)
            if state.upstream is None:
                return
            place = urlsplit(state.upstream)
            with socket.create_connection((place.hostname, place.port), timeout=_IDLE) as server:
                _relay(client, server, (corruption, instead), state, numbers)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", state
    finally:
        listener.close()


def _relay(
    client: socket.socket,
    server: socket.socket,
    changes: tuple[Corruption, Instead | None],
    state: Proxy,
    numbers: Iterator[int],
) -> None:
    corruption, instead = changes
    began = state.upstream
    from_client, from_server = client.makefile("rb"), server.makefile("rb")
    while (request := _read(from_client)) is not None and state.upstream == began:
        at_once = instead(request, state) if instead else None
        if at_once is not None:
            client.sendall(at_once)
            continue
        server.sendall(request.bytes())
        plain = _read(from_server, answer=True)
        if plain is None:
            return
        answer = Answer(plain.head, plain.body, operation_of(request), request, next(numbers))
        changed = corruption(answer, state)
        if changed is not answer:
            state.applied += 1
        if changed is None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        client.sendall(changed if isinstance(changed, bytes) else changed.bytes())
        if isinstance(changed, bytes) or answer.header("connection") == "close":
            return


def _read(stream: Any, *, answer: bool = False) -> Message | None:
    """Read one message; None when the other side has closed."""
    lines: list[bytes] = []
    while True:
        line = stream.readline(65536)
        if not line:
            return None
        if line == b"\r\n":
            break
        lines.append(line.rstrip(b"\r\n"))
    message = Message(tuple(lines), b"")
    if (message.header("transfer-encoding") or "").lower() == "chunked":
        body = b"".join(_chunks(stream))
        return message.with_header("transfer-encoding", None).with_body(body)
    length = int(message.header("content-length") or 0)
    if answer and message.header("content-length") is None:
        length = 0
    return replace(message, body=stream.read(min(length, _LIMIT)))


def _chunks(stream: Any) -> Iterator[bytes]:
    while size := int(stream.readline(64).split(b";")[0], 16):
        yield stream.read(size)
        stream.readline(8)
    stream.readline(8)


def operation_of(request: Message) -> str:
    """Return the operation that a request asks for."""
    named = request.header("x-acs-action")
    if named:
        return named
    target = request.head[0].split()[1].decode("latin-1")
    pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True)
    pairs += parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
    return dict(pairs).get("Action", "")


def pause(seconds: float) -> None:
    """Wait; a name of its own so that corruptions read as what they do."""
    time.sleep(seconds)
