"""Effects of rotation: policies show, versions are added, old blobs stay readable."""

from datetime import timedelta

from conformance.rules.dates import moment
from conformance.rules.effects.looking import done, expect_key, new_key
from conformance.rules.lists import find_row
from conformance.rules.states.preparing import imported
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_ROTATION = "Automatic key rotation page, AlibabaCloudDocs/kms (2021-07); Go SDK v4.1.0"
#: A year is within every documented range of the interval.
_YEAR = timedelta(days=365)


@rule(
    "EFF-010",
    level=Level.MUST,
    family="effects",
    statement="UpdateRotationPolicy shows in DescribeKey: AutomaticRotation, RotationInterval in "
    "seconds, NextRotationDate one interval after LastRotationDate; switched off, both are gone.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=(
        "semantics/next-rotation",
        "semantics/rotation-members",
        "semantics/rotation-units",
    ),
    operations=("UpdateRotationPolicy", "DescribeKey"),
    safety="creates",
    readings=("key-rotation-interval",),
)
def rotation_policy_shows(kms: Kms) -> None:
    """Switch rotation on and off."""
    key_id = new_key(kms)
    before = expect_key(kms, key_id)
    kms.expect(
        before.get("AutomaticRotation", "Disabled") == "Disabled",
        "a key does not rotate unless asked",
        kms.exchanges[-1],
    )
    request = {"KeyId": key_id, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    done(kms, "UpdateRotationPolicy", request)
    metadata = expect_key(
        kms,
        key_id,
        AutomaticRotation="Enabled",
        RotationInterval=f"{int(_YEAR.total_seconds())}s",
    )
    look = kms.exchanges[-1]
    last = moment(kms, metadata.get("LastRotationDate"), look)
    following = moment(kms, metadata.get("NextRotationDate"), look)
    kms.expect(
        abs(following - last - _YEAR) < timedelta(seconds=2),
        "NextRotationDate is LastRotationDate and the interval",
        look,
    )
    done(kms, "UpdateRotationPolicy", {"KeyId": key_id, "EnableAutomaticRotation": False})
    expect_key(
        kms, key_id, AutomaticRotation="Disabled", NextRotationDate=None, RotationInterval=None
    )


@rule(
    "EFF-011",
    level=Level.MUST,
    family="effects",
    statement="Rotation of a key that is Disabled or PendingDeletion is Suspended, with interval "
    "and next date, and Enabled again when the key is.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=("semantics/rotation-suspended",),
    operations=("DisableKey", "EnableKey", "DescribeKey"),
    safety="schedules-deletion",
)
def rotation_is_suspended(kms: Kms) -> None:
    """Disable a rotating key, schedule it, and take both back."""
    key_id = new_key(kms, EnableAutomaticRotation=True, RotationInterval="365d")
    expect_key(kms, key_id, AutomaticRotation="Enabled")
    done(kms, "DisableKey", {"KeyId": key_id})
    suspended = expect_key(kms, key_id, AutomaticRotation="Suspended")
    for member in ("RotationInterval", "NextRotationDate"):
        kms.expect(suspended.get(member), f"{member} is shown while suspended", kms.exchanges[-1])
    done(kms, "EnableKey", {"KeyId": key_id})
    expect_key(kms, key_id, AutomaticRotation="Enabled")
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    expect_key(kms, key_id, AutomaticRotation="Suspended")
    done(kms, "CancelKeyDeletion", {"KeyId": key_id})
    expect_key(kms, key_id, AutomaticRotation="Enabled")


@rule(
    "EFF-012",
    level=Level.MUST,
    family="effects",
    statement="The first version of a key is its first rotation: LastRotationDate of a new key is "
    "the creation of that version.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=("semantics/first-rotation",),
    operations=("DescribeKey", "DescribeKeyVersion"),
    safety="creates",
)
def first_version_is_rotation(kms: Kms) -> None:
    """Compare LastRotationDate with the version's CreationDate."""
    metadata = expect_key(kms, new_key(kms))
    look = kms.exchanges[-1]
    if not metadata.get("LastRotationDate"):
        raise NotApplicable("LastRotationDate is not always given")
    version = done(
        kms,
        "DescribeKeyVersion",
        {"KeyId": metadata["KeyId"], "KeyVersionId": metadata.get("PrimaryKeyVersion")},
    )
    created = moment(kms, (version.data.get("KeyVersion") or {}).get("CreationDate"), version)
    last = moment(kms, metadata["LastRotationDate"], look)
    kms.expect(
        abs(created - last) <= timedelta(seconds=2),
        "LastRotationDate is the creation of the first version",
        look,
        version,
    )


@rule(
    "EFF-013",
    level=Level.MUST,
    family="effects",
    statement="CreateKeyVersion adds a version that is described and listed; a symmetric key "
    "encrypts with it from then on, and what the old version encrypted is still decrypted.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=("semantics/new-version-encrypts",),
    operations=("CreateKeyVersion", "DescribeKeyVersion", "ListKeyVersions", "Encrypt", "Decrypt"),
    safety="creates",
    readings=("create-key-version",),
)
def version_is_added(kms: Kms) -> None:
    """Rotate a symmetric key by hand, where the target takes that."""
    key_id, alias = new_key(kms), kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key_id})
    text = "Y29uZm9ybWFuY2U="
    expect_key(kms, alias, KeyId=key_id)
    old = done(kms, "Encrypt", {"KeyId": key_id, "Plaintext": text})
    added = kms.call("CreateKeyVersion", {"KeyId": key_id})
    if not added.ok:
        kms.expect_refused(
            added, codes=["Rejected.UnsupportedOperation", "Unsupported*"], why="a symmetric key"
        )
        raise NotApplicable(
            "the target adds versions to asymmetric keys only, a documented reading"
        )
    version = (kms.expect_success(added).data.get("KeyVersion") or {}).get("KeyVersionId")
    kms.expect(
        isinstance(version, str) and version != old.data.get("KeyVersionId"),
        "CreateKeyVersion answers the id of a new version",
        added,
    )
    row, page = find_row(kms, "ListKeyVersions", "KeyVersionId", str(version), {"KeyId": key_id})
    kms.expect(row is not None, "ListKeyVersions lists the version that was created", page)
    earlier, page = find_row(
        kms, "ListKeyVersions", "KeyVersionId", str(old.data["KeyVersionId"]), {"KeyId": key_id}
    )
    kms.expect(earlier is not None, "ListKeyVersions still lists the older version", page)
    described = done(kms, "DescribeKeyVersion", {"KeyId": key_id, "KeyVersionId": version})
    kms.expect(
        (described.data.get("KeyVersion") or {}).get("KeyVersionId") == version,
        "DescribeKeyVersion answers the version that was asked for",
        described,
    )
    for named in (key_id, alias):
        shown = expect_key(kms, named, PrimaryKeyVersion=version)
        rotated = shown.get("LastRotationDate")
        if rotated:
            moment(kms, rotated, kms.exchanges[-1])
    new = done(kms, "Encrypt", {"KeyId": key_id, "Plaintext": text})
    kms.expect(new.data.get("KeyVersionId") == version, "Encrypt uses the new primary version", new)
    for made in (old, new):
        opened = done(kms, "Decrypt", {"CiphertextBlob": made.data.get("CiphertextBlob")})
        kms.expect(
            opened.data.get("Plaintext") == text
            and opened.data.get("KeyVersionId") == made.data.get("KeyVersionId"),
            "Decrypt opens what each version encrypted and names that version",
            made,
            opened,
        )


