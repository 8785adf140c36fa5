"""The agent: a value out of its cache against one that it has to ask KMS for."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from endpoint_bench import SECRET, address, child, with_secret
from raw import Measured, measure
from served import Served
from table import Ratio


@contextmanager
def agent(served: Served, folder: Path, ttl: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the ready line and the token of an agent over the endpoint."""
    token = folder / f"token-{ttl}"
    with child(
        sys.executable,
        *("-m", "conformance.agent", "--target", served.ready["target"], "--port", "0"),
        *("--token-file", str(token), "--ttl", str(ttl), "--log-level", "none"),
    ) as ready:
        yield ready, token.read_text(encoding="ascii")


def reads(ready: dict[str, Any], token: str, count: int) -> Measured:
    """Read the secret so many times and check that every read succeeded."""
    host, port = address(ready["url"])
    request = (
        f"GET /v1/{SECRET['SecretName']} HTTP/1.1\r\nhost: {host}:{port}\r\n"
        f"x-kms-token: {token}\r\n\r\n"
    ).encode()
    measured = measure((host, port), [request] * count, ready["pid"])
    if measured.bad:
        raise RuntimeError(f"{measured.bad} of {count} reads were refused")
    return measured


def hits(rounds: int, count: int) -> Iterator[Ratio]:
    """A hit against a miss over TLS, by rate and by the agent's own CPU."""
    few = max(100, count // 10)
    with (
        with_secret() as served,
        tempfile.TemporaryDirectory() as folder,
        agent(served, Path(folder), 3600) as (keeping, keeping_token),
        agent(served, Path(folder), 0) as (asking, asking_token),
    ):
        by_rate, by_cpu = [], []
        reads(keeping, keeping_token, 1)
        for _ in range(rounds):
            miss = reads(asking, asking_token, few)
            hit = reads(keeping, keeping_token, count)
            by_rate.append(hit.rate / miss.rate)
            by_cpu.append(miss.cpu / hit.cpu)
    yield Ratio("agent: value from the cache, by rate", "from KMS over TLS", tuple(by_rate), 3)
    yield Ratio("agent: value from the cache, by CPU", "from KMS over TLS", tuple(by_cpu), 3)
