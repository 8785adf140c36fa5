"""The reference endpoint as a process of its own, as users start it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Served:
    """A running endpoint and the line of JSON by which it said that it is ready."""

    ready: dict[str, Any]
    process: "subprocess.Popen[str]"


@contextmanager
def serving(*options: str) -> Iterator[Served]:
    """Start `kms-conformance serve`, wait until it is ready, stop it at the end."""
    command = [sys.executable, "-m", "conformance.cli", "serve", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stderr
            line = process.stdout.readline()
            assert line, f"serve ended: {process.stderr.read()[-2000:]}"
            yield Served(json.loads(line), process)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def control(served: Served, method: str, path: str, body: object = None) -> Any:
    """Ask the control surface of the endpoint."""
    with httpx.Client(trust_env=False) as client:
        answer = client.request(method, served.ready["control"] + path, json=body)
    answer.raise_for_status()
    return answer.json()
