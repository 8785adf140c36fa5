"""What became of a request."""

from enum import StrEnum


class Outcome(StrEnum):
    """Classes that a run counts apart; all but `OK` and `THROTTLED` are errors.

    Attributes:
        OK: Success, and the answer is right as far as it was checked.
        THROTTLED: Refused because the rate is over a quota.
        CLIENT_ERROR: Any other 4xx.
        SERVER_ERROR: 5xx.
        TRANSPORT: No complete HTTP answer.
        WRONG: An answer that is not what the request asked for; a fast wrong answer is no success.
    """

    OK = "ok"
    THROTTLED = "throttled"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"
    TRANSPORT = "transport"
    WRONG = "wrong answer"


ERRORS = (Outcome.CLIENT_ERROR, Outcome.SERVER_ERROR, Outcome.TRANSPORT, Outcome.WRONG)
"""Outcomes that the error budget counts; throttling has a budget of its own."""
