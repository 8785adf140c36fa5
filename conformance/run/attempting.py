"""Runs the check of a case, once or twice, and tells what its end means.

A target may be gone for a moment, restart and forget what it held, or lose a connection. None of
these is the promise under test: the case is run again when the target is back, and a note names
what happened. What is broken is broken twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.client.caller import Caller
from conformance.run.context import Bench, Kms
from conformance.run.judging import decide
from conformance.run.planning import PlannedCase
from conformance.run.preflight import answers
from conformance.run.verdict import Hang, NotTestable, Outcome, TransportProblem, Violation

if TYPE_CHECKING:
    from conformance.client.exchange import Exchange

#: Seconds that a target which stopped answering has to come back.
PATIENCE = 5.0
_PAUSE = 0.5
#: Codes by which a target says that something is not there.
_GONE = frozenset(
    {
        "Forbidden.KeyNotFound",
        "Forbidden.AliasNotFound",
        "Forbidden.ResourceNotFound",
        "Forbidden.KeyVersionNotFound",
    }
)


_BROKE = "a connection broke under a call, which may have been carried out twice"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a case ended.

    Attributes:
        outcome: None for a pass.
        kms: The attempt that decides.
        attempts: How often the check was run.
        stop: Why no further case should run, None while all is well.
    """

    outcome: Exception | None
    kms: Kms
    attempts: int
    stop: str | None = None


class Attempting:
    """Puts cases to the test.

    Args:
        bench: What all cases share.
        caller: Sends the calls.
        end: Moment of the monotonic clock at which the run is over.
        note: Writes a note: level and sentence.
    """

    def __init__(
        self, bench: Bench, caller: Caller, end: float, note: Callable[[str, str], None]
    ) -> None:
        self._bench = bench
        self._caller = caller
        self._end = end
        self._note = note
        #: Id of a key that was there when it was last asked for.
        self._witness: str | None = None

    def run(self, planned: PlannedCase) -> Ended:
        """Run a case; repeat it once when it ended badly, or was interrupted."""
        resent = self._caller.resent
        outcome, kms = self.attempt(planned)
        if outcome is None:
            self._look_for_witness()
            return Ended(None, kms, 1)
        if not isinstance(outcome, Outcome) or not self._time_left():
            return Ended(outcome, kms, 1)
        interruption = self._interruption(outcome, kms, resent)
        repeatable = isinstance(outcome, Violation | Hang | TransportProblem)
        if interruption is None and not repeatable:
            return Ended(outcome, kms, 1)
        resent = self._caller.resent
        again, kms_again = self.attempt(planned, fresh=interruption is _BROKE)
        if isinstance(again, Violation) and self._caller.resent > resent:
            again, kms_again = self.attempt(planned, fresh=True)
        if again is None and (interruption or isinstance(outcome, TransportProblem)):
            told = interruption or outcome.message
            self._note("warning", f"{planned.id} passed when repeated; at first: {told}")
            return Ended(None, kms_again, 2)
        if interruption is not None and again is not None:
            outcome, kms = again, kms_again
        elif again is not None:
            kms = kms_again if isinstance(again, Violation) else kms
        settled = decide(outcome, again)
        stop = self._gone(settled)
        if stop is not None:
            assert isinstance(settled, Outcome)
            return Ended(NotTestable(stop, settled.exchanges), kms, 2, stop)
        return Ended(_blamed(settled), kms, 2)

    def attempt(self, planned: PlannedCase, *, fresh: bool = False) -> tuple[Exception | None, Kms]:
        """Run the check of a case once; fresh gives each of its calls a connection of its own."""
        kms = Kms(self._bench, planned.id)
        caller = self._caller
        caller.fresh = fresh
        caller.case_end = min(time.monotonic() + caller.target.case_timeout, self._end)
        try:
            own = planned.case.operation if planned.case is not None else None
            kms.require(*([f"operation:{own}"] if own else []), *planned.rule.needs)
            if planned.case is None:
                planned.rule.check(kms)
            else:
                planned.rule.check(kms, planned.case.value)
        except Exception as error:  # noqa: BLE001 - every end of a check becomes a verdict
            return error, kms
        finally:
            caller.case_end = float("inf")
            caller.fresh = False
        return None, kms

    def _time_left(self) -> bool:
        return time.monotonic() < self._end

    # --- what is no fault of the promise ----------------------------------------------------------

    def _interruption(self, outcome: Outcome, kms: Kms, resent: int) -> str | None:
        """Tell what kept the target from being put to the test, once it is back."""
        if isinstance(outcome, Violation) and self._caller.resent > resent:
            return _BROKE
        if isinstance(outcome, TransportProblem) and not answers(self._caller):
            waited = self._wait()
            if waited is None:
                return None
            lost = self._has_lost()
            return (
                f"the target did not answer for {waited:.0f} s and came back"
                f"{' without what it held' if lost else ''}"
            )
        about_things = isinstance(outcome, Violation | NotTestable)
        seen = (*kms.exchanges, *outcome.exchanges)
        if about_things and _misses_something(seen) and self._has_lost():
            return "the target lost what it held, as one that was restarted does"
        return None

    def _wait(self) -> float | None:
        """Wait for a target that does not answer; None when it does not come back."""
        started = time.monotonic()
        while time.monotonic() < min(started + PATIENCE, self._end):
            time.sleep(_PAUSE)
            if answers(self._caller):
                return time.monotonic() - started
        return None

    def _gone(self, outcome: Exception | None) -> str | None:
        """Tell a target that is gone from one that leaves this request without an answer."""
        if not isinstance(outcome, Hang | TransportProblem) or answers(self._caller):
            return None
        if self._wait() is not None:
            return None
        return f"the target no longer answers: {outcome.message}"

    def _look_for_witness(self) -> None:
        """Remember one key that the run has made and that is surely there."""
        if self._witness is not None:
            return
        for bundle in self._bench.resources.kept("symmetric-key"):
            identifier = bundle.get("id")
            if isinstance(identifier, str) and self._is_there(identifier):
                self._witness = identifier
                return

    def _has_lost(self) -> bool:
        """Tell whether a key that was there is gone; forget what the run keeps for reuse then."""
        if self._witness is None or self._is_there(self._witness):
            return False
        self._witness = None
        self._bench.resources.forget_all()
        return True

    def _is_there(self, key_id: str) -> bool:
        try:
            found = self._caller.call("DescribeKey", {"KeyId": key_id})
        except Outcome:
            return True  # no answer says nothing about the key
        return found.status != 404


def _misses_something(exchanges: "tuple[Exchange, ...]") -> bool:
    return any(exchange.code in _GONE for exchange in exchanges)


def _blamed(outcome: Exception | None) -> Exception | None:
    """Blame a target that answers others but not this request."""
    if isinstance(outcome, TransportProblem) and outcome.kind in {"reset", "protocol"}:
        return Violation(
            f"no answer, twice, while other requests are answered: {outcome.message}",
            outcome.exchanges,
        )
    return outcome
