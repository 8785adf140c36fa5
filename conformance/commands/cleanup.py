"""``kms-conformance cleanup``: removes what earlier runs have left on a target."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.client.caller import Caller

_INCOMPLETE = 3


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "cleanup",
        help="remove what interrupted runs have left on a target",
        description="Removes what the journals of interrupted runs name; keys are scheduled for "
        "deletion with the shortest window.",
    )
    parser.add_argument("--target", metavar="FILE", type=Path, required=True)
    parser.add_argument(
        "--marked",
        action="store_true",
        help="also remove whatever carries the suite's mark, for journals that are lost; do not "
        "use while another machine runs the suite on the same account",
    )
    parser.set_defaults(handler=cleanup)


def cleanup(arguments: argparse.Namespace) -> int:
    """Remove and report."""
    from conformance.client.caller import Caller
    from conformance.run.preflight import CannotRun, look
    from conformance.run.state import target_lock
    from conformance.target import load_target

    target = load_target(arguments.target)
    with target_lock(target):
        caller = Caller(target)
        try:
            look(caller)
            return _clean(caller, marked=arguments.marked)
        except CannotRun as reason:
            print(f"kms-conformance: {reason}")
            return int(reason.exit_code)
        finally:
            caller.close()


def _clean(caller: "Caller", *, marked: bool) -> int:
    from conformance.run.cleanup import Cleaner
    from conformance.run.recovering import recover

    report = recover(caller)
    if marked:
        cleaner = Cleaner(caller)
        found = cleaner.clean(list(cleaner.marked()))
        report.removed += found.removed
        report.left += found.left
    print(f"{report.removed} things removed or scheduled for deletion")
    for sentence in report.left:
        print(f"left: {sentence}")
    return _INCOMPLETE if report.left else 0
