"""Registers harmless variations, which no promise forbids."""

from collections.abc import Callable

from conformance.reference.changing import (
    forgive,
    replace_error,
    replace_response,
    skip,
    wrap_answer,
    wrap_handler,
)
from conformance.reference.deviations import Apply, register

__all__ = [
    "forgive",
    "harmless",
    "replace_error",
    "replace_response",
    "skip",
    "wrap_answer",
    "wrap_handler",
]


def harmless(name: str, *, statement: str, source: str = "") -> Callable[[Apply], Apply]:
    """Register a harmless variation.

    Args:
        name: As ``--harmless`` takes it: words joined by hyphens.
        statement: What the endpoint does differently, one sentence.
        source: Where the leave for it is documented, or the reading it shows.
    """
    return register(name, "harmless", statement=statement, breaks=(), source=source)
