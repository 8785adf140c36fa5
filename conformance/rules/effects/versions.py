"""Effects on versions and stages of secrets, and on those that rotate."""

import json
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, new_secret
from conformance.rules.effects.secrets import expect_value, stages_of, value_of
from conformance.rules.lists import pages
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.spec.catalogue import catalogue

_VERSIONS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_ROTATE = "Rotate generic secrets page, AlibabaCloudDocs/kms (2021-07)"


def _put(kms: Kms, name: str, version: str, **params: Any) -> str:
    value = f"value-{kms.random.getrandbits(96):024x}"
    request = {"SecretName": name, "SecretData": value, "VersionId": version, **params}
    done(kms, "PutSecretValue", request)
    return value


def _versions(kms: Kms, name: str, *, deprecated: bool = False) -> dict[str, set[str]]:
    """Return stages by version id, as ListSecretVersionIds tells them."""
    request = {"SecretName": name, **({"IncludeDeprecated": "true"} if deprecated else {})}
    found: dict[str, set[str]] = {}
    for _, rows in pages(kms, "ListSecretVersionIds", request):
        for row in rows:
            stages = (row.get("VersionStages") or {}).get("VersionStage") or []
            found[str(row.get("VersionId"))] = set(stages)
    return found


@rule(
    "EFF-050",
    level=Level.MUST,
    family="effects",
    statement="PutSecretValue adds a version that becomes ACSCurrent, and the former one becomes "
    "ACSPrevious; each value is read by its version and by its stage.",
    provenance="documented",
    source=_VERSIONS,
    stage="service",
    promises=(
        "semantics/secret-put",
        "semantics/secret-read",
    ),
    operations=("PutSecretValue", "GetSecretValue", "ListSecretVersionIds"),
    safety="creates",
)
def versions_follow(kms: Kms) -> None:
    """Add two versions, read every one."""
    name, first = new_secret(kms)
    second = _put(kms, name, "v2")
    expect_value(kms, name, second, "v2", "ACSCurrent")
    expect_value(kms, name, first, "v1", "ACSPrevious", VersionStage="ACSPrevious")
    third = _put(kms, name, "v3")
    expect_value(kms, name, third, "v3", VersionStage="ACSCurrent")
    expect_value(kms, name, second, "v2", VersionStage="ACSPrevious")
    for version, value in (("v1", first), ("v2", second), ("v3", third)):
        expect_value(kms, name, value, version, VersionId=version)
    found = _versions(kms, name)
    kms.expect(
        found.get("v3") == {"ACSCurrent"} and found.get("v2") == {"ACSPrevious"},
        "ListSecretVersionIds shows v3 as ACSCurrent and v2 as ACSPrevious",
        kms.exchanges[-1],
    )


@rule(
    "EFF-051",
    level=Level.MUST,
    family="effects",
    statement="ListSecretVersionIds shows versions with a stage, and with IncludeDeprecated those "
    "without one as well.",
    provenance="documented",
    source=_VERSIONS,
    stage="service",
    promises=("semantics/secret-list-versions",),
    operations=("ListSecretVersionIds",),
    safety="creates",
)
def deprecated_versions(kms: Kms) -> None:
    """Let a version lose its stages."""
    name, _ = new_secret(kms)
    _put(kms, name, "v2")
    _put(kms, name, "v3")
    kms.expect(
        set(_versions(kms, name)) == {"v2", "v3"},
        "versions without a stage are left out",
        kms.exchanges[-1],
    )
    kms.expect(
        set(_versions(kms, name, deprecated=True)) == {"v1", "v2", "v3"},
        "IncludeDeprecated shows versions without a stage",
        kms.exchanges[-1],
    )


@rule(
    "EFF-052",
    level=Level.MUST,
    family="effects",
    statement="PutSecretValue with VersionStages gives the version exactly these stages; "
    "ACSCurrent and ACSPrevious stay where they are.",
    provenance="documented",
    source=_ROTATE,
    stage="service",
    promises=("semantics/secret-put-stages",),
    operations=("PutSecretValue",),
    safety="creates",
)
def own_stages(kms: Kms) -> None:
    """Add a version with a stage of the caller's."""
    name, first = new_secret(kms)
    second = _put(kms, name, "v2", VersionStages=["certified"])
    expect_value(kms, name, first, "v1", "ACSCurrent")
    expect_value(kms, name, second, "v2", VersionStage="certified")
    exchange = kms.exchanges[-1]
    kms.expect(
        stages_of(exchange) == {"certified"}, "the version has the named stage only", exchange
    )


