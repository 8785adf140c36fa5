"""Faults of versions of secrets that only some kinds of secrets, or stages, must not have."""

from collections.abc import Mapping
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, forgive, wrap_handler
from conformance.reference.faults.tools import SDK


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
    "generic-secrets-rotate",
    breaks=("EFF-056",),
    statement="RotateSecret succeeds on a Generic secret.",
    source=SDK,
)
def _generic_rotates(endpoint: Endpoint) -> None:
    _pretend(endpoint, "RotateSecret")
