"""Ways to sign wrongly, each of which leaves the rest of the request right.

Every function takes a right signer and returns an `httpx.Auth` that differs in one respect.
"""

import copy
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import TypeAlias

import httpx

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.acs_canonical import Authorization, hash_hex
from conformance.wire.credentials import ClientKey, Credential
from conformance.wire.failures import WireError
from conformance.wire.instance import HASH_HEADER, InstanceAuth, content_hash
from conformance.wire.request import WireRequest, rebuilt
from conformance.wire.rpc import Pairs, RpcAuth, with_pairs

Signer: TypeAlias = RpcAuth | Acs3Auth | InstanceAuth
Change: TypeAlias = Callable[[httpx.Request], httpx.Request]
#: Makes a value out of the right one, None to leave it out.
Edit: TypeAlias = Callable[[str], str | None]
#: Computes a signature of RPC-1.0 from method, pairs and secret.
Compute: TypeAlias = Callable[[str, Pairs, str], str]

#: The header in which V3 carries what RPC-1.0 carries in a parameter.
HEADERS = {
    "Action": "x-acs-action",
    "Version": "x-acs-version",
    "SignatureNonce": "x-acs-signature-nonce",
}


class Tampered(httpx.Auth):
    """Sends what a function makes of the unsigned request."""

    requires_request_body = True

    def __init__(self, sign_request: Change) -> None:
        self.sign_request = sign_request

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the wrongly signed request."""
        yield self.sign_request(request)


def before(signer: Signer, change: Change) -> Tampered:
    """Change the request, then sign it rightly."""
    return Tampered(lambda request: signer.sign_request(change(request)))


def after(signer: Signer, change: Change) -> Tampered:
    """Sign rightly, then change the request."""
    return Tampered(lambda request: change(signer.sign_request(request)))


def signed_for_another(signer: Signer, change: Change) -> Tampered:
    """Send the right request with the signature that belongs to a changed one.

    Equal to a change after signing, except that what arrives is valid in all other respects.
    """

    def make(request: httpx.Request) -> httpx.Request:
        still = stopped(signer)
        foreign = signature_of(still.sign_request(change(request)))
        return with_signature(still.sign_request(request), lambda _: foreign)

    return Tampered(make)


def signed_by(signer: Signer, wrong: Callable[[Signer], Signer]) -> Tampered:
    """Send the right request with the signature that a wrong signer makes for it."""

    def make(request: httpx.Request) -> httpx.Request:
        still = stopped(signer)
        foreign = signature_of(wrong(still).sign_request(request))
        return with_signature(still.sign_request(request), lambda _: foreign)

    return Tampered(make)


def stopped(signer: Signer) -> Signer:
    """Return a copy of the signer whose time and nonce stand still."""
    still = copy.copy(signer)
    moment = signer.clock()
    still.clock = lambda: moment
    if isinstance(signer, RpcAuth | Acs3Auth) and isinstance(still, RpcAuth | Acs3Auth):
        nonce = signer.nonce()
        still.nonce = lambda: nonce
    return still


def with_credential(signer: Signer, credential: Credential) -> Signer:
    """Return a copy of the signer that signs for another credential."""
    other = copy.copy(signer)
    if not isinstance(other, InstanceAuth) or isinstance(credential, ClientKey):
        other.credential = credential
    else:
        raise WireError("the instance protocol signs with client keys only")
    return other


def shifted(signer: Signer, offset: timedelta) -> Signer:
    """Return a copy of the signer whose clock is wrong by ``offset``."""
    other = copy.copy(signer)
    other.clock = lambda: signer.clock() + offset
    return other


def with_common(signer: Signer, name: str, change: Edit) -> Signer:
    """Return a copy of the signer that changes one common parameter or header before signing.

    Args:
        signer: A right signer.
        name: A parameter of RPC-1.0, translated for V3 and the instance protocol, or a header.
        change: Makes the value that is sent out of the right one; None leaves it out.
    """
    other = copy.copy(signer)
    if isinstance(other, RpcAuth):
        other.edit = lambda pairs: change_pair(pairs, name, change)
        return other
    date = "date" if isinstance(other, InstanceAuth) else "x-acs-date"
    header = {**HEADERS, "Timestamp": date}.get(name, name)

    def edit(headers: httpx.Headers) -> None:
        value = change(headers.pop(header, ""))
        if value is not None:
            headers[header] = value

    other.edit = edit
    return other


def with_hash_of(signer: Signer, body: bytes) -> Signer:
    """Return a copy of the signer that names and signs the content hash of another body."""
    if isinstance(signer, Acs3Auth):
        digest = hash_hex(signer.hashes[signer.algorithm], body)
        return with_common(signer, signer.hash_header, lambda _: digest)
    return with_common(signer, HASH_HEADER, lambda _: content_hash(body))


def with_renamed_header(signer: Signer, name: str, renamed: str) -> Signer:
    """Return a copy of the signer that spells a header otherwise; the rest is signed rightly."""
    other = copy.copy(signer)

    def edit(headers: httpx.Headers) -> None:
        headers[renamed] = headers.pop(name)

    if not isinstance(other, RpcAuth):
        other.edit = edit
    return other


def with_one_nonce(signer: Signer) -> Signer:
    """Return a copy of the signer that uses one nonce for all requests."""
    other = copy.copy(signer)
    if isinstance(other, RpcAuth | Acs3Auth):
        nonce = other.nonce()
        other.nonce = lambda: nonce
    return other


def repeating(signer: Signer) -> Tampered:
    """Send the first request again each time, byte for byte."""
    first: list[httpx.Request] = []

    def make(request: httpx.Request) -> httpx.Request:
        if not first:
            first.append(signer.sign_request(request))
        return rebuilt(first[0])

    return Tampered(make)


def resigned(signer: Signer, compute: Compute, algorithm: str | None = None) -> Tampered:
    """RPC-1.0: send a signature of one's own making over the parameters that are sent.

    Args:
        signer: A right signer with an access key.
        compute: Makes the signature.
        algorithm: Value of SignatureMethod, None to leave the right one.
    """
    credential = signer.credential
    if isinstance(credential, ClientKey):
        raise WireError("a client key has no secret")
    named = signer
    if algorithm is not None:
        named = with_common(signer, "SignatureMethod", lambda _: algorithm)

    def change(request: httpx.Request) -> httpx.Request:
        wire = WireRequest.from_httpx(request)
        pairs = wire.query_pairs() + wire.form_pairs()
        signature = compute(request.method, pairs, credential.secret)
        return with_signature(request, lambda _: signature)

    return after(named, change)


def change_pair(pairs: Pairs, name: str, change: Edit) -> Pairs:
    """Return the pairs with one value changed, or without it where the change gives None."""
    changed = [(key, change(value) if key == name else value) for key, value in pairs]
    return [(key, value) for key, value in changed if value is not None]


def signature_of(request: httpx.Request) -> str:
    """Return the signature of a signed request."""
    found: list[str] = []

    def keep(signature: str) -> str:
        found.append(signature)
        return signature

    with_signature(request, keep)
    return found[0]


def with_signature(request: httpx.Request, change: Callable[[str], str]) -> httpx.Request:
    """Return a signed request with another signature."""
    header = request.headers.get("authorization")
    if header is None:
        return map_pairs(request, lambda pairs: change_pair(pairs, "Signature", change))
    if header.startswith("ACS"):
        parts = Authorization.parse(header)
        changed = Authorization(
            parts.algorithm, parts.credential, parts.signed_headers, change(parts.signature)
        ).render()
    else:
        word, _, signature = header.partition(" ")
        changed = f"{word} {change(signature)}"
    return with_header(request, "authorization", changed)


def with_header(request: httpx.Request, name: str, value: str | None) -> httpx.Request:
    """Return a request with one header replaced, None to leave it out."""
    headers = request.headers.copy()
    headers.pop(name, None)
    if value is not None:
        headers[name] = value
    return rebuilt(request, headers=headers)


def map_pairs(request: httpx.Request, change: Callable[[Pairs], Pairs]) -> httpx.Request:
    """Return a request whose query and form pairs were changed."""
    wire = WireRequest.from_httpx(request)
    form = wire.form_pairs()
    return with_pairs(request, change(wire.query_pairs()), change(form) if form else [])
