"""``kms-conformance coverage``: what of the specs is tested, by which rule, and what is not.

    kms-conformance coverage                         every kind of promise: tested, excluded, open
    kms-conformance coverage --by operation          by parameter, code, rule ...
    kms-conformance coverage --operation Encrypt     each promise with the rules that test it
    kms-conformance coverage --results DIR           what one run has put to the test
    kms-conformance coverage --update                renew the record by a whole run

Exits with 1 when a promise is neither tested nor excluded, or an exclusion is stale.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.spec.traceability import Record, Trace

GROUPS = ("kind", "operation", "parameter", "code", "cell", "rule")


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "coverage", help="which promises are tested, by which rules, and which are left out"
    )
    parser.add_argument("--by", choices=GROUPS, default="kind", help="how to sum up (kind)")
    parser.add_argument("--operation", metavar="NAME", help="each promise of one operation")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument(
        "--results", metavar="DIR", type=Path, help="what a run has put to the test"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="run everything against the embedded endpoint and renew specs/traceability.json",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="with --update: rules whose part of the record is made anew",
    )
    parser.add_argument(
        "--families", action="store_true", help="cases for each operation, by family of rules"
    )
    parser.add_argument(
        "--variants", action="store_true", help="requests generated for each operation, by kind"
    )
    parser.set_defaults(handler=coverage)


def coverage(arguments: argparse.Namespace) -> int:
    """Print the table that was asked for."""
    if arguments.variants:
        from conformance.spec.coverage import coverage_table, render

        print(render(coverage_table()))
        return 0
    if arguments.families:
        from conformance.run.families import by_family

        print(by_family())
        return 0
    from conformance.spec.traceability import recorded, trace

    if arguments.update:
        from conformance.run.tracing import renew

        renew(arguments.only)
        return 0
    record = recorded() if arguments.results is None else _of_run(arguments.results)
    traced = trace(record)
    if arguments.json:
        print(json.dumps(traced.document(), indent=2))
    elif arguments.operation is not None:
        print(_of_operation(traced, arguments.operation))
    else:
        print(_summary(traced, arguments.by, whole=arguments.results is None))
    return 1 if arguments.results is None and (traced.open or traced.stale) else 0


def _of_run(folder: Path) -> "Record":
    from conformance.run.proofs import FILE
    from conformance.target.problems import UsageError

    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {promise: tuple(rules) for promise, rules in document["promises"].items()}
    except OSError:
        raise UsageError(f"{folder} has no {FILE}: give the results folder of a run") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{folder / FILE} cannot be read: run again to renew it") from None


def _summary(traced: "Trace", by: str, *, whole: bool) -> str:
    if by == "rule":
        width = max((len(name) for name in traced.rules), default=0)
        return "\n".join(f"{name:<{width}}{count:>7}" for name, count in traced.rules.items())
    from conformance.spec.traceability import Total

    totals = traced.by(by)
    width = max(len(total.name) for total in totals) + 2
    columns = ("promises", "tested", "excluded", "open")
    lines = [f"{by:<{width}}" + "".join(f"{name:>10}" for name in columns)]

    def line(total: Total) -> str:
        numbers = (total.promises, total.tested, total.excluded, total.open)
        return f"{total.name:<{width}}" + "".join(f"{number or '.':>10}" for number in numbers)

    lines += [line(total) for total in totals]
    lines += ["-" * (width + 40), line(traced.sum(totals))]
    if not whole:
        return "\n".join([*lines, "open here: tested by the suite, not proven in this run"])
    share = traced.sum(totals)
    done = share.promises - share.open
    lines.append(f"{100 * done / share.promises:.4g} % are tested or excluded with a reason")
    lines += [f"open: {promise}" for promise in traced.open]
    lines += [f"stale: {sentence}" for sentence in traced.stale]
    return "\n".join(lines)


def _of_operation(traced: "Trace", name: str) -> str:
    from conformance.spec import catalogue
    from conformance.spec.promises import promises
    from conformance.target.checking import did_you_mean
    from conformance.target.problems import UsageError

    known = catalogue().operations
    if name not in known:
        raise UsageError(f"unknown operation {name!r}{did_you_mean(name, known)}")
    lines = []
    for promise in promises().values():
        if promise.operation != name:
            continue
        told = ", ".join(traced.tested.get(promise.id, ()))
        if not told:
            reason = traced.excluded.get(promise.id)
            told = f"excluded: {reason}" if reason else "open"
        lines.append(f"{promise.id:<60}  {told}")
    return "\n".join(lines)
