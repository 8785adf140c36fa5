"""The canonical request that V3 and V4 sign, and the checks both share."""

import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from conformance.wire import checks
from conformance.wire.encoding import canonical_query
from conformance.wire.failures import AuthFailure, FailureKind, WireError
from conformance.wire.identity import Identity, Scheme, Verified, Verifier
from conformance.wire.request import WireRequest
from conformance.wire.times import parse_iso

#: Which headers a client signs.
Selection: TypeAlias = Literal["documented", "all"]

#: Headers that the HTTP client sets after signing, hence signed by nobody.
TRANSPORT_HEADERS = frozenset(
    {
        "authorization",
        "accept-encoding",
        "connection",
        "content-length",
        "transfer-encoding",
    }
)

#: What a pair may carry that is no parameter of the operation.
_COMMON = frozenset({"Format", "SignatureType"})
_REQUIRED_HEADERS = ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce")

_SHA256 = hashlib.sha256()


def hash_hex(name: str, content: bytes) -> str:
    """Return the lower-case hexadecimal hash.

    Raises:
        WireError: When this machine's OpenSSL does not offer the hash, which happens with SM3.
    """
    if name == "sha256":
        state = _SHA256.copy()  # cheaper than to look the hash up anew
        state.update(content)
        return state.hexdigest()
    try:
        return hashlib.new(name, content).hexdigest()
    except ValueError:
        raise WireError(f"this machine's OpenSSL does not offer {name}") from None


def canonical_request(
    method: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    *,
    headers: Mapping[str, str],
    signed: Iterable[str],
    payload_hash: str,
) -> str:
    """Return the six parts joined by line feeds.

    Args:
        method: As sent.
        path: ``/`` for KMS.
        pairs: Decoded query; form pairs do not belong here.
        headers: By lower-case name.
        signed: Names to sign, sorted.
        payload_hash: Lower-case hexadecimal hash of the body.

    Raises:
        KeyError: When a name of ``signed`` is not in ``headers``.
    """
    lines = _Lines.of(signed).filled(headers)
    return _joined(method, path, pairs, lines, payload_hash)


def _joined(
    method: str, path: str, pairs: Iterable[tuple[str, str]], lines: str, payload_hash: str
) -> str:
    return f"{method}\n{path}\n{canonical_query(pairs)}\n{lines}\n{payload_hash}"


class _Lines(NamedTuple):
    """The signed headers of a canonical request, with gaps for the values, and their names.

    Attributes:
        layout: A line for each header, and the line of all names.
        names: In the order of the gaps, interned.
    """

    layout: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, signed: Iterable[str]) -> "_Lines":
        """Return the lines for names that are sorted."""
        names = tuple(map(sys.intern, signed))
        plain = [name.replace("%", "%%") for name in names]
        return cls("".join([f"{name}:%s\n" for name in plain]) + "\n" + ";".join(plain), names)

    def filled(self, headers: Mapping[str, str]) -> str:
        """Return the lines with the values of a request."""
        return self.layout % tuple([headers[name].strip() for name in self.names])


def string_to_sign(algorithm: str, canonical: str, hash_name: str) -> str:
    """Return the algorithm's name and the hash of the canonical request."""
    return f"{algorithm}\n{hash_hex(hash_name, canonical.encode())}"


def select_headers(names: Iterable[str], selection: Selection) -> list[str]:
    """Return the header names to sign, sorted.

    Args:
        names: Lower-case names of the headers present.
        selection: ``documented`` takes host, content-type and every x-acs-*; ``all`` takes every
            header set before signing, accept and user-agent included, as the Python Tea client
            does.
    """
    if selection == "all":
        return sorted(set(names) - TRANSPORT_HEADERS)
    documented = {"host", "content-type"}
    return sorted({name for name in names if name in documented or name.startswith("x-acs-")})


class Authorization(NamedTuple):
    """The parts of an ACS3 or ACS4 Authorization header."""

    algorithm: str
    credential: str
    signed_headers: tuple[str, ...]
    signature: str

    def render(self) -> str:
        """Return the header's value."""
        names = ";".join(self.signed_headers)
        return (
            f"{self.algorithm} Credential={self.credential},"
            f"SignedHeaders={names},Signature={self.signature}"
        )

    @classmethod
    def parse(cls, value: str) -> "Authorization":
        """Read a header's value; the order of the parts differs between SDKs.

        Raises:
            AuthFailure: With kind MALFORMED_AUTHORIZATION.
        """
        claimed, _, signature = value.rpartition(",Signature=")
        claim, signature = _claim(claimed), signature.rstrip()
        if claim is None or not signature or "," in signature:
            return cls._parse_in_any_order(value)
        return cls(*claim, signature)

    @classmethod
    def _parse_in_any_order(cls, value: str) -> "Authorization":
        algorithm, parts = _parts(value)
        try:
            credential, names = parts["Credential"], parts["SignedHeaders"]
            signature = parts["Signature"]
        except KeyError:
            raise AuthFailure(FailureKind.MALFORMED_AUTHORIZATION) from None
        if len(parts) != 3 or not (credential and names and signature):
            raise AuthFailure(FailureKind.MALFORMED_AUTHORIZATION)
        return cls(algorithm, credential, tuple(names.split(";")), signature)


