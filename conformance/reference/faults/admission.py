"""Faults of authentication that show in single operations, in effects, and in answers."""

import base64
import hmac
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, refuse_at
from conformance.reference.faults.verifying import (
    access_key_of,
    action_of,
    also_right,
    answer,
    do_all_the_same,
    header_of,
    identity_of,
    let_in,
    on_failure,
    pairs_of,
    signature_of,
)
from conformance.reference.passage import Passage
from conformance.spec import catalogue
from conformance.wire.encoding import encode_query
from conformance.wire.failures import AuthFailure
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.identity import Scheme
from conformance.wire.request import WireRequest

TABLES = (
    "KMS Responses page, AlibabaCloudDocs/kms (2021-07); "
    "OpenAPI gateway error table, developer.aliyun.com/ask/278265"
)
PAGES = "Request syntax and signature method, V2 for RPC APIs and V3"


@fault(
    "malformed-access-key-answers-403",
    breaks=("AUTH-002",),
    statement="A malformed AccessKey id is answered 403 Forbidden.AccessKey.",
    source=TABLES,
)
def _malformed_key(endpoint: Endpoint) -> None:
    answer(endpoint, "Forbidden.AccessKey", 403, Kind.MALFORMED_ACCESS_KEY)


@fault(
    "disabled-access-key-lists-aliases",
    breaks=("AUTH-004",),
    statement="A disabled AccessKey may still call ListAliases.",
    source=TABLES,
)
def _disabled_lists(endpoint: Endpoint) -> None:
    let_in(
        endpoint,
        Kind.DISABLED_ACCESS_KEY,
        when=lambda passage, _: action_of(passage.request) == "ListAliases",
    )


@fault(
    "identity-without-rights-unknown",
    breaks=("AUTH-005", "RAM-001", "RAM-002", "RAM-008", "RAM-009"),
    statement="An AccessKey without any permission is answered as unknown.",
    source=TABLES,
)
def _rightless_unknown(endpoint: Endpoint) -> None:
    rightless = endpoint.identities["none"].credential.id

    def judge(passage: Passage) -> KmsError | None:
        if access_key_of(passage.request) != rightless:
            return None
        return KmsError("InvalidAccessKeyId.NotFound", "There is no such AccessKey.", 404)

    refuse_at(endpoint, "authenticate", judge)


@fault(
    "one-parameter-not-signed",
    breaks=("AUTH-010",),
    statement="A signature over the other parameters holds for a request with PageNumber too.",
    source=PAGES,
)
def _parameter_not_signed(endpoint: Endpoint) -> None:
    def without(request: WireRequest) -> WireRequest:
        pairs = [pair for pair in request.query_pairs() if pair[0] != "PageNumber"]
        return replace(request, query_string=encode_query(pairs).encode())

    also_right(endpoint, without)


@fault(
    "either-form-of-signing-key",
    breaks=("AUTH-011",),
    statement="The signing key is taken with and without the ampersand, by both schemes.",
    source=PAGES,
)
def _either_key(endpoint: Endpoint) -> None:
    def is_right(passage: Passage, failure: AuthFailure) -> bool:
        return signature_of(passage.request) in _signatures(endpoint, passage, failure)

    let_in(endpoint, Kind.SIGNATURE_MISMATCH, when=is_right)


def _signatures(endpoint: Endpoint, passage: Passage, failure: AuthFailure) -> list[str]:
    """Return the right signature and the one with the other form of the key."""
    secret = identity_of(endpoint, passage).secret or ""
    text = (failure.string_to_sign or "").encode()
    keys = (secret.encode(), f"{secret}&".encode())
    if passage.scheme is Scheme.V3:
        return [hmac.digest(key, text, "sha256").hex() for key in keys]
    return [base64.b64encode(hmac.digest(key, text, "sha1")).decode() for key in keys]


@fault(
    "signature-of-delete-alias-not-checked",
    breaks=("AUTH-013",),
    statement="Any signature is taken for DeleteAlias.",
    source=PAGES,
)
def _delete_alias(endpoint: Endpoint) -> None:
    let_in(
        endpoint,
        Kind.SIGNATURE_MISMATCH,
        when=lambda passage, _: action_of(passage.request) == "DeleteAlias",
    )


