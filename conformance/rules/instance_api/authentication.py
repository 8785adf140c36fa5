"""Signatures of KMS Instance API, and the digest of the body that they cover."""

import base64
from collections.abc import Callable

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.rules.instance_api.asking import (
    API,
    CLIENTS,
    CRYPTOGRAPHY,
    ERRORS,
    HEADERS,
    SIGNING,
    expect_code,
    expect_served,
    harmless_call,
    header_set,
    instance_rule,
    named_cases,
    put,
    require_served,
    right_request,
    sent_before,
    signer,
)
from conformance.run.context import Kms
from conformance.run.registry import Level
from conformance.run.verdict import NotTestable
from conformance.wire.credentials import ClientKey
from conformance.wire.instance import (
    API_NAME_HEADER,
    HASH_HEADER,
    KEY_ID_HEADER,
    InstanceAuth,
    content_hash,
)
from conformance.wire.protobuf import field_bytes
from conformance.wire.request import rebuilt
from conformance.wire.tamper import signers

_AUTHORIZATION = "authorization"


@instance_rule(
    "INS-080",
    level=Level.MUST,
    statement="A request signed as every client signs it, with Bearer, is served; further headers "
    "x-kms- are signed along.",
    provenance="observed",
    source=CLIENTS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
)
def right_signatures(kms: Kms) -> None:
    """Send right requests, with further headers and without."""
    expect_served(kms, harmless_call(kms))
    extra = [("x-kms-conformance", "a value"), ("x-kms-a", "1")]
    expect_served(kms, harmless_call(kms, headers=extra))


@instance_rule(
    "INS-081",
    level=Level.SHOULD,
    statement="TOKEN in front of the signature, as pages have it, is taken as well.",
    provenance="documented",
    source=SIGNING,
    stage="authentication",
    readings=("instance-authorization-scheme",),
)
def token_word(kms: Kms) -> None:
    """Write TOKEN and see which reading shows."""
    require_served(kms)
    asked = harmless_call(kms, InstanceAuth(kms.instance_key(), scheme_word="TOKEN"))
    if asked.ok:
        expect_served(kms, asked)
        kms.showed("instance-authorization-scheme", "both", asked)
        return
    kms.showed("instance-authorization-scheme", "Bearer", asked)
    kms.expect_refused(asked, codes=["InvalidParam", "SignatureNotMatch"], why="TOKEN")


def _another_key(kms: Kms, _old: str) -> str:
    other = kms.provide("client-key", {"Scope": "instance"}, fresh=True)
    return str(other["id"])


def _later(_kms: Kms, date: str) -> str:
    """Return a date one second away, still in its form."""
    second = int(date[23:25])
    return f"{date[:23]}{(second + 1) % 60:02}{date[25:]}"


_TAMPERED: dict[str, tuple[str, Callable[[Kms, str], str] | str]] = {
    "date": ("date", _later),
    "api-name": (API_NAME_HEADER, "AdvanceEncrypt"),
    "key-id": (KEY_ID_HEADER, _another_key),
    "added": ("x-kms-added", "1"),
}


@instance_rule(
    "INS-082",
    level=Level.MUST,
    statement="A signed header that was changed after signing is answered by SignatureNotMatch.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_TAMPERED),
)
def tampered_headers(kms: Kms, case: tuple[str, Callable[[Kms, str], str] | str]) -> None:
    """Change one header to another value that is valid in itself."""
    name, change = case

    def edit(request: httpx.Request) -> httpx.Request:
        value = change if isinstance(change, str) else change(kms, request.headers[name])
        return header_set(name, value)(request)

    # Encrypt and AdvanceEncrypt have the same message.
    values = right_request(kms, "Encrypt")
    asked = kms.call_instance("Encrypt", values, auth=signers.after(signer(kms), edit))
    expect_code(kms, asked, "signature-mismatch", f"{name} changed")


@instance_rule(
    "INS-083",
    level=Level.MUST,
    statement="A header of the signature that is taken away after signing, or added to it, is "
    "noticed.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
)
def removed_header(kms: Kms) -> None:
    """Sign one more x-kms- header than is sent."""
    added = signer(kms)
    added.edit = lambda headers: put(headers, "x-kms-signed-and-not-sent", "1")
    change = header_set("x-kms-signed-and-not-sent", None)
    expect_code(kms, harmless_call(kms, signers.after(added, change)), "signature-mismatch")


def _flip(request: httpx.Request) -> httpx.Request:
    word, _, text = request.headers[_AUTHORIZATION].partition(" ")
    raw = bytearray(base64.b64decode(text))
    raw[10] ^= 1
    return header_set(_AUTHORIZATION, f"{word} {base64.b64encode(raw).decode()}")(request)


