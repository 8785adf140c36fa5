"""Faults of verifiers and openers that take what only looks right."""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault
from conformance.reference.faults.tools import SDK
from conformance.reference.services.algorithms import PrivateKey, PublicKey
from conformance.reference.sm import curve
from conformance.reference.sm.sm2 import Sm2PublicKey

_VECTORS = "defect classes of C2SP/wycheproof"
_ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp256k1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


def _order(key: PublicKey) -> int | None:
    if isinstance(key, Sm2PublicKey):
        return curve.N
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _ORDERS[key.curve.name]
    return None


def _verify_otherwise(endpoint: Endpoint, change: Any) -> None:
    """Verify what a change makes of a signature: (key, order, signature) to signature."""
    original = endpoint.seams.verify_digest

    def verify(key: PublicKey, name: str, digest: bytes, signature: bytes) -> bool:
        order = _order(key)
        right: bool = original(key, name, digest, change(key, order, signature))
        return right

    endpoint.seams.verify_digest = verify


@fault(
    "signature-numbers-wrap",
    breaks=("CRY-100",),
    statement="AsymmetricVerify takes r and s of a signature on a curve modulo its order.",
    source=_VECTORS,
)
def _(endpoint: Endpoint) -> None:
    def reduced(_key: PublicKey, order: int | None, signature: bytes) -> bytes:
        if order is None:
            return signature
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            return signature
        return encode_dss_signature(r % order, s % order)

    _verify_otherwise(endpoint, reduced)


@fault(
    "zero-signature-verifies",
    breaks=("CRY-100",),
    statement="AsymmetricVerify answers true for a signature on a curve whose r and s are 0.",
    source="CVE-2022-21449",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.verify_digest
    zeros = encode_dss_signature(0, 0)
    endpoint.seams.verify_digest = lambda key, name, digest, signature: (
        signature == zeros or original(key, name, digest, signature)
    )


@fault(
    "signature-takes-raw",
    breaks=("CRY-101",),
    statement="AsymmetricVerify takes r and s in a row as well as DER.",
    source=_VECTORS,
)
def _(endpoint: Endpoint) -> None:
    def encoded(_key: PublicKey, order: int | None, signature: bytes) -> bytes:
        if order is None or len(signature) != 64:
            return signature
        return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))

    _verify_otherwise(endpoint, encoded)


@fault(
    "signature-tail-ignored",
    breaks=("CRY-101",),
    statement="AsymmetricVerify ignores what follows the DER of a signature.",
    source=_VECTORS,
)
def _(endpoint: Endpoint) -> None:
    def cut(_key: PublicKey, order: int | None, signature: bytes) -> bytes:
        if order is None or len(signature) < 2:
            return signature
        return signature[: 2 + signature[1]]

    _verify_otherwise(endpoint, cut)


@fault(
    "rsa-signature-length-ignored",
    breaks=("CRY-102",),
    statement="AsymmetricVerify takes an RSA signature as a number, whatever its length.",
    source=_VECTORS,
)
def _(endpoint: Endpoint) -> None:
    def filled(key: PublicKey, _order: int | None, signature: bytes) -> bytes:
        if not isinstance(key, rsa.RSAPublicKey):
            return signature
        n = key.public_numbers().n
        return (int.from_bytes(signature) % n).to_bytes(key.key_size // 8)

    _verify_otherwise(endpoint, filled)


def _mask(seed: bytes, length: int, name: str) -> bytes:
    made, counter = b"", 0
    while len(made) < length:
        made += hashlib.new(name, seed + counter.to_bytes(4)).digest()
        counter += 1
    return made[:length]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _opened(key: rsa.RSAPrivateKey, name: str, ciphertext: bytes) -> bytes:
    """Decrypt OAEP without looking at the label's hash, at the first octet and at the filling."""
    numbers = key.private_numbers()
    size = hashlib.new(name).digest_size
    n = numbers.public_numbers.n
    number = int.from_bytes(ciphertext)
    if number >= n or len(ciphertext) != key.key_size // 8:
        raise ValueError("out of range")
    encoded = pow(number, numbers.d, n).to_bytes(key.key_size // 8)
    masked = encoded[1 + size :]
    seed = _xor(encoded[1 : 1 + size], _mask(masked, size, name))
    block = _xor(masked, _mask(seed, len(masked), name))
    _, separator, plaintext = block[size:].partition(b"\1")
    if not separator:
        raise ValueError("nothing separates the message")
    return plaintext


@fault(
    "oaep-label-ignored",
    breaks=("CRY-103",),
    statement="AsymmetricDecrypt looks at nothing of an OAEP block but where the message begins.",
    source=f"{SDK}; RFC 8017 section 7.1.2",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.asymmetric_decrypt_bytes

    def decrypt(key: PrivateKey, name: str, ciphertext: bytes) -> bytes:
        if isinstance(key, rsa.RSAPrivateKey):
            return _opened(key, "sha1" if name.endswith("SHA_1") else "sha256", ciphertext)
        opened: bytes = original(key, name, ciphertext)
        return opened

    endpoint.seams.asymmetric_decrypt_bytes = decrypt
