"""Faults of authentication: what is signed, and what of it is compared."""

from dataclasses import replace

from conformance.reference.answers import answer_for
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.forging import (
    claimed_identity,
    is_failure,
    is_mismatch,
    signed_anew,
    take_anyway,
)
from conformance.reference.faults.registry import fault, refuse_at, replace_error
from conformance.reference.passage import Passage
from conformance.wire import acs3, rpc
from conformance.wire.acs_canonical import Authorization, hash_hex
from conformance.wire.credentials import AccessKey
from conformance.wire.failures import AuthFailure
from conformance.wire.identity import Scheme, Verifier
from conformance.wire.request import WireRequest

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_RPC = "RPC mechanism page (2024-01 to 2025-03)"
_V3 = "Request syntax and signature method V3"
_GATEWAY = "OpenAPI gateway error table, developer.aliyun.com/ask/278265"


@fault(
    "wrong-signature-accepted",
    breaks=("AUTH-003", "AUTH-010", "AUTH-011", "AUTH-013", "GW-SHR-010"),
    statement="A signature is never compared: any will do.",
    source=f"{_RESPONSES}: 400 IncompleteSignature",
)
def _wrong_signature(endpoint: Endpoint) -> None:
    take_anyway(endpoint, is_mismatch)


@fault(
    "signature-mismatch-answers-500",
    breaks=("AUTH-003", "AUTH-010", "AUTH-011", "AUTH-012", "AUTH-013", "GW-SHR-010"),
    statement="A signature that does not fit is answered as an internal failure.",
    source=f"{_RESPONSES}: 400 IncompleteSignature",
)
def _mismatch_500(endpoint: Endpoint) -> None:
    replace_error(
        endpoint, lambda error: is_failure(error, "signature-mismatch"), "InternalFailure", 500
    )


