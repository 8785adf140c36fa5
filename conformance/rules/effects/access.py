"""Effects on policies of keys and secrets, and on access points with what they consist of."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, expect_shown, gone, new_key
from conformance.rules.lists import find_row, texts
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec.catalogue import catalogue
from conformance.wire.failures import WireError
from conformance.wire.times import parse_iso

_POLICIES = "Overview of key policies; Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_POINTS = "Use application access points page (zh); Go SDK v4.1.0"


def _policy(kms: Kms) -> dict[str, Any]:
    principal = kms.provide("account")["principal"]
    everything = {
        "Sid": "kms-all",
        "Effect": "Allow",
        "Principal": {"RAM": [principal]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }
    denied = {
        "Sid": f"deny-{kms.random.getrandbits(32):08x}",
        "Effect": "Deny",
        "Principal": {"RAM": [principal]},
        "Action": ["kms:AsymmetricSign"],
        "Resource": ["*"],
    }
    return {"Version": "1", "Statement": [everything, denied]}


def statements_of(exchange: Exchange) -> list[Any]:
    """Return the statements of a policy with every value that may be one or several as a list."""
    try:
        policy = json.loads(str(exchange.data.get("Policy")))
        rows = policy["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    return [_listed(row) for row in rows] if isinstance(rows, list) else []


def _listed(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    found = dict(row)
    for name in ("Action", "Resource"):
        if isinstance(found.get(name), str):
            found[name] = [found[name]]
    principal = found.get("Principal")
    if isinstance(principal, Mapping) and isinstance(principal.get("RAM"), str):
        found["Principal"] = {"RAM": [principal["RAM"]]}
    return found


@rule(
    "EFF-061",
    level=Level.MUST,
    family="effects",
    statement="The policy that a key of an instance is created with is the one that is told.",
    provenance="documented",
    source=_POLICIES,
    stage="service",
    operations=("CreateKey", "GetKeyPolicy"),
    safety="creates",
    readings=("policy-name",),
)
def policy_at_creation(kms: Kms) -> None:
    """Create a key with a policy and read it."""
    policy = _policy(kms)
    key_id = new_key(kms, DKMSInstanceId=kms.provide("instance")["id"], Policy=policy)
    expect_shown(
        kms,
        lambda: kms.call("GetKeyPolicy", {"KeyId": key_id, "PolicyName": "default"}),
        lambda exchange: statements_of(exchange) == policy["Statement"],
        "GetKeyPolicy tells the statements that CreateKey was given",
    )


def _owners() -> list[Case]:
    return [Case("key", "Key"), Case("secret", "Secret")]


@rule(
    "EFF-060",
    level=Level.MUST,
    family="effects",
    statement="The policy that is set on a key or secret of an instance is the one that is told.",
    provenance="documented",
    source=_POLICIES,
    stage="service",
    promises=("semantics/policy-kept",),
    operations=("SetKeyPolicy", "GetKeyPolicy", "SetSecretPolicy", "GetSecretPolicy"),
    safety="creates",
    readings=("policy-name",),
    cases=_owners,
)
def policy_is_kept(kms: Kms, kind: str) -> None:
    """Set a policy and read it."""
    bundle = kms.provide(f"instance-{kind.lower()}", fresh=True)
    reference = {"KeyId": bundle["id"]} if kind == "Key" else {"SecretName": bundle["name"]}
    for _ in range(2):  # the second policy replaces the first
        policy = _policy(kms)
        done(kms, f"Set{kind}Policy", {**reference, "PolicyName": "default", "Policy": policy})
    expect_shown(
        kms,
        lambda: kms.call(f"Get{kind}Policy", {**reference, "PolicyName": "default"}),
        lambda exchange: statements_of(exchange) == policy["Statement"],
        f"Get{kind}Policy tells the statements that were set",
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of thing of access points.

    Attributes:
        name: As `Kms.provide` and the journal name it.
        operation: What follows Create, Describe, Update and Delete.
        listing: The list operation.
        wish: Members that its description must show, from the bundle's name.
        change: Returns parameters of an update, the members that then show.
        beyond: Returns parameters with one entry more than there may be, from those that are taken.
    """

    name: str
    operation: str
    listing: str
    create: Callable[[Kms], dict[str, Any]]
    change: Callable[[Kms], dict[str, Any]]
    beyond: Callable[[Kms, Mapping[str, Any]], dict[str, Any]] | None = None


def _rule_request(_: Kms) -> dict[str, Any]:
    return {"Type": "Private", "SourcePrivateIp": ["10.1.0.0/16", "192.168.3.4"]}


def _policy_request(kms: Kms) -> dict[str, Any]:
    return {
        "Permissions": ["RbacPermission/Template/CryptoServiceKeyUser"],
        "Resources": ["key/*"],
        "KmsInstance": kms.provide("instance")["id"],
        "AccessControlRules": kms.provide("network-rule")["references"],
    }


