"""Encrypt, Decrypt and their Advance forms: AES and SM4 in GCM, CBC and ECB, and RSA."""

import os
from typing import Any

from cryptography.exceptions import InvalidTag

from conformance.reference.call import seam
from conformance.reference.instance_api import frame
from conformance.reference.instance_api.asymmetric import decrypt_asymmetric, encrypt_asymmetric
from conformance.reference.instance_api.calls import InstanceCall, Reply, answers
from conformance.reference.instance_api.keys import find_key, use_key
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.ciphers import decrypt_blocks, encrypt_blocks, gcm
from conformance.spec.instance import instance_api

_IV_BYTES = {
    "GCM": instance_api().transport["gcmIvBytes"],
    "CBC": instance_api().transport["cbcIvBytes"],
    "ECB": 0,
}
_BLOCK: int = instance_api().transport["blockBytes"]


def mode_of(algorithm: str) -> str:
    """Return GCM, CBC or ECB."""
    return algorithm.rpartition("_")[2]


@seam
def instance_algorithm(call: InstanceCall, key: Key) -> str:
    """Return the algorithm of a symmetric call: the one named, else the default of the key spec.

    Documents give software keys GCM alone and hardware keys the other modes too; here both take
    all. Advance ciphertexts are in GCM.
    """
    row = instance_api().symmetric(key.spec)
    assert row is not None
    algorithm: str = call.values.get("Algorithm") or row["default"]
    advanced = call.operation.name.startswith("Advance") or "Generate" in call.operation.name
    if algorithm not in row["algorithms"] or (advanced and mode_of(algorithm) != "GCM"):
        raise InstanceRefusal("bad-parameter")
    return algorithm


@seam
def instance_new_iv(length: int) -> bytes:
    """Return a fresh IV."""
    return os.urandom(length)


@seam
def instance_iv(call: InstanceCall, algorithm: str) -> bytes:
    """Return the IV of an encryption: the one given, else a fresh one; without effect for ECB."""
    length = _IV_BYTES[mode_of(algorithm)]
    given: bytes = call.values.get("Iv") or b""
    if not length:
        return b""
    if not given:
        return bytes(call.endpoint.seams.instance_new_iv(length))
    if len(given) != length:
        raise InstanceRefusal("bad-parameter")
    return given


@seam
def instance_seal(
    version: KeyVersion, algorithm: str, iv: bytes, data: bytes, aad: bytes, padding: str
) -> bytes:
    """Encrypt under a key version; GCM appends its tag.

    Raises:
        ValueError: Without padding, for data that is not in whole blocks.
    """
    assert isinstance(version.material, bytes)
    mode = mode_of(algorithm)
    if mode == "GCM":
        return gcm(version.cipher, version.material).encrypt(iv, data, aad)
    return encrypt_blocks(
        version.cipher,
        "CBC" if mode == "CBC" else "ECB",
        version.material,
        data,
        iv=iv,
        padded=padding != "NO_PADDING",
    )


@seam
def instance_unseal(
    version: KeyVersion, algorithm: str, iv: bytes, data: bytes, aad: bytes, padding: str
) -> bytes:
    """Decrypt under a key version.

    Raises:
        InvalidTag, ValueError: When anything does not go together.
    """
    assert isinstance(version.material, bytes)
    mode = mode_of(algorithm)
    if mode == "GCM":
        return gcm(version.cipher, version.material).decrypt(iv, data, aad)
    return decrypt_blocks(
        version.cipher,
        "CBC" if mode == "CBC" else "ECB",
        version.material,
        data,
        iv=iv,
        padded=padding != "NO_PADDING",
    )


def padding_shown(call: InstanceCall, algorithm: str) -> dict[str, str]:
    """Return PaddingMode as answers show it: for CBC and ECB only."""
    if mode_of(algorithm) == "GCM":
        return {}
    return {"PaddingMode": call.values["PaddingMode"] or "PKCS7_PADDING"}


def seal(
    call: InstanceCall, version: KeyVersion, algorithm: str, data: bytes
) -> tuple[bytes, bytes]:
    """Encrypt data for a call; return IV and ciphertext."""
    seams = call.endpoint.seams
    iv: bytes = seams.instance_iv(call, algorithm)
    padding = call.values.get("PaddingMode", "")
    try:
        body = seams.instance_seal(version, algorithm, iv, data, call.values["Aad"], padding)
    except ValueError:
        raise InstanceRefusal("bad-parameter") from None
    return iv, body


