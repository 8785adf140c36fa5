"""SM2 (GB/T 32918): keys, signatures over digests, public-key encryption.

A signature is DER of r and s. A ciphertext is written as ASN.1 (GM/T 0009: x, y, C3, C2) or raw
(04, x, y, C3, C2); which of them the service uses on the wire is open, and both are read.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from conformance.reference.sm import curve
from conformance.reference.sm.der import Elements, octets, sequence, unsigned

Form: TypeAlias = Literal["asn1", "raw"]
#: The identity that signers use unless told (GM/T 0009), and that official samples use.
USER_ID = b"1234567812345678"
DIGEST_BYTES = 32
_COORDINATE = 32
_UNCOMPRESSED = b"\x04"
_C1 = 1 + 2 * _COORDINATE
#: SubjectPublicKeyInfo up to the point: id-ecPublicKey with the curve 1.2.156.10197.1.301.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


@dataclass(frozen=True, slots=True)
class Sm2PublicKey:
    """A point of the SM2 curve."""

    x: int
    y: int

    @property
    def point(self) -> bytes:
        """The point, uncompressed."""
        return _UNCOMPRESSED + self.x.to_bytes(_COORDINATE) + self.y.to_bytes(_COORDINATE)

    @property
    def der(self) -> bytes:
        """DER of the SubjectPublicKeyInfo."""
        return _SPKI + self.point


@dataclass(frozen=True, slots=True)
class Sm2PrivateKey:
    """A number, and the point that belongs to it."""

    d: int = field(repr=False)
    public: Sm2PublicKey

    def public_key(self) -> Sm2PublicKey:
        """Return the public half."""
        return self.public


def private_key(d: int) -> Sm2PrivateKey:
    """Return the key of a number from 1 to N - 2.

    Raises:
        ValueError: When it is out of range.
    """
    point = curve.multiple(d) if 0 < d < curve.N - 1 else None
    if point is None:
        raise ValueError("a private key out of range")
    return Sm2PrivateKey(d, Sm2PublicKey(*point))


def new_private_key() -> Sm2PrivateKey:
    """Make a key."""
    return private_key(1 + secrets.randbelow(curve.N - 2))


def load_point(data: bytes) -> Sm2PublicKey:
    """Read an uncompressed point of the curve.

    Raises:
        ValueError: When it is something else.
    """
    if len(data) != _C1 or data[:1] != _UNCOMPRESSED:
        raise ValueError("not an uncompressed point")
    x, y = int.from_bytes(data[1 : 1 + _COORDINATE]), int.from_bytes(data[1 + _COORDINATE :])
    if not curve.is_on_curve(x, y):
        raise ValueError("a point off the curve")
    return Sm2PublicKey(x, y)


def load_der(data: bytes) -> Sm2PublicKey:
    """Read the DER of a SubjectPublicKeyInfo.

    Raises:
        ValueError: When it is something else.
    """
    if not data.startswith(_SPKI):
        raise ValueError("not the DER of an SM2 public key")
    return load_point(data[len(_SPKI) :])


def sm3(*parts: bytes) -> bytes:
    """Return the SM3 digest of parts in a row."""
    made = hashes.Hash(hashes.SM3())
    for part in parts:
        made.update(part)
    return made.finalize()


def identity_digest(key: Sm2PublicKey, user_id: bytes = USER_ID) -> bytes:
    """Return Z_A: the digest of a signer's identity, of the curve and of the signer's point."""
    numbers = (curve.A, curve.B, *curve.GENERATOR, key.x, key.y)
    written = b"".join(number.to_bytes(_COORDINATE) for number in numbers)
    return sm3((8 * len(user_id)).to_bytes(2), user_id, written)


def message_digest(key: Sm2PublicKey, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """Return e = SM3(Z_A ‖ message), which is what is signed."""
    return sm3(identity_digest(key, user_id), message)


def sign(
    key: Sm2PrivateKey,
    digest: bytes,
    nonce: Callable[[int], int] = lambda limit: 1 + secrets.randbelow(limit - 1),
) -> bytes:
    """Sign e as given and return DER of r and s.

    Args:
        key: Private key.
        digest: 32 bytes.
        nonce: Returns a number from 1 to below its argument, a fresh one each time.

    Raises:
        ValueError: When the digest has another length.
    """
    e = _number(digest)
    while True:
        k = nonce(curve.N)
        point = curve.multiple(k)
        if point is None:
            continue
        r = (e + point[0]) % curve.N
        s = pow(1 + key.d, -1, curve.N) * (k - r * key.d) % curve.N
        if r and r + k != curve.N and s:
            return encode_dss_signature(r, s)


def _number(digest: bytes) -> int:
    if len(digest) != DIGEST_BYTES:
        raise ValueError("a digest of another length than SM3 has")
    return int.from_bytes(digest)


def verify(key: Sm2PublicKey, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature over e is right.

    Raises:
        ValueError: When the digest has another length.
    """
    e = _number(digest)
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return False
    if not (0 < r < curve.N and 0 < s < curve.N) or encode_dss_signature(r, s) != signature:
        return False
    t = (r + s) % curve.N
    point = curve.sum_of_multiples(s, t, (key.x, key.y)) if t else None
    return point is not None and (e + point[0]) % curve.N == r


