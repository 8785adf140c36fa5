"""Algorithms by name, put against another library in both directions."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.oracle.ecdsa import numbers_of
from conformance.oracle.public_keys import load_der
from conformance.oracle.rsa import RsaPrivateKey
from conformance.oracle.schemes import decrypt, encrypt, spec_row, verify

DIGEST = hashlib.sha256(b"message").digest()
PREHASHED = Prehashed(hashes.SHA256())
RSA = rsa.generate_private_key(65537, 2048)
CURVES = {"P-256": ec.SECP256R1(), "secp256k1": ec.SECP256K1()}
PADDINGS = {
    "RSAES_PKCS1_V1_5": padding.PKCS1v15(),
    "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}
SIGNING = {
    "RSA_PSS_SHA_256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
    "RSA_PKCS1_SHA_256": padding.PKCS1v15(),
}


def public(key):
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return load_der(key.public_key().public_bytes(*form))


@pytest.mark.parametrize("name", PADDINGS)
def test_another_library_opens_what_is_encrypted(name):
    for data in (b"\0" * 16, bytes(range(32))):
        assert RSA.decrypt(encrypt(public(RSA), name, data), PADDINGS[name]) == data


@pytest.mark.parametrize("name", [name for name in PADDINGS if "OAEP" in name])
def test_what_another_library_encrypts_opens(name):
    numbers = RSA.private_numbers()
    own = RsaPrivateKey(numbers.public_numbers.n, numbers.d)
    ciphertext = RSA.public_key().encrypt(b"data key", PADDINGS[name])
    assert decrypt(own, name, ciphertext) == b"data key"
    other = next(n for n in PADDINGS if "OAEP" in n and n != name)
    assert decrypt(own, other, ciphertext) is None


@pytest.mark.parametrize("name", SIGNING)
def test_rsa_signatures_of_another_library(name):
    signature = RSA.sign(DIGEST, SIGNING[name], PREHASHED)
    assert verify(public(RSA), name, DIGEST, signature)
    assert not verify(public(RSA), name, DIGEST[::-1], signature)
    assert not verify(public(RSA), next(n for n in SIGNING if n != name), DIGEST, signature)
    assert not verify(public(RSA), "ECDSA_SHA_256", DIGEST, signature)


@pytest.mark.parametrize("curve", CURVES)
def test_ecdsa_signatures_of_another_library(curve):
    key = ec.generate_private_key(CURVES[curve])
    signature = key.sign(DIGEST, ec.ECDSA(PREHASHED))
    assert verify(public(key), "ECDSA_SHA_256", DIGEST, signature)
    assert not verify(public(key), "ECDSA_SHA_256", DIGEST[::-1], signature)
    other = ec.generate_private_key(CURVES[curve])
    assert not verify(public(other), "ECDSA_SHA_256", DIGEST, signature)
    assert numbers_of(signature)
    r, s = numbers_of(signature)
    raw = r.to_bytes(32) + s.to_bytes(32)
    assert numbers_of(raw) is None
    assert numbers_of(signature + b"\0") is None


def test_unknown_algorithms_are_told():
    with pytest.raises(ValueError, match="ECIES"):
        encrypt(public(RSA), "ECIES", b"")
    with pytest.raises(ValueError, match="ECDSA_SHA_512"):
        verify(public(RSA), "ECDSA_SHA_512", DIGEST, b"")


def test_specs_say_what_algorithms_can_take():
    row = next(r for r in spec_row("RSA_2048")["encryption"] if r["name"] == "RSAES_OAEP_SHA_256")
    encrypt(public(RSA), row["name"], bytes(row["maxPlaintextBytes"]))
    with pytest.raises(ValueError, match="too long"):
        encrypt(public(RSA), row["name"], bytes(row["maxPlaintextBytes"] + 1))
