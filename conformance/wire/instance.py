"""KMS Instance API: protobuf over POST, signed with the RSA key of a client key.

The key id header has three c, ``x-kms-acccesskeyid``; this is part of the protocol.

Sources: KMS Instance API, common request headers and request signatures; signing code of
alibabacloud-dkms-gcs 1.0.2.
"""

import base64
import hashlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance.wire import checks
from conformance.wire.credentials import ClientKey
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.identity import Identity, Scheme, Verified, Verifier
from conformance.wire.request import WireRequest, rebuilt
from conformance.wire.times import Clock, format_http_date, parse_http_date, utc_now

PROTOBUF = "application/x-protobuf"
API_VERSION = "dkms-gcs-0.2"
SIGNATURE_METHOD = "RSA_PKCS1_SHA_256"

API_NAME_HEADER = "x-kms-apiname"
API_VERSION_HEADER = "x-kms-apiversion"
METHOD_HEADER = "x-kms-signaturemethod"
KEY_ID_HEADER = "x-kms-acccesskeyid"
HASH_HEADER = "content-sha256"


def content_hash(body: bytes) -> str:
    """Return SHA-256 in upper-case hexadecimal."""
    return hashlib.sha256(body).hexdigest().upper()


def string_to_sign(
    method: str,
    body_hash: str,
    content_type: str,
    date: str,
    headers: Iterable[tuple[str, str]],
) -> str:
    """Return the signed string: four lines, the sorted ``x-kms-`` lines, and the path ``/``.

    Args:
        method: As sent.
        body_hash: See `content_hash`.
        content_type: As sent.
        date: As sent.
        headers: All headers with lower-case names.
    """
    lines = sorted(
        [f"{name}:{value.strip()}\n" for name, value in headers if name.startswith("x-kms-")]
    )
    return f"{method}\n{body_hash}\n{content_type}\n{date}\n{''.join(lines)}/"


def sign(text: str, client_key: ClientKey) -> str:
    """Return the signature in base64."""
    return base64.b64encode(client_key.sign(text.encode())).decode()


