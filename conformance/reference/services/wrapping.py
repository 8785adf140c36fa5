"""Keys that travel wrapped under an RSA or SM2 key: imported material, exported data keys."""

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from conformance.reference.services.algorithms import PublicKey
from conformance.reference.sm import sm2
from conformance.reference.sm.sm2 import Sm2PublicKey

#: Modulus of WrappingKeySpec RSA_2048, in bits.
WRAPPING_BITS = 2048
#: Characters of base64 on a line of PEM (RFC 7468).
_PEM_LINE = 64


def public_pem(key: PublicKey) -> str:
    """Return a public key as PEM of its SubjectPublicKeyInfo."""
    if isinstance(key, Sm2PublicKey):
        text = base64.b64encode(key.der).decode("ascii")
        lines = "\n".join(text[at : at + _PEM_LINE] for at in range(0, len(text), _PEM_LINE))
        return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def public_der(key: PublicKey) -> bytes:
    """Return a public key as DER of its SubjectPublicKeyInfo."""
    if isinstance(key, Sm2PublicKey):
        return key.der
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def load_wrapping_key(blob: str, spec: str = "RSA_2048") -> rsa.RSAPublicKey | Sm2PublicKey:
    """Read PublicKeyBlob: base64 of the DER SubjectPublicKeyInfo of an RSA_2048 or EC_SM2 key.

    The key written anew must equal what came: encodings that a lenient reader would take (trailing
    bytes, explicit parameters) are refused.

    Raises:
        ValueError: When it is anything else.
    """
    raw = base64.b64decode(blob, validate=True)
    if spec == "EC_SM2":
        return sm2.load_der(raw)
    try:
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it is not the DER of a public key") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != WRAPPING_BITS:
        raise ValueError("it is not an RSA_2048 key")
    if public_der(key) != raw:
        raise ValueError("it is not a canonical SubjectPublicKeyInfo")
    return key
