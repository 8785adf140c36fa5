"""Permissions: policies of callers, policies of resources, and what else a call needs."""

import json

import httpx
import pytest

from conformance.reference.endpoint import Endpoint
from conformance.reference.identities import EVERYTHING
from conformance.reference.ram import Principal, Statement, decide, matches
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.request import WireRequest

OWNER, OTHER = "1234567890123456", "9999999999999999"
KEY = f"acs:kms:cn-hangzhou:{OWNER}:key/k1"


def principal(*statements, uid=OWNER, name="alice"):
    return Principal(name, f"acs:ram::{uid}:user/{name}", uid, "user", statements)


def allow(action="kms:*", resource="*"):
    return Statement("Allow", (action,), (resource,))


def deny(action="kms:*", resource="*"):
    return Statement("Deny", (action,), (resource,))


def policy(effect, *, names, actions=("kms:*",), condition=None):
    statement = {
        "Effect": effect,
        "Principal": {"RAM": list(names)},
        "Action": list(actions),
        "Resource": ["*"],
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "1", "Statement": [statement]}


@pytest.mark.parametrize(
    ("pattern", "text", "covers"),
    [
        ("*", "anything\nat all", True),
        ("kms:Encrypt", "kms:Encrypt", True),
        ("kms:Encrypt", "kms:EncryptAll", False),
        ("kms:*crypt", "kms:Decrypt", True),
        ("kms:?ncrypt", "kms:Encrypt", True),
        ("kms:?ncrypt", "kms:ncrypt", False),
        ("kms:.*", "kms:Encrypt", False),
        ("acs:kms:*:*:key/[a-z]", "acs:kms:r:1:key/a", False),
    ],
)
def test_patterns(pattern, text, covers):
    assert matches(pattern, text) is covers


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ((), False),
        ((allow(),), True),
        ((allow("kms:Encrypt"),), True),
        ((allow("kms:Decrypt"),), False),
        ((allow(resource=KEY),), True),
        ((allow(resource="acs:kms:*:*:key/k2"),), False),
        ((allow(), deny("kms:Encrypt")), False),
        ((deny("kms:Encrypt"), allow()), False),
        ((allow(), deny(resource="acs:kms:*:*:secret/*")), True),
    ],
)
def test_policies_of_the_caller(statements, allowed):
    decision = decide(principal(*statements), "kms:Encrypt", KEY, owner=OWNER)
    assert decision.allowed is allowed


ALICE = f"acs:ram::{OWNER}:user/alice"


@pytest.mark.parametrize(
    ("caller", "document", "allowed"),
    [
        (principal(), policy("Allow", names=[ALICE]), True),
        (principal(), policy("Allow", names=["*"]), True),
        (principal(), policy("Allow", names=[f"acs:ram::{OWNER}:*"]), True),
        (principal(), policy("Allow", names=[f"acs:ram::{OWNER}:user/bob"]), False),
        (principal(), policy("Allow", names=[ALICE], actions=["kms:Decrypt"]), False),
        (principal(), policy("Allow", names=[ALICE], condition={"StringEquals": {}}), True),
        (principal(), policy("Allow", names=[ALICE], condition={"X": {"a": "b"}}), False),
        (principal(allow()), policy("Deny", names=[ALICE]), False),
        (principal(deny()), policy("Allow", names=[ALICE]), False),
        (principal(allow(), uid=OTHER), None, False),
        (principal(uid=OTHER), policy("Allow", names=["*"]), False),
        (principal(allow(), uid=OTHER), policy("Allow", names=["*"]), True),
    ],
)
def test_policies_of_the_resource_are_combined_with_the_callers(caller, document, allowed):
    if document and document["Statement"][0].get("Condition") == {"StringEquals": {}}:
        document["Statement"][0]["Condition"] = {}
    decision = decide(caller, "kms:Encrypt", KEY, owner=OWNER, policy=document)
    assert decision.allowed is allowed


def test_a_refusal_says_whether_a_deny_decided():
    assert decide(principal(deny()), "kms:Encrypt", KEY, owner=OWNER).explicit
    assert not decide(principal(), "kms:Encrypt", KEY, owner=OWNER).explicit


class Caller:
    """Calls an endpoint as one identity."""

    def __init__(self):
        self.endpoint = Endpoint()

    def __call__(self, action, /, identity="full", **params):
        credential = self.endpoint.identities[identity].credential
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        request = httpx.Request("POST", "https://kms.example/", params={"Action": action, **texts})
        wire = WireRequest.from_httpx(next(Acs3Auth(credential).auth_flow(request)))
        response = self.endpoint.handle(wire)
        return response.status, json.loads(response.body)

    def status(self, *args, **params):
        return self(*args, **params)[0]

    def grant(self, name, *statements):
        self.endpoint.identities.add(name, statements)

    def key(self, **params):
        return self("CreateKey", **params)[1]["KeyMetadata"]["KeyId"]


@pytest.fixture
def call():
    return Caller()


def arn(call, kind, identifier):
    return call.endpoint.account.arn(kind, identifier)


