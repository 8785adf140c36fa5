"""``kms-conformance run``: puts a target to the test."""

import argparse
import os
import shlex
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.run.planning import KINDS, Selector


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
    parser.add_argument("--seed", type=int, default=0, help="decides every random choice")
    parser.add_argument("--examples", type=int, default=20, help="generated examples a property")
    parser.add_argument(
        "--time-budget", type=float, default=900.0, metavar="SECONDS", help="for the whole run"
    )
    add_selectors(parser)
    parser.set_defaults(handler=run)


def add_selectors(parser: argparse.ArgumentParser) -> None:
    """Add the options that narrow the rules."""
    group = parser.add_argument_group("selection (shell patterns; repeat to add)")
    for kind in KINDS:
        group.add_argument(
            f"--{kind}", metavar="PATTERN", action="append", default=[], dest=f"select_{kind}"
        )


def selectors(arguments: argparse.Namespace) -> list[Selector]:
    """Return the selectors that were given."""
    return [
        Selector(kind, pattern)
        for kind in KINDS
        for pattern in getattr(arguments, f"select_{kind}")
    ]


def run(arguments: argparse.Namespace) -> int:
    """Run the rules and return the exit code."""
    import pytest

    from conformance.run import pytest_run
    from conformance.run.engine import Engine, RunOptions
    from conformance.run.planning import make_plan
    from conformance.run.plugin import rule_files
    from conformance.run.registry import load_rules
    from conformance.target import load_target
    from conformance.target.embedded import embedded_target

    with ExitStack() as stack:
        target = (
            stack.enter_context(embedded_target())
            if arguments.target is None
            else load_target(arguments.target)
        )
        plan = make_plan(load_rules().values(), selectors(arguments), target)
        results = arguments.results or Path("results") / datetime.now().strftime("%Y%m%d-%H%M%S")  # noqa: DTZ005 - the user's own clock names the folder
        options = RunOptions(
            results=results,
            seed=arguments.seed,
            examples=arguments.examples,
            time_budget=arguments.time_budget,
            command=shlex.join(["kms-conformance", *sys.argv[1:]]),
        )
        engine = stack.enter_context(Engine(target, options, plan))
        pytest_run.PREPARED = engine
        # Options and plugins of the user's own test runs have no say here.
        os.environ.pop("PYTEST_ADDOPTS", None)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        pytest.main(
            [
                "-c",
                os.devnull,
                "--rootdir=/",
                "-p",
                "conformance.run.plugin",
                "-p",
                "no:cacheprovider",
                "-q",
                *map(str, rule_files()),
            ]
        )
        engine.close()
        return int(engine.exit_code)
