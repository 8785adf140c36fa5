"""The official KMS Instance SDK for Python runs all its operations against the dedicated gateway.

It runs in an environment of its own, over TLS with the private CA of the instance, signed with a
client key whose PKCS#12 the endpoint made.
"""

import base64
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_public_key
from instance_side import PASSWORD, TEXT, Manager, Sdk
from served import Served

pytestmark = pytest.mark.sdk


def test_symmetric_operations(sdk: Sdk, manager: Manager) -> None:
    key = manager.key()
    sealed = sdk("Encrypt", KeyId=key, Plaintext=TEXT, Aad=b"bound")
    assert sealed["Algorithm"] == "AES_GCM"
    opened = sdk(
        "Decrypt",
        KeyId=key,
        CiphertextBlob=sealed["CiphertextBlob"],
        Iv=sealed["Iv"],
        Aad=b"bound",
    )
    assert opened["Plaintext"] == TEXT

    framed = sdk("AdvanceEncrypt", KeyId=key, Plaintext=TEXT)
    opened = sdk("AdvanceDecrypt", CiphertextBlob=framed["CiphertextBlob"])
    assert opened["Plaintext"] == TEXT
    assert opened["KeyVersionId"] == framed["KeyVersionId"]


def test_data_keys(sdk: Sdk, manager: Manager) -> None:
    key = manager.key()
    made = sdk("GenerateDataKey", KeyId=key, NumberOfBytes=24)
    given = {"KeyId": key, "CiphertextBlob": made["CiphertextBlob"], "Iv": made["Iv"]}
    assert sdk("Decrypt", **given)["Plaintext"] == made["Plaintext"]
    assert len(made["Plaintext"]) == 24
    framed = sdk("AdvanceGenerateDataKey", KeyId=key, NumberOfBytes=16)
    opened = sdk("AdvanceDecrypt", CiphertextBlob=framed["CiphertextBlob"])
    assert opened["Plaintext"] == framed["Plaintext"]


@pytest.mark.parametrize("advance", ["", "Advance"])
@pytest.mark.parametrize("without", ["", "WithoutPlaintext"])
def test_pairs(sdk: Sdk, manager: Manager, advance: str, without: str) -> None:
    key = manager.key()
    made = sdk(
        f"{advance}GenerateDataKeyPair{without}",
        KeyId=key,
        KeyPairSpec="EC_P256",
        KeyFormat="DER",
    )
    given = {"CiphertextBlob": made["PrivateKeyCiphertextBlob"]}
    if not advance:
        given |= {"KeyId": key, "Iv": made["Iv"]}
    private = sdk(f"{advance}Decrypt", **given)["Plaintext"]
    assert ("PrivateKeyPlaintext" in made) == (not without)
    load_der_private_key(private, None)


def test_signatures_and_rsa(sdk: Sdk, manager: Manager) -> None:
    signer = manager.key("RSA_2048", KeyUsage="SIGN/VERIFY")
    values = {
        "KeyId": signer,
        "Algorithm": "RSA_PKCS1_SHA_256",
        "Message": TEXT,
        "MessageType": "RAW",
    }
    signature = sdk("Sign", **values)["Signature"]
    public = load_pem_public_key(sdk("GetPublicKey", KeyId=signer)["PublicKey"].encode())
    public.verify(signature, TEXT, padding.PKCS1v15(), hashes.SHA256())
    assert sdk("Verify", **values, Signature=signature)["Value"] is True
    other = {**values, "Message": b"another"}
    assert not sdk("Verify", **other, Signature=signature).get("Value")

    key = manager.key("RSA_2048", KeyUsage="ENCRYPT/DECRYPT")
    sealed = sdk("Encrypt", KeyId=key, Plaintext=TEXT)
    given = {"KeyId": key, "CiphertextBlob": sealed["CiphertextBlob"]}
    assert sdk("Decrypt", **given, Algorithm=sealed["Algorithm"])["Plaintext"] == TEXT


def test_random_and_secret(sdk: Sdk, manager: Manager) -> None:
    assert len(sdk("GenerateRandom", Length=33)["Random"]) == 33
    manager(
        "CreateSecret",
        SecretName="sdk-secret",
        SecretData="canary",
        VersionId="v1",
        DKMSInstanceId=manager.instance,
        EncryptionKeyId=manager.key(),
    )
    shown = sdk("GetSecretValue", SecretName="sdk-secret")
    assert shown["SecretData"] == "canary"
    assert shown["VersionStages"] == ["ACSCurrent"]


def test_refusals_arrive_with_code_and_status(sdk: Sdk, manager: Manager) -> None:
    refused = sdk.ask("Encrypt", KeyId="key-nobody", Plaintext=TEXT)
    assert (refused["code"], refused["status"]) == ("Forbidden.KeyNotFound", 404)
    key = manager.key()
    manager("DisableKey", KeyId=key)
    refused = sdk.ask("Encrypt", KeyId=key, Plaintext=TEXT)
    assert (refused["code"], refused["status"]) == ("Rejected.Disabled", 409)


def test_another_authority_is_not_trusted(endpoint: Served, key_file: Path) -> None:
    stranger = Sdk(endpoint, key_file, ca=endpoint.ready["gateways"]["shared"]["ca"])
    try:
        refused = stranger.ask("GenerateRandom", Length=8)
    finally:
        stranger.close()
    assert not refused["ok"]
    assert refused["status"] is None


def test_the_client_key_opens_with_openssl(key_file: Path) -> None:
    container = base64.b64decode(json.loads(key_file.read_text())["PrivateKeyData"])
    path = key_file.with_suffix(".p12")
    path.write_bytes(container)
    shown = subprocess.run(
        ["openssl", "pkcs12", "-in", path, "-passin", f"pass:{PASSWORD}", "-noenc"],
        capture_output=True,
        text=True,
        check=False,
    )
    path.unlink()
    assert shown.returncode == 0, shown.stderr
    assert "BEGIN PRIVATE KEY" in shown.stdout
    assert "BEGIN CERTIFICATE" in shown.stdout
