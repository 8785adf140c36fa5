"""V3: ``Authorization: ACS3-…`` over a canonical request.

Signed are the method, the query, exactly the headers that SignedHeaders names, and the hash of the
body. The key is the access key secret as it is.

Sources: "Request syntax and signature method V3"; signing code of alibabacloud-tea-openapi 0.4.6,
@alicloud/openapi-core 1.0.8 and @alicloud/openapi-util 0.3.3.
"""

import hmac
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance.wire import checks
from conformance.wire.acs_canonical import (
    Authorization,
    Method,
    Selection,
    canonical_request,
    hash_hex,
    joined_headers,
    select_headers,
    string_to_sign,
    verify_claim,
)
from conformance.wire.credentials import AccessKey, ClientKey, Credential, StsToken
from conformance.wire.encoding import encode_query
from conformance.wire.failures import AuthFailure, FailureKind, WireError
from conformance.wire.identity import KMS_VERSION, Identity, Scheme, Verified, Verifier
from conformance.wire.macs import keyed_hash
from conformance.wire.request import WireRequest, rebuilt
from conformance.wire.rpc import new_nonce
from conformance.wire.times import Clock, format_iso, utc_now

__all__ = [
    "HASHES",
    "HMAC_SHA256",
    "HMAC_SM3",
    "RSA_SHA256",
    "Acs3Auth",
    "Authorization",
    "Selection",
    "canonical_request",
    "select_headers",
    "sign",
    "string_to_sign",
    "verify",
]

HMAC_SHA256 = "ACS3-HMAC-SHA256"
HMAC_SM3 = "ACS3-HMAC-SM3"
RSA_SHA256 = "ACS3-RSA-SHA256"

#: Hash behind each algorithm. Only the first is documented; the others are in official SDKs.
HASHES: Mapping[str, str] = {HMAC_SHA256: "sha256", HMAC_SM3: "sm3", RSA_SHA256: "sha256"}


def sign(
    algorithm: str, text: str, credential: Credential, hashes: Mapping[str, str] = HASHES
) -> str:
    """Return the lower-case hexadecimal signature over a string to sign.

    Raises:
        WireError: When the credential has no key for the algorithm.
    """
    if isinstance(credential, ClientKey):
        if algorithm != RSA_SHA256:
            raise WireError(f"a private key signs {RSA_SHA256}, not {algorithm}")
        return credential.sign(text.encode()).hex()
    if algorithm == RSA_SHA256:
        raise WireError(f"{RSA_SHA256} needs a private key")
    return keyed_hash(credential.secret, hashes[algorithm]).digest(text.encode()).hex()


