"""What a run proves.

Three questions, in this order. Is the instrument at fault, so that the figures say nothing about
the target? Are there limits that were broken? Is there anything that was not measured well enough
to say? Exit codes follow: 4, 1, 3, and 0 when every limit was judged and kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Literal

from conformance.spec import catalogue
from load.histogram import Histogram, merged
from load.outcome import Outcome
from load.record import Slice, State
from load.slo import QUANTILES, Objectives, samples_needed

_LATE_SHARE = 0.01
_WAIT_SHARE = 0.01
_PROCESSOR_SHARE = 0.85
#: Below this share of a core a generator that is late was not slow but kept from its core.
BUSY_SHARE = 0.6
#: Failures that are about the caller's credential and nothing else (auth-failures.json).
_CREDENTIAL_FAILURES = {"expired-security-token", "disabled-access-key", "unknown-access-key"}


class ExitCode(IntEnum):
    """What the process tells its caller, in the sense of a conformance run."""

    MET = 0
    NOT_MET = 1
    USAGE = 2
    NOTHING_PROVEN = 3
    INSTRUMENT = 4


Result = Literal["met", "broken", "unproven"]


@dataclass(frozen=True, slots=True)
class Check:
    """One limit and what was found.

    Attributes:
        subject: ``all`` or an operation.
        name: Quantile or share.
        limit: As in the objectives: milliseconds or a share.
        found: The same measure, NaN when nothing was measured.
        result: met, broken, or unproven for want of samples.
        unit: ``ms`` or ``share``.
        note: In words, why.
    """

    subject: str
    name: str
    limit: float
    found: float
    result: Result
    unit: Literal["ms", "share"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """How the generator did.

    Attributes:
        processor: Highest share of a core that one process used.
        connections: Connections of all processes at the end of the plan.
        lost: Processes that vanished, each in words.
        state: Counters of all processes.
    """

    processor: float
    connections: int
    lost: tuple[str, ...]
    state: State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run proves, with every check behind it."""

    code: ExitCode
    summary: str
    checks: tuple[Check, ...]
    faults: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def judge(
    measured: Slice,
    objectives: Objectives,
    instrument: Instrument,
    offered: float,
    interruption: str | None = None,
) -> Verdict:
    """Judge a measured window.

    Args:
        measured: Sum of all its slices.
        objectives: The limits.
        instrument: How the generator did.
        offered: Mean rate of the plan in the window, requests per second.
        interruption: Why the run ended before its time, None when it did not.
    """
    checks = (*_latency_checks(measured, objectives), *_share_checks(measured, objectives))
    broken = [check for check in checks if check.result == "broken"]
    unproven = [check for check in checks if check.result == "unproven"]
    faults = tuple(_faults(measured, objectives, instrument, offered, failing=bool(broken)))
    wrong = [check for check in broken if check.name == "wrong"]
    if wrong:
        return Verdict(ExitCode.NOT_MET, "not met: answers are wrong", checks, faults)
    if faults:
        return Verdict(
            ExitCode.INSTRUMENT,
            f"invalid, the generator is at fault: {faults[0]}",
            checks,
            faults,
        )
    refused = _credential_problem(measured)
    if refused is not None:
        return Verdict(ExitCode.NOTHING_PROVEN, refused, checks, reasons=(refused,))
    if interruption is not None:
        return Verdict(
            ExitCode.NOTHING_PROVEN,
            f"nothing proven: {interruption}",
            checks,
            reasons=(interruption,),
        )
    if broken:
        what = ", ".join(f"{check.subject} {check.name}" for check in broken)
        return Verdict(ExitCode.NOT_MET, f"not met: {what}", checks)
    if unproven:
        notes = tuple(check.note for check in unproven)
        return Verdict(
            ExitCode.NOTHING_PROVEN, f"nothing proven: {notes[0]}", checks, reasons=notes
        )
    return Verdict(ExitCode.MET, "met", checks)


def latency_of(measured: Slice, operation: str | None = None) -> Histogram:
    """Return the latency of everything that completed, of one operation or of all.

    Errors count too: a target that fails fast must not look fast, and what fails slowly is slow.
    """
    return merged(
        cell.latency for key, cell in measured.cells.items() if operation in (None, key[0])
    )


def count_of(measured: Slice, outcomes: Iterable[Outcome]) -> int:
    """Return how many requests ended with one of some outcomes."""
    wanted = {outcome.value for outcome in outcomes}
    return sum(c.latency.total for key, c in measured.cells.items() if key[1] in wanted)


