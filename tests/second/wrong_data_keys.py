"""Faults of the second endpoint: data keys and re-encryption."""

import base64
import secrets
from typing import Any

import ciphers
import core
import exports
import keys
from deviation import after, around, before, everywhere, fault
from wrong_ciphers import PAIR
from wrong_contexts import BOTH, CRYPTO, EFFECTS, PLAIN, Seen, both, remembering
from wrong_keys import without
from wrong_windows import within

fault(
    "data-key-128-is-256",
    "AES_128 gives 32 bytes",
    before(
        "GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateAndExportDataKey",
        lambda p: without(p, "KeySpec") if p.get("KeySpec") == "AES_128" else p,
    ),
    *BOTH,
)
fault(
    "data-key-bytes-ignored",
    "NumberOfBytes is ignored beside KeySpec",
    before(
        PAIR,
        lambda p: (
            without(p, "NumberOfBytes")
            if {"KeySpec", "NumberOfBytes"} <= set(p)
            and p["NumberOfBytes"].isdigit()
            and 0 < int(p["NumberOfBytes"]) <= 1024
            else p
        ),
    ),
    *BOTH,
)
fault(
    "data-key-bytes-at-most-64",
    "data keys have at most 64 bytes",
    before(
        PAIR,
        lambda p: (
            {**p, "NumberOfBytes": "64"}
            if p.get("NumberOfBytes", "").isdigit() and 64 < int(p["NumberOfBytes"]) <= 1024
            else p
        ),
    ),
    *BOTH,
)
fault(
    "data-key-1025", "1,025 bytes are taken", within(PAIR, "NumberOfBytes", 1, 4096), PLAIN, CRYPTO
)
fault(
    "data-key-1024-refused",
    "1,024 bytes are refused",
    within(PAIR, "NumberOfBytes", 1, 1023),
    PLAIN,
    CRYPTO,
)
fault("data-key-0", "0 bytes are taken", within(PAIR, "NumberOfBytes", 0, 1024), PLAIN, CRYPTO)
fault(
    "data-key-192",
    "AES_192 is taken",
    before(
        PAIR,
        lambda p: (
            {**p, "KeySpec": "AES_256", "NumberOfBytes": "24"}
            if p.get("KeySpec") == "AES_192"
            else p
        ),
    ),
    PLAIN,
    gates=False,
)
fault(
    "data-key-plaintext-told",
    "GenerateDataKeyWithoutPlaintext tells the plaintext",
    around(
        "GenerateDataKeyWithoutPlaintext",
        lambda f, s, p: (f(s, p), ciphers.generate_data_key(s, p))[-1],
    ),
    CRYPTO,
    EFFECTS,
    PLAIN,
)
fault(
    "data-key-other-blob",
    "the blob of a data key holds another key",
    after(
        "GenerateDataKey",
        lambda a, s, p: {
            **a,
            "Plaintext": base64.b64encode(
                secrets.token_bytes(len(base64.b64decode(a["Plaintext"])))
            ).decode(),
        },
    ),
    CRYPTO,
    EFFECTS,
)


class Fixed:
    key = secrets.token_bytes(1024)


def same_key(original: Any) -> Any:
    def data_key(store: Any, params: Any) -> Any:
        key, plain, _ = original(store, params)
        return (
            key,
            Fixed.key[: len(plain)],
            ciphers.seal(key, Fixed.key[: len(plain)], ciphers.context_of(params)),
        )

    return data_key


fault("data-key-repeats", "data keys repeat", everywhere("data_key", same_key), CRYPTO)


def _by_pair(original: Any, store: Any, params: Any) -> Any:
    key = store.usable(core.needed(params, "KeyId"))
    if key["spec"] == "Aliyun_AES_256":
        return original(store, params)
    plain = base64.b64encode(secrets.token_bytes(32)).decode()
    return ciphers.named(key, CiphertextBlob=plain, Plaintext=plain)


fault(
    "data-key-of-pairs",
    "asymmetric keys make data keys",
    around("GenerateDataKey", _by_pair),
    CRYPTO,
    PLAIN,
    "keys",
)


fault(
    "export-other-key",
    "an exported key is not that of the blob",
    after(
        "ExportDataKey GenerateAndExportDataKey",
        lambda a, s, p: {**a, "ExportedDataKey": exports.envelope(p)(secrets.token_bytes(32))},
    ),
    *BOTH,
)


def _text_export(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    _, plain = ciphers.unseal(store, params, ciphers.context_of(params))
    return {**answer, "ExportedDataKey": exports.envelope(params)(base64.b64encode(plain))}


fault(
    "export-as-text",
    "base64 of a data key is exported",
    around("ExportDataKey", _text_export),
    *BOTH,
    gates=False,
)


fault(
    "export-sha1-always",
    "exports are always under RSAES_OAEP_SHA_1",
    before(
        "ExportDataKey GenerateAndExportDataKey",
        lambda p: (
            {**p, "WrappingAlgorithm": "RSAES_OAEP_SHA_1"}
            if p.get("WrappingAlgorithm") == "RSAES_OAEP_SHA_256"
            else p
        ),
    ),
    *BOTH,
)


def _remembered(original: Any, store: Any, params: Any) -> Any:
    bound = Seen.contexts.get(params.get("CiphertextBlob", ""))
    text = bound.decode() if bound else params.get("EncryptionContext", "{}")
    return original(store, {**params, "EncryptionContext": text})


fault(
    "export-context-ignored",
    "ExportDataKey does not look at the context",
    both(
        everywhere("seal", remembering),
        around("ExportDataKey", _remembered),
    ),
    CRYPTO,
)


def _same(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    source = store.key(answer["KeyId"])
    if source["spec"] == "Aliyun_AES_256":
        return original(store, {**params, "DestinationKeyId": source["id"]})
    return answer


fault(
    "reencrypt-same-key",
    "ReEncrypt keeps the source key",
    around("ReEncrypt", _same),
    *BOTH,
)


fault(
    "reencrypt-source-context",
    "ReEncrypt binds the source context",
    before(
        "ReEncrypt",
        lambda p: {
            **without(p, "DestinationEncryptionContext"),
            **(
                {"DestinationEncryptionContext": p["SourceEncryptionContext"]}
                if "SourceEncryptionContext" in p
                else {}
            ),
        },
    ),
    *BOTH,
)
fault(
    "reencrypt-blob-back",
    "ReEncrypt gives the blob back",
    around("ReEncrypt", lambda f, s, p: {**f(s, p), "CiphertextBlob": p["CiphertextBlob"]}),
    *BOTH,
)
fault(
    "reencrypt-destination-told",
    "ReEncrypt tells the destination key",
    after(
        "ReEncrypt",
        lambda a, s, p: {
            **a,
            "KeyId": s.key(p["DestinationKeyId"])["id"],
            "KeyVersionId": keys.newest(s.key(p["DestinationKeyId"]))["id"],
        },
    ),
    *BOTH,
    gates=False,
)
fault(
    "reencrypt-plaintext-told",
    "ReEncrypt tells the plaintext",
    after("ReEncrypt", lambda a, s, p: {**a, "Plaintext": "c2VjcmV0"}),
    *BOTH,
    PLAIN,
)
