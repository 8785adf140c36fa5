"""KMS Instance API: protobuf over POST, signed with the RSA key of a client key.

The key id header has three c, ``x-kms-acccesskeyid``; this is part of the protocol.

Sources: KMS Instance API, common request headers and request signatures; signing code of
alibabacloud-dkms-gcs 1.0.2.
"""

import base64
import hashlib
from collections.abc import Callable, Generator, Iterable

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

#: Every client writes Bearer, the documentation TOKEN.
_SCHEME_WORDS = frozenset({"Bearer", "TOKEN"})


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
        f"{name}:{value.strip()}\n" for name, value in headers if name.startswith("x-kms-")
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


def verify(request: WireRequest, verifier: Verifier) -> Verified:
    """Authenticate a request of the instance protocol.

    Raises:
        AuthFailure: With the kind of the first check that failed.
    """
    policy, now = verifier.policy, verifier.clock()
    _check_message(request, verifier)
    headers = dict(request.headers)
    key_id = checks.required(headers.get(KEY_ID_HEADER), KEY_ID_HEADER)
    version = headers.get(API_VERSION_HEADER, "")
    if version not in policy.instance_versions:
        raise AuthFailure(FailureKind.UNKNOWN_VERSION, version)
    if headers.get(METHOD_HEADER) != SIGNATURE_METHOD:
        raise AuthFailure(FailureKind.BAD_SIGNATURE_METHOD, METHOD_HEADER)
    word, _, signature = headers.get("authorization", "").partition(" ")
    if word not in _SCHEME_WORDS or not signature:
        raise AuthFailure(FailureKind.MALFORMED_AUTHORIZATION, "Authorization")
    checks.check_time(headers.get("date", ""), "Date", parse_http_date, now, policy)
    action = headers.get(API_NAME_HEADER, "")
    if policy.instance_actions is not None and action not in policy.instance_actions:
        raise AuthFailure(FailureKind.UNKNOWN_ACTION, action)
    identity = checks.find_identity(key_id, verifier, now)
    _check_signature(request, headers, signature, identity)
    return Verified(Scheme.INSTANCE, identity, action, version, "PROTOBUF")


def _check_message(request: WireRequest, verifier: Verifier) -> None:
    if verifier.policy.require_tls and not request.secure:
        raise AuthFailure(FailureKind.PLAIN_HTTP)
    if request.method != "POST":
        raise AuthFailure(FailureKind.BAD_HTTP_METHOD, request.method)
    if len(request.body) > verifier.policy.instance_body_limit:
        raise AuthFailure(FailureKind.BODY_TOO_LARGE)
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type != PROTOBUF:
        raise AuthFailure(FailureKind.BAD_CONTENT_TYPE, media_type)


def _check_signature(
    request: WireRequest, headers: dict[str, str], signature: str, identity: Identity
) -> None:
    body_hash = content_hash(request.body)
    if checks.required(headers.get(HASH_HEADER), HASH_HEADER) != body_hash:
        raise AuthFailure(FailureKind.CONTENT_HASH_MISMATCH, HASH_HEADER)
    text = string_to_sign(
        request.method, body_hash, headers["content-type"], headers["date"], request.headers
    )
    if identity.public_key is None:
        # An access key is no client key.
        raise AuthFailure(FailureKind.UNKNOWN_ACCESS_KEY, identity.access_key_id)
    try:
        raw = base64.b64decode(signature, validate=True)
        identity.public_key.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        raise AuthFailure(FailureKind.SIGNATURE_MISMATCH, string_to_sign=text) from None
