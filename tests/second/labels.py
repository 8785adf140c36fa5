"""Tags of many resources at once, at the second endpoint."""

import re
from typing import Any

from core import Answer, Params, Refused, Store, choice, invalid, needed, operation

LETTERS = r"[A-Za-z0-9/\\_.+=:@-]"
ROWS = 200


def numbered(params: Params, stem: str, most: int, tail: str = "") -> list[str]:
    found = {}
    for name, value in params.items():
        if match := re.fullmatch(rf"{stem}\.([0-9]{{1,4}}){tail}", name):
            found[int(match[1])] = value
    if len(found) > most:
        raise invalid(stem)
    return [found[number] for number in sorted(found)]


def tags_of(params: Params) -> dict[str, str]:
    names = numbered(params, "Tag", 20, r"\.Key")
    values = {n: params.get(f"Tag.{n}.Value", "") for n in range(1, len(names) + 1)}
    for number, name in enumerate(names, 1):
        if not re.fullmatch(rf"(?!aliyun|acs:){LETTERS}{{1,128}}", name):
            raise invalid("Tag")
        if not re.fullmatch(rf"{LETTERS}{{0,128}}", values[number]):
            raise invalid("Tag")
    return {name: values[number] for number, name in enumerate(names, 1)}


def named_things(store: Store, params: Params) -> tuple[str, list[Any]]:
    needed(params, "RegionId")
    needed(params, "ResourceType")
    kind = choice(params, "ResourceType", ("key", "secret"))
    ids = numbered(params, "ResourceId", 50)
    if not ids:
        raise Refused(400, "MissingParameter", "ResourceId")
    look = store.key if kind == "key" else lambda name: store.secret({"SecretName": name})
    return kind, [look(one) for one in ids]


@operation
def tag_resources(store: Store, params: Params) -> Answer:
    tags = tags_of(params)
    kind, things = named_things(store, params)
    if not tags:
        raise Refused(400, "MissingParameter", "Tag")
    for thing in things:
        thing["tags"].update(tags)
        if len(thing["tags"]) > 20:
            raise Refused(400, "Rejected.LimitExceeded")
        store.put(kind, thing.get("id") or thing["name"], thing)
    return {}


@operation
def untag_resources(store: Store, params: Params) -> Answer:
    names = numbered(params, "TagKey", 20)
    everything = choice(params, "All", ("true", "false", "True", "False"), "false").lower()
    kind, things = named_things(store, params)
    for thing in things:
        for name in names or (list(thing["tags"]) if everything == "true" else []):
            thing["tags"].pop(name, None)
        store.put(kind, thing.get("id") or thing["name"], thing)
    return {}


@operation
def list_tag_resources(store: Store, params: Params) -> Answer:
    needed(params, "RegionId")
    needed(params, "ResourceType")
    kind = choice(params, "ResourceType", ("key", "secret"))
    wanted, ids = tags_of(params), numbered(params, "ResourceId", 50)
    after = params.get("NextToken") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", after):
        raise invalid("NextToken")
    rows = []
    for thing in reversed(store.all(kind)):
        name = thing.get("id") or thing["name"]
        if ids and name not in ids:
            continue
        if any(thing["tags"].get(key, value) != value for key, value in wanted.items() if value):
            continue
        if not set(wanted) <= set(thing["tags"]):
            continue
        rows += [
            {"ResourceId": name, "ResourceType": kind, "TagKey": key, "TagValue": value}
            for key, value in thing["tags"].items()
        ]
    end = int(after) + ROWS
    token = str(end) if end < len(rows) else ""
    return {"TagResources": {"TagResource": rows[int(after) : end]}, "NextToken": token}