def _parts(value: str) -> tuple[str, Mapping[str, str]]:
    """Return the algorithm and the named parts of an Authorization header."""
    algorithm, _, rest = value.partition(" ")
    return algorithm, dict([part.strip().partition("=")[::2] for part in rest.split(",")])


# All but the signature, which usually comes last, is the same in every request of a client.
@lru_cache(maxsize=64)
def _claim(value: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return algorithm, credential and signed headers, None unless just these are there."""
    algorithm, parts = _parts(value)
    if parts.keys() != {"Credential", "SignedHeaders"} or not all(parts.values()):
        return None
    return algorithm, parts["Credential"], tuple(parts["SignedHeaders"].split(";"))


class Method(NamedTuple):
    """How an algorithm signs.

    Attributes:
        scheme: V3 or V4.
        hash_name: Hash of body and canonical request.
        hash_header: Header that carries the hash of the body.
        holds: Tells whether the signature of the header is right for a string to sign.
    """

    scheme: Scheme
    hash_name: str
    hash_header: str
    holds: Callable[[Authorization, str, Identity], bool]


def joined_headers(request: WireRequest) -> Mapping[str, str]:
    """Return headers by name; several values of one name are sorted and joined by a comma."""
    headers = request.by_name
    if len(headers) == len(request.headers):
        return headers
    values: dict[str, list[str]] = {}
    for name, value in request.headers:
        values.setdefault(name, []).append(value.strip())
    return {name: ",".join(sorted(several)) for name, several in values.items()}


def verify_claim(
    request: WireRequest,
    verifier: Verifier,
    headers: Mapping[str, str],
    authorization: Authorization,
    access_key_id: str,
    method: Method,
) -> Verified:
    """Run the checks that V3 and V4 share.

    Args:
        request: The request.
        verifier: Identities, policy, clock and nonces.
        headers: The request's headers, see `joined_headers`.
        authorization: What one of them claims.
        access_key_id: Who claims to have signed.
        method: How.
    """
    policy, now = verifier.policy, verifier.clock()
    if not all(map(headers.get, _REQUIRED_HEADERS)):
        missing = next(name for name in _REQUIRED_HEADERS if not headers.get(name))
        raise AuthFailure(FailureKind.MISSING_PARAMETER, missing)
    scheme, hash_name, hash_header, holds = method
    given_hash = checks.required(headers.get(hash_header), hash_header)
    action, version = headers["x-acs-action"], headers["x-acs-version"]
    checks.check_operation(action, version, policy)
    query, form, params = checks.request_pairs(request)
    answer_format = checks.answer_format(params["Format"]) if "Format" in params else "JSON"
    identity = checks.find_identity(access_key_id, verifier, now)
    checks.check_time(headers["x-acs-date"], "x-acs-date", parse_iso, now, policy)
    payload_hash = hash_hex(hash_name, request.body)
    if given_hash != payload_hash:
        raise AuthFailure(FailureKind.CONTENT_HASH_MISMATCH, hash_header)
    lines, failure = _judged(authorization.signed_headers, tuple(headers))
    if failure is not None:
        raise AuthFailure(*failure)
    canonical = _joined(request.method, request.path, query, lines.filled(headers), payload_hash)
    text = string_to_sign(authorization.algorithm, canonical, hash_name)
    if not holds(authorization, text, identity):
        raise AuthFailure(
            FailureKind.SIGNATURE_MISMATCH, string_to_sign=text, canonical_request=canonical
        )
    checks.check_token(headers.get("x-acs-security-token", ""), identity, verifier, now)
    checks.check_nonce(headers["x-acs-signature-nonce"], identity, verifier, now)
    pairs = query + form
    if not _COMMON.isdisjoint(params):
        pairs = [pair for pair in pairs if pair[0] not in _COMMON]
    return Verified(scheme, identity, action, version, answer_format, tuple(pairs))


# Names come in the same order again in every request of a client.
@lru_cache(maxsize=64)
def _judged(
    claimed: tuple[str, ...], present: tuple[str, ...]
) -> tuple[_Lines, tuple[FailureKind, str] | None]:
    """Return the lines that SignedHeaders asks for, and what is wrong with the names in it.

    Wrong are names of absent headers, and the want of x-acs-* or host: documentation tells clients
    to sign host and every x-acs-* header, and a verifier that let action or token go unsigned would
    let a captured request be turned into another.
    """
    lines, names = _Lines.of(sorted(claimed)), frozenset(claimed)
    if not names.issubset(present):
        missing = next(name for name in lines.names if name not in present)
        return lines, (FailureKind.MISSING_SIGNED_HEADER, missing)
    for name in present:
        if name not in names and (name.startswith("x-acs-") or name == "host"):
            return lines, (FailureKind.UNSIGNED_HEADER, name)
    return lines, None
