"""Faults in what secrets mean: sizes, types, versions, names that were freed."""

import contextlib
import json
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import SDK, secret_of, with_params, without_params
from conformance.reference.model import Secret


@fault(
    "large-values-refused-when-put",
    breaks=("SEC-001",),
    statement="PutSecretValue refuses values of more than 10,240 bytes where 30,720 are promised.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if len(call.params["SecretData"].encode()) > 10_240:
            raise KmsError("InvalidParameter", "SecretData is too long.")
        return original(call)

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "control-characters-dropped",
    breaks=("SEC-002",),
    statement="Control characters in a value are dropped.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["SecretData"] = "".join(c for c in answer["SecretData"] if c >= " " or c in "\n\t")

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "type-of-the-newest-version",
    breaks=("SEC-003",),
    statement="SecretDataType of every version is that of the newest.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        newest = list(secret_of(call).versions.values())[-1]
        answer["SecretDataType"] = newest.data_type

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "versions-belong-to-all-secrets",
    breaks=("SEC-004",),
    statement="PutSecretValue changes the version of that id in every secret.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        for secret in call.account.secrets.values():
            version = secret.versions.get(call.params["VersionId"])
            if version is not None:
                version.data = call.params["SecretData"]
        return answer

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "freed-name-keeps-versions",
    breaks=("SEC-007",),
    statement="A secret of a name that was freed gets the versions of the former one back.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    gone: dict[str, Secret] = {}
    original = endpoint.seams.delete_at_once

    def delete(call: Call, secret: Secret) -> None:
        gone[secret.name] = secret
        original(call, secret)

    def wrapper(call: Call, handler: Handler) -> dict[str, Any]:
        answer = handler(call)
        former = gone.get(answer["SecretName"])
        if former is not None:
            versions = call.account.secrets[answer["SecretName"]].versions
            for version in former.versions.values():
                version.stages.clear()
                versions.setdefault(version.id, version)
        return answer

    endpoint.seams.delete_at_once = delete
    wrap_handler(endpoint, "CreateSecret", wrapper)


@fault(
    "new-value-is-answered",
    breaks=("SEC-008",),
    statement="PutSecretValue answers the value that was put.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        answer["SecretData"] = call.params["SecretData"]

    wrap_answer(endpoint, "PutSecretValue", change)


@fault(
    "encryption-key-of-secret-ignored",
    breaks=("SEC-009",),
    statement="EncryptionKeyId of CreateSecret is ignored.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "CreateSecret",
        lambda call, original: original(without_params(call, "EncryptionKeyId")),
    )


@fault(
    "several-labels-count-as-one",
    breaks=("SEC-021",),
    statement="Of several VersionStages only the first is kept.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        stages = call.params.get("VersionStages")
        return original(with_params(call, VersionStages=stages[:1]) if stages else call)

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "labels-without-limit",
    breaks=("SEC-022",),
    statement="A secret takes any number of stage labels.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.require_few_stages = lambda _secret, _new: None


@fault(
    "restored-secret-loses-labels",
    breaks=("SEC-031",),
    statement="RestoreSecret takes the caller's own stage labels away.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.restored

    def restored(secret: Secret) -> None:
        original(secret)
        for version in secret.versions.values():
            version.stages[:] = [stage for stage in version.stages if stage.startswith("ACS")]

    endpoint.seams.restored = restored


@fault(
    "json-values-are-rewritten",
    breaks=("SEC-002",),
    statement="Values that are JSON are parsed and written anew.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        with contextlib.suppress(ValueError):
            answer["SecretData"] = json.dumps(json.loads(answer["SecretData"]))

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "secret-names-in-any-case",
    breaks=("SEC-010",),
    statement="GetSecretValue finds a secret by its name in another letter case.",
    source="names are parts of ARNs; no page passes over letter case",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        asked = call.params["SecretName"]
        known = {name.lower(): name for name in call.account.secrets}
        return original(with_params(call, SecretName=known.get(asked.lower(), asked)))

    wrap_handler(endpoint, "GetSecretValue", wrapper)


@fault(
    "tags-shown-unasked",
    breaks=("EFF-091",),
    statement="DescribeSecret shows tags without FetchTags.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        return original(with_params(call, FetchTags="true"))

    wrap_handler(endpoint, "DescribeSecret", wrapper)
