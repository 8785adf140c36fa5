"""Versions, rotation and protection of keys of the second endpoint."""

import re
from typing import Any

from core import ACCOUNT, REGION, Answer, Params, Refused, Store, invalid, needed, operation
from keys import new_version, seconds_of, version_of

DAY = 86400


def yes_or_no(params: Params, name: str) -> bool:
    value = needed(params, name).lower()
    if value not in ("true", "false"):
        raise invalid(name)
    return value == "true"


def rotatable(store: Store, params: Params) -> Any:
    key = store.key(needed(params, "KeyId"), alias=False)
    if key["state"] != "Enabled":
        raise Refused(409, f"Rejected.{key['state']}")
    return key


@operation
def update_rotation_policy(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    wish = yes_or_no(params, "EnableAutomaticRotation")
    text = params.get("RotationInterval", "")
    if text and not re.fullmatch(r"[0-9]{1,12}[dhms]", text):
        raise invalid("RotationInterval")
    if wish and not 7 * DAY <= seconds_of(needed(params, "RotationInterval")) <= 730 * DAY:
        raise invalid("RotationInterval")
    key = rotatable(store, params)
    if key["spec"] != "Aliyun_AES_256" or key["origin"] == "EXTERNAL":
        raise Refused(400, "Rejected.UnsupportedOperation")
    key["rotation"] = seconds_of(text) if wish else 0
    store.put("key", key["id"], key)
    return {}


@operation
def create_key_version(store: Store, params: Params) -> Answer:
    key = rotatable(store, params)
    if key["origin"] == "EXTERNAL":
        raise Refused(400, "Rejected.UnsupportedOperation")
    version = new_version(key["spec"])
    key["versions"].append(version)
    store.put("key", key["id"], key)
    return {"KeyVersion": version_of(key, version)}


@operation
def set_deletion_protection(store: Store, params: Params) -> Answer:
    wish = yes_or_no(params, "EnableDeletionProtection")
    given = params.get("KeyId") or params.get("ProtectedResourceArn")
    if not given:
        raise Refused(400, "MissingParameter", "ProtectedResourceArn")
    if "KeyId" not in params and not given.startswith(f"acs:kms:{REGION}:{ACCOUNT}:key/"):
        raise invalid("ProtectedResourceArn")
    key = store.key(given, alias=False)
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.PendingDeletion")
    key["protected"] = wish
    key["why"] = params.get("DeletionProtectionDescription", "") if wish else ""
    store.put("key", key["id"], key)
    return {}