def _fixed() -> list[Case]:
    return [Case("asymmetric", "EC_P256"), Case("imported", "EXTERNAL")]


@rule(
    "EFF-014",
    level=Level.MUST,
    family="effects",
    statement="Asymmetric keys and keys with imported material do not rotate: UpdateRotationPolicy "
    "is refused with 400 Rejected.UnsupportedOperation and changes nothing.",
    provenance="documented",
    source="UpdateRotationPolicy page (zh); Go SDK v4.1.0",
    stage="state",
    promises=("semantics/rotation-refused",),
    operations=("UpdateRotationPolicy",),
    safety="creates",
    cases=_fixed,
)
def fixed_keys_do_not_rotate(kms: Kms, kind: str) -> None:
    """Try to switch rotation on."""
    if kind == "EXTERNAL":
        key_id = imported(kms).key_id
    else:
        kms.require(f"spec:{kind}")
        key_id = new_key(kms, KeySpec=kind, KeyUsage="SIGN/VERIFY")
    request = {"KeyId": key_id, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    kms.expect_refused(
        kms.call("UpdateRotationPolicy", request),
        codes=["Rejected.UnsupportedOperation"],
        statuses=[400],
        why="such keys do not rotate",
    )
    metadata = expect_key(kms, key_id, KeyState="Enabled")
    kms.expect(
        metadata.get("AutomaticRotation", "Disabled") == "Disabled",
        "AutomaticRotation stays Disabled",
        kms.exchanges[-1],
    )
