"""What a call does when it is repeated: nothing more, a refusal, or another thing."""

from conformance.client.resources.cryptography import wrap
from conformance.rules.effects.looking import (
    done,
    expect_key,
    key_metadata,
    new_key,
    new_secret,
)
from conformance.rules.effects.secrets import expect_value, value_of
from conformance.rules.lists import find_row, pages
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_STATES = "Impact of the key state on API operations, page 44211"
_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"


def _switches() -> list[Case]:
    return [
        Case("EnableKey", ("EnableKey", "Enabled"), "EnableKey"),
        Case("DisableKey", ("DisableKey", "Disabled"), "DisableKey"),
    ]


@rule(
    "IDM-001",
    level=Level.MUST,
    family="idempotency",
    statement="EnableKey on an enabled key and DisableKey on a disabled one succeed and leave it "
    "so.",
    provenance="documented",
    source=_STATES,
    stage="service",
    promises=(
        "semantics/enable-twice",
        "transition/Disabled/DisableKey",
        "transition/Enabled/EnableKey",
    ),
    safety="creates",
    cases=_switches,
)
def switching_twice(kms: Kms, switch: tuple[str, str]) -> None:
    """Switch a key twice the same way."""
    operation, state = switch
    key_id = new_key(kms)
    for _ in range(2):
        done(kms, operation, {"KeyId": key_id})
        expect_key(kms, key_id, KeyState=state)


@rule(
    "IDM-002",
    level=Level.MUST,
    family="idempotency",
    statement="ScheduleKeyDeletion of a key that is scheduled is refused with 409 "
    "Rejected.StateModifiedFailed, and the date of deletion stays.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=("semantics/schedule-twice",),
    operations=("ScheduleKeyDeletion",),
    safety="schedules-deletion",
)
def scheduling_twice(kms: Kms) -> None:
    """Schedule again with another window."""
    key_id = new_key(kms)
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    date = expect_key(kms, key_id, KeyState="PendingDeletion").get("DeleteDate")
    kms.expect_refused(
        kms.call("ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 20}),
        codes=["Rejected.StateModifiedFailed"],
        statuses=[409],
        why="the key is scheduled already",
    )
    expect_key(kms, key_id, KeyState="PendingDeletion", DeleteDate=date)


@rule(
    "IDM-003",
    level=Level.MUST,
    family="idempotency",
    statement="CancelKeyDeletion of a key that is not scheduled is refused with 409 "
    "Rejected.StateModifiedFailed, also right after it was cancelled.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=("semantics/cancel-live",),
    operations=("CancelKeyDeletion",),
    safety="schedules-deletion",
)
def cancelling_twice(kms: Kms) -> None:
    """Cancel twice."""
    key_id = new_key(kms)
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    done(kms, "CancelKeyDeletion", {"KeyId": key_id})
    kms.expect_refused(
        kms.call("CancelKeyDeletion", {"KeyId": key_id}),
        codes=["Rejected.StateModifiedFailed"],
        statuses=[409],
        why="the key is not scheduled",
    )
    expect_key(kms, key_id, KeyState="Enabled")


@rule(
    "IDM-004",
    level=Level.MUST,
    family="idempotency",
    statement="CreateAlias with a name that is taken is refused with 400 AliasAlreadyExists, for "
    "the same key and for another, and the alias stays where it is.",
    provenance="documented",
    source=_RESPONSES,
    stage="state",
    promises=("semantics/alias-taken",),
    operations=("CreateAlias",),
    safety="creates",
)
def alias_twice(kms: Kms) -> None:
    """Create an alias again, for its own key and for another."""
    keys = [new_key(kms), new_key(kms)]
    name = kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": name, "KeyId": keys[0]})
    for key_id in keys:
        kms.expect_refused(
            kms.call("CreateAlias", {"AliasName": name, "KeyId": key_id}),
            codes=["AliasAlreadyExists"],
            statuses=[400],
            why="the name is taken",
        )
    expect_key(kms, name, KeyId=keys[0])
    rows = [
        row
        for _, found in pages(kms, "ListAliasesByKeyId", {"KeyId": keys[0]})
        for row in found
        if row.get("AliasName") == name
    ]
    kms.expect(len(rows) == 1, "the alias is there once", kms.exchanges[-1])


@rule(
    "IDM-005",
    level=Level.MUST,
    family="idempotency",
    statement="PutSecretValue with a version and value that are there succeeds and changes "
    "nothing.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/secret-put-again",),
    operations=("PutSecretValue",),
    safety="creates",
)
def value_twice(kms: Kms) -> None:
    """Store the same value as the same version, also as a version that is no longer current."""
    name, first = new_secret(kms)
    request = {"SecretName": name, "SecretData": "second", "VersionId": "v2"}
    done(kms, "PutSecretValue", request)
    done(kms, "PutSecretValue", request)
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": first, "VersionId": "v1"})
    expect_value(kms, name, "second", "v2", "ACSCurrent")
    expect_value(kms, name, first, "v1", VersionStage="ACSPrevious")
    listed = [
        str(row.get("VersionId"))
        for _, rows in pages(kms, "ListSecretVersionIds", {"SecretName": name})
        for row in rows
    ]
    kms.expect(sorted(listed) == ["v1", "v2"], "no version is added", kms.exchanges[-1])


