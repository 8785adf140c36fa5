"""Requests whose authentication says too little, or names what does not exist."""

from collections.abc import Iterable

import httpx

from conformance.client.building import Scheme
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
from conformance.rules.gateway.requests import operation_cases, real_or_plausible, way
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec import Operation
from conformance.wire.tamper import signers

_UNSIGNED = {"RPC-1.0": "unsigned", "V3": "unsigned-v3"}
_HEADERS = (
    *("x-acs-action", "x-acs-version", "x-acs-date"),
    *("x-acs-signature-nonce", "x-acs-content-sha256"),
)
#: Authorization headers that do not have the documented form.
_MALFORMED = {
    "algorithm alone": "ACS3-HMAC-SHA256",
    "no signature": "ACS3-HMAC-SHA256 Credential={id},SignedHeaders=host",
    "empty signature": "ACS3-HMAC-SHA256 Credential={id},SignedHeaders=host,Signature=",
    "no credential": "ACS3-HMAC-SHA256 SignedHeaders=host,Signature=" + "0" * 64,
    "no signed headers": "ACS3-HMAC-SHA256 Credential={id},Signature=" + "0" * 64,
    "other scheme": "Basic dXNlcjpwYXNzd29yZA==",
}


@rule(
    "AUTH-040",
    level=Level.MUST,
    family="authentication",
    statement="RPC-1.0 without a common parameter that is always required is refused as lacking "
    "it.",
    provenance="documented",
    source=f"{RPC_PAGE}; {TABLES}",
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(name, name)
        for name in (
            *("Action", "Version", "AccessKeyId", "Signature", "SignatureMethod"),
            *("SignatureVersion", "Timestamp"),
        )
    ),
)
def missing_common_parameter(kms: Kms, name: str) -> None:
    """Leave one common parameter out and sign the rest rightly."""
    twin(kms, "RPC-1.0")
    mutation = "missing-signature" if name == "Signature" else f"missing-{name}"
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", mutation))
    expect_failure(kms, exchange, "missing-common-parameter", parameter=name, why=f"without {name}")
    kms.proves(f"common/RPC-1.0/{name}")


@rule(
    "AUTH-041",
    level=Level.MUST,
    family="authentication",
    statement="V3 without a header that is always required is refused.",
    provenance="documented",
    source=V3_PAGE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative",),
    cases=lambda: (Case(name, name) for name in _HEADERS),
)
def missing_header(kms: Kms, name: str) -> None:
    """Leave one required header out and sign the rest rightly; no page names the code."""
    twin(kms, "V3")
    exchange = ask(kms, "V3", wrong_signer(kms, "V3", f"missing-{name}"))
    kms.expect_refused(exchange, stage="authentication", why=f"without {name}")
    kms.proves(f"common/V3/{name}")


@rule(
    "AUTH-042",
    level=Level.SHOULD,
    family="authentication",
    statement="V3 without a required header is answered as RPC-1.0 without the parameter is.",
    provenance="inferred",
    source=f"{TABLES}: no table covers V3",
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (Case(name, name) for name in _HEADERS),
)
def missing_header_code(kms: Kms, name: str) -> None:
    """Leave one required header out and compare the answer with the tables."""
    twin(kms, "V3")
    exchange = ask(kms, "V3", wrong_signer(kms, "V3", f"missing-{name}"))
    kinds = {
        "x-acs-action": ("missing-header", "unknown-action"),
        "x-acs-version": ("missing-header", "unknown-version"),
    }
    expect_failure(
        kms,
        exchange,
        *kinds.get(name, ("missing-header",)),
        parameter=name,
        why=f"without {name}",
    )


@rule(
    "AUTH-043",
    level=Level.MUST,
    family="authentication",
    statement="No operation answers a request that is not signed, and what it would have changed "
    "stays as it was.",
    provenance="documented",
    source="Request syntax page, AlibabaCloudDocs/kms (2021-07)",
    stage="authentication",
    tags=("negative", "effect"),
    cases=operation_cases(),
)
def unsigned_everywhere(kms: Kms, operation: Operation) -> None:
    """Call each operation with a valid request without Authorization, or without Signature."""
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
            auth=wrong_signer(kms, scheme, _UNSIGNED[scheme]),
        )
        kms.expect_refused(exchange, stage="authentication", why="not signed")
    unchanged(kms, operation, params, before)


