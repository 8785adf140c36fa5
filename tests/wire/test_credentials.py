"""Credentials keep their secrets to themselves, and client key files are read."""

import json

import pytest
from signature_vectors import IDENTITIES, RSA_KEY, VECTORS

from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.failures import WireError

FILE = VECTORS["throwaway_rsa_key"]["client_key_file"]
PASSWORD = VECTORS["throwaway_rsa_key"]["client_key_password"]


@pytest.mark.parametrize(
    "value",
    [
        AccessKey("id", "CANARY"),
        StsToken("id", "CANARY", "CANARY"),
        ClientKey("id", RSA_KEY),
        *IDENTITIES.values(),
    ],
)
def test_repr_shows_no_secret(value):
    shown = repr(value) + str(value)
    assert "CANARY" not in shown
    assert "Secret" not in shown.replace("FakeAccessKeyId", "")
    assert "RSA" not in shown


def test_a_client_key_file_is_read():
    for document in (FILE, json.dumps(FILE)):
        key = ClientKey.from_document(document, PASSWORD)
        assert key.id == FILE["KeyId"]
        assert key.private_key.private_numbers() == RSA_KEY.private_numbers()


@pytest.mark.parametrize(
    ("document", "password", "message"),
    [
        ("{", PASSWORD, "is JSON with KeyId"),
        ("[]", PASSWORD, "is JSON with KeyId"),
        ({"KeyId": "k"}, PASSWORD, "is JSON with KeyId"),
        ({"KeyId": "k", "PrivateKeyData": "?"}, PASSWORD, "is JSON with KeyId"),
        ({"KeyId": "k", "PrivateKeyData": "AAAA"}, PASSWORD, "is not PKCS#12"),
        (FILE, "wrong", "does not open: wrong password"),
    ],
)
def test_a_broken_client_key_file_is_explained(document, password, message):
    with pytest.raises(WireError, match=message) as refusal:
        ClientKey.from_document(document, password)
    assert FILE["PrivateKeyData"][:20] not in str(refusal.value)