def test_a_caller_may_use_the_key_of_the_policy_under_each_of_its_names(call):
    mine, other = call.key(), call.key()
    call("CreateAlias", AliasName="alias/mine", KeyId=mine)
    call("CreateAlias", AliasName="alias/other", KeyId=other)
    call.grant("bob", allow("kms:Encrypt", arn(call, "key", mine)))
    for name in (mine, "alias/mine", arn(call, "key", mine)):
        assert call.status("Encrypt", "bob", KeyId=name, Plaintext="YWFh") == 200, name
    for name in (other, "alias/other", arn(call, "key", other)):
        status, body = call("Encrypt", "bob", KeyId=name, Plaintext="YWFh")
        assert (status, body["Code"]) == (403, "Forbidden.NoPermission"), name
        assert arn(call, "key", other) in body["Message"]


def test_decrypt_is_judged_by_the_key_inside_the_ciphertext(call):
    mine, other = call.key(), call.key()
    call.grant("bob", allow("kms:Decrypt", arn(call, "key", mine)))
    for key, status in ((mine, 200), (other, 403)):
        blob = call("Encrypt", KeyId=key, Plaintext="YWFh")[1]["CiphertextBlob"]
        assert call.status("Decrypt", "bob", CiphertextBlob=blob) == status


def test_re_encryption_needs_both_of_its_actions(call):
    source, destination = call.key(), call.key()
    blob = call("Encrypt", KeyId=source, Plaintext="YWFh")[1]["CiphertextBlob"]
    ask = {"CiphertextBlob": blob, "DestinationKeyId": destination}
    leaving = allow("kms:ReEncryptFrom", arn(call, "key", source))
    arriving = allow("kms:ReEncryptTo", arn(call, "key", destination))
    for statements, status in (
        ((leaving,), 403),
        ((arriving,), 403),
        ((leaving, arriving), 200),
    ):
        call.grant("bob", *statements)
        assert call.status("ReEncrypt", "bob", **ask) == status


def test_secrets_need_the_protecting_key_as_well(call):
    key = call.key()
    new = {"SecretData": "v", "VersionId": "1", "EncryptionKeyId": key}
    call.grant("bob", allow("kms:CreateSecret"), allow("kms:GetSecretValue"))
    status, body = call("CreateSecret", "bob", SecretName="s", **new)
    assert (status, body["Code"]) == (403, "Forbidden.NoPermission")
    assert arn(call, "key", key) in body["Message"]
    assert (
        call.status("CreateSecret", "bob", SecretName="own", SecretData="v", VersionId="1") == 200
    )
    call("CreateSecret", SecretName="s", **new)
    assert call.status("GetSecretValue", "bob", SecretName="s") == 403
    call.grant("bob", allow("kms:GetSecretValue"), allow("kms:Decrypt", arn(call, "key", key)))
    assert call.status("GetSecretValue", "bob", SecretName="s") == 200
    call.grant("bob", allow("kms:PutSecretValue"))
    put = {"SecretName": "s", "SecretData": "w", "VersionId": "2"}
    assert call.status("PutSecretValue", "bob", **put) == 403
    call.grant("bob", allow("kms:PutSecretValue"), allow("kms:GenerateDataKey"))
    assert call.status("PutSecretValue", "bob", **put) == 200


def test_over_the_shared_gateway_a_token_needs_the_secret_only(call):
    from datetime import timedelta

    key = call.key()
    call("CreateSecret", SecretName="s", SecretData="v", VersionId="1", EncryptionKeyId=key)
    end = call.endpoint.clock.now() + timedelta(hours=1)
    call.endpoint.identities.add("role", (allow("kms:GetSecretValue"),), token_expires=end)
    assert call.status("GetSecretValue", "role", SecretName="s") == 200


def test_a_key_policy_opens_and_closes_a_key(call):
    instance = next(iter(call.endpoint.account.instances))
    key = call.key(DKMSInstanceId=instance)
    call.grant("bob")
    ask = {"KeyId": key, "Plaintext": "YWFh"}
    assert call.status("Encrypt", "bob", **ask) == 403
    names = [f"acs:ram::{OWNER}:user/bob"]
    open_ = policy("Allow", names=names, actions=["kms:Encrypt"])
    assert call.status("SetKeyPolicy", KeyId=key, Policy=open_, PolicyName="default") == 200
    assert call.status("Encrypt", "bob", **ask) == 200
    call.grant("bob", *EVERYTHING)
    closed = policy("Deny", names=names, actions=["kms:Encrypt"])
    assert call.status("SetKeyPolicy", KeyId=key, Policy=closed, PolicyName="default") == 200
    status, body = call("Encrypt", "bob", **ask)
    assert (status, body["Code"]) == (403, "Forbidden.NoPermission")


def test_the_read_only_identity_reads_and_does_nothing_else(call):
    key = call.key()
    for action, params in {
        "DescribeKey": {"KeyId": key},
        "ListKeys": {},
        "ListSecrets": {},
        "ListAliases": {},
        "DescribeRegions": {},
    }.items():
        assert call.status(action, "read-only", **params) == 200, action
    for action, params in {
        "Encrypt": {"KeyId": key, "Plaintext": "YWFh"},
        "CreateKey": {},
        "DisableKey": {"KeyId": key},
        "GetSecretValue": {"SecretName": "s"},
        "GetRandomPassword": {},
    }.items():
        assert call.status(action, "read-only", **params) == 403, action


def test_permission_is_asked_for_before_anything_is_looked_up(call):
    status, body = call("DescribeKey", "none", KeyId="no-such-key")
    assert (status, body["Code"]) == (403, "Forbidden.NoPermission")
