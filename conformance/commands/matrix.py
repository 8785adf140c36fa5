"""``kms-conformance matrix``: what goes together, and what a run found about it."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from conformance.target.problems import UsageError


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "matrix",
        help="what goes together: gateway, authentication, API, integration, category",
        description="Prints the 24 cells of the wire and the 96 by client: what each promises, its "
        "source, how it is decided, and with --results what a run found.",
    )
    parser.add_argument(
        "--results", metavar="DIR", type=Path, help="results folder of a run: show its verdicts"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text or JSON")
    parser.set_defaults(handler=matrix)


def matrix(arguments: argparse.Namespace) -> int:
    """Print the picture."""
    from conformance.run.recording import suite_version
    from reports import cells, cells_text
    from reports.results import ResultsError, load

    if arguments.results is not None and not arguments.results.is_dir():
        raise UsageError(f"there is no results folder {arguments.results}")
    try:
        run = None if arguments.results is None else load(arguments.results)
    except ResultsError as error:
        raise UsageError(str(error)) from None
    picture = cells.picture(run, deciding_rules())
    if arguments.format == "json":
        print(json.dumps(cells.document(picture, run, suite_version()), indent=2))
        return 0
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(cells_text.text(picture, run, colour=colour), end="")
    return 0


def deciding_rules() -> dict[str, list[str]]:
    """Return the rules that decide each cell, by its id."""
    from conformance.run.registry import load_rules

    found: dict[str, list[str]] = {}
    for rule in load_rules().values():
        for identifier in rule.cells:
            found.setdefault(identifier, []).append(rule.id)
    return found
