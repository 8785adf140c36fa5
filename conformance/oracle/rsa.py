"""RSA as RFC 8017 has it: encryption with OAEP and PKCS #1 v1.5, signatures with PSS and v1.5.

Own arithmetic, so that nothing is judged by the library that may have made it. Not constant in
time: the private keys that come here are the suite's own, made for a run.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Literal

from conformance.oracle.public_keys import RsaPublicKey

Hash = Literal["sha1", "sha256"]

#: DigestInfo before the digest, RFC 8017 section 9.2.
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
#: The same without the NULL parameter, which RFC 8017 lets a verifier accept.
_DIGEST_INFO_BARE = bytes.fromhex("302f300b06096086480165030402010420")
_PKCS1_OVERHEAD = 11


@dataclass(frozen=True, slots=True)
class RsaPrivateKey:
    """Modulus and private exponent of the suite's own key."""

    n: int
    d: int

    @property
    def octets(self) -> int:
        """Length of the modulus in bytes."""
        return (self.n.bit_length() + 7) // 8


def mask(seed: bytes, length: int, name: Hash) -> bytes:
    """Return a mask of MGF1 (RFC 8017 appendix B.2.1)."""
    size = hashlib.new(name).digest_size
    blocks = (
        hashlib.new(name, seed + counter.to_bytes(4)).digest()
        for counter in range(-(-length // size))
    )
    return b"".join(blocks)[:length]


def xor(one: bytes, other: bytes) -> bytes:
    """Return the bitwise difference of texts of one length."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def longest_oaep(key_octets: int, name: Hash) -> int:
    """Return how many bytes fit into an OAEP ciphertext under a key of so many bytes."""
    return key_octets - 2 * hashlib.new(name).digest_size - 2


def oaep_encrypt(
    key: RsaPublicKey, plaintext: bytes, name: Hash, *, mask_name: Hash | None = None
) -> bytes:
    """Encrypt with RSAES-OAEP and an empty label.

    Args:
        key: Public key.
        plaintext: At most `longest_oaep` bytes.
        name: Hash of the label.
        mask_name: Hash of MGF1, the same unless given.
    """
    if len(plaintext) > longest_oaep(key.octets, name):
        raise ValueError("the plaintext is too long for key and hash")
    label = hashlib.new(name).digest()
    size = len(label)
    block = label + b"\0" * (key.octets - len(plaintext) - 2 * size - 2) + b"\1" + plaintext
    seed = os.urandom(size)
    masked = xor(block, mask(seed, len(block), mask_name or name))
    encoded = b"\0" + xor(seed, mask(masked, size, mask_name or name)) + masked
    return pow(int.from_bytes(encoded), key.e, key.n).to_bytes(key.octets)


def oaep_decrypt(
    key: RsaPrivateKey, ciphertext: bytes, name: Hash, *, mask_name: Hash | None = None
) -> bytes | None:
    """Decrypt RSAES-OAEP with an empty label; None for what is no such ciphertext."""
    encoded = _raw_decrypt(key, ciphertext)
    label = hashlib.new(name).digest()
    size = len(label)
    if encoded is None or key.octets < 2 * size + 2 or encoded[0]:
        return None
    masked = encoded[1 + size :]
    seed = xor(encoded[1 : 1 + size], mask(masked, size, mask_name or name))
    block = xor(masked, mask(seed, len(masked), mask_name or name))
    padding, one, plaintext = block[size:].partition(b"\1")
    if block[:size] != label or any(padding) or not one:
        return None
    return plaintext


def _raw_decrypt(key: RsaPrivateKey, ciphertext: bytes) -> bytes | None:
    number = int.from_bytes(ciphertext)
    if len(ciphertext) != key.octets or number >= key.n:
        return None
    return pow(number, key.d, key.n).to_bytes(key.octets)


def pkcs1_encrypt(key: RsaPublicKey, plaintext: bytes) -> bytes:
    """Encrypt with RSAES-PKCS1-v1_5."""
    room = key.octets - len(plaintext) - 3
    if room < _PKCS1_OVERHEAD - 3:
        raise ValueError("the plaintext is too long for the key")
    padding = bytes(1 + octet % 255 for octet in os.urandom(room))
    encoded = b"\0\2" + padding + b"\0" + plaintext
    return pow(int.from_bytes(encoded), key.e, key.n).to_bytes(key.octets)


def pkcs1_decrypt(key: RsaPrivateKey, ciphertext: bytes) -> bytes | None:
    """Decrypt RSAES-PKCS1-v1_5; None for what is no such ciphertext."""
    encoded = _raw_decrypt(key, ciphertext)
    if encoded is None or encoded[:2] != b"\0\2":
        return None
    padding, zero, plaintext = encoded[2:].partition(b"\0")
    return plaintext if zero and len(padding) >= _PKCS1_OVERHEAD - 3 else None


def _opened(key: RsaPublicKey, signature: bytes) -> bytes | None:
    number = int.from_bytes(signature)
    if len(signature) != key.octets or number >= key.n:
        return None
    return pow(number, key.e, key.n).to_bytes(key.octets)


def verify_pkcs1(key: RsaPublicKey, digest: bytes, signature: bytes, *, bare: bool = False) -> bool:
    """Tell whether RSASSA-PKCS1-v1_5 over SHA-256 is right.

    Args:
        key: Public key.
        digest: SHA-256 of the message, 32 bytes.
        signature: As long as the modulus.
        bare: Accept a DigestInfo without the NULL parameter as well.
    """
    encoded = _opened(key, signature)
    infos = (_DIGEST_INFO, _DIGEST_INFO_BARE) if bare else (_DIGEST_INFO,)
    return encoded in {
        b"\0\1" + b"\xff" * (key.octets - len(info) - len(digest) - 3) + b"\0" + info + digest
        for info in infos
    }


def verify_pss(key: RsaPublicKey, digest: bytes, signature: bytes, *, salt: int = 32) -> bool:
    """Tell whether RSASSA-PSS over SHA-256, with MGF1 over SHA-256, is right.

    Args:
        key: Public key.
        digest: SHA-256 of the message, 32 bytes.
        signature: As long as the modulus.
        salt: The length that the salt must have, in bytes.
    """
    opened = _opened(key, signature)
    if opened is None:
        return False
    bits = key.bits - 1
    octets = (bits + 7) // 8
    if any(opened[: key.octets - octets]):
        return False
    encoded = opened[key.octets - octets :]
    size = len(digest)
    if size != hashlib.sha256().digest_size or octets < size + salt + 2 or encoded[-1] != 0xBC:
        return False
    masked, proof = encoded[: octets - size - 1], encoded[octets - size - 1 : -1]
    spare = 8 * octets - bits
    if masked[0] >> (8 - spare):
        return False
    block = bytearray(xor(masked, mask(proof, len(masked), "sha256")))
    block[0] &= 0xFF >> spare
    zeros = octets - size - salt - 2
    if any(block[:zeros]) or block[zeros] != 1:
        return False
    return hashlib.sha256(bytes(8) + digest + bytes(block[zeros + 1 :])).digest() == proof
