"""What a verifier knows: identities, its policy, and the nonces it has seen."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from conformance.wire.times import Clock, utc_now

#: The API version of every KMS operation.
KMS_VERSION = "2016-01-20"


class Scheme(Enum):
    """How a request authenticates. What the documentation calls "V2" is RPC-1.0 on the wire."""

    RPC = "RPC-1.0"
    V3 = "ACS3"
    V4 = "ACS4"
    INSTANCE = "instance"
    BEARER = "bearer"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Identity:
    """The holder of one access key or client key, as the verifying side knows it.

    Attributes:
        access_key_id: Also the id of a client key, ``KAAP.…``.
        secret: None for a client key.
        public_key: Of a client key, or of an access key that signs with RSA.
        token: The security token issued with a temporary access key.
        token_expires: When that token ends.
        active: False for a disabled access key.
        not_before: Start of a client key's validity.
        not_after: End of a client key's validity.
    """

    access_key_id: str
    secret: str | None = field(default=None, repr=False)
    public_key: RSAPublicKey | None = field(default=None, repr=False, compare=False)
    token: str | None = field(default=None, repr=False)
    token_expires: datetime | None = None
    active: bool = True
    not_before: datetime | None = None
    not_after: datetime | None = None


#: Finds an identity by access key id.
Lookup: TypeAlias = Callable[[str], Identity | None]
#: Finds the access key id that a security token was issued for, None when it was never issued.
TokenOwner: TypeAlias = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a verifier insists on.

    Attributes:
        freshness: Largest difference between the request's time and now. Documentation says 15
            minutes for V3 and the instance API, 15 or 31 for RPC-1.0.
        require_nonce: Refuse RPC-1.0 without SignatureNonce. The gateway's page lists it as
            required, the KMS pages do not; V3 always needs it.
        require_tls: Refuse plain HTTP.
        schemes: The ways to authenticate that are offered.
        algorithms: Offered V3 and V4 algorithms; only ACS3-HMAC-SHA256 is documented.
        versions: Known API versions.
        actions: Known operations; None takes any.
        instance_versions: Known values of x-kms-apiversion.
        instance_actions: Known values of x-kms-apiname; None takes any.
        instance_words: Words in front of the signature of the instance API: every client writes
            Bearer, the documentation TOKEN.
        instance_body_limit: Bytes.
    """

    freshness: timedelta = timedelta(minutes=15)
    require_nonce: bool = True
    require_tls: bool = False
    schemes: frozenset[Scheme] = frozenset({Scheme.RPC, Scheme.V3, Scheme.INSTANCE})
    algorithms: frozenset[str] = frozenset({"ACS3-HMAC-SHA256"})
    versions: frozenset[str] = frozenset({KMS_VERSION})
    actions: frozenset[str] | None = None
    instance_versions: frozenset[str] = frozenset({"dkms-gcs-0.2"})
    instance_actions: frozenset[str] | None = None
    instance_words: frozenset[str] = frozenset({"Bearer", "TOKEN"})
    instance_body_limit: int = 3 * 1024 * 1024


class NonceMemory:
    """Nonces of accepted requests, by access key, as long as they could be replayed.

    Bounded: beyond ``capacity`` nonces of one access key the oldest is forgotten, so that a replay
    older than that many requests is no longer recognised. Not safe for use by several threads.

    Args:
        lifetime: How long a nonce is kept. Twice the freshness window covers a request stamped as
            far ahead as is allowed.
        capacity: Nonces kept for each access key.
    """

    def __init__(self, lifetime: timedelta = timedelta(minutes=30), capacity: int = 50_000) -> None:
        self._lifetime = lifetime.total_seconds()
        self._capacity = capacity
        self._seen: dict[str, OrderedDict[str, float]] = {}
        #: Of each access key, when its oldest nonce may be forgotten; never later than that.
        self._due: dict[str, float] = {}

    def remember(self, access_key_id: str, nonce: str, now: datetime) -> bool:
        """Record a nonce; False when it was already there."""
        moment = now.timestamp()
        seen = self._seen.get(access_key_id)
        if seen is None:
            seen = self._seen[access_key_id] = OrderedDict()
            self._due[access_key_id] = moment + self._lifetime
        elif moment > self._due[access_key_id] or len(seen) > self._capacity:
            self._forget(access_key_id, seen, moment)
        if nonce in seen:
            return False
        seen[nonce] = moment
        return True

    def _forget(self, access_key_id: str, seen: OrderedDict[str, float], moment: float) -> None:
        """Drop what is older than the lifetime, or beyond the capacity."""
        while seen:
            oldest = next(iter(seen))
            due = seen[oldest] + self._lifetime
            if moment <= due and len(seen) <= self._capacity:
                self._due[access_key_id] = due
                return
            del seen[oldest]
        self._due[access_key_id] = moment + self._lifetime

    def __len__(self) -> int:
        return sum(map(len, self._seen.values()))


@dataclass(frozen=True, slots=True)
class Verifier:
    """Everything verification takes besides the request.

    Attributes:
        lookup: Finds the identity behind an access key id.
        policy: What is insisted on.
        clock: The verifier's time.
        nonces: None switches replay detection off.
        token_owner: Tells a token of another access key from one that was never issued; without it
            every wrong token counts as never issued.
    """

    lookup: Lookup
    policy: Policy = field(default_factory=Policy)
    clock: Clock = utc_now
    nonces: NonceMemory | None = None
    token_owner: TokenOwner | None = None


# Not frozen, because one is made for every request, and setting a field of a frozen class costs
# ten times as much. Nobody changes it all the same.
@dataclass(slots=True)
class Verified:
    """An authenticated request.

    Attributes:
        scheme: How it authenticated.
        identity: Who sent it.
        action: The operation asked for.
        version: The API version asked for.
        answer_format: ``JSON`` or ``XML``.
        parameters: The operation's own pairs of query and form; RegionId, which legacy SDKs add to
            every call, is among them. Empty for the instance API.
    """

    scheme: Scheme
    identity: Identity
    action: str
    version: str
    answer_format: str = "JSON"
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
