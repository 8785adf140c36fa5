"""Instances apart from each other: keys, secrets and policies of one are nothing to the other."""

from typing import Any

from conformance.rules.effects.looking import new_secret
from conformance.rules.instance_api.asking import (
    CRYPTOGRAPHY,
    RETRIEVAL,
    TEXT,
    aes,
    expect_served,
    instance_rule,
    require_served,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.run.verdict import NotApplicable

_SOURCE = "Use application access points page (zh): scope of a policy; KMS instance pages (2025)"
_OTHER = "other instance"


def _on_another_instance(kms: Kms) -> tuple[str, str]:
    """Return a second instance and a key of it.

    Raises:
        NotApplicable: When the target has none that takes keys.
    """
    known = kms.memo.get(_OTHER)
    if known is None:
        own = kms.provide("instance")["id"]
        listed = kms.call("ListKmsInstances", {"PageSize": 20})
        rows = (listed.data.get("KmsInstances") or {}).get("KmsInstance") or []
        others = [row.get("KmsInstanceId") for row in rows if row.get("KmsInstanceId") != own]
        known = kms.memo[_OTHER] = _with_key(kms, [str(name) for name in others if name])
    if known == ():
        raise NotApplicable("the target has no second instance that takes keys")
    instance, key = known
    return instance, key


def _with_key(kms: Kms, instances: list[str]) -> tuple[str, ...]:
    for instance in instances:
        described = f"{kms.marker} conformance test, may be deleted"
        made = kms.call("CreateKey", {"DKMSInstanceId": instance, "Description": described})
        if made.ok and (made.data.get("KeyMetadata") or {}).get("DKMSInstanceId") == instance:
            return instance, str(made.data["KeyMetadata"]["KeyId"])
    return ()


def _expect_nothing(kms: Kms, operation: str, params: dict[str, Any], *, by_kms_api: bool) -> None:
    """Expect a call by one of the APIs of the dedicated gateway to be refused."""
    if by_kms_api:
        kms.require("feature:dedicated-kms-api")
    asked = (
        kms.call(operation, params, gateway="dedicated")
        if by_kms_api
        else kms.call_instance(operation, params)
    )
    kms.expect_refused(asked, why="it belongs to another instance")


@instance_rule(
    "INS-118",
    level=Level.MUST,
    statement="A key of another instance is not used here, by neither API.",
    provenance="documented",
    source=_SOURCE,
    stage="state",
    safety="creates",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
    cases=lambda: [Case("instance-api", False), Case("kms-api", True)],
)
def keys_of_another(kms: Kms, by_kms_api: bool) -> None:
    """Encrypt with it."""
    require_served(kms)
    _, key = _on_another_instance(kms)
    params = {"KeyId": key, "Plaintext": "YQ==" if by_kms_api else TEXT}
    _expect_nothing(kms, "Encrypt", params, by_kms_api=by_kms_api)


@instance_rule(
    "INS-119",
    level=Level.MUST,
    statement="A secret of another instance is not read here, by neither API.",
    provenance="documented",
    source=_SOURCE,
    stage="state",
    safety="creates",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
    cases=lambda: [Case("instance-api", False), Case("kms-api", True)],
)
def secrets_of_another(kms: Kms, by_kms_api: bool) -> None:
    """Read it."""
    require_served(kms)
    instance, key = _on_another_instance(kms)
    name, _ = new_secret(kms, DKMSInstanceId=instance, EncryptionKeyId=key)
    _expect_nothing(kms, "GetSecretValue", {"SecretName": name}, by_kms_api=by_kms_api)


@instance_rule(
    "INS-120",
    level=Level.MUST,
    statement="A policy for another instance opens nothing here.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    safety="creates",
    operations=("Encrypt", "GetSecretValue"),
    cells=(CRYPTOGRAPHY, RETRIEVAL),
)
def policies_for_another(kms: Kms) -> None:
    """Encrypt and read with a client key that may do both on the other instance."""
    require_served(kms)
    instance, _ = _on_another_instance(kms)
    stranger = kms.provide("client-key", {"Scope": "instance", "KmsInstance": instance})
    secret = kms.provide("secret", instance=True)["name"]
    calls = {
        "Encrypt": {"KeyId": aes(kms), "Plaintext": TEXT},
        "GetSecretValue": {"SecretName": secret},
    }
    for operation, values in calls.items():
        expect_served(kms, kms.call_instance(operation, values))
        asked = kms.call_instance(operation, values, identity=stranger["credential"])
        kms.expect_refused(asked, why="the policy is for another instance")
