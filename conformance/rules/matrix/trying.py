"""Tries what a cell of the matrix does not offer: not served, and nothing is other than before.

Hardly any source says how such a call is answered, so that any refusal will do, a connection that
is closed included. What it must not have done is looked for where the call is offered.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.gateway.looking import look, unchanged
from conformance.rules.gateway.requests import real_or_plausible
from conformance.run.context import Kms
from conformance.run.registry import Case
from conformance.run.verdict import TransportProblem
from conformance.spec import Operation, catalogue

OVERVIEW = "KMS integration overview (2025-06)"
SDK_PAGE = "Alibaba Cloud SDK page 601559"
#: What a target must have for KMS API on the dedicated gateway; images before 3.0.0 lack it.
ON_DEDICATED = ("gateway:dedicated", "feature:dedicated-kms-api")

#: What a target must offer for client keys on an instance.
ON_INSTANCE = ("feature:access-points", "gateway:dedicated", "api:instance")


def operation_cases(wanted: Callable[[Operation], bool]) -> Callable[[], Iterable[Case]]:
    """Return a case for each operation of KMS API that is wanted."""

    def cases() -> Iterable[Case]:
        for operation in catalogue():
            if wanted(operation):
                yield Case(operation.name, operation, operation.name)

    return cases


def is_documented(operation: Operation) -> bool:
    """Tell whether a source says which gateways carry an operation."""
    return bool(operation.document["gatewaysProvenance"] == "documented")


def answered(send: Callable[[], Exchange]) -> Exchange | None:
    """Return what answers a call, None where the connection is closed instead."""
    try:
        return send()
    except TransportProblem as problem:
        if problem.kind not in {"reset", "protocol"}:
            raise
        return None


def not_offered(
    kms: Kms,
    operation: Operation,
    send: Callable[[Mapping[str, Any]], Exchange],
    *,
    where: str,
    instance: bool,
) -> None:
    """Make a call that is right but for the cell it falls into.

    Args:
        kms: The target.
        operation: What is called.
        send: Sends the call with these parameters.
        where: The cell in words, for the message.
        instance: Whether the call is about things of the instance.

    Raises:
        Violation: When it is served, or something has changed.
    """
    params = real_or_plausible(kms, operation, instance=instance)
    before = look(kms, operation, params)
    exchange = answered(lambda: send(params))
    if exchange is not None:
        kms.expect(
            not 200 <= exchange.status < 300,
            f"{operation.name} is not offered {where}, found {exchange.describe()}",
            exchange,
        )
    unchanged(kms, operation, params, before)
