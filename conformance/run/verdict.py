"""Verdicts of a rule and the exceptions by which a check reaches one.

A check that returns has passed. Everything else is an `Outcome` raised by an expectation helper or
by the client:

    Outcome
    ├── Violation        the target broke the promise          -> fail (MUST) or warn
    ├── NotApplicable    the target does not offer this, and declined it properly
    ├── NotTestable      a prerequisite is missing or failed; names the cause
    │   └── TransportProblem   no answer: refused, reset, not HTTP, certificate not trusted
    ├── Hang             no answer in the time allowed
    └── Inconsistent     failed and passed for the same request -> flaky

Any other exception is the suite's own fault: harness-error, never blamed on the target.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.client.exchange import Exchange


class Verdict(StrEnum):
    """What a run says of one rule (and case)."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    WARN = "warn"
    NOT_APPLICABLE = "not-applicable"
    NOT_TESTABLE = "not-testable"
    KNOWN = "known"
    FLAKY = "flaky"
    HANG = "hang"
    HARNESS_ERROR = "harness-error"


class Outcome(Exception):  # noqa: N818 - an outcome, not an error of the suite
    """How a check ended when it did not simply pass."""

    def __init__(self, message: str, exchanges: Sequence["Exchange"] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.exchanges = tuple(exchanges)


class Violation(Outcome):
    """The target broke the promise; the message says expected and found."""


class NotApplicable(Outcome):
    """The target declares that it does not offer this, and declines it properly."""


class NotTestable(Outcome):
    """The promise could not be put to the test; the message names the cause."""


class TransportProblem(NotTestable):
    """No answer came, for another reason than time.

    Attributes:
        kind: "name" (does not resolve), "refused", "certificate", "tls", "reset" (closed without an
            answer) or "protocol" (what came is no HTTP).
        own: Whether a refused certificate is one of a trusted authority, so that it is the target's
            own mistake: it is for another name, or not in force.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        exchanges: Sequence["Exchange"] = (),
        *,
        own: bool = False,
    ) -> None:
        super().__init__(message, exchanges)
        self.kind = kind
        self.own = own


class Hang(Outcome):
    """No complete answer within the time allowed."""


class Inconsistent(Outcome):
    """The same request failed once and passed once."""
