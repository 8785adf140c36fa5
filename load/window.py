"""The time that is judged, and what was measured in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from load.histogram import Histogram
from load.record import Collection, Slice
from load.verdict import latency_of

SHOWN = (0.5, 0.9, 0.95, 0.99, 0.999)
SHOWN_NAMES = ("p50", "p90", "p95", "p99", "p99_9")


@dataclass(frozen=True, slots=True)
class Window:
    """Whole slices between two moments.

    Attributes:
        first: Number of the first slice.
        last: Number of the last slice, included; below ``first`` when the window is empty.
        length: Seconds of a slice.
    """

    first: int
    last: int
    length: float

    @classmethod
    def between(cls, start: float, end: float, length: float) -> "Window":
        """Return the whole slices between two moments in seconds since the epoch."""
        return cls(ceil(start / length), floor(end / length) - 1, length)

    @property
    def seconds(self) -> float:
        """Length of the window."""
        return max(0, self.last - self.first + 1) * self.length

    @property
    def start(self) -> float:
        """Seconds since the epoch."""
        return self.first * self.length

    @property
    def end(self) -> float:
        """Seconds since the epoch."""
        return (self.last + 1) * self.length

    def sum(self, collection: Collection) -> Slice:
        """Return what was measured."""
        return collection.total(self.first, self.last)

    def processor(self, collection: Collection) -> float:
        """Return the highest share of a core that one generator process used."""
        return collection.busiest(range(self.first, self.last + 1))


def quantiles_ms(histogram: Histogram) -> dict[str, float | None]:
    """Return the usual quantiles in milliseconds, None of nothing."""
    if not histogram.total:
        return dict.fromkeys((*SHOWN_NAMES, "max"), None)
    values = [*histogram.quantiles(SHOWN), histogram.quantile(1.0)]
    return {
        name: round(value * 1000, 3)
        for name, value in zip((*SHOWN_NAMES, "max"), values, strict=True)
    }


def summary(measured: Slice, seconds: float) -> dict[str, Any]:
    """Return rates and quantiles of a window in plain data."""
    from load.outcome import Outcome
    from load.verdict import count_of

    good = count_of(measured, (Outcome.OK,))
    return {
        "seconds": seconds,
        "scheduled": measured.scheduled,
        "completed": measured.completed,
        "offered": round(measured.scheduled / seconds, 3) if seconds else 0.0,
        "achieved": round(measured.completed / seconds, 3) if seconds else 0.0,
        "goodput": round(good / seconds, 3) if seconds else 0.0,
        "outcomes": outcomes(measured),
        "latency": quantiles_ms(latency_of(measured)),
    }


def outcomes(measured: Slice) -> Mapping[str, int]:
    """Return how many requests ended how."""
    counts: dict[str, int] = {}
    for (_, outcome), cell in measured.cells.items():
        counts[outcome] = counts.get(outcome, 0) + cell.latency.total
    return dict(sorted(counts.items()))
