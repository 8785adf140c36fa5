"""The frame of ciphertexts of symmetric keys, as official transfer clients read and write it.

36 characters key version id, 12 bytes initialisation vector, ciphertext, 16 bytes tag; AES-GCM. The
associated data is the SHA-256 of the context's members, sorted by name, each ``name=value``, joined
by ``&``; empty without a context. For keys of Aliyun_SM4 the cipher is SM4 (concluded). Observed,
not documented: good for advice only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.oracle.block_ciphers import CipherName, cipher
from conformance.oracle.modes import gcm_decrypt

_ID = 36
_IV = 12
_TAG = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """Parts of a blob; the body ends with the tag."""

    version: str
    iv: bytes
    body: bytes


def unpack(blob: bytes) -> Frame | None:
    """Return the parts of a blob, None where it is too short or begins otherwise."""
    head = blob[:_ID]
    if len(blob) <= _ID + _IV + _TAG or not head.isascii():
        return None
    return Frame(head.decode("ascii"), blob[_ID : _ID + _IV], blob[_ID + _IV :])


def bound(context: Mapping[str, str] | None) -> bytes:
    """Return the associated data of a context."""
    if not context:
        return b""
    members = "&".join(f"{name}={value}" for name, value in sorted(context.items()))
    return hashlib.sha256(members.encode()).digest()


def opened(
    material: bytes,
    blob: bytes,
    context: Mapping[str, str] | None = None,
    *,
    name: CipherName = "AES",
) -> bytes | None:
    """Open a blob outside the service; None where material, context or frame do not fit."""
    frame = unpack(blob)
    if frame is None:
        return None
    return gcm_decrypt(cipher(name, material), frame.iv, frame.body, bound(context))
