"""Data keys: their length, their two forms, their randomness, and how they leave the service."""

from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.schemes import OAEP, SM2PKE, decrypt
from conformance.oracle.texts import canonical_base64
from conformance.rules.cryptography.asking import (
    SDK,
    ask_decrypt,
    bytes_in,
    declines,
    done,
    expect_closed,
    names_key,
    text_in,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_CREATE_KEY = "CreateKey page, AlibabaCloudDocs/kms (2021-07)"
_PLAIN = ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext")


def _lengths() -> list[tuple[str, dict[str, Any], int]]:
    return [
        ("1-byte", {"NumberOfBytes": 1}, 1),
        ("16-bytes", {"NumberOfBytes": 16}, 16),
        ("31-bytes", {"NumberOfBytes": 31}, 31),
        ("1024-bytes", {"NumberOfBytes": 1024}, 1024),
        ("default", {}, 32),
        ("AES_128", {"KeySpec": "AES_128"}, 16),
        ("AES_256", {"KeySpec": "AES_256"}, 32),
        ("bytes-win", {"KeySpec": "AES_256", "NumberOfBytes": 24}, 24),
        ("fewer-bytes-win", {"KeySpec": "AES_128", "NumberOfBytes": 64}, 64),
    ]


def _cases() -> list[Case]:
    return [
        Case(f"{operation}-{name}", (operation, params, length), operation)
        for operation in _PLAIN
        for name, params, length in _lengths()
    ]


def _opened(kms: Kms, sent: Exchange, context: Mapping[str, str] | None = None) -> bytes:
    """Return the data key that a blob opens to."""
    opened = kms.expect_success(ask_decrypt(kms, text_in(kms, sent, "CiphertextBlob"), context))
    names_key(kms, opened, str(sent.data.get("KeyId")), sent.data.get("KeyVersionId"))
    return bytes_in(kms, opened, "Plaintext")


@rule(
    "CRY-030",
    level=Level.MUST,
    family="cryptography",
    statement="A data key has the length that is asked for: NumberOfBytes, which wins over "
    "KeySpec, else that of KeySpec, else 32 bytes; Decrypt of its blob answers the same base64 as "
    "Plaintext.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/data-key-specs",
        "semantics/data-key-number",
        "semantics/data-key-default",
        "semantics/data-key-opens",
        "limit/default-data-key-length",
    ),
    operations=(*_PLAIN, "Decrypt"),
    cases=_cases,
)
def data_keys_have_their_length(kms: Kms, case: tuple[str, dict[str, Any], int]) -> None:
    """Make a data key, open its blob, compare."""
    operation, params, length = case
    key = kms.provide("symmetric-key")
    sent = done(kms, operation, {"KeyId": key["id"], **params})
    names_key(kms, sent, key["id"], key["version"])
    data_key = _opened(kms, sent)
    kms.expect(
        len(data_key) == length,
        f"the blob of the data key opens to {length} bytes, found {len(data_key)}",
        sent,
    )
    if operation == "GenerateDataKey":
        plain = bytes_in(kms, sent, "Plaintext")
        kms.expect(plain == data_key, "Plaintext is what the blob opens to", sent)


@rule(
    "CRY-031",
    level=Level.MUST,
    family="cryptography",
    statement="GenerateDataKeyWithoutPlaintext and GenerateAndExportDataKey never answer the data "
    "key in plain, of whatever length.",
    provenance="documented",
    source=SDK,
    stage="answer",
    promises=("semantics/data-key-without-plaintext",),
    operations=("GenerateDataKeyWithoutPlaintext", "GenerateAndExportDataKey"),
)
def no_plaintext(kms: Kms) -> None:
    """Look for the data key, and for the member, in whole answers."""
    key = kms.provide("symmetric-key")["id"]
    sizes: list[dict[str, Any]] = [{}, {"NumberOfBytes": 48}, {"KeySpec": "AES_128"}]
    sent = [done(kms, "GenerateDataKeyWithoutPlaintext", {"KeyId": key, **one}) for one in sizes]
    if kms.offers("operation:GenerateAndExportDataKey"):
        for size in sizes:
            request = {"KeyId": key, **size, **_wrapping(kms)}
            sent.append(done(kms, "GenerateAndExportDataKey", request))
    for exchange in sent:
        opened = kms.expect_success(ask_decrypt(kms, text_in(kms, exchange, "CiphertextBlob")))
        plain = text_in(kms, opened, "Plaintext")
        kms.expect(
            "Plaintext" not in exchange.data and plain.encode() not in exchange.response_body,
            f"{exchange.operation} does not answer the data key in plain",
            exchange,
        )


