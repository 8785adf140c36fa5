"""Several callers that create one thing at the same time."""

from collections.abc import Sequence
from functools import partial

from conformance.client.exchange import Exchange
from conformance.rules.concurrency.together import settle, together
from conformance.rules.effects.looking import done, new_key, new_secret
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_CALLERS = 8
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"


def _winner(kms: Kms, answers: Sequence[Exchange], code: str, statuses: Sequence[int]) -> int:
    """Return which of several creations succeeded; the others must be refused as documented."""
    won = [number for number, answer in enumerate(answers) if answer.ok]
    name = answers[0].operation
    kms.expect(
        len(won) == 1,
        f"of {len(answers)} {name} of one name at the same time exactly one succeeds, "
        f"found {len(won)}",
        *answers,
    )
    for number, answer in enumerate(answers):
        if number != won[0]:
            why = "another call made it at the same time"
            kms.expect_refused(answer, codes=[code], statuses=statuses, why=why)
    return won[0]


@rule(
    "RACE-001",
    level=Level.MUST,
    family="concurrency",
    statement="Of several CreateAlias of one name at the same time exactly one succeeds, the "
    "others are refused with 400 AliasAlreadyExists, and the alias names the key of the one.",
    provenance="documented",
    source=_RESPONSES,
    stage="state",
    promises=("semantics/race-one-winner",),
    operations=("CreateAlias",),
    safety="creates",
)
def one_alias(kms: Kms) -> None:
    """Let several callers give one alias to two keys."""
    keys = [new_key(kms), new_key(kms)]
    for _ in range(2):
        alias = kms.fresh_name("alias")
        wanted = [keys[number % 2] for number in range(_CALLERS)]
        calls = [
            partial(kms.call, "CreateAlias", {"AliasName": alias, "KeyId": key}) for key in wanted
        ]
        won = _winner(kms, together(calls), "AliasAlreadyExists", [400])
        named = done(kms, "DescribeKey", {"KeyId": alias})
        found = named.data.get("KeyMetadata", {}).get("KeyId")
        kms.expect(found == wanted[won], "the alias names the key of the call that won", named)
        for key in keys:
            listed = done(kms, "ListAliasesByKeyId", {"KeyId": key, "PageSize": 100})
            rows = listed.data.get("Aliases", {}).get("Alias", [])
            count = sum(row.get("AliasName") == alias for row in rows)
            wish = int(key == wanted[won])
            kms.expect(count == wish, f"the key has the alias {wish} times, found {count}", listed)


@rule(
    "RACE-002",
    level=Level.MUST,
    family="concurrency",
    statement="Of several CreateSecret of one name at the same time exactly one succeeds, the "
    "others are refused with 409 Rejected.ResourceExist, and the value is that of the one.",
    provenance="documented",
    source=f"{_SDK}; CreateSecret page, AlibabaCloudDocs/kms (2021-07)",
    stage="state",
    promises=("semantics/race-one-winner",),
    operations=("CreateSecret",),
    safety="creates",
)
def one_secret(kms: Kms) -> None:
    """Let several callers create one secret with values of their own."""
    for _ in range(2):
        name = kms.fresh_name("secret")
        values = [f"value-{number}-{kms.random.getrandbits(64):x}" for number in range(_CALLERS)]
        calls = [
            partial(
                kms.call,
                "CreateSecret",
                {"SecretName": name, "SecretData": value, "VersionId": "v1"},
            )
            for value in values
        ]
        won = _winner(kms, together(calls), "Rejected.ResourceExist", [409])
        read = done(kms, "GetSecretValue", {"SecretName": name})
        right = read.data.get("SecretData") == values[won]
        kms.expect(right, "the secret has the value of the call that won", read)


@rule(
    "RACE-003",
    level=Level.MUST,
    family="concurrency",
    statement="Versions that are put at the same time are all there afterwards, each with its own "
    "value; each stage is on one version, and ACSCurrent on one of them.",
    provenance="documented",
    source=f"{_SDK}; Generic secrets, AlibabaCloudDocs/kms (2021-07)",
    stage="service",
    promises=("semantics/race-versions-kept",),
    operations=("PutSecretValue", "GetSecretValue", "ListSecretVersionIds"),
    safety="creates",
)
def versions_are_kept(kms: Kms) -> None:
    """Put eight versions at once, read them and look at the stages."""
    name, _ = new_secret(kms)
    values = {f"p{number}": f"v-{kms.random.getrandbits(64):x}" for number in range(_CALLERS)}
    calls = [
        partial(
            kms.call,
            "PutSecretValue",
            {"SecretName": name, "SecretData": value, "VersionId": version},
        )
        for version, value in values.items()
    ]
    answers = together(calls)
    settle(kms)
    there = [version for version, answer in zip(values, answers, strict=True) if answer.ok]
    kms.expect(there, "a version is added", *answers)
    for answer in answers:
        if not answer.ok:  # that it gives way to another call is no page's matter
            kms.expect_refused(answer, why="other versions are put at the same time")
    for version in there:
        read = kms.call("GetSecretValue", {"SecretName": name, "VersionId": version})
        right = read.ok and read.data.get("SecretData") == values[version]
        kms.expect(right, f"version {version}, which was put, has its value", read)
    _expect_stages(kms, name, there)


def _expect_stages(kms: Kms, name: str, put: Sequence[str]) -> None:
    request = {"SecretName": name, "IncludeDeprecated": "true", "PageSize": 100}
    listed = done(kms, "ListSecretVersionIds", request)
    rows = listed.data.get("VersionIds", {}).get("VersionId", [])
    holders: dict[str, list[str]] = {}
    for row in rows:
        for stage in row.get("VersionStages", {}).get("VersionStage", []):
            holders.setdefault(stage, []).append(row.get("VersionId"))
    for stage, versions in holders.items():
        kms.expect(len(versions) == 1, f"{stage} is on one version, found {versions}", listed)
    current = holders.get("ACSCurrent", [])
    kms.expect(current and current[0] in put, "ACSCurrent is on a version just put", listed)
    read = done(kms, "GetSecretValue", {"SecretName": name})
    agrees = read.data.get("VersionId") == current[0]
    kms.expect(agrees, "GetSecretValue and ListSecretVersionIds agree on ACSCurrent", read, listed)