@rule(
    "IDM-006",
    level=Level.MUST,
    family="idempotency",
    statement="PutSecretValue with a version that is there and another value is refused, and the "
    "stored value stays.",
    provenance="documented",
    source=_SDK,
    stage="state",
    promises=("semantics/secret-put-other",),
    operations=("PutSecretValue",),
    safety="creates",
)
def other_value_same_version(kms: Kms) -> None:
    """Try to change a stored version."""
    name, value = new_secret(kms)
    for other in ("other", f"{value} ", f"{value}\n", value.upper()):
        request = {"SecretName": name, "SecretData": other, "VersionId": "v1"}
        exchange = kms.call("PutSecretValue", request)
        kms.expect_refused(exchange, why="a stored version cannot change")
    expect_value(kms, name, value, "v1", "ACSCurrent")


@rule(
    "IDM-007",
    level=Level.MUST,
    family="idempotency",
    statement="CreateSecret with the name of a live secret is refused with 409 "
    "Rejected.ResourceExist, and the secret stays as it is.",
    provenance="documented",
    source="CreateSecret page, AlibabaCloudDocs/kms (2021-07)",
    stage="state",
    promises=("semantics/secret-exists",),
    operations=("CreateSecret",),
    safety="creates",
)
def secret_twice(kms: Kms) -> None:
    """Create a secret again, with another value and with the same."""
    name, value = new_secret(kms)
    for data, version in (("other", "v9"), (value, "v1")):
        request = {"SecretName": name, "SecretData": data, "VersionId": version}
        kms.expect_refused(
            kms.call("CreateSecret", request),
            codes=["Rejected.ResourceExist"],
            statuses=[409],
            why="the name is taken",
        )
    expect_value(kms, name, value, "v1", "ACSCurrent")


@rule(
    "IDM-008",
    level=Level.MUST,
    family="idempotency",
    statement="Each CreateKey makes a new key; there is no client token.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/create-key-twice",),
    operations=("CreateKey",),
    safety="creates",
)
def key_twice(kms: Kms) -> None:
    """Create two keys by the same request."""
    request = {"Description": f"{kms.marker} twice"}
    made = [done(kms, "CreateKey", request) for _ in range(2)]
    ids = [key_metadata(exchange).get("KeyId") for exchange in made]
    kms.expect(ids[0] != ids[1], "two calls make two keys", *made)
    for key_id in ids:
        expect_key(kms, str(key_id), KeyState="Enabled")


@rule(
    "IDM-009",
    level=Level.MUST,
    family="idempotency",
    statement="RestoreSecret of a live secret is refused with 409 Rejected.ResourceInUse.",
    provenance="documented",
    source="RestoreSecret page (zh)",
    stage="state",
    promises=("semantics/secret-restore-live",),
    operations=("RestoreSecret",),
    safety="creates",
)
def restoring_the_live(kms: Kms) -> None:
    """Restore a secret that was never deleted."""
    name, value = new_secret(kms)
    refused = kms.expect_refused(
        kms.call("RestoreSecret", {"SecretName": name}),
        codes=["Rejected.ResourceInUse"],
        statuses=[409],
        why="the secret is not deleted",
    )
    kms.expect("SecretName" not in refused.data, "a refusal tells nothing of a result", refused)
    expect_value(kms, name, value, "v1", "ACSCurrent")


def _deletions() -> list[Case]:
    return [
        Case(operation, (operation, bundle), operation)
        for operation, bundle in (
            ("DeleteAlias", "alias"),
            ("DeleteNetworkRule", "network-rule"),
            ("DeletePolicy", "access-policy"),
            ("DeleteApplicationAccessPoint", "access-point"),
        )
    ]


@rule(
    "IDM-010",
    level=Level.MUST,
    family="idempotency",
    statement="Deleting what is deleted already is refused with 404: Forbidden.AliasNotFound for "
    "aliases, Forbidden.ResourceNotFound for what access points consist of.",
    provenance="documented",
    source=f"{_RESPONSES}; terraform-provider-alicloud, 2026-08",
    stage="state",
    safety="schedules-deletion",
    cases=_deletions,
)
def deleting_twice(kms: Kms, deletion: tuple[str, str]) -> None:
    """Delete the same thing twice."""
    operation, bundle = deletion
    name = kms.provide(bundle, fresh=True)["name"]
    request = {"AliasName" if bundle == "alias" else "Name": name}
    done(kms, operation, request)
    code = "Forbidden.AliasNotFound" if bundle == "alias" else "Forbidden.ResourceNotFound"
    kms.expect_refused(
        kms.call(operation, request), codes=[code], statuses=[404], why="deleted already"
    )


