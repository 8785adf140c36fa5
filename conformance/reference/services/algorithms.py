"""Asymmetric and MAC algorithms by the names KMS gives them.

OAEP uses MGF1 with its own hash and an empty label; PSS uses MGF1 with SHA-256 and a salt of 32
bytes; ECDSA signatures are ASN.1 DER. A digest is signed as given.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_PREHASHED = Prehashed(hashes.SHA256())


def _oaep(hash_: type[hashes.SHA1 | hashes.SHA256]) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hash_()), hash_(), None)


_ENCRYPTION: dict[str, AsymmetricPadding] = {
    "RSAES_OAEP_SHA_256": _oaep(hashes.SHA256),
    "RSAES_OAEP_SHA_1": _oaep(hashes.SHA1),
    "RSAES_PKCS1_V1_5": padding.PKCS1v15(),
}
_RSA_SIGNING: dict[str, AsymmetricPadding] = {
    "RSA_PSS_SHA_256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
    "RSA_PKCS1_SHA_256": padding.PKCS1v15(),
}
_MACS: dict[str, type[hashes.HashAlgorithm]] = {
    "HMAC_SHA_224": hashes.SHA224,
    "HMAC_SHA_256": hashes.SHA256,
    "HMAC_SHA_384": hashes.SHA384,
    "HMAC_SHA_512": hashes.SHA512,
}


def rsa_encrypt(key: rsa.RSAPublicKey, algorithm: str, plaintext: bytes) -> bytes:
    """Encrypt under a public key.

    Raises:
        ValueError: When the plaintext is too long for key and padding.
    """
    return key.encrypt(plaintext, _ENCRYPTION[algorithm])


def rsa_decrypt(key: rsa.RSAPrivateKey, algorithm: str, ciphertext: bytes) -> bytes:
    """Decrypt with a private key.

    Raises:
        ValueError: When the ciphertext was not made for this key and padding.
    """
    return key.decrypt(ciphertext, _ENCRYPTION[algorithm])


def sign(key: PrivateKey, algorithm: str, digest: bytes) -> bytes:
    """Sign a 32-byte digest.

    Raises:
        ValueError: When the digest has another length.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, _RSA_SIGNING[algorithm], _PREHASHED)
    return key.sign(digest, ec.ECDSA(_PREHASHED))


def verify(key: PublicKey, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature over a 32-byte digest is right."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, _RSA_SIGNING[algorithm], _PREHASHED)
        else:
            key.verify(signature, digest, ec.ECDSA(_PREHASHED))
    except (InvalidSignature, ValueError):
        return False
    return True


def mac(key: bytes, algorithm: str, message: bytes) -> bytes:
    """Return the MAC of a message."""
    context = hmac.HMAC(key, _MACS[algorithm]())
    context.update(message)
    return context.finalize()
