"""PKCS #8 as another library writes it."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from conformance.oracle.private_keys import public_half
from conformance.oracle.public_keys import KeyFormatError, load_der

KEYS = {
    "RSA_2048": rsa.generate_private_key(65537, 2048),
    "EC_P256": ec.generate_private_key(ec.SECP256R1()),
    "EC_P256K": ec.generate_private_key(ec.SECP256K1()),
}


def written(key, form, kind=PrivateFormat.PKCS8):
    return key.private_bytes(getattr(Encoding, form), kind, NoEncryption())


@pytest.mark.parametrize("spec", sorted(KEYS))
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_the_public_half(spec, form):
    key = KEYS[spec]
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert public_half(written(key, form), form) == load_der(public)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"", "PEM"),
        (b"", "DER"),
        (written(KEYS["EC_P256"], "DER")[:-1], "DER"),
        (written(KEYS["EC_P256"], "PEM"), "DER"),
        (written(KEYS["EC_P256"], "DER"), "PEM"),
        (written(KEYS["RSA_2048"], "PEM", PrivateFormat.TraditionalOpenSSL), "PEM"),
        (written(KEYS["RSA_2048"], "DER", PrivateFormat.TraditionalOpenSSL), "DER"),
        (written(ec.generate_private_key(ec.SECP384R1()), "DER"), "DER"),
        (written(ed25519.Ed25519PrivateKey.generate(), "DER"), "DER"),
    ],
    # Bytes that differ from run to run would make different names in each worker.
    ids=range(9),
)
def test_what_is_not_pkcs8_of_a_known_kind(data, form):
    with pytest.raises(KeyFormatError):
        public_half(data, form)


def test_numbers_that_contradict_each_other():
    data = bytearray(written(KEYS["RSA_2048"], "DER"))
    data[40] ^= 1
    with pytest.raises(KeyFormatError):
        public_half(bytes(data), "DER")
