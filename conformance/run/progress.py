"""Progress of a run: one line on a terminal, nothing elsewhere."""

import os
import sys
from collections import Counter
from typing import Protocol

from conformance.run.judging import CaseResult
from conformance.run.planning import PlannedCase


class Progress(Protocol):
    """Is told of each case before and after it runs."""

    def begin(self, planned: PlannedCase) -> None:
        """Note the case that is about to run."""

    def end(self, result: CaseResult) -> None:
        """Note how it ended."""

    def close(self) -> None:
        """Leave the line as it should stay."""


class Quiet:
    """Shows nothing."""

    def begin(self, planned: PlannedCase) -> None:
        """Show nothing."""

    def end(self, result: CaseResult) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Show nothing."""


class Line:
    """Shows one line with a bar, counts by verdict and the case at work."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self._counts: Counter[str] = Counter()
        self._bar = Bar(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=8,
        )
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def begin(self, planned: PlannedCase) -> None:
        """Show the case at work."""
        told = " ".join(f"{count} {name}" for name, count in self._counts.items())
        self._bar.update(self._task, description=f"{told}  {planned.id}"[:90])

    def end(self, result: CaseResult) -> None:
        """Count its verdict."""
        self._counts[result.verdict.value] += 1
        self._bar.advance(self._task)

    def close(self) -> None:
        """Remove the line."""
        self._bar.stop()


def progress(total: int) -> Progress:
    """Return a line on a terminal, silence in CI and pipes."""
    if os.environ.get("CI") or not sys.stderr.isatty():
        return Quiet()
    return Line(total)
