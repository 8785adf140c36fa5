"""SM2 (GB/T 32918): signatures verified, public-key encryption in both directions.

Own arithmetic over `conformance.oracle.curves`. A ciphertext is ASN.1 (GM/T 0009) or raw, with C3
before C2; which of them the service uses was never observed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from conformance.oracle.curves import SM2, Point
from conformance.oracle.der import DerError, Reader, written
from conformance.oracle.ecdsa import numbers_of
from conformance.oracle.public_keys import EcPublicKey
from conformance.oracle.sm3 import DIGEST_BYTES, sm3

Form: TypeAlias = Literal["asn1", "raw"]
FORMS: tuple[Form, ...] = ("asn1", "raw")
#: The identity of a signer where none is agreed on (GM/T 0009); official samples use it.
USER_ID = b"1234567812345678"
_OCTETS = 32
_MARK = 4
_HEAD = 1 + 2 * _OCTETS
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def _octets(*numbers: int) -> bytes:
    return b"".join((number % SM2.p).to_bytes(_OCTETS) for number in numbers)


@dataclass(frozen=True, slots=True)
class Sm2PrivateKey:
    """The suite's own key, made for a run."""

    d: int = field(repr=False)

    @property
    def public(self) -> EcPublicKey:
        """The public half."""
        point = SM2.combined(self.d, 0, SM2.generator)
        assert point is not None
        return EcPublicKey(SM2, *point)


def new_key() -> Sm2PrivateKey:
    """Make a key."""
    return Sm2PrivateKey(1 + secrets.randbelow(SM2.order - 2))


def public_der(key: EcPublicKey) -> bytes:
    """Return the DER of the SubjectPublicKeyInfo of a key on the SM2 curve."""
    return _SPKI + bytes([_MARK]) + _octets(key.x, key.y)


def identity_digest(key: EcPublicKey, user_id: bytes = USER_ID) -> bytes:
    """Return Z_A of a signer: SM3 over identity, curve and public key."""
    length = (8 * len(user_id)).to_bytes(2)
    return sm3(length + user_id + _octets(SM2.a, SM2.b, *SM2.generator, key.x, key.y))


def message_digest(key: EcPublicKey, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """Return what AsymmetricSign takes as Digest for SM2DSA: SM3 over Z_A and the message."""
    return sm3(identity_digest(key, user_id) + message)


def verify_sm2(key: EcPublicKey, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature, DER of r and s, over SM3(Z_A ‖ M) is right."""
    numbers = numbers_of(signature)
    if numbers is None or key.curve is not SM2 or len(digest) != DIGEST_BYTES:
        return False
    r, s = numbers
    if not (0 < r < SM2.order and 0 < s < SM2.order):
        return False
    t = (r + s) % SM2.order
    point = SM2.combined(s, t, (key.x, key.y)) if t else None
    return point is not None and (int.from_bytes(digest) + point[0]) % SM2.order == r


def sign_sm2(key: Sm2PrivateKey, digest: bytes, k: int) -> tuple[int, int]:
    """Return r and s of a signature with a given nonce, for vectors and wrong signatures."""
    point = SM2.combined(k, 0, SM2.generator)
    assert point is not None
    r = (int.from_bytes(digest) + point[0]) % SM2.order
    return r, pow(1 + key.d, -1, SM2.order) * (k - r * key.d) % SM2.order


def _derived(point: tuple[int, int], length: int) -> bytes:
    made = b""
    counter = 0
    while len(made) < length:
        counter += 1
        made += sm3(_octets(*point) + counter.to_bytes(4))
    return made[:length]


def _masked(data: bytes, point: tuple[int, int]) -> bytes | None:
    mask = _derived(point, len(data))
    if not any(mask):
        return None
    return bytes(one ^ other for one, other in zip(data, mask, strict=True))


def _check(point: tuple[int, int], plaintext: bytes) -> bytes:
    x, y = point
    return sm3(_octets(x) + plaintext + _octets(y))


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """C1 as coordinates, C3 and C2."""

    x: int
    y: int
    check: bytes
    body: bytes

    def written(self, form: Form) -> bytes:
        """Return it in a form."""
        if form == "raw":
            return bytes([_MARK]) + _octets(self.x, self.y) + self.check + self.body
        return written(self.x, self.y, self.check, self.body)


def read(data: bytes) -> tuple[Ciphertext, Form] | None:
    """Take a ciphertext apart; None for what is in neither form."""
    if data[:1] == bytes([_MARK]):
        head, check, body = data[1:_HEAD], data[_HEAD : _HEAD + DIGEST_BYTES], data[_HEAD + 32 :]
        if len(check) != DIGEST_BYTES or not body:
            return None
        x, y = int.from_bytes(head[:_OCTETS]), int.from_bytes(head[_OCTETS:])
        return Ciphertext(x, y, check, body), "raw"
    try:
        outer = Reader(data)
        inner = outer.sequence()
        outer.end()
        x, y = inner.integer(), inner.integer()
        found = Ciphertext(x, y, inner.octets(), inner.octets())
        inner.end()
    except DerError:
        return None
    return found, "asn1"


def seal(
    key: EcPublicKey,
    plaintext: bytes,
    nonce: Callable[[], int] = lambda: 1 + secrets.randbelow(SM2.order - 1),
) -> Ciphertext:
    """Encrypt at least one byte under a public key."""
    if not plaintext:
        raise ValueError("SM2 encrypts nothing but at least one byte")
    while True:
        k = nonce()
        first: Point = SM2.combined(k, 0, SM2.generator)
        shared: Point = SM2.combined(0, k, (key.x, key.y))
        if first is None or shared is None:
            continue
        body = _masked(plaintext, shared)
        if body is not None:
            return Ciphertext(*first, _check(shared, plaintext), body)


def sm2_encrypt(key: EcPublicKey, plaintext: bytes, form: Form = "asn1") -> bytes:
    """Encrypt at least one byte under a public key."""
    return seal(key, plaintext).written(form)


def sm2_decrypt(key: Sm2PrivateKey, data: bytes) -> bytes | None:
    """Decrypt a ciphertext in either form; None for what does not open."""
    found = read(data)
    if found is None:
        return None
    sealed, _ = found
    if not SM2.has(sealed.x, sealed.y):
        return None
    shared = SM2.combined(0, key.d, (sealed.x, sealed.y))
    plaintext = _masked(sealed.body, shared) if shared and sealed.body else None
    if plaintext is None or shared is None or _check(shared, plaintext) != sealed.check:
        return None
    return plaintext
