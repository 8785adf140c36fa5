"""Faults of the second endpoint: blobs and plaintexts."""

import base64
from typing import Any

import ciphers
import core
import keys
from core import Refused, invalid
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from deviation import after, around, everywhere, fault, instead
from wrong_contexts import BOTH, CRYPTO, EFFECTS, PLAIN, Seen, both
from wrong_keys import without


def fixed(original: Any) -> Any:
    def seal(key: Any, data: bytes, bound: bytes) -> Any:
        return Seen.blobs.setdefault(
            (key["id"], keys.newest(key)["id"], data, bound), original(key, data, bound)
        )

    return seal


fault("blob-repeats", "the same plaintext gives the same blob", everywhere("seal", fixed), *BOTH)


def sealing(cover: Any, uncover: Any) -> Any:
    """Frame blobs otherwise."""

    def sealer(original: Any) -> Any:
        return lambda key, data, bound: base64.b64encode(
            cover(base64.b64decode(original(key, data, bound)), key, data)
        ).decode()

    def opener(original: Any) -> Any:
        def unseal(store: Any, params: Any, bound: bytes) -> Any:
            blob = uncover(core.unbase64(params, "CiphertextBlob"))
            return original(
                store, {**params, "CiphertextBlob": base64.b64encode(blob).decode()}, bound
            )

        return unseal

    return both(everywhere("seal", sealer), everywhere("unseal", opener))


fault(
    "blob-tail-ignored",
    "what follows a blob is ignored",
    sealing(lambda b, k, d: b + b"1234", lambda b: b[:-4]),
    CRYPTO,
)
fault(
    "blob-holds-plaintext",
    "a blob holds the plaintext",
    sealing(lambda b, k, d: b + d + len(d).to_bytes(4), lambda b: b[: -4 - int.from_bytes(b[-4:])]),
    CRYPTO,
)
fault(
    "blob-holds-material",
    "a blob holds the key",
    sealing(lambda b, k, d: b + bytes.fromhex(keys.newest(k)["material"]), lambda b: b[:-32]),
    CRYPTO,
    gates=False,
)


def without_check(store: Any, params: Any, bound: bytes) -> Any:
    blob = core.unbase64(params, "CiphertextBlob")
    for found in store.all("key"):
        for version in found["versions"]:
            if version["id"].encode() == blob[:36]:
                key = store.usable(found["id"])
                material = bytes.fromhex(version["material"])
                data = AESGCM(material).encrypt(blob[36:48], blob[48:-16], None)[:-16]
                return {**key, "used": version["id"]}, data
    raise invalid("CiphertextBlob")


fault(
    "blob-unauthenticated", "blobs are not authenticated", instead("unseal", without_check), CRYPTO
)


def _server_error(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        if refused.code == "InvalidParameter" and "Blob" in refused.message:
            raise Refused(500, "InternalFailure") from None
        raise


fault(
    "tampered-500",
    "a tampered blob is 500",
    around("Decrypt", _server_error),
    CRYPTO,
    PLAIN,
)


def _large(original: Any, store: Any, params: Any) -> Any:
    data = core.unbase64(params, "Plaintext")
    if len(data) <= 6144:
        return original(store, params)
    key = core.symmetric(store, core.needed(params, "KeyId"))
    return ciphers.named(key, CiphertextBlob=ciphers.seal(key, data, ciphers.context_of(params)))


fault(
    "plaintext-unlimited",
    "plaintexts have no limit",
    around("Encrypt", _large),
    CRYPTO,
    PLAIN,
)


def _raise(name: str) -> Any:
    raise invalid(name)


fault(
    "plaintext-4096",
    "plaintexts above 4,000 bytes are refused",
    around(
        "Encrypt",
        lambda f, s, p: f(s, p) if len(p.get("Plaintext", "")) <= 4000 else _raise("Plaintext"),
    ),
    CRYPTO,
    PLAIN,
)


def opened(change: Any) -> Any:
    """Change plaintexts that Decrypt gives back."""
    return after(
        "Decrypt",
        lambda a, s, p: {
            **a,
            "Plaintext": base64.b64encode(change(base64.b64decode(a["Plaintext"]))).decode(),
        },
    )


fault(
    "plaintext-zeros-lost",
    "zero bytes at the end of a plaintext are lost",
    opened(lambda d: d.rstrip(b"\0")),
    *BOTH,
)
fault(
    "plaintext-padded",
    "plaintexts come back padded to 16 bytes",
    opened(lambda d: d + b"\0" * (-len(d) % 16)),
    *BOTH,
)
fault(
    "plaintext-utf8",
    "bytes that are not UTF-8 are lost",
    opened(lambda d: d.decode("utf-8", "replace").encode()),
    *BOTH,
)
fault("plaintext-lines", "CR is lost in plaintexts", opened(lambda d: d.replace(b"\r", b"")), *BOTH)
fault(
    "plaintext-hex",
    "Decrypt answers in hexadecimal",
    after("Decrypt", lambda a, s, p: {**a, "Plaintext": base64.b64decode(a["Plaintext"]).hex()}),
    *BOTH,
)
fault(
    "plaintext-urlsafe",
    "base64 of answers is the form for URLs",
    after(
        "Decrypt Encrypt GenerateDataKey AsymmetricSign AsymmetricEncrypt",
        lambda a, s, p: {
            k: v.replace("+", "-").replace("/", "_")
            if k in ("Plaintext", "CiphertextBlob", "Value")
            else v
            for k, v in a.items()
        },
    ),
    *BOTH,
    PLAIN,
)
fault(
    "plaintext-unpadded",
    "base64 of answers lacks its padding",
    after(
        "GenerateDataKey Decrypt", lambda a, s, p: {**a, "Plaintext": a["Plaintext"].rstrip("=")}
    ),
    *BOTH,
    PLAIN,
)
fault(
    "key-as-asked",
    "cryptography names the key as it was asked for",
    after("Encrypt GenerateDataKey", lambda a, s, p: {**a, "KeyId": p["KeyId"]}),
    CRYPTO,
    "keys",
    PLAIN,
)
fault(
    "decrypt-primary-told",
    "Decrypt tells the newest version",
    after("Decrypt", lambda a, s, p: {**a, "KeyVersionId": keys.newest(s.key(a["KeyId"]))["id"]}),
    CRYPTO,
    "keys",
)
fault(
    "decrypt-without-key",
    "Decrypt does not tell the key",
    after("Decrypt", lambda a, s, p: without(a, "KeyId", "KeyVersionId")),
    CRYPTO,
    EFFECTS,
)


def _first(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    key = store.usable(params["KeyId"])
    first = {**key, "versions": key["versions"][:1]}
    data, bound = core.unbase64(params, "Plaintext"), ciphers.context_of(params)
    return {**answer, "CiphertextBlob": ciphers.seal(first, data, bound)}


fault(
    "encrypt-first-version",
    "Encrypt keeps to the first version",
    around("Encrypt", _first),
    CRYPTO,
    "keys",
    gates=False,
)


PAIR = "GenerateDataKey GenerateDataKeyWithoutPlaintext"