@rule(
    "EFF-053",
    level=Level.MUST,
    family="effects",
    statement="UpdateSecretVersionStage moves a stage: it is on one version at a time, and reads "
    "by stage follow it; a stage of the caller's can be taken away.",
    provenance="documented",
    source=_VERSIONS,
    stage="service",
    promises=("semantics/secret-stage-single",),
    operations=("UpdateSecretVersionStage",),
    safety="creates",
    readings=("previous-stage-follows",),
)
def stages_move(kms: Kms) -> None:
    """Move a stage of one's own, with and without telling from where, ACSCurrent, and take away."""
    name, first = new_secret(kms)
    second = _put(kms, name, "v2", VersionStages=["ACSCurrent", "certified"])
    expect_value(kms, name, second, "v2", "ACSCurrent")
    move = {"SecretName": name, "VersionStage": "certified"}
    done(
        kms,
        "UpdateSecretVersionStage",
        {**move, "RemoveFromVersion": "v2", "MoveToVersion": "v1"},
    )
    expect_value(kms, name, first, "v1", VersionStage="certified")
    _expect_holder(kms, name, "certified", "v1")
    # Whether RemoveFromVersion may be left out, no page says: moved or not, there is one holder.
    alone = kms.call("UpdateSecretVersionStage", {**move, "MoveToVersion": "v2"})
    holder, value = ("v2", second) if alone.ok else ("v1", first)
    _expect_holder(kms, name, "certified", holder)
    expect_value(kms, name, value, holder, VersionStage="certified")
    current = {"SecretName": name, "VersionStage": "ACSCurrent", "MoveToVersion": "v1"}
    done(kms, "UpdateSecretVersionStage", current)
    expect_value(kms, name, first, "v1", "ACSCurrent")
    found = _versions(kms, name, deprecated=True)
    follows = "ACSPrevious" in found.get("v2", set())
    kms.showed("previous-stage-follows", "follows" if follows else "stays", kms.exchanges[-1])
    holders = [v for v, s in found.items() if "ACSCurrent" in s]
    kms.expect(holders == ["v1"], "ACSCurrent is on one version at a time", kms.exchanges[-1])
    done(kms, "UpdateSecretVersionStage", {**move, "RemoveFromVersion": holder})
    kms.expect_refused(
        value_of(kms, name, VersionStage="certified"), why="no version has the stage any more"
    )
    expect_value(kms, name, second, "v2", VersionId="v2")


def _expect_holder(kms: Kms, name: str, stage: str, version: str) -> None:
    """Expect a stage on one version and on no other."""
    holders = [v for v, s in _versions(kms, name, deprecated=True).items() if stage in s]
    kms.expect(
        holders == [version],
        f"a stage is on one version at a time, {stage} on {version}, found {holders}",
        kms.exchanges[-1],
    )


@rule(
    "EFF-054",
    level=Level.MUST,
    family="effects",
    statement="ACSCurrent and ACSPrevious cannot just be removed: UpdateSecretVersionStage needs "
    "MoveToVersion.",
    provenance="documented",
    source=_VERSIONS,
    stage="parameter",
    promises=("semantics/secret-move-stage",),
    operations=("UpdateSecretVersionStage",),
    safety="creates",
)
def current_and_previous_stay(kms: Kms) -> None:
    """Try to leave a secret without a current version, and without a previous one."""
    name, value = new_secret(kms)
    _refuse_removal(kms, name, "ACSCurrent")
    expect_value(kms, name, value, "v1", "ACSCurrent")
    later = _put(kms, name, "v2")
    _refuse_removal(kms, name, "ACSPrevious")
    expect_value(kms, name, value, "v1", "ACSPrevious", VersionStage="ACSPrevious")
    expect_value(kms, name, later, "v2", "ACSCurrent")


