"""The end of a run: verdict, results, reports, exit code."""

import sys
from collections.abc import Mapping
from typing import Any

from load import results
from load.control import Control
from load.failures import LoadError
from load.reports import write_reports
from load.telling import verdict_lines
from load.verdict import ExitCode, Verdict


def conclude(control: Control, interruption: str | None) -> int:
    """Judge a plain run, write what it leaves and return its exit code."""
    return leave(control, control.verdict(interruption))


def leave(
    control: Control,
    verdict: Verdict,
    extras: Mapping[str, Any] | None = None,
    lines: tuple[str, ...] = (),
) -> int:
    """Print and write what a run leaves; return the exit code.

    Args:
        control: After the end of the run.
        verdict: What it proved.
        extras: Further members of the results.
        lines: Further lines for the terminal.
    """
    print("\n".join([*verdict_lines(control, verdict), *lines]), flush=True)
    document = results.document(control, verdict, extras)
    try:
        results.write(control.results, document)
        page = write_reports(control.results, document)
    except LoadError as error:
        print(f"kms-conformance load: {error}", file=sys.stderr, flush=True)
        return int(ExitCode.INSTRUMENT)
    print(f"  report: {page}", flush=True)
    return int(verdict.code)
