"""Runs a burst on Locust and says how long the target took to recover."""

from typing import Any

from load import endurance
from load.conclude import leave
from load.control import Control
from load.verdict import Check, ExitCode, Verdict
from load.window import Window, summary


class Spike:
    """A steady rate, a burst, the steady rate again.

    Args:
        control: Of the run.
        users: Users of the steady rate.
    """

    def __init__(self, control: Control, users: int) -> None:
        options = control.options
        self.control = control
        self._users = users
        self._factor = options.burst
        self._calm = max(5.0, options.burst_after) + options.warm_up
        self._burst = options.burst_seconds
        self._after = options.recover_within
        self._began: float | None = None

    def users(self, moment: float) -> int | None:
        """Return how many users there are to be now, None at the end."""
        if self._began is None:
            self._began = moment
        elapsed = moment - self._began
        if elapsed < self._calm:
            return self._users
        if elapsed < self._calm + self._burst:
            return round(self._users * self._factor)
        if elapsed < self._calm + self._burst + self._after + 2 * self.control.options.slice:
            return self._users
        return None

    def conclude(self, control: Control, interruption: str | None) -> int:
        """Judge the time before the burst, and the recovery after it."""
        began = self._began if self._began is not None else control.started
        length = control.options.slice
        before = Window.between(began + control.options.warm_up, began + self._calm, length)
        control.focus = before
        verdict = control.verdict(interruption)
        found = endurance.points(control)
        ended = began + self._calm + self._burst - control.started
        seconds = endurance.recovery(found, ended + length, control.objectives)
        burst = Window.between(began + self._calm, began + self._calm + self._burst, length)
        peak = summary(burst.sum(control.collection), burst.seconds)
        outages = endurance.outages(found, length)
        words = [
            (
                f"Burst of {peak['offered']:,.0f}/s for {burst.seconds:g} s: "
                f"{peak['goodput']:,.0f}/s succeeded, p99 {peak['latency']['p99'] or 0:,.0f} ms."
            )
        ]
        if seconds is None:
            words.append(
                f"The limits were not kept again within {self._after:g} s after the burst."
            )
        else:
            words.append(f"The limits were kept again {seconds:g} s after the burst.")
        words += [
            f"From second {outage['start']:.0f} on most requests failed, for "
            f"{outage['seconds']:g} s."
            for outage in outages
        ]
        verdict = self._with_recovery(verdict, seconds)
        extras: dict[str, Any] = {
            "spike": {
                "factor": self._factor,
                "burst": peak,
                "recovery": seconds,
                "outages": outages,
                "words": words,
            }
        }
        return leave(control, verdict, extras, tuple(f"  {sentence}" for sentence in words))

    def _with_recovery(self, verdict: Verdict, seconds: float | None) -> Verdict:
        limit = self._after
        recovered = seconds is not None and seconds <= limit
        note = f"recovered after {seconds:g} s" if recovered else f"not within {limit:g} s"
        share = 1.0 if recovered else 0.0
        check = Check(
            "all", "recovered", 1.0, share, "met" if recovered else "broken", "share", note
        )
        checks = (*verdict.checks, check)
        if verdict.code is ExitCode.MET and not recovered:
            return Verdict(ExitCode.NOT_MET, f"not met: {note} after the burst", checks)
        return Verdict(verdict.code, verdict.summary, checks, verdict.faults, verdict.reasons)
