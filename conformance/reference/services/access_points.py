"""Application access points: access points, their policies, and network rules."""

import ipaddress
import json
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.model import AccessPoint, AccessPolicy, NetworkRule
from conformance.reference.services.finding import (
    find_instance,
    invalid,
    named,
    require_free,
)
from conformance.reference.services.paging import page

#: Scope of a policy for the shared gateway, in place of an instance.
_SHARED = "shared"
#: Methods, permissions and networks that the service knows; the API pages list the first of each
#: (of permissions the first two), console and official tools the rest as well.
_NETWORKS = ("Private", "Public", "VPC")
_METHODS = ("ClientKey", "RAMRole")
_PERMISSIONS = tuple(
    f"RbacPermission/Template/{role}"
    for role in ("CryptoServiceKeyUser", "CryptoServiceSecretUser", "SecretUser")
)


@seam
def require_known_policies(call: Call, names: list[str]) -> None:
    """Refuse an access point whose policies do not exist."""
    for name in names:
        named(call.account.access_policies, name, "policy")


def _show_point(call: Call, point: AccessPoint) -> dict[str, Any]:
    return {
        "Name": point.name,
        "Arn": call.account.arn("aap", point.name),
        "AuthenticationMethod": point.authentication_method,
        "Description": point.description,
        "Policies": json.dumps(point.policies),
    }


@handles("CreateApplicationAccessPoint")
def create_access_point(call: Call) -> dict[str, Any]:
    """Make an access point with up to three policies."""
    params = call.params
    require_free(call.account.access_points, params["Name"], "application access point")
    method = params.get("AuthenticationMethod", "ClientKey")
    if method not in _METHODS:
        raise invalid(f"AuthenticationMethod is one of {', '.join(_METHODS)}.")
    call.endpoint.seams.require_known_policies(call, params["Policies"])
    point = AccessPoint(
        params["Name"], call.now, method, params.get("Description", ""), list(params["Policies"])
    )
    call.account.access_points[point.name] = point
    return _show_point(call, point)


def _point(call: Call) -> AccessPoint:
    return named(call.account.access_points, call.params["Name"], "application access point")


@handles("DescribeApplicationAccessPoint")
def describe_access_point(call: Call) -> dict[str, Any]:
    """Show an access point."""
    return _show_point(call, _point(call))


@handles("ListApplicationAccessPoints")
def list_access_points(call: Call) -> dict[str, Any]:
    """List access points, oldest first."""
    rows = list(call.account.access_points.values())
    return page(
        call,
        rows,
        lambda point: {
            "Name": point.name,
            "AuthenticationMethod": point.authentication_method,
        },
    )


@handles("UpdateApplicationAccessPoint")
def update_access_point(call: Call) -> dict[str, Any]:
    """Change description and policies, effective at once; what is not given stays."""
    point = _point(call)
    if "Policies" in call.params:
        call.endpoint.seams.require_known_policies(call, call.params["Policies"])
        point.policies = list(call.params["Policies"])
    point.description = call.params.get("Description", point.description)
    return {}


@handles("DeleteApplicationAccessPoint")
def delete_access_point(call: Call) -> dict[str, Any]:
    """Delete an access point and its client keys."""
    point = _point(call)
    keys = call.account.client_keys
    for key in [row for row in keys.values() if row.access_point == point.name]:
        del keys[key.id]
    del call.account.access_points[point.name]
    return {}


def _rules_of(call: Call) -> dict[str, Any]:
    """Return AccessControlRules; the network rules it names must exist."""
    rules: dict[str, Any] = call.params.get("AccessControlRules", {})
    call.endpoint.seams.require_known_rules(call, rules.get("NetworkRules", []))
    return rules


@seam
def require_known_rules(call: Call, names: list[str]) -> None:
    """Refuse a policy whose network rules do not exist."""
    for name in names:
        named(call.account.network_rules, name, "network rule")


def _require_permissions(call: Call) -> None:
    if not set(call.params.get("Permissions", ())) <= set(_PERMISSIONS):
        raise invalid(f"Permissions are among {', '.join(_PERMISSIONS)}.")


@handles("CreatePolicy")
def create_policy(call: Call) -> dict[str, Any]:
    """Make a policy of access points; lists come back as JSON text."""
    params = call.params
    require_free(call.account.access_policies, params["Name"], "policy")
    _require_permissions(call)
    if params.get("KmsInstance", _SHARED) != _SHARED:
        find_instance(call, "KmsInstance")
    policy = AccessPolicy(
        params["Name"],
        call.now,
        params.get("Description", ""),
        list(params["Permissions"]),
        list(params["Resources"]),
        _rules_of(call),
        params.get("KmsInstance"),
    )
    call.account.access_policies[policy.name] = policy
    return {
        **_show_policy(call, policy),
        "Permissions": json.dumps(policy.permissions),
        "Resources": json.dumps(policy.resources),
    }


