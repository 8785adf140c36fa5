"""Options that narrow the rules, for several subcommands."""

import argparse

from conformance.run.planning import KINDS, Selector

_HELP = {
    "rule": "rule ids, such as 'ENV-*'",
    "case": "names of cases",
    "tag": "tags of rules",
    "operation": "operations, such as Encrypt or 'List*'",
    "category": "management, cryptographic or secret-retrieval",
    "cell": "cells of the matrix that they decide, such as 'dedicated-ram-*'",
    "family": "families, such as envelope",
    "level": "MUST, SHOULD or MAY",
    "stage": "what must refuse: gateway, authentication, parameter ...",
}


def add_selectors(parser: argparse.ArgumentParser) -> None:
    """Add the options; patterns are shell patterns."""
    group = parser.add_argument_group("selection (shell patterns; repeat an option to add)")
    for kind in KINDS:
        group.add_argument(
            f"--{kind}",
            metavar="PATTERN",
            action="append",
            default=[],
            dest=f"select_{kind}",
            help=_HELP[kind],
        )


def selectors(arguments: argparse.Namespace) -> list[Selector]:
    """Return the selectors that were given."""
    return [
        Selector(kind, pattern)
        for kind in KINDS
        for pattern in getattr(arguments, f"select_{kind}")
    ]
