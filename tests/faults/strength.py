"""The kill score: every seeded fault against the rules that must report it.

    python -m tests.faults.strength [--faults PATTERN] [--jobs N] [--no-harmless] [--resume FILE]

First the endpoints without any fault must be green by a case of each rule that a fault names, and
in the end by every case that has reported one. Each fault meets the rules that it names: it is *killed*
when one of them reports it, *survived* when none does, and *void* when it changed nothing or nothing
starts with it. Harmless variations meet the rules, which must accuse none, and null targets, which
must pass no MUST.

Writes tests/faults/strength.json (specs/meta/strength.schema.json) and tests/faults/STRENGTH.md.
Exits with 1 when the goal is missed: 98 % killed, every fault of the public corpus among them, no
variation accused, no null target green, no fault void.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import strength_tasks as tasks
from seeding import faults, variations
from strength_report import Report, corpus, render

HERE = Path(__file__).parent
GOAL = 98.0
#: Verdicts that count when they repeat.
_DOUBTFUL = frozenset({"accused", "void", "broken"})


def main() -> int:
    """Print the score; return the exit code."""
    arguments = _arguments()
    chosen = [name for name in faults() if fnmatchcase(name, arguments.faults)]
    if not chosen:
        print(f"no fault matches {arguments.faults!r}", file=sys.stderr)
        return 2
    report = Report(arguments.resume)
    work = [*tasks.controls(chosen), *tasks.of_faults(chosen)]
    if not arguments.no_harmless:
        work += [*tasks.of_null_targets(), *tasks.of_variations(arguments.share)]
    if arguments.report_only:
        work = []
    _do(work, report, arguments)
    _do_again(work, report, arguments)
    # What reported a fault must be silent without one.
    if not arguments.report_only:
        silent = tasks.counterparts(report.results)
        _do(silent, report, arguments)
        _do_again(silent, report, arguments)
    document = report.document(
        seconds=sum(result["seconds"] for result in report.results),
        seeded=len(faults()),
        variations=len(variations()),
        generic=_generic(),
        corpus=corpus(),
    )
    whole = arguments.faults == "*" and not arguments.no_harmless
    if whole and not arguments.no_write:
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (HERE / "strength.json").write_text(text + "\n", encoding="utf-8")
        (HERE / "STRENGTH.md").write_text(render(document), encoding="utf-8")
    print(report.summary(document))
    return 0 if report.meets(document, GOAL) else 1


def _do(work: list[tasks.Task], report: Report, arguments: argparse.Namespace) -> None:
    """Do what is not done yet, and print what is not as it should be."""
    started = time.monotonic()
    left = [task for task in work if report.verdict(task.do, task.key) is None]
    if not left:
        return
    for number, result in enumerate(_results(left, arguments.jobs), 1):
        report.add(result)
        if result["verdict"] not in tasks.QUIET or arguments.verbose:
            told = f": {result['message']}" if result["message"] else ""
            print(f"{result['verdict']:<9} {result['id']}{told}"[:300], flush=True)
        if number % 50 == 0:
            seconds = time.monotonic() - started
            print(f"{number} of {len(left)} after {seconds:.0f} s", flush=True)


def _do_again(work: list[tasks.Task], report: Report, arguments: argparse.Namespace) -> None:
    """Repeat alone what should not be: on a busy machine a time-out may be the machine's."""
    doubtful = [task for task in work if report.verdict(task.do, task.key) in _DOUBTFUL]
    for result in _results(doubtful, 1):
        report.add(result)
        print(f"repeated  {result['id']}: {result['verdict']}"[:300], flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--faults", default="*", metavar="PATTERN", help="such as 'proxy:*'")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    parser.add_argument("--no-harmless", action="store_true", help="faults only")
    parser.add_argument("--no-write", action="store_true", help="leave the files as they are")
    parser.add_argument("--verbose", action="store_true", help="a line for every fault")
    parser.add_argument(
        "--share", type=int, default=8, metavar="N", help="each variation meets a rule in N (8)"
    )
    parser.add_argument(
        "--report-only", action="store_true", help="write what --resume holds, and do nothing more"
    )
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="keep results there, and take up what it holds"
    )
    arguments = parser.parse_args()
    if arguments.report_only and arguments.resume is None:
        parser.error("--report-only needs --resume FILE")
    return arguments


def _results(work: list[tasks.Task], jobs: int) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        yield from map(tasks.perform, work)
        return
    # A process of its own for each worker: an endpoint and its rules share an interpreter.
    with get_context("spawn").Pool(jobs, initializer=tasks.prepare) as pool:
        yield from pool.imap_unordered(tasks.perform, work)


def _generic() -> dict[str, Any] | None:
    """Return the figure of a generic tester that was measured before, None where there is none."""
    path = HERE / "generic.json"
    if not path.exists():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


if __name__ == "__main__":
    sys.exit(main())