@answers("Encrypt")
def encrypt(call: InstanceCall) -> Reply:
    """Encrypt with the initial version of a key, or under a public key."""
    key, version = find_key(call)
    if not isinstance(version.material, bytes):
        return encrypt_asymmetric(call, key, version)
    algorithm: str = call.endpoint.seams.instance_algorithm(call, key)
    iv, body = seal(call, version, algorithm, call.values["Plaintext"])
    shown = {"KeyId": key.id, "CiphertextBlob": body, "Iv": iv, "Algorithm": algorithm}
    return Reply({**shown, **padding_shown(call, algorithm)}, version)


@seam
def instance_frame(algorithm: str, version: KeyVersion, iv: bytes, body: bytes) -> bytes:
    """Return a ciphertext that names its key version and IV."""
    return frame.Framed(algorithm, version.id, iv, body).pack()


@answers("AdvanceEncrypt")
def advance_encrypt(call: InstanceCall) -> Reply:
    """Encrypt with the primary version of a key."""
    key, version = find_key(call)
    algorithm: str = call.endpoint.seams.instance_algorithm(call, key)
    iv, body = seal(call, version, algorithm, call.values["Plaintext"])
    blob = call.endpoint.seams.instance_frame(algorithm, version, iv, body)
    shown = {"KeyId": key.id, "CiphertextBlob": blob, "Iv": iv, "Algorithm": algorithm}
    return Reply({**shown, "KeyVersionId": version.id}, version)


def _open(call: InstanceCall, version: KeyVersion, algorithm: str, iv: bytes, body: bytes) -> bytes:
    padding = call.values["PaddingMode"]
    try:
        plain: bytes = call.endpoint.seams.instance_unseal(
            version, algorithm, iv, body, call.values["Aad"], padding
        )
    except (InvalidTag, ValueError):
        raise InstanceRefusal("undecryptable") from None
    return plain


@seam
def instance_iv_to_decrypt(call: InstanceCall, algorithm: str) -> bytes:
    """Return the IV of a decryption, which has to be given but for ECB."""
    given: bytes = call.values["Iv"]
    length = _IV_BYTES[mode_of(algorithm)]
    if length and len(given) != length:
        raise InstanceRefusal("bad-parameter")
    return given if length else b""


def _decrypted(call: InstanceCall, key: Key, version: KeyVersion) -> dict[str, Any]:
    seams = call.endpoint.seams
    row = instance_api().symmetric(key.spec)
    assert row is not None
    algorithm: str = call.values["Algorithm"] or row["default"]
    if algorithm not in row["algorithms"]:
        raise InstanceRefusal("bad-parameter")
    iv: bytes = seams.instance_iv_to_decrypt(call, algorithm)
    plain = _open(call, version, algorithm, iv, call.values["CiphertextBlob"])
    shown = {"KeyId": key.id, "Plaintext": plain, "Algorithm": algorithm}
    return {**shown, **padding_shown(call, algorithm)}


@answers("Decrypt")
def decrypt(call: InstanceCall) -> Reply:
    """Open what Encrypt or a data key operation made with the initial version."""
    key, version = find_key(call)
    if not isinstance(version.material, bytes):
        return decrypt_asymmetric(call, key, version)
    return Reply(_decrypted(call, key, version), version)


@seam
def instance_unpack(blob: bytes) -> frame.Framed | None:
    """Take a framed ciphertext apart, None for a bare one."""
    return frame.unpack(blob)


@answers("AdvanceDecrypt")
def advance_decrypt(call: InstanceCall) -> Reply:
    """Open a framed ciphertext by itself, or a bare one with key, algorithm and IV."""
    seams = call.endpoint.seams
    framed: frame.Framed | None = seams.instance_unpack(call.values["CiphertextBlob"])
    owner = "" if framed is None else call.account.key_versions.get(framed.version_id, "")
    named = seams.instance_alias(call, call.values["KeyId"])
    if framed is None or not owner or named not in {"", owner}:
        return _advance_decrypt_bare(call)
    key = use_key(call, owner)
    version = key.versions[framed.version_id]
    plain = _open(call, version, framed.algorithm, framed.iv, framed.body)
    shown = {"KeyId": key.id, "Plaintext": plain, "Algorithm": framed.algorithm}
    return Reply({**shown, "KeyVersionId": version.id}, version)


def _advance_decrypt_bare(call: InstanceCall) -> Reply:
    if not call.values["KeyId"]:
        raise InstanceRefusal("undecryptable")
    key, version = find_key(call)
    return Reply({**_decrypted(call, key, version), "KeyVersionId": version.id}, version)
