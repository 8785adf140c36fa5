"""What an operation must accept, and the form of what it answers."""

from collections.abc import Iterable, Iterator

from conformance.client.exchange import Exchange
from conformance.rules.contract.schema import Problem, answer_problems, places
from conformance.rules.contract.sending import (
    Batch,
    cases_of,
    chosen,
    usable_operations,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec.catalogue import Operation
from conformance.spec.combinations import combinations
from conformance.spec.compose import plausible
from conformance.spec.promises import constraint_of
from conformance.spec.variants import Variant

_OPERATIONS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"

Answered = tuple[Variant, Exchange]


def _cases_accepted() -> Iterable[Case]:
    return cases_of(o for o in usable_operations() if chosen(o, "positive", gates=True))


def _cases_likely() -> Iterable[Case]:
    return cases_of(o for o in usable_operations() if chosen(o, "positive", gates=False))


@rule(
    "CON-001",
    level=Level.MUST,
    family="contract",
    statement="Every request that is valid by the operation's description succeeds: borders of "
    "each constraint, every documented value and form of reference, optional parameters in pairs, "
    "by GET and POST, in query and form, asking for JSON and XML.",
    provenance="documented",
    source=_OPERATIONS,
    stage="service",
    tags=("variants",),
    cells=("shared-ram-api-*",),
    cases=_cases_accepted,
)
def accepts_valid(kms: Kms, operation: Operation) -> None:
    """Send every valid variant whose success a source promises."""
    batch = Batch(kms)
    answered = list(_accepted(batch, operation, gates=True))
    if answered:
        kms.memo["CON-004", operation.name] = kms.memo["CON-011", operation.name] = answered
    batch.conclude()


@rule(
    "CON-010",
    level=Level.SHOULD,
    family="contract",
    statement="Requests that are valid by all that is known, though no source promises success for "
    "their values, succeed.",
    provenance="inferred",
    source=_OPERATIONS,
    stage="service",
    tags=("variants",),
    cases=_cases_likely,
)
def accepts_likely(kms: Kms, operation: Operation) -> None:
    """Send every valid variant whose success is concluded."""
    batch = Batch(kms)
    for _ in _accepted(batch, operation, gates=False):
        pass
    batch.conclude()


def _accepted(batch: Batch, operation: Operation, *, gates: bool) -> Iterator[Answered]:
    for variant in chosen(operation, "positive", gates=gates):
        exchange = batch.send(variant)
        if exchange is None:
            continue
        if not exchange.ok:
            if not gates and _declines(operation, variant, exchange):
                batch.declined.append(f"{variant.id}: declined with {exchange.describe()}")
                continue
            batch.note(variant.id, "success", exchange)
        elif exchange.answer.data is None:
            problems = ", ".join(exchange.answer.problems)
            batch.note(variant.id, "a readable answer", exchange, problems)
        else:
            batch.kms.proves(f"operation/{operation.name}", constraint_of(variant))
            yield variant, exchange


def _declines(operation: Operation, variant: Variant, exchange: Exchange) -> bool:
    """Tell whether a value that not every target takes is properly declined."""
    proper = 400 <= exchange.status < 500 and exchange.code is not None
    return proper and combinations(operation).is_unproven(plausible(operation, variant.params))


@rule(
    "CON-004",
    level=Level.MUST,
    family="contract",
    statement="A successful answer has the members that the operation's description says are "
    "always there, each of the documented JSON type and form; members not described are fine.",
    provenance="documented",
    source=_OPERATIONS,
    stage="answer",
    tags=("variants",),
    cases=_cases_accepted,
)
def answers_fit(kms: Kms, operation: Operation) -> None:
    """Judge the answers to all valid variants by the response schema."""
    _judge_answers(kms, operation, "CON-004", gates=True)


@rule(
    "CON-011",
    level=Level.SHOULD,
    family="contract",
    statement="A successful answer also has the members and forms that are concluded from samples "
    "and official clients.",
    provenance="inferred",
    source=_OPERATIONS,
    stage="answer",
    tags=("variants",),
    cases=_cases_accepted,
)
def answers_fit_samples(kms: Kms, operation: Operation) -> None:
    """Judge the answers to all valid variants by what is inferred of them."""
    _judge_answers(kms, operation, "CON-011", gates=False)


def _judge_answers(kms: Kms, operation: Operation, rule_id: str, *, gates: bool) -> None:
    batch = Batch(kms)
    # The answers of CON-001 serve here as well, once: a repetition asks anew.
    known: list[Answered] | None = kms.memo.pop((rule_id, operation.name), None)
    if known is None:
        known = list(_accepted(batch, operation, gates=True))
        if batch.findings and not known:
            batch.untested.append(f"no valid request succeeds: {batch.findings[0]}")
        batch.findings.clear()  # refusals are the business of CON-001
    batch.sent = len(known)
    for variant, exchange in known:
        problems = [p for p in answer_problems(operation, exchange) if p.gates is gates]
        kms.proves(*(f"answer/{operation.name}/{place}" for place in places(exchange.data)))
        for problem in _few(problems):
            batch.note(variant.id, problem.expected, exchange, problem.found)
    batch.conclude()


def _few(problems: list[Problem]) -> list[Problem]:
    return problems[:3]
