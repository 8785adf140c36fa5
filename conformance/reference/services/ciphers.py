"""Block ciphers and their modes: AES and SM4 in GCM, CBC and ECB.

KMS API uses GCM alone; the other modes exist in the KMS Instance API. Everything here is from
bytes to bytes.
"""

from functools import lru_cache
from typing import Literal, Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conformance.reference.model import BlockCipher

BlockMode: TypeAlias = Literal["CBC", "ECB"]
#: Bytes of a block, of the IV of CBC and of the tag of GCM.
BLOCK_BYTES = 16


class Gcm(Protocol):
    """A cipher with its key in GCM; the tag of 16 bytes follows the ciphertext."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Encrypt and authenticate."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Check and decrypt; InvalidTag when anything was changed."""


class _Sm4Gcm:
    """SM4 in GCM (RFC 8998), for which there is no class of its own in the library."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        context = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(associated_data or b"")
        return context.update(data) + context.finalize() + context.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        if len(data) < BLOCK_BYTES:
            raise InvalidTag
        mode = modes.GCM(nonce, data[-BLOCK_BYTES:])
        context = Cipher(self._algorithm, mode).decryptor()
        context.authenticate_additional_data(associated_data or b"")
        return context.update(data[:-BLOCK_BYTES]) + context.finalize()


@lru_cache(maxsize=4096)
def gcm(cipher: BlockCipher, key: bytes) -> Gcm:
    """Return a cipher with its key in GCM; making it costs more than an encryption."""
    return _Sm4Gcm(key) if cipher == "SM4" else AESGCM(key)


def _context(
    cipher: BlockCipher, mode: BlockMode, key: bytes, iv: bytes
) -> Cipher[modes.CBC | modes.ECB]:
    algorithm = algorithms.SM4(key) if cipher == "SM4" else algorithms.AES(key)
    return Cipher(algorithm, modes.CBC(iv) if mode == "CBC" else modes.ECB())  # noqa: S305 - as asked for


def encrypt_blocks(
    cipher: BlockCipher, mode: BlockMode, key: bytes, data: bytes, *, iv: bytes = b"", padded: bool
) -> bytes:
    """Encrypt in whole blocks.

    Args:
        cipher: AES or SM4.
        mode: CBC or ECB.
        key: As long as the cipher takes.
        data: What to encrypt; whole blocks unless padded.
        iv: 16 bytes for CBC, nothing for ECB.
        padded: Pad as PKCS #7 does.

    Raises:
        ValueError: For data that is not in whole blocks and not padded, or an IV of another length.
    """
    if padded:
        padder = padding.PKCS7(8 * BLOCK_BYTES).padder()
        data = padder.update(data) + padder.finalize()
    context = _context(cipher, mode, key, iv).encryptor()
    return context.update(data) + context.finalize()


def decrypt_blocks(
    cipher: BlockCipher, mode: BlockMode, key: bytes, data: bytes, *, iv: bytes = b"", padded: bool
) -> bytes:
    """Decrypt what `encrypt_blocks` made.

    Raises:
        ValueError: For data that is not in whole blocks, or whose padding is wrong.
    """
    context = _context(cipher, mode, key, iv).decryptor()
    plain = context.update(data) + context.finalize()
    if not padded:
        return plain
    unpadder = padding.PKCS7(8 * BLOCK_BYTES).unpadder()
    return unpadder.update(plain) + unpadder.finalize()
