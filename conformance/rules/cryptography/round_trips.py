"""What is encrypted comes back: texts of every kind and size, under the key that is named."""

from collections.abc import Callable
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.texts import canonical_base64, lenient_base64
from conformance.rules.cryptography.asking import (
    GCM,
    SAFE_TEXT,
    SDK,
    ask_decrypt,
    b64,
    done,
    encrypted,
    expect_opens,
    names_key,
    text_in,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_TEXTS = "terraform acceptance tests; alibabacloud-kms-demo; dkms-transfer clients"
_PLAINTEXT = "plaintext-of-encrypt"


def _binaries() -> list[Case]:
    return [
        Case("one-byte", b"\x00"),
        Case("every-byte", bytes(range(256))),
        Case("zeros", bytes(48)),
        Case("utf-8", "配置 ключ 😀".encode()),
        Case("plus-and-slash", b"\xfb\xff\xbf\xfb\xef\xbe"),
        Case("padding-two", b"conformance-te"[:13]),
        Case("base64-of-base64", b"Y29uZm9ybWFuY2U="),
    ]


@rule(
    "CRY-001",
    level=Level.MUST,
    family="cryptography",
    statement="Canonical base64 that is encrypted comes back from Decrypt character for character, "
    "whatever bytes it stands for.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/round-trip",),
    operations=("Encrypt", "Decrypt"),
    cases=_binaries,
)
def base64_comes_back(kms: Kms, data: bytes) -> None:
    """Encrypt bytes as base64, which both readings of Plaintext leave as it is."""
    key = kms.provide("symmetric-key")
    text = b64(data)
    expect_opens(kms, text_in(kms, encrypted(kms, key["id"], text), "CiphertextBlob"), text)


def _plain_texts() -> list[Case]:
    return [
        Case("word", "plaintext"),
        Case("non-ascii", "密码：пароль 😀"),
        Case("blanks", " leading and trailing \t\n"),
        Case("json", '{"user": "a", "secret": "x+y/z=%20&"}'),
        Case("no-padding", "aGVsbG8"),
        Case("odd-bits", "aGVsbG9="),
        Case("line-break", "aGVs\nbG8="),
    ]


@rule(
    "CRY-002",
    level=Level.MUST,
    family="cryptography",
    statement="A text that is not canonical base64 is encrypted as sent and comes back unharmed, "
    "or is refused because Plaintext is taken for base64; it never comes back as something else.",
    provenance="observed",
    source=_TEXTS,
    stage="service",
    promises=("semantics/round-trip",),
    operations=("Encrypt", "Decrypt"),
    readings=(_PLAINTEXT,),
    cases=_plain_texts,
)
def text_comes_back(kms: Kms, text: str) -> None:
    """Encrypt a text that tells the readings of Plaintext apart."""
    key = kms.provide("symmetric-key")
    sent = kms.call("Encrypt", {"KeyId": key["id"], "Plaintext": text})
    if not sent.ok:
        kms.expect_refused(sent, why="Plaintext that is not base64")
        kms.showed(_PLAINTEXT, "base64", sent)
        return
    opened = kms.expect_success(ask_decrypt(kms, text_in(kms, sent, "CiphertextBlob")))
    found = opened.data.get("Plaintext")
    if found == text:
        kms.showed(_PLAINTEXT, "text", opened)
        return
    same = lenient_base64(text)
    kms.expect(
        same is not None and isinstance(found, str) and canonical_base64(found) == same,
        "Decrypt answers the text that was encrypted, or the canonical base64 of the same bytes",
        opened,
    )
    kms.showed(_PLAINTEXT, "base64", opened)


#: Bytes, twice the documented limit: more than it in every unit.
_TOO_MANY = 12_288


def _sizes() -> list[Case]:
    return [Case(f"{size}-bytes", size) for size in (4, 1024, 1028, SAFE_TEXT)]


@rule(
    "CRY-003",
    level=Level.MUST,
    family="cryptography",
    statement="Plaintexts of up to 4,096 bytes, less than the documented 6 KB, are encrypted and "
    "come back whole.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/plaintext-limit",
        "limit/symmetric-plaintext",
    ),
    operations=("Encrypt", "Decrypt"),
    cases=_sizes,
)
def sizes_come_back(kms: Kms, size: int) -> None:
    """Encrypt base64 text of a size."""
    _size_comes_back(kms, size)


@rule(
    "CRY-004",
    level=Level.SHOULD,
    family="cryptography",
    statement="A plaintext of 6,000 bytes, just under the documented 6 KB, is encrypted and comes "
    "back whole.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("Encrypt", "Decrypt"),
)
def six_kilobytes_come_back(kms: Kms) -> None:
    """Encrypt as much as every reading of 6 KB allows."""
    _size_comes_back(kms, 6000)


@rule(
    "CRY-009",
    level=Level.MUST,
    family="cryptography",
    statement="A plaintext of 12 KB, however it is counted more than the documented 6 KB, is "
    "refused by Encrypt.",
    provenance="documented",
    source=SDK,
    stage="parameter",
    operations=("Encrypt",),
)
def twelve_kilobytes_are_refused(kms: Kms) -> None:
    """Encrypt base64 text of twice the most bytes that there may be."""
    text = b64(kms.bytes(_TOO_MANY))
    request = {"KeyId": kms.provide("symmetric-key")["id"], "Plaintext": text}
    kms.expect_refused(
        kms.call("Encrypt", request, placement="form"), why=f"a plaintext of {_TOO_MANY:,} bytes"
    )


