"""``kms-conformance report``: renders the results of a run."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from conformance.target.problems import UsageError


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "report", help="render the results of a run: terminal, HTML, JUnit, Allure, certificate"
    )
    parser.add_argument("results", metavar="DIR", type=Path, help="results folder of a run")
    parser.add_argument(
        "--format", action="append", default=[], metavar="NAME", help='one format; "all" by default'
    )
    parser.set_defaults(handler=report)


def report(arguments: argparse.Namespace) -> int:
    """Render and print where the files are."""
    if not arguments.results.is_dir():
        raise UsageError(f"there is no results folder {arguments.results}")
    render_reports(arguments.results, tuple(arguments.format) or ("all",))
    return 0


def print_summary(folder: Path) -> None:
    """Print what came out of a run, in colour on a terminal."""
    from reports import terminal

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and not os.environ.get("CI")
    print(terminal.summary(folder, colour=colour), end="")


def render_reports(folder: Path, formats: tuple[str, ...]) -> None:
    """Write the reports of a folder, print the summary and where they are.

    Raises:
        UsageError: When the folder cannot be read or written, or a format is unknown.
    """
    from reports import render_all
    from reports.results import ResultsError

    try:
        written = render_all.render(folder, formats)
        print_summary(folder)
    except (ResultsError, render_all.UnknownFormatError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"the reports in {folder} cannot be written: {error.strerror}") from None
    for path in written:
        print(path)
