"""Blobs that were changed do not open."""

from conformance.oracle import blobs
from conformance.oracle.texts import canonical_base64
from conformance.rules.cryptography.asking import (
    GCM,
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
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_FRAME = "dkms-transfer clients, which read and write blobs; documented sample blobs"
_TEXT = 24
_TAG = 16
_IV = 12


def _places() -> list[Case]:
    """Return places counted from the end, where tag, body and initialisation vector stand."""
    return [
        Case("tag-last", 1),
        Case("tag-first", _TAG),
        Case("body-last", _TAG + 1),
        Case("body-first", _TAG + _TEXT),
        Case("iv-last", _TAG + _TEXT + 1),
        Case("iv-first", _TAG + _TEXT + _IV),
    ]


@rule(
    "CRY-020",
    level=Level.MUST,
    family="cryptography",
    statement="A blob with one flipped bit in initialisation vector, ciphertext or tag does not "
    "open, for GCM authenticates them.",
    provenance="documented",
    source=GCM,
    stage="service",
    promises=("semantics/tampered-blob",),
    operations=("Encrypt", "Decrypt"),
    cases=_places,
)
def flipped_bits(kms: Kms, place: int) -> None:
    """Flip one bit, then open the blob as it was."""
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(_TEXT // 4 * 3))
    sent = encrypted(kms, key["id"], text)
    raw = bytes_in(kms, sent, "CiphertextBlob")
    kms.expect(len(raw) >= _TAG + _TEXT + _IV, "a blob has room for IV, text and tag", sent)
    changed = bytearray(raw)
    changed[-place] ^= 1 << kms.random.randrange(8)
    expect_closed(kms, ask_decrypt(kms, b64(bytes(changed))), "one bit was flipped")
    expect_opens(kms, b64(raw), text)


def _cuts() -> list[Case]:
    return [
        Case("last-byte-gone", lambda raw: raw[:-1]),
        Case("tag-gone", lambda raw: raw[:-_TAG]),
        Case("half", lambda raw: raw[: len(raw) // 2]),
        Case("byte-added", lambda raw: raw + b"\0"),
        Case("twice", lambda raw: raw + raw),
        Case("first-byte-gone", lambda raw: raw[1:]),
        Case("first-byte-flipped", lambda raw: bytes([raw[0] ^ 1]) + raw[1:]),
    ]


@rule(
    "CRY-021",
    level=Level.MUST,
    family="cryptography",
    statement="A blob that was cut, lengthened or changed at its head does not open.",
    provenance="inferred",
    source="follows from the frame that official clients read and write",
    stage="service",
    promises=("semantics/tampered-blob",),
    operations=("Encrypt", "Decrypt"),
    cases=_cuts,
)
def cut_blobs(kms: Kms, change: object) -> None:
    """Change a blob as a whole."""
    assert callable(change)
    key = kms.provide("symmetric-key")
    raw = bytes_in(kms, encrypted(kms, key["id"], b64(kms.bytes(18))), "CiphertextBlob")
    expect_closed(kms, ask_decrypt(kms, b64(change(raw))), "the blob was changed")


@rule(
    "CRY-022",
    level=Level.MUST,
    family="cryptography",
    statement="No blob opens as that of another key: with the ids of two blobs exchanged, neither "
    "opens.",
    provenance="observed",
    source=_FRAME,
    stage="service",
    promises=("semantics/foreign-blob",),
    operations=("Encrypt", "Decrypt"),
    safety="creates",
)
def exchanged_ids(kms: Kms) -> None:
    """Let the blob of one key claim the version of another."""
    keys = [kms.provide("symmetric-key"), kms.provide("symmetric-key", fresh=True)]
    sent = [encrypted(kms, key["id"], b64(kms.bytes(18))) for key in keys]
    raw = [bytes_in(kms, exchange, "CiphertextBlob") for exchange in sent]
    ids = [text_in(kms, exchange, "KeyVersionId").encode() for exchange in sent]
    if len(set(map(len, ids))) != 1 or not all(map(bytes.startswith, raw, ids)):
        raise NotApplicable("blobs of the target do not begin with the key version id")
    for blob, name in ((raw[0], ids[1]), (raw[1], ids[0])):
        claimed = name + blob[len(name) :]
        expect_closed(kms, ask_decrypt(kms, b64(claimed)), "the blob of another key")


@rule(
    "CRY-023",
    level=Level.SHOULD,
    family="cryptography",
    statement="A blob is the 36 characters of KeyVersionId, a 12-byte initialisation vector that "
    "never repeats, as many bytes as the text has, and a 16-byte tag.",
    provenance="observed",
    source=_FRAME,
    stage="service",
    promises=("semantics/blob-frame",),
    operations=("Encrypt",),
)
def blobs_have_their_frame(kms: Kms) -> None:
    """Take blobs of one key apart."""
    key = kms.provide("symmetric-key")
    seen: set[bytes] = set()
    for number in range(12):
        text = b64(kms.bytes(3 * number + 3))
        sent = encrypted(kms, key["id"], text)
        frame = blobs.unpack(bytes_in(kms, sent, "CiphertextBlob"))
        kms.expect(frame is not None, "a blob is 64 bytes longer than the text", sent)
        assert frame is not None
        kms.expect(
            frame.version == sent.data.get("KeyVersionId"),
            "a blob begins with its KeyVersionId",
            sent,
        )
        kms.expect(
            len(frame.body) - _TAG in {len(text), len(canonical_base64(text) or b"")},
            "a blob is 64 bytes longer than the text",
            sent,
        )
        kms.expect(frame.iv not in seen, "an initialisation vector never repeats", sent)
        seen.add(frame.iv)


@rule(
    "CRY-024",
    level=Level.MUST,
    family="cryptography",
    statement="Two keys with the same imported material are two keys: when one is Disabled, its "
    "blobs do not open, although the other is Enabled.",
    provenance="documented",
    source="Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0",
    stage="service",
    promises=("semantics/import-two-keys",),
    operations=("ImportKeyMaterial", "Encrypt", "Decrypt"),
    safety="creates",
)
def same_material_two_keys(kms: Kms) -> None:
    """Import one material into two keys."""
    from conformance.rules.keys.importing import import_material, new_external_key

    material = kms.bytes(32)
    first, second = new_external_key(kms), new_external_key(kms)
    for key in (first, second):
        import_material(kms, key, material)
    text = b64(kms.bytes(18))
    blob = text_in(kms, encrypted(kms, first, text), "CiphertextBlob")
    names_key(kms, expect_opens(kms, blob, text), first)
    done(kms, "DisableKey", {"KeyId": first})
    expect_closed(kms, ask_decrypt(kms, blob), "the key of the blob is Disabled")
    other = text_in(kms, encrypted(kms, second, text), "CiphertextBlob")
    names_key(kms, expect_opens(kms, other, text), second)


@rule(
    "CRY-025",
    level=Level.SHOULD,
    family="cryptography",
    statement="A blob of imported material opens outside the service: AES-GCM in the frame and "
    "with the hash of the context that official clients use.",
    provenance="observed",
    source=_FRAME,
    stage="service",
    promises=("semantics/context-hash",),
    operations=("Encrypt", "ImportKeyMaterial"),
    safety="creates",
)
def opens_outside(kms: Kms) -> None:
    """Decrypt with the material that was imported."""
    from conformance.rules.keys.importing import import_material, new_external_key

    material = kms.bytes(32)
    key = new_external_key(kms)
    import_material(kms, key, material)
    for context in (None, {"b": "2", "a": "1"}):
        text = b64(kms.bytes(18))
        sent = encrypted(kms, key, text, context)
        found = blobs.opened(material, bytes_in(kms, sent, "CiphertextBlob"), context)
        kms.expect(
            found in {text.encode(), canonical_base64(text)},
            "the blob opens with the imported material outside the service",
            sent,
        )
