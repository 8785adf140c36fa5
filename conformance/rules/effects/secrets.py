"""Effects on secrets: created, described, listed, deleted with and without a way back."""

from datetime import datetime, timedelta
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.dates import is_near
from conformance.rules.effects.looking import done, expect_shown, gone, new_secret
from conformance.rules.lists import find_row, rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec.catalogue import catalogue
from conformance.wire.failures import WireError
from conformance.wire.times import parse_iso

_SECRETS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
#: What clocks may differ by.
_CLOCKS = timedelta(minutes=15)
_DELETION = "DeleteSecret, RestoreSecret and UpdateSecret pages (zh)"


def value_of(kms: Kms, name: str, **params: Any) -> Exchange:
    """Read a secret's value."""
    return kms.call("GetSecretValue", {"SecretName": name, **params})


def stages_of(exchange: Exchange) -> set[str]:
    """Return the stages that an answer of GetSecretValue names."""
    stages = (exchange.data.get("VersionStages") or {}).get("VersionStage") or []
    return set(stages)


def expect_value(
    kms: Kms, name: str, value: str, version: str, stage: str | None = None, **params: Any
) -> None:
    """Expect a value, the version it belongs to, and a stage of that version."""
    exchange = kms.expect_success(value_of(kms, name, **params))
    asked = ", ".join(params) or "nothing else"
    kms.expect(
        exchange.data.get("SecretData") == value,
        f"GetSecretValue by {asked} answers the value that version {version} was given",
        exchange,
    )
    found = exchange.data.get("VersionId")
    kms.expect(found == version, f"the value is of version {version}, found {found}", exchange)
    if stage is not None:
        kms.expect(stage in stages_of(exchange), f"version {version} has stage {stage}", exchange)


@rule(
    "EFF-040",
    level=Level.MUST,
    family="effects",
    statement="A created secret is described as asked for and listed, and its value is read back "
    "with its version, data type and the stage ACSCurrent.",
    provenance="documented",
    source=_SECRETS,
    stage="service",
    promises=("semantics/secret-first-stage",),
    operations=("CreateSecret", "DescribeSecret", "ListSecrets", "GetSecretValue"),
    safety="creates",
)
def created_secret_is_there(kms: Kms) -> None:
    """Create, describe, list and read a secret."""
    text = f"{kms.marker} 凭据 <&>"
    name, value = new_secret(kms, Description=text)
    described = done(kms, "DescribeSecret", {"SecretName": name})
    for member, wish in (("SecretName", name), ("Description", text)):
        kms.expect(described.data.get(member) == wish, f"DescribeSecret shows {member}", described)
    kms.expect(
        described.data.get("SecretType", "Generic") == "Generic",
        "a secret is Generic unless asked otherwise",
        described,
    )
    row, page = find_row(kms, "ListSecrets", "SecretName", name)
    kms.expect(row is not None, "ListSecrets lists the secret that was created", page)
    expect_value(kms, name, value, "v1", "ACSCurrent")
    kms.expect(
        kms.exchanges[-1].data.get("SecretDataType", "text") == "text",
        "data is text unless asked otherwise",
        kms.exchanges[-1],
    )


def _values() -> list[Case]:
    return [
        Case("markup", '<a b="c">&amp;</a> % + 汉字 😀'),
        Case("json", '{"user":"a","password":"p:w\\"\\\\"}'),
        Case("blanks", "  line one\nline two\t  "),
        Case("long", "0123456789abcdef" * 1024),
    ]


@rule(
    "EFF-041",
    level=Level.MUST,
    family="effects",
    statement="A secret's value comes back character for character.",
    provenance="documented",
    source=_SECRETS,
    stage="service",
    operations=("CreateSecret", "GetSecretValue"),
    safety="creates",
    cases=_values,
)
def value_comes_back(kms: Kms, value: str) -> None:
    """Store a value of a kind that sloppy encoding changes."""
    name = kms.fresh_name("secret")
    request = {"SecretName": name, "SecretData": value, "VersionId": "v1"}
    kms.expect_success(kms.call("CreateSecret", request, placement="form"))
    expect_value(kms, name, value, "v1")


