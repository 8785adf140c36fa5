"""Application access points and what they consist of; instances; tags; regions; fresh names."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.client.resources.base import Bundle, Lazy, Make, provides, text_of
from conformance.run.verdict import NotTestable
from conformance.wire.times import format_iso


@provides("region")
def region(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return the target's region."""
    return {"id": make.target.region}


@provides("account")
def account(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return the account's id and the principal that stands for all of it."""
    known = make.target.account
    if known is None:
        arn = make.provide("symmetric-key", fresh=False)["arn"]
        parts = str(arn).split(":")
        if len(parts) < 5 or not parts[3]:
            raise NotTestable("the account id is not known: give account in the target file")
        known = parts[3]
    return {"id": known, "principal": f"acs:ram::{known}:*"}


@provides("instance")
def instance(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return the KMS instance that the target file names, or the first connected one."""
    ready = make.ready_made("instance")
    if ready is not None:
        return {"id": ready}
    if make.target.has_declined("resource:instance"):
        raise make.missing("instance")
    listed = make.call("ListKmsInstances", {"PageSize": 20})
    instances = (listed.data.get("KmsInstances") or {}).get("KmsInstance") or []
    for entry in instances:
        if entry.get("KmsInstanceId"):
            return {"id": entry["KmsInstanceId"]}
    raise make.missing("instance")


@provides("network-rule")
def network_rule(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a network access rule: name, and references as policies write them."""
    name = make.ready_made("network-rule")
    if make.creating and (name is None or make.fresh):
        name = make.name("network-rule")
        request = {
            "Name": name,
            "Type": "Private",
            "SourcePrivateIp": ["10.0.0.0/8"],
            "Description": make.description,
        }
        make.call("CreateNetworkRule", request)
    if name is None:
        raise make.missing("network-rule")
    return {"name": name, "references": {"NetworkRules": [name]}}


@provides("access-policy")
def access_policy(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a policy of access points: name, and names as access points list them."""
    name = make.ready_made("access-policy")
    if make.creating and (name is None or make.fresh):
        name = make.name("access-policy")
        request = {
            "Name": name,
            "Permissions": ["RbacPermission/Template/CryptoServiceKeyUser"],
            "Resources": ["key/*"],
            "KmsInstance": make.provide("instance", fresh=False)["id"],
            "AccessControlRules": make.provide("network-rule", fresh=False)["references"],
            "Description": make.description,
        }
        make.call("CreatePolicy", request)
    if name is None:
        raise make.missing("access-policy")
    return {"name": name, "names": [name]}


@provides("access-point")
def access_point(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return an application access point."""
    name = make.ready_made("access-point")
    if make.creating and (name is None or make.fresh):
        name = make.name("access-point")
        request = {
            "Name": name,
            "AuthenticationMethod": "ClientKey",
            "Policies": make.provide("access-policy", fresh=False)["names"],
            "Description": make.description,
        }
        make.call("CreateApplicationAccessPoint", request)
    if name is None:
        raise make.missing("access-point")
    return {"name": name}


@provides("validity")
def validity(_make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a year of validity for a client key, from now on."""
    now = datetime.now(UTC)
    return {"NotBefore": format_iso(now), "NotAfter": format_iso(now + timedelta(days=365))}


@provides("managed-data-key")
def managed_data_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return the managed data key that the target file names; no operation creates one."""
    name = make.ready_made("managed-data-key")
    if name is None:
        raise make.missing("managed-data-key")

    def version() -> str:
        listed = make.call("ListManagedDataKeyVersions", {"DataKeyName": name})
        versions = make.member(listed, "ManagedDataKeyVersions").get("ManagedDataKeyVersion") or []
        if not versions:
            raise NotTestable("the managed data key has no version", [listed])
        return str(versions[0].get("DataKeyVersionId"))

    return Lazy({"name": name}, version=version)


@provides("alias")
def alias(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return an alias and the id of the key it names."""
    ready = make.ready_made("alias")
    if ready is not None and not make.fresh:
        described = make.call("DescribeKey", {"KeyId": ready})
        return {"name": ready, "id": make.member(described, "KeyMetadata").get("KeyId")}
    key = make.provide("symmetric-key", fresh=False)
    if make.creating:
        name = make.name("alias")
        make.call("CreateAlias", {"AliasName": name, "KeyId": key["id"]})
        return {"name": name, "id": key["id"]}
    return {"name": key["alias"], "id": key["id"]}


@provides("taggable", by=("ResourceType",))
def taggable(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return things that can be tagged together: ids, type."""
    kind = text_of(params, "ResourceType", ("key", "secret")) or "key"
    if kind == "secret":
        return {"ids": [make.provide("secret")["name"]], "type": kind}
    return {"ids": [make.provide("symmetric-key")["id"]], "type": kind}


def _new(kind: str, attribute: str) -> None:
    @provides(f"new-{kind}", used_up=True)
    def provider(make: Make, _params: Mapping[str, Any]) -> Bundle:
        return {attribute: make.name(kind)}


for _kind in ("alias", "secret", "access-point", "access-policy", "network-rule"):
    _new(_kind, "name")
_new("secret-version", "id")
