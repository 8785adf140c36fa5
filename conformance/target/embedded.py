"""The default target: the embedded endpoint, started as a process of its own.

It is reached through its sockets only, like any other target; all that is known of it is the line
of JSON that it prints when it is ready.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conformance.target.load import load_target
from conformance.target.model import Target
from conformance.target.problems import TargetError

_STOP_WITHIN = 5.0


@contextmanager
def embedded_target(options: Sequence[str] = ()) -> Iterator[Target]:
    """Start the embedded endpoint and yield it as a target; end it afterwards.

    Args:
        options: Further options of ``kms-conformance serve``, such as ``--fault NAME``.

    Raises:
        TargetError: When it does not start.
    """
    command = [sys.executable, "-m", "conformance.cli", "serve", "--while-stdin-open", *options]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield _ready(process)
    finally:
        _stop(process)


def _ready(process: "subprocess.Popen[str]") -> Target:
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    try:
        ready = json.loads(line)
        return load_target(Path(ready["target"]))
    except (ValueError, KeyError, TypeError):
        process.terminate()
        told = process.stderr.read().strip().splitlines()
        why = told[-1].removeprefix("kms-conformance: ") if told else "it printed nothing"
        raise TargetError(f"the embedded endpoint did not start: {why}") from None


def _stop(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    try:
        process.stdin.close()
    except OSError:
        process.terminate()
    try:
        process.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