@rule(
    "CRY-032",
    level=Level.MUST,
    family="cryptography",
    statement="Data keys are random: none comes twice, and no byte is the same in all of them.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/data-keys-are-random",),
    operations=("GenerateDataKey",),
)
def data_keys_are_random(kms: Kms) -> None:
    """Make 24 data keys of 32 bytes, half of them for one encryption context.

    A right endpoint fails this once in more than 10^50 runs.
    """
    key = kms.provide("symmetric-key")["id"]
    bare = {"KeyId": key}
    bound = {**bare, "EncryptionContext": {"purpose": "conformance"}}
    sent = [done(kms, "GenerateDataKey", request) for request in (bare, bound) * 12]
    made = [bytes_in(kms, exchange, "Plaintext") for exchange in sent]
    kms.expect(len(set(made)) == len(made), "no data key comes twice", *sent[-2:])
    kms.expect(
        all(len(set(column)) > 1 for column in zip(*made, strict=False)),
        "no byte is the same in all data keys",
        *sent[-2:],
    )


@rule(
    "CRY-033",
    level=Level.MUST,
    family="cryptography",
    statement="Asymmetric keys make no data keys.",
    provenance="documented",
    source=_CREATE_KEY,
    stage="service",
    promises=("semantics/asymmetric-makes-no-data-keys",),
    operations=_PLAIN,
    needs=("spec:RSA_2048",),
)
def asymmetric_keys_make_none(kms: Kms) -> None:
    """Ask an RSA key for encryption for a data key."""
    pair = kms.provide("encryption-key-pair")
    for operation in _PLAIN:
        kms.expect_refused(kms.call(operation, {"KeyId": pair["id"]}), why="an asymmetric key")


def _choice(algorithm: str) -> dict[str, str]:
    spec = "EC_SM2" if algorithm == SM2PKE else "RSA_2048"
    return {"WrappingAlgorithm": algorithm, "WrappingKeySpec": spec}


def _wrapping(kms: Kms, algorithm: str = "RSAES_OAEP_SHA_256") -> dict[str, Any]:
    choice = _choice(algorithm)
    return {**choice, "PublicKeyBlob": kms.provide("wrapping", choice)["public-key"]}


def _unwrapped(kms: Kms, exchange: Exchange, algorithm: str) -> bytes:
    """Return the exported data key, opened by the oracle."""
    private = kms.provide("wrapping", _choice(algorithm))["private-key"]
    opened = decrypt(private, algorithm, bytes_in(kms, exchange, "ExportedDataKey"))
    if opened is None:
        kms.violated(
            f"ExportedDataKey opens with the private key by {algorithm}, its mask over the same "
            "hash",
            exchange,
        )
    return opened


def _is_data_key(kms: Kms, exchange: Exchange, exported: bytes, data_key: bytes) -> None:
    # Whether the bytes or their base64 are wrapped is not told; both hold the data key.
    kms.expect(
        exported == data_key or canonical_base64(exported.decode("latin-1")) == data_key,
        "the exported data key is the one in the blob",
        exchange,
    )


def _exports() -> list[Case]:
    return [
        Case(f"{algorithm}-{size}-bytes", (algorithm, size))
        for algorithm in OAEP
        for size in (16, 32, 64)
    ]


@rule(
    "CRY-034",
    level=Level.MUST,
    family="cryptography",
    statement="GenerateAndExportDataKey answers one data key twice: under the key and under the "
    "public key that was sent.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/data-key-export",
        "semantics/data-key-wrapping",
        "semantics/data-key-public-key",
    ),
    operations=("GenerateAndExportDataKey",),
    needs=("operation:GenerateAndExportDataKey",),
    cases=_exports,
)
def generated_and_exported(kms: Kms, case: tuple[str, int]) -> None:
    """Open both forms, with a context on the one."""
    _generated_and_exported(kms, *case)


