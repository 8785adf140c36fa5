"""``kms-conformance agent``: is a KMS Agent, with any target as its upstream."""

from typing import TYPE_CHECKING, Any

from conformance.agent.command import ABOUT, add_options, run

if TYPE_CHECKING:
    import argparse


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand; its options are the agent's own."""
    parser = subparsers.add_parser(
        "agent",
        help="be an agent: serve secrets on loopback from a cache, as KMS Agent does",
        description=ABOUT,
        allow_abbrev=False,
    )
    add_options(parser)
    parser.set_defaults(handler=run)