@rule(
    "AUTH-044",
    level=Level.SHOULD,
    family="authentication",
    statement="A request that is not signed is answered as lacking its signature.",
    provenance="inferred",
    source=TABLES,
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (Case(scheme, scheme) for scheme in SCHEMES),
)
def unsigned_code(kms: Kms, scheme: Scheme) -> None:
    """Leave the whole authentication out and compare the answer with the tables."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, _UNSIGNED[scheme]))
    expect_failure(kms, exchange, "unsigned", parameter="Signature", why="not signed")


def _malformed() -> Iterable[Case]:
    for name, text in _MALFORMED.items():
        yield Case(name, text)


@rule(
    "AUTH-045",
    level=Level.MUST,
    family="authentication",
    statement="V3: an Authorization header that does not have the documented form is refused.",
    provenance="documented",
    source=V3_PAGE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative",),
    cases=_malformed,
)
def malformed_authorization(kms: Kms, text: str) -> None:
    """Replace the Authorization header of a right request; no page names the code."""
    twin(kms, "V3")
    signer = right_signer(kms, "V3")
    header = text.replace("{id}", signer.credential.id)

    def replaced(request: httpx.Request) -> httpx.Request:
        return signers.with_header(request, "authorization", header)

    exchange = ask(kms, "V3", signers.after(signer, replaced))
    kms.expect_refused(exchange, stage="authentication", why="malformed Authorization header")


@rule(
    "AUTH-046",
    level=Level.MUST,
    family="authentication",
    statement="V3: a request that lacks a header which SignedHeaders names is refused.",
    provenance="documented",
    source=V3_PAGE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative", "tampering"),
)
def signed_header_absent(kms: Kms) -> None:
    """Take a signed header away; no page names the code."""
    twin(kms, "V3")
    exchange = ask(kms, "V3", wrong_signer(kms, "V3", "signed-header-absent"))
    kms.expect_refused(exchange, stage="authentication", why="a signed header is not there")


@rule(
    "AUTH-047",
    level=Level.SHOULD,
    family="authentication",
    statement="V3: action and version count only when they are signed.",
    provenance="inferred",
    source=f"{V3_PAGE}: every x-acs-* header is to be signed; that the server insists is not said",
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative", "tampering"),
)
def unsigned_action(kms: Kms) -> None:
    """Send action and version and leave them out of SignedHeaders."""
    twin(kms, "V3")
    exchange = ask(kms, "V3", wrong_signer(kms, "V3", "action-unsigned"))
    kms.expect_refused(exchange, stage="authentication", why="the operation is not signed")


@rule(
    "AUTH-048",
    level=Level.MUST,
    family="authentication",
    statement="RPC-1.0 under a SignatureMethod that does not exist is refused as such.",
    provenance="documented",
    source=TABLES,
    stage="authentication",
    promises=("common/RPC-1.0/SignatureMethod",),
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    tags=("negative",),
    readings=("error-family",),
)
def unknown_method(kms: Kms) -> None:
    """Sign with HMAC-SHA256 and say so, which RPC-1.0 does not have."""
    twin(kms, "RPC-1.0")
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", "algorithm-unknown"))
    expect_failure(kms, exchange, "unsupported-signature-method", why="SignatureMethod HMAC-SHA256")


@rule(
    "AUTH-049",
    level=Level.MUST,
    family="authentication",
    statement="V3 under an algorithm that does not exist is refused.",
    provenance="documented",
    source=V3_PAGE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:V3",),
    tags=("negative",),
)
def unknown_algorithm(kms: Kms) -> None:
    """Name an algorithm that no scheme has; no page names the code."""
    twin(kms, "V3")
    exchange = ask(kms, "V3", wrong_signer(kms, "V3", "algorithm-unknown-v3"))
    kms.expect_refused(exchange, stage="authentication", why="algorithm ACS3-HMAC-SHA1024")


@rule(
    "AUTH-050",
    level=Level.SHOULD,
    family="authentication",
    statement="RPC-1.0 with a SignatureVersion other than 1.0 is refused as such.",
    provenance="inferred",
    source=f"{RPC_PAGE}; answer concluded from the rows for other values",
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    tags=("negative",),
    readings=("error-family",),
)
def unknown_signature_version(kms: Kms) -> None:
    """Name SignatureVersion 9.9 and sign rightly."""
    twin(kms, "RPC-1.0")
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", "signature-version-unknown"))
    expect_failure(kms, exchange, "unsupported-signature-version", why="SignatureVersion 9.9")