def _point_request(kms: Kms) -> dict[str, Any]:
    most = catalogue().limit("policies-per-access-point").max
    assert most is not None
    policies = [kms.provide("access-policy")["name"]]
    policies += [_new_policy(kms) for _ in range(most - 1)]
    return {"AuthenticationMethod": "ClientKey", "Policies": policies}


def _new_policy(kms: Kms) -> Any:
    return kms.provide("access-policy", fresh=True)["name"]


def _one_policy_more(kms: Kms, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"Policies": [*asked["Policies"], _new_policy(kms)]}


def _rule_change(_: Kms) -> dict[str, Any]:
    return {"SourcePrivateIp": ["10.2.0.0/16"]}


def _policy_change(kms: Kms) -> dict[str, Any]:
    return {
        "Permissions": ["RbacPermission/Template/CryptoServiceSecretUser"],
        "Resources": ["secret/*"],
        "AccessControlRules": kms.provide("network-rule", fresh=True)["references"],
    }


def _point_change(kms: Kms) -> dict[str, Any]:
    return {"Policies": [_new_policy(kms)]}


_KINDS = (
    _Kind("network-rule", "NetworkRule", "ListNetworkRules", _rule_request, _rule_change),
    _Kind("access-policy", "Policy", "ListPolicies", _policy_request, _policy_change),
    _Kind("access-point", "ApplicationAccessPoint", "ListApplicationAccessPoints",
          _point_request, _point_change, _one_policy_more),
)  # fmt: skip


def _kinds() -> list[Case]:
    return [Case(kind.name, kind, f"Create{kind.operation}") for kind in _KINDS]


