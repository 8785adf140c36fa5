"""Runs a capacity search on Locust: measures each step of the plan and says what was found."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from load.conclude import leave
from load.control import Control
from load.failures import TransportFailure
from load.lost import Lost
from load.record import Slice
from load.scalability import fit
from load.scenarios import promises
from load.search import Plan, Search, Step
from load.sizing import limits_in_words, sizing
from load.slo import samples_needed
from load.station import Station
from load.sweep import sweep
from load.verdict import Check, ExitCode, Verdict, judge
from load.window import Window, summary

_WARM = 1.5
_SETTLE = 1.6
_DRAIN = 12.0
_ENOUGH = 1.1
_LONGEST = 60.0
#: A step is given up when so many seconds' worth of requests are in flight.
_BACKLOG = 1.0
#: A step that achieves less than this share of its rate need not be repeated.
_GROSS = 0.9


@dataclass(slots=True)
class _Running:
    """The step that is being measured."""

    plan: Plan
    began: float
    ends: float
    draining: float | None = None
    cut: bool = False
    lost: Lost | None = None


class CapacitySearch:
    """Steers the number of users through the steps of a search.

    Args:
        control: Of the run.
        unit: Requests per second a user.
        processes: Generating processes.
        need: Rate that has to be carried, None when only the capacity is asked for.
        hold: Seconds of the final hold.
    """

    def __init__(
        self, control: Control, unit: float, processes: int, need: float | None, hold: float
    ) -> None:
        self.control = control
        self._unit = unit
        self._need = need
        most = control.options.per_process * 1.5 * processes
        ceiling = min(most, control.options.max_rate or float("inf"))
        self.search = Search(
            unit * 25,
            ceiling,
            step_seconds=control.options.step,
            hold=hold,
            within=control.options.within,
            around=_WARM + _SETTLE,
        )
        self._began: float | None = None
        self._running: _Running | None = None
        self._points: list[tuple[float, float]] = []

    def users(self, moment: float) -> int | None:
        """Return how many users there are to be now, None at the end of the search."""
        step = self._running
        if step is None:
            if self._began is None:
                self._began = moment
            plan = self.search.next(moment - self._began)
            if plan is None:
                return None
            seconds = self._seconds(plan)
            self._running = self._begun(plan, moment, seconds)
            print(f"  {plan.phase} {plan.rate:,.0f}/s for {seconds:.0f} s ...", flush=True)
            return self._count(plan.rate)
        if step.draining is None:
            flight = self.control.collection.state.in_flight
            piled = moment > step.began + _WARM + 1 and flight > _BACKLOG * step.plan.rate
            lost = step.lost is not None and step.lost.by(moment, self.control.collection)
            step.cut = piled or lost
            if moment < step.ends and not step.cut:
                return self._count(step.plan.rate)
            step.ends = min(step.ends, moment)
            step.draining = moment
            return 0
        waited = moment - step.draining
        if waited < _SETTLE or (self.control.collection.state.in_flight and waited < _DRAIN):
            return 0
        self._measure(step)
        self._running = None
        return self.users(moment) if self.search.done else 0

    def _begun(self, plan: Plan, moment: float, seconds: float) -> _Running:
        step = _Running(plan, moment, moment + _WARM + seconds)
        if plan.phase == "hold":
            window = Window.between(moment + _WARM, step.ends, self.control.options.slice)
            limits = self.control.objectives.latency
            step.lost = Lost(limits, plan.rate * window.seconds, window)
        return step

    def _count(self, rate: float) -> int:
        return max(1, round(rate / self._unit))

    def _seconds(self, plan: Plan) -> float:
        """Return how long a step has to last for its quantiles to be judged."""
        needed = samples_needed(self.control.objectives.strictest) * _ENOUGH / plan.rate
        return min(_LONGEST, max(plan.seconds, needed))

    def _measure(self, step: _Running) -> None:
        control = self.control
        window = Window.between(step.began + _WARM, step.ends, control.options.slice)
        measured = window.sum(control.collection)
        figures = summary(measured, window.seconds)
        instrument = control.instrument(window)
        verdict = judge(measured, control.objectives, instrument, figures["offered"])
        latency = figures["latency"]
        limited = verdict.code == ExitCode.INSTRUMENT
        found = Step(
            phase=step.plan.phase,
            offered=figures["offered"] or step.plan.rate,
            achieved=figures["achieved"],
            goodput=figures["goodput"],
            p50=latency["p50"],
            p95=latency["p95"],
            p99=latency["p99"],
            generator=round(instrument.processor, 3),
            target=control.observer.share(window.start, window.end),
            concurrency=_concurrency(measured, window.seconds),
            passed=verdict.code == ExitCode.MET and not step.cut,
            limited=limited,
            gross=not limited and (step.cut or figures["goodput"] < _GROSS * step.plan.rate),
            why=verdict.summary if not step.cut else f"given up: {verdict.summary}",
        )
        self.search.record(found)
        if found.phase == "hold":
            control.focus = window
        p99 = "-" if found.p99 is None else f"{found.p99:.1f} ms"
        print(
            f"    good {found.goodput:,.0f}/s  p99 {p99}  generator {found.generator:.0%}  "
            f"{'kept' if found.passed else found.why}",
            flush=True,
        )

    def sweep(self, station: Station | None) -> None:
        """Measure the closed loop for the scalability law; one process only."""
        if station is None:
            return
        try:
            self._points = sweep(station.connect, station.templates)
        except TransportFailure:
            self._points = []

    # ---- the end

    def conclude(self, control: Control, interruption: str | None) -> int:
        """Say what was found, and leave the results."""
        search = self.search
        verdict = self._verdict(interruption)
        words = self._words()
        law = fit(self._points)
        curve = None
        if law is not None:
            curve = [[n, law.throughput(n)] for n, _ in self._points]
            words.append(
                f"Hint: the scalability law fits the closed loop with R² {law.r2:.2f} "
                f"(λ {law.single:,.0f}/s, s {law.contention:.3f}, κ {law.coherence:.5f})."
            )
        extras: dict[str, Any] = {
            "capacity": {
                "rate": search.rate,
                "confirmed": search.confirmed,
                "limit": search.limit,
                "need": self._need,
                "steps": [step.pack() for step in search.steps],
                "sweep": [list(point) for point in self._points],
                "fit": None if law is None else {**law.pack(), "curve": curve},
                "words": words,
            }
        }
        return leave(control, verdict, extras, tuple(f"  {sentence}" for sentence in words))

    def _words(self) -> list[str]:
        search = self.search
        limits = limits_in_words(self.control.objectives)
        if search.rate <= 0:
            words = [f"No rate was found that keeps {limits}: {search.limit or 'stopped early'}."]
        elif not search.confirmed:
            words = [f"At least {search.rate:,.0f} QPS with {limits}, not held: {search.limit}."]
        elif search.limit:
            words = [f"At least {search.rate:,.0f} QPS with {limits}, held: {search.limit}."]
        else:
            words = [f"Carries {search.rate:,.0f} QPS with {limits}, held; 10 % more breaks them."]
            if search.steps[-1].passed:
                words = [
                    (
                        f"Carries {search.rate:,.0f} QPS with {limits}, held; the step 10 % above "
                        "passed too, so that the knee is not sharp."
                    )
                ]
        offers = promises(self.control.options.place, self.control.scenario.group)
        for promise in offers:
            if search.rate > 0 and promise.rate <= search.rate * 4:
                kept = "carries" if search.rate >= promise.rate else "does not carry"
                words.append(f"{kept.capitalize()} the {promise.rate:,.0f} QPS of {promise.id}.")
        if self._need is not None:
            words += sizing(self._need, search.rate, self.control.objectives, offers)
        return words

    def _verdict(self, interruption: str | None) -> Verdict:
        search = self.search
        limited = bool(search.steps) and search.steps[-1].limited
        if interruption is not None or not search.done:
            why = interruption or "the search was stopped early"
            return Verdict(ExitCode.NOTHING_PROVEN, f"nothing proven: {why}", (), reasons=(why,))
        if self._need is not None and search.confirmed and search.rate >= self._need:
            return Verdict(ExitCode.MET, f"met: {search.rate:,.0f} QPS held", self._checks())
        if limited:
            why = f"{search.limit}; give the generator free cores, or more with --processes"
            return Verdict(ExitCode.INSTRUMENT, f"invalid: {why}", (), faults=(why,))
        if not search.confirmed:
            return Verdict(ExitCode.NOT_MET, f"not met: {search.limit}", ())
        if self._need is not None:
            return Verdict(
                ExitCode.NOT_MET,
                f"not met: {search.rate:,.0f} QPS held, {self._need:,.0f} needed",
                self._checks(),
            )
        return Verdict(ExitCode.MET, f"found: {search.rate:,.0f} QPS", self._checks())

    def _checks(self) -> tuple[Check, ...]:
        """Return the limits of the held step as checks."""
        held = next(
            (s for s in reversed(self.search.steps) if s.phase == "hold" and s.passed), None
        )
        if held is None:
            return ()
        values = {"p50": held.p50, "p95": held.p95, "p99": held.p99}
        limits = self.control.objectives.latency
        return tuple(
            Check("all", name, limits[name], value, "met", "ms", "in the hold")
            for name, value in values.items()
            if name in limits and value is not None
        )


def _concurrency(measured: Slice, seconds: float) -> float:
    """Return how many requests the target had in hand on average."""
    if not seconds:
        return 0.0
    busy = sum(cell.service.mean() * cell.service.total for cell in measured.cells.values())
    return round(busy / seconds, 3)


def unit_for(start: float) -> float:
    """Return requests per second a user, fine enough to bisect to 5 % from the start rate on."""
    return start / 25


def longest(step: float, hold: float, within: float) -> float:
    """Return seconds that a search may take at most, for bounds on remote targets."""
    return min(ceil(20 * (_WARM + step + _SETTLE) + 3 * hold), ceil(within) + ceil(_DRAIN))
