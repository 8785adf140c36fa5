"""What a refused call of KMS Instance API answers, in the words of specs/instance-api."""

from conformance.reference.errors import KmsError
from conformance.spec.instance import instance_api
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.instance import HASH_HEADER

_K = FailureKind
_KINDS = {
    _K.BAD_CONTENT_TYPE: "bad-content-type",
    _K.UNKNOWN_VERSION: "bad-api-version",
    _K.UNKNOWN_ACTION: "unknown-api-name",
    _K.MALFORMED_AUTHORIZATION: "bad-authorization",
    _K.MALFORMED_TIMESTAMP: "bad-date",
    _K.STALE_TIMESTAMP: "stale-date",
    _K.CONTENT_HASH_MISMATCH: "body-hash-mismatch",
    _K.SIGNATURE_MISMATCH: "signature-mismatch",
    _K.UNKNOWN_ACCESS_KEY: "unknown-access-key",
    _K.MALFORMED_ACCESS_KEY: "unknown-access-key",
    # What an expired or deleted client key answers is not documented: as if there were none.
    _K.EXPIRED_CLIENT_KEY: "unknown-access-key",
    _K.DISABLED_ACCESS_KEY: "unknown-access-key",
}


class InstanceRefusal(Exception):  # noqa: N818 - a refusal is what it is for the caller
    """A refusal.

    Args:
        kind: Which of the ways to refuse in transport.json.
        value: What the request named, for the message.
    """

    def __init__(self, kind: str, value: str = "") -> None:
        super().__init__(kind)
        known = instance_api().errors[kind]
        self.kind = kind
        self.code = known.code
        self.status = 400 if known.status is None else known.status
        self.message = known.message.replace("{value}", value)


class TooLarge(Exception):  # noqa: N818 - likewise
    """A body above the limit, which is answered without a body."""


def refusal_of(failure: AuthFailure) -> InstanceRefusal | TooLarge:
    """Return how a request that did not authenticate is refused."""
    if failure.kind is _K.BODY_TOO_LARGE:
        return TooLarge()
    if failure.kind is _K.BAD_SIGNATURE_METHOD:
        kind = "bad-signature-method" if failure.name else "missing-signature-method"
        return InstanceRefusal(kind, failure.name)
    if failure.kind is _K.MISSING_PARAMETER:
        hashed = failure.name == HASH_HEADER
        return InstanceRefusal("body-hash-mismatch" if hashed else "missing-access-key")
    # Other HTTP methods are not described anywhere.
    return InstanceRefusal(_KINDS.get(failure.kind, "bad-parameter"), failure.name)


def kms_refusal(error: KmsError) -> InstanceRefusal:
    """Return the refusal of a part that the two APIs share, in the words of this one."""
    kinds = {known.code: kind for kind, known in reversed(list(instance_api().errors.items()))}
    return InstanceRefusal(kinds.get(error.code, "bad-parameter"))
