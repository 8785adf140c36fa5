"""``kms-conformance run``: puts a target to the test."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.commands._selecting import add_selectors, selectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.run.engine import Engine
    from conformance.run.planning import Selector
    from conformance.run.registry import Rule

_EXIT_HARNESS = 4
#: Seconds beyond its budget that a run may take to end.
_GRACE = 120.0
#: Plugins of pytest that have nothing to do in a run, and cost time for each case.
_NOT_NEEDED = (
    "terminal",
    "cacheprovider",
    "logging",
    "capture",
    "warnings",
    "unraisableexception",
    "threadexception",
    "faulthandler",
    "doctest",
    "junitxml",
)


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "run",
        help="certify a target: run the rules, write results and reports",
        description="Runs the rules against a target. Without --target the embedded endpoint is "
        "started and certified.",
    )
    parser.add_argument("--target", metavar="FILE", type=Path, help="target file (TOML)")
    parser.add_argument(
        "--results", metavar="DIR", type=Path, help="folder for what the run leaves"
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help='profile to run, "all" for every rule; without it every profile that the target names '
        "parts for",
    )
    parser.add_argument("--baseline", metavar="FILE", type=Path, help="accepted failures (JSON)")
    parser.add_argument("--seed", type=int, default=0, help="decides every random choice")
    parser.add_argument(
        "--examples", type=_positive, default=20, help="generated examples a property (20)"
    )
    parser.add_argument(
        "--time-budget",
        type=_seconds,
        default=900.0,
        metavar="SECONDS",
        help="after which the run is cut short (900)",
    )
    parser.add_argument(
        "--budget",
        type=_seconds,
        metavar="SECONDS",
        help="search on with more generated examples until so many seconds are used",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one case of each rule, so that a look takes seconds; says what is left out",
    )
    parser.add_argument("--keep-all", action="store_true", help="keep evidence of passed cases too")
    parser.add_argument(
        "--no-reports", action="store_true", help="write results only, render nothing"
    )
    embedded = parser.add_argument_group("embedded endpoint")
    embedded.add_argument(
        "--jobs",
        type=_positive,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="1 keeps a whole run in one process; else half of it goes on beside the other half",
    )
    embedded.add_argument("--fault", action="append", default=[], metavar="NAME")
    embedded.add_argument("--harmless", action="append", default=[], metavar="NAME")
    add_selectors(parser)
    parser.set_defaults(handler=run)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Run the rules and return the exit code."""
    from conformance.run.baseline import load_baseline
    from conformance.run.beside import Beside
    from conformance.run.deepening import QUICK_EXAMPLES
    from conformance.run.engine import Engine, RunOptions
    from conformance.run.planning import Plan, make_plan, outline, shortened
    from conformance.run.profiles import check_parts, default_profile, find_profile, rules_of
    from conformance.run.recording import suite_version
    from conformance.run.registry import load_rules
    from conformance.target import UsageError, load_target
    from conformance.target.embedded import opened_target

    rules = load_rules()
    file = None if arguments.target is None else load_target(arguments.target, agent_alone=True)
    profile = (
        default_profile(file)
        if arguments.profile is None
        else find_profile(arguments.profile, suite_version())
    )
    chosen = rules_of(profile, rules)
    agent_alone = file is not None and not file.gateways
    if agent_alone:
        chosen = _about_agents(chosen, arguments.target)
    elif file is not None:
        check_parts(profile, chosen, file)
    baseline = None if arguments.baseline is None else load_baseline(arguments.baseline, rules)
    wanted = selectors(arguments)
    if wanted:
        make_plan(chosen, wanted, None)  # a slip in the selection shows before a start
    if arguments.target is not None and (arguments.fault or arguments.harmless):
        raise UsageError("--fault and --harmless are for the embedded endpoint: leave out --target")
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        beside = None
        if _splits(arguments, wanted) and len({Beside.has(rule) for rule in chosen}) == 2:
            beside = stack.enter_context(Beside(_as_started(arguments)))
        target = stack.enter_context(opened_target(arguments.target, _deviations(arguments)))

        def plan(testable: bool) -> Plan:
            if not testable:
                return outline(chosen, wanted)
            found = make_plan(chosen, wanted, target)
            return shortened(found) if arguments.quick else found

        options = RunOptions(
            results=_results_folder(arguments),
            seed=arguments.seed,
            examples=min(arguments.examples, QUICK_EXAMPLES)
            if arguments.quick
            else arguments.examples,
            time_budget=max(arguments.time_budget, (arguments.budget or 0) + _GRACE),
            budget=arguments.budget,
            profile=(profile.name, profile.version),
            command=shlex.join(["kms-conformance", *sys.argv[1:]]),
            baseline=baseline,
            deviations=_replayed_with(arguments),
            keep_all=arguments.keep_all,
            ephemeral=arguments.target is None or agent_alone,
        )
        engine = stack.enter_context(Engine(target, plan, options, beside))
        _announce(engine)
        crashed = engine.stop_reason is None and _run_pytest(engine)
        engine.close()
        _conclude(engine, render=not arguments.no_reports)
        return _EXIT_HARNESS if crashed else int(engine.exit_code)


