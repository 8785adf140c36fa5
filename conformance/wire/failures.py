"""Errors of the wire layer.

``WireError``
    Text or bytes that cannot be read from, or written to, the wire.

    ``NotTransmittable``
        A logical parameter value for which the query protocol has no spelling.
    ``DuplicateParameter``
        One parameter given more than once.

``AuthFailure``
    A request whose authentication was refused; ``kind`` says why. Which code and status answer a
    kind differs between the documented error families and is not decided here.
"""

import enum


class WireError(ValueError):
    """Text or bytes that do not follow the encoding rules of the wire."""


class NotTransmittable(WireError):  # noqa: N818 - names a property of the value, as KeyError does
    """A logical value that the query protocol cannot express, such as null or an empty list."""


class DuplicateParameter(WireError):  # noqa: N818 - names what was found
    """A parameter that stands more than once in a request.

    Attributes:
        names: The names concerned, sorted.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__("given more than once: " + ", ".join(names))
        self.names = names


class FailureKind(enum.Enum):
    """Why a request was not authenticated. The value is a stable name for data files."""

    UNPARSABLE_PARAMETERS = "unparsable-parameters"
    """Query or form is not valid percent-encoded UTF-8."""
    DUPLICATE_PARAMETER = "duplicate-parameter"
    """One name occurs twice in query and form together: which value was meant is not decidable."""
    BAD_HTTP_METHOD = "bad-http-method"
    """Neither GET nor POST (instance API: not POST)."""
    PLAIN_HTTP = "plain-http"
    """Not sent over TLS although the endpoint insists on it."""
    UNSUPPORTED_SCHEME = "unsupported-scheme"
    """A recognised way to authenticate that the endpoint does not offer."""
    MISSING_PARAMETER = "missing-parameter"
    """A common parameter or header is absent; ``name`` tells which."""
    MALFORMED_AUTHORIZATION = "malformed-authorization"
    """The Authorization header is not of the form its scheme prescribes."""
    BAD_SIGNATURE_METHOD = "bad-signature-method"
    """Unknown signature algorithm."""
    BAD_SIGNATURE_VERSION = "bad-signature-version"
    """SignatureVersion other than 1.0."""
    BAD_FORMAT = "bad-format"
    """Format is neither JSON nor XML."""
    BAD_CONTENT_TYPE = "bad-content-type"
    """Instance API: content type is not protobuf."""
    BODY_TOO_LARGE = "body-too-large"
    """Instance API: body above 3 MB."""
    UNKNOWN_ACTION = "unknown-action"
    UNKNOWN_VERSION = "unknown-version"
    MALFORMED_ACCESS_KEY = "malformed-access-key"
    """An id with characters or a length that no access key id has."""
    UNKNOWN_ACCESS_KEY = "unknown-access-key"
    DISABLED_ACCESS_KEY = "disabled-access-key"
    EXPIRED_CLIENT_KEY = "expired-client-key"
    """Client key before NotBefore or after NotAfter."""
    MALFORMED_TIMESTAMP = "malformed-timestamp"
    STALE_TIMESTAMP = "stale-timestamp"
    """Outside the freshness window, in either direction."""
    CONTENT_HASH_MISMATCH = "content-hash-mismatch"
    """The body is not the one whose hash the request names."""
    MISSING_SIGNED_HEADER = "missing-signed-header"
    """SignedHeaders names a header that was not sent."""
    UNSIGNED_HEADER = "unsigned-header"
    """A header that has to be signed was sent and is not named in SignedHeaders."""
    SIGNATURE_MISMATCH = "signature-mismatch"
    MISSING_TOKEN = "missing-token"  # noqa: S105 - a name, not a secret
    """Temporary access key without security token."""
    BAD_TOKEN = "bad-token"  # noqa: S105
    """A security token that was never issued."""
    TOKEN_MISMATCH = "token-mismatch"  # noqa: S105
    """A security token that belongs to another access key."""
    EXPIRED_TOKEN = "expired-token"  # noqa: S105
    REPLAYED_NONCE = "replayed-nonce"


class AuthFailure(Exception):  # noqa: N818 - the domain speaks of authentication failures
    """A refused request.

    The strings below may hold plaintexts and secret values of the request. They are for the answer
    to the caller only, which is why neither ``str`` nor ``repr`` shows them.

    Attributes:
        kind: Why.
        name: The parameter, header or action concerned, where there is one.
        string_to_sign: The string the verifier signed, for a signature mismatch.
        canonical_request: V3 and V4: the canonical request behind it.
    """

    def __init__(
        self,
        kind: FailureKind,
        name: str = "",
        *,
        string_to_sign: str | None = None,
        canonical_request: str | None = None,
    ) -> None:
        super().__init__(f"{kind.value}: {name}" if name else kind.value)
        self.kind = kind
        self.name = name
        self.string_to_sign = string_to_sign
        self.canonical_request = canonical_request