def _mask(x: bytes, y: bytes, length: int) -> bytes:
    """Return as many bytes as asked of the key derivation function (GB/T 32918.4, 5.4.3)."""
    blocks = (sm3(x, y, count.to_bytes(4)) for count in range(1, -(-length // DIGEST_BYTES) + 1))
    return b"".join(blocks)[:length]


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def _shared(number: int, x: int, y: int) -> tuple[bytes, bytes] | None:
    point = curve.multiple(number, (x, y))
    if point is None:
        return None
    return point[0].to_bytes(_COORDINATE), point[1].to_bytes(_COORDINATE)


def encrypt(
    key: Sm2PublicKey,
    plaintext: bytes,
    form: Form = "asn1",
    nonce: Callable[[int], int] = lambda limit: 1 + secrets.randbelow(limit - 1),
) -> bytes:
    """Encrypt at least one byte under a public key.

    Raises:
        ValueError: When there is nothing to encrypt.
    """
    if not plaintext:
        raise ValueError("nothing to encrypt")
    while True:
        k = nonce(curve.N)
        first, shared = curve.multiple(k), _shared(k, key.x, key.y)
        if first is None or shared is None:
            continue
        mask = _mask(*shared, len(plaintext))
        if not any(mask):
            continue
        check = sm3(shared[0], plaintext, shared[1])
        return _written(Sm2PublicKey(*first), check, _xor(plaintext, mask), form)


def _written(first: Sm2PublicKey, check: bytes, body: bytes, form: Form) -> bytes:
    if form == "raw":
        return first.point + check + body
    return sequence(unsigned(first.x), unsigned(first.y), octets(check), octets(body))


def decrypt(key: Sm2PrivateKey, ciphertext: bytes) -> bytes:
    """Decrypt a ciphertext in either form.

    Raises:
        ValueError: When it was not made for this key, or was changed.
    """
    first, check, body = _parts(ciphertext)
    shared = _shared(key.d, first.x, first.y)
    if shared is None or not body or len(check) != DIGEST_BYTES:
        raise ValueError("not a ciphertext")
    mask = _mask(*shared, len(body))
    plaintext = _xor(body, mask)
    if not any(mask) or not hmac.compare_digest(sm3(shared[0], plaintext, shared[1]), check):
        raise ValueError("the ciphertext does not open")
    return plaintext


def unmasked(key: Sm2PrivateKey, x: int, y: int, body: bytes) -> bytes:
    """Return what C2 hides, unchecked.

    Raises:
        ValueError: When C1 leads to no point.
    """
    shared = _shared(key.d, x, y)
    if shared is None:
        raise ValueError("not a ciphertext")
    return _xor(body, _mask(*shared, len(body)))


def _parts(ciphertext: bytes) -> tuple[Sm2PublicKey, bytes, bytes]:
    if ciphertext[:1] == _UNCOMPRESSED:
        check = ciphertext[_C1 : _C1 + DIGEST_BYTES]
        return load_point(ciphertext[:_C1]), check, ciphertext[_C1 + DIGEST_BYTES :]
    elements = Elements(ciphertext).only_sequence()
    x, y = elements.unsigned(), elements.unsigned()
    check, body = elements.octets(), elements.octets()
    elements.end()
    if not curve.is_on_curve(x, y):
        raise ValueError("a point off the curve")
    return Sm2PublicKey(x, y), check, body
