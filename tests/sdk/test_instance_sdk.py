"""The official KMS Instance SDK for Python runs all its operations against the dedicated gateway.

It runs in an environment of its own, over TLS with the private CA of the instance, signed with a
client key whose PKCS#12 the endpoint made.
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_public_key
from environments import python_of
from served import Served, serving

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey

pytestmark = pytest.mark.sdk
HERE = Path(__file__).resolve().parent
PASSWORD = "Passw0rd-of-a-test"
ROLES = "RbacPermission/Template/CryptoService"
TEXT = b"a text \x00\xff"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with serving() as served:
        yield served


class Manager:
    """Makes things over the shared gateway."""

    def __init__(self, served: Served) -> None:
        self.served = served
        full = served.ready["identities"]["full"]
        self._auth = Acs3Auth(AccessKey(full["access_key_id"], full["access_key_secret"]))
        self.instance = served.ready["gateways"]["dedicated"]["instance"]

    def __call__(self, action: str, **params: Any) -> dict[str, Any]:
        url = f"{self.served.ready['http']}/?Action={action}&Version=2016-01-20"
        with httpx.Client(trust_env=False) as client:
            request = client.build_request("POST", url, data=params)
            answer = client.send(self._auth.sign_request(request))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def key(self, spec: str = "Aliyun_AES_256", **params: Any) -> str:
        made = self("CreateKey", KeySpec=spec, DKMSInstanceId=self.instance, **params)
        return str(made["KeyMetadata"]["KeyId"])


@pytest.fixture(scope="module")
def manager(endpoint: Served) -> Manager:
    return Manager(endpoint)


@pytest.fixture(scope="module")
def key_file(manager: Manager, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that CreateClientKey hands out, as the console names it."""
    manager(
        "CreatePolicy",
        Name="sdk",
        KmsInstance=manager.instance,
        Permissions=json.dumps([f"{ROLES}KeyUser", f"{ROLES}SecretUser"]),
        Resources=json.dumps(["key/*", "secret/*"]),
    )
    manager("CreateApplicationAccessPoint", Name="sdk", Policies=json.dumps(["sdk"]))
    made = manager("CreateClientKey", AapName="sdk", Password=PASSWORD)
    path = tmp_path_factory.mktemp("keys") / "clientKey_sdk.json"
    document = {"KeyId": made["ClientKeyId"], "PrivateKeyData": made["PrivateKeyData"]}
    path.write_text(json.dumps(document))
    return path


class Refused(Exception):
    """A refusal as the SDK tells it."""


class Sdk:
    """One process of the SDK that answers a line for a line."""

    def __init__(self, endpoint: Served, key_file: Path, ca: str | None = None) -> None:
        dedicated = endpoint.ready["gateways"]["dedicated"]
        self.process = subprocess.Popen(
            [python_of("instance-sdk"), HERE / "driver_instance.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=key_file.parent,
            env={"PATH": os.environ["PATH"], "HOME": str(key_file.parent)},
        )
        self._send(
            {
                "endpoint": urlsplit(dedicated["https"]).netloc,
                "ca": ca or dedicated["ca"],
                "file": str(key_file),
                "password": PASSWORD,
            }
        )

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, operation: str, **values: Any) -> dict[str, Any]:
        packed = {
            name: {"base64": base64.b64encode(value).decode()}
            if isinstance(value, bytes)
            else value
            for name, value in values.items()
        }
        self._send({"operation": operation, "values": packed})
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            pytest.fail(f"the driver ended at {operation}:\n{self.process.stderr.read()[-2000:]}")
        return dict(json.loads(line))

    def __call__(self, operation: str, **values: Any) -> dict[str, Any]:
        answered = self.ask(operation, **values)
        if not answered["ok"]:
            raise Refused(operation, answered["status"], answered["code"], answered["message"])
        return {
            name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value
            for name, value in answered["answer"].items()
        }

    def close(self) -> None:
        self.process.communicate(timeout=10)


@pytest.fixture(scope="module")
def sdk(endpoint: Served, key_file: Path) -> Iterator[Sdk]:
    started = Sdk(endpoint, key_file)
    yield started
    started.close()


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
