"""Faults of authentication: times and nonces."""

from collections import deque
from datetime import timedelta

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.forging import (
    fresh,
    is_failure,
    take_anyway,
)
from conformance.reference.faults.registry import fault, replace_error
from conformance.reference.passage import Passage
from conformance.wire.failures import WireError
from conformance.wire.identity import NonceMemory, Scheme
from conformance.wire.times import parse_iso

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_RPC = "RPC mechanism page (2024-01 to 2025-03)"
_V3 = "Request syntax and signature method V3"
_GATEWAY = "OpenAPI gateway error table, developer.aliyun.com/ask/278265"


@fault(
    "stale-time-accepted",
    breaks=("AUTH-020",),
    statement="The time of a request is not held against the clock.",
    source=f"{_RESPONSES}: 400 IllegalTimestamp",
)
def _stale(endpoint: Endpoint) -> None:

    endpoint.change_policy(freshness=timedelta(days=36_500))


@fault(
    "stale-time-in-the-future-accepted",
    breaks=("AUTH-020",),
    statement="A time that is far ahead is taken.",
    source=f"{_RPC}: the time may not be more than the window off",
)
def _future(endpoint: Endpoint) -> None:

    def applies(error: KmsError, passage: Passage) -> bool:
        request = passage.request
        text = request.header("x-acs-date") or dict(request.query_pairs()).get("Timestamp", "")
        try:
            ahead = parse_iso(text) > passage.now
        except WireError:
            return False
        return ahead and is_failure(error, "stale-timestamp")

    take_anyway(endpoint, applies, fresh)


@fault(
    "narrow-time-window",
    breaks=("AUTH-021",),
    statement="A request that is five minutes old is refused as stale.",
    source=f"{_V3}: within 15 minutes; {_RPC}: 31 minutes",
)
def _narrow(endpoint: Endpoint) -> None:

    endpoint.change_policy(freshness=timedelta(minutes=5))


@fault(
    "malformed-time-accepted",
    breaks=("AUTH-022",),
    statement="A time in another form is taken as now.",
    source=f"{_RESPONSES}: 400 IllegalTimestamp",
)
def _malformed_time(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        del passage
        return "yyyy-MM-ddTHH:mm:ssZ" in error.message

    take_anyway(endpoint, applies, fresh)


@fault(
    "replay-accepted",
    breaks=("AUTH-030", "AUTH-031", "AUTH-032"),
    statement="Nonces are not remembered.",
    source=f"{_GATEWAY}: 400 SignatureNonceUsed",
)
def _replay(endpoint: Endpoint) -> None:
    endpoint.forget_nonces()


@fault(
    "twenty-nonces-remembered",
    breaks=("AUTH-030",),
    statement="Of each access key the last twenty nonces are remembered.",
    source=f"{_RPC}: a nonce is not used again within 15 minutes",
)
def _few_nonces(endpoint: Endpoint) -> None:
    few = NonceMemory(capacity=20)
    endpoint.forget_nonces()
    endpoint.nonces = few


@fault(
    "replay-after-other-requests-accepted",
    breaks=("AUTH-031",),
    statement="A used nonce is refused only when the whole request is the same.",
    source=f"{_RPC}: a nonce is used once",
)
def _same_nonce(endpoint: Endpoint) -> None:

    seen: deque[bytes] = deque(maxlen=10_000)
    original = endpoint.authenticate

    def remember(passage: Passage) -> None:
        original(passage)
        seen.append(_fingerprint(passage))

    endpoint.authenticate = remember
    take_anyway(
        endpoint,
        lambda error, passage: (
            error.code == "SignatureNonceUsed" and _fingerprint(passage) not in seen
        ),
        fresh,
    )


@fault(
    "nonce-remembered-with-its-time",
    breaks=("AUTH-034",),
    statement="A used nonce is taken again beside another time.",
    source=f"{_RPC}: a nonce is used once",
)
def _nonce_with_time(endpoint: Endpoint) -> None:
    seen: deque[tuple[str, str]] = deque(maxlen=10_000)
    original = endpoint.authenticate

    def remember(passage: Passage) -> None:
        original(passage)
        seen.append(_nonce_and_time(passage))

    endpoint.authenticate = remember
    take_anyway(
        endpoint,
        lambda error, passage: (
            error.code == "SignatureNonceUsed" and _nonce_and_time(passage) not in seen
        ),
        fresh,
    )


def _nonce_and_time(passage: Passage) -> tuple[str, str]:
    request = passage.request
    pairs = dict(request.query_pairs() + request.form_pairs())
    nonce = request.header("x-acs-signature-nonce") or pairs.get("SignatureNonce", "")
    return nonce, request.header("x-acs-date") or pairs.get("Timestamp", "")


def _fingerprint(passage: Passage) -> bytes:
    request = passage.request
    return repr((request.method, request.query_string, request.headers, request.body)).encode()


@fault(
    "replay-answers-403",
    breaks=("AUTH-030", "AUTH-031", "AUTH-032"),
    statement="A used nonce is refused as lack of permission.",
    source=f"{_GATEWAY}: 400 SignatureNonceUsed",
)
def _replay_code(endpoint: Endpoint) -> None:
    replace_error(
        endpoint, lambda error: error.code == "SignatureNonceUsed", "Forbidden.NoPermission", 403
    )


@fault(
    "nonce-header-optional",
    breaks=("AUTH-041", "AUTH-042"),
    statement="V3 does without x-acs-signature-nonce.",
    source=f"{_V3}: x-acs-signature-nonce is required",
)
def _nonce_header(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        return "x-acs-signature-nonce" in error.message and passage.scheme is Scheme.V3

    take_anyway(endpoint, applies, fresh)