def _generated_and_exported(kms: Kms, algorithm: str, size: int) -> None:
    key = kms.provide("symmetric-key")
    context = {"purpose": "export"}
    request = {"KeyId": key["id"], "NumberOfBytes": size, "EncryptionContext": context}
    sent = done(kms, "GenerateAndExportDataKey", {**request, **_wrapping(kms, algorithm)})
    names_key(kms, sent, key["id"], key["version"])
    expect_closed(
        kms, ask_decrypt(kms, text_in(kms, sent, "CiphertextBlob")), "without the context"
    )
    data_key = _opened(kms, sent, context)
    kms.expect(len(data_key) == size, f"the data key has {size} bytes", sent)
    _is_data_key(kms, sent, _unwrapped(kms, sent, algorithm), data_key)


def _wraps() -> list[Case]:
    return [Case(algorithm, algorithm) for algorithm in OAEP]


@rule(
    "CRY-035",
    level=Level.MUST,
    family="cryptography",
    statement="ExportDataKey answers the data key of a blob under the public key that was sent, "
    "and fails without the blob's context.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/context-of-export",
        "semantics/data-key-export-later",
        "semantics/data-key-wrapping",
        "semantics/data-key-public-key",
    ),
    operations=("ExportDataKey",),
    needs=("operation:ExportDataKey",),
    cases=_wraps,
)
def exported(kms: Kms, algorithm: str) -> None:
    """Export a data key whose plaintext is known."""
    _exported(kms, algorithm)


def _exported(kms: Kms, algorithm: str) -> None:
    key = kms.provide("symmetric-key")
    context = {"purpose": "export"}
    made = done(kms, "GenerateDataKey", {"KeyId": key["id"], "EncryptionContext": context})
    blob = {"CiphertextBlob": text_in(kms, made, "CiphertextBlob"), **_wrapping(kms, algorithm)}
    expect_closed(kms, kms.call("ExportDataKey", blob), "without the context")
    sent = done(kms, "ExportDataKey", {**blob, "EncryptionContext": context})
    names_key(kms, sent, key["id"], key["version"])
    plain = bytes_in(kms, made, "Plaintext")
    _is_data_key(kms, sent, _unwrapped(kms, sent, algorithm), plain)


def _under_sm2() -> list[Case]:
    generated = [
        Case(f"GenerateAndExportDataKey-{size}-bytes", size, "GenerateAndExportDataKey")
        for size in (1, 32, 1024)
    ]
    return [*generated, Case("ExportDataKey", None, "ExportDataKey")]


@rule(
    "CRY-036",
    level=Level.MUST,
    family="cryptography",
    statement="A data key leaves the service under an SM2 public key as well, by SM2PKE: it opens "
    "to what the blob opens to.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/data-key-wrapping", "semantics/data-key-export"),
    operations=("GenerateAndExportDataKey", "ExportDataKey"),
    needs=("spec:EC_SM2",),
    cases=_under_sm2,
)
def under_sm2(kms: Kms, size: int | None) -> None:
    """Wrap under a key of the suite's own and open it with own arithmetic."""
    operation = "ExportDataKey" if size is None else "GenerateAndExportDataKey"
    kms.require(f"operation:{operation}")
    declines(kms, kms.call(operation, _sm2_probe(kms, operation)))
    if size is None:
        _exported(kms, SM2PKE)
    else:
        _generated_and_exported(kms, SM2PKE, size)


def _sm2_probe(kms: Kms, operation: str) -> dict[str, Any]:
    key = kms.provide("symmetric-key")["id"]
    if operation == "GenerateAndExportDataKey":
        return {"KeyId": key, **_wrapping(kms, SM2PKE)}
    made = done(kms, "GenerateDataKeyWithoutPlaintext", {"KeyId": key})
    return {"CiphertextBlob": text_in(kms, made, "CiphertextBlob"), **_wrapping(kms, SM2PKE)}
