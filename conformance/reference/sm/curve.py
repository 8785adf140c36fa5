"""Points of the SM2 curve (GB/T 32918.5): multiples of the generator and of other points.

Multiples of the generator come from a table of affine points, a window of four bits each, those of
other points from signed digits of five bits over Jacobian coordinates. Time depends on the numbers:
an endpoint to test against keeps no secrets worth that attack.
"""

from functools import cache
from typing import TypeAlias

#: Affine coordinates, None for the point at infinity.
Point: TypeAlias = tuple[int, int] | None
#: x/z², y/z³; z is 0 at infinity.
_Jacobian: TypeAlias = tuple[int, int, int]

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GENERATOR = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_INFINITY: _Jacobian = (1, 1, 0)
_WINDOW = 4
_WINDOWS = 64
_DIGIT = 5


def is_on_curve(x: int, y: int) -> bool:
    """Tell whether coordinates, each below the prime, are those of a point of the curve."""
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x + A) * x - B) % P == 0


def _doubled(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    new_x = (alpha * alpha - 8 * beta) % P
    new_z = ((y + z) ** 2 - gamma - delta) % P
    return new_x, (alpha * (4 * beta - new_x) - 8 * gamma * gamma) % P, new_z


def _plus(point: _Jacobian, x2: int, y2: int) -> _Jacobian:
    """Add an affine point."""
    x1, y1, z1 = point
    if not z1:
        return x2, y2, 1
    square = z1 * z1 % P
    h = (x2 * square - x1) % P
    r = (y2 * square * z1 - y1) % P
    if not h:
        return _INFINITY if r else _doubled(point)
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def _all_affine(points: list[_Jacobian]) -> list[tuple[int, int]]:
    """Return affine coordinates of points none of which is at infinity, by a single inversion."""
    products = [1]
    for _, _, z in points:
        products.append(products[-1] * z % P)
    inverse = pow(products[-1], -1, P)
    found: list[tuple[int, int]] = []
    for (x, y, z), before in zip(reversed(points), reversed(products[:-1]), strict=True):
        own = inverse * before % P
        inverse = inverse * z % P
        square = own * own % P
        found.append((x * square % P, y * square * own % P))
    return found[::-1]


@cache
def _table() -> list[list[tuple[int, int]]]:
    """Return 1 to 15 times 16^i times the generator, for each window i."""
    rows: list[list[tuple[int, int]]] = []
    base = GENERATOR
    for _ in range(_WINDOWS):
        multiples: list[_Jacobian] = [(*base, 1)]
        for _ in range((1 << _WINDOW) - 1):
            multiples.append(_plus(multiples[-1], *base))
        affine = _all_affine(multiples)
        rows.append(affine[:-1])
        base = affine[-1]
    return rows


def _of_generator(number: int) -> _Jacobian:
    total = _INFINITY
    for row in _table():
        digit = number & 15
        number >>= _WINDOW
        if digit:
            total = _plus(total, *row[digit - 1])
    return total


def _signed_digits(number: int) -> list[int]:
    """Return odd digits from -15 to 15 and zeros, the lowest first (width-5 NAF)."""
    digits: list[int] = []
    while number:
        digit = 0
        if number & 1:
            digit = number & 31
            if digit >= 1 << (_DIGIT - 1):
                digit -= 1 << _DIGIT
            number -= digit
        digits.append(digit)
        number >>= 1
    return digits


def _of_point(number: int, point: tuple[int, int]) -> _Jacobian:
    (double,) = _all_affine([_doubled((*point, 1))])
    odd: list[_Jacobian] = [(*point, 1)]
    for _ in range(7):
        odd.append(_plus(odd[-1], *double))
    multiples = _all_affine(odd)
    total = _INFINITY
    for digit in reversed(_signed_digits(number)):
        total = _doubled(total) if total[2] else total
        if digit:
            x, y = multiples[abs(digit) >> 1]
            total = _plus(total, x, y if digit > 0 else P - y)
    return total


def multiple(number: int, point: tuple[int, int] = GENERATOR) -> Point:
    """Return a multiple of a point of the curve."""
    number %= N
    return affine(_of_generator(number) if point == GENERATOR else _of_point(number, point))


def affine(point: _Jacobian) -> Point:
    """Return the coordinates of a point, None at infinity."""
    return _all_affine([point])[0] if point[2] else None


def sum_of_multiples(s: int, t: int, point: tuple[int, int]) -> Point:
    """Return s times the generator plus t times a point of the curve."""
    left, right = multiple(s), multiple(t, point)
    if left is None or right is None:
        return left or right
    return affine(_plus((*left, 1), *right))
