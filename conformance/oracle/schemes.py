"""Algorithms by the names that KMS gives them."""

from collections.abc import Mapping
from typing import Any

from conformance.oracle import rsa
from conformance.oracle.ecdsa import verify_ecdsa
from conformance.oracle.public_keys import EcPublicKey, PublicKey, RsaPublicKey
from conformance.spec.catalogue import catalogue

#: Hash of OAEP, its mask included, by algorithm.
OAEP: Mapping[str, rsa.Hash] = {"RSAES_OAEP_SHA_256": "sha256", "RSAES_OAEP_SHA_1": "sha1"}
_IMPORT_ONLY = "RSAES_PKCS1_V1_5"


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
        case "ECDSA_SHA_256", EcPublicKey():
            return verify_ecdsa(key, digest, signature)
        case (("RSA_PSS_SHA_256" | "RSA_PKCS1_SHA_256" | "ECDSA_SHA_256"), _):
            return False
    raise ValueError(f"no signature algorithm {algorithm!r} is known")


def encrypt(key: RsaPublicKey, algorithm: str, plaintext: bytes) -> bytes:
    """Encrypt, or wrap material, under a public key.

    Raises:
        ValueError: For an algorithm that is not known, or a plaintext that is too long.
    """
    if algorithm == _IMPORT_ONLY:
        return rsa.pkcs1_encrypt(key, plaintext)
    if algorithm in OAEP:
        return rsa.oaep_encrypt(key, plaintext, OAEP[algorithm])
    raise ValueError(f"no encryption algorithm {algorithm!r} is known")


def decrypt(key: rsa.RsaPrivateKey, algorithm: str, ciphertext: bytes) -> bytes | None:
    """Decrypt with the suite's own key; None for what does not open.

    Raises:
        ValueError: For an algorithm that is not known.
    """
    if algorithm in OAEP:
        return rsa.oaep_decrypt(key, ciphertext, OAEP[algorithm])
    raise ValueError(f"no encryption algorithm {algorithm!r} is known")


def is_of_spec(key: PublicKey, spec: str) -> bool:
    """Tell whether a public key is of the kind, size and curve of a key spec."""
    if isinstance(key, RsaPublicKey):
        return spec == f"RSA_{key.bits}"
    return bool(spec_row(spec).get("curve") == key.curve.name)
