"""Curves y² = x³ + ax + b over a prime: just enough for ECDSA and SM2.

Not constant in time; no secret but the suite's own keys ever comes near it.
"""

from dataclasses import dataclass
from typing import TypeAlias

#: An affine point, or None for the point at infinity.
Point: TypeAlias = tuple[int, int] | None
_Jacobian: TypeAlias = tuple[int, int, int]
_NOWHERE: _Jacobian = (1, 1, 0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve with its generator and the prime order of the generator."""

    name: str
    identifier: str
    p: int
    a: int
    b: int
    generator: tuple[int, int]
    order: int

    def has(self, x: int, y: int) -> bool:
        """Tell whether a point lies on the curve."""
        inside = 0 <= x < self.p and 0 <= y < self.p
        return inside and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0

    def combined(self, u: int, v: int, point: tuple[int, int]) -> Point:
        """Return u times the generator plus v times a point."""
        base, other = (*self.generator, 1), (*point, 1)
        both = self._add(base, other)
        total = _NOWHERE
        for place in range(max(u.bit_length(), v.bit_length()) - 1, -1, -1):
            total = self._double(total)
            match u >> place & 1, v >> place & 1:
                case 1, 1:
                    total = self._add(total, both)
                case 1, 0:
                    total = self._add(total, base)
                case 0, 1:
                    total = self._add(total, other)
        x, y, z = total
        if z == 0:
            return None
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return x * square % self.p, y * square * inverse % self.p

    def _double(self, point: _Jacobian) -> _Jacobian:
        x, y, z = point
        if z == 0 or y == 0:
            return _NOWHERE
        p = self.p
        square = y * y % p
        s = 4 * x * square % p
        m = (3 * x * x + self.a * pow(z, 4, p)) % p
        doubled = (m * m - 2 * s) % p
        return doubled, (m * (s - doubled) - 8 * square * square) % p, 2 * y * z % p

    def _add(self, one: _Jacobian, other: _Jacobian) -> _Jacobian:
        if one[2] == 0:
            return other
        if other[2] == 0:
            return one
        p = self.p
        x1, y1, z1 = one
        x2, y2, z2 = other
        z1z1, z2z2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * z2z2 % p, x2 * z1z1 % p
        s1, s2 = y1 * z2 * z2z2 % p, y2 * z1 * z1z1 % p
        if u1 == u2:
            return self._double(one) if s1 == s2 else _NOWHERE
        h, r = (u2 - u1) % p, (s2 - s1) % p
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p


def _number(text: str) -> int:
    return int(text.replace(" ", ""), 16)


#: Domain parameters of SEC 2, version 2.0.
P256 = Curve(
    "P-256",
    "1.2.840.10045.3.1.7",
    _number("FFFFFFFF 00000001 00000000 00000000 00000000 FFFFFFFF FFFFFFFF FFFFFFFF"),
    -3,
    _number("5AC635D8 AA3A93E7 B3EBBD55 769886BC 651D06B0 CC53B0F6 3BCE3C3E 27D2604B"),
    (
        _number("6B17D1F2 E12C4247 F8BCE6E5 63A440F2 77037D81 2DEB33A0 F4A13945 D898C296"),
        _number("4FE342E2 FE1A7F9B 8EE7EB4A 7C0F9E16 2BCE3357 6B315ECE CBB64068 37BF51F5"),
    ),
    _number("FFFFFFFF 00000000 FFFFFFFF FFFFFFFF BCE6FAAD A7179E84 F3B9CAC2 FC632551"),
)
SECP256K1 = Curve(
    "secp256k1",
    "1.3.132.0.10",
    _number("FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFE FFFFFC2F"),
    0,
    7,
    (
        _number("79BE667E F9DCBBAC 55A06295 CE870B07 029BFCDB 2DCE28D9 59F2815B 16F81798"),
        _number("483ADA77 26A3C465 5DA4FBFC 0E1108A8 FD17B448 A6855419 9C47D08F FB10D4B8"),
    ),
    _number("FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFE BAAEDCE6 AF48A03B BFD25E8C D0364141"),
)
#: GB/T 32918.5.
SM2 = Curve(
    "SM2",
    "1.2.156.10197.1.301",
    _number("FFFFFFFE FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF 00000000 FFFFFFFF FFFFFFFF"),
    -3,
    _number("28E9FA9E 9D9F5E34 4D5A9E4B CF6509A7 F39789F5 15AB8F92 DDBCBD41 4D940E93"),
    (
        _number("32C4AE2C 1F198119 5F990446 6A39C994 8FE30BBF F2660BE1 715A4589 334C74C7"),
        _number("BC3736A2 F4F6779C 59BDCEE3 6B692153 D0A9877C C62A4740 02DF32E5 2139F0A0"),
    ),
    _number("FFFFFFFE FFFFFFFF FFFFFFFF FFFFFFFF 7203DF6B 21C6052B 53BBF409 39D54123"),
)
CURVES = {curve.identifier: curve for curve in (P256, SECP256K1, SM2)}
