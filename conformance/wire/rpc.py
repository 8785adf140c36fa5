"""RPC-1.0: the signature that the documentation calls V2 and the wire ``SignatureVersion=1.0``.

Signed are the method and every parameter of query and form, not the host and no header. The key is
the access key secret followed by ``&``. A client key signs the same string with RSA.

Sources: KMS API reference, request syntax and signatures (2017, 2021, 2026); signing code of
aliyun-python-sdk-core 2.16.1, alibabacloud-tea-openapi 0.4.6 and @alicloud/pop-core 1.8.0.
"""

import base64
import binascii
import hmac
import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import datetime
from typing import Literal

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance.wire import checks
from conformance.wire.credentials import ClientKey, Credential, StsToken
from conformance.wire.encoding import canonical_query, encode_query, percent_encode_canonical
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.identity import KMS_VERSION, Identity, Scheme, Verified, Verifier
from conformance.wire.macs import keyed_hash
from conformance.wire.request import FORM, WireRequest, rebuilt
from conformance.wire.times import Clock, format_iso, parse_iso, utc_now

Pairs = list[tuple[str, str]]
Placement = Literal["query", "form"]

#: Parameters that belong to the protocol. RegionId is not among them: legacy SDKs add it to every
#: call, and a few operations have a parameter of that name.
COMMON_PARAMETERS = frozenset(
    {
        "Action",
        "Version",
        "Format",
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "SignatureType",
        "Timestamp",
        "SecurityToken",
        "BearerToken",
    }
)

#: In the order in which they are missed.
_REQUIRED = (
    "Action",
    "Version",
    "AccessKeyId",
    "Timestamp",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Signature",
)

HMAC_SHA1 = "HMAC-SHA1"
RSA_SHA256 = "SHA256withRSA"


def new_nonce() -> str:
    """Return a nonce that no other request has."""
    return uuid.uuid4().hex