def _refuse_removal(kms: Kms, name: str, stage: str) -> None:
    """Expect that a stage, which v1 has, is not taken away."""
    request = {"SecretName": name, "VersionStage": stage, "RemoveFromVersion": "v1"}
    kms.expect_refused(
        kms.call("UpdateSecretVersionStage", request), why=f"{stage} without MoveToVersion"
    )


@rule(
    "EFF-055",
    level=Level.MUST,
    family="effects",
    statement="A secret keeps ten versions at most: one more, and an old one goes; the current "
    "one stays.",
    provenance="documented",
    source=_VERSIONS,
    stage="service",
    promises=(
        "semantics/secret-ten-versions",
        "limit/secret-versions",
    ),
    operations=("PutSecretValue",),
    safety="creates",
    readings=("oldest-secret-version",),
)
def ten_versions(kms: Kms) -> None:
    """Add versions beyond the limit."""
    most = catalogue().limit("secret-versions").max
    assert most is not None
    name, _ = new_secret(kms)
    value = ""
    for number in range(2, most + 2):
        value = _put(kms, name, f"v{number}")
    found = set(_versions(kms, name, deprecated=True))
    kms.expect(
        len(found) == most,
        f"{most} versions are kept of {most + 1}, found {len(found)}",
        kms.exchanges[-1],
    )
    kms.expect(
        "v1" not in found, "the oldest version, which has no stage, is gone", kms.exchanges[-1]
    )
    expect_value(kms, name, value, f"v{most + 1}", "ACSCurrent")


@rule(
    "EFF-056",
    level=Level.MUST,
    family="effects",
    statement="Only managed secrets rotate, and only Generic ones are given values: RotateSecret "
    "on a Generic secret is refused and changes nothing.",
    provenance="documented",
    source=_VERSIONS,
    stage="state",
    promises=("semantics/secret-managed-only",),
    operations=("RotateSecret",),
    safety="destructive",
)
def generic_does_not_rotate(kms: Kms) -> None:
    """Try to rotate a Generic secret."""
    name, value = new_secret(kms)
    kms.expect_refused(
        kms.call("RotateSecret", {"SecretName": name, "VersionId": "v2"}),
        why="a Generic secret does not rotate",
    )
    expect_value(kms, name, value, "v1", "ACSCurrent")


@rule(
    "EFF-057",
    level=Level.MUST,
    family="effects",
    statement="RotateSecret gives a managed secret, of whatever type, a new version with another "
    "credential, which is ACSCurrent, and UpdateSecretRotationPolicy shows in DescribeSecret with "
    "the interval in seconds.",
    provenance="documented",
    source=_VERSIONS,
    stage="service",
    promises=("limit/secret-rotation-interval",),
    operations=("RotateSecret", "UpdateSecretRotationPolicy"),
    safety="destructive",
    readings=("secret-rotation-interval",),
)
def managed_rotates(kms: Kms) -> None:
    """Rotate managed secrets and set the policy of one."""
    _every_type_rotates(kms)
    name = str(kms.provide("managed-secret", fresh=True)["name"])
    first = kms.expect_success(value_of(kms, name))
    before = first.data.get("VersionId")
    done(kms, "RotateSecret", {"SecretName": name, "VersionId": kms.fresh_name("version")})
    after = kms.expect_success(value_of(kms, name))
    kms.expect(
        after.data.get("VersionId") != before and "ACSCurrent" in stages_of(after),
        "the rotated secret has a new current version",
        after,
    )
    kms.expect(
        after.data.get("SecretData") != first.data.get("SecretData"),
        "the rotated secret has another value",
        after,
    )
    policy = {"SecretName": name, "EnableAutomaticRotation": True, "RotationInterval": "30d"}
    done(kms, "UpdateSecretRotationPolicy", policy)
    described = done(kms, "DescribeSecret", {"SecretName": name})
    kms.expect(
        (described.data.get("AutomaticRotation"), described.data.get("RotationInterval"))
        == ("Enabled", f"{30 * 86_400}s"),
        "DescribeSecret shows rotation Enabled every 2592000s",
        described,
    )
    done(kms, "UpdateSecretRotationPolicy", {"SecretName": name, "EnableAutomaticRotation": False})
    described = done(kms, "DescribeSecret", {"SecretName": name})
    kms.expect(
        described.data.get("AutomaticRotation") == "Disabled",
        "DescribeSecret shows rotation Disabled",
        described,
    )


