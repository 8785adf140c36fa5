"""Faults of versions of secrets that only some kinds of secrets, or stages, must not have."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, forgive, wrap_handler
from conformance.reference.faults.tools import GENERIC_SECRETS, SDK, secret_of
from conformance.reference.model import Secret


def _pretend(endpoint: Endpoint, operation: str) -> None:
    """Answer refusals of an operation as if it had done what was asked."""

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError as error:
            if error.status == 404:
                raise
            named = {"SecretName": call.params["SecretName"]}
            version = call.params.get("VersionId")
            return named if version is None else {**named, "VersionId": version}

    wrap_handler(endpoint, operation, wrapper)


@fault(
    "current-label-removal-succeeds",
    breaks=("EFF-054",),
    statement="UpdateSecretVersionStage succeeds where ACSCurrent would just be removed.",
    source=SDK,
)
def _removal_succeeds(endpoint: Endpoint) -> None:
    def just_removed(params: Mapping[str, Any]) -> bool:
        return params.get("VersionStage") == "ACSCurrent" and "MoveToVersion" not in params

    forgive(endpoint, "validate", lambda _, passage: just_removed(passage.params))

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if just_removed(call.params):
            return {"SecretName": call.params["SecretName"]}
        return original(call)

    wrap_handler(endpoint, "UpdateSecretVersionStage", wrapper)


@fault(
    "previous-label-can-be-removed",
    breaks=("EFF-054",),
    statement="UpdateSecretVersionStage takes ACSPrevious away without MoveToVersion.",
    source=SDK,
)
def _previous_removed(endpoint: Endpoint) -> None:
    def just_removed(params: Mapping[str, Any]) -> bool:
        return params.get("VersionStage") == "ACSPrevious" and "MoveToVersion" not in params

    forgive(endpoint, "validate", lambda _, passage: just_removed(passage.params))


@fault(
    "label-is-copied-unless-removed",
    breaks=("EFF-053",),
    statement="A label of the caller's that moves without RemoveFromVersion stays where it was as "
    "well.",
    source=GENERIC_SECRETS,
)
def _copied(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        stage = call.params["VersionStage"]
        holders = [row for row in secret_of(call).versions.values() if stage in row.stages]
        answer = original(call)
        own = stage not in {"ACSCurrent", "ACSPrevious"}
        for row in holders:
            if own and "RemoveFromVersion" not in call.params and stage not in row.stages:
                row.stages.append(stage)
        return answer

    wrap_handler(endpoint, "UpdateSecretVersionStage", wrapper)


@fault(
    "access-keys-do-not-rotate",
    breaks=("EFF-057",),
    statement="RotateSecret of a RAMCredentials secret makes a version with the same access key.",
    source=SDK,
)
def _same_access_key(endpoint: Endpoint) -> None:
    original = endpoint.seams.rotated_value

    def rotated(secret: Secret, current: str, now: datetime) -> str:
        value: str = original(secret, current, now)
        if secret.type != "RAMCredentials":
            return value
        made = json.loads(value)["GenerateTimestamp"]
        return json.dumps({**json.loads(current), "GenerateTimestamp": made})

    endpoint.seams.rotated_value = rotated


@fault(
    "generic-secrets-rotate",
    breaks=("EFF-056",),
    statement="RotateSecret succeeds on a Generic secret.",
    source=SDK,
)
def _generic_rotates(endpoint: Endpoint) -> None:
    _pretend(endpoint, "RotateSecret")
