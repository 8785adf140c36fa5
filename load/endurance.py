"""What changes while a run goes on: drift of a soak, outages, recovery after a burst."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from load.control import Control
from load.outcome import Outcome
from load.slo import Objectives
from load.verdict import Check, count_of, latency_of
from load.window import Window

Point = Mapping[str, Any]

#: A slice is out when less than this share of its requests succeeded.
_OUT = 0.5
_SETTLED = 3
_THIRDS = 3
_LEAST_SLICES = 9
#: Growth below these is noise, whatever its share: milliseconds and bytes.
_LATENCY_NOISE = 2.0
_MEMORY_NOISE = 8 * 2**20


def points(control: Control) -> list[dict[str, Any]]:
    """Return what happened in each slice of the whole run, in seconds since the start."""
    length = control.options.slice
    found = []
    memory = control.observer.memory(0, float("inf"))
    for index, piece in control.collection.series().items():
        start = index * length
        latency = latency_of(piece)
        seen = [value for moment, value in memory.items() if start <= moment < start + length]
        found.append(
            {
                "second": start - control.started,
                "scheduled": piece.scheduled,
                "good": count_of(piece, (Outcome.OK,)),
                "p50": latency.quantile(0.5) * 1000 if latency.total else None,
                "p99": latency.quantile(0.99) * 1000 if latency.total else None,
                "memory": seen[-1] if seen else None,
            }
        )
    return found


def inside(found: Sequence[Point], control: Control, window: Window) -> list[Point]:
    """Return the points that lie in a window."""
    first = window.start - control.started - 1e-6
    last = window.end - control.started - 1e-6
    return [point for point in found if first <= point["second"] < last]


def drift(found: Sequence[Point], objectives: Objectives) -> tuple[list[Check], dict[str, Any]]:
    """Compare the last third of a run with the first.

    Medians over slices, so that a single bad second on either side says nothing.
    """
    checks, figures = [], {}
    for name, limit, noise in (
        ("p50", objectives.latency_growth, _LATENCY_NOISE),
        ("p99", objectives.latency_growth, _LATENCY_NOISE),
        ("memory", objectives.memory_growth, _MEMORY_NOISE),
    ):
        values = [point[name] for point in found if point[name] is not None]
        if len(values) < _LEAST_SLICES:
            if name != "memory":
                note = f"{len(values)} slices are too few to see a drift"
                checks.append(
                    Check("all", f"{name} growth", limit, float("nan"), "unproven", "share", note)
                )
            continue
        third = len(values) // _THIRDS
        first, last = median(values[:third]), median(values[-third:])
        growth = (last - first) / first if first else 0.0
        real = last - first > noise
        result = "broken" if growth > limit and real else "met"
        figures[name] = {"first": first, "last": last, "growth": round(growth, 4)}
        note = "" if real or growth <= limit else "within noise"
        checks.append(Check("all", f"{name} growth", limit, growth, result, "share", note))  # type: ignore[arg-type]
    return checks, figures


def drift_in_words(figures: Mapping[str, Any], seconds: float) -> list[str]:
    """Return sentences about a drift."""
    words = []
    for name in ("p50", "p99"):
        if name in figures:
            f = figures[name]
            words.append(
                f"{name} went from {f['first']:.2f} to {f['last']:.2f} ms in {seconds:,.0f} s "
                f"({f['growth']:+.0%}), first third against last."
            )
    if "memory" in figures:
        f = figures["memory"]
        per_hour = (f["last"] - f["first"]) / 2**20 / max(1.0, seconds * 2 / 3) * 3600
        words.append(
            f"The target's memory went from {f['first'] / 2**20:,.0f} to "
            f"{f['last'] / 2**20:,.0f} MiB ({f['growth']:+.0%}), {per_hour:+,.0f} MiB an hour."
        )
    else:
        words.append("The target's memory cannot be seen from here.")
    return words


def outages(found: Sequence[Point], length: float) -> list[dict[str, Any]]:
    """Return the stretches in which most requests failed, and how long recovery took after them."""
    found = [point for point in found if point["scheduled"]]
    stretches: list[dict[str, Any]] = []
    index = 0
    while index < len(found):
        if found[index]["good"] >= _OUT * found[index]["scheduled"]:
            index += 1
            continue
        start = found[index]["second"]
        while index < len(found) and found[index]["good"] < _OUT * found[index]["scheduled"]:
            index += 1
        end = found[index]["second"] if index < len(found) else found[-1]["second"] + length
        stretches.append({"start": round(start, 3), "seconds": round(end - start, 3)})
    return stretches


def recovery(found: Sequence[Point], after: float, objectives: Objectives) -> float | None:
    """Return seconds from a moment until the limits are kept again for three slices running.

    Args:
        found: Points of the run.
        after: Moment, in seconds since the start, when the strain ended.
        objectives: The limits on p50 and p99 and on goodput.

    Returns:
        None when they never were.
    """
    later = [point for point in found if point["second"] >= after and point["scheduled"]]
    for index in range(len(later) - _SETTLED + 1):
        if all(_keeps(point, objectives) for point in later[index : index + _SETTLED]):
            return max(0.0, round(float(later[index]["second"]) - after, 3))
    return None


def _keeps(point: Point, objectives: Objectives) -> bool:
    if point["good"] < objectives.goodput * point["scheduled"] or point["p50"] is None:
        return False
    return all(
        point[name] <= objectives.latency[name]
        for name in ("p50", "p99")
        if name in objectives.latency
    )
