"""``kms-conformance baseline``: accepts failures, each with reason, owner and expiry."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from conformance.target.problems import UsageError


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("baseline", help="accept the failures of a run")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    update = actions.add_parser(
        "update",
        help="make a baseline cover exactly what failed in a run",
        description="Adds an entry for each new failure, keeps the entries that still fail or did "
        "not run, drops those that no longer fail.",
    )
    update.add_argument("results", metavar="RESULTS", type=Path, help="results folder of a run")
    update.add_argument("--baseline", metavar="FILE", type=Path, required=True)
    update.add_argument("--reason", required=True, help="why new failures are accepted")
    update.add_argument("--owner", required=True, help="who answers for them")
    update.add_argument(
        "--expires", required=True, metavar="YYYY-MM-DD", help="last day they count"
    )
    update.set_defaults(handler=update_baseline)
    check = actions.add_parser("check", help="check a baseline: form, rules, expiry")
    check.add_argument("baseline", metavar="FILE", type=Path)
    check.set_defaults(handler=check_baseline)


def update_baseline(arguments: argparse.Namespace) -> int:
    """Rewrite the baseline by the results of a run."""
    from conformance.run.baseline import load_baseline, updated, write_baseline
    from conformance.run.events import read_events

    events = read_events(arguments.results)
    if events[-1].get("event") != "footer":
        raise UsageError(f"the run in {arguments.results} did not come to its end: repeat it")
    path: Path = arguments.baseline
    old = load_baseline(path, None).entries if path.exists() else ()
    entries = updated(
        old,
        events,
        reason=arguments.reason,
        owner=arguments.owner,
        expires=_date(arguments.expires),
    )
    write_baseline(path, entries)
    before = {entry.id for entry in old}
    after = {entry.id for entry in entries}
    print(
        f"{path}: {len(entries)} entries, {len(after - before)} new, {len(before - after)} dropped"
    )
    return 0


def check_baseline(arguments: argparse.Namespace) -> int:
    """Print what is wrong with a baseline."""
    from datetime import UTC, datetime

    from conformance.run.baseline import load_baseline
    from conformance.run.registry import load_rules

    baseline = load_baseline(arguments.baseline, load_rules())
    today = datetime.now(UTC).date()
    expired = [entry for entry in baseline.entries if entry.expires < today]
    for entry in expired:
        print(f"{entry.id}: expired on {entry.expires}")
    print(f"{arguments.baseline}: {len(baseline.entries)} entries, {len(expired)} expired")
    return 5 if expired else 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--expires {text!r} is no date: write yyyy-mm-dd") from None