class Acs3Auth(httpx.Auth):
    """Signs a request that carries ``Action`` in the query and its parameters in query or form.

    ``Action`` and ``Version`` move from the query into headers. Each send signs anew.

    Args:
        credential: Access key or temporary access key; a ClientKey for ACS3-RSA-SHA256.
        selection: See `select_headers`.
        algorithm: One of `HASHES`.
        provider_headers: Add what newer Tea clients add: x-acs-credentials-provider, and
            x-acs-accesskey-id beside a security token.
        extra: Further headers, such as x-acs-retry-attempts.
        clock: Source of x-acs-date.
        nonce: Source of x-acs-signature-nonce.
    """

    requires_request_body = True
    hashes: Mapping[str, str] = HASHES

    def __init__(
        self,
        credential: Credential,
        *,
        selection: Selection = "documented",
        algorithm: str = HMAC_SHA256,
        provider_headers: bool = True,
        extra: Sequence[tuple[str, str]] = (),
        clock: Clock = utc_now,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self.credential = credential
        self.selection: Selection = selection
        self.algorithm = algorithm
        self.provider_headers = provider_headers
        self.extra = tuple(extra)
        self.clock = clock
        self.nonce = nonce
        #: Changes headers before they are signed; the place where a wrong signer differs.
        self.edit: Callable[[httpx.Headers], object] = _unchanged
        #: Headers that are sent and not signed, for wrong signers.
        self.unsigned: frozenset[str] = frozenset()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the signed request."""
        yield self.sign_request(request)

    def sign_request(self, request: httpx.Request) -> httpx.Request:
        """Return a signed copy of ``request``."""
        pairs = WireRequest.from_httpx(request).query_pairs()
        named = dict(pairs)
        query = [pair for pair in pairs if pair[0] not in {"Action", "Version"}]
        headers = request.headers.copy()
        headers.setdefault("x-acs-action", named.get("Action", ""))
        headers.setdefault("x-acs-version", named.get("Version", KMS_VERSION))
        headers.update(self.own_headers(request.content))
        self.edit(headers)
        plain = rebuilt(request, query=encode_query(query), headers=headers)
        plain.headers["authorization"] = self.authorization(plain)
        return plain

    def own_headers(self, body: bytes) -> dict[str, str]:
        """Return the headers that signing adds, Authorization excepted."""
        headers = {
            "x-acs-date": format_iso(self.clock()),
            "x-acs-signature-nonce": self.nonce(),
            self.hash_header: hash_hex(self.hashes[self.algorithm], body),
            **dict(self.extra),
        }
        temporary = isinstance(self.credential, StsToken)
        if self.provider_headers and isinstance(self.credential, AccessKey | StsToken):
            headers["x-acs-credentials-provider"] = "static_sts" if temporary else "static_ak"
        if isinstance(self.credential, StsToken):
            headers["x-acs-security-token"] = self.credential.token
            if self.provider_headers:
                headers["x-acs-accesskey-id"] = self.credential.id
        return headers

    @property
    def hash_header(self) -> str:
        """Return the header that carries the hash of the body."""
        return "x-acs-content-sha256"

    def authorization(self, request: httpx.Request) -> str:
        """Return the Authorization header for a request that is complete but for it."""
        wire = WireRequest.from_httpx(request)
        headers = joined_headers(wire)
        signed = self.select(headers)
        hash_name = self.hashes[self.algorithm]
        canonical = canonical_request(
            wire.method,
            wire.path,
            wire.query_pairs(),
            headers=headers,
            signed=signed,
            payload_hash=hash_hex(hash_name, wire.body),
        )
        text = string_to_sign(self.algorithm, canonical, hash_name)
        claimant, signature = self.claim(text, headers)
        return Authorization(self.algorithm, claimant, tuple(signed), signature).render()

    def select(self, names: Iterable[str]) -> list[str]:
        """Return the names of the headers to sign, sorted."""
        return [name for name in select_headers(names, self.selection) if name not in self.unsigned]

    def claim(self, text: str, headers: Mapping[str, str]) -> tuple[str, str]:  # noqa: ARG002
        """Return the fields Credential and Signature for a string to sign."""
        return self.credential.id, sign(self.algorithm, text, self.credential, self.hashes)


def _unchanged(headers: httpx.Headers) -> None:
    """Leave the headers as they are."""


def verify(request: WireRequest, verifier: Verifier) -> Verified:
    """Authenticate a request, following its SignedHeaders.

    Raises:
        AuthFailure: With the kind of the first check that failed.
    """
    checks.check_transport(request, verifier.policy)
    headers = joined_headers(request)
    authorization = Authorization.parse(headers.get("authorization", ""))
    algorithm = authorization.algorithm
    method = _METHODS.get(algorithm)
    if method is None or algorithm not in verifier.policy.algorithms:
        raise AuthFailure(FailureKind.BAD_SIGNATURE_METHOD, algorithm)
    return verify_claim(request, verifier, headers, authorization, authorization.credential, method)


def _matches(authorization: Authorization, text: str, identity: Identity) -> bool:
    """Compare the signature given with the right one for the string to sign."""
    given = authorization.signature
    if authorization.algorithm == RSA_SHA256:
        if identity.public_key is None or given != given.lower():
            return False
        try:
            signature = bytes.fromhex(given)
            identity.public_key.verify(
                signature, text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (ValueError, InvalidSignature):
            return False
        return True
    if identity.secret is None:
        return False
    hash_name = HASHES[authorization.algorithm]
    computed = keyed_hash(identity.secret, hash_name).digest(text.encode()).hex()
    return hmac.compare_digest(computed.encode(), given.encode())


_METHODS = {
    algorithm: Method(Scheme.V3, hash_name, "x-acs-content-sha256", _matches)
    for algorithm, hash_name in HASHES.items()
}
