"""Faults of calls that are repeated."""

import json
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import (
    KEY_STATES,
    RESPONSES,
    SDK,
    allow,
    answer_state,
    secret_of,
)


@fault(
    "enabling-twice-is-refused",
    breaks=("IDM-001",),
    statement="EnableKey of an Enabled key is refused.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    answer_state(endpoint, ["EnableKey"], "Enabled", "Rejected.StateModifiedFailed")


@fault(
    "disabling-twice-is-refused",
    breaks=("IDM-001",),
    statement="DisableKey of a Disabled key is refused.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    answer_state(endpoint, ["DisableKey"], "Disabled", "Rejected.StateModifiedFailed")


@fault(
    "scheduling-twice-moves-the-date",
    breaks=("IDM-002",),
    statement="ScheduleKeyDeletion of a key in its window succeeds and moves the date.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["ScheduleKeyDeletion"], "PendingDeletion")


@fault(
    "cancelling-on-a-live-key-succeeds",
    breaks=("IDM-003",),
    statement="CancelKeyDeletion of a key that is not to be deleted succeeds.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["CancelKeyDeletion"], "Enabled")


@fault(
    "same-alias-again-succeeds",
    breaks=("IDM-004",),
    statement="CreateAlias with the same name and key succeeds a second time.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        alias = call.account.aliases.get(call.params["AliasName"])
        if alias is not None and alias.key_id == call.params["KeyId"]:
            return {}
        return original(call)

    wrap_handler(endpoint, "CreateAlias", wrapper)


@fault(
    "same-secret-again-succeeds",
    breaks=("IDM-007",),
    statement="CreateSecret with the same name and value succeeds a second time.",
    source="CreateSecret page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = call.account.secrets.get(call.params["SecretName"])
        if secret is None or secret.planned_delete is not None:
            return original(call)
        return {
            "SecretName": secret.name,
            "VersionId": call.params["VersionId"],
            "Arn": call.account.arn("secret", secret.name),
        }

    wrap_handler(endpoint, "CreateSecret", wrapper)


@fault(
    "same-value-again-is-refused",
    breaks=("IDM-005",),
    statement="PutSecretValue with the same version and value is refused.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.same_value = lambda _version, _data, _data_type: False


@fault(
    "same-value-again-moves-labels",
    breaks=("IDM-005",),
    statement="PutSecretValue with the same version and value makes that version current.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        version = secret.versions.get(call.params["VersionId"])
        answer = original(call)
        if version is not None:
            endpoint.seams.label_new_version(secret, version, None, endpoint.seams)
            answer["VersionStages"] = {"VersionStage": list(version.stages)}
        return answer

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "same-rotation-again-rotates",
    breaks=("IDM-012",),
    statement="RotateSecret with a version that exists makes another credential.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.already_rotated = lambda _secret, _version_id: False


@fault(
    "same-rotation-again-is-refused",
    breaks=("IDM-012",),
    statement="RotateSecret with a version that exists is refused.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def already(secret: Any, version_id: str) -> bool:
        if version_id in secret.versions:
            raise KmsError("Rejected.ResourceExist", "A version of this id exists.")
        return False

    endpoint.seams.already_rotated = already


@fault(
    "opening-twice-succeeds",
    breaks=("IDM-011",),
    statement="OpenKmsService succeeds although the service is open.",
    source="help.aliyun.com, api-kms-2016-01-20-openkmsservice",
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(endpoint, "OpenKmsService", lambda _call, _original: {})


@fault(
    "same-key-again",
    breaks=("IDM-008",),
    statement="CreateKey with the same parameters answers the key made before.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    made: dict[str, dict[str, Any]] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        parameters = json.dumps(call.params, sort_keys=True)
        if parameters not in made:
            made[parameters] = original(call)
        return made[parameters]

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "deleting-a-secret-twice-succeeds",
    breaks=("EFF-044",),
    statement="DeleteSecret of a secret in its deletion window succeeds.",
    source="DeleteSecret page (zh)",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        if secret.planned_delete is None:
            return original(call)
        return {"SecretName": secret.name, "PlannedDeleteTime": ""}

    wrap_handler(endpoint, "DeleteSecret", wrapper)
