"""ECDSA signatures (FIPS 186-5, SEC 1) in strict DER."""

from conformance.oracle.der import DerError, Reader
from conformance.oracle.public_keys import EcPublicKey


def numbers_of(signature: bytes) -> tuple[int, int] | None:
    """Return r and s of a signature; None for what is not the DER of a sequence of two integers."""
    try:
        outer = Reader(signature)
        inner = outer.sequence()
        outer.end()
        r, s = inner.integer(), inner.integer()
        inner.end()
    except DerError:
        return None
    return r, s


def verify_ecdsa(key: EcPublicKey, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature over a digest is right; a high s is as good as a low one.

    Args:
        key: Public key.
        digest: Hash of the message; its first bits count where it is longer than the order.
        signature: DER.
    """
    numbers = numbers_of(signature)
    if numbers is None:
        return False
    r, s = numbers
    order = key.curve.order
    if not (0 < r < order and 0 < s < order):
        return False
    spare = max(0, 8 * len(digest) - order.bit_length())
    e = int.from_bytes(digest) >> spare
    w = pow(s, -1, order)
    point = key.curve.combined(e * w % order, r * w % order, (key.x, key.y))
    return point is not None and point[0] % order == r
