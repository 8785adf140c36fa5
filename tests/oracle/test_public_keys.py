"""Public keys are read strictly, and nothing but public keys is read."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.oracle.curves import P256, SECP256K1
from conformance.oracle.public_keys import (
    EcPublicKey,
    KeyFormatError,
    RsaPublicKey,
    load_base64,
    load_der,
    load_pem,
)
from conformance.oracle.schemes import is_of_spec

RSA = rsa.generate_private_key(65537, 2048).public_key()
EC = {
    "EC_P256": ec.generate_private_key(ec.SECP256R1()).public_key(),
    "EC_P256K": ec.generate_private_key(ec.SECP256K1()).public_key(),
}


def der(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(key, form=PublicFormat.SubjectPublicKeyInfo):
    return key.public_bytes(Encoding.PEM, form).decode()


def test_rsa_numbers():
    numbers = RSA.public_numbers()
    expected = RsaPublicKey(numbers.n, numbers.e)
    for text in (pem(RSA), pem(RSA).strip(), pem(RSA).replace("\n", "\r\n")):
        assert load_pem(text) == expected
    assert load_base64(base64.b64encode(der(RSA)).decode()) == expected
    assert load_base64(pem(RSA)) == expected
    assert is_of_spec(expected, "RSA_2048")
    assert not is_of_spec(expected, "RSA_3072")


@pytest.mark.parametrize("spec", EC)
def test_points(spec):
    key = load_pem(pem(EC[spec]))
    numbers = EC[spec].public_numbers()
    assert isinstance(key, EcPublicKey)
    assert (key.x, key.y) == (numbers.x, numbers.y)
    assert {name for name in (*EC, "RSA_2048") if is_of_spec(key, name)} == {spec}


def test_curves_have_their_generators():
    for curve in (P256, SECP256K1):
        assert curve.has(*curve.generator)
        assert curve.combined(curve.order, 0, curve.generator) is None
        assert curve.combined(1, curve.order - 1, curve.generator) is None
        assert curve.combined(5, 7, curve.generator) == curve.combined(12, 0, curve.generator)


def changed(data, place, value):
    return data[:place] + bytes([value]) + data[place + 1 :]


BAD_DER = {
    "trailing": der(RSA) + b"\0",
    "cut short": der(RSA)[:-1],
    "another kind": der(ed25519.Ed25519PrivateKey.generate().public_key()),
    "even exponent": changed(der(RSA), len(der(RSA)) - 1, 0),
    "point off the curve": changed(der(EC["EC_P256"]), 90, der(EC["EC_P256"])[90] ^ 1),
    "compressed mark": changed(der(EC["EC_P256"]), 26, 3),
    "spare bits": changed(der(EC["EC_P256"]), 25, 1),
    "long form of a short length": b"\x30\x81\x59" + der(EC["EC_P256"])[2:],
    "nothing": b"",
}


@pytest.mark.parametrize("name", BAD_DER)
def test_bad_der_is_refused(name):
    with pytest.raises(KeyFormatError):
        load_der(BAD_DER[name])


def test_bad_text_is_refused():
    pkcs1 = pem(RSA, PublicFormat.PKCS1)
    bare = base64.b64encode(der(RSA)).decode()
    for text in (
        pkcs1,
        bare,
        "before\n" + pem(RSA),
        pem(RSA) * 2,
        "",
        pem(RSA).replace("A", "!", 1),
    ):
        with pytest.raises(KeyFormatError):
            load_pem(text)
    with pytest.raises(KeyFormatError):
        load_base64("no base64!")
