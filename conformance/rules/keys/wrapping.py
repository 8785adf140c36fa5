"""Imported material in the wrong form, and under an SM2 key."""

from conformance.oracle.public_keys import KeyFormatError, RsaPublicKey, load_base64
from conformance.oracle.rsa import oaep_encrypt
from conformance.oracle.schemes import SM2PKE, encrypt, is_of_spec
from conformance.oracle.sm2 import FORMS
from conformance.rules.cryptography.asking import (
    SDK,
    b64,
    declines,
    encrypted,
    expect_opens,
    text_in,
)
from conformance.rules.effects.looking import expect_key
from conformance.rules.keys.importing import ask_import, new_external_key, parameters, wrapped
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_TEXT = "Y29uZm9ybWFuY2U="


@rule(
    "KEY-029",
    level=Level.MUST,
    family="keys",
    statement="Material is taken as raw bytes, wrapped with the mask of the algorithm's hash: its "
    "hexadecimal or base64 text, and OAEP over SHA-256 with a mask over SHA-1, are refused.",
    provenance="documented",
    source=f"{SDK}; RFC 8017",
    stage="service",
    promises=("semantics/import-algorithms", "semantics/import-length"),
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def material_in_another_form(kms: Kms) -> None:
    """Offer one material in wrong forms, then rightly."""
    key, material = new_external_key(kms), kms.bytes(32)
    given = parameters(kms, key)
    right = wrapped(kms, given, material)
    public = load_base64(text_in(kms, given, "PublicKey"))
    assert isinstance(public, RsaPublicKey)
    other_mask = oaep_encrypt(public, material, "sha256", mask_name="sha1")
    for why, wrong in (
        ("hexadecimal text", wrapped(kms, given, material.hex().encode())),
        ("base64 text", wrapped(kms, given, b64(material).encode())),
        ("a mask over another hash", {**right, "EncryptedKeyMaterial": b64(other_mask)}),
        ("material that is not wrapped", {**right, "EncryptedKeyMaterial": b64(material)}),
    ):
        kms.expect_refused(ask_import(kms, wrong), why=why)
        expect_key(kms, key, KeyState="PendingImport")
    kms.expect_success(ask_import(kms, right))
    expect_key(kms, key, KeyState="Enabled")


@rule(
    "KEY-033",
    level=Level.MUST,
    family="keys",
    statement="A key inside an HSM takes material that is wrapped by SM2PKE, in ASN.1 or in raw "
    "form, and then works; its PublicKey is a point of the SM2 curve.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/import-algorithms",),
    operations=("GetParametersForImport", "ImportKeyMaterial"),
    needs=("spec:EC_SM2",),
    readings=("sm2-ciphertext-form",),
    safety="creates",
)
def material_under_sm2(kms: Kms) -> None:
    """Wrap material with own arithmetic, in one form and then in the other."""
    key = str(kms.provide("hsm-external-key", fresh=True)["id"])
    request = {"KeyId": key, "WrappingKeySpec": "EC_SM2", "WrappingAlgorithm": SM2PKE}
    given = kms.call("GetParametersForImport", request)
    declines(kms, given)
    kms.expect_success(given)
    try:
        public = load_base64(text_in(kms, given, "PublicKey"))
    except KeyFormatError as problem:
        kms.violated(f"PublicKey is base64 of a SubjectPublicKeyInfo: {problem}", given)
    kms.expect(is_of_spec(public, "EC_SM2"), "PublicKey is a point of the SM2 curve", given)
    material, taken = kms.bytes(32), False
    for form in FORMS:
        sent = ask_import(
            kms,
            {
                "KeyId": key,
                "ImportToken": text_in(kms, given, "ImportToken"),
                "EncryptedKeyMaterial": b64(encrypt(public, SM2PKE, material, form=form)),
            },
        )
        taken = taken or sent.ok
    kms.expect(taken, "material wrapped by SM2PKE is imported in one form", *kms.exchanges[-2:])
    expect_key(kms, key, KeyState="Enabled")
    expect_opens(kms, text_in(kms, encrypted(kms, key, _TEXT), "CiphertextBlob"), _TEXT)
