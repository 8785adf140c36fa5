"""What client keys may do on the shared gateway: policies, networks, validity, deletion."""

import json
import shutil
import subprocess
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.reference.endpoint import Endpoint
from conformance.reference.model import AccessPoint, AccessPolicy, ClientKey, NetworkRule
from conformance.reference.services.client_key_file import new_client_key_file
from conformance.wire import credentials
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ROLES = "RbacPermission/Template/"
#: A point in time at which nothing else happens.
DAY = timedelta(days=1)


class Access:
    """An endpoint with one access point, whose client key asks."""

    def __init__(self, *, roles=("SecretUser",), resources=("secret/mine",), scope="shared"):
        self.endpoint = Endpoint()
        account, now = self.endpoint.account, self.endpoint.clock.now()
        for name in ("mine", "mine-too", "other"):
            self.full("CreateSecret", SecretName=name, SecretData="v", VersionId="1")
        self.policy = AccessPolicy(
            "p",
            now,
            permissions=[ROLES + role for role in roles],
            resources=list(resources),
            kms_instance=scope,
        )
        account.access_policies["p"] = self.policy
        account.access_points["a"] = AccessPoint("a", now, policies=["p"])
        public = PRIVATE.public_key()
        account.client_keys["KAAP.1"] = ClientKey("KAAP.1", "a", now, now, now + DAY, public)

    def full(self, action, **params):
        return self._send(self.endpoint.identities["full"].credential, action, params)

    def ask(self, action, *, gateway="shared", client_ip="", **params):
        key = credentials.ClientKey("KAAP.1", PRIVATE)
        return self._send(key, action, params, gateway=gateway, client_ip=client_ip)

    def _send(self, credential, action, params, **where):
        auth = RpcAuth(credential, clock=self.endpoint.clock.now)
        url = "https://kms.example/"
        request = httpx.Request("POST", url, params={"Action": action, **params})
        wire = WireRequest.from_httpx(auth.sign_request(request))
        return self.endpoint.handle(wire, "https", **where)

    def reads(self, name, **where):
        answer = self.ask("GetSecretValue", SecretName=name, **where)
        assert answer.status in {200, 403}
        if answer.status == 403:
            body = json.loads(answer.body)
            assert body["Code"] == "Forbidden.NoPermission"
            assert name in body["Message"]
        return answer.status == 200


@pytest.mark.parametrize(
    ("resources", "readable"),
    [
        (["secret/mine"], {"mine"}),
        (["secret/mine*"], {"mine", "mine-too"}),
        (["secret/*"], {"mine", "mine-too", "other"}),
        (["*"], {"mine", "mine-too", "other"}),
        (["key/*"], set()),
        (["secret/*mine"], set()),
        (["secret/none", "secret/other"], {"other"}),
    ],
)
def test_resources_with_a_star_at_their_end(resources, readable):
    access = Access(resources=resources)
    assert {name for name in ("mine", "mine-too", "other") if access.reads(name)} == readable


@pytest.mark.parametrize(
    ("roles", "scope", "readable"),
    [
        (["SecretUser"], "shared", True),
        (["SecretUser"], None, True),
        (["CryptoServiceKeyUser"], "shared", False),
        (["CryptoServiceSecretUser"], "shared", False),
        (["SecretUser"], "kst-hzz65f176a0ogplgqhsb1", False),
    ],
)
def test_role_and_scope(roles, scope, readable):
    assert Access(roles=roles, scope=scope).reads("mine") is readable


@pytest.mark.parametrize(
    ("kind", "addresses", "client_ip", "readable"),
    [
        ("Public", ["192.0.2.0/24"], "192.0.2.7", True),
        ("Public", ["192.0.2.0/24"], "::ffff:192.0.2.7", True),
        ("Public", ["192.0.2.0/24"], "192.0.3.7", False),
        ("Public", ["192.0.3.7", "2001:db8::/32"], "2001:db8::1", True),
        ("VPC", ["192.0.2.0/24"], "192.0.2.7", True),
        ("Private", ["0.0.0.0/0"], "192.0.2.7", False),
        ("Public", ["0.0.0.0/0"], "", False),
        ("Public", [], "192.0.2.7", False),
    ],
)
def test_network_rules_let_in_whom_they_list(kind, addresses, client_ip, readable):
    access = Access()
    now = access.endpoint.clock.now()
    rule = NetworkRule("n", now, kind, source_private_ip=addresses)
    access.endpoint.account.network_rules["n"] = rule
    access.policy.access_control_rules = {"NetworkRules": ["n"]}
    assert access.reads("mine", client_ip=client_ip) is readable


def test_a_rule_that_is_deleted_does_not_open_the_policy():
    access = Access()
    access.policy.access_control_rules = {"NetworkRules": []}
    assert not access.reads("mine", client_ip="192.0.2.7")


@pytest.mark.parametrize("operation", ["ListKeys", "ListSecrets", "Encrypt", "DescribeSecret"])
def test_reading_secrets_is_all_it_may_do(operation):
    access = Access(resources=["secret/*", "key/*"], roles=["SecretUser", "CryptoServiceKeyUser"])
    params = {"SecretName": "mine"} if operation == "DescribeSecret" else {}
    answer = access.ask(operation, **params)
    assert (answer.status, json.loads(answer.body)["Code"]) == (403, "Forbidden.NoPermission")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DeleteClientKey", {"ClientKeyId": "KAAP.1"}),
        ("DeleteApplicationAccessPoint", {"Name": "a"}),
    ],
)
def test_deleting_cuts_access_at_once(operation, params):
    access = Access()
    assert access.reads("mine")
    assert access.full(operation, **params).status == 200
    answer = access.ask("GetSecretValue", SecretName="mine")
    assert (answer.status, json.loads(answer.body)["Code"]) == (404, "InvalidAccessKeyId.NotFound")


@pytest.mark.parametrize("days", [-1, 2])
def test_it_is_good_for_its_time_only(days):
    access = Access()
    access.endpoint.clock.advance(days * DAY.total_seconds())
    assert access.ask("GetSecretValue", SecretName="mine").status == 403


def test_whatever_changes_acts_at_once():
    access = Access()
    access.full("UpdatePolicy", Name="p", Resources='["secret/other"]')
    assert (access.reads("mine"), access.reads("other")) == (False, True)
    access.full("DeletePolicy", Name="p")
    assert not access.reads("other")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="asks with the openssl command")
def test_openssl_opens_the_file_and_finds_the_certificate_first(tmp_path):
    now = Endpoint().clock.now()
    made = new_client_key_file(PRIVATE, "KAAP.1", "Aa1-password", now, now + DAY)
    file = tmp_path / "key.p12"
    file.write_bytes(made.pkcs12)
    command = ["openssl", "pkcs12", "-legacy", "-info", "-nodes", "-in", file]
    shown = subprocess.run(
        [*command, "-passin", "pass:Aa1-password"], capture_output=True, text=True, check=True
    )
    told = shown.stderr
    assert "MAC: sha1, Iteration 2048" in told
    assert "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048" in told
    assert told.index("Certificate bag") < told.index("Shrouded Keybag")
    assert shown.stdout.count("BEGIN CERTIFICATE") == 1
    assert shown.stdout.count("BEGIN PRIVATE KEY") == 1
