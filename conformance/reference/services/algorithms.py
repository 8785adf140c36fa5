"""Asymmetric and MAC algorithms by the names KMS gives them.

OAEP uses MGF1 with its own hash and an empty label; PSS uses MGF1 with SHA-256 and a salt of 32
bytes; ECDSA and SM2 signatures are ASN.1 DER. A digest is signed as given: for SM2DSA it is the
caller who takes SM3 over Z(A) and the message.
"""

from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from conformance.reference.sm import sm2
from conformance.reference.sm.sm2 import Sm2PrivateKey, Sm2PublicKey

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Sm2PrivateKey
PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Sm2PublicKey
#: Form of SM2 ciphertexts: the documented limits of 6,047 and 6,144 bytes fit the raw one alone.
SM2_FORM: sm2.Form = "raw"

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
    "HMAC_SM3": hashes.SM3,
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


def encrypt(key: PublicKey, algorithm: str, plaintext: bytes) -> bytes:
    """Encrypt under the public key of an RSA or SM2 pair.

    Raises:
        ValueError: When the plaintext is too long, or empty under SM2, or the key is on another
            curve.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return rsa_encrypt(key, algorithm, plaintext)
    if isinstance(key, Sm2PublicKey):
        return sm2.encrypt(key, plaintext, SM2_FORM)
    raise ValueError("keys on this curve do not encrypt")


def decrypt(key: PrivateKey, algorithm: str, ciphertext: bytes) -> bytes:
    """Decrypt with the private key of an RSA or SM2 pair.

    Raises:
        ValueError: When the ciphertext was not made for this key and algorithm.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        return rsa_decrypt(key, algorithm, ciphertext)
    if isinstance(key, Sm2PrivateKey):
        return sm2.decrypt(key, ciphertext)
    raise ValueError("keys on this curve do not decrypt")


def sign(key: PrivateKey, algorithm: str, digest: bytes) -> bytes:
    """Sign a 32-byte digest.

    Raises:
        ValueError: When the digest has another length.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, _RSA_SIGNING[algorithm], _PREHASHED)
    if isinstance(key, Sm2PrivateKey):
        return sm2.sign(key, digest)
    return key.sign(digest, ec.ECDSA(_PREHASHED))


def verify(key: PublicKey, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature over a 32-byte digest is right."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, _RSA_SIGNING[algorithm], _PREHASHED)
        elif isinstance(key, Sm2PublicKey):
            return sm2.verify(key, digest, signature)
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
