"""ReEncrypt moves a ciphertext to another key or context; versions of keys keep opening theirs."""

from conformance.oracle.public_keys import KeyFormatError, RsaPublicKey, load_pem
from conformance.oracle.schemes import OAEP, encrypt
from conformance.rules.cryptography.asking import (
    SDK,
    ask_decrypt,
    b64,
    done,
    encrypted,
    expect_closed,
    expect_opens,
    names_key,
    new_version,
    text_in,
)
from conformance.rules.effects.looking import new_key
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_ROTATION = "Automatic key rotation page, AlibabaCloudDocs/kms (2021-07)"
_ANSWERED = "reencrypt-answered-key"


@rule(
    "CRY-040",
    level=Level.MUST,
    family="cryptography",
    statement="ReEncrypt moves a blob to another key: the new blob opens to the same text under "
    "the destination key, the old blob still opens under its own, and the text stays inside.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/reencrypt-keeps-plaintext",),
    operations=("ReEncrypt",),
    needs=("operation:ReEncrypt",),
    readings=(_ANSWERED,),
    safety="creates",
)
def moves_to_another_key(kms: Kms) -> None:
    """Move a blob from one key to another, named by alias."""
    source, destination = (
        kms.provide("symmetric-key"),
        kms.provide("symmetric-key", fresh=True),
    )
    text = b64(kms.bytes(18))
    blob = text_in(kms, encrypted(kms, source["id"], text), "CiphertextBlob")
    for form in ("id", "alias", "arn"):
        request = {"CiphertextBlob": blob, "DestinationKeyId": destination[form]}
        moved = done(kms, "ReEncrypt", request)
        told = text.encode() in moved.response_body or "Plaintext" in moved.data
        kms.expect(not told, "ReEncrypt does not tell the plaintext", moved)
        opened = expect_opens(kms, text_in(kms, moved, "CiphertextBlob"), text)
        names_key(kms, opened, destination["id"], destination["version"])
        answered = moved.data.get("KeyId")
        kms.expect(
            answered in {source["id"], destination["id"]},
            "KeyId of ReEncrypt is the id of source or destination",
            moved,
        )
        kms.showed(_ANSWERED, "source" if answered == source["id"] else "destination", moved)
    names_key(kms, expect_opens(kms, blob, text), source["id"], source["version"])


@rule(
    "CRY-041",
    level=Level.MUST,
    family="cryptography",
    statement="ReEncrypt needs the context of the source, and the new blob is bound to the context "
    "of the destination alone.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/context-of-reencrypt",
        "semantics/reencrypt-same-key",
    ),
    operations=("ReEncrypt",),
    needs=("operation:ReEncrypt",),
)
def contexts_move(kms: Kms) -> None:
    """Move a blob from one context to another, and to none, under one key."""
    key = kms.provide("symmetric-key")["id"]
    old, new = {"purpose": "old"}, {"purpose": "new", "stage": "2"}
    text = b64(kms.bytes(18))
    blob = text_in(kms, encrypted(kms, key, text, old), "CiphertextBlob")
    move = {"CiphertextBlob": blob, "DestinationKeyId": key, "DestinationEncryptionContext": new}
    for wrong in ({}, {"SourceEncryptionContext": new}):
        expect_closed(
            kms, kms.call("ReEncrypt", {**move, **wrong}), "another context of the source"
        )
    moved = done(kms, "ReEncrypt", {**move, "SourceEncryptionContext": old})
    fresh = text_in(kms, moved, "CiphertextBlob")
    for context in (old, None, {"purpose": "new"}):
        expect_closed(kms, ask_decrypt(kms, fresh, context), "not the context of the destination")
    expect_opens(kms, fresh, text, new)
    back = {"CiphertextBlob": fresh, "DestinationKeyId": key, "SourceEncryptionContext": new}
    expect_opens(kms, text_in(kms, done(kms, "ReEncrypt", back), "CiphertextBlob"), text)


def _algorithms() -> list[Case]:
    return [Case(algorithm, algorithm) for algorithm in OAEP]


