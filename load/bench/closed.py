"""Closed-loop throughput of three clients, measured in turns in one process.

    python -m load.bench.closed --target T.toml [--listener http]

Sixteen at a time, every request signed anew, against the same endpoint: our raw client,
FastHttpUser's client and HttpUser's. Prints one JSON line: requests per second of each round, and
CPU microseconds a request.
"""

# gevent has to patch before anything else is loaded.
from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from conformance.target import load_target  # noqa: E402
from load.clients import connector  # noqa: E402
from load.connection import Address, Connection, trust  # noqa: E402
from load.options import Options  # noqa: E402
from load.place import Place  # noqa: E402
from load.signing import template  # noqa: E402
from load.timer import now  # noqa: E402

_AT_A_TIME = 16


def _requests_sender(address: Address) -> Callable[[bytes], None]:
    """Return a sender through the session that HttpUser has."""
    from locust.clients import HttpSession
    from locust.event import EventHook

    event = EventHook()  # type: ignore[no-untyped-call]
    session = HttpSession(base_url=address.url, request_event=event, user=None)
    session.trust_env = False
    session.verify = address.ca or True

    def send(request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        answer = session.post(first.split(" ")[1], data=body, headers=headers)
        assert answer.status_code == 200

    return send


def _fast_sender(address: Address) -> Callable[[bytes], None]:
    channel = connector("fast", address, 10.0)()

    def send(request: bytes) -> None:
        assert channel.exchange(request).status == 200

    return send


def _watch(channel: Connection) -> None:
    """Keep the time of exchanges, as the engine does."""
    while True:
        gevent.sleep(0.1)
        channel.expire(now())


def _raw_sender(address: Address) -> Callable[[bytes], None]:
    context = trust(address) if address.secure else None
    channel = Connection(address, context, 10.0, watched=True)
    gevent.spawn(_watch, channel)

    def send(request: bytes) -> None:
        assert channel.exchange(request).status == 200

    return send


_SENDERS = {"raw": _raw_sender, "fast": _fast_sender, "requests": _requests_sender}


def measure(make: Callable[[], Callable[[bytes], None]], sign: Any, seconds: float) -> Any:
    """Return requests per second and CPU microseconds a request."""
    senders = [make() for _ in range(_AT_A_TIME)]
    gevent.joinall([gevent.spawn(send, sign()) for send in senders], raise_error=True)
    count = 0
    end = time.perf_counter() + seconds

    def one(send: Callable[[bytes], None]) -> None:
        nonlocal count
        while time.perf_counter() < end:
            send(sign())
            count += 1

    busy, started = time.process_time(), time.perf_counter()
    gevent.joinall([gevent.spawn(one, send) for send in senders], raise_error=True)
    busy, took = time.process_time() - busy, time.perf_counter() - started
    return count / took, busy / count * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--listener", default="http")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    place = Place.of(target, Options(target=str(arguments.target), listener=arguments.listener))
    credential = target.identities["full"]
    # A cheap call that needs nothing to be there, so that the clients are what is measured.
    sign = template("V3", credential, place.address.authority, "DescribeRegions", []).sign
    found: dict[str, list[Any]] = {name: [] for name in _SENDERS}
    for _ in range(arguments.rounds):
        for name, make in _SENDERS.items():
            found[name].append(measure(partial(make, place.address), sign, arguments.seconds))
    print(
        json.dumps(
            {
                name: {
                    "rates": [round(rate) for rate, _ in rounds],
                    "rate": round(median(rate for rate, _ in rounds)),
                    "cpu_us": round(median(cpu for _, cpu in rounds), 1),
                }
                for name, rounds in found.items()
            }
        )
    )


if __name__ == "__main__":
    main()
