"""Secrets of the second endpoint."""

import re
from datetime import timedelta
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
    from_json,
    invalid,
    needed,
    now,
    operation,
    page,
    stamp,
    symmetric,
    whole,
)


@operation
def create_secret(store: Store, params: Params) -> Answer:
    name, data = needed(params, "SecretName"), needed(params, "SecretData")
    version = needed(params, "VersionId")
    kind = choice(params, "SecretDataType", ("text", "binary"), "text")
    if choice(params, "SecretType", ("Generic",), "Generic") != "Generic":
        raise invalid("SecretType")
    if not re.fullmatch(r"(?!acs/)[A-Za-z0-9_/+=.@-]{1,192}", name):
        raise invalid("SecretName")
    if len(data.encode()) > 30720:
        raise invalid("SecretData")
    if len(version) > 64:
        raise invalid("VersionId")
    tags = checked_tags(params)
    protector = ""
    if "EncryptionKeyId" in params:
        protector = symmetric(store, params["EncryptionKeyId"])["id"]
    from_json(params, "ExtendedConfig", dict)
    checked_policy(params)
    if found := store.get("secret", name):
        raise Refused(
            409, "Rejected.ResourceInDeleteWindow" if found["gone"] else "Rejected.ResourceExist"
        )
    secret = {
        "name": name,
        "born": stamp(now()),
        "gone": "",
        "protector": protector,
        "description": params.get("Description", ""),
        "tags": {tag["TagKey"]: tag.get("TagValue", "") for tag in tags or []},
        "versions": [
            {
                "id": version,
                "data": data,
                "kind": kind,
                "born": stamp(now()),
                "stages": ["ACSCurrent"],
            }
        ],
    }
    store.put("secret", name, secret)
    return {"SecretName": name, "VersionId": version, "Arn": arn(secret), "SecretType": "Generic"}


def arn(secret: Any) -> str:
    return f"acs:kms:{REGION}:{ACCOUNT}:secret/{secret['name']}"


def living(store: Store, params: Params) -> Any:
    secret = store.secret(params)
    if secret["gone"]:
        raise Refused(409, "Rejected.ResourceInDeleteWindow")
    return secret


@operation
def put_secret_value(store: Store, params: Params) -> Answer:
    data, version = needed(params, "SecretData"), needed(params, "VersionId")
    kind = choice(params, "SecretDataType", ("text", "binary"), "text")
    stages = from_json(params, "VersionStages", list)
    if stages is not None and not (
        0 < len(stages) <= 8 and all(isinstance(s, str) for s in stages)
    ):
        raise invalid("VersionStages")
    secret = living(store, params)
    if len(data.encode()) > 30720:
        raise invalid("SecretData")
    for old in secret["versions"]:
        if old["id"] == version:
            if (old["data"], old["kind"]) != (data, kind):
                raise Refused(409, "Rejected.ResourceExist")
            return put_answer(secret, old)
    new = {"id": version, "data": data, "kind": kind, "born": stamp(now()), "stages": []}
    if stages is None:
        holder = next(v for v in secret["versions"] if "ACSCurrent" in v["stages"])
        take(secret, "ACSPrevious")
        take(secret, "ACSCurrent")
        holder["stages"].append("ACSPrevious")
        new["stages"] = ["ACSCurrent"]
    else:
        for stage in stages:
            take(secret, stage)
        new["stages"] = stages
    check_labels(secret, new["stages"])
    secret["versions"].append(new)
    if len(secret["versions"]) > 10:
        unlabelled = [v for v in secret["versions"] if not v["stages"]]
        secret["versions"].remove((unlabelled or secret["versions"])[0])
    store.put("secret", secret["name"], secret)
    return put_answer(secret, new)


def put_answer(secret: Any, version: Any) -> Answer:
    stages = {"VersionStage": version["stages"]}
    return {"SecretName": secret["name"], "VersionId": version["id"], "VersionStages": stages}


def check_labels(secret: Any, more: list[str]) -> None:
    if len({stage for v in secret["versions"] for stage in v["stages"]} | set(more)) > 8:
        raise Refused(400, "Rejected.LimitExceeded")


def take(secret: Any, stage: str) -> None:
    for version in secret["versions"]:
        version["stages"] = [label for label in version["stages"] if label != stage]


@operation
def get_secret_value(store: Store, params: Params) -> Answer:
    secret = living(store, params)
    stage = params.get("VersionStage", "" if "VersionId" in params else "ACSCurrent")
    for version in secret["versions"]:
        if params.get("VersionId", version["id"]) == version["id"] and (
            not stage or stage in version["stages"]
        ):
            return {
                **put_answer(secret, version),
                "SecretData": version["data"],
                "SecretDataType": version["kind"],
                "CreateTime": version["born"],
                "SecretType": "Generic",
            }
    raise Refused(404, "Forbidden.ResourceNotFound")


