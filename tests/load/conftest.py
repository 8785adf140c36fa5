"""A real endpoint and the load command as users run it, each a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Whole load runs take minutes and an idle machine: they run with KMS_CONFORMANCE_THOROUGH set.
collect_ignore = (
    []
    if os.environ.get("KMS_CONFORMANCE_THOROUGH")
    else ["test_command.py", "test_distributed.py", "test_endurance.py", "test_faults.py"]
)

COMMAND = [sys.executable, "-m", "conformance.cli", "load"]


@dataclass
class Run:
    """What a run of the command left."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def results(self):
        return json.loads((self.folder / "results.json").read_text())

    @property
    def words(self):
        return self.out + self.err


@pytest.fixture(scope="session")
def endpoint():
    """The reference endpoint: what `kms-conformance serve` prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", "serve", "--while-stdin-open"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(10)


@pytest.fixture(scope="session")
def target(endpoint):
    return Path(endpoint["target"])


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Run ``kms-conformance load`` in a folder of its own."""
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path / "state"))

    def run(*words, folder="results", timeout=120):
        place = tmp_path / folder
        done = subprocess.run(
            [*COMMAND, *map(str, words), "--results", str(place)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, place)

    return run


@pytest.fixture
def spawn(tmp_path, monkeypatch):
    """Start ``kms-conformance load`` and leave it running; ends what is left at the end."""
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path / "state"))
    started = []

    def start(*words, folder="results"):
        place = tmp_path / folder
        process = subprocess.Popen(
            [*COMMAND, *map(str, words), "--results", str(place)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, place

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
