"""What an operation must refuse: requests that are valid in all respects but one."""

from collections.abc import Iterable, Iterator

from conformance.client.exchange import Exchange
from conformance.rules.contract.sending import (
    Batch,
    all_operations,
    cases_of,
    chosen,
    may_be_sent,
    usable_operations,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec.catalogue import Operation
from conformance.spec.expectations import Expectation
from conformance.spec.promises import constraint_of
from conformance.spec.variants import Variant

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_OPERATIONS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"


def _is_about_things(variant: Variant) -> bool:
    return variant.expectation.stage == "state"


def _faulty(operation: Operation, *, gates: bool, things: bool) -> list[Variant]:
    return [
        variant
        for variant in chosen(operation, "negative", gates=gates)
        if _is_about_things(variant) is things and not _is_open(operation, variant)
    ]


def _is_open(operation: Operation, variant: Variant) -> bool:
    """Tell whether acceptance would be as right as refusal, so that not even advice is due."""
    if variant.expectation.gates:
        return False
    name = variant.pointer[1:].partition("/")[0]
    schema = operation.request["properties"].get(name, {})
    if variant.keyword in {"contentEncoding", "x-decoded"} and "x-reading" in schema:
        return True  # a contradiction between sources has its own rule
    if variant.keyword == "x-forms" and variant.id.endswith("by-arn"):
        return True  # an ARN is a longer form of the id, which only the description leaves out
    # A stage label that no version carries is a new label.
    return operation.name == "UpdateSecretVersionStage" and name == "VersionStage"


def _cases(*, gates: bool, things: bool) -> Iterable[Case]:
    return cases_of(o for o in all_operations() if _faulty(o, gates=gates, things=things))


@rule(
    "CON-002",
    level=Level.MUST,
    family="contract",
    statement="A request that breaks exactly one documented constraint of a parameter is refused "
    "with 400 and a documented code of the parameter stage.",
    provenance="documented",
    source=f"{_OPERATIONS}; {_RESPONSES}",
    stage="parameter",
    tags=("variants", "negative"),
    readings=("parameter-code-names",),
    cases=lambda: _cases(gates=True, things=False),
)
def refuses_invalid(kms: Kms, operation: Operation) -> None:
    """Send every variant with one fault whose refusal a source promises."""
    _refuse(kms, operation, _faulty(operation, gates=True, things=False))


@rule(
    "CON-003",
    level=Level.SHOULD,
    family="contract",
    statement="A request that breaks one constraint that is concluded, or one that sources leave "
    "open, is refused by a 4xx.",
    provenance="inferred",
    source=_OPERATIONS,
    stage="parameter",
    tags=("variants", "negative"),
    readings=("parameter-code-names",),
    cases=lambda: _cases(gates=False, things=False),
)
def refuses_unlikely(kms: Kms, operation: Operation) -> None:
    """Send every variant with one fault whose refusal is concluded."""
    _refuse(kms, operation, _faulty(operation, gates=False, things=False))


@rule(
    "CON-006",
    level=Level.MUST,
    family="contract",
    statement="A reference to a key, alias, version, secret or other thing that does not exist is "
    "refused with the documented code, such as 404 Forbidden.KeyNotFound.",
    provenance="documented",
    source=_RESPONSES,
    stage="state",
    tags=("variants", "negative"),
    cases=lambda: _cases(gates=True, things=True),
)
def refuses_unknown_things(kms: Kms, operation: Operation) -> None:
    """Name things that are not there."""
    _refuse(kms, operation, _faulty(operation, gates=True, things=True))


@rule(
    "CON-012",
    level=Level.SHOULD,
    family="contract",
    statement="References that are almost right (a newline, a blank, more characters, a wildcard, "
    "percent signs, JSON) name nothing and are refused by a 4xx.",
    provenance="inferred",
    source=_RESPONSES,
    stage="state",
    tags=("variants", "negative"),
    cases=lambda: _cases(gates=False, things=True),
)
def refuses_odd_references(kms: Kms, operation: Operation) -> None:
    """Name things in ways that only sloppy reading resolves."""
    _refuse(kms, operation, _faulty(operation, gates=False, things=True))


def _cases_special() -> Iterable[Case]:
    return cases_of(o for o in usable_operations() if chosen(o, "special"))


@rule(
    "CON-007",
    level=Level.MUST,
    family="contract",
    statement="A valid request with DryRun=true is refused with DryRunOperationError.",
    provenance="documented",
    source=_OPERATIONS,
    stage="service",
    promises=("semantics/dry-run",),
    tags=("variants", "negative"),
    cases=_cases_special,
)
def refuses_dry_runs(kms: Kms, operation: Operation) -> None:
    """Send valid requests with a value that has another outcome."""
    _refuse(kms, operation, chosen(operation, "special"))


def _refuse(kms: Kms, operation: Operation, wanted: Iterable[Variant]) -> None:
    batch = Batch(kms)
    for variant, exchange in _sent(batch, operation, wanted):
        if not is_expected(variant.expectation, exchange):
            batch.note(variant.id, wish(variant.expectation), exchange)
            continue
        kms.proves(constraint_of(variant))
        if variant.expectation.codes:
            kms.proves(f"error/{operation.name}/{exchange.code}", f"code/{exchange.code}")
    batch.conclude()


def _sent(
    batch: Batch, operation: Operation, wanted: Iterable[Variant]
) -> Iterator[tuple[Variant, Exchange]]:
    for variant in wanted:
        if not may_be_sent(batch.kms, operation, variant):
            batch.declined.append(f"{variant.id}: acceptance would change what is not the suite's")
            continue
        exchange = batch.send(variant)
        if exchange is not None:
            yield variant, exchange


def is_expected(expectation: Expectation, exchange: Exchange) -> bool:
    """Tell whether an answer is the refusal expected: its status and a code."""
    refused = 400 <= exchange.status < 500 or exchange.status in expectation.statuses
    return (
        refused
        and exchange.code is not None
        and expectation.allows_status(exchange.status)
        and expectation.allows_code(exchange.code)
    )


def wish(expectation: Expectation) -> str:
    """Return what is expected, in a few words."""
    statuses = " or ".join(map(str, expectation.statuses)) or "4xx"
    codes = " or ".join(expectation.codes)
    return f"{statuses} {codes}".strip() + f" at the {expectation.stage} stage"