@rule(
    "EFF-048",
    level=Level.MUST,
    family="effects",
    statement="SecretDataType of a version is told as it was given, text or binary.",
    provenance="documented",
    source=_SECRETS,
    stage="service",
    promises=("semantics/secret-data-type",),
    operations=("CreateSecret", "PutSecretValue", "GetSecretValue"),
    safety="creates",
)
def data_type_is_kept(kms: Kms) -> None:
    """Store a binary version beside one of text."""
    name, _ = new_secret(kms, SecretDataType="binary", SecretData="AAECAw==")
    request = {"SecretName": name, "SecretData": "x", "VersionId": "v2", "SecretDataType": "text"}
    done(kms, "PutSecretValue", request)
    for version, wish in (("v1", "binary"), ("v2", "text")):
        exchange = kms.expect_success(value_of(kms, name, VersionId=version))
        found = exchange.data.get("SecretDataType", wish)
        kms.expect(found == wish, f"SecretDataType of {version} is {wish}", exchange)


@rule(
    "EFF-042",
    level=Level.MUST,
    family="effects",
    statement="UpdateSecret changes the description, and neither value nor versions.",
    provenance="documented",
    source=_SECRETS,
    stage="service",
    operations=("UpdateSecret",),
    safety="creates",
)
def description_changes(kms: Kms) -> None:
    """Change the description of a secret that another one's name begins with."""
    name, value = new_secret(kms)
    longer, kept = f"{name}-2", f"{kms.marker} kept"
    request = {"SecretData": "longer", "VersionId": "v1", "Description": kept}
    done(kms, "CreateSecret", {"SecretName": longer, **request})
    text = f"{kms.marker} changed"
    done(kms, "UpdateSecret", {"SecretName": name, "Description": text})
    expect_shown(
        kms,
        lambda: kms.call("DescribeSecret", {"SecretName": name}),
        lambda exchange: exchange.data.get("Description") == text,
        "DescribeSecret shows the new description",
    )
    other = done(kms, "DescribeSecret", {"SecretName": longer})
    kms.expect(other.data.get("Description") == kept, "another secret keeps its description", other)
    _expect_updated_now(kms, name)
    expect_value(kms, name, value, "v1", "ACSCurrent")


def _expect_updated_now(kms: Kms, name: str) -> None:
    """Expect UpdateTime, where it is told, to be that of a change just made."""
    described = done(kms, "DescribeSecret", {"SecretName": name})
    told = described.data.get("UpdateTime")
    if not told:
        return
    try:
        updated = parse_iso(str(told))
    except WireError:
        return  # the form of times is a matter of another rule
    kms.expect(
        abs(updated - kms.now()) < _CLOCKS,
        f"UpdateTime is the time of the change, found {told}",
        described,
    )


@rule(
    "EFF-043",
    level=Level.MUST,
    family="effects",
    statement="Neither DescribeSecret nor ListSecrets ever tells the value of a secret, with "
    "FetchTags or without.",
    provenance="documented",
    source=_SECRETS,
    stage="answer",
    promises=("semantics/secret-values-hidden",),
    operations=("DescribeSecret", "ListSecrets"),
    safety="creates",
)
def value_is_not_told(kms: Kms) -> None:
    """Look for the value in what describes and lists, with tags and without."""
    name, value = new_secret(kms)
    looks = []
    for wish in ({}, {"FetchTags": "true"}):
        looks.append(done(kms, "DescribeSecret", {"SecretName": name, **wish}))
        looks.append(find_row(kms, "ListSecrets", "SecretName", name, wish)[1])
    for exchange in looks:
        hidden = value.encode() not in exchange.response_body
        kms.expect(
            hidden and "SecretData" not in exchange.data,
            f"{exchange.operation} does not tell the value",
            exchange,
        )


def _windows() -> list[Case]:
    return [Case("default", None, "DeleteSecret"), Case("7-days", 7, "DeleteSecret")]


