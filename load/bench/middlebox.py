"""A relay in front of an endpoint that does one thing wrong, to test the instrument with.

It stands for a faulty target: what it does to requests and answers is known by construction, so
that what a run reports can be compared with the truth. Started as a process of its own:

    python -m load.bench.middlebox --upstream 8080 --freeze 5,1

It prints one JSON line with its port. Only loopback, one request at a time on each connection.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import ssl
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

_VALUE = re.compile(rb'"(CiphertextBlob|Plaintext|SecretData|Value)": ?"([^"]{8,})"')
_THROTTLED = (
    b'{"RequestId":"middlebox","Code":"Rejected.Throttling","Message":"QPS Limit Exceeded"}'
)
_EXPIRED = b'{"RequestId":"middlebox","Code":"InvalidSecurityToken.Expired","Message":"expired"}'


@dataclass(slots=True)
class Faults:
    """What is done wrong; None and zeros do nothing.

    Attributes:
        freeze: Period and length in seconds: all stands still at the start of each period.
        delay: Seconds added to every answer.
        slow: Share of the requests and seconds that they take longer.
        wrong: One answer in so many is altered.
        reset: One request in so many ends with a reset connection.
        throttle: Requests a second above which all are refused with 429.
        leak: Bytes of memory kept for each request.
        down: Seconds after the first request and length of an outage of the listener.
        expire: Seconds after which credentials are refused as expired.
    """

    freeze: tuple[float, float] | None = None
    delay: float = 0.0
    slow: tuple[float, float] | None = None
    wrong: int = 0
    reset: int = 0
    throttle: float = 0.0
    leak: int = 0
    down: tuple[float, float] | None = None
    expire: float = 0.0


class Middlebox:
    """Relays between connections; see the module."""

    def __init__(self, upstream: int, faults: Faults) -> None:
        self.upstream = upstream
        self.faults = faults
        self.count = 0
        self.began = time.monotonic()
        self.first: float | None = None
        self._begun = asyncio.Event()
        self._kept: list[bytes] = []
        self._recent: deque[float] = deque()
        self._random = random.Random(0)
        self._open: set[asyncio.StreamWriter] = set()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self._open.add(writer)
        above: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            above = await asyncio.open_connection("127.0.0.1", self.upstream)
            while (request := await _message(reader)) is not None:
                await self._one(request, writer, above)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()
            if above is not None:
                above[1].close()

    async def _one(
        self,
        request: bytes,
        writer: asyncio.StreamWriter,
        above: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        faults = self.faults
        self.count += 1
        moment = time.monotonic()
        self.first = self.first or moment
        self._begun.set()
        await self._stand_still()
        if faults.leak:
            self._kept.append(b"x" * faults.leak)  # zeros would take no memory
        if faults.reset and self.count % faults.reset == 0:
            _reset(writer)
            raise ConnectionResetError
        refusal = self._refusal(moment)
        if refusal is not None:
            writer.write(refusal)
            return
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.slow and self._random.random() < faults.slow[0]:
            await asyncio.sleep(faults.slow[1])
        above[1].write(request)
        reply = await _message(above[0])
        if reply is None:
            raise ConnectionResetError
        await self._stand_still()
        if faults.wrong and self.count % faults.wrong == 0:
            reply = _altered(reply)
        writer.write(reply)

    async def _stand_still(self) -> None:
        """Wait for the end of a freeze, as everyone does who meets one."""
        if self.faults.freeze is None:
            return
        period, length = self.faults.freeze
        at = (time.monotonic() - self.began) % period
        if at < length:
            await asyncio.sleep(length - at)

    def _refusal(self, moment: float) -> bytes | None:
        assert self.first is not None
        if self.faults.expire and moment - self.first > self.faults.expire:
            return _error(b"400 Bad Request", _EXPIRED)
        if self.faults.throttle:
            while self._recent and self._recent[0] < moment - 1.0:
                self._recent.popleft()
            if len(self._recent) >= self.faults.throttle:
                return _error(b"429 Too Many Requests", _THROTTLED)
            self._recent.append(moment)
        return None

    async def serve(self, context: ssl.SSLContext | None) -> None:
        """Listen until the standard input ends."""
        server = await asyncio.start_server(self.relay, "127.0.0.1", 0, ssl=context, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"port": port}), flush=True)
        watcher = asyncio.create_task(self._outage(server, port, context))
        await asyncio.to_thread(sys.stdin.buffer.read)
        watcher.cancel()

    async def _outage(
        self, server: asyncio.Server, port: int, context: ssl.SSLContext | None
    ) -> None:
        if self.faults.down is None:
            return
        after, length = self.faults.down
        await self._begun.wait()
        await asyncio.sleep(after)
        server.close()
        for writer in list(self._open):
            _reset(writer)
        if length > 0:
            await asyncio.sleep(length)
            again = await asyncio.start_server(
                self.relay, "127.0.0.1", port, ssl=context, backlog=1024
            )
            await again.serve_forever()


async def _message(reader: asyncio.StreamReader) -> bytes | None:
    """Read one message with Content-Length; None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    found = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    size = int(found[1]) if found else 0
    return head + (await reader.readexactly(size) if size else b"")


def _altered(reply: bytes) -> bytes:
    """Change one character of the value that the answer is about; the length stays."""
    found = _VALUE.search(reply)
    if found is None:
        return reply
    at = (found.start(2) + found.end(2)) // 2
    other = b"A" if reply[at : at + 1] != b"A" else b"B"
    return reply[:at] + other + reply[at + 1 :]


def _error(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


def _reset(writer: asyncio.StreamWriter) -> None:
    raw: Any = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _pair(text: str) -> tuple[float, float]:
    first, second = text.split(",")
    return float(first), float(second)


def main() -> None:
    """Run one middlebox."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=int, required=True, help="port of the endpoint, HTTP")
    for name in ("freeze", "slow", "down"):
        parser.add_argument(f"--{name}", type=_pair)
    for name in ("delay", "throttle", "expire"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    for name in ("wrong", "reset", "leak"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--certificate", help="PEM file with key and chain: serve TLS")
    arguments = vars(parser.parse_args())
    certificate, upstream = arguments.pop("certificate"), arguments.pop("upstream")
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    asyncio.run(Middlebox(upstream, Faults(**arguments)).serve(context))


if __name__ == "__main__":
    main()
