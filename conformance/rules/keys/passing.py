"""What time brings to keys: deletion, expiry, rotation; where the target's clock may be moved."""

from datetime import timedelta

from conformance.rules.clock import later, require_movable_clock
from conformance.rules.cryptography.asking import SDK, done, encrypted, text_in
from conformance.rules.dates import is_near, moment
from conformance.rules.effects.looking import expect_key, key_metadata, new_key
from conformance.rules.keys.importing import ask_import, parameters, wrapped
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_STATES = "Impact of the key state on API operations, page 44211, and AlibabaCloudDocs/kms"
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_ROTATION = "Automatic key rotation page, AlibabaCloudDocs/kms (2021-07)"
_TEXT = "Y29uZm9ybWFuY2U="


@rule(
    "KEY-040",
    level=Level.MUST,
    family="keys",
    statement="A key is gone when its deletion window ends, and not before: then every call is "
    "refused with 404 Forbidden.KeyNotFound.",
    provenance="documented",
    source=_STATES,
    stage="service",
    promises=("transition/PendingDeletion/window-ends",),
    operations=("ScheduleKeyDeletion", "DescribeKey"),
    safety="destructive",
)
def keys_go(kms: Kms) -> None:
    """Look at a key before and after the end of its window."""
    require_movable_clock(kms)
    key = new_key(kms)
    done(kms, "ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    with later(kms, days=7, hours=-1) as then:
        before = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
        state = key_metadata(before).get("KeyState")
        kms.expect(state == "PendingDeletion", "the key waits until its window ends", before)
    with later(kms, days=8, hours=1) as then:  # days may be counted to their end
        for operation in ("DescribeKey", "CancelKeyDeletion", "EnableKey"):
            kms.expect_refused(
                then.call(operation, {"KeyId": key}),
                codes=["Forbidden.KeyNotFound"],
                statuses=[404],
                why="the window of the key has ended",
            )


@rule(
    "KEY-041",
    level=Level.MUST,
    family="keys",
    statement="When imported material expires, the key waits for it again: PendingImport, and "
    "cryptography is refused with 409 Rejected.PendingImport; before, it works.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=(
        "semantics/import-expires",
        "transition/Enabled/material-expires",
    ),
    operations=("ImportKeyMaterial", "Encrypt"),
    safety="creates",
)
def material_expires(kms: Kms) -> None:
    """Import material for two hours."""
    require_movable_clock(kms)
    key = new_key(kms, Origin="EXTERNAL")
    request = wrapped(kms, parameters(kms, key), kms.bytes(32))
    ends = int((kms.now() + timedelta(hours=2)).timestamp())
    kms.expect_success(ask_import(kms, {**request, "KeyMaterialExpireUnix": ends}))
    text = {"KeyId": key, "Plaintext": _TEXT}
    with later(kms, hours=1) as then:
        kms.expect_success(then.call("Encrypt", text))
    with later(kms, hours=3) as then:
        kms.expect_refused(
            then.call("Encrypt", text),
            codes=["Rejected.PendingImport"],
            statuses=[409],
            why="the material has expired",
        )
        described = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
        state = key_metadata(described).get("KeyState")
        kms.expect(state == "PendingImport", "the key waits for its material again", described)


@rule(
    "KEY-042",
    level=Level.MUST,
    family="keys",
    statement="A token for imports is good for 24 hours: afterwards it is refused with 400 "
    "ExpiredImportToken.",
    provenance="documented",
    source=_RESPONSES,
    stage="service",
    promises=(
        "semantics/import-token-life",
        "semantics/import-old-token",
        "limit/import-token-life",
    ),
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def tokens_expire(kms: Kms) -> None:
    """Import an hour late, then in time."""
    require_movable_clock(kms)
    key = new_key(kms, Origin="EXTERNAL")
    request = wrapped(kms, parameters(kms, key), kms.bytes(32))
    with later(kms, hours=25) as then:
        kms.expect_refused(
            then.call("ImportKeyMaterial", {"KeyMaterialExpireUnix": 0, **request}),
            codes=["ExpiredImportToken"],
            statuses=[400],
            why="the token is 25 hours old",
        )
    with later(kms, hours=23) as then:
        imported = then.call("ImportKeyMaterial", {"KeyMaterialExpireUnix": 0, **request})
        kms.expect_success(imported)


@rule(
    "KEY-043",
    level=Level.MUST,
    family="keys",
    statement="A rotating key gets a new primary version and LastRotationDate when its interval is "
    "over; what it encrypted before still opens.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=("semantics/rotation-happens",),
    operations=("UpdateRotationPolicy", "DescribeKey", "Encrypt", "Decrypt"),
    safety="creates",
)
def keys_rotate(kms: Kms) -> None:
    """Let 366 days pass with an interval of 365."""
    require_movable_clock(kms)
    key = new_key(kms)
    policy = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    done(kms, "UpdateRotationPolicy", policy)
    before = expect_key(kms, key)
    first = before.get("PrimaryKeyVersion")
    blob = text_in(kms, encrypted(kms, key, _TEXT), "CiphertextBlob")
    with later(kms, days=366) as then:
        described = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
        after = key_metadata(described)
        now = after.get("PrimaryKeyVersion")
        kms.expect(now != first, "the key has a new primary version", described)
        rotations = [shown.get("LastRotationDate") for shown in (before, after)]
        if all(rotations):
            former, last = (moment(kms, rotation, described) for rotation in rotations)
            kms.expect(last > former, "LastRotationDate is that of the new version", described)
        sent = kms.expect_success(then.call("Encrypt", {"KeyId": key, "Plaintext": _TEXT}))
        kms.expect(
            sent.data.get("KeyVersionId") == now, "the new version encrypts from then on", sent
        )
        opened = kms.expect_success(then.call("Decrypt", {"CiphertextBlob": blob}))
        kms.expect(
            (opened.data.get("Plaintext"), opened.data.get("KeyVersionId")) == (_TEXT, first),
            "the former version opens what it encrypted",
            opened,
        )


@rule(
    "KEY-044",
    level=Level.MUST,
    family="keys",
    statement="Material without an expiry never expires, and the same material that comes again "
    "sets the expiry anew: earlier, later, or never.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/import-never-expires", "semantics/import-again"),
    operations=("ImportKeyMaterial", "DescribeKey"),
    safety="creates",
)
def expiry_is_set_anew(kms: Kms) -> None:
    """Import for an hour, then for good; and for good, then for an hour."""
    require_movable_clock(kms)
    soon = {"KeyMaterialExpireUnix": int((kms.now() + timedelta(hours=1)).timestamp())}
    never = {"KeyMaterialExpireUnix": 0}
    lasting, passing = (new_key(kms, Origin="EXTERNAL") for _ in range(2))
    for key, expiries in ((lasting, (soon, never)), (passing, (never, soon))):
        request = wrapped(kms, parameters(kms, key), kms.bytes(32))
        for expiry in expiries:
            kms.expect_success(ask_import(kms, {**request, **expiry}))
    with later(kms, days=3650) as then:
        for key, wish in ((lasting, "Enabled"), (passing, "PendingImport")):
            described = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
            state = key_metadata(described).get("KeyState")
            kms.expect(
                state == wish, f"ten years later the key is {wish}, found {state}", described
            )