@rule(
    "CRY-042",
    level=Level.MUST,
    family="cryptography",
    statement="ReEncrypt takes what was encrypted outside the service under the public half of an "
    "asymmetric key, and the blob opens to it.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/reencrypt-asymmetric-source",),
    operations=("ReEncrypt", "GetPublicKey"),
    needs=("operation:ReEncrypt", "spec:RSA_2048"),
    cases=_algorithms,
)
def from_outside(kms: Kms, algorithm: str) -> None:
    """Encrypt with the oracle, move to a symmetric key, decrypt."""
    pair = kms.provide("encryption-key-pair", {"Algorithm": algorithm})
    key = kms.provide("symmetric-key")
    given = done(kms, "GetPublicKey", {"KeyId": pair["id"], "KeyVersionId": pair["version"]})
    try:
        public = load_pem(text_in(kms, given, "PublicKey"))
    except KeyFormatError as problem:
        kms.violated(f"PublicKey is a PEM public key: {problem}", given)
    assert isinstance(public, RsaPublicKey)
    data = b64(kms.bytes(18)).encode()
    request = {
        "CiphertextBlob": b64(encrypt(public, algorithm, data)),
        "SourceKeyId": pair["id"],
        "SourceKeyVersionId": pair["version"],
        "SourceEncryptionAlgorithm": algorithm,
        "DestinationKeyId": key["id"],
    }
    moved = done(kms, "ReEncrypt", request)
    opened = kms.expect_success(ask_decrypt(kms, text_in(kms, moved, "CiphertextBlob")))
    names_key(kms, opened, key["id"], key["version"])
    # Whether Decrypt then answers the data as text or as base64 is nowhere told.
    kms.expect(
        opened.data.get("Plaintext") in {data.decode(), b64(data)},
        "Decrypt answers the data that was encrypted outside",
        opened,
    )


@rule(
    "CRY-043",
    level=Level.MUST,
    family="cryptography",
    statement="Each version of a rotated key opens what it encrypted: blobs and data keys of every "
    "earlier version still open, and Decrypt names that version; ReEncrypt moves to the newest.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=(
        "semantics/old-versions-decrypt",
        "semantics/reencrypt-to-new-version",
        "semantics/new-version-encrypts",
    ),
    operations=("CreateKeyVersion", "Encrypt", "Decrypt", "GenerateDataKey", "ReEncrypt"),
    readings=("create-key-version",),
    safety="creates",
)
def versions_open_theirs(kms: Kms) -> None:
    """Encrypt under three versions, then open everything."""
    key = new_key(kms)
    context = {"purpose": "versions"}
    made: list[tuple[str, str, str]] = []
    for number in range(3):
        if number:
            new_version(kms, key)
        text = b64(kms.bytes(18))
        sent = encrypted(kms, key, text, context)
        made.append(
            (text_in(kms, sent, "CiphertextBlob"), text, text_in(kms, sent, "KeyVersionId"))
        )
        sent = done(kms, "GenerateDataKey", {"KeyId": key, "EncryptionContext": context})
        made.append(
            (
                text_in(kms, sent, "CiphertextBlob"),
                text_in(kms, sent, "Plaintext"),
                text_in(kms, sent, "KeyVersionId"),
            )
        )
    versions = [version for _, _, version in made]
    kms.expect(
        len(set(versions)) == 3 and versions[::2] == versions[1::2],
        "each new version encrypts from then on, data keys too",
        kms.exchanges[-1],
    )
    for blob, text, version in made:
        names_key(kms, expect_opens(kms, blob, text, context), key, version)
    if kms.offers("operation:ReEncrypt"):
        blob, text, _ = made[0]
        request = {
            "CiphertextBlob": blob,
            "SourceEncryptionContext": context,
            "DestinationKeyId": key,
        }
        moved = text_in(kms, done(kms, "ReEncrypt", request), "CiphertextBlob")
        names_key(kms, expect_opens(kms, moved, text), key, versions[-1])