def _show_policy(call: Call, policy: AccessPolicy) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Name": policy.name,
        "Arn": call.account.arn("policy", policy.name),
        "Description": policy.description,
        "Permissions": policy.permissions,
        "Resources": policy.resources,
        "AccessControlRules": json.dumps(policy.access_control_rules),
    }
    if policy.kms_instance is not None:
        shown["KmsInstance"] = policy.kms_instance
    return shown


def _policy(call: Call) -> AccessPolicy:
    return named(call.account.access_policies, call.params["Name"], "policy")


@handles("DescribePolicy")
def describe_policy(call: Call) -> dict[str, Any]:
    """Show a policy; permissions and resources as lists, rules as JSON text."""
    return _show_policy(call, _policy(call))


@handles("ListPolicies")
def list_policies(call: Call) -> dict[str, Any]:
    """List policies, oldest first."""
    rows = list(call.account.access_policies.values())
    return page(call, rows, lambda policy: {"Name": policy.name})


@handles("UpdatePolicy")
def update_policy(call: Call) -> dict[str, Any]:
    """Change a policy; what is not given stays, name and scope always."""
    policy = _policy(call)
    _require_permissions(call)
    if "AccessControlRules" in call.params:
        policy.access_control_rules = _rules_of(call)
    policy.permissions = list(call.params.get("Permissions", policy.permissions))
    policy.resources = list(call.params.get("Resources", policy.resources))
    policy.description = call.params.get("Description", policy.description)
    return {}


@handles("DeletePolicy")
def delete_policy(call: Call) -> dict[str, Any]:
    """Delete a policy; access points that have it lose it."""
    policy = _policy(call)
    for point in call.account.access_points.values():
        point.policies = [name for name in point.policies if name != policy.name]
    del call.account.access_policies[policy.name]
    return {}


def _addresses(call: Call) -> list[str]:
    """Return SourcePrivateIp; every entry is an address or a network.

    Raises:
        KmsError: InvalidParameter.
    """
    addresses: list[str] = call.params.get("SourcePrivateIp", [])
    for address in addresses:
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise invalid("SourcePrivateIp has an entry that is no address.") from None
    return list(addresses)


def _show_rule(call: Call, rule: NetworkRule) -> dict[str, Any]:
    return {
        "Arn": call.account.arn("networkrule", rule.name),
        "Description": rule.description,
        "Type": rule.type,
        "SourcePrivateIp": json.dumps(rule.source_private_ip),
    }


@handles("CreateNetworkRule")
def create_network_rule(call: Call) -> dict[str, Any]:
    """Make a network rule; the API page lists Private, the console has the other types as well."""
    params = call.params
    require_free(call.account.network_rules, params["Name"], "network rule")
    if params["Type"] not in _NETWORKS:
        raise invalid(f"Type is one of {', '.join(_NETWORKS)}.")
    rule = NetworkRule(
        params["Name"], call.now, params["Type"], params.get("Description", ""), _addresses(call)
    )
    call.account.network_rules[rule.name] = rule
    return {"Name": rule.name, **_show_rule(call, rule)}


def _rule(call: Call) -> NetworkRule:
    return named(call.account.network_rules, call.params["Name"], "network rule")


@handles("DescribeNetworkRule")
def describe_network_rule(call: Call) -> dict[str, Any]:
    """Show a network rule."""
    return _show_rule(call, _rule(call))


@handles("ListNetworkRules")
def list_network_rules(call: Call) -> dict[str, Any]:
    """List network rules, oldest first."""
    rows = list(call.account.network_rules.values())
    return page(call, rows, lambda rule: {"Name": rule.name, "Type": rule.type})


@handles("UpdateNetworkRule")
def update_network_rule(call: Call) -> dict[str, Any]:
    """Change a network rule; what is not given stays, name and type always."""
    rule = _rule(call)
    if "SourcePrivateIp" in call.params:
        rule.source_private_ip = _addresses(call)
    rule.description = call.params.get("Description", rule.description)
    return {}


@handles("DeleteNetworkRule")
def delete_network_rule(call: Call) -> dict[str, Any]:
    """Delete a network rule; policies that name it lose it."""
    rule = _rule(call)
    for policy in call.account.access_policies.values():
        names = policy.access_control_rules.get("NetworkRules", [])
        if rule.name in names:
            left = [name for name in names if name != rule.name]
            policy.access_control_rules = {**policy.access_control_rules, "NetworkRules": left}
    del call.account.network_rules[rule.name]
    return {}
