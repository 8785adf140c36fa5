"""Random requests that shrink: what holds for chosen variants holds for all in between."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.contract.refusing import is_expected, wish
from conformance.rules.contract.schema import answer_problems
from conformance.rules.contract.sending import (
    Batch,
    all_operations,
    cases_of,
    changes_what_is_not_ours,
    chosen,
    usable_operations,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec.catalogue import Operation
from conformance.spec.combinations import combinations, mark_fresh
from conformance.spec.compose import plausible
from conformance.spec.expectations import success
from conformance.spec.negative import codec
from conformance.spec.random_requests import BadRequest, random_negative, random_request
from conformance.spec.transports import fitting
from conformance.spec.variants import Variant

_OPERATIONS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
#: Part of the run's examples that each operation gets: there are many operations.
_SHARE = 0.4
#: The same where each request leaves something behind or needs a fresh thing.
_SMALL_SHARE = 0.2


def _variant(
    operation: Operation,
    params: Mapping[str, Any],
    raw: tuple[tuple[str, str], ...] = (),
    base: Mapping[str, Any] = MappingProxyType({}),
) -> Variant:
    pairs = [*codec(operation).encode(plausible(operation, params)), *raw]
    return Variant(
        f"{operation.name}.random", operation.name, "random", "positive",
        mark_fresh(operation, params),
        fitting(operation, pairs), "", "", success(), raw=raw, base=base,
    )  # fmt: skip


def _cases_valid() -> Iterable[Case]:
    return cases_of(o for o in usable_operations() if o.request.get("properties"))


@rule(
    "CON-005",
    level=Level.MUST,
    family="contract",
    statement="Random requests that are valid by the operation's description succeed, and their "
    "answers fit it.",
    provenance="documented",
    source=_OPERATIONS,
    stage="service",
    tags=("random",),
    cases=_cases_valid,
)
def random_valid(kms: Kms, operation: Operation) -> None:
    """Send random valid requests; the smallest one that is answered wrongly is shown."""
    known = combinations(operation)

    def check(params: Mapping[str, Any]) -> None:
        if known.is_unproven(plausible(operation, params)):
            return
        variant = _variant(operation, params)
        if any(
            not kms.offers(f"{kind}:{params[name]}")
            for name, kind in known.needs.items()
            if name in params
        ):
            return
        batch = Batch(kms)
        exchange = batch.send(variant)
        if exchange is not None:
            _judge(batch, operation, exchange)
        if exchange is not None or batch.untested:
            batch.conclude()

    kms.property(random_request(operation), check, max_examples=_examples(kms, operation))


def _judge(batch: Batch, operation: Operation, exchange: Exchange) -> None:
    names = ", ".join(exchange.parameters) or "no parameter"
    if not exchange.ok or exchange.answer.data is None:
        batch.note(f"a valid request with {names}", "success", exchange)
        return
    for problem in answer_problems(operation, exchange):
        if problem.gates:
            batch.note(f"with {names}", problem.expected, exchange, problem.found)


def _examples(kms: Kms, operation: Operation) -> int:
    share = _SHARE if operation.safety == "read-only" else _SMALL_SHARE
    return max(1, round(kms.examples * share))


def _cases_faulty() -> Iterable[Case]:
    return cases_of(
        o
        for o in all_operations()
        if not changes_what_is_not_ours(o) and chosen(o, "negative", gates=True)
    )


@rule(
    "CON-009",
    level=Level.MUST,
    family="contract",
    statement="Random requests with exactly one documented fault are refused with a documented "
    "code.",
    provenance="documented",
    source=_OPERATIONS,
    stage="parameter",
    tags=("random", "negative"),
    readings=("parameter-code-names",),
    cases=_cases_faulty,
)
def random_faulty(kms: Kms, operation: Operation) -> None:
    """Put one fault into random requests."""

    def check(request: BadRequest) -> None:
        expectation = request.negative.expectation
        if not expectation.gates:
            return
        batch = Batch(kms)
        exchange = batch.send(
            _variant(operation, request.params, request.negative.raw, request.base)
        )
        if exchange is None:
            return
        if not is_expected(expectation, exchange):
            batch.note(request.negative.purpose, wish(expectation), exchange)
        batch.conclude()

    kms.property(random_negative(operation), check, max_examples=round(kms.examples * _SHARE))
