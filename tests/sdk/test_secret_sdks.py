"""The official secret clients for Python read secrets of the reference endpoint.

Version 1 reads by a client key and by RAM over the shared gateway, and by a client key over the
dedicated one; version 2 reads by RAM over both. Each runs in an environment of its own. Settings
travel in environment variables: version 1 cannot open its settings file with Python 3.11.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from environments import python_of
from instance_side import Manager
from served import Served, control, serving

pytestmark = pytest.mark.sdk
HERE = Path(__file__).resolve().parent
SECRET, VALUE = "orders/database", "text of a secret"
BINARY = "c2VjcmV0IGJ5dGVz"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with serving("--record") as served:
        manager = Manager(served)
        key = manager.key()
        inside = {"DKMSInstanceId": manager.instance, "EncryptionKeyId": key}
        manager("CreateSecret", SecretName=SECRET, SecretData=VALUE, VersionId="v1", **inside)
        manager(
            "CreateSecret",
            SecretName="binary",
            SecretData=BINARY,
            SecretDataType="binary",
            VersionId="v1",
            **inside,
        )
        manager("CreateSecret", SecretName="elsewhere", SecretData=VALUE, VersionId="v1")
        yield served


def client_key(endpoint: Served, name: str) -> tuple[str, str]:
    """Paths of a client key's file and of its password, as the endpoint has written them."""
    folder = Path(endpoint.ready["target"]).parent
    return str(folder / f"{name}.json"), str(folder / f"{name}.password")


def access_key(endpoint: Served, identity: str = "full") -> dict[str, str]:
    credential = endpoint.ready["identities"][identity]
    return {
        "credentials_type": "ak",
        "credentials_access_key_id": credential["access_key_id"],
        "credentials_access_secret": credential["access_key_secret"],
    }


def region(endpoint: Served, gateway: str, **more: Any) -> dict[str, Any]:
    url = endpoint.ready["gateways"][gateway]["https"]
    return {"regionId": endpoint.ready["region"], "endpoint": urlsplit(url).netloc, **more}


def shared_by_client_key(endpoint: Served, name: str = "client-key-shared") -> dict[str, str]:
    file, password = client_key(endpoint, name)
    return {
        "credentials_type": "client_key",
        "client_key_private_key_path": file,
        "client_key_password_from_file_path": password,
        "cache_client_region_id": json.dumps([region(endpoint, "shared", vpc=False)]),
    }


def shared_by_ram(endpoint: Served) -> dict[str, str]:
    entry = region(endpoint, "shared", vpc=False)
    return {**access_key(endpoint), "cache_client_region_id": json.dumps([entry])}


def dedicated_by_client_key(endpoint: Served, **changes: str) -> dict[str, str]:
    file, password = client_key(endpoint, "client-key")
    entry = {
        "clientKeyFile": file,
        "passwordFromFilePath": password,
        "ignoreSslCerts": False,
        "caFilePath": endpoint.ready["gateways"]["dedicated"]["ca"],
        **changes,
    }
    entries = [region(endpoint, "dedicated", **entry)]
    return {"cache_client_dkms_config_info": json.dumps(entries)}


def shared_by_ram_verified(endpoint: Served) -> dict[str, str]:
    return {**shared_by_ram(endpoint), "PUBLIC_CA": endpoint.ready["ca"]}


def dedicated_by_ram(endpoint: Served, ca: str | None = None) -> dict[str, str]:
    dedicated = endpoint.ready["gateways"]["dedicated"]
    name = f"{dedicated['instance']}.cryptoservice.kms.aliyuncs.com"
    entry = {
        "regionId": endpoint.ready["region"],
        "endpoint": name,
        "caFilePath": ca or dedicated["ca"],
    }
    return {
        **access_key(endpoint),
        "cache_client_region_id": json.dumps([entry]),
        "INSTANCE_ADDRESS": urlsplit(dedicated["https"]).netloc,
    }


class Reader:
    """One process of a secret client with settings of its own."""

    def __init__(self, version: int, settings: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [python_of(f"secret-sdk-v{version}"), HERE / f"driver_secrets_v{version}.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
        )

    def __call__(self, name: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps({"secret": name}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has told why
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            pytest.fail(f"the driver ended:\n{self.process.stderr.read()[-2000:]}")
        return dict(json.loads(line))

    def close(self) -> None:
        self.process.communicate(timeout=20)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Any]:
    """Starts secret clients and ends them."""
    started: list[Reader] = []

    def start(version: int, settings: dict[str, str]) -> Reader:
        started.append(Reader(version, settings, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.close()


WAYS = {
    "version 1, client key, shared": (1, shared_by_client_key, "RPC-1.0"),
    "version 1, RAM, shared": (1, shared_by_ram, "RPC-1.0"),
    "version 1, client key, dedicated": (1, dedicated_by_client_key, "instance"),
    "version 2, RAM, shared": (2, shared_by_ram_verified, "ACS3"),
    "version 2, RAM, dedicated": (2, dedicated_by_ram, "ACS3"),
}


@pytest.mark.parametrize("way", WAYS)
def test_secrets_are_read(way: str, endpoint: Served, reader: Any) -> None:
    version, settings, scheme = WAYS[way]
    control(endpoint, "POST", "/witness", {"clear": True})
    read = reader(version, settings(endpoint))
    assert read(SECRET) == {"ok": True, "value": VALUE, "type": "text", "version": "v1"}
    assert read("binary")["value"] == BINARY
    refused = read("none")
    assert (refused["ok"], refused["code"]) == (False, "Forbidden.ResourceNotFound"), refused
    seen = control(endpoint, "GET", "/witness")["requests"]
    assert {request["scheme"] for request in seen} == {scheme}
    assert {request["listener"] for request in seen} == {
        "dedicated" if "dedicated" in way else "https"
    }


@pytest.mark.parametrize("version", [1, 2])
def test_the_dedicated_gateway_has_secrets_of_its_instance_only(
    version: int, endpoint: Served, reader: Any
) -> None:
    settings = (dedicated_by_client_key if version == 1 else dedicated_by_ram)(endpoint)
    refused = reader(version, settings)("elsewhere")
    assert refused["code"] == "Forbidden.ResourceNotFound", refused


def test_a_client_key_without_the_right_is_refused(endpoint: Served, reader: Any) -> None:
    refused = reader(1, shared_by_client_key(endpoint, "client-key"))(SECRET)
    assert refused["code"] == "Forbidden.NoPermission", refused


def test_an_expired_client_key_is_refused(endpoint: Served, reader: Any) -> None:
    refused = reader(1, shared_by_client_key(endpoint, "expired-client-key"))(SECRET)
    assert refused["code"] == "Forbidden.AccessKey", refused


def test_the_private_authority_is_verified(endpoint: Served, reader: Any) -> None:
    """With the CA file of the other gateway version 2 does not get in."""
    settings = dedicated_by_ram(endpoint, ca=endpoint.ready["ca"])
    refused = reader(2, settings)(SECRET)
    assert not refused["ok"]
    assert "certificate verify failed" in refused["message"].lower(), refused
