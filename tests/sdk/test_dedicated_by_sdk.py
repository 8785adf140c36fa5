"""alibabacloud-kms20160120 uses the dedicated gateway by RAM, over TLS with the private CA."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from instance_side import Manager
from served import Served, serving
from story import Memory, Step
from test_official_sdks import Driver

pytestmark = pytest.mark.sdk
SDKS = ("alibabacloud-kms20160120, V3", "alibabacloud-kms20160120, RPC-1.0")
TEXT = "dGV4dCBvZiBhbiBhcHBsaWNhdGlvbg=="
DIGEST = "ZDE0YWIzZTNiZTNkM2QyNmI5ZTc1YjM1ZTFhZGQ5Y2U="


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def things(endpoint: Served) -> dict[str, str]:
    """Keys and a secret of the instance, and a key of none, made over the shared gateway."""
    manager = Manager(endpoint)
    found = {
        "key": manager.key(),
        "signing": manager.key("RSA_2048", KeyUsage="SIGN/VERIFY"),
        "outside": manager("CreateKey")["KeyMetadata"]["KeyId"],
    }
    rows = manager("ListKeyVersions", KeyId=found["signing"])["KeyVersions"]["KeyVersion"]
    found["version"] = rows[0]["KeyVersionId"]
    inside = {"DKMSInstanceId": manager.instance, "EncryptionKeyId": found["key"]}
    manager("CreateSecret", SecretName="s", SecretData="value", VersionId="v1", **inside)
    return found


def dedicated(endpoint: Served, ca: str | None = None) -> Served:
    """The endpoint as it looks to an SDK that is told of the dedicated gateway only."""
    found = endpoint.ready["gateways"]["dedicated"]
    return replace(
        endpoint, ready={**endpoint.ready, "https": found["https"], "ca": ca or found["ca"]}
    )


def ask(driver: Driver, operation: str, **params: Any) -> dict[str, Any]:
    memory: Memory = {}
    return driver.call(Step(operation, params), memory)


@pytest.mark.parametrize("identity", ["full", "sts"])
@pytest.mark.parametrize("sdk", SDKS)
def test_business_is_done(
    sdk: str, identity: str, endpoint: Served, things: dict[str, str], tmp_path: Path
) -> None:
    driver = Driver(sdk, dedicated(endpoint), identity, tmp_path)
    try:
        context = {"order": "1"}
        sealed = ask(
            driver, "Encrypt", KeyId=things["key"], Plaintext=TEXT, EncryptionContext=context
        )["answer"]
        blob = sealed["CiphertextBlob"]
        opened = ask(driver, "Decrypt", CiphertextBlob=blob, EncryptionContext=context)
        assert opened["answer"]["Plaintext"] == TEXT
        made = ask(driver, "GenerateDataKey", KeyId=things["key"])["answer"]
        opened = ask(driver, "Decrypt", CiphertextBlob=made["CiphertextBlob"])
        assert opened["answer"]["Plaintext"] == made["Plaintext"]
        pair = {"KeyId": things["signing"], "KeyVersionId": things["version"]}
        signed = {**pair, "Algorithm": "RSA_PSS_SHA_256", "Digest": DIGEST}
        value = ask(driver, "AsymmetricSign", **signed)["answer"]["Value"]
        assert ask(driver, "AsymmetricVerify", **signed, Value=value)["answer"]["Value"] is True
        assert "BEGIN PUBLIC KEY" in ask(driver, "GetPublicKey", **pair)["answer"]["PublicKey"]
        assert ask(driver, "GetSecretValue", SecretName="s")["answer"]["SecretData"] == "value"
    finally:
        driver.close()


@pytest.mark.parametrize("sdk", SDKS)
def test_nothing_else_is_done(
    sdk: str, endpoint: Served, things: dict[str, str], tmp_path: Path
) -> None:
    driver = Driver(sdk, dedicated(endpoint), "full", tmp_path)
    try:
        for operation, params in (
            ("CreateKey", {}),
            ("DescribeKey", {"KeyId": things["key"]}),
            ("ListSecrets", {}),
            ("ReEncrypt", {"CiphertextBlob": TEXT, "DestinationKeyId": things["key"]}),
        ):
            refused = ask(driver, operation, **params)
            assert (refused["status"], refused["code"]) == (400, "UnsupportedOperation"), refused
        refused = ask(driver, "Encrypt", KeyId=things["outside"], Plaintext=TEXT)
        assert (refused["status"], refused["code"]) == (404, "Forbidden.KeyNotFound")
    finally:
        driver.close()


def test_the_private_authority_is_verified(endpoint: Served, tmp_path: Path) -> None:
    wrong = dedicated(endpoint, ca=endpoint.ready["ca"])
    driver = Driver(SDKS[0], wrong, "full", tmp_path)
    call = json.dumps({"operation": "GetSecretValue", "params": {"SecretName": "s"}})
    told = driver.process.communicate(f"{call}\n", timeout=60)[1]
    assert "CERTIFICATE_VERIFY_FAILED" in told, told
