"""Values of secrets: of every size and type, each kept by its version, each secret on its own."""

from typing import Any

from conformance.client.building import Placement, Scheme
from conformance.client.exchange import Exchange
from conformance.rules.cryptography.asking import SDK, b64, done
from conformance.rules.effects.looking import new_secret
from conformance.rules.effects.secrets import expect_value
from conformance.rules.lists import find_row, rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_MOST_BYTES = 30_720


def _read(kms: Kms, name: str, **selection: Any) -> Exchange:
    return kms.call("GetSecretValue", {"SecretName": name, **selection})


def _largest() -> list[Case]:
    three_bytes = "密"
    return [
        Case("ascii", "x" * _MOST_BYTES),
        Case("three-byte-characters", three_bytes * (_MOST_BYTES // 3)),
        Case("control-and-quotes", '\\"\n\t' * (_MOST_BYTES // 4)),
    ]


@rule(
    "SEC-001",
    level=Level.MUST,
    family="secrets",
    statement="A value of 30,720 bytes, however few characters that are, is stored and comes back "
    "whole, at creation and as a later version.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/secret-size",),
    operations=("CreateSecret", "PutSecretValue", "GetSecretValue"),
    safety="creates",
    cases=_largest,
)
def largest_values_come_back(kms: Kms, value: str) -> None:
    """Store the most there may be, twice."""
    name = kms.fresh_name("secret")
    request = {"SecretName": name, "SecretData": value, "VersionId": "v1"}
    done(kms, "CreateSecret", request, placement="form")
    expect_value(kms, name, value, "v1", "ACSCurrent")
    other = value[::-1]
    done(
        kms, "PutSecretValue", {**request, "SecretData": other, "VersionId": "v2"}, placement="form"
    )
    expect_value(kms, name, other, "v2", "ACSCurrent")
    expect_value(kms, name, value, "v1", VersionId="v1")


#: Texts that something on the way may take for its own, JSON above all.
_ODD = (
    *(" \t x \n", "a\r\nb\rc", "\ufeffe\u0301 \u00e9", "%41+&=;", "null", "0"),
    '{"user": "app",  "port":5.0e3, "a":{}, "Z":"\\u00e9\\/"}\n',
)


@rule(
    "SEC-002",
    level=Level.MUST,
    family="secrets",
    statement="Any text comes back as it was stored.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("PutSecretValue", "GetSecretValue"),
    safety="creates",
)
def any_text_comes_back(kms: Kms) -> None:
    """Put odd and random texts as versions of one secret; the eleventh pushes the oldest out."""
    from hypothesis import strategies as st

    name, _ = new_secret(kms)
    count = 0

    def check(value: str) -> None:
        nonlocal count
        count += 1
        version = f"t{count}"
        request = {"SecretName": name, "SecretData": value, "VersionId": version}
        done(kms, "PutSecretValue", request, placement="form")
        expect_value(kms, name, value, version, "ACSCurrent")

    for value in _ODD:
        check(value)
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
    kms.property(text, check, max_examples=kms.examples // 2)


@rule(
    "SEC-003",
    level=Level.MUST,
    family="secrets",
    statement="Each version has the data type it was stored with, text unless told, and a binary "
    "value comes back as it was sent.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/secret-data-type",),
    operations=("CreateSecret", "PutSecretValue", "GetSecretValue"),
    safety="creates",
)
def versions_keep_their_type(kms: Kms) -> None:
    """Store binary, text and binary values in one secret."""
    binary, more = b64(kms.bytes(300)), b64(bytes(range(256)))
    name, _ = new_secret(kms, SecretData=binary, SecretDataType="binary")
    text = "text {}"
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": text, "VersionId": "v2"})
    request = {"SecretName": name, "SecretData": more, "VersionId": "v3"}
    done(kms, "PutSecretValue", {**request, "SecretDataType": "binary"})
    for version, value, kind in (
        ("v1", binary, "binary"),
        ("v2", text, "text"),
        ("v3", more, "binary"),
    ):
        expect_value(kms, name, value, version, VersionId=version)
        answer = kms.exchanges[-1]
        found = answer.data.get("SecretDataType")
        kms.expect(found == kind, f"SecretDataType of {version} is {kind}, found {found}", answer)


@rule(
    "SEC-004",
    level=Level.MUST,
    family="secrets",
    statement="Secrets are apart: versions and stages of the same names in two secrets have values "
    "of their own, and a change of the one leaves the other.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/secret-version-unique",),
    operations=("PutSecretValue", "GetSecretValue", "UpdateSecretVersionStage", "DeleteSecret"),
    safety="schedules-deletion",
)
def secrets_are_apart(kms: Kms) -> None:
    """Do everything to the one secret and read the other."""
    name, _ = new_secret(kms)
    other, first = new_secret(kms)
    second = f"second-{kms.random.getrandbits(96):024x}"
    done(kms, "PutSecretValue", {"SecretName": other, "SecretData": second, "VersionId": "v2"})
    steps: list[tuple[str, dict[str, Any]]] = [
        ("PutSecretValue", {"SecretData": "of the one", "VersionId": "v2"}),
        ("UpdateSecretVersionStage", {"VersionStage": "ACSCurrent", "MoveToVersion": "v1"}),
        ("UpdateSecret", {"Description": f"{kms.marker} changed"}),
        ("DeleteSecret", {"ForceDeleteWithoutRecovery": "true"}),
    ]
    for operation, params in steps:
        done(kms, operation, {"SecretName": name, **params})
        expect_value(kms, other, second, "v2", "ACSCurrent")
        expect_value(kms, other, first, "v1", "ACSPrevious", VersionStage="ACSPrevious")


@rule(
    "SEC-005",
    level=Level.MUST,
    family="secrets",
    statement="A value that the service does not have is not made up: an unknown version or stage "
    "is refused, and never answered with the current value.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("GetSecretValue",),
    safety="creates",
)
def unknown_is_not_current(kms: Kms) -> None:
    """Ask for versions and stages that are not there."""
    name, _ = new_secret(kms)
    for selection in (
        {"VersionId": "v2"},
        {"VersionStage": "ACSPrevious"},
        {"VersionStage": "certified"},
    ):
        kms.expect_refused(_read(kms, name, **selection), why="a version that is not there")


@rule(
    "SEC-006",
    level=Level.MUST,
    family="secrets",
    statement="VersionId and VersionStage together must meet in one version; where they do, its "
    "value comes, where they do not, none.",
    provenance="inferred",
    source="documented for GetSecretValue of the KMS Instance API (page 447562)",
    stage="parameter",
    operations=("GetSecretValue",),
    safety="creates",
)
def version_and_stage_meet(kms: Kms) -> None:
    """Ask by both."""
    name, first = new_secret(kms)
    second = f"second-{kms.random.getrandbits(96):024x}"
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": second, "VersionId": "v2"})
    for version, stage in (("v1", "ACSCurrent"), ("v2", "ACSPrevious")):
        kms.expect_refused(
            _read(kms, name, VersionId=version, VersionStage=stage),
            why="a version and a stage that another version has",
        )
    expect_value(kms, name, first, "v1", VersionId="v1", VersionStage="ACSPrevious")
    expect_value(kms, name, second, "v2", VersionId="v2", VersionStage="ACSCurrent")


@rule(
    "SEC-007",
    level=Level.MUST,
    family="secrets",
    statement="A name that was deleted at once is free: a new secret of that name has its own "
    "value and nothing of the former one's versions, stages and description.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("DeleteSecret", "CreateSecret", "ListSecretVersionIds"),
    safety="destructive",
)
def names_are_free_again(kms: Kms) -> None:
    """Delete a secret with two versions, make another of that name."""
    tags = [{"TagKey": "former", "TagValue": "conformance"}]
    name, _ = new_secret(kms, Description=f"{kms.marker} former", Tags=tags)
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": "former", "VersionId": "v2"})
    done(kms, "DeleteSecret", {"SecretName": name, "ForceDeleteWithoutRecovery": "true"})
    value = f"new-{kms.random.getrandbits(96):024x}"
    done(kms, "CreateSecret", {"SecretName": name, "SecretData": value, "VersionId": "v2"})
    expect_value(kms, name, value, "v2", "ACSCurrent")
    kms.expect_refused(_read(kms, name, VersionId="v1"), why="a version of the former secret")
    listed = done(kms, "ListSecretVersionIds", {"SecretName": name, "IncludeDeprecated": "true"})
    rows = rows_at(listed, "VersionIds.VersionId")
    kms.expect(
        [row.get("VersionId") for row in rows] == ["v2"],
        "a new secret has none of the former one's versions",
        listed,
    )
    described = done(kms, "DescribeSecret", {"SecretName": name, "FetchTags": "true"})
    kms.expect(
        not described.data.get("Description"),
        "a new secret has none of the former one's description",
        described,
    )
    keys = {row.get("TagKey") for row in rows_at(described, "Tags.Tag")}
    kms.expect("former" not in keys, "a new secret has none of the former one's tags", described)


@rule(
    "SEC-008",
    level=Level.MUST,
    family="secrets",
    statement="No answer but GetSecretValue carries a value: not those of CreateSecret, "
    "PutSecretValue, DescribeSecret and ListSecrets (with FetchTags too), ListSecretVersionIds, "
    "UpdateSecret, DeleteSecret and RestoreSecret.",
    provenance="documented",
    source=SDK,
    stage="answer",
    promises=("semantics/secret-values-hidden",),
    operations=(
        "CreateSecret",
        "PutSecretValue",
        "DescribeSecret",
        "ListSecrets",
        "ListSecretVersionIds",
    ),
    safety="schedules-deletion",
)
def values_stay_in(kms: Kms) -> None:
    """Search whole answers for two values, as they are and as base64."""
    name = kms.fresh_name("secret")
    values = [f"hidden-{kms.random.getrandbits(128):032x}" for _ in range(2)]
    named = {"SecretName": name}
    sent = [
        done(kms, "CreateSecret", {**named, "SecretData": values[0], "VersionId": "v1"}),
        done(kms, "PutSecretValue", {**named, "SecretData": values[1], "VersionId": "v2"}),
        done(kms, "DescribeSecret", {**named, "FetchTags": "true"}),
        find_row(kms, "ListSecrets", "SecretName", name)[1],
        find_row(kms, "ListSecrets", "SecretName", name, {"FetchTags": "true"})[1],
        done(kms, "ListSecretVersionIds", {**named, "IncludeDeprecated": "true"}),
        done(kms, "UpdateSecret", {**named, "Description": f"{kms.marker} changed"}),
        done(kms, "DeleteSecret", {**named, "RecoveryWindowInDays": 7}),
        done(kms, "DescribeSecret", named),
        done(kms, "RestoreSecret", named),
    ]
    for exchange in sent:
        for value in values:
            for form in (value, b64(value.encode())):
                kms.expect(
                    form.encode() not in exchange.response_body,
                    f"{exchange.operation} does not answer the value of a secret",
                    exchange,
                )


@rule(
    "SEC-009",
    level=Level.MUST,
    family="secrets",
    statement="A secret may be encrypted under a symmetric key of the account, which "
    "DescribeSecret names; an asymmetric key is refused and no secret is made.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/secret-key",),
    operations=("CreateSecret", "GetSecretValue", "DescribeSecret"),
    needs=("spec:EC_P256",),
    safety="creates",
)
def own_encryption_key(kms: Kms) -> None:
    """Create secrets with keys of either kind."""
    key = kms.provide("symmetric-key")["id"]
    name, value = new_secret(kms, EncryptionKeyId=key)
    expect_value(kms, name, value, "v1", "ACSCurrent")
    described = done(kms, "DescribeSecret", {"SecretName": name})
    found = described.data.get("EncryptionKeyId")
    kms.expect(found == key, f"EncryptionKeyId is {key}, found {found}", described)
    pair = kms.provide("signing-key-pair", {"KeySpec": "EC_P256", "Algorithm": "ECDSA_SHA_256"})
    other = kms.fresh_name("secret")
    request = {"SecretName": other, "SecretData": "value", "VersionId": "v1"}
    kms.expect_refused(
        kms.call("CreateSecret", {**request, "EncryptionKeyId": pair["id"]}),
        why="an asymmetric key as EncryptionKeyId",
    )
    kms.expect_refused(
        _read(kms, other),
        codes=["Forbidden.ResourceNotFound"],
        statuses=[404],
        why="a secret whose creation was refused",
    )


@rule(
    "SEC-011",
    level=Level.MUST,
    family="secrets",
    statement="Names count to their last character: secrets, and versions with ids of 64 "
    "characters, that differ there are two.",
    provenance="documented",
    source=f"{SDK}: SecretName up to 192 characters, VersionId up to 64",
    stage="service",
    operations=("CreateSecret", "PutSecretValue", "GetSecretValue"),
    safety="creates",
)
def names_count_to_their_end(kms: Kms) -> None:
    """Make two secrets of long names and two versions of long ids, and read each."""
    stem = kms.fresh_name("secret").ljust(63, "x")
    values = {}
    for last in "ab":
        name = stem + last
        for version in ("v" * 63 + "1", "v" * 63 + "2"):
            values[name, version] = f"{last}-{kms.random.getrandbits(64):016x}"
            request = {"SecretName": name, "SecretData": values[name, version]}
            operation = "CreateSecret" if version.endswith("1") else "PutSecretValue"
            done(kms, operation, {**request, "VersionId": version})
    for (name, version), value in values.items():
        expect_value(kms, name, value, version, VersionId=version)


def _ways() -> list[Case]:
    # Where V3 takes parameters from a form is not documented for every operation.
    ways = (("RPC-1.0", "query"), ("RPC-1.0", "form"), ("V3", "query"))
    return [Case("-".join(way), way) for way in ways]


@rule(
    "SEC-012",
    level=Level.MUST,
    family="secrets",
    statement="VersionId and VersionStage select a version in the query as in the form.",
    provenance="documented",
    source=f"{SDK}; request structure of RPC APIs: parameters in query or form",
    stage="service",
    operations=("GetSecretValue",),
    safety="creates",
    cases=_ways,
)
def selection_by_either_way(kms: Kms, way: tuple[Scheme, Placement]) -> None:
    """Read the previous version, by its stage, by its id, and by both."""
    scheme, placement = way
    kms.require(f"scheme:{scheme}")
    name, former = new_secret(kms)
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": "later", "VersionId": "v2"})
    by_stage, by_id = {"VersionStage": "ACSPrevious"}, {"VersionId": "v1"}
    for wish in (by_stage, by_id, by_stage | by_id):
        params = {"SecretName": name, **wish}
        exchange = kms.call("GetSecretValue", params, scheme=scheme, placement=placement)
        kms.expect_success(exchange)
        kms.expect(
            exchange.data.get("SecretData") == former,
            f"GetSecretValue obeys {', '.join(wish)} in the {placement}",
            exchange,
        )


@rule(
    "SEC-013",
    level=Level.MUST,
    family="secrets",
    statement="A managed secret is read whatever VersionId says: it is ignored.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("GetSecretValue",),
    safety="creates",
)
def managed_secrets_ignore_the_version(kms: Kms) -> None:
    """Read with an id that no version has."""
    name = str(kms.provide("managed-secret")["name"])
    plain = kms.expect_success(_read(kms, name))
    with_id = kms.expect_success(_read(kms, name, VersionId=kms.fresh_name("version")))
    kms.expect(
        with_id.data.get("VersionId") == plain.data.get("VersionId"),
        "the current version comes",
        plain,
        with_id,
    )


@rule(
    "SEC-010",
    level=Level.SHOULD,
    family="secrets",
    statement="Names of secrets and versions count letter for letter: another case names another "
    "thing.",
    provenance="inferred",
    source="no page says that letter case is passed over; names are parts of ARNs",
    stage="service",
    operations=("CreateSecret", "GetSecretValue"),
    safety="creates",
)
def names_count_by_the_letter(kms: Kms) -> None:
    """Look for a secret and its version by names in another case."""
    name, value = new_secret(kms, VersionId="Version-a")
    expect_value(kms, name, value, "Version-a", "ACSCurrent")
    others: tuple[dict[str, str], ...] = (
        {"SecretName": name.upper()},
        {"SecretName": name.swapcase()},
        {"SecretName": name, "VersionId": "vERSION-A"},
    )
    for other in others:
        kms.expect_refused(kms.call("GetSecretValue", other), why="the name is another one")