def _members(found: Any) -> Mapping[str, Any]:
    """Return an object that is told as such or as its JSON text."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return {}
    return found if isinstance(found, Mapping) else {}


def _shows(members: Mapping[str, Any]) -> Callable[[Exchange], bool]:
    def compare(exchange: Exchange) -> bool:
        for name, wish in members.items():
            found = exchange.data.get(name)
            if found is None:
                continue  # no source promises that every member is always there
            if isinstance(wish, list):
                # No page promises an order.
                if sorted(texts(found)) != sorted(wish):
                    return False
            elif isinstance(wish, Mapping):
                told = _members(found)
                if any(told.get(inner) != value for inner, value in wish.items()):
                    return False
            elif isinstance(wish, str) and found != wish:
                return False
        return True

    return compare


@rule(
    "EFF-070",
    level=Level.MUST,
    family="effects",
    statement="Network rules, access policies and access points are described and listed as they "
    "were created, show what was updated and nothing else, and are gone when deleted; an access "
    "point takes three policies, and no fourth.",
    provenance="documented",
    source=_POINTS,
    stage="service",
    safety="schedules-deletion",
    readings=("access-point-change",),
    cases=_kinds,
)
def access_things_live(kms: Kms, kind: _Kind) -> None:
    """Create, describe, list, update and delete one."""
    name = kms.fresh_name(kind.name)
    asked = {**kind.create(kms), "Description": f"{kms.marker} 接入"}
    created = done(kms, f"Create{kind.operation}", {"Name": name, **asked})
    kms.expect(created.data.get("Name", name) == name, "the answer tells the name", created)

    def describe() -> Exchange:
        return kms.call(f"Describe{kind.operation}", {"Name": name})

    told = f"Describe{kind.operation} shows what was asked for"
    expect_shown(kms, describe, _shows(asked), told)
    row, page = find_row(kms, kind.listing, "Name", name)
    kms.expect(row is not None, f"{kind.listing} lists what was created", page)
    if kind.beyond is not None:
        more = kind.beyond(kms, asked)
        other = {**asked, **more, "Name": kms.fresh_name(kind.name)}
        why = f"one more of {', '.join(more)} than there may be"
        kms.expect_refused(kms.call(f"Create{kind.operation}", other), why=why)
        kms.expect_refused(kms.call(f"Update{kind.operation}", {"Name": name, **more}), why=why)
    change = {**kind.change(kms), "Description": f"{kms.marker} changed"}
    done(kms, f"Update{kind.operation}", {"Name": name, **change})
    told = f"Describe{kind.operation} shows what was updated and what was left"
    expect_shown(kms, describe, _shows({**asked, **change}), told)
    done(kms, f"Delete{kind.operation}", {"Name": name})
    gone(kms, describe(), "Forbidden.ResourceNotFound")
    row, page = find_row(kms, kind.listing, "Name", name)
    kms.expect(row is None, f"{kind.listing} has what was deleted no longer", page)


@rule(
    "EFF-071",
    level=Level.MUST,
    family="effects",
    statement="A created client key is told by GetClientKey and ListClientKeys of its access "
    "point, without its private key, and is gone when deleted.",
    provenance="documented",
    source=_POINTS,
    stage="service",
    operations=("CreateClientKey", "GetClientKey", "ListClientKeys", "DeleteClientKey"),
    safety="schedules-deletion",
)
def client_key_lives(kms: Kms) -> None:
    """Create, get, list and delete a client key."""
    point = str(kms.provide("access-point", fresh=True)["name"])
    password = f"Aa1-{kms.random.getrandbits(64):016x}"
    created = done(kms, "CreateClientKey", {"AapName": point, "Password": password})
    key_id = str(created.data.get("ClientKeyId"))
    got = kms.expect_success(kms.call("GetClientKey", {"ClientKeyId": key_id}, method="GET"))
    for member, wish in (("ClientKeyId", key_id), ("AapName", point)):
        kms.expect(got.data.get(member, wish) == wish, f"GetClientKey tells {member}", got)
    _expect_years(kms, created, 5)
    private = str(created.data.get("PrivateKeyData"))
    kms.expect(private.encode() not in got.response_body, "the private key is told once", got)
    kms.expect(key_id in _client_keys(kms, point), "ListClientKeys lists it", kms.exchanges[-1])
    done(kms, "DeleteClientKey", {"ClientKeyId": key_id})
    gone(
        kms,
        kms.call("GetClientKey", {"ClientKeyId": key_id}, method="GET"),
        "Forbidden.ResourceNotFound",
    )
    kms.expect(
        key_id not in _client_keys(kms, point),
        "ListClientKeys has what was deleted no longer",
        kms.exchanges[-1],
    )


def _expect_years(kms: Kms, created: Exchange, years: int) -> None:
    try:
        begin, end = (parse_iso(str(created.data.get(n))) for n in ("NotBefore", "NotAfter"))
    except WireError:
        kms.violated("NotBefore and NotAfter are times", created)
    lasts = end - begin
    kms.expect(
        abs(lasts - timedelta(days=365.25 * years)) < timedelta(days=years + 2),
        f"a client key is valid for {years} years, found {lasts.days} days",
        created,
    )


@rule(
    "EFF-072",
    level=Level.MUST,
    family="effects",
    statement="An access point has three client keys at most; a client key is valid for the time "
    "that was asked for.",
    provenance="documented",
    source=_POINTS,
    stage="state",
    promises=(
        "limit/client-keys-per-access-point",
        "limit/client-key-life",
    ),
    operations=("CreateClientKey",),
    safety="creates",
)
def three_client_keys(kms: Kms) -> None:
    """Create one client key more than there may be, the first for a year."""
    point = str(kms.provide("access-point", fresh=True)["name"])
    most = catalogue().limit("client-keys-per-access-point").max
    assert most is not None
    request = {"AapName": point, "Password": f"Aa1-{kms.random.getrandbits(64):016x}"}
    year = kms.provide("validity")
    wish = {"NotBefore": year["NotBefore"], "NotAfter": year["NotAfter"]}
    _expect_years(kms, done(kms, "CreateClientKey", {**request, **wish}), 1)
    for _ in range(most - 1):
        done(kms, "CreateClientKey", request)
    kms.expect_refused(kms.call("CreateClientKey", request), why=f"there are {most} already")
    kms.expect(len(_client_keys(kms, point)) == most, f"{most} are listed", kms.exchanges[-1])


def _client_keys(kms: Kms, point: str) -> list[str]:
    listed = kms.expect_success(kms.call("ListClientKeys", {"AapName": point}, method="GET"))
    rows = listed.data.get("ClientKeys") or []
    return [str(row.get("ClientKeyId")) for row in rows if isinstance(row, Mapping)]


@rule(
    "EFF-092",
    level=Level.SHOULD,
    family="effects",
    statement="Names of network rules, access policies and access points are given once: creating "
    "with a taken name is refused, and what has the name stays as it is.",
    provenance="inferred",
    source="names are what DescribeNetworkRule and its like are asked for; no page replaces",
    stage="state",
    safety="creates",
    cases=_kinds,
)
def access_names_are_given_once(kms: Kms, kind: _Kind) -> None:
    """Create one twice, with another description."""
    name = kms.fresh_name(kind.name)
    asked = {"Name": name, **kind.create(kms), "Description": f"{kms.marker} first"}
    done(kms, f"Create{kind.operation}", asked)
    again = kms.call(f"Create{kind.operation}", {**asked, "Description": f"{kms.marker} second"})
    kms.expect_refused(again, why="the name is taken")
    described = done(kms, f"Describe{kind.operation}", {"Name": name})
    kms.expect(
        described.data.get("Description", asked["Description"]) == asked["Description"],
        "what has the name stays as it is",
        described,
    )
