"""Registers faults. Tools to write them with are in `conformance.reference.changing`."""

from collections.abc import Callable

from conformance.reference.changing import (
    forgive,
    refuse_at,
    replace_error,
    replace_response,
    skip,
    wrap_answer,
    wrap_handler,
)
from conformance.reference.deviations import Apply, register

__all__ = [
    "fault",
    "forgive",
    "refuse_at",
    "replace_error",
    "replace_response",
    "skip",
    "wrap_answer",
    "wrap_handler",
]


def fault(
    name: str, *, breaks: tuple[str, ...] = (), statement: str, source: str
) -> Callable[[Apply], Apply]:
    """Register a fault.

    Args:
        name: As ``--fault`` takes it: words joined by hyphens.
        breaks: Ids of the rules whose promise it breaks, and that must report it.
        statement: What the endpoint does wrong, one sentence.
        source: Where the broken promise is documented.
    """
    return register(name, "fault", statement=statement, breaks=breaks, source=source)
