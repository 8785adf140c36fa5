"""Private keys of data-key pairs: PKCS #8 (RFC 5208) of RSA keys and of keys on a named curve.

Just enough to tell whether the halves of a pair belong together; nothing is kept.
"""

import base64
import binascii
import re

from conformance.oracle.curves import CURVES
from conformance.oracle.der import INTEGER, DerError, Reader
from conformance.oracle.public_keys import EcPublicKey, KeyFormatError, PublicKey, RsaPublicKey

_RSA = "1.2.840.113549.1.1.1"
_EC = "1.2.840.10045.2.1"
_PEM = re.compile(
    rb"-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PRIVATE KEY-----\s*"
)
#: Optional elements of an elliptic private key: parameters, public key.
_EXPLICIT = (0xA0, 0xA1)


def public_half(data: bytes, form: str) -> PublicKey:
    """Return the public key that belongs to a private one.

    Args:
        data: PKCS #8.
        form: How it is written, PEM or DER.

    Raises:
        KeyFormatError: When it is something else, or its numbers contradict each other.
    """
    try:
        return _read(_unwrapped(data) if form == "PEM" else data)
    except DerError as problem:
        raise KeyFormatError(f"not PKCS #8: {problem}") from None


def _unwrapped(data: bytes) -> bytes:
    found = _PEM.fullmatch(data.lstrip())
    if found is None:
        raise KeyFormatError("not one PEM block with the label PRIVATE KEY")
    try:
        return base64.b64decode(b"".join(found[1].split()), validate=True)
    except binascii.Error:
        raise KeyFormatError("not base64") from None


def _read(data: bytes) -> PublicKey:
    outer = Reader(data)
    info = outer.sequence()
    outer.end()
    if info.integer() not in {0, 1}:
        raise KeyFormatError("a version of PKCS #8 that is not known")
    algorithm = info.sequence()
    kind = algorithm.identifier()
    if kind == _RSA:
        return _rsa(info.octets())
    if kind == _EC:
        return _elliptic(info.octets(), algorithm.identifier())
    raise KeyFormatError(f"a key of another kind, {kind}")


def _rsa(data: bytes) -> RsaPublicKey:
    numbers = Reader(data).sequence()
    numbers.integer()
    n, e, d, p, q = (numbers.integer() for _ in range(5))
    if n != p * q or any(e * d % (prime - 1) != 1 for prime in (p, q)):
        raise KeyFormatError("the numbers of the RSA key contradict each other")
    return RsaPublicKey(n, e)


def _elliptic(data: bytes, name: str) -> EcPublicKey:
    curve = CURVES.get(name)
    if curve is None:
        raise KeyFormatError("a curve that is not known")
    private = Reader(data).sequence()
    private.take(INTEGER)
    d = int.from_bytes(private.octets())
    if not 0 < d < curve.order:
        raise KeyFormatError("a number out of the range of the curve")
    point = curve.combined(d, 0, curve.generator)
    assert point is not None
    while private.data[:1] and private.data[0] in _EXPLICIT:
        private.take(private.data[0])
    private.end()
    return EcPublicKey(curve, *point)