def _latency_checks(measured: Slice, objectives: Objectives) -> list[Check]:
    checks = []
    subjects = {"all": objectives.latency, **objectives.operations}
    for subject, limits in subjects.items():
        histogram = latency_of(measured, None if subject == "all" else subject)
        samples = histogram.total
        for name, limit in limits.items():
            found = histogram.quantile(QUANTILES[name]) * 1000
            needed = samples_needed(name)
            # A quantile over its limit with too few samples is still proven when even the lower
            # quantile that the samples support is over it; the plain rule is enough here.
            if samples < needed:
                note = f"{subject} {name} needs {needed:,} samples, {samples:,} were measured"
                checks.append(Check(subject, name, limit, found, "unproven", "ms", note))
                continue
            result: Result = "met" if found <= limit else "broken"
            checks.append(Check(subject, name, limit, found, result, "ms"))
    return checks


def _share_checks(measured: Slice, objectives: Objectives) -> list[Check]:
    completed = measured.completed
    if not measured.scheduled:
        note = "no request was due in the measured time"
        return [
            Check("all", "goodput", objectives.goodput, float("nan"), "unproven", "share", note)
        ]
    errors = count_of(measured, (Outcome.CLIENT_ERROR, Outcome.SERVER_ERROR, Outcome.TRANSPORT))
    good = count_of(measured, (Outcome.OK,))
    goodput = good / measured.scheduled
    enough: Result = "met" if goodput >= objectives.goodput else "broken"
    return [
        _at_most("errors", errors, completed, objectives.errors),
        _at_most(
            "throttled", count_of(measured, (Outcome.THROTTLED,)), completed, objectives.throttled
        ),
        _wrong(measured, completed, objectives.wrong),
        Check("all", "goodput", objectives.goodput, goodput, enough, "share"),
    ]


def _at_most(name: str, count: int, completed: int, limit: float) -> Check:
    share = count / completed if completed else 0.0
    return Check("all", name, limit, share, "met" if share <= limit else "broken", "share")


def _wrong(measured: Slice, completed: int, limit: float) -> Check:
    """Judge wrong answers: seen in the check of every answer, or projected from the sample."""
    seen = count_of(measured, (Outcome.WRONG,)) / completed if completed else 0.0
    sampled = measured.refuted / measured.checked if measured.checked else 0.0
    found = max(seen, sampled)
    note = f"{measured.refuted} of {measured.checked} sampled answers refuted" if sampled else ""
    return Check("all", "wrong", limit, found, "met" if found <= limit else "broken", "share", note)


def _faults(
    measured: Slice,
    objectives: Objectives,
    instrument: Instrument,
    offered: float,
    *,
    failing: bool,
) -> Iterable[str]:
    scheduled = max(1, measured.scheduled)
    if not instrument.state.adds_up:
        yield f"the counts do not add up: {instrument.state}"
    yield from instrument.lost
    if measured.late > _LATE_SHARE * scheduled:
        share = measured.late / scheduled
        why = "the generator was too slow"
        if instrument.processor < BUSY_SHARE:
            why = "the generator was kept from its core by other work on this machine"
        yield f"{share:.1%} of the requests started late because {why}"
    if instrument.processor > _PROCESSOR_SHARE:
        yield f"a generator process used {instrument.processor:.0%} of its core"
    needed = offered * objectives.slowest
    kept_waiting = measured.waited + measured.dropped
    starved = kept_waiting > _WAIT_SHARE * scheduled and instrument.connections < needed
    if failing and starved:
        # With at least this many connections (Little's law) a target that keeps its limits cannot
        # exhaust the pool, so that waiting would be the target's doing.
        yield (
            f"{kept_waiting / scheduled:.1%} of the requests had to wait for one of "
            f"{instrument.connections} connections; raise --pool-max to {needed:.0f} or more"
        )


def _credential_problem(measured: Slice) -> str | None:
    """Return a sentence when the caller's credential, not the target, failed most requests."""
    codes = _credential_codes()
    refused = 0
    shown = ""
    for (_, outcome, cause), count in measured.causes.items():
        code = cause.partition(" ")[2]
        if outcome == Outcome.CLIENT_ERROR and code in codes:
            refused += count
            shown = cause
    errors = measured.completed - count_of(measured, (Outcome.OK, Outcome.THROTTLED))
    if refused == 0 or refused < errors / 2 or refused < 0.001 * measured.completed:
        return None
    return (
        f"the credential was refused {refused:,} times ({shown}), so that the rest says nothing "
        "about the target: renew it and run again"
    )


@cache
def _credential_codes() -> frozenset[str]:
    return frozenset(
        answer["code"]
        for failure in catalogue().document("auth-failures")["failures"]
        if failure["kind"] in _CREDENTIAL_FAILURES
        for answers in failure["answers"].values()
        for answer in answers
    )
