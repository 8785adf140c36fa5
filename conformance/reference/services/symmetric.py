"""Symmetric cryptography: Encrypt, Decrypt, data keys and ReEncrypt.

Plaintext of Encrypt is encrypted as the text that was sent, and Decrypt answers that text. It is
documented as base64, which nobody decodes: observed in acceptance tests, in the official samples
and in the transfer clients. A data key is encrypted as its base64 text for the same reason, so that
Decrypt of its blob answers what Plaintext was.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services import algorithms
from conformance.reference.services import blob as frame
from conformance.reference.services.blob import IV_BYTES, Blob
from conformance.reference.services.ciphers import gcm
from conformance.reference.services.finding import (
    find_key,
    find_symmetric,
    invalid,
    key_by_id,
    require_kind,
    require_state,
)
from conformance.reference.services.tables import (
    algorithm,
    data_key_bytes,
    limit,
    maximum,
    wrapping_algorithms,
)
from conformance.reference.services.wrapping import load_wrapping_key

Context = Mapping[str, str] | None


@seam
def bind_context(context: Context) -> bytes:
    """Return the additional authenticated data of an encryption context."""
    return frame.bind_context(context)


@seam
def new_iv() -> bytes:
    """Return a fresh IV."""
    return os.urandom(IV_BYTES)


@seam
def seal(version: KeyVersion, iv: bytes, text: bytes, bound: bytes) -> bytes:
    """Encrypt under a key version and return the whole blob."""
    assert isinstance(version.material, bytes)
    cipher = gcm(version.cipher, version.material)
    return Blob(version.id, iv, cipher.encrypt(iv, text, bound)).pack()


@seam
def unseal(version: KeyVersion, sealed: Blob, bound: bytes) -> bytes:
    """Decrypt what was encrypted under a key version.

    Raises:
        InvalidTag: When blob or context were changed.
    """
    assert isinstance(version.material, bytes)
    return gcm(version.cipher, version.material).decrypt(sealed.iv, sealed.body, bound)


@seam
def encrypting_version(key: Key) -> KeyVersion:
    """Return the version that encrypts: the primary one."""
    assert key.primary_version is not None
    return key.versions[key.primary_version]


@seam
def plaintext_size(text: str) -> int:
    """Return what the limit of 6 KB counts: decoded base64, else the text (inferred)."""
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return len(text.encode())


def encrypt_text(call: Call, key: Key, text: str, context: Context) -> tuple[KeyVersion, str]:
    """Encrypt a text under the primary version of a key; return that version and the blob."""
    seams = call.endpoint.seams
    version = seams.encrypting_version(key)
    sealed = seams.seal(version, seams.new_iv(), text.encode(), seams.bind_context(context))
    return version, base64.b64encode(sealed).decode("ascii")


@handles("Encrypt")
def encrypt(call: Call) -> dict[str, Any]:
    """Encrypt a text of at most 6 KB."""
    text = call.params["Plaintext"]
    if call.endpoint.seams.plaintext_size(text) > maximum("symmetric-plaintext"):
        raise invalid(f"Plaintext is at most {maximum('symmetric-plaintext')} bytes long.")
    key = find_symmetric(call)
    version, blob = encrypt_text(call, key, text, call.params.get("EncryptionContext"))
    return {"KeyId": key.id, "KeyVersionId": version.id, "CiphertextBlob": blob}


def _sealed(call: Call) -> Blob:
    try:
        return frame.unpack(base64.b64decode(call.params["CiphertextBlob"], validate=True))
    except ValueError:
        raise _bad_blob() from None


def _bad_blob() -> KmsError:
    """Return the refusal of a blob or context that does not open; its code is inferred."""
    return invalid("CiphertextBlob is not valid for this key and encryption context.")


@seam
def key_of_blob(call: Call, sealed: Blob) -> tuple[Key, KeyVersion]:
    """Return the key and version that a blob names."""
    key = key_by_id(call, call.account.key_versions.get(sealed.version_id, ""))
    return key, key.versions[sealed.version_id]


def decrypt_text(call: Call, context: Context) -> tuple[Key, KeyVersion, str]:
    """Open CiphertextBlob; return its key, version and text."""
    sealed = _sealed(call)
    seams = call.endpoint.seams
    key, version = seams.key_of_blob(call, sealed)
    require_state(call, key)
    require_kind(key, "symmetric")
    try:
        text: bytes = seams.unseal(version, sealed, seams.bind_context(context))
    except InvalidTag:
        raise _bad_blob() from None
    return key, version, text.decode()


@handles("Decrypt")
def decrypt(call: Call) -> dict[str, Any]:
    """Open a blob; the key is found from it. Recipient counts on the dedicated gateway only."""
    key, version, text = decrypt_text(call, call.params.get("EncryptionContext"))
    return {"KeyId": key.id, "KeyVersionId": version.id, "Plaintext": text}


@seam
def data_key_length(params: Mapping[str, Any]) -> int:
    """Return the length of a data key: NumberOfBytes wins over KeySpec; 32 without either."""
    if "NumberOfBytes" in params:
        return int(params["NumberOfBytes"])
    if "KeySpec" in params:
        return data_key_bytes(params["KeySpec"])
    return int(limit("default-data-key-length")["default"])


@seam
def new_data_key(length: int) -> bytes:
    """Return a random data key."""
    return os.urandom(length)


def _data_key(call: Call) -> tuple[bytes, dict[str, Any]]:
    """Make a data key under the call's key; return it and the answer without it."""
    key = find_symmetric(call)
    seams = call.endpoint.seams
    data_key: bytes = seams.new_data_key(seams.data_key_length(call.params))
    text = base64.b64encode(data_key).decode("ascii")
    version, blob = encrypt_text(call, key, text, call.params.get("EncryptionContext"))
    return data_key, {"KeyId": key.id, "KeyVersionId": version.id, "CiphertextBlob": blob}


