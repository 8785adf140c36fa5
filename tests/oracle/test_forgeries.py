"""What is made wrong by hand is wrong: neither the oracle nor another library takes it."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.oracle import forgeries, sm2
from conformance.oracle.curves import SM2
from conformance.oracle.ecdsa import numbers_of
from conformance.oracle.public_keys import load_der
from conformance.oracle.rsa import RsaPrivateKey
from conformance.oracle.schemes import decrypt, encrypt, verify

DIGEST = hashlib.sha256(b"message").digest()
PREHASHED = Prehashed(hashes.SHA256())
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256K1())
PADDINGS = {
    "RSA_PSS_SHA_256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
    "RSA_PKCS1_SHA_256": padding.PKCS1v15(),
}


def public(key):
    return load_der(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def accepted(check, *arguments):
    """Tell whether another library takes a signature or ciphertext."""
    try:
        check(*arguments)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", PADDINGS)
def test_rsa_signatures(name):
    signature = RSA.sign(DIGEST, PADDINGS[name], PREHASHED)
    assert verify(public(RSA), name, DIGEST, signature)
    wrong = forgeries.rsa_signatures(signature, public(RSA))
    assert len(wrong) == 9
    for why, value in wrong.items():
        assert not verify(public(RSA), name, DIGEST, value), why
        check = RSA.public_key().verify
        assert not accepted(check, value, DIGEST, PADDINGS[name], PREHASHED), why


def test_signatures_on_curves():
    signature = EC.sign(DIGEST, ec.ECDSA(PREHASHED))
    numbers = numbers_of(signature)
    wrong = {
        **forgeries.signature_numbers(*numbers, public(EC).curve),
        **forgeries.signature_encodings(*numbers),
    }
    assert len(wrong) == 17
    for why, value in wrong.items():
        assert not verify(public(EC), "ECDSA_SHA_256", DIGEST, value), why
        assert not accepted(EC.public_key().verify, value, DIGEST, ec.ECDSA(PREHASHED)), why


def test_sm2_signatures():
    key = sm2.new_key()
    r, s = sm2.sign_sm2(key, DIGEST, 123456789)
    for why, value in forgeries.signature_numbers(r, s, SM2).items():
        assert not sm2.verify_sm2(key.public, DIGEST, value), why


@pytest.mark.parametrize(
    ("algorithm", "name", "hashed"),
    [
        ("RSAES_OAEP_SHA_256", "sha256", hashes.SHA256()),
        ("RSAES_OAEP_SHA_1", "sha1", hashes.SHA1()),
    ],
)
def test_oaep_blocks(algorithm, name, hashed):
    numbers = RSA.private_numbers()
    own = RsaPrivateKey(numbers.public_numbers.n, numbers.d)
    scheme = padding.OAEP(padding.MGF1(hashed), hashed, None)
    wrong = forgeries.oaep_blocks(public(RSA), b"twenty bytes of text", name)
    assert len(wrong) == 12
    for why, value in wrong.items():
        assert decrypt(own, algorithm, value) is None, why
        assert not accepted(RSA.decrypt, value, scheme), why
    right = encrypt(public(RSA), algorithm, b"twenty bytes of text")
    assert RSA.decrypt(right, scheme) == b"twenty bytes of text"


@pytest.mark.parametrize("form", sm2.FORMS)
def test_sm2_ciphertexts(form):
    key = sm2.new_key()
    sealed = sm2.seal(key.public, b"twenty bytes of text")
    assert sm2.sm2_decrypt(key, sealed.written(form)) == b"twenty bytes of text"
    for why, value in forgeries.sm2_ciphertexts(sealed, form).items():
        assert sm2.sm2_decrypt(key, value) is None, why
