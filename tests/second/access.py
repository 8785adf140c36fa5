"""Access policies, network rules and access points of the second endpoint."""

import ipaddress
import json
import re
from typing import Any

from core import (
    ACCOUNT,
    REGION,
    Answer,
    Params,
    Refused,
    Store,
    choice,
    from_json,
    invalid,
    needed,
    operation,
    page,
)


def arn(kind: str, name: str) -> str:
    return f"acs:kms:{REGION}:{ACCOUNT}:{kind}/{name}"


def existing(store: Store, kind: str, params: Params) -> Any:
    found = store.get(kind, needed(params, "Name"))
    if found is None:
        raise Refused(404, "Forbidden.ResourceNotFound")
    return found


def fresh_name(store: Store, kind: str, params: Params) -> str:
    name = needed(params, "Name")
    if not re.fullmatch(r"[A-Za-z0-9_.@+=/-]{1,192}", name):
        raise invalid("Name")
    if store.get(kind, name):
        raise Refused(409, "Rejected.ResourceExist")
    return name


def addresses(params: Params) -> list[str]:
    given = from_json(params, "SourcePrivateIp", list) or []
    for one in given:
        try:
            ipaddress.ip_network(str(one), strict=False)
        except ValueError:
            raise invalid("SourcePrivateIp") from None
    return given


@operation
def create_network_rule(store: Store, params: Params) -> Answer:
    needed(params, "Type")
    choice(params, "Type", ("Private",))
    given = addresses(params)
    name = fresh_name(store, "network-rule", params)
    rule = {
        "Name": name,
        "Type": "Private",
        "SourcePrivateIp": json.dumps(given),
        "Description": params.get("Description", ""),
        "Arn": arn("networkrule", name),
    }
    store.put("network-rule", name, rule)
    return rule


@operation
def describe_network_rule(store: Store, params: Params) -> Answer:
    rule = existing(store, "network-rule", params)
    return {name: value for name, value in rule.items() if name != "Name"}


@operation
def update_network_rule(store: Store, params: Params) -> Answer:
    given = addresses(params)
    rule = existing(store, "network-rule", params)
    if "SourcePrivateIp" in params:
        rule["SourcePrivateIp"] = json.dumps(given)
    if "Description" in params:
        rule["Description"] = params["Description"]
    store.put("network-rule", params["Name"], rule)
    return {}


@operation
def delete_network_rule(store: Store, params: Params) -> Answer:
    existing(store, "network-rule", params)
    store.drop("network-rule", params["Name"])
    return {}


@operation
def list_network_rules(store: Store, params: Params) -> Answer:
    rows = [{"Name": r["Name"], "Type": r["Type"]} for r in store.all("network-rule")]
    return page(params, rows, "NetworkRules", "NetworkRule", 20)