def _size_comes_back(kms: Kms, size: int) -> None:
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(size // 4 * 3))
    sent = encrypted(kms, key["id"], text, placement="form")
    expect_opens(kms, text_in(kms, sent, "CiphertextBlob"), text, placement="form")


@rule(
    "CRY-005",
    level=Level.MUST,
    family="cryptography",
    statement="Two encryptions of one text under one key give different blobs, for GCM uses an "
    "initialisation vector once; both open.",
    provenance="documented",
    source=GCM,
    stage="service",
    promises=("semantics/two-encryptions-differ",),
    operations=("Encrypt", "Decrypt"),
)
def blobs_differ(kms: Kms) -> None:
    """Encrypt one text four times, with and without a context."""
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(16))
    for context in (None, {"purpose": "conformance"}):
        sent = [encrypted(kms, key["id"], text, context) for _ in range(2)]
        blobs = [text_in(kms, exchange, "CiphertextBlob") for exchange in sent]
        kms.expect(len(set(blobs)) == 2, "encrypting twice gives different blobs", *sent)
        for blob in blobs:
            expect_opens(kms, blob, text, context)


@rule(
    "CRY-006",
    level=Level.MUST,
    family="cryptography",
    statement="A blob holds the plaintext neither as it is nor as the bytes that its base64 stands "
    "for.",
    provenance="documented",
    source=GCM,
    stage="service",
    promises=("semantics/blob-hides-plaintext",),
    operations=("Encrypt",),
)
def blob_hides_text(kms: Kms) -> None:
    """Look for the plaintext in the blob, and in the base64 that the blob might hold."""
    key = kms.provide("symmetric-key")
    data = kms.bytes(33)
    text = b64(data)
    sent = encrypted(kms, key["id"], text)
    blob = text_in(kms, sent, "CiphertextBlob")
    raw = lenient_base64(blob) or b""
    deeper = [lenient_base64(raw.decode("latin-1"))] if raw.isascii() else []
    for layer in (blob.encode(), raw, *filter(None, deeper)):
        kms.expect(
            data not in layer and text.encode() not in layer,
            "the blob does not hold the plaintext",
            sent,
        )


_Ask = Callable[[Kms, str], Exchange]


def _wrapping(kms: Kms) -> dict[str, Any]:
    wrap = kms.provide("wrapping")
    return {
        "WrappingKeySpec": wrap["spec"],
        "WrappingAlgorithm": wrap["algorithm"],
        "PublicKeyBlob": wrap["public-key"],
    }


def _symmetric_calls() -> list[Case]:
    def with_text(kms: Kms, key: str) -> Exchange:
        return encrypted(kms, key, "Y29uZm9ybWFuY2U=")

    def plain(operation: str) -> _Ask:
        return lambda kms, key: done(kms, operation, {"KeyId": key})

    def exported(kms: Kms, key: str) -> Exchange:
        return done(kms, "GenerateAndExportDataKey", {"KeyId": key, **_wrapping(kms)})

    asks: dict[str, _Ask] = {
        "Encrypt": with_text,
        "GenerateDataKey": plain("GenerateDataKey"),
        "GenerateDataKeyWithoutPlaintext": plain("GenerateDataKeyWithoutPlaintext"),
        "GenerateAndExportDataKey": exported,
    }
    return [Case(operation, ask, operation) for operation, ask in asks.items()]


@rule(
    "CRY-007",
    level=Level.MUST,
    family="cryptography",
    statement="A key is taken by id, alias and ARN, and the answer names its id, never the alias, "
    "and its primary version; so does Decrypt of the blob.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/key-reference-forms",
        "semantics/answers-name-the-key-id",
        "semantics/encrypt-primary-version",
    ),
    operations=(
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateAndExportDataKey",
    ),
    cases=_symmetric_calls,
)
def answers_name_the_key(kms: Kms, ask: _Ask) -> None:
    """Name one key in three ways."""
    key = kms.provide("symmetric-key")
    for form in ("id", "alias", "arn"):
        sent = ask(kms, str(key[form]))
        names_key(kms, sent, key["id"], key["version"])
        opened = kms.expect_success(ask_decrypt(kms, text_in(kms, sent, "CiphertextBlob")))
        names_key(kms, opened, key["id"], key["version"])


@rule(
    "CRY-008",
    level=Level.MUST,
    family="cryptography",
    statement="Each blob opens under the key that made it: Decrypt names that key and its version, "
    "whichever other keys there are.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/decrypt-needs-no-key",),
    operations=("Encrypt", "Decrypt"),
    safety="creates",
)
def blobs_keep_to_their_key(kms: Kms) -> None:
    """Encrypt one text under two keys and open both blobs, in either order."""
    keys = [kms.provide("symmetric-key"), kms.provide("symmetric-key", fresh=True)]
    text = b64(kms.bytes(20))
    blobs = [text_in(kms, encrypted(kms, key["id"], text), "CiphertextBlob") for key in keys]
    for key, blob in [*zip(keys, blobs, strict=True), (keys[0], blobs[0])]:
        names_key(kms, expect_opens(kms, blob, text), key["id"], key["version"])
