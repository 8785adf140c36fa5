"""What a model expects of one call."""

from dataclasses import dataclass
from typing import Literal

from conformance.oracle.key_model import Answer


@dataclass(frozen=True, slots=True)
class Expected:
    """What is promised of an answer.

    Attributes:
        outcome: "ok", "refused", or None where nothing is promised.
        codes: Codes of a refusal, any of which will do; none where no source names one.
    """

    outcome: Literal["ok", "refused"] | None
    codes: tuple[str, ...] = ()

    def __and__(self, other: "Expected") -> "Expected":
        """Return what is expected of a call that two things decide.

        Each may refuse it, in whatever order they are looked at; where one of them promises
        nothing and the other no refusal, nothing is promised.
        """
        refusing = [one for one in (self, other) if one.outcome == "refused"]
        unsure = None in {self.outcome, other.outcome}
        if not refusing:
            return ANYTHING if unsure else OK
        named = all(one.codes for one in refusing) and not unsure
        codes = sorted({code for one in refusing for code in one.codes})
        return refused(*codes) if named else refused()


OK = Expected("ok")
ANYTHING = Expected(None)


def refused(*codes: str) -> Expected:
    """Return the expectation of a refusal by one of these codes, by any where none is named."""
    return Expected("refused", codes)


def expected_of(answer: Answer) -> Expected:
    """Return what the model of a key's state expects, as far as it concerns the answer."""
    if answer.outcome == "ok":
        return OK
    return refused(*answer.codes) if answer.outcome == "refused" else ANYTHING