def _foreign(kms: Kms) -> httpx.Auth:
    """Sign with another key under the right id."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return InstanceAuth(ClientKey(kms.instance_key().id, stranger))


_SIGNATURES: dict[str, Callable[[Kms], httpx.Auth]] = {
    "flipped-bit": lambda kms: signers.after(signer(kms), _flip),
    "another-key": _foreign,
    "another-method": lambda kms: signers.signed_for_another(
        signer(kms), lambda request: rebuilt(request, method="PUT")
    ),
    "another-body": lambda kms: signers.signed_for_another(
        signer(kms), lambda request: rebuilt(request, content=b"\x08\x20")
    ),
}


@instance_rule(
    "INS-084",
    level=Level.MUST,
    statement="A signature with a changed bit, by another key, for another HTTP method or for "
    "another body is answered by SignatureNotMatch.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SIGNATURES),
)
def wrong_signatures(kms: Kms, make: Callable[[Kms], httpx.Auth]) -> None:
    """Send a right request with a wrong signature."""
    require_served(kms)
    expect_code(kms, harmless_call(kms, make(kms)), "signature-mismatch")


def _other_body(request: httpx.Request) -> httpx.Request:
    return rebuilt(request, content=b"\x08\x20")


@instance_rule(
    "INS-085",
    level=Level.MUST,
    statement="A body that was changed after signing is noticed: the digest in the header is "
    "compared with the body.",
    provenance="documented",
    source=SIGNING,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
)
def changed_body(kms: Kms) -> None:
    """Sign one length and ask for another."""
    asked = harmless_call(kms, signers.after(signer(kms), _other_body))
    kms.expect_refused(
        asked, codes=["InvalidParam", "SignatureNotMatch"], stage="authentication", why="the body"
    )


@instance_rule(
    "INS-086",
    level=Level.MUST,
    statement="A digest that is not that of the body is refused even where it is signed.",
    provenance="documented",
    source=SIGNING,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
)
def signed_wrong_digest(kms: Kms) -> None:
    """Sign the digest of another body."""
    asked = sent_before(kms, HASH_HEADER, content_hash(b"another body"))
    kms.expect_refused(
        asked, codes=["InvalidParam", "SignatureNotMatch"], stage="authentication", why="the digest"
    )


@instance_rule(
    "INS-116",
    level=Level.MUST,
    statement="A client key signs for itself alone: the signature of another one of the same "
    "access point is answered by SignatureNotMatch.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    safety="creates",
    cells=(CRYPTOGRAPHY,),
)
def signature_of_a_sibling(kms: Kms) -> None:
    """Sign with the second client key of an access point in the name of the first."""
    require_served(kms)
    first = kms.provide("client-key", {"Scope": "instance"}, fresh=True)
    if "access-point" not in first:
        raise NotTestable("the access point of the client key is not known")
    second = kms.provide("client-key", {"Scope": "instance", "Beside": first["access-point"]})
    for key in (first["credential"], second["credential"]):
        expect_served(kms, harmless_call(kms, InstanceAuth(key)))
    mixed = InstanceAuth(ClientKey(first["id"], second["credential"].private_key))
    expect_code(kms, harmless_call(kms, mixed), "signature-mismatch", "signed by a sibling")


#: Bytes of a body: beyond what servers read in one piece, and beyond what they keep in memory.
_LARGE = {"64 KiB": 1 << 16, "1 MiB": 1 << 20}


@instance_rule(
    "INS-117",
    level=Level.MUST,
    statement="The digest of a large body is compared to its last byte, as that of a small one.",
    provenance="documented",
    source=SIGNING,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_LARGE),
)
def changed_large_body(kms: Kms, size: int) -> None:
    """Change the last byte of a body that a field nobody knows makes large."""
    body = API.encode("GenerateRandom", {"Length": 16}) + field_bytes(1000, kms.bytes(size))
    right = kms.call_instance("GenerateRandom", body=body)
    if not right.ok:
        raise NotTestable(f"the right body is answered {right.describe()}", [right])

    def change(request: httpx.Request) -> httpx.Request:
        return rebuilt(request, content=body[:-1] + bytes([body[-1] ^ 1]))

    asked = kms.call_instance("GenerateRandom", body=body, auth=signers.after(signer(kms), change))
    kms.expect_refused(
        asked, codes=["InvalidParam", "SignatureNotMatch"], stage="authentication", why="the body"
    )


@instance_rule(
    "INS-087",
    level=Level.SHOULD,
    statement="A digest in lower case is taken as the same number, or refused as no digest.",
    provenance="inferred",
    source=HEADERS,
    stage="authentication",
    readings=("instance-digest-case",),
)
def digest_case(kms: Kms) -> None:
    """Sign the digest in lower case and see which reading shows."""
    lowered = signer(kms)
    lowered.edit = lambda headers: put(headers, HASH_HEADER, headers[HASH_HEADER].lower())
    asked = harmless_call(kms, lowered)
    kms.showed("instance-digest-case", "either" if asked.ok else "upper-case", asked)
    if not asked.ok:
        kms.expect_refused(asked, codes=["InvalidParam", "SignatureNotMatch"], why="lower case")
