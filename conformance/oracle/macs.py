"""Message authentication codes by the names that KMS gives them (RFC 2104)."""

import hmac
from collections.abc import Mapping

from conformance.oracle.sm3 import hmac_sm3
from conformance.spec.catalogue import catalogue

_HASHES: Mapping[str, str] = {
    "HMAC_SHA_224": "sha224",
    "HMAC_SHA_256": "sha256",
    "HMAC_SHA_384": "sha384",
    "HMAC_SHA_512": "sha512",
}


def length(algorithm: str) -> int:
    """Return how many bytes a MAC has."""
    rows = catalogue().document("key-specs")["macs"]
    return int(next(row["macBytes"] for row in rows if row["name"] == algorithm))


def compute(algorithm: str, key: bytes, message: bytes) -> bytes:
    """Return the MAC of a message under a key that is known."""
    if algorithm == "HMAC_SM3":
        return hmac_sm3(key, message)
    return hmac.digest(key, message, _HASHES[algorithm])
