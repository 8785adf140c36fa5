"""``kms-conformance agent``: is a KMS Agent, with any target as its upstream."""

import argparse
from typing import Any

from conformance.agent.command import ABOUT, add_options, run


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