def _every_type_rotates(kms: Kms) -> None:
    """Rotate secrets of the types that a target on this machine makes.

    Elsewhere they manage real users and servers. An emulator may miss those that are named here,
    and refuse to make or to rotate such secrets.
    """
    if not kms.target.loopback:
        return
    for kind, params in _of_every_type(kms).items():
        created = kms.call("CreateSecret", {"VersionId": "v1", "SecretType": kind, **params})
        if not created.ok:
            continue
        name = str(created.data.get("SecretName") or params["SecretName"])
        before = kms.expect_success(value_of(kms, name))
        if not kms.call("RotateSecret", {"SecretName": name, "VersionId": "v2"}).ok:
            continue
        after = kms.expect_success(value_of(kms, name))
        kms.expect(
            after.data.get("VersionId") != before.data.get("VersionId")
            and _credential(after) != _credential(before),
            f"a rotated secret of type {kind} has a new version with another credential",
            before,
            after,
        )


def _of_every_type(kms: Kms) -> dict[str, dict[str, Any]]:
    """Return what CreateSecret takes by type; Rds is what `managed-secret` is on this machine."""
    region, name = kms.target.region, kms.fresh_name("secret")
    account = {"AccountName": "conformance", "CloneAccountName": "conformance_clone"}
    turns = {"SecretSubType": "DoubleUsers", "RegionId": region, **account}
    return {
        "RAMCredentials": {
            "SecretName": "$Auto",
            "SecretData": '{"AccessKeys":[{"AccessKeyId":"LTAI5t","AccessKeySecret":"first"}]}',
            "ExtendedConfig": {"SecretSubType": "RamUserAccessKey", "UserName": name},
        },
        "ECS": {
            "SecretName": f"acs/ecs/{name}",
            "SecretData": '{"UserName":"conformance","Password":"Aa1-conformance"}',
            "ExtendedConfig": {
                "SecretSubType": "Password",
                "RegionId": region,
                "InstanceId": "i-conformance",
            },
        },
        "Redis": {
            "SecretName": kms.fresh_name("secret"),
            "SecretData": "$Auto",
            "ExtendedConfig": {"InstanceId": "r-conformance", **turns},
        },
        "PolarDB": {
            "SecretName": kms.fresh_name("secret"),
            "SecretData": "$Auto",
            "ExtendedConfig": {"DBClusterId": "pc-conformance", **turns},
        },
    }


def _credential(exchange: Exchange) -> Any:
    """Return a value without the time of its making, which is no part of the credential."""
    value = exchange.data.get("SecretData")
    try:
        found = json.loads(str(value))
    except ValueError:
        return value
    if not isinstance(found, dict):
        return value
    return {member: inner for member, inner in found.items() if member != "GenerateTimestamp"}


@rule(
    "EFF-058",
    level=Level.MUST,
    family="effects",
    statement="The value of a managed secret is one account, not the list that it was created "
    "with, and PutSecretValue does not take it for a Generic one.",
    provenance="documented",
    source=_VERSIONS,
    stage="service",
    promises=(
        "semantics/secret-managed-value",
        "semantics/secret-generic-only",
    ),
    operations=("GetSecretValue", "PutSecretValue"),
    safety="creates",
)
def managed_is_one_account(kms: Kms) -> None:
    """Read a managed secret, and try to give it a value."""
    name = str(kms.provide("managed-secret")["name"])
    exchange = kms.expect_success(value_of(kms, name))
    kms.expect(
        '"Accounts"' not in str(exchange.data.get("SecretData")),
        "the value is one account, not a list of Accounts",
        exchange,
    )
    version = exchange.data.get("VersionId")
    request = {"SecretName": name, "SecretData": "x", "VersionId": kms.fresh_name("version")}
    kms.expect_refused(
        kms.call("PutSecretValue", request), why="a managed secret takes no value of the caller"
    )
    after = kms.expect_success(value_of(kms, name))
    kms.expect(after.data.get("VersionId") == version, "the current version stays", after)
