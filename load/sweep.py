"""Throughput at fixed degrees of concurrency: the closed loop that the scalability law is about."""

from collections.abc import Callable, Sequence
from itertools import cycle

import gevent

from load.connection import Channel
from load.failures import TransportFailure
from load.signing import Template
from load.timer import now

_DEGREES = (1, 2, 4, 8, 16, 32)


def sweep(
    connect: Callable[[], Channel],
    templates: Sequence[Template],
    seconds: float = 1.5,
    degrees: Sequence[int] = _DEGREES,
) -> list[tuple[float, float]]:
    """Return (concurrency, requests per second) for each degree of concurrency."""
    return [(float(n), _throughput(connect, templates, n, seconds)) for n in degrees]


def _throughput(
    connect: Callable[[], Channel], templates: Sequence[Template], degree: int, seconds: float
) -> float:
    channels = [connect() for _ in range(degree)]
    for channel in channels:
        channel.open()
    counts = [0] * degree
    end = now() + seconds

    def one(index: int) -> None:
        requests = cycle(templates)
        for _ in range(index % len(templates)):
            next(requests)
        while now() < end:
            try:
                channels[index].exchange(next(requests).sign())
            except TransportFailure:
                continue
            counts[index] += 1

    started = now()
    gevent.joinall([gevent.spawn(one, index) for index in range(degree)])
    for channel in channels:
        channel.close()
    return sum(counts) / (now() - started)