@fault(
    "done-before-signature-check",
    breaks=("AUTH-013", "AUTH-014"),
    statement="A call such as TagResource with a wrong signature is carried out before it is "
    "refused.",
    source=PAGES,
)
def _done_before_signature(endpoint: Endpoint) -> None:
    def instead(passage: Passage, _: AuthFailure, error: KmsError) -> None:
        do_all_the_same(endpoint, passage)
        raise error

    on_failure(endpoint, [Kind.SIGNATURE_MISMATCH, Kind.CONTENT_HASH_MISMATCH], instead)


@fault(
    "times-of-a-day-taken",
    breaks=("AUTH-020",),
    statement="A request is good for a day.",
    source=PAGES,
)
def _day(endpoint: Endpoint) -> None:
    endpoint.change_policy(freshness=timedelta(days=1))


@fault(
    "stale-time-answers-403",
    breaks=("AUTH-020",),
    statement="A stale time is answered 403 instead of 400.",
    source=TABLES,
)
def _stale_403(endpoint: Endpoint) -> None:
    answer(endpoint, "IllegalTimestamp", 403, Kind.STALE_TIMESTAMP)


@fault(
    "malformed-time-as-missing",
    breaks=("AUTH-022",),
    statement="A time that cannot be read is answered MissingParameter.",
    source=TABLES,
)
def _malformed_time(endpoint: Endpoint) -> None:
    answer(endpoint, "MissingParameter", 400, Kind.MALFORMED_TIMESTAMP)


@fault(
    "writes-replayed",
    breaks=("AUTH-032",),
    statement="Requests that change something may be sent again.",
    source=PAGES,
)
def _writes_replayed(endpoint: Endpoint) -> None:
    let_in(
        endpoint,
        Kind.REPLAYED_NONCE,
        when=lambda passage, _: action_of(passage.request) in _writing(),
    )


def _writing() -> set[str]:
    return {operation.name for operation in catalogue() if any(operation.effects.values())}


@fault(
    "done-before-nonce-check",
    breaks=("AUTH-032",),
    statement="A replayed request is carried out again before it is refused.",
    source=PAGES,
)
def _done_before_nonce(endpoint: Endpoint) -> None:
    def instead(passage: Passage, _: AuthFailure, error: KmsError) -> None:
        do_all_the_same(endpoint, passage)
        raise error

    on_failure(endpoint, [Kind.REPLAYED_NONCE], instead)


@fault(
    "missing-nonce-answers-500",
    breaks=("AUTH-033",),
    statement="RPC-1.0 without SignatureNonce gives 500 InternalFailure.",
    source=PAGES,
)
def _no_nonce(endpoint: Endpoint) -> None:
    answer(
        endpoint,
        "InternalFailure",
        500,
        Kind.MISSING_PARAMETER,
        when=lambda _, failure: failure.name == "SignatureNonce",
    )


@fault(
    "content-hash-optional",
    breaks=("AUTH-041", "AUTH-042"),
    statement="V3 without x-acs-content-sha256 is taken.",
    source=PAGES,
)
def _no_hash(endpoint: Endpoint) -> None:
    let_in(
        endpoint,
        Kind.MISSING_PARAMETER,
        when=lambda _, failure: failure.name == "x-acs-content-sha256",
    )


@fault(
    "missing-header-answers-403",
    breaks=("AUTH-042",),
    statement="V3 without a required header is answered 403 Forbidden.",
    source=TABLES,
)
def _header_403(endpoint: Endpoint) -> None:
    answer(
        endpoint,
        "Forbidden",
        403,
        Kind.MISSING_PARAMETER,
        when=lambda passage, _: passage.scheme is Scheme.V3,
    )


