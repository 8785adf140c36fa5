"""A plain closed-loop client that is cheap enough to load a server from the other core.

Requests are written out as bytes beforehand; a few kept-alive connections hold one request each. The
answer to a measurement is the server's CPU time per request, which moves far less than a rate does
on a shared machine; the rate is given beside it.
"""

import ctypes
import selectors
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Measured:
    """What a burst of requests cost.

    Attributes:
        rate: Requests per second.
        cpu: Microseconds of the server's CPU per request.
        bad: Answers whose status was not the expected one.
    """

    rate: float
    cpu: float
    bad: int


def measure(
    address: tuple[str, int],
    requests: Sequence[bytes],
    pid: int,
    *,
    connections: int = 8,
    tls: ssl.SSLContext | None = None,
    expected: bytes = b"200",
) -> Measured:
    """Send every request once and say what it cost."""
    sockets = [_connect(address, tls) for _ in range(min(connections, len(requests)))]
    waiting = iter(requests)
    selector = selectors.DefaultSelector()
    before, started = _cpu(pid), time.perf_counter()
    for one in sockets:
        one.sendall(next(waiting))
        selector.register(one, selectors.EVENT_READ)
    left, bad = len(requests), 0
    buffers = {one.fileno(): b"" for one in sockets}
    while left:
        for ready, _ in selector.select(0):
            one = ready.fileobj
            assert isinstance(one, socket.socket)
            number = one.fileno()
            while True:
                data = one.recv(65536)
                if not data:
                    raise ConnectionError("the server closed a connection")
                buffers[number] += data
                if not (isinstance(one, ssl.SSLSocket) and one.pending()):
                    break
            if (size := _whole(buffers[number])) is None:
                continue
            answer, buffers[number] = buffers[number][:size], buffers[number][size:]
            bad += answer[9:12] != expected
            left -= 1
            following = next(waiting, None)
            if b"\r\nconnection: close\r\n" in answer.lower():
                selector.unregister(one)
                one.close()
                if following is not None:
                    one = _connect(address, tls)
                    buffers[one.fileno()] = b""
                    selector.register(one, selectors.EVENT_READ)
            if following is not None:
                one.sendall(following)
    seconds, cpu = time.perf_counter() - started, _cpu(pid) - before
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return Measured(len(requests) / seconds, cpu / len(requests) * 1e6, bad)


def _connect(address: tuple[str, int], tls: ssl.SSLContext | None) -> socket.socket:
    plain = socket.create_connection(address)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls.wrap_socket(plain, server_hostname=address[0]) if tls else plain


def _whole(buffer: bytes) -> int | None:
    """Length of the first whole answer in the buffer, or None."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return None
    lowered = buffer[:head].lower()
    at = lowered.find(b"content-length:")
    if at < 0:
        raise ValueError("an answer without content-length")
    length = int(lowered[at + 15 :].split(b"\r\n", 1)[0])
    total = head + 4 + length
    return total if len(buffer) >= total else None


def _cpu(pid: int) -> float:
    """CPU time of a process in seconds.

    Where the system has a clock for each process it counts nanoseconds; psutil counts ticks of 10 ms,
    a tenth of what a short burst takes.
    """
    clock = ctypes.c_int()
    get_clock = getattr(ctypes.CDLL(None), "clock_getcpuclockid", None)
    if get_clock is not None and get_clock(pid, ctypes.byref(clock)) == 0:
        return time.clock_gettime(clock.value)
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
