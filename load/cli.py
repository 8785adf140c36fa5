"""``kms-conformance load``: how much an endpoint carries.

The load itself runs in Locust, in a process of its own: gevent has to patch a fresh interpreter.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

from load.failures import LoadError
from load.options import KINDS, Options, add_arguments, to_locust

_FOLDER = Path(__file__).parent
_USERS = 100
_SETTLE = 1.0
_EXAMPLES = """\
examples:
  kms-conformance load encrypt --rate 1000            the embedded endpoint, 60 seconds
  kms-conformance load encrypt --target T.toml --mode capacity --need 3400
  kms-conformance load application --rate 300 --mode soak --duration 3600
  kms-conformance load envelope --rate 500 --mode spike --burst 4
  kms-conformance load compare results/a results/b
  kms-conformance load list

exit codes: 0 limits met, 1 not met, 2 usage, 3 nothing proven (target unreachable, too few samples,
stopped early), 4 the instrument's own fault (the generator was the bottleneck)
"""


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "load",
        help="measure how much load an endpoint carries, and what that proves",
        description="Sends signed requests by an open-loop plan and judges what comes back.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", help="scenario, or: list, compare")
    parser.add_argument("runs", nargs="*", type=Path, help="for compare: two folders of results")
    parser.add_argument("--mode", choices=KINDS, default="run", help="what the run is for")
    parser.add_argument("--rate", type=float, help="requests per second (default: the promise)")
    parser.add_argument("--duration", type=float, help="seconds that are judged (default 60)")
    parser.add_argument("--processes", type=int, default=1, help="generating processes (default 1)")
    parser.add_argument(
        "--web", metavar="PORT", type=int, help="steer by Locust's web page on loopback"
    )
    add_arguments(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    if arguments.scenario == "list":
        return _list()
    if arguments.scenario == "compare":
        return _compare(arguments.runs)
    if arguments.runs:
        raise LoadError(f"unexpected {str(arguments.runs[0])!r}: a run takes one scenario")
    return _start(arguments)


def _list() -> int:
    from load.scenarios import promises, scenarios

    for scenario in scenarios().values():
        mix = ", ".join(f"{name} {weight:g}" for name, weight in scenario.mix.items())
        print(f"{scenario.id:<28}{scenario.title}\n{'':<28}{mix}")
        for gateway in ("shared", "dedicated"):
            rates = [f"{promise.rate:,.0f}" for promise in promises(gateway, scenario.group)]
            if rates:
                print(f"{'':<28}documented on the {gateway} gateway: {', '.join(rates)} QPS")
    return 0


def _compare(runs: list[Path]) -> int:
    from load import compare
    from load.results import read

    if len(runs) != 2:
        raise LoadError("compare takes two folders of results: the earlier and the later run")
    before, after = (read(path) for path in runs)
    print(compare.in_words(before, after))
    return 1 if compare.worse(before, after) else 0


def _start(arguments: argparse.Namespace) -> int:
    """Check what can be checked here, then hand over to Locust."""
    from conformance.target import load_target
    from load.control import default_folder
    from load.place import Place
    from load.safety import check_rate, check_remote, estimate
    from load.scenarios import check_api, find_scenario, promises
    from load.slo import load_objectives

    scenario = find_scenario(arguments.scenario, arguments.mix)
    options = Options.of({**vars(arguments), "kind": arguments.mode, "duration": None})
    load_objectives(None if options.slo is None else Path(options.slo))
    if arguments.processes < 1:
        raise LoadError("--processes must be at least 1")
    check_api(scenario, options.api)
    rate = _rate(arguments, options, promises(options.place, scenario.group))
    total = _total(arguments, options)
    options = replace(
        options,
        duration=total,
        results=options.results or default_folder(scenario.id),
        slice=_slice(arguments),
        command=shlex.join(["kms-conformance", *sys.argv[1:]]),
    )
    check_rate(rate, arguments.processes, options)
    if options.target is not None:
        target = load_target(Path(options.target))
        highest = options.max_rate or rate if options.kind == "capacity" else rate
        # Without --duration on the command line a remote target is refused.
        asked = replace(options, duration=total if arguments.duration is not None else None)
        check_remote(target, asked, highest * _burst(options), scenario.group)
        Place.of(target, options)
        if not target.loopback:
            print(f"{target.name}: {estimate(highest, options)}; Ctrl-C stops it", flush=True)
            time.sleep(3)
    return _locust(arguments, options, rate, total)


def _rate(arguments: argparse.Namespace, options: Options, offers: list[Any]) -> float:
    if arguments.rate is not None:
        return float(arguments.rate)
    if options.kind == "capacity":
        return options.start
    reference = [offer.rate for offer in offers if offer.rate <= 1000]
    able = options.per_process * int(arguments.processes)
    return min(float(max(reference, default=100.0)), able)


def _burst(options: Options) -> float:
    return options.burst if options.kind == "spike" else 1.0


def _total(arguments: argparse.Namespace, options: Options) -> float:
    """Return seconds from the first request to the last, warm-up included."""
    from load.capacity import longest

    if options.kind == "capacity":
        return float(arguments.duration or longest(options.step, options.hold, options.within))
    if options.kind == "spike":
        parts = (options.burst_after, options.burst_seconds, options.recover_within)
        return options.warm_up + sum(parts)
    duration = 60.0 if arguments.duration is None else float(arguments.duration)
    if not duration > 0:
        raise LoadError("--duration must be above 0 seconds")
    return duration + options.warm_up + _SETTLE


def _slice(arguments: argparse.Namespace) -> float:
    """Return seconds of a slice: fine for steps, coarse for hours."""
    if arguments.slice is not None:
        return float(arguments.slice)
    if arguments.mode in {"capacity", "spike"}:
        return 0.5
    duration = arguments.duration or 60.0
    return 10.0 if duration > 900 else 1.0


def _locust(arguments: argparse.Namespace, options: Options, rate: float, total: float) -> int:
    files = [str(_FOLDER / "locustfile.py")]
    if options.kind in {"capacity", "spike"}:
        files.append(str(_FOLDER / "shapes" / f"{options.kind}.py"))
    if options.kind == "capacity":
        from load.capacity import unit_for

        options = replace(options, unit=unit_for(rate), start=rate)
    else:
        options = replace(options, unit=rate / _USERS)
    command = [sys.executable, "-m", "locust", "-f", ",".join(files)]
    command += ["-u", str(_USERS), "-r", str(_USERS), "--only-summary", "--loglevel", "ERROR"]
    if arguments.web is not None:
        command += ["--web-host", "127.0.0.1", "--web-port", str(arguments.web), "--autostart"]
    else:
        command.append("--headless")
    if options.kind in {"run", "soak"}:
        command += ["-t", f"{ceil(total)}s"]
    if arguments.processes > 1:
        command += ["--processes", str(arguments.processes)]
        command += ["--master-bind-host", "127.0.0.1", "--master-host", "127.0.0.1"]
        command += ["--master-bind-port", str(port := _free_port()), "--master-port", str(port)]
    assert options.results is not None
    command += ["--json-file", str(Path(options.results) / "locust.json")]
    command += to_locust(options)
    return _wait(subprocess.Popen(command, env=_environment()))


def _environment() -> dict[str, str]:
    """Return the environment, without what would make Locust read settings of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Wait for Locust; Ctrl-C reaches it too, and it drains and writes its report."""

    def pass_on(number: int, _frame: Any) -> None:
        process.send_signal(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

    # From a terminal the whole group gets Ctrl-C, so that passing it on would be a second one.
    signal.signal(signal.SIGINT, signal.SIG_IGN if sys.stdin.isatty() else pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    code = process.wait()
    return code if code >= 0 else 4
