"""Faults of secret values: versions, stage labels, rotation, several values at once."""

import json
from collections.abc import Sequence
from typing import Any

from conformance.reference.call import Call, Handler, Seams
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import (
    GENERIC_SECRETS,
    SDK,
    ask,
    secret_of,
    with_params,
    without_params,
)
from conformance.reference.model import Secret, SecretVersion
from conformance.reference.services.finding import invalid
from conformance.reference.services.secret_life import CURRENT, PREVIOUS, holder

_BATCH = "BatchGetSecretValue page (2026-08)"


@fault(
    "new-value-is-not-current",
    breaks=("EFF-055", "EFF-057", "SEC-020"),
    statement="PutSecretValue leaves ACSCurrent on the old version.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def label(
        _secret: Secret, version: SecretVersion, stages: Sequence[str] | None, _seams: Seams
    ) -> None:
        version.stages = list(stages or ())

    endpoint.seams.label_new_version = label


@fault(
    "former-value-is-not-previous",
    breaks=("EFF-050", "EFF-051", "IDM-005", "SEC-004", "SEC-020"),
    statement="The former version loses ACSCurrent and gets no ACSPrevious.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.move_stage

    def move(secret: Secret, stage: str, version: SecretVersion) -> None:
        if stage != PREVIOUS:
            original(secret, stage, version)

    endpoint.seams.move_stage = move


@fault(
    "label-on-two-versions",
    breaks=("EFF-055", "EFF-057", "SEC-020"),
    statement="A stage label stays on the version it moves away from.",
    source=GENERIC_SECRETS,
)
def _(endpoint: Endpoint) -> None:
    def move(_secret: Secret, stage: str, version: SecretVersion) -> None:
        if stage not in version.stages:
            version.stages.append(stage)

    endpoint.seams.move_stage = move


@fault(
    "named-labels-take-current-along",
    breaks=("EFF-052", "SEC-020"),
    statement="PutSecretValue with VersionStages moves ACSCurrent as well.",
    source="Rotate generic secrets page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "PutSecretValue",
        lambda call, original: original(
            with_params(call, VersionStages=[CURRENT, *call.params["VersionStages"]])
            if "VersionStages" in call.params and CURRENT not in call.params["VersionStages"]
            else call
        ),
    )


@fault(
    "named-labels-ignored",
    breaks=("EFF-052", "SEC-020", "SEC-021"),
    statement="PutSecretValue ignores VersionStages.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "PutSecretValue",
        lambda call, original: original(without_params(call, "VersionStages")),
    )


@fault(
    "stored-version-changes",
    breaks=("IDM-006",),
    statement="PutSecretValue with a version that exists and another value replaces the value.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def same(version: SecretVersion, data: str, data_type: str) -> bool:
        version.data, version.data_type = data, data_type
        return True

    endpoint.seams.same_value = same


@fault(
    "secret-keeps-all-versions",
    breaks=("EFF-055",),
    statement="A secret keeps more than ten versions.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        before = dict(secret.versions)
        answer = original(call)
        secret.versions = {**before, **secret.versions}
        return answer

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "newest-version-goes-first",
    breaks=("EFF-055",),
    statement="Beyond ten versions the newest of the older ones goes instead of the oldest.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.dropped_version = lambda rows: [row for row in rows if not row.stages][-1]


@fault(
    "stage-ignored",
    breaks=("EFF-052", "EFF-053", "SEC-005", "SEC-020"),
    statement="GetSecretValue answers the current version whatever stage is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version
    endpoint.seams.choose_version = lambda secret, version_id, _stage: original(
        secret, version_id, None
    )


@fault(
    "version-ignored",
    breaks=("SEC-001", "SEC-005", "EFF-050", "EFF-053"),
    statement="GetSecretValue ignores VersionId.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version
    endpoint.seams.choose_version = lambda secret, _version_id, stage: original(secret, None, stage)


@fault(
    "newest-value-without-selection",
    breaks=("EFF-052", "EFF-053", "SEC-020"),
    statement="Without a selection GetSecretValue answers the newest version, not ACSCurrent.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version
    endpoint.seams.choose_version = lambda secret, version_id, stage: (
        original(secret, version_id, stage)
        if version_id or stage
        else list(secret.versions.values())[-1]
    )


@fault(
    "version-and-stage-need-not-meet",
    breaks=("SEC-006",),
    statement="VersionId and VersionStage that do not meet in one version are taken.",
    source="GetSecretValue page of KMS Instance API 447562",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version
    endpoint.seams.choose_version = lambda secret, version_id, stage: original(
        secret, version_id, None if version_id else stage
    )


@fault(
    "unknown-version-answers-current",
    breaks=("SEC-005",),
    statement="An unknown VersionId is taken for the current version.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version
    endpoint.seams.choose_version = lambda secret, version_id, stage: original(
        secret, version_id if version_id in secret.versions else None, stage
    )


@fault(
    "value-loses-white-space",
    breaks=("SEC-001", "SEC-002", "EFF-041"),
    statement="White space at the ends of a secret value is dropped.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["SecretData"] = answer["SecretData"].strip()

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "data-type-is-always-text",
    breaks=("EFF-048", "SEC-003"),
    statement="SecretDataType is text for binary values.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["SecretDataType"] = "text"

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "unlabelled-versions-are-listed",
    breaks=("EFF-051",),
    statement="ListSecretVersionIds shows versions without a label unasked.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.lists_version = lambda _version, _everything: True


@fault(
    "unlabelled-versions-are-never-listed",
    breaks=("EFF-051", "SEC-020"),
    statement="IncludeDeprecated of ListSecretVersionIds is ignored.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.lists_version = lambda version, _everything: bool(version.stages)


@fault(
    "moving-a-label-does-nothing",
    breaks=("EFF-053", "SEC-020"),
    statement="UpdateSecretVersionStage succeeds and moves no label.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        before = {row.id: list(row.stages) for row in secret.versions.values()}
        answer = original(call)
        for row in secret.versions.values():
            row.stages = before[row.id]
        return answer

    wrap_handler(endpoint, "UpdateSecretVersionStage", wrapper)


@fault(
    "rotation-keeps-the-credential",
    breaks=("EFF-057",),
    statement="RotateSecret makes a version with the same credential.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.rotated_value = lambda _secret, current, _now: current


@fault(
    "managed-secret-answers-the-list",
    breaks=("EFF-058",),
    statement="GetSecretValue of an Rds secret answers the list of accounts given at creation.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        if answer["SecretType"] == "Rds":
            account = json.loads(answer["SecretData"])
            answer["SecretData"] = json.dumps({"Accounts": [account]})

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "managed-secret-takes-values",
    breaks=("EFF-058",),
    statement="PutSecretValue works with a managed secret.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        before = secret.type
        secret.type = "Generic"
        try:
            return original(call)
        finally:
            secret.type = before

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "one-missing-secret-fails-the-batch",
    breaks=("EFF-049",),
    statement="BatchGetSecretValue is refused when one of its secrets is not there.",
    source=_BATCH,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        for entry in call.params.get("SecretsList", ()):
            ask(endpoint, call, "GetSecretValue", **entry)
        return original(call)

    wrap_handler(endpoint, "BatchGetSecretValue", wrapper)


@fault(
    "batch-hides-failures",
    breaks=("EFF-049",),
    statement="BatchGetSecretValue leaves out what failed and tells nothing of it.",
    source=_BATCH,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["Errors"] = []

    wrap_answer(endpoint, "BatchGetSecretValue", change)


@fault(
    "full-batches-refused",
    breaks=("EFF-049",),
    statement="BatchGetSecretValue takes nineteen secrets at most instead of twenty.",
    source=_BATCH,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if len(call.params.get("SecretsList", ())) > 19:
            raise invalid("SecretsList names too many secrets.")
        return original(call)

    wrap_handler(endpoint, "BatchGetSecretValue", wrapper)


@fault(
    "batch-mixes-values-up",
    breaks=("EFF-047",),
    statement="BatchGetSecretValue answers the first value for every secret.",
    source=_BATCH,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        for row in answer["SecretValues"]:
            row["SecretData"] = answer["SecretValues"][0]["SecretData"]

    wrap_answer(endpoint, "BatchGetSecretValue", change)


@fault(
    "value-of-the-previous-version",
    breaks=("SEC-001", "SEC-020", "EFF-055", "EFF-057"),
    statement="GetSecretValue lags behind: after a new value it answers the previous one.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version
    endpoint.seams.choose_version = lambda secret, version_id, stage: (
        original(secret, version_id, stage)
        if version_id or stage
        else holder(secret, PREVIOUS) or original(secret, None, None)
    )
