"""The dedicated gateway by RAM: KMS API for business, and nothing else of it."""

from collections.abc import Mapping
from typing import Any

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import SCHEMES
from conformance.rules.gateway.requests import real, way
from conformance.rules.matrix.trying import (
    ON_DEDICATED,
    OVERVIEW,
    SDK_PAGE,
    is_documented,
    not_offered,
    operation_cases,
)
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation

_SOURCE = f"{OVERVIEW}; {SDK_PAGE}"
#: One operation of each kind.
_THROUGH_STS = ("Encrypt", "AsymmetricSign", "GetSecretValue")


def _ask(
    kms: Kms,
    operation: Operation,
    params: Mapping[str, Any],
    scheme: Scheme,
    identity: str = "full",
) -> Exchange:
    method, placement = way(operation)
    return kms.call(
        operation.name,
        params,
        gateway="dedicated",
        scheme=scheme,
        method=method,
        placement=placement,
        identity=identity,
    )


@rule(
    "CELL-020",
    level=Level.MUST,
    family="matrix",
    statement="Each cryptographic operation but ReEncrypt, and GetSecretValue, is served by the "
    "dedicated gateway to RAM identities, by RPC-1.0 and V3, with keys and secrets of its "
    "instance.",
    provenance="documented",
    source=_SOURCE,
    stage="gateway",
    needs=ON_DEDICATED,
    cells=("dedicated-ram-api-cryptographic", "dedicated-ram-api-secret-retrieval"),
    cases=operation_cases(lambda operation: "dedicated" in operation.gateways),
)
def business_is_served(kms: Kms, operation: Operation) -> None:
    """Call each operation with its smallest request, signed by each scheme."""
    for scheme in SCHEMES:
        if not kms.offers(f"scheme:{scheme}"):
            continue
        params = real(kms, operation, instance=True)
        kms.expect_success(_ask(kms, operation, params, scheme))


@rule(
    "CELL-021",
    level=Level.MUST,
    family="matrix",
    statement="Temporary credentials of a role are let in by the dedicated gateway as those of a "
    "user are.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    needs=(*ON_DEDICATED, "identity:sts"),
    cells=("dedicated-ram-api-cryptographic", "dedicated-ram-api-secret-retrieval"),
    cases=operation_cases(lambda operation: operation.name in _THROUGH_STS),
)
def temporary_credentials(kms: Kms, operation: Operation) -> None:
    """Encrypt, sign and retrieve with a security token, by each scheme."""
    for scheme in SCHEMES:
        if not kms.offers(f"scheme:{scheme}"):
            continue
        params = real(kms, operation, instance=True)
        permitted = _ask(kms, operation, params, scheme)
        if not permitted.ok:
            raise NotTestable(f"a user is answered {permitted.describe()}", [permitted])
        kms.expect_success(_ask(kms, operation, params, scheme, "sts"))


def _refused(kms: Kms, operation: Operation) -> None:
    """Try an operation by both schemes, one after the other: they may be dispatched apart."""
    for scheme in SCHEMES:
        if kms.offers(f"scheme:{scheme}"):

            def send(params: Mapping[str, Any], scheme: Scheme = scheme) -> Exchange:
                return _ask(kms, operation, params, scheme)

            where = f"by the dedicated gateway ({scheme})"
            not_offered(kms, operation, send, where=where, instance=True)


@rule(
    "CELL-022",
    level=Level.MUST,
    family="matrix",
    statement="No management operation is served by the dedicated gateway: each, rightly signed "
    "by an identity with all rights, is refused there and changes nothing.",
    provenance="documented",
    source=_SOURCE,
    stage="gateway",
    needs=("gateway:dedicated",),
    tags=("negative", "effect"),
    cells=("dedicated-ram-api-management",),
    cases=operation_cases(
        lambda operation: operation.category == "management" and is_documented(operation)
    ),
)
def management_is_refused(kms: Kms, operation: Operation) -> None:
    """Try each one, and look through the shared gateway at what it would have changed."""
    _refused(kms, operation)


@rule(
    "CELL-023",
    level=Level.MUST,
    family="matrix",
    statement="ReEncrypt and managed data keys are for the shared gateway: the dedicated one "
    "refuses them.",
    provenance="documented",
    source=f"{_SOURCE}; Go SDK v4.1.0, operation text",
    stage="gateway",
    needs=("gateway:dedicated",),
    tags=("negative",),
    cells=("dedicated-ram-api-cryptographic",),
    cases=operation_cases(
        lambda operation: (
            operation.category == "cryptographic"
            and "dedicated" not in operation.gateways
            and is_documented(operation)
        )
    ),
)
def shared_only_is_refused(kms: Kms, operation: Operation) -> None:
    """Try each one with things of the instance."""
    _refused(kms, operation)


@rule(
    "CELL-024",
    level=Level.SHOULD,
    family="matrix",
    statement="Operations that no page gives to the dedicated gateway are refused there.",
    provenance="inferred",
    source=_SOURCE,
    stage="gateway",
    needs=("gateway:dedicated",),
    tags=("negative", "effect"),
    cases=operation_cases(
        lambda operation: "dedicated" not in operation.gateways and not is_documented(operation)
    ),
)
def others_are_refused(kms: Kms, operation: Operation) -> None:
    """Try each one; what served it would offer more than is known, which is no harm."""
    _refused(kms, operation)
