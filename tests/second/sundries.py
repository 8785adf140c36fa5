"""Tags, passwords and the service itself."""

import secrets
import string
from typing import Any

from core import (
    REGION,
    Answer,
    Params,
    Refused,
    Store,
    checked_tags,
    choice,
    from_json,
    invalid,
    needed,
    operation,
    whole,
)


def tagged(store: Store, params: Params) -> tuple[str, Any]:
    if ("KeyId" in params) == ("SecretName" in params):
        raise invalid("KeyId") if "KeyId" in params else Refused(400, "MissingParameter", "KeyId")
    if "KeyId" in params:
        key = store.key(params["KeyId"])
        if key["state"] == "PendingDeletion":
            raise Refused(409, "Rejected.PendingDeletion")
        return "key", key
    return "secret", store.secret(params)


@operation
def tag_resource(store: Store, params: Params) -> Answer:
    needed(params, "Tags")
    tags = checked_tags(params)
    kind, thing = tagged(store, params)
    thing["tags"].update({tag["TagKey"]: tag.get("TagValue", "") for tag in tags or []})
    if len(thing["tags"]) > 20:
        raise Refused(400, "Rejected.LimitExceeded")
    store.put(kind, thing.get("id") or thing["name"], thing)
    return {}


@operation
def untag_resource(store: Store, params: Params) -> Answer:
    text = needed(params, "TagKeys")
    names = from_json(params, "TagKeys", list) if text.startswith("[") else text.split(",")
    kind, thing = tagged(store, params)
    if not names or not all(isinstance(name, str) for name in names):
        raise invalid("TagKeys")
    for name in names:
        thing["tags"].pop(name, None)
    store.put(kind, thing.get("id") or thing["name"], thing)
    return {}


@operation
def list_resource_tags(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"))
    rows = [{"KeyId": key["id"], "TagKey": k, "TagValue": v} for k, v in key["tags"].items()]
    return {"Tags": {"Tag": rows}}


@operation
def get_random_password(store: Store, params: Params) -> Answer:
    length = whole(params, "PasswordLength", 8, 128, 32)
    kinds = {
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeNumbers": string.digits,
        "ExcludePunctuation": "!#$%&()*+,-./:;<=>?@[]^_{|}~",
    }
    off = {name for name in kinds if choice(params, name, ("true", "false"), "false") == "true"}
    every = choice(params, "RequireEachIncludedType", ("true", "false"), "false") == "true"
    excluded = set(params.get("ExcludeCharacters", ""))
    groups = [[c for c in text if c not in excluded] for n, text in kinds.items() if n not in off]
    groups = [group for group in groups if group]
    if not groups:
        raise invalid("ExcludeCharacters")
    chosen = [secrets.choice(group) for group in groups] if every else []
    pool = [character for group in groups for character in group]
    chosen += [secrets.choice(pool) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return {"RandomPassword": "".join(chosen)}


@operation
def describe_regions(store: Store, params: Params) -> Answer:
    return {"Regions": {"Region": [{"RegionId": REGION}, {"RegionId": "cn-shanghai"}]}}


@operation
def describe_account_kms_status(store: Store, params: Params) -> Answer:
    return {"AccountStatus": "Enabled"}


@operation
def open_kms_service(store: Store, params: Params) -> Answer:
    raise Refused(400, "Forbidden.Opened")
