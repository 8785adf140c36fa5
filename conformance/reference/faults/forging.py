"""Lets an endpoint take requests whose authentication is wrong: the request is signed anew.

A verifier with a hole takes a wrong request for right. What it then sees is the same request with
the fields repaired and a signature that holds, which is what is made here; every other check of the
real verifier stays in force.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from conformance.reference.answers import Family, answer_for
from conformance.reference.endpoint import Endpoint, new_request_id
from conformance.reference.errors import KmsError
from conformance.reference.passage import Passage
from conformance.wire import acs3, rpc
from conformance.wire.acs_canonical import (
    Authorization,
    canonical_request,
    hash_hex,
    joined_headers,
    string_to_sign,
)
from conformance.wire.credentials import AccessKey
from conformance.wire.encoding import encode_query
from conformance.wire.failures import AuthFailure
from conformance.wire.identity import Identity, Scheme
from conformance.wire.request import WireRequest
from conformance.wire.times import format_iso

#: Tells whether a refused request is to be taken after all.
Applies = Callable[[KmsError, Passage], bool]


def is_failure(error: KmsError, *kinds: str) -> bool:
    """Tell whether a refusal is one of these failures, in either family."""
    families: tuple[Family, Family] = ("kms", "gateway")
    return any(error.code == answer_for(kind, f)[0] for kind in kinds for f in families)


def is_mismatch(error: KmsError, _: Passage) -> bool:
    """Tell whether a refusal is about a signature that does not fit."""
    return is_failure(error, "signature-mismatch")


def claimed_identity(endpoint: Endpoint, request: WireRequest) -> Identity | None:
    """Return the identity that a request claims, None when it claims none that is known."""
    authorization = request.header("authorization")
    if authorization is not None:
        credential = authorization.partition("Credential=")[2].partition(",")[0].strip()
        return endpoint.lookup(credential)
    pairs = dict(request.query_pairs() + request.form_pairs())
    return endpoint.lookup(pairs.get("AccessKeyId", ""))


def full_identity(endpoint: Endpoint, _: WireRequest) -> Identity | None:
    """Return the identity that may do everything."""
    return endpoint.identities["full"].identity


def signed_anew(
    request: WireRequest,
    identity: Identity,
    scheme: Scheme,
    changes: Mapping[str, str | None] | None = None,
) -> WireRequest:
    """Return the request with a signature that holds.

    Args:
        request: The request.
        identity: Whose key signs.
        scheme: RPC-1.0 or V3.
        changes: Parameters (V3: headers) to set, or with None to drop, before it is signed.
    """
    if scheme is Scheme.V3:
        return _v3_anew(request, identity, changes or {})
    return _rpc_anew(request, identity, changes or {})


def _rpc_anew(
    request: WireRequest, identity: Identity, changes: Mapping[str, str | None]
) -> WireRequest:
    changed = {*changes, "Signature"}
    query = [pair for pair in request.query_pairs() if pair[0] not in changed]
    form = [pair for pair in request.form_pairs() if pair[0] not in changed]
    query += [(name, text) for name, text in changes.items() if text is not None]
    credential = AccessKey(identity.access_key_id, identity.secret or "")
    query.append(("Signature", rpc.sign(request.method, query + form, credential)))
    body = encode_query(form).encode() if request.has_form() else request.body
    return replace(request, query_string=encode_query(query).encode(), body=body)


def _v3_anew(
    request: WireRequest, identity: Identity, changes: Mapping[str, str | None]
) -> WireRequest:
    payload = hash_hex("sha256", request.body)
    settled = {**changes, "x-acs-content-sha256": payload, "authorization": None}
    headers = [pair for pair in request.headers if pair[0] not in settled]
    headers += [(name, text) for name, text in settled.items() if text is not None]
    unsigned = replace(request, headers=tuple(headers))
    joined = joined_headers(unsigned)
    names = sorted(name for name in joined if name == "host" or name.startswith("x-acs-"))
    canonical = canonical_request(
        request.method,
        request.path,
        request.query_pairs(),
        headers=joined,
        signed=names,
        payload_hash=payload,
    )
    text = string_to_sign(acs3.HMAC_SHA256, canonical, "sha256")
    credential = AccessKey(identity.access_key_id, identity.secret or "")
    signature = acs3.sign(acs3.HMAC_SHA256, text, credential)
    value = Authorization(acs3.HMAC_SHA256, credential.id, tuple(names), signature).render()
    return replace(unsigned, headers=(*headers, ("authorization", value)))


def take_anyway(
    endpoint: Endpoint,
    applies: Applies,
    changes: Callable[[Endpoint, Passage, Identity], Mapping[str, str | None]] | None = None,
    identity_of: Callable[[Endpoint, WireRequest], Identity | None] = claimed_identity,
) -> None:
    """Take some requests that the stage authenticate refuses.

    Args:
        endpoint: Which one.
        applies: Tells which refusals are passed over.
        changes: What to repair before the request is signed anew.
        identity_of: Whose request it counts as.
    """
    original = endpoint.authenticate

    def authenticate(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError as refusal:
            if not applies(refusal, passage):
                raise
            try:
                identity = identity_of(endpoint, passage.request)
                if identity is None or identity.secret is None:
                    raise
                repaired = changes(endpoint, passage, identity) if changes else {}
                scheme = Scheme.V3 if passage.scheme is Scheme.V3 else Scheme.RPC
                passage.request = signed_anew(passage.request, identity, scheme, repaired)
                passage.scheme = scheme
            except (AuthFailure, ValueError, KeyError):
                raise refusal from None
            original(passage)

    endpoint.authenticate = authenticate


def fresh(endpoint: Endpoint, passage: Passage, _: Identity) -> dict[str, str | None]:
    """Return a time and a nonce of this moment, for the scheme of the request."""
    now, nonce = format_iso(endpoint.clock.now()), new_request_id()
    if passage.scheme is Scheme.V3:
        return {"x-acs-date": now, "x-acs-signature-nonce": nonce}
    return {"Timestamp": now, "SignatureNonce": nonce}


def right_token(_: Endpoint, passage: Passage, identity: Identity) -> dict[str, str | None]:
    """Return the token that belongs to the access key."""
    name = "x-acs-security-token" if passage.scheme is Scheme.V3 else "SecurityToken"
    return {name: identity.token}


def with_common(**values: str) -> Callable[[Endpoint, Passage, Identity], dict[str, str | None]]:
    """Return a repair that sets common parameters of RPC-1.0."""
    return lambda _, __, ___: dict(values)
