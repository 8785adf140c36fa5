"""Public keys as answers carry them: PEM or bare base64 of a SubjectPublicKeyInfo."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TypeAlias

from conformance.oracle.curves import CURVES, Curve
from conformance.oracle.der import NULL, DerError, Reader

_RSA = "1.2.840.113549.1.1.1"
_EC = "1.2.840.10045.2.1"
_PEM = re.compile(
    r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PUBLIC KEY-----\s*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """Modulus and public exponent."""

    n: int
    e: int

    @property
    def bits(self) -> int:
        """Length of the modulus in bits."""
        return self.n.bit_length()

    @property
    def octets(self) -> int:
        """Length of the modulus in bytes."""
        return (self.bits + 7) // 8


@dataclass(frozen=True, slots=True)
class EcPublicKey:
    """A point on a curve."""

    curve: Curve
    x: int
    y: int


PublicKey: TypeAlias = RsaPublicKey | EcPublicKey


class KeyFormatError(ValueError):
    """What was given is no public key of a form and kind that is known; the message says why."""


def load_pem(text: str) -> PublicKey:
    """Read a PEM public key: exactly one, with the label PUBLIC KEY.

    Raises:
        KeyFormatError: When it is something else.
    """
    found = _PEM.fullmatch(text.lstrip())
    if found is None:
        raise KeyFormatError("not one PEM block with the label PUBLIC KEY")
    return load_der(_decoded("".join(found[1].split())))


def load_base64(text: str) -> PublicKey:
    """Read bare base64 of a SubjectPublicKeyInfo, or PEM where that was sent instead.

    Raises:
        KeyFormatError: When it is neither.
    """
    if text.lstrip().startswith("-----"):
        return load_pem(text)
    return load_der(_decoded("".join(text.split())))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyFormatError("not base64") from None


def load_der(data: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo (RFC 5280) of an RSA key or of a key on a named curve.

    Raises:
        KeyFormatError: When it is something else, when the numbers are out of range, or when a
            point is not on its curve.
    """
    try:
        outer = Reader(data)
        info = outer.sequence()
        outer.end()
        algorithm = info.sequence()
        kind = algorithm.identifier()
        if kind == _RSA:
            algorithm.take(NULL)
            algorithm.end()
            return _rsa(_rest(info))
        if kind == _EC:
            curve = CURVES.get(algorithm.identifier())
            algorithm.end()
            return _point(_rest(info), curve)
    except DerError as problem:
        raise KeyFormatError(f"not the DER of a SubjectPublicKeyInfo: {problem}") from None
    raise KeyFormatError(f"a key of another kind, {kind}")


def _rest(info: Reader) -> bytes:
    bits = info.bits()
    info.end()
    return bits


def _rsa(data: bytes) -> RsaPublicKey:
    outer = Reader(data)
    numbers = outer.sequence()
    outer.end()
    n, e = numbers.integer(), numbers.integer()
    numbers.end()
    if not 3 <= e < n or not e & n & 1:
        raise KeyFormatError("no RSA public key: modulus or exponent out of range")
    return RsaPublicKey(n, e)


def _point(data: bytes, curve: Curve | None) -> EcPublicKey:
    if curve is None:
        raise KeyFormatError("a curve that is not known")
    octets = (curve.p.bit_length() + 7) // 8
    if len(data) != 1 + 2 * octets or data[0] != 4:
        raise KeyFormatError("a point that is not written uncompressed")
    x, y = int.from_bytes(data[1 : 1 + octets]), int.from_bytes(data[1 + octets :])
    if not curve.has(x, y):
        raise KeyFormatError("a point that is not on its curve")
    return EcPublicKey(curve, x, y)
