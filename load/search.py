"""The capacity search: double until a step fails, bisect, hold what was found, fail just above.

Pure decisions; what measures the steps calls `Search.next` and `Search.record`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from load.verdict import BUSY_SHARE

Phase = Literal["double", "bisect", "hold", "above"]

#: A rate that failed is tried again: noise fails a step now and then, two of three decide.
_TRIES = 2
_HOLDS = 5
_DISTURBANCES = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """A step to be measured: a rate for some seconds."""

    phase: Phase
    rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """A measured step.

    Attributes:
        phase: What it was for.
        offered: Requests per second of the plan.
        achieved: Completed.
        goodput: Successful.
        p50: Milliseconds; likewise the next two.
        generator: Highest share of a core of a generator process.
        target: Share of a core of the target, None where it cannot be seen.
        concurrency: Requests in the target's hands on average (Little's law).
        passed: Whether all limits were kept.
        limited: Whether the generator, not the target, was at its end.
        gross: Whether it failed by so much that no noise would explain it.
        why: What was broken, in words.
    """

    phase: Phase
    offered: float
    achieved: float
    goodput: float
    p50: float | None
    p95: float | None
    p99: float | None
    generator: float
    target: float | None
    concurrency: float
    passed: bool
    limited: bool = False
    gross: bool = False
    why: str = ""

    def pack(self) -> dict[str, Any]:
        """Return plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Search:
    """Finds the highest rate that keeps all limits.

    Attributes:
        start: First rate.
        ceiling: Highest rate that may be asked for.
        seconds: Returns how long a rate has to be measured.
        hold: Seconds of the final hold.
        precision: Ratio to which the rate is found.
        within: Seconds that the whole search may take; when too few are left for another step and
            the hold, what has been found by then is held.
        around: Seconds that a step takes beyond those in which it is measured.
        steps: What was measured, in order.
        rate: The rate that was found and held, 0 until then.
        limit: Why the search ended without an upper bound, empty when it has one.
    """

    start: float
    ceiling: float
    step_seconds: float = 6.0
    hold: float = 60.0
    precision: float = 1.05
    within: float = float("inf")
    around: float = 3.5
    steps: list[Step] = field(default_factory=list)
    rate: float = 0.0
    limit: str = ""
    confirmed: bool = False
    _good: float = 0.0
    _bad: float | None = None
    _fails: int = 0
    _tried: int = 0
    _holds: int = 0
    _limited: int = 0
    _phase: Phase = "double"
    _next: float = 0.0
    _done: bool = False

    def __post_init__(self) -> None:
        self._next = min(self.start, self.ceiling)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to measure."""
        return self._done

    def next(self, spent: float = 0.0) -> Plan | None:
        """Return the step to measure next, None at the end.

        Args:
            spent: Seconds since the search began.
        """
        self._keep_within(spent)
        if self._done:
            return None
        seconds = self.hold if self._phase == "hold" else self.step_seconds
        return Plan(self._phase, self._next, seconds)

    def _keep_within(self, spent: float) -> None:
        """Hold what was found, or end, when the time allows nothing else."""
        step, hold = self.step_seconds + self.around, self.hold + self.around
        left = self.within - spent
        if self._phase == "hold":
            # Without the step above the knee stays open; without the hold nothing is proven.
            if left < hold and self._holds:
                self._end(f"no rate was held within {self.within:.0f} seconds")
            return
        if self._phase == "above":
            if left < step:
                self._end("there was no time to break the limits")
            return
        # The step that would come next, a hold that fails, one that passes, and the step above.
        if self._good and left < 2 * step + 2 * hold:
            self._hold_at(self._good)

    def record(self, step: Step) -> None:
        """Take what a step showed."""
        self.steps.append(step)
        if step.limited:
            self._after_limited(step)
            return
        self._limited = 0
        if self._phase == "hold":
            self._after_hold(step)
        elif self._phase == "above":
            self._done = True
        else:
            self._after_try(step)

    def _after_limited(self, step: Step) -> None:
        """Try again: other work on the generator's machine passes, a generator's end does not."""
        self._limited += 1
        disturbed = step.generator < BUSY_SHARE
        if self._limited < (_DISTURBANCES if disturbed else _TRIES):
            return
        if disturbed:
            self._end(
                f"other work kept the generator from its core {self._limited} times in a row at "
                f"{step.offered:,.0f} requests per second"
            )
        else:
            self._end(f"the generator was at its end at {step.offered:,.0f} requests per second")

    def _after_try(self, step: Step) -> None:
        """Decide by two of three whether a rate passes, then move on."""
        self._tried += 1
        self._fails += _TRIES if step.gross else not step.passed
        undecided = 0 < self._fails < _TRIES and self._tried - self._fails < _TRIES
        if undecided:
            return
        passed = self._fails < _TRIES
        self._tried = self._fails = 0
        if passed:
            self._good = self._next
        else:
            self._bad = self._next
        self._move()

    def _move(self) -> None:
        if self._bad is None:
            if self._good >= self.ceiling:
                self._hold_at(self._good)
            else:
                self._next = min(self._good * 2, self.ceiling)
            return
        if self._good == 0.0:
            if self._bad <= self.start / 16:
                self._end(f"even {self._bad:,.0f} requests per second break a limit")
            else:
                self._next = self._bad / 2
            return
        if self._bad / self._good <= self.precision:
            self._hold_at(self._good)
            return
        self._phase = "bisect"
        self._next = (self._good * self._bad) ** 0.5

    def _hold_at(self, rate: float) -> None:
        self._phase = "hold"
        self._next = rate

    def _after_hold(self, step: Step) -> None:
        self._holds += 1
        if step.passed:
            self.rate = self._next
            self.confirmed = True
            if self._bad is None:
                self._end(f"{self.rate:,.0f} requests per second is the highest that was asked for")
                return
            self._phase = "above"
            self._next = min(self.rate * 1.10, self.ceiling)
            return
        if self._holds >= _HOLDS:
            self._end("no rate was held for the whole time")
            return
        self._next /= self.precision

    def _end(self, why: str) -> None:
        self.limit = why
        if not self.confirmed:
            self.rate = self.rate or self._good
        self._done = True
