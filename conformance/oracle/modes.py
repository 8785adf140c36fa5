"""Modes of block ciphers: GCM (NIST SP 800-38D), CBC and ECB (SP 800-38A), PKCS #7 padding."""

from collections.abc import Iterator

from conformance.oracle.block_ciphers import BLOCK, BlockCipher

GCM_IV = 12
TAG = 16
_REDUCTION = 0xE1 << 120


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


def _product(x: int, y: int) -> int:
    """Multiply in the field of GCM, whose bits are counted from the left."""
    product = 0
    for place in range(127, -1, -1):
        if x >> place & 1:
            product ^= y
        y = y >> 1 ^ (_REDUCTION if y & 1 else 0)
    return product


def _hashed(key: int, *parts: bytes) -> int:
    """GHASH over parts, each filled up to whole blocks, and their lengths in bits."""
    lengths = b"".join((8 * len(part)).to_bytes(8) for part in parts)
    total = 0
    for block in [*(block for part in parts for block in _blocks(part)), lengths]:
        total = _product(total ^ int.from_bytes(block.ljust(BLOCK, b"\0")), key)
    return total


def _counted(cipher: BlockCipher, start: int, data: bytes) -> bytes:
    """Encrypt or decrypt by counting on from a counter block."""
    done: list[bytes] = []
    for number, block in enumerate(_blocks(data), 1):
        counter = start >> 32 << 32 | (start + number) & 0xFFFFFFFF
        done.append(_xor(block, cipher.encrypted(counter.to_bytes(BLOCK))))
    return b"".join(done)


def _beginning(key: int, iv: bytes) -> int:
    if len(iv) == GCM_IV:
        return int.from_bytes(iv + b"\0\0\0\1")
    return _hashed(key, b"", iv)


def gcm_encrypt(cipher: BlockCipher, iv: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """Encrypt; the tag of 16 bytes follows the ciphertext."""
    key = int.from_bytes(cipher.encrypted(bytes(BLOCK)))
    start = _beginning(key, iv)
    ciphertext = _counted(cipher, start, plaintext)
    tag = _hashed(key, aad, ciphertext).to_bytes(BLOCK)
    return ciphertext + _xor(tag, cipher.encrypted(start.to_bytes(BLOCK)))


def gcm_decrypt(cipher: BlockCipher, iv: bytes, data: bytes, aad: bytes = b"") -> bytes | None:
    """Decrypt; None when anything was changed."""
    ciphertext, tag = data[:-TAG], data[-TAG:]
    key = int.from_bytes(cipher.encrypted(bytes(BLOCK)))
    start = _beginning(key, iv)
    right = _hashed(key, aad, ciphertext).to_bytes(BLOCK)
    if len(tag) != TAG or _xor(right, cipher.encrypted(start.to_bytes(BLOCK))) != tag:
        return None
    return _counted(cipher, start, ciphertext)


def padded(data: bytes) -> bytes:
    """Fill up to whole blocks as PKCS #7 does: always by at least one byte."""
    missing = BLOCK - len(data) % BLOCK
    return data + bytes([missing]) * missing


def unpadded(data: bytes) -> bytes | None:
    """Take padding away; None when it is wrong."""
    count = data[-1] if data else 0
    if not 1 <= count <= BLOCK or data[-count:] != bytes([count]) * count:
        return None
    return data[:-count]


def cbc_encrypt(cipher: BlockCipher, iv: bytes, plaintext: bytes) -> bytes:
    """Encrypt whole blocks."""
    done: list[bytes] = []
    for block in _blocks(_whole(plaintext)):
        iv = cipher.encrypted(_xor(block, iv))
        done.append(iv)
    return b"".join(done)


def cbc_decrypt(cipher: BlockCipher, iv: bytes, ciphertext: bytes) -> bytes:
    """Decrypt whole blocks."""
    done: list[bytes] = []
    for block in _blocks(_whole(ciphertext)):
        done.append(_xor(cipher.decrypted(block), iv))
        iv = block
    return b"".join(done)


def ecb_encrypt(cipher: BlockCipher, plaintext: bytes) -> bytes:
    """Encrypt whole blocks."""
    return b"".join(map(cipher.encrypted, _blocks(_whole(plaintext))))


def ecb_decrypt(cipher: BlockCipher, ciphertext: bytes) -> bytes:
    """Decrypt whole blocks."""
    return b"".join(map(cipher.decrypted, _blocks(_whole(ciphertext))))


def _whole(data: bytes) -> bytes:
    if len(data) % BLOCK:
        raise ValueError("not in whole blocks")
    return data
