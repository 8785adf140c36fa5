"""What stays and what goes: deletion windows, saved keys, keys beside each other, rotation."""

import time
from datetime import timedelta
from typing import Any

from conformance.rules.cryptography.asking import (
    SDK,
    done,
    encrypted,
    expect_opens,
    names_key,
    text_in,
)
from conformance.rules.dates import TURN, is_near, moment
from conformance.rules.effects.looking import expect_key, new_key
from conformance.rules.keys.importing import import_material
from conformance.rules.lists import rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_ROTATION = "UpdateRotationPolicy page (zh); Automatic key rotation page, AlibabaCloudDocs/kms"
_DOCS = "CancelKeyDeletion page, AlibabaCloudDocs/kms (2021-07)"
_TEXT = "Y29uZm9ybWFuY2U="
_SHORTEST, _LONGEST, _OLD_LONGEST = 7, 366, 30


def _windows() -> list[Case]:
    return [Case(f"{days}-days", days) for days in (_SHORTEST, 8, _OLD_LONGEST, _LONGEST)]


@rule(
    "KEY-003",
    level=Level.MUST,
    family="keys",
    statement="A key waits for its deletion as many days as PendingWindowInDays says, from 7 to "
    "366: DeleteDate is that far ahead.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/deletion-window",),
    operations=("ScheduleKeyDeletion",),
    safety="schedules-deletion",
    readings=("deletion-window",),
    cases=_windows,
)
def windows_are_as_asked(kms: Kms, days: int) -> None:
    """Schedule a key and read its date."""
    key = new_key(kms)
    sent = kms.call("ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": days})
    if not sent.ok and days > _OLD_LONGEST:
        kms.expect_refused(sent, why="a window that older pages do not have")
        expect_key(kms, key, KeyState="Enabled")
        kms.showed("deletion-window", "7-30", sent)
        return
    kms.expect_success(sent)
    if days > _OLD_LONGEST:
        kms.showed("deletion-window", "7-366", sent)
    metadata = expect_key(kms, key, KeyState="PendingDeletion")
    date = moment(kms, metadata.get("DeleteDate"), kms.exchanges[-1])
    ahead = (date - kms.now()).total_seconds() / 86400
    kms.expect(
        is_near(date, kms.now() + timedelta(days=days)),
        f"DeleteDate is {days} days ahead, found {ahead:.1f} days",
        kms.exchanges[-1],
    )


@rule(
    "KEY-004",
    level=Level.MUST,
    family="keys",
    statement="A key whose deletion is cancelled is what it was: description, tags, aliases, "
    "versions, and what it encrypted.",
    provenance="documented",
    source=_DOCS,
    stage="service",
    operations=("ScheduleKeyDeletion", "CancelKeyDeletion"),
    safety="schedules-deletion",
)
def saved_keys_are_whole(kms: Kms) -> None:
    """Schedule, cancel, look at everything."""
    key = new_key(kms, Tags=[{"TagKey": "purpose", "TagValue": "conformance"}])
    alias = kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key})
    blob = text_in(kms, encrypted(kms, alias, _TEXT), "CiphertextBlob")
    before = expect_key(kms, key)
    tags = done(kms, "ListResourceTags", {"KeyId": key}).data.get("Tags")
    # A CreationDate that is always that of the call shows when its second is over.
    time.sleep(TURN)
    done(kms, "ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    done(kms, "CancelKeyDeletion", {"KeyId": key})
    names = ("Description", "KeySpec", "KeyUsage", "PrimaryKeyVersion", "CreationDate")
    expect_key(kms, key, KeyState="Enabled", DeleteDate=None, **{n: before.get(n) for n in names})
    listed = done(kms, "ListResourceTags", {"KeyId": key})
    kms.expect(listed.data.get("Tags") == tags, "a saved key has its tags", listed)
    names_key(kms, expect_opens(kms, blob, _TEXT), key)
    names_key(kms, encrypted(kms, alias, _TEXT), key)


#: A key of each kind: spec and usage.
_SPECS = (
    ("Aliyun_AES_256", "ENCRYPT/DECRYPT"),
    ("RSA_2048", "ENCRYPT/DECRYPT"),
    ("RSA_2048", "SIGN/VERIFY"),
    ("EC_P256", "SIGN/VERIFY"),
)


def _kinds() -> list[Case]:
    return [Case(f"{spec}-{usage.replace('/', '-')}", (spec, usage)) for spec, usage in _SPECS]


@rule(
    "KEY-015",
    level=Level.MUST,
    family="keys",
    statement="Keys of every kind, tagged at creation, are of the spec and usage asked for, and "
    "are disabled, enabled, scheduled for deletion and saved from it alike.",
    provenance="documented",
    source=f"{SDK}; {_DOCS}",
    stage="service",
    operations=("DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion"),
    safety="schedules-deletion",
    cases=_kinds,
)
def kinds_have_the_same_states(kms: Kms, kind: tuple[str, str]) -> None:
    """Lead a key through its states."""
    spec, usage = kind
    kms.require(f"spec:{spec}")
    tags = [{"TagKey": "purpose", "TagValue": "conformance"}]
    key = new_key(kms, KeySpec=spec, KeyUsage=usage, Tags=tags)
    expect_key(kms, key, KeyState="Enabled", KeySpec=spec, KeyUsage=usage)
    steps: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("DisableKey", {}, "Disabled"),
        ("EnableKey", {}, "Enabled"),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": 7}, "PendingDeletion"),
        ("CancelKeyDeletion", {}, "Enabled"),
    )
    for operation, params, state in steps:
        done(kms, operation, {"KeyId": key, **params})
        expect_key(kms, key, KeyState=state, KeySpec=spec, KeyUsage=usage)