@rule(
    "EFF-044",
    level=Level.MUST,
    family="effects",
    statement="A deleted secret waits for its window, 30 days unless told: its name is taken and "
    "it cannot be changed or deleted again (409 Rejected.ResourceInDeleteWindow); RestoreSecret "
    "brings it back with its values.",
    provenance="documented",
    source=f"{_DELETION}; CreateSecret page, AlibabaCloudDocs/kms (2021-07)",
    stage="state",
    promises=(
        "semantics/secret-window-name",
        "semantics/secret-window-writes",
    ),
    operations=("DeleteSecret", "RestoreSecret", "CreateSecret", "UpdateSecret"),
    safety="schedules-deletion",
    readings=("planned-delete-time",),
    cases=_windows,
)
def deleted_secret_waits(kms: Kms, days: int | None) -> None:
    """Delete with a window, try what must not work, and restore."""
    name, value = new_secret(kms)
    window = {} if days is None else {"RecoveryWindowInDays": days}
    deleted = done(kms, "DeleteSecret", {"SecretName": name, **window})
    _expect_planned(kms, deleted, 30 if days is None else days)
    refused = (
        ("CreateSecret", {"SecretName": name, "SecretData": "x", "VersionId": "v1"}),
        ("UpdateSecret", {"SecretName": name, "Description": "x"}),
        ("DeleteSecret", {"SecretName": name}),
    )
    before = done(kms, "DescribeSecret", {"SecretName": name})
    for operation, request in refused:
        kms.expect_refused(
            kms.call(operation, request),
            codes=["Rejected.ResourceInDeleteWindow"],
            statuses=[409],
            why="the secret waits for its deletion",
        )
    after = done(kms, "DescribeSecret", {"SecretName": name})
    kms.expect(
        after.data.get("PlannedDeleteTime") == before.data.get("PlannedDeleteTime"),
        "what is refused leaves the date of deletion as it is",
        before,
        after,
    )
    done(kms, "RestoreSecret", {"SecretName": name})
    expect_value(kms, name, value, "v1", "ACSCurrent")
    described = done(kms, "DescribeSecret", {"SecretName": name})
    kms.expect(
        not described.data.get("PlannedDeleteTime"),
        "a restored secret has no PlannedDeleteTime",
        described,
    )


def _expect_planned(kms: Kms, deleted: Exchange, days: int) -> None:
    text = deleted.data.get("PlannedDeleteTime")
    if not text:
        return
    try:
        planned = datetime.fromisoformat(str(text))
    except ValueError:
        planned = None
    kms.expect(planned is not None and planned.tzinfo, "PlannedDeleteTime is a time", deleted)
    assert planned is not None
    seconds = str(text).endswith("Z") and "." not in str(text)
    kms.showed("planned-delete-time", "seconds-utc" if seconds else "nanoseconds-offset", deleted)
    kms.expect(
        is_near(planned, kms.now() + timedelta(days=days)),
        f"PlannedDeleteTime is {days} days ahead",
        deleted,
    )


@rule(
    "EFF-045",
    level=Level.SHOULD,
    family="effects",
    statement="A secret that waits for its deletion is described with PlannedDeleteTime; its value "
    "cannot be read or added to.",
    provenance="inferred",
    source=_DELETION,
    stage="state",
    promises=("semantics/secret-window-reads",),
    operations=("GetSecretValue", "PutSecretValue"),
    safety="schedules-deletion",
)
def waiting_secret_is_closed(kms: Kms) -> None:
    """Read and write a secret in its window."""
    name, _ = new_secret(kms)
    done(kms, "DeleteSecret", {"SecretName": name, "RecoveryWindowInDays": 7})
    described = done(kms, "DescribeSecret", {"SecretName": name})
    kms.expect(
        described.data.get("PlannedDeleteTime"), "DescribeSecret shows PlannedDeleteTime", described
    )
    kms.expect_refused(value_of(kms, name), why="the secret waits for its deletion")
    request = {"SecretName": name, "SecretData": "x", "VersionId": "v2"}
    kms.expect_refused(kms.call("PutSecretValue", request), why="the secret waits for its deletion")