class InstanceAuth(httpx.Auth):
    """Signs a POST whose body is one protobuf message and whose header x-kms-apiname is set.

    Args:
        client_key: Signs the request.
        scheme_word: In front of the signature.
        clock: Source of Date.
    """

    requires_request_body = True

    def __init__(
        self, client_key: ClientKey, *, scheme_word: str = "Bearer", clock: Clock = utc_now
    ) -> None:
        self.credential = client_key
        self.scheme_word = scheme_word
        self.clock = clock
        #: Changes headers before they are signed; the place where a wrong signer differs.
        self.edit: Callable[[httpx.Headers], object] = _unchanged

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the signed request."""
        yield self.sign_request(request)

    def sign_request(self, request: httpx.Request) -> httpx.Request:
        """Return a signed copy of ``request``."""
        headers = request.headers.copy()
        headers.setdefault("content-type", PROTOBUF)
        headers.setdefault(API_VERSION_HEADER, API_VERSION)
        headers[METHOD_HEADER] = SIGNATURE_METHOD
        headers[KEY_ID_HEADER] = self.credential.id
        headers["date"] = format_http_date(self.clock())
        headers[HASH_HEADER] = content_hash(request.content)
        if headers.get("accept", "*/*") == "*/*":
            headers["accept"] = PROTOBUF
        self.edit(headers)
        plain = rebuilt(request, headers=headers)
        plain.headers["authorization"] = self.authorization(plain)
        return plain

    def authorization(self, request: httpx.Request) -> str:
        """Return the Authorization header for a request that is complete but for it."""
        wire = WireRequest.from_httpx(request)
        text = string_to_sign(
            wire.method,
            wire.header(HASH_HEADER) or "",
            wire.header("content-type") or "",
            wire.header("date") or "",
            wire.headers,
        )
        return f"{self.scheme_word} {sign(text, self.credential)}"


def _unchanged(headers: httpx.Headers) -> None:
    """Leave the headers as they are."""


@dataclass(slots=True)
class Admission:
    """A request while it is verified: what the steps have found out so far.

    Attributes:
        request: As it arrived.
        verifier: What is known and insisted on.
        now: The verifier's time; all steps see the same.
        headers: By name in lower case.
        identity: Holder of the client key, found by the step of that name.
    """

    request: WireRequest
    verifier: Verifier
    now: datetime
    headers: dict[str, str]
    identity: Identity | None = None

    def header(self, name: str) -> str:
        """Return a header, empty where it is absent."""
        return self.headers.get(name, "")


Step: TypeAlias = Callable[[Admission], None]


def check_size(admission: Admission) -> None:
    """Refuse bodies above the limit."""
    if len(admission.request.body) > admission.verifier.policy.instance_body_limit:
        raise AuthFailure(FailureKind.BODY_TOO_LARGE)


def check_transport(admission: Admission) -> None:
    """Refuse plain HTTP where TLS is insisted on."""
    if admission.verifier.policy.require_tls and not admission.request.secure:
        raise AuthFailure(FailureKind.PLAIN_HTTP)


def check_key_id(admission: Admission) -> None:
    """Refuse requests without the id of a client key; older images say so to KMS API too."""
    checks.required(admission.header(KEY_ID_HEADER), KEY_ID_HEADER)


def check_http_method(admission: Admission) -> None:
    """Refuse everything but POST."""
    if admission.request.method != "POST":
        raise AuthFailure(FailureKind.BAD_HTTP_METHOD, admission.request.method)


def check_content_type(admission: Admission) -> None:
    """Refuse bodies that are no protocol buffers."""
    media_type = admission.header("content-type").partition(";")[0].strip().lower()
    if media_type != PROTOBUF:
        raise AuthFailure(FailureKind.BAD_CONTENT_TYPE, media_type)


def check_version(admission: Admission) -> None:
    """Refuse other versions of the API, and none."""
    version = admission.header(API_VERSION_HEADER)
    if version not in admission.verifier.policy.instance_versions:
        raise AuthFailure(FailureKind.UNKNOWN_VERSION, version)


def check_signature_method(admission: Admission) -> None:
    """Refuse other ways to sign, and none."""
    method = admission.header(METHOD_HEADER)
    if method != SIGNATURE_METHOD:
        raise AuthFailure(FailureKind.BAD_SIGNATURE_METHOD, method)


def _scheme_word_and_signature(admission: Admission) -> tuple[str, str]:
    word, _, signature = admission.header("authorization").partition(" ")
    return word, signature


def check_authorization(admission: Admission) -> None:
    """Refuse an Authorization that is not a known word and a signature."""
    word, signature = _scheme_word_and_signature(admission)
    if word not in admission.verifier.policy.instance_words or not signature:
        raise AuthFailure(FailureKind.MALFORMED_AUTHORIZATION, "Authorization")


def check_date(admission: Admission) -> None:
    """Refuse a Date that cannot be read, then one too far away."""
    policy = admission.verifier.policy
    checks.check_time(admission.header("date"), "Date", parse_http_date, admission.now, policy)


def check_api_name(admission: Admission) -> None:
    """Refuse unknown operations."""
    known = admission.verifier.policy.instance_actions
    name = admission.header(API_NAME_HEADER)
    if known is not None and name not in known:
        raise AuthFailure(FailureKind.UNKNOWN_ACTION, name)


def find_identity(admission: Admission) -> None:
    """Find the holder of the client key; an access key is no client key."""
    key_id = admission.header(KEY_ID_HEADER)
    identity = checks.find_identity(key_id, admission.verifier, admission.now)
    if identity.public_key is None:
        raise AuthFailure(FailureKind.UNKNOWN_ACCESS_KEY, key_id)
    admission.identity = identity


def check_hash(admission: Admission) -> None:
    """Refuse a body that is not the one whose hash was signed."""
    named = checks.required(admission.header(HASH_HEADER), HASH_HEADER)
    if named != content_hash(admission.request.body):
        raise AuthFailure(FailureKind.CONTENT_HASH_MISMATCH, HASH_HEADER)


def check_signature(admission: Admission) -> None:
    """Refuse a signature that is not over the headers as they came."""
    request, identity = admission.request, admission.identity
    assert identity is not None
    assert identity.public_key is not None
    text = string_to_sign(
        request.method,
        admission.header(HASH_HEADER),
        admission.header("content-type"),
        admission.header("date"),
        request.headers,
    )
    _, signature = _scheme_word_and_signature(admission)
    try:
        raw = base64.b64decode(signature, validate=True)
        identity.public_key.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        raise AuthFailure(FailureKind.SIGNATURE_MISMATCH, string_to_sign=text) from None


#: All checks; their order is not documented.
STEPS: tuple[Step, ...] = (
    check_size,
    check_transport,
    check_key_id,
    check_http_method,
    check_content_type,
    check_version,
    check_signature_method,
    check_authorization,
    check_date,
    check_api_name,
    find_identity,
    check_hash,
    check_signature,
)


def verify(request: WireRequest, verifier: Verifier, steps: Iterable[Step] = STEPS) -> Verified:
    """Authenticate a request of the instance protocol.

    Args:
        request: As it arrived.
        verifier: What is known and insisted on.
        steps: The checks, those that a deliberately faulty verifier leaves out excepted.

    Raises:
        AuthFailure: With the kind of the first check that failed.
    """
    admission = Admission(request, verifier, verifier.clock(), dict(request.by_name))
    for step in steps:
        step(admission)
    assert admission.identity is not None
    action = admission.header(API_NAME_HEADER)
    version = admission.header(API_VERSION_HEADER)
    return Verified(Scheme.INSTANCE, admission.identity, action, version, "PROTOBUF")
