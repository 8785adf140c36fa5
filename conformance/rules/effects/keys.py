"""Effects on keys: created, described, listed, enabled and disabled, scheduled for deletion."""

from collections.abc import Mapping
from datetime import timedelta

from conformance.client.exchange import Exchange
from conformance.rules.dates import is_near, moment
from conformance.rules.effects.looking import (
    done,
    expect_key,
    expect_shown,
    key_metadata,
    new_key,
)
from conformance.rules.lists import find_row, rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_KEYS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_DOCS = "CreateKey and DescribeKey pages, AlibabaCloudDocs/kms (2021-07)"


@rule(
    "EFF-001",
    level=Level.MUST,
    family="effects",
    statement="A created key is described as it was asked for: description, spec, usage, origin, "
    "state Enabled; CreateKey and DescribeKey tell the same.",
    provenance="documented",
    source=_DOCS,
    stage="service",
    promises=(
        "semantics/default-key-spec",
        "transition/none/CreateKey-Origin-Aliyun_KMS",
    ),
    operations=("CreateKey", "DescribeKey"),
    safety="creates",
)
def created_key_is_described(kms: Kms) -> None:
    """Create a symmetric and an asymmetric key and describe both."""
    for spec, usage in (("Aliyun_AES_256", "ENCRYPT/DECRYPT"), ("EC_P256", "SIGN/VERIFY")):
        if not kms.offers(f"spec:{spec}"):
            continue
        text = f"{kms.marker} 密钥 <&> {spec}"
        request = {"Description": text, "KeySpec": spec, "KeyUsage": usage}
        created = done(kms, "CreateKey", request)
        answered = key_metadata(created)
        described = expect_key(
            kms,
            str(answered.get("KeyId")),
            KeyId=answered.get("KeyId"),
            Arn=answered.get("Arn"),
            Description=text,
            KeySpec=spec,
            KeyUsage=usage,
            Origin="Aliyun_KMS",
            KeyState="Enabled",
        )
        for name in ("KeySpec", "KeyUsage", "Origin", "CreationDate", "KeyState"):
            kms.expect(
                answered.get(name) == described.get(name),
                f"CreateKey and DescribeKey tell the same {name}",
                created,
            )
        _expect_now(kms, described.get("CreationDate"), created)
    if kms.offers("spec:RSA_2048"):
        wish = {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT/DECRYPT"}
        expect_key(kms, str(kms.provide("asymmetric-key", wish)["id"]), **wish)


def _expect_now(kms: Kms, text: object, exchange: Exchange) -> None:
    created = moment(kms, text, exchange)
    difference = abs(created - kms.now())
    message = f"a new thing was created now, not {difference} from now"
    kms.expect(is_near(created, kms.now()), message, exchange)


@rule(
    "EFF-002",
    level=Level.MUST,
    family="effects",
    statement="A created key is listed by ListKeys, with its ARN.",
    provenance="documented",
    source=_KEYS,
    stage="service",
    promises=(
        "semantics/key-arn",
        "semantics/key-id-form",
    ),
    operations=("ListKeys",),
    safety="creates",
)
def created_key_is_listed(kms: Kms) -> None:
    """Look for a new key in the list of all keys."""
    key_id = new_key(kms)
    row, page = find_row(kms, "ListKeys", "KeyId", key_id)
    kms.expect(row is not None, "ListKeys lists the key that was created", page)
    arn = expect_key(kms, key_id)["Arn"]
    kms.expect(
        row is not None and row.get("KeyArn", arn) == arn,
        "ListKeys and DescribeKey tell the same ARN",
        page,
    )


@rule(
    "EFF-003",
    level=Level.MUST,
    family="effects",
    statement="UpdateKeyDescription changes the description and nothing else.",
    provenance="documented",
    source=_KEYS,
    stage="service",
    operations=("UpdateKeyDescription",),
    safety="creates",
)
def description_changes(kms: Kms) -> None:
    """Describe a key before and after, and look for its tag."""
    key_id = new_key(kms)
    tag = {"TagKey": "conformance", "TagValue": kms.marker}
    tagged = all(kms.offers(f"operation:{name}") for name in ("TagResource", "ListResourceTags"))
    if tagged:
        done(kms, "TagResource", {"KeyId": key_id, "Tags": [tag]})
        _expect_tag(kms, key_id, tag, "TagResource gives the key its tag")
    before = dict(expect_key(kms, key_id))
    text = f"{kms.marker} changed 描述"
    done(kms, "UpdateKeyDescription", {"KeyId": key_id, "Description": text})
    after = dict(expect_key(kms, key_id, Description=text))
    del before["Description"], after["Description"]
    kms.expect(before == after, "UpdateKeyDescription changes the description only")
    if tagged:
        _expect_tag(kms, key_id, tag, "UpdateKeyDescription leaves the key its tag")


def _expect_tag(kms: Kms, key_id: str, tag: Mapping[str, str], message: str) -> None:
    def shown(exchange: Exchange) -> bool:
        rows = rows_at(exchange, "Tags.Tag")
        return any(all(row.get(name) == text for name, text in tag.items()) for row in rows)

    expect_shown(kms, lambda: kms.call("ListResourceTags", {"KeyId": key_id}), shown, message)


@rule(
    "EFF-004",
    level=Level.MUST,
    family="effects",
    statement="DisableKey and EnableKey show in KeyState of DescribeKey.",
    provenance="documented",
    source="Impact of the key state on API operations, page 44211",
    stage="service",
    promises=(
        "transition/Enabled/DisableKey",
        "transition/Disabled/EnableKey",
    ),
    operations=("DisableKey", "EnableKey"),
    safety="creates",
)
def state_changes(kms: Kms) -> None:
    """Disable a key, look twice and at another one, then enable it again."""
    key_id, other = new_key(kms), new_key(kms)
    done(kms, "DisableKey", {"KeyId": key_id})
    for _ in range(2):
        expect_key(kms, key_id, KeyState="Disabled")
    expect_key(kms, other, KeyState="Enabled")
    done(kms, "EnableKey", {"KeyId": key_id})
    expect_key(kms, key_id, KeyState="Enabled")


def _windows() -> list[Case]:
    return [Case(f"{days}-days", days, "ScheduleKeyDeletion") for days in (7, 30, 366)]


@rule(
    "EFF-005",
    level=Level.MUST,
    family="effects",
    statement="ScheduleKeyDeletion makes the key PendingDeletion with a DeleteDate so many days "
    "ahead as the window says, whatever was scheduled before; CancelKeyDeletion makes it Enabled "
    "without a DeleteDate.",
    provenance="documented",
    source=_KEYS,
    stage="service",
    promises=(
        "semantics/delete-date-shown",
        "semantics/no-immediate-deletion",
        "transition/Enabled/ScheduleKeyDeletion",
        "transition/PendingDeletion/CancelKeyDeletion",
    ),
    operations=("ScheduleKeyDeletion", "CancelKeyDeletion"),
    safety="schedules-deletion",
    readings=("deletion-window",),
    cases=_windows,
)
def deletion_is_scheduled(kms: Kms, days: int) -> None:
    """Schedule with a window and cancel, twice; a window above 30 days may be refused."""
    key_id = new_key(kms)
    request = {"KeyId": key_id, "PendingWindowInDays": days}
    scheduled = kms.call("ScheduleKeyDeletion", request)
    if days > 30:
        kms.showed("deletion-window", "7-366" if scheduled.ok else "7-30", scheduled)
        if not scheduled.ok:
            kms.expect_refused(scheduled, statuses=[400], why="a window above 30 days")
            expect_key(kms, key_id, KeyState="Enabled", DeleteDate=None)
            return
    kms.expect_success(scheduled)
    _waits_and_is_saved(kms, key_id, days)
    again = 9 if days != 9 else 12
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": again})
    _waits_and_is_saved(kms, key_id, again)


def _waits_and_is_saved(kms: Kms, key_id: str, days: int) -> None:
    metadata = expect_key(kms, key_id, KeyState="PendingDeletion")
    wish = kms.now() + timedelta(days=days)
    date = moment(kms, metadata.get("DeleteDate"), kms.exchanges[-1])
    kms.expect(
        is_near(date, wish),
        f"DeleteDate is {days} days ahead, found {(date - kms.now()).total_seconds() / 86400:.1f}",
        kms.exchanges[-1],
    )
    done(kms, "CancelKeyDeletion", {"KeyId": key_id})
    expect_key(kms, key_id, KeyState="Enabled", DeleteDate=None)


@rule(
    "EFF-006",
    level=Level.MUST,
    family="effects",
    statement="Deletion protection shows in DescribeKey with its description; while it is on, "
    "ScheduleKeyDeletion is refused and the key stays Enabled; switched off, it works again.",
    provenance="documented",
    source=_KEYS,
    stage="state",
    promises=("semantics/deletion-protection",),
    operations=("SetDeletionProtection", "ScheduleKeyDeletion"),
    safety="schedules-deletion",
)
def protection_protects(kms: Kms) -> None:
    """Protect a key, try to schedule it, and unprotect it."""
    key_id = new_key(kms)
    arn = expect_key(kms, key_id)["Arn"]
    text = "in use"
    request = {
        "ProtectedResourceArn": arn,
        "EnableDeletionProtection": True,
        "DeletionProtectionDescription": text,
    }
    done(kms, "SetDeletionProtection", request)
    expect_key(kms, key_id, DeletionProtection="Enabled", DeletionProtectionDescription=text)
    schedule = {"KeyId": key_id, "PendingWindowInDays": 7}
    kms.expect_refused(kms.call("ScheduleKeyDeletion", schedule), why="the key is protected")
    expect_key(kms, key_id, KeyState="Enabled", DeleteDate=None)
    done(kms, "DisableKey", {"KeyId": key_id})
    kms.expect_refused(kms.call("ScheduleKeyDeletion", schedule), why="the key is protected")
    expect_key(kms, key_id, KeyState="Disabled", DeleteDate=None)
    done(kms, "EnableKey", {"KeyId": key_id})
    done(
        kms,
        "SetDeletionProtection",
        {"ProtectedResourceArn": arn, "EnableDeletionProtection": False},
    )
    metadata = expect_key(kms, key_id)
    kms.expect(
        metadata.get("DeletionProtection", "Disabled") == "Disabled",
        "DescribeKey shows DeletionProtection Disabled",
        kms.exchanges[-1],
    )
    done(kms, "ScheduleKeyDeletion", schedule)
    expect_key(kms, key_id, KeyState="PendingDeletion")


@rule(
    "EFF-007",
    level=Level.MUST,
    family="effects",
    statement="An EXTERNAL key waits for its material; imported, it is Enabled and shows when the "
    "material expires; DeleteKeyMaterial makes it wait again.",
    provenance="documented",
    source="Key material pages, AlibabaCloudDocs/kms (2021-07); page 607841",
    stage="service",
    promises=(
        "transition/none/CreateKey-Origin-EXTERNAL",
        "transition/PendingImport/ImportKeyMaterial",
        "transition/Enabled/DeleteKeyMaterial",
    ),
    operations=("ImportKeyMaterial", "DeleteKeyMaterial"),
    safety="destructive",
)
def material_comes_and_goes(kms: Kms) -> None:
    """Import material that expires, and delete it."""
    bundle = kms.provide("import", fresh=True)
    key_id = str(bundle["id"])
    expect_key(kms, key_id, KeyState="PendingImport", Origin="EXTERNAL")
    request = {
        "KeyId": key_id,
        "EncryptedKeyMaterial": bundle["wrapped-material"],
        "ImportToken": bundle["token"],
        "KeyMaterialExpireUnix": bundle["expiry"],
    }
    past = kms.call("ImportKeyMaterial", {**request, "KeyMaterialExpireUnix": 1_500_000_000})
    kms.expect_refused(past, why="the material would have expired in 2017")
    expect_key(kms, key_id, KeyState="PendingImport")
    done(kms, "ImportKeyMaterial", request)
    metadata = expect_key(kms, key_id, KeyState="Enabled")
    date = moment(kms, metadata.get("MaterialExpireTime"), kms.exchanges[-1])
    kms.expect(
        abs(date.timestamp() - bundle["expiry"]) <= 1,
        "MaterialExpireTime is the time that was asked for",
        kms.exchanges[-1],
    )
    done(kms, "DeleteKeyMaterial", {"KeyId": key_id})
    expect_key(kms, key_id, KeyState="PendingImport")


@rule(
    "EFF-008",
    level=Level.MUST,
    family="effects",
    statement="Two keys of one request are two keys: DescribeKey and ListKeyVersions tell of each "
    "its own id and versions.",
    provenance="documented",
    source=_KEYS,
    stage="service",
    operations=("CreateKey", "ListKeyVersions", "DescribeKeyVersion"),
    safety="creates",
)
def keys_are_apart(kms: Kms) -> None:
    """Create two keys and compare their versions."""
    found = []
    for key_id in (new_key(kms), new_key(kms)):
        primary = str(expect_key(kms, key_id).get("PrimaryKeyVersion"))
        row, page = find_row(kms, "ListKeyVersions", "KeyVersionId", primary, {"KeyId": key_id})
        kms.expect(
            row is not None and row.get("KeyId") == key_id,
            "ListKeyVersions lists the primary version of a symmetric key, with the key's id",
            page,
        )
        expect_shown(
            kms,
            lambda key=key_id, version=primary: kms.call(  # type: ignore[misc]
                "DescribeKeyVersion", {"KeyId": key, "KeyVersionId": version}
            ),
            lambda answer, key=key_id, version=primary: (  # type: ignore[misc]
                (answer.data.get("KeyVersion") or {}).get("KeyVersionId") == version
                and answer.data["KeyVersion"].get("KeyId") == key
            ),
            "DescribeKeyVersion shows the version and its key",
        )
        found.append((key_id, primary))
    kms.expect(
        found[0][0] != found[1][0] and found[0][1] != found[1][1],
        "two keys have two ids and two versions",
    )


@rule(
    "EFF-009",
    level=Level.MUST,
    family="effects",
    statement="GetParametersForImport answers another public key and token each time, good for 24 "
    "hours; keys whose material KMS makes take none (400).",
    provenance="documented",
    source="Key material pages and Responses page, AlibabaCloudDocs/kms (2021-07)",
    stage="service",
    promises=("semantics/import-token-differs",),
    operations=("GetParametersForImport",),
    safety="creates",
)
def import_parameters(kms: Kms) -> None:
    """Ask twice for one key, and once for a key of another origin."""
    key_id = kms.provide("external-key")["id"]
    wrap = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    first, second = (
        done(kms, "GetParametersForImport", {"KeyId": key_id, **wrap}) for _ in range(2)
    )
    for member in ("PublicKey", "ImportToken"):
        kms.expect(
            first.data.get(member) != second.data.get(member),
            f"{member} is another one each time",
            first,
            second,
        )
    ends = moment(kms, first.data.get("TokenExpireTime"), first)
    ahead = ends - kms.now()
    kms.expect(
        timedelta(hours=22) < ahead < timedelta(hours=26),
        f"a token is good for 24 hours, found {ahead}",
        first,
    )
    refused = kms.call("GetParametersForImport", {"KeyId": new_key(kms), **wrap})
    kms.expect_refused(refused, statuses=[400], why="the key is not EXTERNAL")
