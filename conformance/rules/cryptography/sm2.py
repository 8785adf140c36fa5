"""SM2 keys, on targets that offer EC_SM2: signatures over SM3(Z ‖ M), SM2PKE in both its forms."""

from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle import sm2
from conformance.oracle.curves import SM2
from conformance.oracle.ecdsa import numbers_of
from conformance.oracle.forgeries import sm2_ciphertexts
from conformance.oracle.public_keys import EcPublicKey
from conformance.oracle.schemes import SM2PKE, is_of_spec, spec_row
from conformance.oracle.sm3 import sm3
from conformance.rules.cryptography.asking import SDK, b64, bytes_in, done, expect_closed, names_key
from conformance.rules.cryptography.pairs import OUTSIDE, of_pair, public_key, signing_pair
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_NEEDS = ("spec:EC_SM2",)
_SIGNS = "SM2DSA"
_FORM = "sm2-ciphertext-form"
_STANDARD = "GB/T 32918"
#: What the forms add to a plaintext, in bytes.
_RAW_MORE = 97
_ASN1_MORE = (103, 113)


def _public(kms: Kms, pair: Mapping[str, Any]) -> EcPublicKey:
    public, given = public_key(kms, pair)
    if not is_of_spec(public, "EC_SM2") or not isinstance(public, EcPublicKey):
        kms.violated("PublicKey of an EC_SM2 key is a point of the SM2 curve", given)
    return public


def _signed(kms: Kms, pair: Mapping[str, Any], digest: bytes) -> tuple[bytes, Exchange]:
    sent = done(kms, "AsymmetricSign", of_pair(pair, _SIGNS, Digest=b64(digest)))
    names_key(kms, sent, pair["id"], pair["version"])
    return bytes_in(kms, sent, "Value"), sent


@rule(
    "CRY-090",
    level=Level.MUST,
    family="cryptography",
    statement="SM2DSA signs the digest as given, SM3 over Z and the message: the signature, DER of "
    "r and s, verifies outside the service under the published key, and adds no Z of its own.",
    provenance="documented",
    source=f"{SDK}; {OUTSIDE}; {_STANDARD}.2",
    stage="service",
    promises=("semantics/sm2-signature",),
    operations=("AsymmetricSign", "GetPublicKey"),
    needs=_NEEDS,
)
def sm2_signatures_verify_outside(kms: Kms) -> None:
    """Sign the digest of a message with Z, one without, and one of anything."""
    pair = signing_pair(kms, "EC_SM2", _SIGNS)
    public = _public(kms, pair)
    message = kms.bytes(40)
    for digest in (sm2.message_digest(public, message), sm3(message), kms.bytes(32)):
        signature, sent = _signed(kms, pair, digest)
        kms.expect(numbers_of(signature), "an SM2 signature is DER of r and s", sent)
        kms.expect(
            sm2.verify_sm2(public, digest, signature),
            "the signature verifies for the digest that was sent, under the published key",
            sent,
        )


@rule(
    "CRY-091",
    level=Level.MUST,
    family="cryptography",
    statement="AsymmetricVerify answers true for an SM2 signature over SM3(Z ‖ M), and never for "
    "one that was changed, of another message, of another identity, or over SM3(M) alone.",
    provenance="documented",
    source=f"{SDK}; {_STANDARD}.2",
    stage="service",
    promises=("semantics/sm2-signature", "semantics/verify-right", "semantics/verify-never-true"),
    operations=("AsymmetricVerify",),
    needs=_NEEDS,
)
def sm2_signatures_verify_inside(kms: Kms) -> None:
    """Offer a right signature, then wrong ones."""
    pair = signing_pair(kms, "EC_SM2", _SIGNS)
    public = _public(kms, pair)
    message = kms.bytes(40)
    digest = sm2.message_digest(public, message)
    signature, _ = _signed(kms, pair, digest)
    request = of_pair(pair, _SIGNS, Digest=b64(digest), Value=b64(signature))
    right = done(kms, "AsymmetricVerify", request)
    names_key(kms, right, pair["id"], pair["version"])
    kms.expect(right.data.get("Value") is True, "Value is true for a right signature", right)
    flipped = bytearray(signature)
    flipped[-2] ^= 4
    for change in (
        {"Value": b64(bytes(flipped))},
        {"Digest": b64(sm2.message_digest(public, message + b"."))},
        {"Digest": b64(sm2.message_digest(public, message, b"ALICE123@YAHOO.COM"))},
        {"Digest": b64(sm3(message))},
    ):
        wrong = kms.call("AsymmetricVerify", {**request, **change})
        kms.expect(
            not wrong.ok or wrong.data.get("Value") is False,
            "AsymmetricVerify does not answer true for a wrong SM2 signature",
            wrong,
        )


