"""AES (FIPS 197) and SM4 (GB/T 32907), block by block, in own arithmetic.

Slow and not constant in time: the keys that come here are the suite's own.
"""

import struct
from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

CipherName: TypeAlias = Literal["AES", "SM4"]
BLOCK = 16
_BYTE = 0xFF
_WORD = 0xFFFFFFFF


class BlockCipher(Protocol):
    """A cipher with its key."""

    def encrypted(self, block: bytes) -> bytes:
        """Encrypt 16 bytes."""

    def decrypted(self, block: bytes) -> bytes:
        """Decrypt 16 bytes."""


def cipher(name: CipherName, key: bytes) -> BlockCipher:
    """Return a cipher with its key.

    Raises:
        ValueError: When the key has another length than the cipher takes.
    """
    return Aes(key) if name == "AES" else Sm4(key)


def _doubled(octet: int) -> int:
    octet <<= 1
    return octet ^ 0x11B if octet > _BYTE else octet


def _times(octet: int, factor: int) -> int:
    product = 0
    while factor:
        if factor & 1:
            product ^= octet
        octet, factor = _doubled(octet), factor >> 1
    return product


def _substitutions() -> bytes:
    """Return the S-box of AES: inverse in the field, then the affine map."""
    inverses = [0] * 256
    power, order = 1, 255
    powers = [0] * order
    for exponent in range(order):
        powers[exponent] = power
        power ^= _doubled(power)
    for exponent, value in enumerate(powers):
        inverses[value] = powers[-exponent % order]
    box = bytearray()
    for value in inverses:
        image = value
        for places in range(1, 5):
            image ^= (value << places | value >> (8 - places)) & _BYTE
        box.append(image ^ 0x63)
    return bytes(box)


_BOX = _substitutions()
_INVERSE_BOX = bytes(_BOX.index(octet) for octet in range(256))
_FACTORS = {
    factor: [_times(octet, factor) for octet in range(256)] for factor in (2, 3, 9, 11, 13, 14)
}
#: Where ShiftRows takes each octet from, and its inverse.
_SHIFT = [(4 * ((place // 4 + place % 4) % 4)) + place % 4 for place in range(16)]
_UNSHIFT = [(4 * ((place // 4 - place % 4) % 4)) + place % 4 for place in range(16)]


def _mixed(state: Sequence[int], row: tuple[int, int, int, int]) -> list[int]:
    """MixColumns with the first row of its matrix, or its inverse's."""
    tables = [_FACTORS.get(factor, list(range(256))) for factor in row]
    mixed: list[int] = []
    for at in range(0, 16, 4):
        column = state[at : at + 4]
        for place in range(4):
            value = 0
            for other in range(4):
                value ^= tables[(other - place) % 4][column[other]]
            mixed.append(value)
    return mixed


class Aes:
    """AES with a key of 16, 24 or 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) not in {16, 24, 32}:
            raise ValueError("an AES key has 16, 24 or 32 bytes")
        self._keys = _expanded(key)

    def encrypted(self, block: bytes) -> bytes:
        """Encrypt 16 bytes."""
        state = _added(block, self._keys[0])
        for number, key in enumerate(self._keys[1:], 2):
            state = [_BOX[state[place]] for place in _SHIFT]
            if number < len(self._keys):
                state = _mixed(state, (2, 3, 1, 1))
            state = _added(state, key)
        return bytes(state)

    def decrypted(self, block: bytes) -> bytes:
        """Decrypt 16 bytes."""
        state: Sequence[int] = block
        for number, key in enumerate(self._keys[:0:-1]):
            state = _added(state, key)
            if number:
                state = _mixed(state, (14, 11, 13, 9))
            state = [_INVERSE_BOX[state[place]] for place in _UNSHIFT]
        return bytes(_added(state, self._keys[0]))


def _added(state: Sequence[int], key: bytes) -> list[int]:
    return [one ^ other for one, other in zip(state, key, strict=True)]


def _expanded(key: bytes) -> list[bytes]:
    size = len(key) // 4
    words = [key[at : at + 4] for at in range(0, len(key), 4)]
    constant = 1
    while len(words) < 4 * (size + 7):
        word = words[-1]
        if len(words) % size == 0:
            word = bytes(_BOX[octet] for octet in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _doubled(constant)
        elif size > 6 and len(words) % size == 4:
            word = bytes(_BOX[octet] for octet in word)
        words.append(bytes(_added(words[-size], word)))
    return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]


_SM4_BOX = bytes.fromhex(
    "d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa44132649860699"
    "9c4250f491ef987a33540b43edcfac62e4b31ca9c908e89580df94fa758f3fa6"
    "4707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d35"
    "1e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89e"
    "eabf8ad240c738b5a3f7f2cef96115a1e0ae5da49b341a55ad933230f58cb1e3"
    "1df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b51"
    "8d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b0"
    "8969974a0c96777e65b9f109c56ec68418f07dec3adc4d2079ee5f3ed7cb3948"
)
_SM4_FIXED = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
_SM4_ROUNDS = 32


def _left(word: int, places: int) -> int:
    return (word << places | word >> (32 - places)) & _WORD


def _substituted(word: int) -> int:
    return int.from_bytes(_SM4_BOX[octet] for octet in word.to_bytes(4))


class Sm4:
    """SM4 with a key of 16 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != BLOCK:
            raise ValueError("an SM4 key has 16 bytes")
        words = [one ^ two for one, two in zip(struct.unpack(">4I", key), _SM4_FIXED, strict=True)]
        for number in range(_SM4_ROUNDS):
            octets = (7 * (4 * number + place) % 256 for place in range(4))
            mixed = _substituted(words[-3] ^ words[-2] ^ words[-1] ^ int.from_bytes(octets))
            words.append(words[-4] ^ mixed ^ _left(mixed, 13) ^ _left(mixed, 23))
        self._keys = words[4:]

    def encrypted(self, block: bytes) -> bytes:
        """Encrypt 16 bytes."""
        return self._run(block, self._keys)

    def decrypted(self, block: bytes) -> bytes:
        """Decrypt 16 bytes."""
        return self._run(block, self._keys[::-1])

    @staticmethod
    def _run(block: bytes, keys: Sequence[int]) -> bytes:
        a, b, c, d = struct.unpack(">4I", block)
        for key in keys:
            mixed = _substituted(b ^ c ^ d ^ key)
            mixed ^= _left(mixed, 2) ^ _left(mixed, 10) ^ _left(mixed, 18) ^ _left(mixed, 24)
            a, b, c, d = b, c, d, a ^ mixed
        return struct.pack(">4I", d, c, b, a)
