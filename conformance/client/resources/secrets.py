"""Secrets: generic, of an instance, managed, awaiting deletion."""

from collections.abc import Mapping
from typing import Any

from conformance.client.resources.base import Bundle, Lazy, Make, provides
from conformance.run.verdict import NotTestable


def create_secret(make: Make, **params: Any) -> dict[str, Any]:
    """Create a secret with the run's mark; return name, version, stage, arn and data."""
    name = params.pop("SecretName", None) or make.name("secret")
    data = params.pop("SecretData", None) or f"value-{make.random.getrandbits(96):024x}"
    request = {
        "SecretName": name,
        "SecretData": data,
        "VersionId": "v1",
        "Description": make.description,
        **(_in_instance(make) if make.instance else {}),
        **params,
    }
    exchange = make.call("CreateSecret", request)
    return {
        "name": exchange.data.get("SecretName") or name,
        "version": exchange.data.get("VersionId") or "v1",
        "stage": "ACSCurrent",
        "arn": exchange.data.get("Arn"),
        "data": data,
    }


def _in_instance(make: Make) -> dict[str, Any]:
    """Return what puts a secret into an instance: its id, and a key of it that encrypts."""
    key = make.provide("symmetric-key", fresh=False)
    return {"DKMSInstanceId": make.instance_id, "EncryptionKeyId": key["id"]}


@provides("secret", by=("MoveToVersion?", "RemoveFromVersion?"))
def secret(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a generic secret: name, arn, version, stage, data, previous-version.

    It has a second version where the request at hand moves stages between versions.
    """
    ready = make.ready_made("secret")
    if not make.creating or (ready is not None and not make.fresh):
        return _existing(make, ready)
    values = create_secret(make)
    if params.keys() & {"MoveToVersion", "RemoveFromVersion"}:
        return _second_version(make, values)

    def previous() -> str:
        raise NotTestable("the secret has one version; name MoveToVersion or RemoveFromVersion")

    return Lazy(values, previous_version=previous)


def _second_version(make: Make, values: dict[str, Any]) -> Bundle:
    data = f"value-{make.random.getrandbits(96):024x}"
    request = {"SecretName": values["name"], "SecretData": data, "VersionId": "v2"}
    make.call("PutSecretValue", request)
    return {**values, "previous-version": values["version"], "version": "v2", "data": data}


def _existing(make: Make, name: str | None) -> Bundle:
    if name is None and make.instance:
        raise make.missing("instance-secret")
    if name is None:
        listed = make.call("ListSecrets", {"PageSize": 10})
        secrets = make.member(listed, "SecretList").get("Secret") or []
        generic = [item for item in secrets if item.get("SecretType", "Generic") == "Generic"]
        if not generic:
            raise make.missing("secret")
        name = str(generic[0].get("SecretName"))
    described = make.call("DescribeSecret", {"SecretName": name})

    def version() -> str:
        listed = make.call("ListSecretVersionIds", {"SecretName": name})
        for entry in make.member(listed, "VersionIds").get("VersionId") or []:
            stages = (entry.get("VersionStages") or {}).get("VersionStage") or []
            if "ACSCurrent" in stages:
                return str(entry.get("VersionId"))
        raise NotTestable("a prerequisite failed: no version of the secret is ACSCurrent", [listed])

    return Lazy(
        {"name": name, "arn": described.data.get("Arn"), "stage": "ACSCurrent"}, version=version
    )


@provides("instance-secret")
def instance_secret(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a secret of a KMS instance; only such secrets have a policy."""
    ready = make.ready_made("instance-secret")
    if ready is not None and not make.fresh:
        return _existing(make, ready)
    if not make.creating:
        raise make.missing("instance-secret")
    instance = make.provide("instance", fresh=False)["id"]
    key = make.provide("instance-key", fresh=False)["id"]
    return create_secret(make, DKMSInstanceId=instance, EncryptionKeyId=key)


@provides("managed-secret")
def managed_secret(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a secret that the service rotates.

    Away from loopback it must be named in the target file: it manages the accounts of a database.
    """
    ready = make.ready_made("managed-secret")
    if ready is not None:
        return {"name": ready}
    if not make.creating or not make.target.loopback:
        raise make.missing("managed-secret")
    return create_secret(
        make,
        SecretType="Rds",
        SecretData='{"Accounts":[{"AccountName":"conformance","AccountPassword":"Aa1-conformance"}]}',
        ExtendedConfig={"SecretSubType": "SingleUser", "DBInstanceId": "rm-conformance"},
    )


@provides("secret-in-window", used_up=True)
def secret_in_window(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a secret that awaits its deletion; a new one each time, for it is restored."""
    if not make.creating:
        raise make.missing("secret-in-window", 'raise safety to "creates"')
    values = create_secret(make)
    make.call("DeleteSecret", {"SecretName": values["name"], "RecoveryWindowInDays": 7})
    return values
