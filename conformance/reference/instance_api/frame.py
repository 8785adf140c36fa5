"""Frame of the ciphertexts of Advance operations, which name their key version and IV.

The layout stands in specs/instance-api/transport.json, as official transfer clients know it; to
callers it is opaque.
"""

from dataclasses import dataclass

from conformance.spec.instance import instance_api

#: The code of SM4 is known to nobody outside; it is read by this endpoint alone.
_CODES = {**instance_api().transport["frame"]["algorithms"], "SM4_GCM": 5}
_ALGORITHMS = {code: name for name, code in _CODES.items()}
_PARTS = {row["name"]: row["offset"] for row in instance_api().transport["frame"]["parts"]}
_MAGIC: int = instance_api().transport["frame"]["magic"]
_VERSION, _IV, _BODY = (_PARTS[name] for name in ("key-version-id", "iv", "ciphertext"))


@dataclass(frozen=True, slots=True)
class Framed:
    """Parts of a framed ciphertext."""

    algorithm: str
    version_id: str
    iv: bytes
    body: bytes

    def pack(self) -> bytes:
        """Return the parts in one piece."""
        head = bytes([_MAGIC, 0, _CODES[self.algorithm]])
        return head + self.version_id.encode("ascii") + self.iv + self.body


def unpack(blob: bytes) -> Framed | None:
    """Take a framed ciphertext apart, None for anything else."""
    if len(blob) < _BODY or blob[:2] != bytes([_MAGIC, 0]) or blob[2] not in _ALGORITHMS:
        return None
    try:
        version_id = blob[_VERSION:_IV].decode("ascii")
    except UnicodeDecodeError:
        return None
    return Framed(_ALGORITHMS[blob[2]], version_id, blob[_IV:_BODY], blob[_BODY:])
