"""The default target: the embedded endpoint, started as a process of its own.

It is reached through its sockets only, like any other target; all that is known of it is the line
of JSON that it prints when it is ready.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from conformance.target.agent import AgentEntry
from conformance.target.load import load_target
from conformance.target.model import Target
from conformance.target.problems import TargetError

_STOP_WITHIN = 5.0
#: Beginning of the names of deviations that are those of the agent.
_OF_AGENT = "agent-"


@contextmanager
def opened_target(path: Path | None, options: Sequence[str] = ()) -> Iterator[Target]:
    """Yield the target of a file, or the embedded one where there is none.

    Beside a file that describes an agent to start and no gateway, the embedded endpoint is the
    target, so that all but the agent is known to be right.

    Args:
        path: Target file.
        options: ``--fault NAME`` and ``--harmless NAME`` for the embedded endpoint and agent.

    Raises:
        TargetError: When the file cannot be used, or the embedded endpoint does not start.
    """
    if path is None:
        with embedded_target(options) as target:
            yield target
        return
    target = load_target(path, agent_alone=True)
    if target.gateways:
        yield target
        return
    with embedded_target() as own:
        yield replace(own, name=target.name, agent=target.agent, without=target.without, path=path)


@contextmanager
def embedded_target(options: Sequence[str] = ()) -> Iterator[Target]:
    """Start the embedded endpoint and yield it as a target; end it afterwards.

    Beside it stands the embedded agent, which is not started before a rule asks for it.

    Args:
        options: Further options of ``kms-conformance serve``, such as ``--fault NAME``. Deviations
            whose names begin with ``agent-`` are those of the agent.

    Raises:
        TargetError: When it does not start.
    """
    options, of_agent = _shared_out(options)
    command = [sys.executable, "-m", "conformance.cli", "serve", "--while-stdin-open", *options]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield replace(_ready(process), agent=embedded_agent(of_agent))
    finally:
        _stop(process)


def embedded_agent(options: Sequence[str] = ()) -> AgentEntry:
    """Return the embedded agent, to be started with further options of its command."""
    command = [sys.executable, "-m", "conformance.agent", "--while-stdin-open"]
    for name in ("target", "gateway", "port", "token_file", "ttl", "response_type"):
        command += [f"--{name.replace('_', '-')}", f"{{{name}}}"]
    return AgentEntry(command=(*command, "--log-file", "{log}", *options))


def _shared_out(options: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options of the endpoint and those of the agent."""
    endpoint: list[str] = []
    agent: list[str] = []
    left = list(options)
    while left:
        part = [left.pop(0)]
        if part[0] in {"--fault", "--harmless"} and left:
            part.append(left.pop(0))
        (agent if part[1:] and part[1].startswith(_OF_AGENT) else endpoint).extend(part)
    return endpoint, agent


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
