"""What a run measures, by slices of time, in a form that adds up.

A slice holds everything about the requests that were *meant to start* in it. Each process records
slices of its own; a report carries the whole current content of the slices that changed, and the
master replaces what it had of that process and slice. Reports may thus be repeated, late or the
last of a process that died: nothing is counted twice, nothing that was reported is lost.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from load.histogram import Histogram
from load.outcome import Outcome

#: A start later than this is missed when the generator was the reason, waited when the pool was.
LATE_AFTER = 0.010
#: Different texts of causes kept per slice, so that a target cannot fill the memory with them.
_CAUSES = 40


@dataclass(slots=True)
class Cell:
    """Times of one operation and outcome.

    Attributes:
        latency: From intended start to answer: what a caller feels, and what limits are about.
        service: From sending to answer; blind to queues in front of a stalled target.
    """

    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Slice:
    """Everything about requests meant to start in one slice of time.

    Attributes:
        scheduled: Arrivals of the plan.
        dropped: Never sent, because the queue was full or the run ended.
        late: Handed to the pool more than `LATE_AFTER` after the plan: the generator's fault.
        waited: Sent more than `LATE_AFTER` after that: no connection was free.
        retries: Repeated attempts after throttling.
        reopened: Connections that had been closed by the target while idle.
        checked: Answers that got the sampled cryptographic check.
        refuted: Those of them that were wrong.
        lag: From intended start to the hand-over to the pool.
        wait: From the hand-over to sending.
        cells: Times by operation and outcome; their counts are the completed requests.
        causes: Count by operation, outcome and short text of everything that was not ok.
        busy: Seconds of CPU the process used during the slice.
        span: Seconds over which `busy` was measured.
    """

    scheduled: int = 0
    dropped: int = 0
    late: int = 0
    waited: int = 0
    retries: int = 0
    reopened: int = 0
    checked: int = 0
    refuted: int = 0
    lag: Histogram = field(default_factory=Histogram)
    wait: Histogram = field(default_factory=Histogram)
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    causes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    busy: float = 0.0
    span: float = 0.0

    @property
    def completed(self) -> int:
        """Requests with an outcome."""
        return sum(cell.latency.total for cell in self.cells.values())

    def finish(
        self, operation: str, outcome: Outcome, latency: float, service: float, cause: str = ""
    ) -> None:
        """Count one completed request."""
        key = (operation, outcome.value)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        cell.latency.record(latency)
        cell.service.record(service)
        if cause:
            self.blame(operation, outcome, cause)

    def blame(self, operation: str, outcome: Outcome, cause: str) -> None:
        """Count the cause of something that was not ok."""
        key = (operation, outcome.value, cause)
        if key not in self.causes and len(self.causes) >= _CAUSES:
            key = (operation, outcome.value, "other causes")
        self.causes[key] += 1

    def add(self, other: "Slice") -> None:
        """Add another slice."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.lag.add(other.lag)
        self.wait.add(other.wait)
        for key, cell in other.cells.items():
            own = self.cells.setdefault(key, Cell())
            own.latency.add(cell.latency)
            own.service.add(cell.service)
        self.causes.update(other.causes)

    def pack(self) -> dict[str, Any]:
        """Return the slice as plain data for msgpack or JSON."""
        return {
            **{name: getattr(self, name) for name in _COUNTS},
            "lag": self.lag.pack(),
            "wait": self.wait.pack(),
            "cells": [
                [*key, cell.latency.pack(), cell.service.pack()] for key, cell in self.cells.items()
            ],
            "causes": [[*key, count] for key, count in self.causes.items()],
        }

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> "Slice":
        """Read what `pack` wrote."""
        found = cls(**{name: data[name] for name in _COUNTS})
        found.lag = Histogram.unpack(data["lag"])
        found.wait = Histogram.unpack(data["wait"])
        for operation, outcome, latency, service in data["cells"]:
            found.cells[operation, outcome] = Cell(
                Histogram.unpack(latency), Histogram.unpack(service)
            )
        for operation, outcome, cause, count in data["causes"]:
            found.causes[operation, outcome, cause] = count
        return found


