"""Aliyun_SM4 keys, on targets that offer them."""

from conformance.oracle import blobs
from conformance.oracle.texts import canonical_base64
from conformance.rules.cryptography.asking import (
    ask_decrypt,
    b64,
    bytes_in,
    done,
    encrypted,
    expect_closed,
    expect_opens,
    names_key,
    text_in,
)
from conformance.rules.effects.looking import expect_key
from conformance.rules.keys.importing import ask_import, parameters, wrapped
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_NEEDS = ("spec:Aliyun_SM4",)
_SPEC = "Aliyun_SM4"
_SPECS = "Key types and specifications page 480161: Aliyun_SM4, mode GCM"
_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_FRAME = "dkms-transfer clients, which read and write blobs; RFC 8998"


@rule(
    "CRY-110",
    level=Level.MUST,
    family="cryptography",
    statement="An Aliyun_SM4 key encrypts as any symmetric key does: texts come back, contexts "
    "bind, two encryptions differ, changed blobs do not open, and data keys have their length.",
    provenance="documented",
    source=_SPECS,
    stage="service",
    promises=("semantics/round-trip", "semantics/tampered-blob"),
    operations=("Encrypt", "Decrypt", "GenerateDataKey"),
    needs=_NEEDS,
    safety="creates",
)
def sm4_keys_encrypt(kms: Kms) -> None:
    """Encrypt texts of several sizes, with and without a context."""
    key = str(kms.provide("sm4-key")["id"])
    expect_key(kms, key, KeySpec=_SPEC, KeyState="Enabled")
    context = {"purpose": "sm4", "配置": "值"}
    for size in (1, 16, 17, 3072):
        text = b64(kms.bytes(size))
        sent = [encrypted(kms, key, text, context, placement="form") for _ in range(2)]
        found = [text_in(kms, exchange, "CiphertextBlob") for exchange in sent]
        kms.expect(found[0] != found[1], "encrypting twice gives different blobs", *sent)
        names_key(kms, expect_opens(kms, found[0], text, context, placement="form"), key)
    text = b64(kms.bytes(18))
    blob = text_in(kms, encrypted(kms, key, text, context), "CiphertextBlob")
    expect_closed(kms, ask_decrypt(kms, blob), "without the context")
    raw = bytearray(canonical_base64(blob) or b"")
    for place in (1, 17, 17 + len(text)):
        changed = bytearray(raw)
        changed[-place] ^= 1
        expect_closed(kms, ask_decrypt(kms, b64(bytes(changed)), context), "one bit was flipped")
    made = done(kms, "GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256"})
    kms.expect(len(bytes_in(kms, made, "Plaintext")) == 32, "a data key has 32 bytes", made)
    expect_opens(kms, text_in(kms, made, "CiphertextBlob"), text_in(kms, made, "Plaintext"))


@rule(
    "KEY-034",
    level=Level.MUST,
    family="keys",
    statement="Material of an Aliyun_SM4 key is 16 bytes long: other lengths are refused and the "
    "key goes on waiting; with it the key works.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/import-length",),
    operations=("ImportKeyMaterial",),
    needs=_NEEDS,
    safety="creates",
)
def sm4_material_has_its_length(kms: Kms) -> None:
    """Offer material of other lengths, then of the right one."""
    key = _external(kms)
    given = parameters(kms, key)
    for length in (15, 17, 24, 32):
        request = wrapped(kms, given, kms.bytes(length))
        kms.expect_refused(ask_import(kms, request), why=f"material of {length} bytes")
        expect_key(kms, key, KeyState="PendingImport")
    kms.expect_success(ask_import(kms, wrapped(kms, given, kms.bytes(16))))
    expect_key(kms, key, KeyState="Enabled")
    text = b64(kms.bytes(18))
    expect_opens(kms, text_in(kms, encrypted(kms, key, text), "CiphertextBlob"), text)


def _external(kms: Kms) -> str:
    return str(kms.provide("sm4-external-key", fresh=True)["id"])


@rule(
    "CRY-111",
    level=Level.SHOULD,
    family="cryptography",
    statement="A blob of imported Aliyun_SM4 material opens outside the service: SM4-GCM in the "
    "frame and with the hash of the context that official clients use.",
    provenance="inferred",
    source=_FRAME,
    stage="service",
    operations=("Encrypt", "ImportKeyMaterial"),
    needs=_NEEDS,
    safety="creates",
)
def sm4_opens_outside(kms: Kms) -> None:
    """Decrypt with the material that was imported."""
    key, material = _external(kms), kms.bytes(16)
    kms.expect_success(ask_import(kms, wrapped(kms, parameters(kms, key), material)))
    for context in (None, {"b": "2", "a": "1"}):
        text = b64(kms.bytes(18))
        sent = encrypted(kms, key, text, context)
        blob = bytes_in(kms, sent, "CiphertextBlob")
        found = blobs.opened(material, blob, context, name="SM4")
        kms.expect(
            found in {text.encode(), canonical_base64(text)},
            "the blob opens with the imported material outside the service",
            sent,
        )
