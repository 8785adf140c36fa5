"""Faults of KMS Instance API: GetSecretValue."""

from typing import Any

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    PAGES,
    change_answer,
    change_call,
    refuse_otherwise,
)
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api.calls import InstanceCall
from conformance.reference.model import Key, Secret


@fault(
    "instance-secret-type-not-answered",
    breaks=("INS-050", "INS-001"),
    statement="GetSecretValue answers neither SecretType nor SecretDataType.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(_: InstanceCall, values: dict[str, Any]) -> None:
        del values["SecretType"], values["SecretDataType"]

    change_answer(endpoint, "GetSecretValue", change)


@fault(
    "instance-selection-ignored",
    breaks=("INS-051", "INS-052", "INS-053"),
    statement="GetSecretValue answers the current version whatever is asked for.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    change_call(endpoint, "GetSecretValue", lambda _: {"VersionStage": "", "VersionId": ""})


@fault(
    "instance-stage-beats-version",
    breaks=("INS-052",),
    statement="GetSecretValue does not look at VersionId beside VersionStage.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        return {"VersionId": ""} if call.values["VersionStage"] else {}

    change_call(endpoint, "GetSecretValue", change)


@fault(
    "instance-unknown-secret-is-bad-parameter",
    breaks=("INS-054",),
    statement="A secret that there is not is answered by InvalidParameter.",
    source="KMS API, operation GetSecretValue",
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "unknown-secret", code="InvalidParameter", status=400)


@fault(
    "instance-extended-config-kept",
    breaks=("INS-056",),
    statement="GetSecretValue never answers ExtendedConfig.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    change_answer(endpoint, "GetSecretValue", lambda _, values: values.pop("ExtendedConfig", None))


def _everything_is_here(endpoint: Endpoint) -> None:
    original = endpoint.seams.is_of_instance

    def is_of_instance(call: Call, thing: Key | Secret) -> bool:
        return isinstance(thing, Secret) or bool(original(call, thing))

    endpoint.seams.is_of_instance = is_of_instance


@fault(
    "instance-answers-secrets-of-others",
    breaks=("INS-055",),
    statement="GetSecretValue answers secrets that do not belong to the instance.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    _everything_is_here(endpoint)
