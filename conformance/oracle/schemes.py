"""Algorithms by the names that KMS gives them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from conformance.oracle import rsa
from conformance.oracle.curves import SM2
from conformance.oracle.ecdsa import verify_ecdsa
from conformance.oracle.public_keys import EcPublicKey, PublicKey, RsaPublicKey
from conformance.oracle.sm2 import Form, Sm2PrivateKey, sm2_decrypt, sm2_encrypt, verify_sm2
from conformance.spec.catalogue import catalogue

#: Hash of OAEP, its mask included, by algorithm.
OAEP: Mapping[str, rsa.Hash] = {"RSAES_OAEP_SHA_256": "sha256", "RSAES_OAEP_SHA_1": "sha1"}
_IMPORT_ONLY = "RSAES_PKCS1_V1_5"
_SIGNATURES = frozenset({"RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256", "ECDSA_SHA_256", "SM2DSA"})
SM2PKE = "SM2PKE"

PrivateKey: TypeAlias = rsa.RsaPrivateKey | Sm2PrivateKey


def spec_row(spec: str) -> Mapping[str, Any]:
    """Return what specs/key-specs.json says of a key spec."""
    rows = catalogue().document("key-specs")["specs"]
    found: Mapping[str, Any] = next(row for row in rows if row["spec"] == spec)
    return found


def verify(key: PublicKey, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature is right.

    Raises:
        ValueError: For an algorithm that is not known.
    """
    match algorithm, key:
        case "RSA_PSS_SHA_256", RsaPublicKey():
            return rsa.verify_pss(key, digest, signature)
        case "RSA_PKCS1_SHA_256", RsaPublicKey():
            return rsa.verify_pkcs1(key, digest, signature)
        case "ECDSA_SHA_256", EcPublicKey() if key.curve is not SM2:
            return verify_ecdsa(key, digest, signature)
        case "SM2DSA", EcPublicKey():
            return verify_sm2(key, digest, signature)
    if algorithm in _SIGNATURES:
        return False
    raise ValueError(f"no signature algorithm {algorithm!r} is known")


def encrypt(key: PublicKey, algorithm: str, plaintext: bytes, *, form: Form = "asn1") -> bytes:
    """Encrypt, or wrap material, under a public key.

    Args:
        key: Public key of the kind that the algorithm takes.
        algorithm: As KMS calls it.
        plaintext: What to encrypt.
        form: Of an SM2 ciphertext.

    Raises:
        ValueError: For an algorithm that is not known, or not for such keys, or a plaintext that is
            too long.
    """
    if algorithm == SM2PKE and isinstance(key, EcPublicKey) and key.curve is SM2:
        return sm2_encrypt(key, plaintext, form)
    if not isinstance(key, RsaPublicKey):
        raise ValueError(f"such a key does not encrypt by {algorithm}")  # noqa: TRY004
    if algorithm == _IMPORT_ONLY:
        return rsa.pkcs1_encrypt(key, plaintext)
    if algorithm in OAEP:
        return rsa.oaep_encrypt(key, plaintext, OAEP[algorithm])
    raise ValueError(f"no encryption algorithm {algorithm!r} is known")


def decrypt(key: PrivateKey, algorithm: str, ciphertext: bytes) -> bytes | None:
    """Decrypt with the suite's own key; None for what does not open.

    Raises:
        ValueError: For an algorithm that is not known.
    """
    if algorithm in OAEP and isinstance(key, rsa.RsaPrivateKey):
        return rsa.oaep_decrypt(key, ciphertext, OAEP[algorithm])
    if algorithm == SM2PKE and isinstance(key, Sm2PrivateKey):
        return sm2_decrypt(key, ciphertext)
    raise ValueError(f"no encryption algorithm {algorithm!r} is known")


def is_of_spec(key: PublicKey, spec: str) -> bool:
    """Tell whether a public key is of the kind, size and curve of a key spec."""
    if isinstance(key, RsaPublicKey):
        return spec == f"RSA_{key.bits}"
    return bool(spec_row(spec).get("curve") == key.curve.name)
