"""``kms-conformance load``: how much load an endpoint carries."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand; its options and its work are in `load.cli`."""
    from load import cli

    cli.add_parser(subparsers)