@fault(
    "wrong-signature-of-writes-accepted",
    breaks=("AUTH-013", "AUTH-014"),
    statement="The signature of calls that change something is not compared.",
    source=f"{_RESPONSES}: 400 IncompleteSignature",
)
def _wrong_signature_of_writes(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        asked = passage.request.header("x-acs-action")
        if asked is None:
            pairs = passage.request.query_pairs() + passage.request.form_pairs()
            asked = dict(pairs).get("Action", "")
        known = endpoint.handlers.keys() & {asked}
        return bool(known) and is_mismatch(error, passage) and not _reads(endpoint, asked)

    take_anyway(endpoint, applies)


def _reads(endpoint: Endpoint, operation: str) -> bool:
    return endpoint.operations[operation].operation.safety == "read-only"


@fault(
    "short-signature-accepted",
    breaks=("AUTH-011",),
    statement="A signature that is cut short is taken when what is left of it fits.",
    source=f"{_RPC}: the signature is the whole HMAC in base64",
)
def _short_signature(endpoint: Endpoint) -> None:

    def applies(error: KmsError, passage: Passage) -> bool:
        given, right = _signatures(endpoint, error, passage, Scheme.RPC)
        return len(given.rstrip("=")) >= 8 and right.startswith(given.rstrip("="))

    take_anyway(endpoint, applies)


def _signatures(
    endpoint: Endpoint, error: KmsError, passage: Passage, scheme: Scheme
) -> tuple[str, str]:
    """Return the given and the right signature of a mismatch by a scheme, else empty ones."""
    identity = claimed_identity(endpoint, passage.request)
    if not is_mismatch(error, passage) or identity is None or passage.scheme is not scheme:
        return "", ""
    right = signed_anew(passage.request, identity, scheme)
    read = _v3_signature if scheme is Scheme.V3 else _rpc_signature
    return read(passage.request), read(right)


def _v3_signature(request: WireRequest) -> str:
    return Authorization.parse(request.header("authorization") or "").signature


def _rpc_signature(request: WireRequest) -> str:
    return dict(request.query_pairs() + request.form_pairs())["Signature"]


@fault(
    "half-of-v3-signature-compared",
    breaks=("AUTH-011",),
    statement="V3 compares the first half of a signature only.",
    source=f"{_V3}: the signature is the whole HMAC in hexadecimal",
)
def _half_signature(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        given, right = _signatures(endpoint, error, passage, Scheme.V3)
        return len(given) == len(right) > 0 and given[:32] == right[:32]

    take_anyway(endpoint, applies)


@fault(
    "end-of-signature-not-compared",
    breaks=("AUTH-011",),
    statement="RPC-1.0 does not compare the last character of a signature.",
    source=f"{_RPC}: the signature is the whole HMAC in base64",
)
def _end_of_signature(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        given, right = _signatures(endpoint, error, passage, Scheme.RPC)
        # 27 characters of base64 and one of padding.
        return len(given) == len(right) > 0 and given[:26] == right[:26]

    take_anyway(endpoint, applies)


@fault(
    "signature-in-any-case",
    breaks=("AUTH-015",),
    statement="Signatures of RPC-1.0 are compared without regard to case.",
    source=f"{_RPC}: the signature is the HMAC in base64",
)
def _signature_in_any_case(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        identity = claimed_identity(endpoint, passage.request)
        if not is_mismatch(error, passage) or identity is None or passage.scheme is Scheme.V3:
            return False
        right = signed_anew(passage.request, identity, Scheme.RPC)
        given = dict(passage.request.query_pairs() + passage.request.form_pairs())["Signature"]
        return dict(right.query_pairs())["Signature"].lower() == given.lower()

    take_anyway(endpoint, applies)


@fault(
    "body-hash-not-compared",
    breaks=("AUTH-012",),
    statement="V3: the body is not held against the hash that the request names.",
    source=f"{_V3}: x-acs-content-sha256 is the hash of the body",
)
def _body_hash(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        named = passage.request.header("x-acs-content-sha256")
        real = hash_hex("sha256", passage.request.body)
        return is_mismatch(error, passage) and named not in {None, real}

    take_anyway(endpoint, applies)


@fault(
    "method-not-signed",
    breaks=("AUTH-010",),
    statement="RPC-1.0: a request signed for GET is taken by POST, and the other way round.",
    source=f"{_RPC}: the string to sign begins with the method",
)
def _method_not_signed(endpoint: Endpoint) -> None:

    def applies(error: KmsError, passage: Passage) -> bool:
        request = passage.request
        identity = claimed_identity(endpoint, request)
        if not is_mismatch(error, passage) or identity is None or passage.scheme is Scheme.V3:
            return False
        pairs = request.query_pairs() + request.form_pairs()
        other = "GET" if request.method == "POST" else "POST"
        credential = AccessKey(identity.access_key_id, identity.secret or "")
        return dict(pairs)["Signature"] == rpc.sign(other, pairs, credential)

    take_anyway(endpoint, applies)


@fault(
    "missing-signed-header-ignored",
    breaks=("AUTH-046",),
    statement="V3: a header that SignedHeaders names and the request lacks does not matter.",
    source=f"{_V3}: SignedHeaders names the headers that are signed",
)
def _missing_signed_header(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        if not is_mismatch(error, passage) or passage.scheme is not Scheme.V3:
            return False
        authorization = passage.request.header("authorization") or ""
        names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        return any(passage.request.header(name) is None for name in names)

    take_anyway(endpoint, applies)


@fault(
    "malformed-authorization-answers-500",
    breaks=("AUTH-045",),
    statement="V3: an Authorization header of another form is answered as an internal failure.",
    source=f"{_V3}: form of the Authorization header",
)
def _malformed_authorization(endpoint: Endpoint) -> None:

    def judge(passage: Passage) -> KmsError | None:
        if passage.scheme is not Scheme.V3:
            return None
        try:
            Authorization.parse(passage.request.header("authorization") or "")
        except AuthFailure:
            return KmsError("InternalFailure", "The service failed.", 500)
        return None

    refuse_at(endpoint, "recognise", judge)


@fault(
    "plus-taken-literally",
    breaks=("AUTH-070",),
    statement="A plus sign in query or form is not read as a blank.",
    source="alibabacloud-tea-openapi 0.4.6 writes blanks as plus signs",
)
def _plus(endpoint: Endpoint) -> None:

    original = endpoint.authenticate

    def authenticate(passage: Passage) -> None:
        request = passage.request
        query = request.query_string.replace(b"+", b"%2B")
        body = request.body.replace(b"+", b"%2B") if request.has_form() else request.body
        if passage.scheme is Scheme.V3:
            body = request.body
        passage.request = replace(request, query_string=query, body=body)
        original(passage)

    endpoint.authenticate = authenticate


@fault(
    "only-documented-headers-signed",
    breaks=("AUTH-071",),
    statement="V3: a request that signs accept or user-agent, too, is refused.",
    source="alibabacloud-tea-openapi 0.4.6 signs every header present",
)
def _documented_headers(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        authorization = passage.request.header("authorization") or ""
        names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        if passage.scheme is Scheme.V3 and {"accept", "user-agent"} & set(names):
            code, status = answer_for("signature-mismatch", endpoint.settings.error_family)
            return KmsError(code, "Specified signature does not match.", status)
        return None

    refuse_at(endpoint, "recognise", judge)


@fault(
    "every-v3-request-counts-as-post",
    breaks=("AUTH-010",),
    statement="V3: the signature of a POST holds for the same request by GET as well.",
    source=f"{_V3}: the method is the first part of the canonical request",
)
def _counts_as_post(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        if not is_mismatch(error, passage) or passage.scheme is not Scheme.V3:
            return False
        verifier = Verifier(endpoint.lookup, endpoint.policy, lambda: passage.now)
        try:
            acs3.verify(replace(passage.request, method="POST"), verifier)
        except AuthFailure:
            return False
        return True

    take_anyway(endpoint, applies)