def string_to_sign(method: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what is signed: method, path and twice encoded parameters without ``Signature``."""
    query = canonical_query([pair for pair in pairs if pair[0] != "Signature"])
    return f"{method}&%2F&{percent_encode_canonical(query)}"


def sign(method: str, pairs: Iterable[tuple[str, str]], credential: Credential) -> str:
    """Return the signature in base64: HMAC-SHA1, or RSA with SHA-256 for a client key."""
    message = string_to_sign(method, pairs).encode()
    if isinstance(credential, ClientKey):
        return base64.b64encode(credential.sign(message)).decode()
    return _hmac_sha1(credential.secret, message)


def _hmac_sha1(secret: str, message: bytes) -> str:
    digest = keyed_hash(secret, "sha1", "&").digest(message)
    return binascii.b2a_base64(digest, newline=False).decode()


def common_pairs(
    credential: Credential,
    now: datetime,
    nonce: str,
    *,
    answer_format: str | None = "JSON",
    empty_signature_type: bool = False,
) -> Pairs:
    """Return the common parameters for a credential, without Action, Version and Signature.

    Args:
        credential: Whose request it is.
        now: Goes into Timestamp.
        nonce: Goes into SignatureNonce.
        answer_format: None leaves Format out.
        empty_signature_type: Send ``SignatureType=`` as legacy SDKs do for HMAC; it is signed.
    """
    client_key = isinstance(credential, ClientKey)
    pairs = [
        ("AccessKeyId", credential.id),
        ("SignatureMethod", RSA_SHA256 if client_key else HMAC_SHA1),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", nonce),
        ("Timestamp", format_iso(now)),
    ]
    if answer_format is not None:
        pairs.append(("Format", answer_format))
    if client_key:
        pairs.append(("SignatureType", "PRIVATEKEY"))
    elif empty_signature_type:
        pairs.append(("SignatureType", ""))
    if isinstance(credential, StsToken):
        pairs.append(("SecurityToken", credential.token))
    return pairs


class RpcAuth(httpx.Auth):
    """Signs a request that carries ``Action`` and the operation's parameters in query or form.

    Common parameters that the request does not carry yet are added; ``Version`` defaults to that of
    KMS. Each send signs anew, with its own nonce and time, as all SDKs do for their retries.

    Args:
        credential: Signs the request.
        placement: ``query`` leaves pairs where they are and puts the common parameters into the
            query; ``form`` moves everything into the form, as @alicloud/pop-core does for POST.
        answer_format: Value of Format, None to leave it out.
        extra: Further common parameters, such as RegionId.
        empty_signature_type: See `common_pairs`.
        plus: Write spaces as ``+`` in the query, as Tea clients do.
        clock: Source of Timestamp.
        nonce: Source of SignatureNonce.
    """

    requires_request_body = True

    def __init__(
        self,
        credential: Credential,
        *,
        placement: Placement = "query",
        answer_format: str | None = "JSON",
        extra: Sequence[tuple[str, str]] = (),
        empty_signature_type: bool = False,
        plus: bool = False,
        clock: Clock = utc_now,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self.credential = credential
        self.placement = placement
        self.answer_format = answer_format
        self.extra = tuple(extra)
        self.empty_signature_type = empty_signature_type
        self.plus = plus
        self.clock = clock
        self.nonce = nonce
        #: Changes pairs before they are signed; the place where a wrong signer differs.
        self.edit: Callable[[Pairs], Pairs] = _unchanged

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the signed request."""
        yield self.sign_request(request)

    def sign_request(self, request: httpx.Request) -> httpx.Request:
        """Return a signed copy of ``request``."""
        wire = WireRequest.from_httpx(request)
        query, form = wire.query_pairs(), wire.form_pairs()
        common = self.common(query + form)
        if self.placement == "form":
            query, form = [], common + query + form
        else:
            query = common + query
        query, form = self.edit(query), self.edit(form)
        signature = ("Signature", sign(request.method, query + form, self.credential))
        (form if self.placement == "form" else query).append(signature)
        return with_pairs(request, query, form, plus=self.plus)

    def common(self, pairs: Pairs) -> Pairs:
        """Return the common parameters that ``pairs`` lacks, without Signature."""
        common = [("Version", KMS_VERSION), *self.extra]
        common += common_pairs(
            self.credential,
            self.clock(),
            self.nonce(),
            answer_format=self.answer_format,
            empty_signature_type=self.empty_signature_type,
        )
        present = {name for name, _ in pairs}
        return [pair for pair in common if pair[0] not in present]


def _unchanged(pairs: Pairs) -> Pairs:
    return list(pairs)


def with_pairs(
    request: httpx.Request, query: Pairs, form: Pairs, *, plus: bool = False
) -> httpx.Request:
    """Return a copy of the request with other pairs; a body that is no form stays as it is."""
    target = encode_query(query, plus=plus)
    if not form:
        return rebuilt(request, query=target)
    headers = request.headers.copy()
    headers["content-type"] = FORM
    return rebuilt(request, query=target, headers=headers, content=encode_query(form, plus=plus))


def verify(request: WireRequest, verifier: Verifier) -> Verified:
    """Authenticate a request over its decoded and re-encoded pairs.

    Raises:
        AuthFailure: With the kind of the first check that failed.
    """
    policy = verifier.policy
    checks.check_transport(request, policy)
    query, form, params = checks.request_pairs(request)
    pairs = query + form
    access_key_id, timestamp = _check_common(params, policy.require_nonce)
    answer_format = checks.answer_format(params["Format"]) if "Format" in params else "JSON"
    checks.check_operation(params["Action"], params["Version"], policy)
    now = verifier.clock()
    identity = checks.find_identity(access_key_id, verifier, now)
    checks.check_time(timestamp, "Timestamp", parse_iso, now, policy)
    _check_signature(request.method, pairs, params, identity)
    checks.check_token(params.get("SecurityToken", ""), identity, verifier, now)
    checks.check_nonce(params.get("SignatureNonce") or params["Signature"], identity, verifier, now)
    return Verified(
        Scheme.RPC,
        identity,
        params["Action"],
        params["Version"],
        answer_format,
        tuple([pair for pair in pairs if pair[0] not in COMMON_PARAMETERS]),
    )


def _check_common(params: dict[str, str], require_nonce: bool) -> tuple[str, str]:
    """Refuse missing and unknown common parameters; return access key id and timestamp."""
    if not all(map(params.get, _REQUIRED)):
        for name in _REQUIRED:
            if not params.get(name) and (name != "SignatureNonce" or require_nonce):
                raise AuthFailure(FailureKind.MISSING_PARAMETER, name)
    if params["SignatureVersion"] != "1.0":
        raise AuthFailure(FailureKind.BAD_SIGNATURE_VERSION, params["SignatureVersion"])
    if params["SignatureMethod"] not in {HMAC_SHA1, RSA_SHA256}:
        raise AuthFailure(FailureKind.BAD_SIGNATURE_METHOD, params["SignatureMethod"])
    return params["AccessKeyId"], params["Timestamp"]


def _check_signature(method: str, pairs: Pairs, params: dict[str, str], identity: Identity) -> None:
    expected = string_to_sign(method, pairs)
    given = params["Signature"]
    if params["SignatureMethod"] == RSA_SHA256:
        right = _is_rsa_signature(given, expected.encode(), identity)
    elif identity.secret is None:
        # A client key shares no secret: for HMAC there is no access key of that id.
        raise AuthFailure(FailureKind.UNKNOWN_ACCESS_KEY, identity.access_key_id)
    else:
        computed = _hmac_sha1(identity.secret, expected.encode())
        right = hmac.compare_digest(computed.encode(), given.encode())
    if not right:
        raise AuthFailure(FailureKind.SIGNATURE_MISMATCH, string_to_sign=expected)


def _is_rsa_signature(given: str, message: bytes, identity: Identity) -> bool:
    if identity.public_key is None:
        return False
    try:
        signature = base64.b64decode(given, validate=True)
        identity.public_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True
