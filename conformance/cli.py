"""The command line: ``kms-conformance SUBCOMMAND``.

Exit codes: 0 conformant, 1 not conformant, 2 usage or configuration, 3 incomplete, 4 error of the
suite, 5 only stale baseline entries.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every subcommand."""
    from conformance import commands

    parser = argparse.ArgumentParser(
        prog="kms-conformance",
        description="Conformance and load-testing suite for Alibaba Cloud KMS.",
        epilog="exit codes: 0 conformant, 1 not conformant, 2 usage or configuration, "
        "3 incomplete, 4 error of the suite, 5 only stale baseline entries",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in iter_modules(commands.__path__, "conformance.commands."):
        import_module(module.name).add(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    from conformance.target.problems import UsageError

    arguments = build_parser().parse_args(argv)
    try:
        return int(arguments.handler(arguments))
    except UsageError as error:
        print(f"kms-conformance: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
