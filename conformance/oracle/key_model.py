"""Model of a key's life, drawn from specs/key-states.json alone.

A model says what an operation may answer in the state that a key is in, and which states it may be
in afterwards. Where no source tells, anything goes, and the state that shows is taken over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.spec.catalogue import catalogue

ENABLED, DISABLED = "Enabled", "Disabled"
PENDING_DELETION, PENDING_IMPORT = "PendingDeletion", "PendingImport"
#: What transitions to no state say: a state that no source tells.
_UNTOLD = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is promised of an answer.

    Attributes:
        outcome: "ok", "refused", or None where nothing is promised.
        codes: Codes of a refusal, any of which will do.
        states: States the key may be in afterwards.
    """

    outcome: str | None
    codes: tuple[str, ...]
    states: frozenset[str]


@cache
def states() -> frozenset[str]:
    """Return all states."""
    return frozenset(row["state"] for row in _document()["states"])


def _document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = catalogue().document("key-states")
    return document


@cache
def _cells() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    return {
        (row["operation"], state): cell
        for row in _document()["operations"]
        for state, cell in row["states"].items()
    }


@cache
def _moves() -> Mapping[tuple[str, str], str | None]:
    return {
        (row["event"], state): row["to"]
        for row in _document()["transitions"]
        for state in row["from"]
        if state is not None
    }


class KeyModel:
    """A key as it should be.

    Args:
        state: The state it is in.
        external: Whether its material is imported.
    """

    def __init__(self, state: str, *, external: bool = False) -> None:
        self.state = state
        self.external = external
        #: Whether the key has material; a key of KMS always has.
        self.material = state != PENDING_IMPORT
        self._before_deletion = state

    def expects(self, operation: str) -> Answer:
        """Return what an operation may answer now."""
        cell = _cells().get((operation, self.state), {"answer": "unknown"})
        outcome = cell["answer"] if cell.get("provenance") != "inferred" else "unknown"
        codes = tuple(cell.get("codes", ())) if outcome == "refused" else ()
        stays = frozenset({self.state})
        if not self.material and self.state in {ENABLED, DISABLED}:
            # A key that was saved without its material: nothing is told of it.
            return Answer(None, (), states())
        if outcome == "refused":
            return Answer("refused", codes, stays)
        if outcome == "ok":
            return Answer("ok", (), self._after(operation))
        return Answer(None, (), stays | self._after(operation))

    def _after(self, operation: str) -> frozenset[str]:
        if operation == "CancelKeyDeletion" and self._untold_after_cancelling():
            return states() - {PENDING_DELETION}
        to = _moves().get((operation, self.state), self.state)
        return states() if to is _UNTOLD else frozenset({to})

    def _untold_after_cancelling(self) -> bool:
        """Tell whether a key that is saved might be in another state than Enabled.

        That a key which was Disabled is Enabled afterwards is concluded, not documented, and what
        one without material becomes is nowhere told.
        """
        return not self.material or self._before_deletion == DISABLED

    def moved(self, operation: str, state: str) -> None:
        """Take over what happened: an operation succeeded, and a state shows."""
        if operation == "ScheduleKeyDeletion":
            self._before_deletion = self.state
        elif operation == "DeleteKeyMaterial" and self.external:
            self.material = False
        elif operation == "ImportKeyMaterial":
            self.material = True
        self.state = state


def story(steps: Iterable[str]) -> str:
    """Return a walk in words, for messages."""
    told = ", ".join(steps)
    return f"after {told}" if told else "at first"
