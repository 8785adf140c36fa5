"""Frame of a symmetric ciphertext and the binding of its encryption context.

A blob is the key version id in 36 ASCII characters, a 12-byte IV, and AES-GCM ciphertext with its
16-byte tag; observed in the official transfer clients, which have to keep old blobs readable. To
callers it is opaque.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

VERSION_CHARACTERS = 36
IV_BYTES = 12
TAG_BYTES = 16
_SHORTEST = VERSION_CHARACTERS + IV_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class Blob:
    """Parts of a symmetric ciphertext: key version id, IV, ciphertext with tag."""

    version_id: str
    iv: bytes
    body: bytes

    def pack(self) -> bytes:
        """Return the parts in one piece."""
        return self.version_id.encode("ascii") + self.iv + self.body


def unpack(raw: bytes) -> Blob:
    """Take a blob apart.

    Raises:
        ValueError: When it is too short, or does not begin with 36 ASCII characters.
    """
    if len(raw) < _SHORTEST:
        raise ValueError("shorter than any ciphertext")
    try:
        version_id = raw[:VERSION_CHARACTERS].decode("ascii")
    except UnicodeDecodeError:
        raise ValueError("does not begin with a key version id") from None
    body_at = VERSION_CHARACTERS + IV_BYTES
    return Blob(version_id, raw[VERSION_CHARACTERS:body_at], raw[body_at:])


def bind_context(context: Mapping[str, str] | None) -> bytes:
    """Return the additional authenticated data of an encryption context.

    Members sorted by name, ``name=value`` joined by ``&``, SHA-256 of that; nothing for no context.
    An empty object counts as none (inferred).
    """
    if not context:
        return b""
    text = "&".join([f"{name}={context[name]}" for name in sorted(context)])
    return hashlib.sha256(text.encode()).digest()