_COUNTS = (
    "scheduled",
    "dropped",
    "late",
    "waited",
    "retries",
    "reopened",
    "checked",
    "refuted",
    "busy",
    "span",
)


@dataclass(frozen=True, slots=True)
class State:
    """Counters of one process since the start; they add up at any moment.

    scheduled = completed + dropped + in flight, where in flight is counted by itself.
    """

    scheduled: int = 0
    completed: int = 0
    dropped: int = 0
    in_flight: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether no request was lost or counted twice."""
        return self.scheduled == self.completed + self.dropped + self.in_flight

    def __add__(self, other: "State") -> "State":
        return State(
            self.scheduled + other.scheduled,
            self.completed + other.completed,
            self.dropped + other.dropped,
            self.in_flight + other.in_flight,
        )

    def pack(self) -> list[int]:
        """Return plain data."""
        return [self.scheduled, self.completed, self.dropped, self.in_flight]


class Recorder:
    """Slices of one process.

    Args:
        length: Seconds of a slice.
        offset: What turns the process's clock into seconds since the epoch, so that slices of
            several machines coincide.
    """

    def __init__(self, length: float, offset: float) -> None:
        self.length = length
        self._offset = offset
        self.slices: dict[int, Slice] = {}
        self._changed: set[int] = set()

    def at(self, moment: float) -> Slice:
        """Return the slice of a moment of the process's clock, to be changed."""
        index = int((moment + self._offset) // self.length)
        self._changed.add(index)
        found = self.slices.get(index)
        if found is None:
            found = self.slices[index] = Slice()
        return found

    def changes(self) -> dict[int, dict[str, Any]]:
        """Return the whole content of every slice that changed since the last call."""
        changed, self._changed = self._changed, set()
        return {index: self.slices[index].pack() for index in sorted(changed)}


class Collection:
    """Slices of all processes, as the master sees them."""

    def __init__(self, length: float) -> None:
        self.length = length
        self._slices: dict[str, dict[int, Slice]] = {}
        self.states: dict[str, State] = {}

    def receive(
        self, worker: str, changes: Mapping[int, Mapping[str, Any]], state: list[int]
    ) -> None:
        """Replace what is known of a process."""
        own = self._slices.setdefault(worker, {})
        for index, data in changes.items():
            own[int(index)] = Slice.unpack(data)
        self.states[worker] = State(*state)

    @property
    def workers(self) -> list[str]:
        """Processes that reported."""
        return sorted(self.states)

    @property
    def state(self) -> State:
        """Sum over the processes."""
        return sum(self.states.values(), State())

    def indexes(self) -> list[int]:
        """Return the numbers of the slices, in order of time."""
        return sorted({index for own in self._slices.values() for index in own})

    def total(self, first: int | None = None, last: int | None = None) -> Slice:
        """Return the sum over all processes of the slices from ``first`` to ``last``, included."""
        total = Slice()
        for own in self._slices.values():
            for index, piece in own.items():
                if (first is None or index >= first) and (last is None or index <= last):
                    total.add(piece)
        return total

    def series(self) -> dict[int, Slice]:
        """Return the sum over all processes of each slice."""
        series: dict[int, Slice] = {}
        for own in self._slices.values():
            for index, piece in own.items():
                series.setdefault(index, Slice()).add(piece)
        return dict(sorted(series.items()))

    def busiest(self, indexes: Iterable[int]) -> float:
        """Return the highest mean share of a core that one process used over some slices."""
        wanted = set(indexes)
        shares = [0.0]
        for own in self._slices.values():
            pieces = [piece for index, piece in own.items() if index in wanted]
            span = sum(piece.span for piece in pieces)
            if span > 0:
                shares.append(sum(piece.busy for piece in pieces) / span)
        return max(shares)
