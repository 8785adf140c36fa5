"""From what a check did to the verdict of a case, and from verdicts to the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum

from conformance.client.exchange import Exchange
from conformance.run.planning import PlannedCase
from conformance.run.registry import Rule
from conformance.run.verdict import (
    Hang,
    Inconsistent,
    NotApplicable,
    NotTestable,
    Outcome,
    TransportProblem,
    Verdict,
    Violation,
)


class Exit(IntEnum):
    """Exit codes of the command line."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    INCOMPLETE = 3
    HARNESS_ERROR = 4
    STALE_BASELINE = 5


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case ended.

    Attributes:
        planned: The case.
        verdict: Its verdict.
        message: What was expected and found, or the cause; None on a plain pass.
        seconds: Time for all attempts.
        attempts: How often the check was run.
        exchanges: What was sent and answered in the deciding attempt, in order.
        readings: Reading id to the option that the target showed.
    """

    planned: PlannedCase
    verdict: Verdict
    message: str | None = None
    seconds: float = 0.0
    attempts: int = 1
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)
    readings: dict[str, str] = field(default_factory=dict)

    def known(self) -> "CaseResult":
        """Return the result as one that a baseline accepts."""
        return replace(self, verdict=Verdict.KNOWN)


def decide(first: Exception | None, second: Exception | None) -> Exception | None:
    """Return the outcome of two attempts at the same request.

    What failed and then passed is inconsistent; what had no answer and then passed has passed.
    """
    if second is not None:
        return second if isinstance(second, Violation) else first
    if isinstance(first, TransportProblem) or first is None:
        return None
    assert isinstance(first, Outcome)
    return Inconsistent(f"passed when repeated; at first: {first.message}", first.exchanges)


def verdict_of(rule: Rule, outcome: Exception | None) -> Verdict:
    """Return the verdict for one attempt at a rule."""
    if outcome is None:
        return Verdict.PASS
    if isinstance(outcome, Violation):
        return Verdict.FAIL if rule.gates else Verdict.WARN
    if isinstance(outcome, Inconsistent):
        return Verdict.FLAKY
    if isinstance(outcome, NotApplicable):
        return Verdict.NOT_APPLICABLE
    if isinstance(outcome, NotTestable):
        return Verdict.NOT_TESTABLE
    if isinstance(outcome, Hang):
        return Verdict.HANG
    return Verdict.HARNESS_ERROR


def message_of(outcome: Exception | None) -> str | None:
    """Return the message of an outcome; of an error of the suite, also where it arose."""
    if outcome is None:
        return None
    if isinstance(outcome, Outcome):
        return outcome.message
    place = ""
    trace = outcome.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"error of the suite{place}: {type(outcome).__name__}: {outcome}"


def exit_code(
    results: Iterable[CaseResult], *, stopped: bool = False, stale_baseline: bool = False
) -> Exit:
    """Return the exit code of a run.

    What is proven weighs most: one broken promise makes a run non-conformant, whatever else
    happened. Then come errors of the suite, what could not be tested, and stale baseline entries.
    """
    harness = untested = False
    for result in results:
        gates = result.planned.rule.gates
        if gates and result.verdict in {Verdict.FAIL, Verdict.FLAKY, Verdict.HANG}:
            return Exit.NOT_CONFORMANT
        harness = harness or result.verdict is Verdict.HARNESS_ERROR
        untested = untested or (gates and result.verdict is Verdict.NOT_TESTABLE)
    if harness:
        return Exit.HARNESS_ERROR
    if stopped or untested:
        return Exit.INCOMPLETE
    return Exit.STALE_BASELINE if stale_baseline else Exit.CONFORMANT
