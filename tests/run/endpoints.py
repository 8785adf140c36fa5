"""Endpoints that are no KMS: each answers in one fixed way, on a real socket of loopback."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from conformance.target import Target, load_target

Talk = Callable[[socket.socket, bytes], None]


def http(status: str, body: bytes, kind: str = "application/json", *more: str) -> bytes:
    """Return an answer in HTTP/1.1."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *more,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def fixed(answer: bytes) -> Talk:
    """Return the same answer to everything."""

    def talk(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(answer)

    return talk


def echo(connection: socket.socket, request: bytes) -> None:
    """Send the request's own parameters back as JSON."""
    connection.sendall(http("200 OK", b'{"Echo":"' + request.split()[1] + b'"}'))


def drip(connection: socket.socket, _request: bytes) -> None:
    """Send a byte now and then, for as long as anybody listens."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def drip_headers(connection: socket.socket, _request: bytes) -> None:
    """Never come to the end of the headers."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X")
        time.sleep(0.05)


def silent(connection: socket.socket, _request: bytes) -> None:
    """Answer nothing until the other side gives up."""
    connection.recv(1)


def reset(connection: socket.socket, _request: bytes) -> None:
    """Cut the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def endless(connection: socket.socket, _request: bytes) -> None:
    """Send a body that does not end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while True:
        connection.sendall(chunk)


GOOD = b'{"RequestId":"r","Regions":{"Region":[{"RegionId":"cn-hangzhou"}]}}'
MISSING = b'{"RequestId":"r","Code":"MissingParameter","Message":"KeyId","HttpStatus":400}'


def small(connection: socket.socket, request: bytes) -> None:
    """Answer the two calls of the envelope rules as KMS does."""
    regions = b"DescribeRegions" in request
    connection.sendall(http("200 OK", GOOD) if regions else http("400 Bad Request", MISSING))


def mortal(answers: int) -> Talk:
    """Answer as KMS does a number of times, then no more."""
    left = iter(range(answers))

    def talk(connection: socket.socket, request: bytes) -> None:
        if next(left, None) is not None:
            small(connection, request)

    return talk


REFUSAL = b'{"RequestId":"r","Code":"Forbidden.NoPermission","Message":"no","HttpStatus":403}'
UNKNOWN = b'{"RequestId":"r","Code":"InvalidAccessKeyId.NotFound","Message":"no","HttpStatus":404}'

#: By name; every one must pass no MUST.
NULL: dict[str, Talk] = {
    "200 empty object": fixed(http("200 OK", b"{}")),
    "200 RequestId only": fixed(http("200 OK", b'{"RequestId":"r"}')),
    "401": fixed(http("401 Unauthorized", b"")),
    "403": fixed(http("403 Forbidden", REFUSAL)),
    "500": fixed(http("500 Internal Server Error", b"{}")),
    "echo": echo,
    "html": fixed(http("200 OK", b"<html><body>It works</body></html>", "text/html")),
    "redirect": fixed(http("302 Found", b"", "text/plain", "Location: /")),
    "drip": drip,
    "drip headers": drip_headers,
    "silent": silent,
    "reset": reset,
    "endless": endless,
}


@contextlib.contextmanager
def listening(talk: Talk) -> Iterator[str]:
    """Serve on a free port of loopback; yield the URL."""
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    open_connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while request := _request(connection):
                talk(connection, request)
                if talk is reset:
                    return

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                open_connections.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return data


def closed_port() -> str:
    """Return the URL of a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


TARGET = """
[target]
name = "under test"
region = "cn-hangzhou"
timeout = {timeout}
{more}
[gateways.shared]
http = "{url}"
[identities.full]
access_key_id = "LTAI-test"
access_key_secret = "canary-secret-of-full"
"""


def target_file(folder: Path, url: str, *, timeout: float = 2, more: str = "") -> Path:
    """Write a target file for a URL."""
    path = folder / "target.toml"
    path.write_text(TARGET.format(url=url, timeout=timeout, more=more))
    return path


def target_for(folder: Path, url: str, *, timeout: float = 2, more: str = "") -> Target:
    """Return a target for a URL."""
    return load_target(target_file(folder, url, timeout=timeout, more=more))
