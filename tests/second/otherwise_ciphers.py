"""Harmless variations of the second endpoint: identifiers and ciphertexts."""

import base64
import hashlib
import secrets
import uuid
from typing import Any
from unittest import mock

import ciphers
import core
import exports
import keys
from core import Refused, invalid
from deviation import Patch, around, everywhere, instead, method, recoded, together, variation


def identifiers(key: Any) -> Patch:
    """Make ids of keys and versions in another form."""
    fake = type("Uuid", (), {"uuid4": staticmethod(key)})
    return lambda stack: stack.enter_context(mock.patch.object(keys, "uuid", fake))


variation(
    "ids-of-instances",
    "ids begin with key-",
    identifiers(
        lambda: f"key-hzz{secrets.token_hex(5)}{secrets.token_hex(11)}"[:36].ljust(36, "0")
    ),
)
variation("ids-upper", "ids are UUIDs in capitals", identifiers(lambda: str(uuid.uuid4()).upper()))


def framed(cover: Any, uncover: Any) -> Patch:
    def sealer(original: Any) -> Any:
        return lambda *a: base64.b64encode(cover(base64.b64decode(original(*a)))).decode()

    def opener(original: Any) -> Any:
        def unseal(store: Any, params: Any, bound: bytes) -> Any:
            blob = core.unbase64(params, "CiphertextBlob")
            try:
                inner = uncover(blob)
            except (ValueError, IndexError):
                raise invalid("CiphertextBlob") from None
            return original(
                store, {**params, "CiphertextBlob": base64.b64encode(inner).decode()}, bound
            )

        return unseal

    return together(everywhere("seal", sealer), everywhere("unseal", opener))


def magic(blob: bytes) -> bytes:
    if blob[:4] != b"KMS2":
        raise ValueError
    return blob[4:]


def checked(blob: bytes) -> bytes:
    if hashlib.sha256(blob[:-32]).digest() != blob[-32:]:
        raise ValueError
    return blob[:-32]


def digest(blob: bytes) -> bytes:
    return blob + hashlib.sha256(blob).digest()


variation("blob-with-mark", "blobs begin with a mark", framed(lambda b: b"KMS2" + b, magic))
variation("blob-with-sum", "blobs end in a checksum", framed(digest, checked))
variation("blob-turned", "blobs begin with their end", framed(lambda b: b[::-1], lambda b: b[::-1]))
variation(
    "blob-large",
    "blobs are a kilobyte longer",
    framed(lambda b: digest(b"x" * 1024 + b), lambda b: checked(b)[1024:]),
)


def as_text(original: Any) -> Any:
    """Take plaintexts for text, without decoding."""

    def encrypt(store: Any, params: Any) -> Any:
        core.needed(params, "KeyId")
        data, bound = core.needed(params, "Plaintext").encode(), ciphers.context_of(params)
        if len(data) > 6144:
            raise invalid("Plaintext")
        key = core.symmetric(store, params["KeyId"])
        return ciphers.named(key, CiphertextBlob=ciphers.seal(key, b"T" + data, bound))

    def decrypt(store: Any, params: Any) -> Any:
        key, data = ciphers.unseal(store, params, ciphers.context_of(params))
        text = data[1:].decode() if data[:1] == b"T" else base64.b64encode(data[1:]).decode()
        return ciphers.named(key, Plaintext=text)

    return encrypt if original == "Encrypt" else decrypt


def raw_mark(original: Any) -> Any:
    def data_key(store: Any, params: Any) -> Any:
        key, plain, _ = original(store, params)
        return key, plain, ciphers.seal(key, b"B" + plain, ciphers.context_of(params))

    return data_key


def plaintext_text(stack: Any) -> None:
    around("Encrypt", lambda f, s, p: as_text("Encrypt")(s, p))(stack)
    around("Decrypt", lambda f, s, p: as_text("Decrypt")(s, p))(stack)
    everywhere("data_key", raw_mark)(stack)
    around("ExportDataKey", _export)(stack)
    around("ReEncrypt", _reencrypt)(stack)