@rule(
    "CRY-092",
    level=Level.MUST,
    family="cryptography",
    statement="SM2 signatures never share a nonce, which would give the private key away.",
    provenance="documented",
    source=f"{SDK}; {_STANDARD}.2 section 6.1",
    stage="service",
    operations=("AsymmetricSign",),
    needs=_NEEDS,
)
def sm2_nonces_never_repeat(kms: Kms) -> None:
    """Sign six digests; r less the digest tells the point that the nonce leads to."""
    pair = signing_pair(kms, "EC_SM2", _SIGNS)
    seen: set[int] = set()
    for _ in range(6):
        digest = kms.bytes(32)
        signature, sent = _signed(kms, pair, digest)
        numbers = numbers_of(signature)
        if numbers is None:
            kms.violated("an SM2 signature is DER of r and s", sent)
        point = (numbers[0] - int.from_bytes(digest)) % SM2.order
        kms.expect(point not in seen, "no nonce comes twice", sent)
        seen.add(point)


def _mismatches() -> list[Case]:
    return [
        Case("EC_SM2-ECDSA_SHA_256", ("EC_SM2", _SIGNS, "ECDSA_SHA_256")),
        Case("EC_SM2-RSA_PSS_SHA_256", ("EC_SM2", _SIGNS, "RSA_PSS_SHA_256")),
        Case("EC_P256-SM2DSA", ("EC_P256", "ECDSA_SHA_256", _SIGNS)),
        Case("RSA_2048-SM2DSA", ("RSA_2048", "RSA_PSS_SHA_256", _SIGNS)),
    ]


@rule(
    "CRY-093",
    level=Level.MUST,
    family="cryptography",
    statement="SM2 keys sign by SM2DSA alone, digests of 32 bytes alone, and no other key signs by "
    "it.",
    provenance="documented",
    source=f"Key types and specifications page 480161; {SDK}",
    stage="service",
    promises=("semantics/algorithm-of-spec", "semantics/digest-length"),
    operations=("AsymmetricSign",),
    needs=_NEEDS,
    cases=_mismatches,
)
def sm2_algorithm_suits_the_spec(kms: Kms, case: tuple[str, str, str]) -> None:
    """Ask for the algorithm of another kind of key, and for digests of other lengths."""
    spec, own, other = case
    pair = signing_pair(kms, spec, own)
    request = of_pair(pair, other, Digest=b64(kms.bytes(32)))
    kms.expect_refused(kms.call("AsymmetricSign", request), why=f"{other} with a key of {spec}")
    if spec != "EC_SM2":
        return
    for length in (20, 31, 33, 64):
        request = of_pair(pair, own, Digest=b64(kms.bytes(length)))
        kms.expect_refused(kms.call("AsymmetricSign", request), why=f"a digest of {length} bytes")


def _pair(kms: Kms) -> Mapping[str, Any]:
    return kms.provide("encryption-key-pair", {"KeySpec": "EC_SM2", "Algorithm": SM2PKE})


def _most() -> int:
    rows = spec_row("EC_SM2")["encryption"]
    return int(rows[0]["maxPlaintextBytes"])


def _ask_decrypt(kms: Kms, pair: Mapping[str, Any], blob: bytes) -> Exchange:
    return kms.call("AsymmetricDecrypt", of_pair(pair, SM2PKE, CiphertextBlob=b64(blob)))


def _expect_opened(kms: Kms, opened: Exchange, pair: Mapping[str, Any], data: bytes) -> None:
    kms.expect_success(opened)
    names_key(kms, opened, pair["id"], pair["version"])
    kms.expect(
        bytes_in(kms, opened, "Plaintext") == data,
        "AsymmetricDecrypt answers base64 of the bytes that were encrypted",
        opened,
    )


def _forms_that_open(kms: Kms, pair: Mapping[str, Any]) -> tuple[sm2.Form, ...]:
    """Return the forms of a ciphertext that the target reads; Violation where it reads none."""
    public = _public(kms, pair)
    data = kms.bytes(32)
    found: list[sm2.Form] = []
    for form in sm2.FORMS:
        opened = _ask_decrypt(kms, pair, sm2.sm2_encrypt(public, data, form))
        if opened.ok:
            _expect_opened(kms, opened, pair, data)
            found.append(form)
    kms.expect(
        found, "an SM2 ciphertext made outside opens, in ASN.1 or in raw form", *kms.exchanges[-2:]
    )
    return tuple(found)