@handles("GenerateDataKey")
def generate_data_key(call: Call) -> dict[str, Any]:
    """Make a data key, in plain and under the key."""
    data_key, answer = _data_key(call)
    return {**answer, "Plaintext": base64.b64encode(data_key).decode("ascii")}


@handles("GenerateDataKeyWithoutPlaintext")
def generate_data_key_without_plaintext(call: Call) -> dict[str, Any]:
    """Make a data key, under the key only."""
    return _data_key(call)[1]


def _export(call: Call, data_key: bytes) -> str:
    """Wrap a data key under the public key of the call.

    Raises:
        KmsError: InvalidParameter for a key or algorithm that does not fit, or a data key that is
            too long for it (code inferred).
    """
    spec, name = call.params["WrappingKeySpec"], call.params["WrappingAlgorithm"]
    if name not in wrapping_algorithms(spec, "export"):
        raise invalid(f"WrappingAlgorithm does not suit {spec}.")
    try:
        public_key = load_wrapping_key(call.params["PublicKeyBlob"], spec)
    except ValueError as problem:
        raise invalid(f"PublicKeyBlob cannot be used: {problem}.") from None
    try:
        return base64.b64encode(algorithms.encrypt(public_key, name, data_key)).decode("ascii")
    except ValueError:
        raise invalid(f"The data key is too long for {name} under {spec}.") from None


@handles("GenerateAndExportDataKey")
def generate_and_export_data_key(call: Call) -> dict[str, Any]:
    """Make a data key, under the key and under the caller's public key."""
    data_key, answer = _data_key(call)
    return {**answer, "ExportedDataKey": _export(call, data_key)}


@handles("ExportDataKey")
def export_data_key(call: Call) -> dict[str, Any]:
    """Open the blob of a data key and answer it under the caller's public key."""
    key, version, text = decrypt_text(call, call.params.get("EncryptionContext"))
    try:
        data_key = base64.b64decode(text, validate=True)
    except ValueError:
        raise invalid("CiphertextBlob holds no data key.") from None
    exported = _export(call, data_key)
    return {"KeyId": key.id, "KeyVersionId": version.id, "ExportedDataKey": exported}


@seam
def reencrypted_names(
    source: tuple[Key, KeyVersion], destination: tuple[Key, KeyVersion]
) -> tuple[Key, KeyVersion]:
    """Return the key and version that ReEncrypt answers.

    The operation's text names the key that decrypted the source; that it might be the destination
    was not confirmed.
    """
    del destination
    return source


@handles("ReEncrypt", slow=lambda call: "SourceKeyId" in call.params)
def reencrypt(call: Call) -> dict[str, Any]:
    """Move a blob, or data under an asymmetric public key, to a symmetric key."""
    if "SourceKeyId" in call.params:
        source, source_version, text = _from_asymmetric(call)
    else:
        context = call.params.get("SourceEncryptionContext")
        source, source_version, text = decrypt_text(call, context)
    key = find_symmetric(call, "DestinationKeyId")
    context = call.params.get("DestinationEncryptionContext")
    version, blob = encrypt_text(call, key, text, context)
    named, named_version = call.endpoint.seams.reencrypted_names(
        (source, source_version), (key, version)
    )
    return {"KeyId": named.id, "KeyVersionId": named_version.id, "CiphertextBlob": blob}


def _from_asymmetric(call: Call) -> tuple[Key, KeyVersion, str]:
    """Open data that was encrypted outside; what Decrypt answers later is its base64 (inferred)."""
    key = find_key(call, "SourceKeyId")
    require_state(call, key)
    require_kind(key, "asymmetric")
    call.endpoint.seams.require_usage(key, "ENCRYPT/DECRYPT")
    version: KeyVersion = call.endpoint.seams.find_version(key, call.params["SourceKeyVersionId"])
    name = call.params["SourceEncryptionAlgorithm"]
    if algorithm(key.spec, "encryption", name) is None:
        raise invalid(f"SourceEncryptionAlgorithm does not suit a {key.spec} key.")
    assert version.material is not None
    assert not isinstance(version.material, bytes)
    try:
        raw = base64.b64decode(call.params["CiphertextBlob"], validate=True)
        with call.endpoint.heavy():
            data = algorithms.decrypt(version.material, name, raw)
    except ValueError:
        raise _bad_blob() from None
    return key, version, base64.b64encode(data).decode("ascii")
