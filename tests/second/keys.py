"""Keys and aliases of the second endpoint."""

import re
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from core import (
    ACCOUNT,
    REGION,
    Answer,
    Params,
    Refused,
    Store,
    checked_policy,
    checked_tags,
    choice,
    filters,
    invalid,
    needed,
    now,
    operation,
    page,
    stamp,
    whole,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


def metadata(key: Any) -> Answer:
    shown = {
        "KeyId": key["id"],
        "Arn": f"acs:kms:{REGION}:{ACCOUNT}:key/{key['id']}",
        "KeyState": key["state"],
        "KeySpec": key["spec"],
        "KeyUsage": key["usage"],
        "CreationDate": key["born"],
        "Origin": key["origin"],
        "Description": key["description"],
        "ProtectionLevel": "SOFTWARE",
        "AutomaticRotation": rotation_of(key),
        "DeletionProtection": "Enabled" if key["protected"] else "Disabled",
    }
    if key["rotation"]:
        last = datetime.fromisoformat(newest(key)["born"])
        shown["RotationInterval"] = f"{key['rotation']}s"
        shown["LastRotationDate"] = newest(key)["born"]
        shown["NextRotationDate"] = stamp(last + timedelta(seconds=key["rotation"]))
    if key["why"]:
        shown["DeletionProtectionDescription"] = key["why"]
    if key["gone"]:
        shown["DeleteDate"] = key["gone"]
    if key["origin"] == "EXTERNAL":
        shown["MaterialExpireTime"] = key["expires"]
    if key["spec"] == "Aliyun_AES_256":
        shown["PrimaryKeyVersion"] = newest(key)["id"]
    return {"KeyMetadata": shown}


def newest(key: Any) -> Any:
    """The version that new work is done with."""
    return key["versions"][-1]


def version_named(key: Any, identifier: str) -> Any:
    for version in key["versions"]:
        if version["id"] == identifier:
            return version
    raise Refused(404, "Forbidden.KeyVersionNotFound")


def new_version(spec: str, material: str | None = None) -> Answer:
    return {
        "id": str(uuid.uuid4()),
        "born": stamp(now()),
        "material": new_material(spec) if material is None else material,
    }


def rotation_of(key: Any) -> str:
    if not key["rotation"]:
        return "Disabled"
    return "Enabled" if key["state"] == "Enabled" else "Suspended"


def seconds_of(interval: str) -> int:
    return int(interval[:-1]) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[interval[-1]]


SIGNING = {"RSA_2048", "RSA_3072", "EC_P256", "EC_P256K"}


@operation
def create_key(store: Store, params: Params) -> Answer:
    spec = choice(params, "KeySpec", ("Aliyun_AES_256", *SIGNING), "Aliyun_AES_256")
    usage = choice(params, "KeyUsage", ("ENCRYPT/DECRYPT", "SIGN/VERIFY"))
    origin = choice(params, "Origin", ("Aliyun_KMS", "EXTERNAL"), "Aliyun_KMS")
    choice(params, "ProtectionLevel", ("SOFTWARE", "HSM"), "SOFTWARE")
    if len(params.get("Description", "")) > 8192:
        raise invalid("Description")
    usage = usage or ("SIGN/VERIFY" if spec in SIGNING else "ENCRYPT/DECRYPT")
    if (spec == "Aliyun_AES_256" and usage == "SIGN/VERIFY") or (
        spec.startswith("EC") and usage[0] == "E"
    ):
        raise invalid("KeyUsage")
    external = origin == "EXTERNAL"
    if external and spec != "Aliyun_AES_256":
        raise Refused(400, "Unsupported.Origin")
    wish = params.get("EnableAutomaticRotation", "false").lower()
    if wish not in ("true", "false"):
        raise invalid("EnableAutomaticRotation")
    if wish == "true":
        needed(params, "RotationInterval")
    if "RotationInterval" in params and not re.fullmatch(
        r"[0-9]+[dhms]", params["RotationInterval"]
    ):
        raise invalid("RotationInterval")
    checked_policy(params)
    tags = checked_tags(params)
    key = {
        "id": str(uuid.uuid4()),
        "spec": spec,
        "usage": usage,
        "origin": origin,
        "state": "PendingImport" if external else "Enabled",
        "born": stamp(now()),
        "gone": "",
        "description": params.get("Description", ""),
        "rotation": seconds_of(params["RotationInterval"]) if wish == "true" else 0,
        "versions": [new_version(spec, "" if external else None)],
        "expires": "",
        "bound": "",
        "protected": False,
        "why": "",
        "tags": {tag["TagKey"]: tag.get("TagValue", "") for tag in tags or []},
    }
    store.put("key", key["id"], key)
    return metadata(key)


def new_material(spec: str) -> str:
    if spec == "Aliyun_AES_256":
        return secrets.token_hex(32)
    private: Any
    if spec.startswith("RSA"):
        private = rsa.generate_private_key(65537, int(spec[4:]))
    else:
        private = ec.generate_private_key(ec.SECP256R1() if spec == "EC_P256" else ec.SECP256K1())
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@operation
def describe_key(store: Store, params: Params) -> Answer:
    return metadata(store.key(needed(params, "KeyId")))


@operation
def list_keys(store: Store, params: Params) -> Answer:
    keys = store.all("key")
    named = {alias["AliasName"]: alias["KeyId"] for alias in store.all("alias")}
    wished: dict[str, list[str]] = {}
    for one in filters(params):
        wished.setdefault(one["Key"], []).extend(one["Values"])
    for wanted in ({"Key": name, "Values": values} for name, values in wished.items()):
        name, values = wanted.get("Key"), wanted.get("Values", [])
        field = {"KeyState": "state", "KeySpec": "spec", "KeyUsage": "usage"}.get(name)
        if field:
            keys = [key for key in keys if key[field] in values]
        elif str(name).lower() == "keyid":
            keys = [key for key in keys if key["id"] in values]
        elif name == "TagKey":
            keys = [key for key in keys if set(key["tags"]) & set(values)]
        elif name == "TagValue":
            keys = [key for key in keys if set(key["tags"].values()) & set(values)]
        elif name == "AliasName":
            owners = {named.get(value) for value in values}
            keys = [key for key in keys if key["id"] in owners]
    rows = [
        {"KeyId": key["id"], "KeyArn": f"acs:kms:{REGION}:{ACCOUNT}:key/{key['id']}"}
        for key in keys
    ]
    return page(params, rows, "Keys", "Key")


def change(store: Store, params: Params, state: str, allowed: tuple[str, ...]) -> Answer:
    key = store.key(needed(params, "KeyId"), alias=False)
    if key["state"] not in allowed:
        raise Refused(409, "Rejected.StateModifiedFailed")
    key["state"] = state
    store.put("key", key["id"], key)
    return {}


@operation
def enable_key(store: Store, params: Params) -> Answer:
    return change(store, params, "Enabled", ("Enabled", "Disabled"))


@operation
def disable_key(store: Store, params: Params) -> Answer:
    return change(store, params, "Disabled", ("Enabled", "Disabled"))


@operation
def schedule_key_deletion(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    days = whole(params, "PendingWindowInDays", 7, 366)
    if store.key(params["KeyId"], alias=False)["protected"]:
        raise Refused(403, "Forbidden.DeletionProtection")
    change(store, params, "PendingDeletion", ("Enabled", "Disabled", "PendingImport"))
    key = store.get("key", params["KeyId"])
    key["gone"] = stamp(now() + timedelta(days=days))
    store.put("key", key["id"], key)
    return {}


@operation
def cancel_key_deletion(store: Store, params: Params) -> Answer:
    change(store, params, "Enabled", ("PendingDeletion",))
    key = store.get("key", params["KeyId"])
    key["gone"] = ""
    if not newest(key)["material"]:
        key["state"] = "PendingImport"
    store.put("key", key["id"], key)
    return {}


@operation
def update_key_description(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    if "Description" not in params:
        raise Refused(400, "MissingParameter", "Description")
    key = store.key(params["KeyId"], alias=False)
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.PendingDeletion")
    key["description"] = params["Description"]
    store.put("key", key["id"], key)
    return {}


@operation
def list_key_versions(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"))
    rows = [version_of(key, version) for version in key["versions"]]
    return page(params, rows, "KeyVersions", "KeyVersion")


@operation
def describe_key_version(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"))
    return {"KeyVersion": version_of(key, version_named(key, needed(params, "KeyVersionId")))}


def version_of(key: Any, version: Any) -> Answer:
    return {
        "KeyId": key["id"],
        "KeyVersionId": version["id"],
        "CreationDate": version["born"],
    }