@rule(
    "EFF-046",
    level=Level.MUST,
    family="effects",
    statement="ForceDeleteWithoutRecovery removes a secret at once: it is in no list, every call "
    "on it is refused with 404 Forbidden.ResourceNotFound, and it cannot be restored.",
    provenance="documented",
    source=f"{_SECRETS}; terraform-provider-alicloud acceptance tests, 2026-08",
    stage="state",
    promises=(
        "semantics/secret-force",
        "semantics/secret-unknown",
    ),
    operations=("DeleteSecret", "DescribeSecret", "GetSecretValue", "RestoreSecret"),
    safety="schedules-deletion",
)
def forced_deletion_is_final(kms: Kms) -> None:
    """Delete by force and look for the secret everywhere."""
    name, _ = new_secret(kms)
    done(kms, "DeleteSecret", {"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
    calls = ("DescribeSecret", "GetSecretValue", "ListSecretVersionIds", "RestoreSecret")
    for operation in (*calls, "UpdateSecret", "DeleteSecret"):
        gone(kms, kms.call(operation, {"SecretName": name}), "Forbidden.ResourceNotFound")
    row, page = find_row(kms, "ListSecrets", "SecretName", name)
    kms.expect(row is None, "ListSecrets has the deleted secret no longer", page)


@rule(
    "EFF-047",
    level=Level.MUST,
    family="effects",
    statement="BatchGetSecretValue answers the values that GetSecretValue answers.",
    provenance="documented",
    source="BatchGetSecretValue page (2026-08)",
    stage="service",
    operations=("BatchGetSecretValue",),
    safety="creates",
)
def batches_agree(kms: Kms) -> None:
    """Read two secrets in one call."""
    wish = dict(new_secret(kms) for _ in range(2))
    former = dict(wish)

    def expect_batch(values: dict[str, str], told: str, **selection: str) -> None:
        request = {"SecretsList": [{"SecretName": name, **selection} for name in values]}
        exchange = done(kms, "BatchGetSecretValue", request)
        rows = [row for key in exchange.data for row in rows_at(exchange, key)]
        # Lists that no page names may stand beside it.
        found = {row["SecretName"]: row.get("SecretData") for row in rows if "SecretName" in row}
        kms.expect(found == values, told, exchange)

    expect_batch(wish, "both values come back with their names")
    for name in former:
        wish[name] = f"later-{kms.random.getrandbits(64):016x}"
        request = {"SecretName": name, "SecretData": wish[name], "VersionId": "v2"}
        done(kms, "PutSecretValue", request)
    expect_batch(wish, "both current values come back")
    expect_batch(former, "both values of the stage asked for", VersionStage="ACSPrevious")
    expect_batch(former, "both values of the version asked for", VersionId="v1")


@rule(
    "EFF-049",
    level=Level.MUST,
    family="effects",
    statement="BatchGetSecretValue answers what it can, and tells in Errors which secret it could "
    "not answer and why; also of as many secrets as one call may name.",
    provenance="documented",
    source="BatchGetSecretValue page (2026-08)",
    stage="service",
    operations=("BatchGetSecretValue",),
    safety="creates",
)
def batches_tell_failures(kms: Kms) -> None:
    """Read a secret with one that is not there in one call, then with as many as there may be."""
    most = catalogue().limit("batch-secrets").max
    assert most is not None
    name, value = new_secret(kms)
    for number in (2, most):
        missing = {f"kms-conformance-does-not-exist-{n}" for n in range(1, number)}
        # The secret that is there comes last: none of those before it ends the call.
        request = {"SecretsList": [{"SecretName": one} for one in (*sorted(missing), name)]}
        exchange = done(kms, "BatchGetSecretValue", request)
        rows = rows_at(exchange, "SecretValues")
        found = {row.get("SecretName"): row.get("SecretData") for row in rows}
        kms.expect(found == {name: value}, "the secret that is there is answered", exchange)
        errors = {row.get("SecretName"): row.get("Code") for row in rows_at(exchange, "Errors")}
        kms.expect(
            errors.keys() == missing and all(errors.values()),
            f"Errors tells each of {len(missing)} secrets that are not there, with a code",
            exchange,
        )