@rule(
    "KEY-005",
    level=Level.MUST,
    family="keys",
    statement="What is done to one key changes no other: not its state, its description, its tags, "
    "its protection or what it encrypted.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("DisableKey", "ScheduleKeyDeletion", "UpdateKeyDescription", "TagResource"),
    safety="schedules-deletion",
)
def keys_are_apart(kms: Kms) -> None:
    """Do everything to the one and look at the other."""
    key, other = new_key(kms), new_key(kms)
    blob = text_in(kms, encrypted(kms, other, _TEXT), "CiphertextBlob")
    before = expect_key(kms, other)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("UpdateKeyDescription", {"Description": f"{kms.marker} changed"}),
        ("TagResource", {"Tags": [{"TagKey": "purpose", "TagValue": "conformance"}]}),
        ("DisableKey", {}),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": 7}),
    ]
    for operation, params in steps:
        done(kms, operation, {"KeyId": key, **params})
        after = kms.expect_success(kms.call("DescribeKey", {"KeyId": other}))
        kms.expect(
            after.data.get("KeyMetadata") == before,
            f"{operation} on one key leaves another as it is",
            after,
        )
        names_key(kms, expect_opens(kms, blob, _TEXT), other)
    listed = done(kms, "ListResourceTags", {"KeyId": other})
    kms.expect(not rows_at(listed, "Tags.Tag"), "tags of one key are not those of another", listed)


def _still() -> list[Case]:
    kinds: dict[str, dict[str, Any]] = {
        "RSA_2048": {"KeySpec": "RSA_2048", "KeyUsage": "SIGN/VERIFY"},
        "EC_P256": {"KeySpec": "EC_P256", "KeyUsage": "SIGN/VERIFY"},
        "imported": {"Origin": "EXTERNAL"},
    }
    return [Case(name, params) for name, params in kinds.items()]


@rule(
    "KEY-030",
    level=Level.MUST,
    family="keys",
    statement="Asymmetric keys and keys with imported material do not rotate: UpdateRotationPolicy "
    "is refused with 400 Rejected.UnsupportedOperation, and rotation stays off.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=("semantics/rotation-refused",),
    operations=("UpdateRotationPolicy",),
    safety="creates",
    cases=_still,
)
def some_keys_do_not_rotate(kms: Kms, params: dict[str, Any]) -> None:
    """Switch rotation on for keys that do not have it."""
    if "KeySpec" in params:
        kms.require(f"spec:{params['KeySpec']}")
    key = new_key(kms, **params)
    if "Origin" in params:
        import_material(kms, key, kms.bytes(32))
    policy = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    kms.expect_refused(
        kms.call("UpdateRotationPolicy", policy),
        codes=["Rejected.UnsupportedOperation"],
        statuses=[400],
        why="a key that does not rotate",
    )
    rotation = expect_key(kms, key).get("AutomaticRotation")
    kms.expect(rotation in {None, "", "Disabled"}, "rotation stays off", kms.exchanges[-1])


def _intervals() -> list[Case]:
    return [
        Case(text, text) for text in ("365d", f"{365 * 24}h", f"{365 * 1440}m", f"{365 * 86400}s")
    ]


@rule(
    "KEY-031",
    level=Level.MUST,
    family="keys",
    statement="RotationInterval is a number with the unit d, h, m or s, and is answered "
    "in seconds.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/rotation-units",
        "limit/key-rotation-interval",
    ),
    operations=("UpdateRotationPolicy",),
    safety="creates",
    cases=_intervals,
)
def intervals_have_units(kms: Kms, text: str) -> None:
    """Ask for a rotation every 365 days, spelt in each unit."""
    key = new_key(kms)
    policy = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": text}
    done(kms, "UpdateRotationPolicy", policy)
    expect_key(kms, key, AutomaticRotation="Enabled", RotationInterval=f"{365 * 86400}s")


def _beyond() -> list[Case]:
    texts = ("6d", f"{7 * 86400 - 1}s", "731d", "0d")
    return [Case(text, text) for text in texts]


@rule(
    "KEY-035",
    level=Level.MUST,
    family="keys",
    statement="An interval of rotation that is beyond every documented range, shorter than 7 days "
    "or longer than 730, is refused with 400 InvalidParameter, and rotation stays off.",
    provenance="documented",
    source=_ROTATION,
    stage="parameter",
    operations=("UpdateRotationPolicy",),
    safety="creates",
    readings=("key-rotation-interval",),
    cases=_beyond,
)
def intervals_have_limits(kms: Kms, text: str) -> None:
    """Ask for a rotation that is too frequent or too rare under each reading."""
    key = new_key(kms)
    policy = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": text}
    kms.expect_refused(
        kms.call("UpdateRotationPolicy", policy),
        codes=["InvalidParameter", "InvalidParameter.*", "InvalidRotationInterval*"],
        statuses=[400],
        why=f"an interval of {text}",
    )
    rotation = expect_key(kms, key).get("AutomaticRotation")
    kms.expect(rotation in {None, "", "Disabled"}, "rotation stays off", kms.exchanges[-1])