@rule(
    "CRY-094",
    level=Level.MUST,
    family="cryptography",
    statement="What is encrypted outside the service by SM2PKE opens inside, in ASN.1 or in raw "
    "form (C1, C3, C2): base64 of the same bytes, from one byte up.",
    provenance="documented",
    source=f"{OUTSIDE}; {_STANDARD}.4",
    stage="service",
    promises=("semantics/sm2-encryption", "semantics/standard-ciphertexts"),
    operations=("AsymmetricDecrypt", "GetPublicKey"),
    needs=_NEEDS,
    readings=(_FORM,),
)
def sm2_from_outside_opens_inside(kms: Kms) -> None:
    """Encrypt with own arithmetic, decrypt with the service."""
    pair = _pair(kms)
    public = _public(kms, pair)
    forms = _forms_that_open(kms, pair)
    kms.showed(_FORM, "both" if len(forms) > 1 else forms[0], kms.exchanges[-1])
    for form in forms:
        for length in (1, 31, 33, 255, 256):
            data = kms.bytes(length)
            blob = sm2.sm2_encrypt(public, data, form)
            _expect_opened(kms, _ask_decrypt(kms, pair, blob), pair, data)


def _sizes() -> list[Case]:
    return [Case(f"{size}-bytes", size) for size in (1, 32, 1024, _most())]


@rule(
    "CRY-095",
    level=Level.MUST,
    family="cryptography",
    statement="What AsymmetricEncrypt encrypts by SM2PKE comes back from AsymmetricDecrypt, up to "
    "6,047 bytes; a ciphertext is in ASN.1 or raw form and never comes twice; one byte more is "
    "refused.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/sm2-encryption",),
    operations=("AsymmetricEncrypt", "AsymmetricDecrypt"),
    needs=_NEEDS,
    cases=_sizes,
)
def sm2_round_trip(kms: Kms, size: int) -> None:
    """Encrypt twice and decrypt both; then exceed the limit by one byte."""
    pair = _pair(kms)
    data = kms.bytes(size)
    request = of_pair(pair, SM2PKE, Plaintext=b64(data))
    sent = [
        kms.expect_success(kms.call("AsymmetricEncrypt", request, placement="form"))
        for _ in range(2)
    ]
    blobs = [bytes_in(kms, exchange, "CiphertextBlob") for exchange in sent]
    kms.expect(blobs[0] != blobs[1], "encrypting twice gives different ciphertexts", *sent)
    for blob, exchange in zip(blobs, sent, strict=True):
        names_key(kms, exchange, pair["id"], pair["version"])
        found = len(blob) - size
        kms.expect(
            found == _RAW_MORE or _ASN1_MORE[0] <= found <= _ASN1_MORE[1],
            f"an SM2 ciphertext is longer than its plaintext by C1 and C3, found {found} bytes",
            exchange,
        )
        request = of_pair(pair, SM2PKE, CiphertextBlob=b64(blob))
        opened = kms.call("AsymmetricDecrypt", request, placement="form")
        _expect_opened(kms, opened, pair, data)
    if size == _most():
        request = of_pair(pair, SM2PKE, Plaintext=b64(data + b"."))
        refused = kms.call("AsymmetricEncrypt", request, placement="form")
        kms.expect_refused(refused, why=f"a plaintext of {size + 1} bytes")


def _forms() -> list[Case]:
    return [Case(form, form) for form in sm2.FORMS]


@rule(
    "CRY-096",
    level=Level.MUST,
    family="cryptography",
    statement="An SM2 ciphertext with a point off the curve, another point, or a changed C2 or C3 "
    "does not open, for C3 authenticates the rest.",
    provenance="documented",
    source=f"{SDK}; {_STANDARD}.4 section 7.1",
    stage="service",
    operations=("AsymmetricDecrypt",),
    needs=_NEEDS,
    cases=_forms,
)
def sm2_changed_ciphertexts(kms: Kms, form: sm2.Form) -> None:
    """Change each part of a ciphertext made outside, then offer it as it was."""
    pair = _pair(kms)
    public = _public(kms, pair)
    data = kms.bytes(20)
    sealed = sm2.seal(public, data)
    for why, blob in sm2_ciphertexts(sealed, form).items():
        expect_closed(kms, _ask_decrypt(kms, pair, blob), why)
    if form in _forms_that_open(kms, pair):
        _expect_opened(kms, _ask_decrypt(kms, pair, sealed.written(form)), pair, data)