@rule(
    "KEY-045",
    level=Level.MUST,
    family="keys",
    statement="A key does not rotate while it is Disabled; once it is Enabled again, a rotation "
    "that fell due meanwhile happens at once.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=("semantics/rotation-suspended",),
    operations=("UpdateRotationPolicy", "DisableKey", "EnableKey", "DescribeKey"),
    safety="creates",
)
def suspended_rotation(kms: Kms) -> None:
    """Disable a rotating key for 366 days, then enable it."""
    require_movable_clock(kms)
    key = new_key(kms)
    policy = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    done(kms, "UpdateRotationPolicy", policy)
    first = expect_key(kms, key).get("PrimaryKeyVersion")
    done(kms, "DisableKey", {"KeyId": key})
    with later(kms, days=366) as then:
        for step, rotated in ((None, False), ("EnableKey", True)):
            if step:
                kms.expect_success(then.call(step, {"KeyId": key}))
            described = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
            now = key_metadata(described).get("PrimaryKeyVersion")
            kms.expect(
                (now != first) is rotated,
                f"the key has {'rotated' if rotated else 'not rotated while it is Disabled'}",
                described,
            )


@rule(
    "KEY-047",
    level=Level.MUST,
    family="keys",
    statement="NextRotationDate is one interval after LastRotationDate, however long ago that was "
    "when rotation is switched on.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    operations=("UpdateRotationPolicy", "DescribeKey"),
    safety="creates",
)
def next_rotation_counts_from_the_last(kms: Kms) -> None:
    """Switch rotation on when the key is thirty days old."""
    require_movable_clock(kms)
    key = new_key(kms)
    policy = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    with later(kms, days=30) as then:
        kms.expect_success(then.call("UpdateRotationPolicy", policy))
        described = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
    shown = key_metadata(described)
    last = moment(kms, shown.get("LastRotationDate"), described)
    following = moment(kms, shown.get("NextRotationDate"), described)
    kms.expect(
        is_near(following, last + timedelta(days=365)),
        f"the next rotation is 365 days after the last, found {(following - last).days}",
        described,
    )


@rule(
    "KEY-046",
    level=Level.MUST,
    family="keys",
    statement="A key whose deletion was cancelled outlives the end of the window that it had.",
    provenance="documented",
    source=_STATES,
    stage="service",
    promises=("transition/PendingDeletion/CancelKeyDeletion",),
    operations=("ScheduleKeyDeletion", "CancelKeyDeletion", "DescribeKey"),
    safety="schedules-deletion",
)
def cancelled_keys_stay(kms: Kms) -> None:
    """Schedule for a week, cancel, and look a month later."""
    require_movable_clock(kms)
    key = new_key(kms)
    blob = text_in(kms, encrypted(kms, key, _TEXT), "CiphertextBlob")
    done(kms, "ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    done(kms, "CancelKeyDeletion", {"KeyId": key})
    with later(kms, days=30) as then:
        described = kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
        state = key_metadata(described).get("KeyState")
        kms.expect(state == "Enabled", f"the key is Enabled, found {state}", described)
        opened = kms.expect_success(then.call("Decrypt", {"CiphertextBlob": blob}))
        kms.expect(opened.data.get("Plaintext") == _TEXT, "the key still decrypts", opened)