def _export(original: Any, store: Any, params: Any) -> Any:
    real = ciphers.unseal

    def unseal(*a: Any) -> Any:
        key, data = real(*a)
        return key, data[1:]

    with mock.patch.object(exports, "unseal", unseal):
        return original(store, params)


def _reencrypt(original: Any, store: Any, params: Any) -> Any:
    if "SourceKeyId" not in params:
        return original(store, params)
    real = ciphers.seal
    with mock.patch.object(ciphers, "seal", lambda k, d, b: real(k, b"T" + base64.b64encode(d), b)):
        return original(store, params)


variation("plaintext-as-text", "Encrypt takes its plaintext for text", plaintext_text)


def joined(params: Any, name: str = "EncryptionContext") -> bytes:
    found = core.from_json(params, name, dict) or {}
    if not all(isinstance(v, str) for v in found.values()) or len(params.get(name, "")) > 8192:
        raise invalid(name)
    return "&".join(f"{k}={v}" for k, v in sorted(found.items())).encode()


variation(
    "context-as-observed",
    "a context is bound as name=value joined with &",
    instead("context_of", joined),
)


def strict_empty(original: Any) -> Any:
    return lambda p, name="EncryptionContext": b"" if name not in p else original(p, name)


variation(
    "context-empty-differs",
    "an empty context is not the same as none",
    everywhere("context_of", strict_empty),
)


def opening(status: int, code: str) -> Patch:
    """Refuse blobs that do not open with another code."""

    def change(original: Any, store: Any, params: Any) -> Any:
        try:
            return original(store, params)
        except Refused as refused:
            if refused.code == "InvalidParameter" and "CiphertextBlob" in refused.message:
                raise Refused(status, code) from None
            raise

    return around("Decrypt ReEncrypt ExportDataKey", change)


variation(
    "blob-bad-otherwise", "a bad blob is 400 InvalidCiphertext", opening(400, "InvalidCiphertext")
)
variation(
    "blob-bad-not-found", "a bad blob is an unknown key", opening(404, "Forbidden.KeyNotFound")
)
variation("blob-bad-403", "a bad blob is 403", opening(403, "Forbidden.DecryptFailed"))
variation(
    "usage-otherwise",
    "a wrong usage is Rejected.UnsupportedOperation",
    recoded("UnsupportedOperation", 400, "Rejected.UnsupportedOperation"),
)
variation(
    "usage-invalid",
    "a wrong usage is a bad parameter",
    recoded("UnsupportedOperation", 400, "InvalidParameter"),
)
variation(
    "usage-409",
    "a wrong usage is 409",
    recoded("UnsupportedOperation", 409, "Rejected.UnsupportedKeyUsage"),
)
variation("dry-run-412", "DryRun is refused at 412", recoded("DryRunOperationError", 412))
variation("dry-run-403", "DryRun is refused at 403", recoded("DryRunOperationError", 403))
variation(
    "protected-otherwise",
    "a protected key is refused as a state",
    recoded("Forbidden.DeletionProtection", 409, "Rejected.DeletionProtectionEnabled"),
)


def _as(original: Any, store: Any, params: Any, code: str, other: str) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        raise Refused(refused.status, other if refused.code == code else refused.code) from None


variation(
    "protection-pending-otherwise",
    "protection in PendingDeletion is a failed change",
    around(
        "SetDeletionProtection",
        lambda f, s, p: _as(f, s, p, "Rejected.PendingDeletion", "Rejected.StateModifiedFailed"),
    ),
)


variation(
    "alias-refused-as-invalid",
    "an alias where an id is wanted is a bad parameter",
    recoded("Unsupported.Alias", 400, "InvalidParameter"),
)
variation(
    "alias-refused-as-unknown",
    "an alias where an id is wanted is an unknown key",
    recoded("Unsupported.Alias", 404, "Forbidden.KeyNotFound"),
)
variation(
    "alias-taken-everywhere",
    "aliases are taken wherever a key is named",
    method(core.Store, "key", lambda f: f),
)
