"""Requests that are not the signed ones, part by part, and signatures that were made wrongly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from conformance.client.building import Placement, Scheme
from conformance.rules.authentication.answers import (
    RPC_PAGE,
    SCHEMES,
    TABLES,
    V3_PAGE,
    ask,
    expect_failure,
    right_signer,
    twin,
    wrong_signer,
)
from conformance.rules.gateway.looking import look, unchanged
from conformance.rules.gateway.requests import operation_cases, real, real_or_plausible, way
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation
from conformance.wire.request import rebuilt
from conformance.wire.rpc import RpcAuth
from conformance.wire.tamper import signers

#: Parts of a request by the mutation that makes a right signature belong to another request.
_PARTS = (
    *("value-changed", "parameter-renamed", "parameter-added", "parameter-removed"),
    *("action-changed", "method-changed", "time-changed", "nonce-changed"),
)
_V3_PARTS = ("host-changed", "body-changed")
#: Further common parameters of RPC-1.0 and headers of V3, with the value that is signed for.
_NAMED: Mapping[Scheme, Mapping[str, str]] = {
    "RPC-1.0": {"Version": "2010-01-01", "Format": "XML", "SignatureVersion": "1.1"},
    "V3": {"x-acs-version": "2010-01-01", "x-acs-credentials-provider": "another"},
}
#: Every character counts, wherever it stands: a verifier may compare a part of the signature.
_ONE_CHARACTER = tuple(
    f"signature-character-{place}"
    for place in ("first", "quarter", "middle", "three-quarters", "last")
)
_MADE_WRONGLY: Mapping[Scheme, tuple[str, ...]] = {
    "RPC-1.0": (
        *("signature-truncated", "key-without-ampersand", "encoded-once", "escapes-lower-case"),
        *_ONE_CHARACTER,
    ),
    "V3": ("signature-truncated", "signature-base64", "key-with-ampersand", *_ONE_CHARACTER),
}


@dataclass(frozen=True, slots=True)
class Tampering:
    """What is tampered with, and how the request travels."""

    scheme: Scheme
    placement: Placement
    mutation: str | None = None
    named: tuple[str, str] | None = None
    method: str = "POST"

    def signer(self, kms: Kms) -> httpx.Auth:
        """Return the signer whose signature belongs to another request."""
        right = right_signer(kms, self.scheme)
        if isinstance(right, RpcAuth) and self.placement == "form":
            right.placement = "form"
        if self.named is not None:
            name, value = self.named
            return signers.signed_by(
                right, lambda signer: signers.with_common(signer, name, lambda _: value)
            )
        assert self.mutation is not None
        return wrong_signer(kms, self.scheme, self.mutation, right=right)


def _tamperings() -> Iterable[Case]:
    for scheme in SCHEMES:
        placements: tuple[Placement, ...] = ("query", "form") if scheme == "RPC-1.0" else ("query",)
        for placement in placements:
            for mutation in (*_PARTS, *(_V3_PARTS if scheme == "V3" else ())):
                yield Case(
                    f"{mutation} {scheme} {placement}", Tampering(scheme, placement, mutation)
                )
            for named in _NAMED[scheme].items():
                yield Case(
                    f"{named[0]} {scheme} {placement}",
                    Tampering(scheme, placement, named=named),
                )
        from_get = Tampering(scheme, "query", "method-changed", method="GET")
        yield Case(f"method-changed {scheme} query from GET", from_get)


@rule(
    "AUTH-010",
    level=Level.MUST,
    family="authentication",
    statement="A signature holds for one request: changing any signed part of it (a parameter, its "
    "name, the operation, version, method, time, nonce, host, body, a signed header) is refused as "
    "a signature mismatch.",
    provenance="documented",
    source=f"{RPC_PAGE}; {V3_PAGE}; {TABLES}",
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative", "tampering"),
    readings=("error-family",),
    cases=_tamperings,
)
def tampered_part(kms: Kms, tampering: Tampering) -> None:
    """Send a request with the signature of one that differs in one part; the twin is served."""
    kms.require(f"scheme:{tampering.scheme}")
    how: dict[str, Any] = {"placement": tampering.placement, "method": tampering.method}
    twin(kms, tampering.scheme, **how)
    exchange = ask(kms, tampering.scheme, tampering.signer(kms), **how)
    what = tampering.mutation or f"signed for another {tampering.named and tampering.named[0]}"
    expect_failure(kms, exchange, "signature-mismatch", why=what)


@rule(
    "AUTH-011",
    level=Level.MUST,
    family="authentication",
    statement="A signature that was not made as documented (cut short, with one other character, "
    "in another encoding, with another form of the key, over another form of the string) is "
    "refused as a signature mismatch.",
    provenance="documented",
    source=f"{RPC_PAGE}; {V3_PAGE}; {TABLES}",
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(f"{mutation} {scheme}", (scheme, mutation))
        for scheme in SCHEMES
        for mutation in _MADE_WRONGLY[scheme]
    ),
)
def signature_made_wrongly(kms: Kms, how: tuple[Scheme, str]) -> None:
    """Send a right request with a signature in which one step or one character is wrong."""
    scheme, mutation = how
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, mutation))
    expect_failure(kms, exchange, "signature-mismatch", why=mutation)


@rule(
    "AUTH-015",
    level=Level.MUST,
    family="authentication",
    statement="RPC-1.0: a signature counts letter for letter, for base64 tells cases apart: with "
    "its letters in the other case it is refused as a signature mismatch.",
    provenance="documented",
    source=f"{RPC_PAGE}; {TABLES}",
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    tags=("negative",),
    readings=("error-family",),
)
def signature_in_other_case(kms: Kms) -> None:
    """Send a right request with the letters of its signature in the other case."""
    twin(kms, "RPC-1.0")
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", "signature-other-case"))
    expect_failure(kms, exchange, "signature-mismatch", why="the letters are in the other case")


@rule(
    "AUTH-012",
    level=Level.MUST,
    family="authentication",
    statement="V3: a body that is not the one whose hash is signed is refused as a signature "
    "mismatch.",
    provenance="documented",
    source=V3_PAGE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative", "tampering"),
    readings=("error-family",),
)
def body_hash(kms: Kms) -> None:
    """Name and sign the hash of another body."""
    twin(kms, "V3")
    exchange = ask(kms, "V3", wrong_signer(kms, "V3", "content-hash-wrong"))
    expect_failure(kms, exchange, "body-hash-mismatch", why="the signed hash is of another body")


@rule(
    "AUTH-013",
    level=Level.MUST,
    family="authentication",
    statement="No operation answers a wrong signature, and what it would have changed stays as it "
    "was.",
    provenance="documented",
    source=TABLES,
    stage="authentication",
    tags=("negative", "effect"),
    readings=("error-family",),
    cases=operation_cases(),
)
def wrong_signature_everywhere(kms: Kms, operation: Operation) -> None:
    """Call each operation with a valid request that was signed with another secret."""
    params = real_or_plausible(kms, operation)
    method, placement = way(operation)
    before = look(kms, operation, params)
    for scheme in SCHEMES:
        if not kms.offers(f"scheme:{scheme}"):
            continue
        exchange = kms.call(
            operation.name,
            params,
            scheme=scheme,
            method=method,
            placement=placement,
            auth=wrong_signer(kms, scheme, "other-secret"),
        )
        expect_failure(kms, exchange, "signature-mismatch", why="signed with another secret")
    unchanged(kms, operation, params, before)


def _changed_body(request: httpx.Request) -> httpx.Request:
    return rebuilt(request, content=request.content.replace(b"SecretData=", b"SecretData=changed-"))


@rule(
    "AUTH-014",
    level=Level.MUST,
    family="authentication",
    statement="A secret value that was changed on the way is refused as a signature mismatch, and "
    "no version is stored.",
    provenance="documented",
    source=f"{RPC_PAGE}; {V3_PAGE}; {TABLES}",
    stage="authentication",
    operations=("PutSecretValue",),
    safety="creates",
    tags=("negative", "tampering", "effect"),
    readings=("error-family",),
    cases=lambda: (Case(scheme, scheme, "PutSecretValue") for scheme in SCHEMES),
)
def changed_secret_value(kms: Kms, scheme: Scheme) -> None:
    """Change SecretData in the form, where official SDKs send it, after signing."""
    kms.require(f"scheme:{scheme}")
    operation = kms.operation("PutSecretValue")
    params: dict[str, Any] = real(kms, operation)
    before = look(kms, operation, params)
    auth = signers.after(right_signer(kms, scheme), _changed_body)
    exchange = kms.call(operation.name, params, scheme=scheme, placement="sdk", auth=auth)
    expect_failure(
        kms, exchange, "signature-mismatch", "body-hash-mismatch", why="body changed on the way"
    )
    unchanged(kms, operation, params, before)
    stored = kms.call(operation.name, params, scheme=scheme, placement="sdk")
    if not stored.ok:
        raise NotTestable(
            f"the unchanged twin is answered {stored.describe()}, so that a refusal proves nothing",
            [stored],
        )
