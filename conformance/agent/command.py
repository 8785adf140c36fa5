"""The options of ``kms-conformance agent`` and the process behind it."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LOG_LEVELS = ("debug", "info", "warn", "error", "none")


ABOUT = (
    "Answers GetSecretValue on loopback from a cache in memory and asks a target for what it does "
    "not have. Prints one line of JSON when it is ready, and ends on SIGTERM or Ctrl-C. It is an "
    "agent to develop and test against."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the agent."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration (TOML)")
    group = parser.add_argument_group("settings (they win over the configuration)")
    group.add_argument("--target", metavar="FILE", type=Path, help="target file of the upstream")
    group.add_argument("--gateway", choices=("shared", "dedicated"))
    group.add_argument("--identity", metavar="NAME", help="identity of the target file (full)")
    group.add_argument("--port", type=_port, metavar="PORT", help="0 takes a free one (2025)")
    group.add_argument(
        "--token-file", type=Path, metavar="FILE", help="made when missing, unless KMS_TOKEN is set"
    )
    group.add_argument("--ttl", type=_seconds, metavar="SECONDS", help="of cached values (300)")
    group.add_argument("--response-type", type=int, choices=(0, 1, 2), help="0 KMS, 1 AWS, 2 KV")
    group.add_argument("--max-connections", type=_connections, metavar="N", help="1 to 1000 (800)")
    group.add_argument("--log-file", type=Path, metavar="FILE", help="standard error when absent")
    group.add_argument("--log-level", choices=_LOG_LEVELS)
    deviating = parser.add_argument_group("deviations")
    deviating.add_argument("--fault", action="append", default=[], metavar="NAME")
    deviating.add_argument("--harmless", action="append", default=[], metavar="NAME")
    deviating.add_argument(
        "--list-faults", action="store_true", help="print faults and harmless variations as JSON"
    )
    parser.add_argument("--while-stdin-open", action="store_true", help=argparse.SUPPRESS)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 3600")
    return value


def _connections(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop and return the exit code."""
    if arguments.list_faults:
        return _list_deviations()
    stopped_early: list[int] = []
    _on_signals(stopped_early.append)
    if arguments.while_stdin_open:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    _serve(arguments, stopped_early)
    return 0


def _on_signals(act: Callable[[int], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: act(received))


def _serve(arguments: argparse.Namespace, stopped_early: list[int]) -> None:
    from conformance.agent.application import Agent
    from conformance.agent.cache import Cache
    from conformance.agent.deviations import put_into_force
    from conformance.agent.log import Log
    from conformance.agent.retrieval import Retrieval
    from conformance.agent.server import Server
    from conformance.agent.settings import load_settings
    from conformance.agent.token import find_token
    from conformance.agent.upstream import Upstream

    settings = load_settings(arguments.config, _options(arguments))
    upstream = Upstream(settings)
    token = find_token(settings)
    log = Log(settings)
    try:
        retrieval = Retrieval(settings, upstream, Cache(settings.ttl, settings.cache_size))
        made = Agent.make(settings, token, retrieval, log)
        put_into_force(made, "fault", arguments.fault)
        put_into_force(made, "harmless", arguments.harmless)
        server = Server(made)
        # From the line of readiness to the server's own handlers a signal must end it as well.
        _on_signals(lambda _: server.stop())
        line = {
            "ready": True,
            "pid": os.getpid(),
            "url": server.url,
            "token": token.source,
            "upstream": upstream.url,
            "gateway": settings.gateway,
            "ttl": settings.ttl,
            "response_type": settings.response_type,
            "deviations": made.deviations,
        }
        log.write("info", "listening", url=server.url, upstream=upstream.url)
        server.run(lambda: _ready(server.stop, line, stopped_early))
        log.write("info", "stopped")
    finally:
        upstream.close()
        log.close()


def _ready(stop: Any, line: dict[str, Any], stopped_early: list[int]) -> None:
    if stopped_early:
        stop()
        return
    try:
        print(json.dumps(line), flush=True)
    except BrokenPipeError:  # nobody waits for the line any more
        stop()


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given as options."""
    named = {
        "target": arguments.target,
        "gateway": arguments.gateway,
        "identity": arguments.identity,
        "port": arguments.port,
        "token_file": arguments.token_file,
        "ttl": arguments.ttl,
        "response_type": arguments.response_type,
        "max_connections": arguments.max_connections,
        "log_file": arguments.log_file,
        "log_level": arguments.log_level,
    }
    return {name: value for name, value in named.items() if value is not None}


def _list_deviations() -> int:
    from conformance.agent.deviations import known

    kinds = {"faults": known("fault"), "harmless": known("harmless")}
    document = {kind: [one.view() for one in found.values()] for kind, found in kinds.items()}
    print(json.dumps(document, indent=1))
    return 0


def _end_with_stdin() -> None:
    """End with the process that started us, however it ends."""
    while os.read(sys.stdin.fileno(), 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
