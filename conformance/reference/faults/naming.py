"""Faults of names: cut, passed over in one place, or opening what another name keeps closed."""

from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import SDK, key_of, with_params, without_params
from conformance.reference.model import Secret, SecretVersion
from conformance.reference.passage import Passage
from conformance.reference.services.finding import not_found

_RAM = "Use RAM to control access to KMS, AlibabaCloudDocs/kms (2021-07)"
_CUT = 63


@fault(
    "version-ids-cut-at-63",
    breaks=("SEC-011",),
    statement="CreateSecret and PutSecretValue keep 63 characters of a VersionId of 64.",
    source=SDK,
)
def _cut_ids(endpoint: Endpoint) -> None:
    def cut(call: Call, original: Handler) -> dict[str, Any]:
        return original(with_params(call, VersionId=str(call.params["VersionId"])[:_CUT]))

    wrap_handler(endpoint, ("CreateSecret", "PutSecretValue"), cut)


@fault(
    "version-stage-unread-in-forms",
    breaks=("SEC-012",),
    statement="GetSecretValue does not see VersionStage in a form.",
    source=SDK,
)
def _unread(endpoint: Endpoint) -> None:
    original = endpoint.validate

    def validate(passage: Passage) -> None:
        original(passage)
        call = passage.call
        if call is not None and call.operation.name == "GetSecretValue" and passage.request.body:
            passage.call = without_params(call, "VersionStage")

    endpoint.validate = validate


@fault(
    "managed-secrets-read-by-version",
    breaks=("SEC-013",),
    statement="GetSecretValue looks the VersionId of a managed secret up.",
    source=SDK,
)
def _looked_up(endpoint: Endpoint) -> None:
    original = endpoint.seams.choose_version

    def choose(secret: Secret, version_id: str | None, stage: str | None) -> SecretVersion:
        if version_id is not None and version_id not in secret.versions:
            raise not_found("version")
        found: SecretVersion = original(secret, version_id, stage)
        return found

    endpoint.seams.choose_version = choose


@fault(
    "arns-ask-for-no-rights",
    breaks=("RAM-009",),
    statement="Who names a key or secret by its ARN needs no permission.",
    source=_RAM,
)
def _by_arn(endpoint: Endpoint) -> None:
    _permit(endpoint, "acs:")


@fault(
    "aliases-ask-for-no-rights",
    breaks=("RAM-009",),
    statement="Who names a key by an alias needs no permission.",
    source=_RAM,
)
def _by_alias(endpoint: Endpoint) -> None:
    _permit(endpoint, "alias/")


def _permit(endpoint: Endpoint, prefix: str) -> None:
    """Let everybody use what is named by a reference that begins so."""
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        assert passage.call is not None
        params = passage.call.params
        named = str(params.get("KeyId") or params.get("SecretName") or "")
        used = passage.call.operation.name in {"Encrypt", "GetSecretValue"}
        if not (used and named.startswith(prefix)):
            original(passage)

    endpoint.authorise = authorise


@fault(
    "saved-key-pairs-stay-disabled",
    breaks=("KEY-015",),
    statement="CancelKeyDeletion leaves key pairs Disabled.",
    source=SDK,
)
def _stay_disabled(endpoint: Endpoint) -> None:
    def disable(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        key = key_of(call)
        if not key.spec.startswith("Aliyun_"):
            key.state = "Disabled"
        return answer

    wrap_answer(endpoint, "CancelKeyDeletion", disable)


@fault(
    "tagged-keys-sign",
    breaks=("KEY-015",),
    statement="CreateKey with Tags ignores KeyUsage.",
    source=SDK,
)
def _tagged(endpoint: Endpoint) -> None:
    def ignore(call: Call, original: Handler) -> dict[str, Any]:
        return original(without_params(call, "KeyUsage") if call.params.get("Tags") else call)

    wrap_handler(endpoint, "CreateKey", ignore)


@fault(
    "disabled-keys-work-by-alias",
    breaks=("KEY-016",),
    statement="Encrypt under an alias does not look whether the key is disabled.",
    source=SDK,
)
def _works_by_alias(endpoint: Endpoint) -> None:
    def encrypt(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        if not str(call.params["KeyId"]).startswith("alias/") or key.state != "Disabled":
            return original(call)
        key.state = "Enabled"
        try:
            return original(call)
        finally:
            key.state = "Disabled"

    wrap_handler(endpoint, "Encrypt", encrypt)
