"""V4: ``Authorization: ACS4-…``, V3's canonical request signed with a derived key.

Official SDKs hold it as an opt-in; whether KMS accepts it is not known, hence it is offered only
where a policy says so.

Source: signing code of alibabacloud-gateway-pop 0.1.3.
"""

import hmac
from collections.abc import Callable, Mapping

from conformance.wire import checks
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.acs_canonical import Authorization, Method, joined_headers, verify_claim
from conformance.wire.credentials import AccessKey, StsToken
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.identity import Identity, Scheme, Verified, Verifier
from conformance.wire.request import WireRequest
from conformance.wire.rpc import new_nonce
from conformance.wire.times import Clock, utc_now

HMAC_SHA256 = "ACS4-HMAC-SHA256"
HMAC_SM3 = "ACS4-HMAC-SM3"

#: Hash behind each algorithm.
HASHES: Mapping[str, str] = {HMAC_SHA256: "sha256", HMAC_SM3: "sm3"}

_PRODUCT = "Kms"
_SUFFIX = "aliyun_v4_request"


def scope(date: str, region: str) -> str:
    """Return what follows the access key id in Credential; ``date`` is yyyymmdd."""
    return f"{date}/{region}/{_PRODUCT}/{_SUFFIX}"


def signing_key(secret: str, date: str, region: str, hash_name: str) -> bytes:
    """Derive the key for a day and region: one HMAC for each part of the scope."""
    key = f"aliyun_v4{secret}".encode()
    for part in (date, region, _PRODUCT, _SUFFIX):
        key = hmac.digest(key, part.encode(), hash_name)
    return key


class Acs4Auth(Acs3Auth):
    """Signs with V4.

    Args:
        credential: Access key or temporary access key.
        region: Part of the key's scope.
        algorithm: One of `HASHES`.
        clock: Source of x-acs-date.
        nonce: Source of x-acs-signature-nonce.
    """

    hashes = HASHES

    def __init__(
        self,
        credential: AccessKey | StsToken,
        *,
        region: str,
        algorithm: str = HMAC_SHA256,
        clock: Clock = utc_now,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        super().__init__(credential, algorithm=algorithm, clock=clock, nonce=nonce)
        self.secret = credential.secret
        self.region = region

    @property
    def hash_header(self) -> str:
        """Return the header that carries the hash of the body."""
        return _hash_header(self.algorithm)

    def claim(self, text: str, headers: Mapping[str, str]) -> tuple[str, str]:
        """Return the fields Credential and Signature for a string to sign."""
        date = headers["x-acs-date"][:10].replace("-", "")
        hash_name = HASHES[self.algorithm]
        key = signing_key(self.secret, date, self.region, hash_name)
        signature = hmac.digest(key, text.encode(), hash_name).hex()
        return f"{self.credential.id}/{scope(date, self.region)}", signature


def verify(request: WireRequest, verifier: Verifier) -> Verified:
    """Authenticate a request, following its SignedHeaders.

    Raises:
        AuthFailure: With the kind of the first check that failed.
    """
    checks.check_transport(request, verifier.policy)
    headers = joined_headers(request)
    authorization = Authorization.parse(headers.get("authorization", ""))
    if authorization.algorithm not in verifier.policy.algorithms & HASHES.keys():
        raise AuthFailure(FailureKind.BAD_SIGNATURE_METHOD, authorization.algorithm)
    access_key_id, _, rest = authorization.credential.partition("/")
    date, _, tail = rest.partition("/")
    region = tail.partition("/")[0]
    if rest != scope(date, region):
        raise AuthFailure(FailureKind.MALFORMED_AUTHORIZATION)
    hash_name = HASHES[authorization.algorithm]

    def holds(authorization: Authorization, text: str, identity: Identity) -> bool:
        # A key derived for another day than the request's would never expire.
        if identity.secret is None or date != headers["x-acs-date"][:10].replace("-", ""):
            return False
        key = signing_key(identity.secret, date, region, hash_name)
        computed = hmac.digest(key, text.encode(), hash_name).hex()
        return hmac.compare_digest(computed.encode(), authorization.signature.encode())

    method = Method(Scheme.V4, hash_name, _hash_header(authorization.algorithm), holds)
    return verify_claim(request, verifier, headers, authorization, access_key_id, method)


def _hash_header(algorithm: str) -> str:
    return f"x-acs-content-{HASHES[algorithm]}"