@fault(
    "unsigned-reads-served",
    breaks=("AUTH-043", "AUTH-044"),
    statement="Requests that are not signed and change nothing, such as ListKeys, are served.",
    source=PAGES,
)
def _unsigned_reads(endpoint: Endpoint) -> None:
    def is_unsigned_read(passage: Passage, _: AuthFailure) -> bool:
        request = passage.request
        unsigned = not signature_of(request) and not access_key_of(request)
        return unsigned and action_of(request) not in _writing() | {""}

    let_in(endpoint, Kind.MISSING_PARAMETER, when=is_unsigned_read)


@fault(
    "unsigned-writes-done",
    breaks=("AUTH-043",),
    statement="A call such as TagResource that is not signed is carried out before it is refused.",
    source=PAGES,
)
def _unsigned_writes(endpoint: Endpoint) -> None:
    def instead(passage: Passage, _: AuthFailure, error: KmsError) -> None:
        if not signature_of(passage.request):
            do_all_the_same(endpoint, passage)
        raise error

    on_failure(endpoint, [Kind.MISSING_PARAMETER], instead)


@fault(
    "unsigned-answers-403",
    breaks=("AUTH-044",),
    statement="A request that is not signed is answered 403 Forbidden.",
    source=TABLES,
)
def _unsigned_403(endpoint: Endpoint) -> None:
    answer(
        endpoint,
        "Forbidden",
        403,
        Kind.MISSING_PARAMETER,
        when=lambda passage, _: passage.scheme is Scheme.NONE,
    )


@fault(
    "basic-authorization-taken",
    breaks=("AUTH-045",),
    statement="An Authorization header of scheme Basic is taken.",
    source=PAGES,
)
def _basic(endpoint: Endpoint) -> None:
    let_in(
        endpoint,
        Kind.MISSING_PARAMETER,
        when=lambda passage, _: header_of(passage.request, "authorization").startswith("Basic "),
    )


@fault(
    "unsigned-headers-taken",
    breaks=("AUTH-047",),
    statement="V3: action and version are taken from headers that are not signed.",
    source=PAGES,
)
def _unsigned_headers(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.UNSIGNED_HEADER)


@fault(
    "token-in-form-not-read",
    breaks=("AUTH-060",),
    statement="RPC-1.0: a SecurityToken in the form is not seen.",
    source=PAGES,
)
def _token_in_form(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        if b"SecurityToken=" not in passage.request.body:
            return None
        return KmsError("MissingSecurityToken", "The security token is missing.", 400)

    refuse_at(endpoint, "authenticate", judge)


@fault(
    "token-beside-signature",
    breaks=("AUTH-066",),
    statement="A right token makes up for a wrong signature.",
    source=PAGES,
)
def _token_beside(endpoint: Endpoint) -> None:
    def has_token(passage: Passage, _: AuthFailure) -> bool:
        request = passage.request
        named = pairs_of(request).get("SecurityToken", "")
        token = header_of(request, "x-acs-security-token") or named
        return bool(token) and token == identity_of(endpoint, passage).token

    let_in(endpoint, Kind.SIGNATURE_MISMATCH, when=has_token)


@fault(
    "empty-signature-type-refused",
    breaks=("AUTH-070",),
    statement="RPC-1.0: the empty SignatureType of older SDKs is refused.",
    source="aliyun-python-sdk-core 2.16.1, as executed",
)
def _signature_type(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        if pairs_of(passage.request).get("SignatureType") != "":
            return None
        return KmsError("InvalidParameter", "The parameter SignatureType is not valid.", 400)

    refuse_at(endpoint, "authenticate", judge)


@fault(
    "v3-values-decoded-twice",
    breaks=("AUTH-072",),
    statement="V3: the values of parameters are decoded a second time after verification.",
    source=PAGES,
)
def _decoded_twice(endpoint: Endpoint) -> None:
    original = endpoint.authenticate

    def twice(passage: Passage) -> None:
        original(passage)
        verified = passage.verified
        if verified is not None and verified.scheme is Scheme.V3:
            pairs = tuple((name, unquote(value)) for name, value in verified.parameters)
            passage.verified = replace(verified, parameters=pairs)

    endpoint.authenticate = twice
