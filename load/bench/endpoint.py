"""Processes that benchmarks run against, each on a core of its own where there are two."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running reference endpoint.

    Attributes:
        http: Its plain listener.
        https: Its TLS listener.
        ca: PEM file of its authority.
        target: Its target file.
        key: Access key id and secret of a caller with all rights.
        region: Region id.
    """

    http: str
    https: str
    ca: str
    target: Path
    key: tuple[str, str]
    region: str


def pin(core: int, pid: int = 0) -> None:
    """Bind a process to one core, where the platform and the number of cores allow it."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {cores[core % len(cores)]})


@contextmanager
def child(*words: str, core: int | None = None) -> Iterator[dict[str, Any]]:
    """Run a Python module that prints one line of JSON when it is ready, and yield the line."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if core is not None:
                pin(core, process.pid)
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


@contextmanager
def endpoint(core: int | None = 0) -> Iterator[Endpoint]:
    """Run the reference endpoint."""
    with child("conformance.cli", "serve", "--while-stdin-open", core=core) as ready:
        key = ready["identities"]["full"]
        yield Endpoint(
            ready["http"],
            ready["https"],
            ready["ca"],
            Path(ready["target"]),
            (key["access_key_id"], key["access_key_secret"]),
            ready["region"],
        )


@contextmanager
def middlebox(
    behind: Endpoint,
    folder: Path,
    *faults: str,
    module: str = "load.bench.middlebox",
    core: int | None = None,
) -> Iterator[Path]:
    """Run a relay in front of an endpoint and yield a target file for it."""
    port = behind.http.rpartition(":")[2]
    with child(module, "--upstream", port, *faults, core=core) as ready:
        path = folder / f"target-{ready['port']}.toml"
        path.write_text(
            f'[target]\nname = "middlebox"\nregion = "{behind.region}"\n'
            f'[gateways.shared]\nhttp = "http://127.0.0.1:{ready["port"]}"\n'
            f'[identities.full]\naccess_key_id = "{behind.key[0]}"\n'
            f'access_key_secret = "{behind.key[1]}"\n'
        )
        yield path


def load(*words: str, results: Path, core: int | None = 1) -> tuple[int, dict[str, Any]]:
    """Run ``kms-conformance load`` and return its exit code and results."""
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", "load", *words, "--results", str(results)],
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        preexec_fn=None if core is None else lambda: pin(core),  # noqa: PLW1509 - no threads yet
    )
    code = process.wait()
    return code, json.loads((results / "results.json").read_text())
