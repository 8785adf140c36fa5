"""Tags of keys and secrets: one resource or many at a time."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.model import Key, Secret
from conformance.reference.services.finding import (
    find_key,
    invalid,
    key_by_id,
    not_found,
    require_state,
)
from conformance.reference.services.keys import live_keys
from conformance.reference.services.secret_life import find_secret, live_secrets, require_live
from conformance.reference.services.tables import maximum
from conformance.reference.services.tagging import set_tags

_POSITION = re.compile(r"row:([0-9]{1,9})")


def _one(call: Call) -> Key | Secret:
    """Return the key or secret of TagResource and UntagResource."""
    if "KeyId" in call.params:
        key = find_key(call)
        require_state(call, key)
        return key
    if "SecretName" in call.params:
        secret = find_secret(call)
        require_live(call, secret)
        return secret
    raise not_found("certificate")


@seam
def without_tags(present: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """Return a resource's tags after taking some away; keys that are not bound are skipped."""
    gone = set(keys)
    return {key: value for key, value in present.items() if key not in gone}


@handles("TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    """Set tags of a key or secret; a tag that is there changes its value."""
    thing = _one(call)
    new = {row["TagKey"]: row["TagValue"] for row in call.params["Tags"]}
    thing.tags = set_tags(call, thing.tags, new)
    return {}


@handles("UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    """Take tags of a key or secret away."""
    thing = _one(call)
    thing.tags = call.endpoint.seams.without_tags(thing.tags, call.params["TagKeys"])
    return {}


@handles("ListResourceTags")
def list_resource_tags(call: Call) -> dict[str, Any]:
    """List the tags of a key."""
    key = find_key(call)
    require_state(call, key)
    rows = [{"KeyId": key.id, "TagKey": name, "TagValue": key.tags[name]} for name in key.tags]
    return {"Tags": {"Tag": rows}}


def _require_region(call: Call) -> None:
    if call.params["RegionId"] != call.account.region:
        raise invalid(f"RegionId is not {call.account.region}.")


def _many(call: Call) -> list[Key | Secret]:
    """Return the resources of a call on many, all of them or none."""
    _require_region(call)
    things: list[Key | Secret] = []
    for identifier in call.params["ResourceId"]:
        if call.params["ResourceType"] == "key":
            key = key_by_id(call, identifier)
            require_state(call, key)
            things.append(key)
        elif call.params["ResourceType"] == "secret":
            secret = find_secret(call, identifier)
            require_live(call, secret)
            things.append(secret)
        else:
            raise invalid("ResourceType is key or secret.")
    return things


@handles("TagResources")
def tag_resources(call: Call) -> dict[str, Any]:
    """Set tags of up to 50 keys or secrets; a tag without Value is empty (inferred)."""
    new = {row["Key"]: row.get("Value", "") for row in call.params["Tag"]}
    changes = [(thing, set_tags(call, thing.tags, new)) for thing in _many(call)]
    for thing, tags in changes:
        thing.tags = tags
    return {}


@handles("UntagResources")
def untag_resources(call: Call) -> dict[str, Any]:
    """Take some tags away, or all; All counts only when no TagKey is given."""
    keys = call.params.get("TagKey")
    everything = call.params.get("All", False)
    for thing in _many(call):
        gone = keys or (list(thing.tags) if everything else [])
        thing.tags = call.endpoint.seams.without_tags(thing.tags, gone)
    return {}


def _resources(call: Call) -> list[tuple[str, Key | Secret]]:
    """Return the resources of ListTagResources by id; unknown ids are skipped (inferred)."""
    kind = call.params["ResourceType"]
    if kind == "key":
        rows: list[tuple[str, Key | Secret]] = [(key.id, key) for key in live_keys(call)]
    elif kind == "secret":
        rows = [(secret.name, secret) for secret in live_secrets(call)]
    else:
        raise invalid("ResourceType is key or secret.")
    wanted = call.params.get("ResourceId")
    return [row for row in rows if wanted is None or row[0] in wanted]


def _has(thing: Key | Secret, tags: Iterable[Mapping[str, str]]) -> bool:
    return all(
        row["Key"] in thing.tags
        and row.get("Value", thing.tags[row["Key"]]) == thing.tags[row["Key"]]
        for row in tags
    )


@seam
def position_of_token(token: str) -> int:
    """Return where a page begins.

    Raises:
        KmsError: InvalidParameter for a token that no page answered.
    """
    if not token:
        return 0
    try:
        match = _POSITION.fullmatch(base64.b64decode(token, validate=True).decode("ascii"))
    except ValueError:
        match = None
    if match is None:
        raise invalid("NextToken is not from an earlier page.")
    return int(match[1])


@seam
def token_of_position(position: int, total: int) -> str:
    """Return the token of the page that begins here; empty when there is none."""
    if position >= total:
        return ""
    return base64.b64encode(f"row:{position}".encode()).decode("ascii")


@handles("ListTagResources")
def list_tag_resources(call: Call) -> dict[str, Any]:
    """List tags of keys or secrets, a row each, up to 200 a page.

    With Tag, resources that have all of these tags (inferred).
    """
    _require_region(call)
    tags = call.params.get("Tag", ())
    rows = [
        {
            "ResourceId": identifier,
            "ResourceType": call.params["ResourceType"],
            "TagKey": key,
            "TagValue": value,
        }
        for identifier, thing in _resources(call)
        if _has(thing, tags)
        for key, value in thing.tags.items()
    ]
    seams = call.endpoint.seams
    start = seams.position_of_token(call.params.get("NextToken", ""))
    end = start + maximum("tag-rows")
    return {
        "TagResources": {"TagResource": rows[start:end]},
        "NextToken": seams.token_of_position(end, len(rows)),
    }
