"""Faults that show only of things in uncommon situations."""

from typing import Any

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer
from conformance.reference.faults.tools import SDK


def _metadata(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["KeyMetadata"]
    return found


@fault(
    "deletion-date-as-number",
    breaks=("CON-013",),
    statement="DescribeKey answers DeleteDate as a number of seconds.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_: Call, answer: dict[str, Any]) -> None:
        metadata = _metadata(answer)
        if metadata.get("DeleteDate"):
            metadata["DeleteDate"] = 1_800_000_000

    wrap_answer(endpoint, "DescribeKey", change)


@fault(
    "unknown-secrets-without-code",
    breaks=("CON-013", "EFF-049"),
    statement="BatchGetSecretValue tells secrets that it could not answer as one text.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        if answer.get("Errors"):
            answer["Errors"] = "some secrets were not found"

    wrap_answer(endpoint, "BatchGetSecretValue", change)