def _splits(arguments: argparse.Namespace, wanted: "Sequence[Selector]") -> bool:
    """Tell whether half of the run goes on beside it: a whole one of the embedded endpoint does."""
    whole = arguments.target is None and not wanted and arguments.budget is None
    return whole and not arguments.quick and arguments.jobs > 1


def _as_started(arguments: argparse.Namespace) -> list[str]:
    """Return the options by which another process runs the same."""
    options = [
        *("--seed", str(arguments.seed), "--examples", str(arguments.examples)),
        *("--time-budget", str(arguments.time_budget), *_deviations(arguments)),
    ]
    if arguments.profile is not None:
        options += ["--profile", arguments.profile]
    if arguments.baseline is not None:
        options += ["--baseline", str(arguments.baseline)]
    return options + ["--keep-all"] * arguments.keep_all


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _about_agents(rules: "list[Rule]", path: Path) -> "list[Rule]":
    from conformance.target import UsageError

    found = [rule for rule in rules if "feature:agent" in rule.needs]
    if not found:
        raise UsageError(
            f"{path} describes an agent and no gateway: run it with --profile agent, or add "
            "[gateways] and [identities]"
        )
    return found


def _replayed_with(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return the options by which a replay meets the same endpoint or agent."""
    if arguments.target is not None:
        return ("--target", str(arguments.target))
    return tuple(_deviations(arguments))


def _deviations(arguments: argparse.Namespace) -> list[str]:
    options = [part for name in arguments.fault for part in ("--fault", name)]
    return options + [part for name in arguments.harmless for part in ("--harmless", name)]


def _results_folder(arguments: argparse.Namespace) -> Path:
    if arguments.results is not None:
        return Path(arguments.results)
    now = datetime.now().astimezone()
    return Path("results") / now.strftime("%Y%m%d-%H%M%S")


def _announce(engine: "Engine") -> None:
    """Say what the run is about to do to a target that is not on this machine."""
    from conformance.run.estimate import estimate

    if not engine.target.loopback:
        told = estimate(engine.plan, engine.target)
        print(told, file=sys.stderr)
        engine.recorder.note("info", told)
    for sentence in engine.plan.excluded:
        print(f"note: {sentence}", file=sys.stderr)


@contextmanager
def _without_the_users_plugins() -> Iterator[None]:
    """Keep options and plugins of the user's own test runs out of this one."""
    changed = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run_pytest(engine: "Engine") -> bool:
    """Run the planned cases as pytest items; True when pytest itself failed."""
    import pytest

    from conformance.run import plugin, pytest_run
    from conformance.run.progress import progress

    files = [str(path) for path in pytest_run.files_of(engine)]
    pytest_run.PREPARED = engine
    own = len(engine.own_cases())
    pytest_run.PROGRESS = progress(own)
    quiet = [part for name in _NOT_NEEDED for part in ("-p", f"no:{name}")]
    argv = ["-c", os.devnull, "--rootdir", "/", *quiet, *files]
    try:
        with _without_the_users_plugins():
            status = pytest.main(argv, plugins=[plugin])
    finally:
        pytest_run.PROGRESS.close()
        pytest_run.PREPARED = None
    stopped = engine.stop_reason is not None
    return not stopped and engine.done < own and int(status) != 2


def _conclude(engine: "Engine", *, render: bool) -> None:
    """Print what came out and where it is."""
    folder = engine.options.results
    if engine.stop_reason is not None:
        print(f"kms-conformance: {engine.stop_reason}", file=sys.stderr)
    for sentence in engine.left:
        print(f"left on the target: {sentence}", file=sys.stderr)
    for sentence in engine.stale:
        print(f"stale baseline entry: {sentence}", file=sys.stderr)
    if folder is None:
        return
    from conformance.commands.report import print_summary, render_reports

    if render:
        render_reports(folder, ("all",))
    else:
        print_summary(folder)