@rule(
    "IDM-011",
    level=Level.MUST,
    family="idempotency",
    statement="OpenKmsService on an open service is refused with 400 Forbidden.Opened.",
    provenance="documented",
    source="OpenKmsService error codes, API metadata 2026-09",
    stage="state",
    operations=("OpenKmsService",),
    safety="destructive",
)
def opening_twice(kms: Kms) -> None:
    """Open the service again, where it is known to be open."""
    status = done(kms, "DescribeAccountKmsStatus", {})
    if status.data.get("AccountStatus") != "Enabled":
        raise NotApplicable("the service of the account is not open")
    kms.expect_refused(
        kms.call("OpenKmsService"),
        codes=["Forbidden.Opened"],
        statuses=[400],
        why="the service is open",
    )


@rule(
    "IDM-012",
    level=Level.MUST,
    family="idempotency",
    statement="RotateSecret with a version that is there succeeds and does not rotate again.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/secret-rotate-again",),
    operations=("RotateSecret",),
    safety="destructive",
)
def rotating_twice(kms: Kms) -> None:
    """Rotate a managed secret twice to the same version."""
    name = str(kms.provide("managed-secret", fresh=True)["name"])
    request = {"SecretName": name, "VersionId": kms.fresh_name("version")}
    done(kms, "RotateSecret", request)
    first = kms.expect_success(value_of(kms, name))
    done(kms, "RotateSecret", request)
    again = kms.expect_success(value_of(kms, name))
    kms.expect(
        (again.data.get("VersionId"), again.data.get("SecretData"))
        == (first.data.get("VersionId"), first.data.get("SecretData")),
        "the second call changes neither version nor value",
        first,
        again,
    )
    done(kms, "RotateSecret", {"SecretName": name, "VersionId": kms.fresh_name("version")})
    newest = kms.expect_success(value_of(kms, name))
    # Whether a version that is no longer current is refused or passed over, no page says.
    kms.call("RotateSecret", request)
    after = kms.expect_success(value_of(kms, name))
    kms.expect(
        after.data.get("VersionId") == newest.data.get("VersionId"),
        "a version that was there before does not rotate the secret again",
        newest,
        after,
    )


@rule(
    "IDM-013",
    level=Level.MUST,
    family="idempotency",
    statement="The same material can be imported again with the same token while the token lives; "
    "other material is refused, and the key stays with its own.",
    provenance="documented",
    source="Key material pages, AlibabaCloudDocs/kms (2021-07); page 607841",
    stage="service",
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def importing_twice(kms: Kms) -> None:
    """Import the same material twice."""
    bundle = kms.provide("import", fresh=True)
    request = {
        "KeyId": bundle["id"],
        "EncryptedKeyMaterial": bundle["wrapped-material"],
        "ImportToken": bundle["token"],
        "KeyMaterialExpireUnix": bundle["expiry"],
    }
    for _ in range(2):
        done(kms, "ImportKeyMaterial", request)
        expect_key(kms, str(bundle["id"]), KeyState="Enabled")
    other = wrap(str(bundle["public-key"]), str(bundle["algorithm"]), kms.bytes(32))
    kms.expect_refused(
        kms.call("ImportKeyMaterial", {**request, "EncryptedKeyMaterial": other}),
        why="the key is bound to its first material",
    )
    expect_key(kms, str(bundle["id"]), KeyState="Enabled")


@rule(
    "IDM-014",
    level=Level.MUST,
    family="idempotency",
    statement="Listing and describing change nothing: asked twice, they answer the same.",
    provenance="documented",
    source=_SDK,
    stage="service",
    operations=("DescribeKey", "DescribeSecret", "ListAliasesByKeyId"),
    safety="creates",
)
def reading_twice(kms: Kms) -> None:
    """Ask twice about things of one's own."""
    key_id = new_key(kms)
    name, _ = new_secret(kms)
    alias = kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key_id})
    for operation, request in (
        ("DescribeKey", {"KeyId": key_id}),
        ("DescribeSecret", {"SecretName": name}),
        ("ListAliasesByKeyId", {"KeyId": key_id}),
        ("ListKeyVersions", {"KeyId": key_id}),
        ("ListSecretVersionIds", {"SecretName": name}),
        ("ListResourceTags", {"KeyId": key_id}),
        ("DescribeRegions", {}),
    ):
        first, second = (dict(done(kms, operation, request).data) for _ in range(2))
        first.pop("RequestId", None)
        second.pop("RequestId", None)
        kms.expect(first == second, f"{operation} answers the same twice", *kms.exchanges[-2:])
    row, page = find_row(kms, "ListAliases", "AliasName", alias)
    kms.expect(row is not None, "the alias is still listed", page)
