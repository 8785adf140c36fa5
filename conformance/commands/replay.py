"""``kms-conformance replay ID``: repeats one case and shows what goes over the wire."""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from conformance.target.problems import UsageError


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "replay",
        help="repeat one case and show its requests and answers",
        description="Repeats one case with a seed; exit code and message are those of a run of "
        "this case alone.",
    )
    parser.add_argument("id", metavar="ID", help="RULE-ID or RULE-ID[case]")
    parser.add_argument("--target", metavar="FILE", type=Path, help="target file (TOML)")
    parser.add_argument(
        "--results", metavar="DIR", type=Path, help="take target and seed from a run"
    )
    parser.add_argument("--seed", type=int, help="seed of the run (0)")
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--fault", action="append", default=[], metavar="NAME")
    parser.add_argument("--harmless", action="append", default=[], metavar="NAME")
    parser.set_defaults(handler=replay)


def replay(arguments: argparse.Namespace) -> int:
    """Run the case and print its exchanges, redacted."""
    from conformance.client.curl import curl_command
    from conformance.run.engine import Engine, RunOptions
    from conformance.run.evidence import evidence_document
    from conformance.run.planning import Plan

    planned = _planned(arguments.id)
    with ExitStack() as stack:
        target = _target(arguments, stack)
        options = RunOptions(
            seed=arguments.seed or _seed(arguments.results),
            examples=arguments.examples,
            keep_all=True,
            ephemeral=target.path is None or arguments.target is None,
        )
        engine = stack.enter_context(Engine(target, Plan((planned,), ()), options))
        if engine.stop_reason is not None:
            print(f"kms-conformance: {engine.stop_reason}", file=sys.stderr)
            return int(engine.exit_code)
        result = engine.run(planned)
        for number, exchange in enumerate(result.exchanges, 1):
            curl = curl_command(exchange, engine.redactor, target.path)
            document = evidence_document(
                f"replay.{number}", exchange, engine.redactor, rule=None, case=None, curl=curl
            )
            print(json.dumps(document, ensure_ascii=False, indent=1))
        message = engine.redactor.text(result.message) if result.message else ""
        print(f"{planned.id}: {result.verdict.value}{': ' if message else ''}{message}")
        engine.close()
        return int(engine.exit_code)


def _planned(identifier: str) -> Any:
    from conformance.run.planning import expand, rules_by_id
    from conformance.run.registry import load_rules

    rule_id, bracket, _ = identifier.partition("[")
    rule = rules_by_id(load_rules(), [rule_id])[0]
    cases = expand(rule)
    for planned in cases:
        if planned.id == identifier:
            return planned
    if not bracket:
        example = cases[0].id if cases else rule_id
        raise UsageError(f"rule {rule_id} has {len(cases)} cases: name one, such as {example}")
    raise UsageError(f"rule {rule_id} has no case of that name: see kms-conformance list --cases")


def _target(arguments: argparse.Namespace, stack: ExitStack) -> Any:
    from conformance.target.embedded import opened_target

    options = [part for name in arguments.fault for part in ("--fault", name)]
    options += [part for name in arguments.harmless for part in ("--harmless", name)]
    return stack.enter_context(opened_target(arguments.target, options))


def _seed(results: Path | None) -> int:
    from conformance.run.events import read_events

    if results is None:
        return 0
    return int(read_events(results)[0].get("seed", 0))