@operation
def update_secret_version_stage(store: Store, params: Params) -> Answer:
    stage = needed(params, "VersionStage")
    to, off = params.get("MoveToVersion"), params.get("RemoveFromVersion")
    if not (to or off) or (stage in ("ACSCurrent", "ACSPrevious") and not to):
        raise Refused(400, "MissingParameter", "MoveToVersion")
    secret = living(store, params)
    known = {version["id"]: version for version in secret["versions"]}
    if (to or off) not in known or (off and off not in known):
        raise Refused(404, "Forbidden.ResourceNotFound")
    if off and stage not in known[off]["stages"]:
        raise invalid("RemoveFromVersion")
    check_labels(secret, [stage])
    take(secret, stage)
    if to:
        known[to]["stages"].append(stage)
    store.put("secret", secret["name"], secret)
    return {"SecretName": secret["name"]}


@operation
def list_secret_version_ids(store: Store, params: Params) -> Answer:
    every = choice(params, "IncludeDeprecated", ("true", "false"), "false") == "true"
    secret = store.secret(params)
    rows = [
        {
            "VersionId": v["id"],
            "CreateTime": v["born"],
            "VersionStages": {"VersionStage": v["stages"]},
        }
        for v in secret["versions"]
        if every or v["stages"]
    ]
    return {"SecretName": secret["name"], **page(params, rows, "VersionIds", "VersionId", 20)}


@operation
def describe_secret(store: Store, params: Params) -> Answer:
    secret = store.secret(params)
    shown = {
        "SecretName": secret["name"],
        "Arn": arn(secret),
        "CreateTime": secret["born"],
        "Description": secret["description"],
        "SecretType": "Generic",
    }
    if secret["protector"]:
        shown["EncryptionKeyId"] = secret["protector"]
    if choice(params, "FetchTags", ("true", "false"), "false") == "true":
        shown["Tags"] = {"Tag": [{"TagKey": k, "TagValue": v} for k, v in secret["tags"].items()]}
    if secret["gone"]:
        shown["PlannedDeleteTime"] = secret["gone"]
    return shown


@operation
def list_secrets(store: Store, params: Params) -> Answer:
    found = store.all("secret")
    wished: dict[str, list[str]] = {}
    for one in filters(params):
        wished.setdefault(one["Key"], []).extend(one["Values"])
    for name, values in wished.items():
        wanted = set(values)
        if name == "SecretName":
            found = [s for s in found if any(value in s["name"] for value in values)]
        elif name == "Description":
            found = [s for s in found if any(value in s["description"] for value in values)]
        elif name == "TagKey":
            found = [s for s in found if set(s["tags"]) & wanted]
        elif name == "TagValue":
            found = [s for s in found if set(s["tags"].values()) & wanted]
        elif name == "SecretType":
            found = [s for s in found if "Generic" in wanted]
        elif name == "DKMSInstanceId":
            found = []
    rows = [
        {"SecretName": s["name"], "CreateTime": s["born"], "SecretType": "Generic"} for s in found
    ]
    return page(params, rows, "SecretList", "Secret")


@operation
def update_secret(store: Store, params: Params) -> Answer:
    secret = living(store, params)
    secret["description"] = params.get("Description", secret["description"])
    store.put("secret", secret["name"], secret)
    return {"SecretName": secret["name"]}


@operation
def delete_secret(store: Store, params: Params) -> Answer:
    force = choice(params, "ForceDeleteWithoutRecovery", ("true", "false"), "false") == "true"
    days = whole(params, "RecoveryWindowInDays", 7, 30, 30)
    if force and "RecoveryWindowInDays" in params:
        raise invalid("RecoveryWindowInDays")
    secret = living(store, params)
    gone = now() if force else now() + timedelta(days=days)
    if force:
        store.drop("secret", secret["name"])
    else:
        store.put("secret", secret["name"], {**secret, "gone": stamp(gone)})
    return {"SecretName": secret["name"], "PlannedDeleteTime": stamp(gone)}


@operation
def restore_secret(store: Store, params: Params) -> Answer:
    secret = store.secret(params)
    if not secret["gone"]:
        raise Refused(409, "Rejected.ResourceInUse")
    store.put("secret", secret["name"], {**secret, "gone": ""})
    return {"SecretName": secret["name"]}
