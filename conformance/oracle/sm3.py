"""SM3 (GB/T 32905) and HMAC over it, in own arithmetic.

`hashlib` has SM3 only where the interpreter's OpenSSL does, and what the endpoint under test uses
must not be its own judge.
"""

import struct

DIGEST_BYTES = 32
_BLOCK = 64
_WORD = 0xFFFFFFFF
_START = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip
_EARLY = 16
_CONSTANTS = [0x79CC4519] * _EARLY + [0x7A879D8A] * (64 - _EARLY)


def _left(word: int, places: int) -> int:
    places %= 32
    return (word << places | word >> (32 - places)) & _WORD


def _permuted_0(word: int) -> int:
    return word ^ _left(word, 9) ^ _left(word, 17)


def _permuted_1(word: int) -> int:
    return word ^ _left(word, 15) ^ _left(word, 23)


def _compressed(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        mixed = words[j - 16] ^ words[j - 9] ^ _left(words[j - 3], 15)
        words.append(_permuted_1(mixed) ^ _left(words[j - 13], 7) ^ words[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        ss1 = _left((_left(a, 12) + e + _left(_CONSTANTS[j], j)) & _WORD, 7)
        ss2 = ss1 ^ _left(a, 12)
        if j < _EARLY:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = a & b | a & c | b & c, e & f | ~e & g & _WORD
        tt1 = (ff + d + ss2 + (words[j] ^ words[j + 4])) & _WORD
        tt2 = (gg + h + ss1 + words[j]) & _WORD
        a, b, c, d = tt1, a, _left(b, 9), c
        e, f, g, h = _permuted_0(tt2), e, _left(f, 19), g
    return tuple(x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True))


def sm3(message: bytes) -> bytes:
    """Return the digest of a message."""
    padded = message + b"\x80" + bytes(-(len(message) + 9) % _BLOCK)
    padded += (8 * len(message)).to_bytes(8)
    state: tuple[int, ...] = _START
    for at in range(0, len(padded), _BLOCK):
        state = _compressed(state, padded[at : at + _BLOCK])
    return struct.pack(">8I", *state)


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """Return the HMAC (RFC 2104) of a message."""
    block = (sm3(key) if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in block) for pad in (0x36, 0x5C))
    return sm3(outer + sm3(inner + message))
