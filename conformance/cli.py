"""The command line: ``kms-conformance SUBCOMMAND``.

Exit codes: 0 conformant, 1 not conformant, 2 usage or configuration, 3 incomplete, 4 error of the
suite, 5 only stale baseline entries.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

USAGE = 2
INCOMPLETE = 3
HARNESS_ERROR = 4


def build_parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """Return the parser with every subcommand, or with the one that is wanted when there is such.

    To import what the others are made of takes many times longer than to start an endpoint.
    """
    from conformance import commands

    parser = argparse.ArgumentParser(
        prog="kms-conformance",
        description="Conformance and load-testing suite for Alibaba Cloud KMS.",
        epilog="exit codes: 0 conformant, 1 not conformant, 2 usage or configuration, "
        "3 incomplete, 4 error of the suite, 5 only stale baseline entries",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    names = [one.name for one in iter_modules(commands.__path__) if not one.name.startswith("_")]
    for name in [wanted] if wanted in names else names:
        import_module(f"conformance.commands.{name}").add(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a slip of the user is one sentence."""
    from conformance.target.problems import UsageError

    words = sys.argv[1:] if argv is None else argv
    arguments = build_parser(words[0] if words else None).parse_args(argv)
    try:
        return int(arguments.handler(arguments))
    except UsageError as error:
        print(f"kms-conformance: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("kms-conformance: interrupted", file=sys.stderr)
        return INCOMPLETE
    except BrokenPipeError:
        # Whoever read our output has had enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        print(f"kms-conformance: {what}{error.strerror or error}", file=sys.stderr)
        return INCOMPLETE
    except Exception as error:  # noqa: BLE001 - an error of the suite, told as such
        return _harness_error(error)


def _harness_error(error: Exception) -> int:
    """Say that the suite itself is at fault, and where; the values at hand may be secret."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    print(
        f"kms-conformance: error of the suite itself, {type(error).__name__} at {place}; "
        "set KMS_CONFORMANCE_TRACEBACK=1 to see all of it",
        file=sys.stderr,
    )
    if os.environ.get("KMS_CONFORMANCE_TRACEBACK"):
        traceback.print_exception(error)
    return HARNESS_ERROR


if __name__ == "__main__":
    sys.exit(main())
