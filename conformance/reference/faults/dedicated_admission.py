"""Faults of the dedicated gateway: KMS API lets in whom the shared gateway would not."""

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault
from conformance.reference.faults.verifying import let_in
from conformance.reference.passage import Passage
from conformance.wire.failures import AuthFailure
from conformance.wire.failures import FailureKind as Kind

_SIGNING = "Request syntax and signature method V2 and V3; Alibaba Cloud SDK page 601559"


def _on_dedicated(passage: Passage, _: AuthFailure) -> bool:
    return passage.gateway == "dedicated"


@fault(
    "dedicated-checks-no-signature",
    breaks=("CELL-025",),
    statement="The dedicated gateway takes a wrong signature of KMS API for a right one.",
    source=_SIGNING,
)
def _no_signature(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.SIGNATURE_MISMATCH, when=_on_dedicated)


@fault(
    "dedicated-takes-requests-of-any-time",
    breaks=("CELL-025",),
    statement="The dedicated gateway does not look at the time of a request of KMS API.",
    source=_SIGNING,
)
def _any_time(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.STALE_TIMESTAMP, when=_on_dedicated)


@fault(
    "dedicated-takes-requests-twice",
    breaks=("CELL-026",),
    statement="The dedicated gateway serves a signed request of KMS API again and again.",
    source=_SIGNING,
)
def _twice(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.REPLAYED_NONCE, when=_on_dedicated)


@fault(
    "dedicated-lets-disabled-access-keys-in",
    breaks=("CELL-027",),
    statement="The dedicated gateway serves disabled access keys.",
    source=_SIGNING,
)
def _disabled(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.DISABLED_ACCESS_KEY, when=_on_dedicated)


@fault(
    "dedicated-asks-for-no-rights",
    breaks=("CELL-027",),
    statement="On the dedicated gateway every RAM identity may do everything.",
    source="RAM authorisation of KMS (2025-06)",
)
def _no_rights(endpoint: Endpoint) -> None:
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        assert passage.call is not None
        if passage.gateway != "dedicated" or passage.call.principal.kind == "client-key":
            original(passage)

    endpoint.authorise = authorise
