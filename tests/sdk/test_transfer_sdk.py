"""Blobs of the Advance operations travel between the Instance API and the KMS API.

The TransferClient of the official SDK turns Encrypt, Decrypt and GenerateDataKey of the KMS API into
Advance operations of the Instance API: it takes the first three bytes off the blob that it is given
and puts them back before it decrypts. So what an endpoint writes there is read by foreign code.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from instance_side import PASSWORD, TEXT, Manager, Process, Sdk
from served import Served

pytestmark = pytest.mark.sdk
#: Bytes of the frame that the KMS API leaves out.
HEAD = 3


class Transfer(Process):
    """The TransferClient, told of both gateways."""

    def __init__(self, served: Served, file: Path) -> None:
        dedicated, full = served.ready["gateways"]["dedicated"], served.ready["identities"]["full"]
        first = {
            "instance": {
                "endpoint": urlsplit(dedicated["https"]).netloc,
                "ca": dedicated["ca"],
                "file": str(file),
                "password": PASSWORD,
            },
            "shared": {
                "endpoint": urlsplit(served.ready["https"]).netloc,
                "ca": served.ready["ca"],
                "region": "cn-hangzhou",
                "id": full["access_key_id"],
                "secret": full["access_key_secret"],
            },
        }
        super().__init__("transfer-sdk", "driver_transfer.py", file.parent, first)

    def ask(self, operation: str, *, shared: bool = False, **params: Any) -> dict[str, Any]:
        return self.told({"operation": operation, "params": params, "shared": shared})

    def __call__(self, operation: str, *, shared: bool = False, **params: Any) -> dict[str, Any]:
        answered = self.ask(operation, shared=shared, **params)
        assert answered["ok"], answered
        return dict(answered["answer"])


@pytest.fixture(scope="module")
def transfer(endpoint: Served, key_file: Path) -> Iterator[Transfer]:
    started = Transfer(endpoint, key_file)
    yield started
    started.close()


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def test_what_advance_encrypt_made_is_read(transfer: Transfer, sdk: Sdk, manager: Manager) -> None:
    made = sdk("AdvanceEncrypt", KeyId=manager.key(), Plaintext=b"a text")
    opened = transfer("Decrypt", CiphertextBlob=text(made["CiphertextBlob"][HEAD:]))
    assert (opened["Plaintext"], opened["KeyVersionId"]) == ("a text", made["KeyVersionId"])


def test_what_the_transfer_client_made_is_read(
    transfer: Transfer, sdk: Sdk, manager: Manager
) -> None:
    key = manager.key()
    made = transfer("Encrypt", KeyId=key, Plaintext=text(TEXT))
    frame = b"\x24\x00\x02" + base64.b64decode(made["CiphertextBlob"])
    opened = sdk("AdvanceDecrypt", CiphertextBlob=frame)
    assert opened["Plaintext"] == text(TEXT).encode()
    data = transfer("GenerateDataKey", KeyId=key, NumberOfBytes=24)
    opened = transfer("Decrypt", CiphertextBlob=data["CiphertextBlob"])
    assert opened["Plaintext"] == data["Plaintext"]
    assert len(base64.b64decode(data["Plaintext"])) == 24


def test_blobs_travel_between_both_gateways(transfer: Transfer, manager: Manager) -> None:
    key = manager.key()
    made = transfer("Encrypt", KeyId=key, Plaintext=text(TEXT))
    opened = transfer("Decrypt", shared=True, CiphertextBlob=made["CiphertextBlob"])
    # Base64 text stays base64 text, here and there.
    assert opened["Plaintext"] == text(TEXT)
    made = transfer("Encrypt", shared=True, KeyId=key, Plaintext=text(TEXT))
    opened = transfer("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == text(TEXT)


def test_a_context_is_bound(transfer: Transfer, manager: Manager) -> None:
    context = {"order": "1", "city": "Hangzhou"}
    made = transfer("Encrypt", KeyId=manager.key(), Plaintext="text", EncryptionContext=context)
    given = {"CiphertextBlob": made["CiphertextBlob"]}
    assert transfer("Decrypt", **given, EncryptionContext=context)["Plaintext"] == "text"
    assert not transfer.ask("Decrypt", **given, EncryptionContext={"order": "2"})["ok"]


def test_the_other_operations_are_transferred(transfer: Transfer, manager: Manager) -> None:
    key = manager.key("RSA_2048", KeyUsage="SIGN/VERIFY")
    rows = manager("ListKeyVersions", KeyId=key)["KeyVersions"]["KeyVersion"]
    given = {"KeyId": key, "KeyVersionId": rows[0]["KeyVersionId"]}
    signed = {**given, "Algorithm": "RSA_PKCS1_SHA_256", "Digest": text(bytes(32))}
    value = transfer("AsymmetricSign", **signed)["Value"]
    assert transfer("AsymmetricVerify", **signed, Value=value)["Value"] is True
    assert "BEGIN PUBLIC KEY" in transfer("GetPublicKey", **given)["PublicKey"]
    refused = transfer.ask("Encrypt", KeyId="key-nobody", Plaintext="text")
    assert refused["code"] == "Forbidden.KeyNotFound"
