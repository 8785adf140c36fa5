"""KMS Instance API against KMS API on the same gateway, and what a client key's signature costs."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from endpoint_bench import address, call, credential
from raw import Measured, measure
from served import Served, serving
from signed_requests import as_bytes, signed
from table import Ratio

from conformance.spec.instance import instance_api
from conformance.wire import acs3, instance
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, ClientKey
from conformance.wire.identity import Identity, Verifier
from conformance.wire.instance import API_NAME_HEADER, InstanceAuth
from conformance.wire.request import WireRequest

_ROLES = "RbacPermission/Template/CryptoService"
_PASSWORD = "Passw0rd-of-a-bench"
_SECRET = "bench-secret"


class Instance:
    """An endpoint with a client key, a key and a secret of its instance."""

    def __init__(self, served: Served) -> None:
        self.served = served
        dedicated = served.ready["gateways"]["dedicated"]
        self.url, name = dedicated["https"], dedicated["instance"]
        self.tls = ssl.create_default_context(cafile=dedicated["ca"])
        policy = {
            "Name": "bench",
            "KmsInstance": name,
            "Permissions": f'["{_ROLES}KeyUser","{_ROLES}SecretUser"]',
            "Resources": '["key/*","secret/*"]',
        }
        call(served, "CreatePolicy", policy)
        point = {"Name": "bench", "Policies": '["bench"]'}
        call(served, "CreateApplicationAccessPoint", point)
        made = call(served, "CreateClientKey", {"AapName": "bench", "Password": _PASSWORD})
        document = {"KeyId": made["ClientKeyId"], "PrivateKeyData": made["PrivateKeyData"]}
        self.client_key = ClientKey.from_document(document, _PASSWORD)
        key = call(served, "CreateKey", {"DKMSInstanceId": name})
        self.key = key["KeyMetadata"]["KeyId"]
        secret = {"SecretName": _SECRET, "SecretData": "s" * 32, "VersionId": "v1"}
        owner = {"DKMSInstanceId": name, "EncryptionKeyId": self.key}
        call(served, "CreateSecret", {**secret, **owner})

    def by_instance_api(self, operation: str, values: dict[str, Any], count: int) -> Measured:
        """Send signed calls of KMS Instance API."""
        body = instance_api().encode(operation, values)
        request = httpx.Request(
            "POST", f"{self.url}/", headers={API_NAME_HEADER: operation}, content=body
        )
        # The protocol has no nonce: one signature serves them all.
        requests = [as_bytes(InstanceAuth(self.client_key).sign_request(request))] * count
        return self._measured(operation, requests)

    def by_kms_api(self, operation: str, params: dict[str, Any], count: int) -> Measured:
        """Send the same over KMS API with V3."""
        requests = signed(self.url, credential(self.served), operation, params, count, "V3")
        return self._measured(operation, requests)

    def _measured(self, operation: str, requests: list[bytes]) -> Measured:
        found = measure(address(self.url), requests, self.served.process.pid, tls=self.tls)
        if found.bad:
            raise RuntimeError(f"{found.bad} {operation} calls were refused")
        return found


@contextmanager
def _instance() -> Iterator[Instance]:
    with serving() as served:
        yield Instance(served)


def apis(rounds: int, count: int) -> Iterator[Ratio]:
    """Encrypt and GetSecretValue over both APIs of the dedicated gateway."""
    with _instance() as asked:
        encrypt, read = [], []
        for _ in range(rounds):
            text = {"KeyId": asked.key, "Plaintext": b"p" * 32}
            json_text = {"KeyId": asked.key, "Plaintext": "p" * 32}
            theirs = asked.by_kms_api("Encrypt", json_text, count)
            encrypt.append(theirs.cpu / asked.by_instance_api("Encrypt", text, count).cpu)
            secret = {"SecretName": _SECRET}
            theirs = asked.by_kms_api("GetSecretValue", secret, count)
            read.append(theirs.cpu / asked.by_instance_api("GetSecretValue", secret, count).cpu)
        yield Ratio("Encrypt of Instance API, by CPU", "Encrypt of KMS API", tuple(encrypt), 0.7)
        yield Ratio(
            "GetSecretValue in protobuf, by CPU", "GetSecretValue in JSON", tuple(read), 0.6
        )


def signatures(rounds: int, count: int) -> Iterator[Ratio]:
    """Verification of a client key's RSA signature against V3, without a server."""
    client_key = ClientKey("KAAP.bench", rsa.generate_private_key(65537, 2048))
    secret = "s" * 30
    known = {
        "LTAI5tbench": Identity("LTAI5tbench", secret),
        client_key.id: Identity(client_key.id, public_key=client_key.private_key.public_key()),
    }
    verifier = Verifier(known.get, nonces=None)
    v3 = Acs3Auth(AccessKey("LTAI5tbench", secret)).sign_request(
        httpx.Request("POST", "https://kms.example/?Action=DescribeRegions&Version=2016-01-20")
    )
    body = instance_api().encode("GenerateRandom", {"Length": 32})
    own = InstanceAuth(client_key).sign_request(
        httpx.Request(
            "POST",
            "https://kms.example/",
            headers={API_NAME_HEADER: "GenerateRandom"},
            content=body,
        )
    )
    values = []
    for _ in range(rounds):
        bare = _seconds(lambda: acs3.verify(WireRequest.from_httpx(v3), verifier), count)
        cost = _seconds(lambda: instance.verify(WireRequest.from_httpx(own), verifier), count)
        values.append(bare / cost)
    yield Ratio("verify a client key's signature, by CPU", "verify V3", tuple(values), 0.4)


def _seconds(work: Any, count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        work()
    return time.process_time() - started
