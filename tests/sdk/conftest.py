"""The dedicated gateway and the Instance API of an endpoint, a client key for them, and the SDK."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_side import PASSWORD, Manager, Sdk
from served import Served, serving

ROLES = "RbacPermission/Template/CryptoService"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with serving() as served:
        yield served


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


@pytest.fixture(scope="module")
def sdk(endpoint: Served, key_file: Path) -> Iterator[Sdk]:
    started = Sdk(endpoint, key_file)
    yield started
    started.close()
