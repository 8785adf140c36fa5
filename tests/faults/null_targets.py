"""Targets that are no KMS, each a small real server, by name."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "run"))

from endpoints import NULL, closed_port, listening, target_file

__all__ = ["NAMES", "WITHOUT_ANSWER", "null_target", "target_file"]


def one_byte_a_second(connection: socket.socket, _request: bytes) -> None:
    """Send an answer that would take a day."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 86400\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(1)


_TALKS = {**NULL, "one byte a second": one_byte_a_second}
_REFUSED = "connection refused"
NAMES = (_REFUSED, *_TALKS)
#: Those from which no whole answer ever comes.
WITHOUT_ANSWER = (
    _REFUSED,
    *("one byte a second", "drip", "drip headers", "silent", "reset", "endless"),
)


@contextlib.contextmanager
def null_target(name: str) -> Iterator[str]:
    """Serve a null target on loopback and yield its URL."""
    if name == _REFUSED:
        yield closed_port()
        return
    with listening(_TALKS[name]) as url:
        yield url
