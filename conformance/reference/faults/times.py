"""Faults of times: when things were made, and how long they are kept."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer
from conformance.reference.faults.tools import DOCS_2021, SDK
from conformance.wire.times import format_iso


def _made_when_asked(endpoint: Endpoint, operation: str, place: str, member: str) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        found = answer[place] if place else answer
        for row in found if isinstance(found, list) else [found]:
            row[member] = format_iso(call.now)

    wrap_answer(endpoint, operation, change)


@fault(
    "key-made-when-described",
    breaks=("EFF-090", "KEY-004"),
    statement="DescribeKey tells the time of the call as CreationDate.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    _made_when_asked(endpoint, "DescribeKey", "KeyMetadata", "CreationDate")


@fault(
    "key-version-made-when-described",
    breaks=("EFF-090",),
    statement="DescribeKeyVersion tells the time of the call as CreationDate.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    _made_when_asked(endpoint, "DescribeKeyVersion", "KeyVersion", "CreationDate")


@fault(
    "secret-made-when-described",
    breaks=("EFF-090",),
    statement="DescribeSecret tells the time of the call as CreateTime.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    _made_when_asked(endpoint, "DescribeSecret", "", "CreateTime")


@fault(
    "value-made-when-read",
    breaks=("EFF-090",),
    statement="GetSecretValue tells the time of the call as CreateTime.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    _made_when_asked(endpoint, "GetSecretValue", "", "CreateTime")


@fault(
    "key-window-a-day-longer",
    breaks=("KEY-003", "EFF-005"),
    statement="A key waits for its deletion a day longer than PendingWindowInDays says.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.deletion_window
    endpoint.seams.deletion_window = lambda call: original(call) + timedelta(days=1)


@fault(
    "secret-window-a-day-shorter",
    breaks=("SEC-030", "EFF-044"),
    statement="A secret waits for its deletion a day less than RecoveryWindowInDays says.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.recovery_window
    endpoint.seams.recovery_window = lambda call: original(call) - timedelta(days=1)
