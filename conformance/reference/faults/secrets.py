"""Faults of secrets: how they are made, described, deleted and restored."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import (
    fault,
    replace_error,
    wrap_answer,
    wrap_handler,
)
from conformance.reference.faults.tools import (
    KEY_STATES,
    SDK,
    allow,
    secret_of,
    without_params,
)
from conformance.reference.model import Secret
from conformance.reference.services.finding import not_found

_DELETE = "DeleteSecret page (zh)"
_CREATE = "CreateSecret page, AlibabaCloudDocs/kms (2021-07)"


@fault(
    "taken-secret-is-overwritten",
    breaks=("IDM-007",),
    statement="CreateSecret with a name that is taken replaces the secret.",
    source=_CREATE,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.require_free_secret = lambda _call, _name: None


@fault(
    "taken-secret-answers-400",
    breaks=("IDM-007",),
    statement="A taken name of a secret is refused with HTTP 400 instead of 409.",
    source=_CREATE,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "Rejected.ResourceExist", status=400)


@fault(
    "name-in-window-answers-resource-exist",
    breaks=("EFF-044",),
    statement="CreateSecret with a name in its deletion window answers Rejected.ResourceExist.",
    source=_CREATE,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Rejected.ResourceInDeleteWindow",
        "Rejected.ResourceExist",
    )


@fault(
    "unknown-secret-answers-other-code",
    breaks=("EFF-046", "SEC-009", "SEC-040"),
    statement="An unknown secret is answered as Forbidden.KeyNotFound.",
    source=_DELETE,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Forbidden.ResourceNotFound",
        "Forbidden.KeyNotFound",
    )


@fault(
    "unknown-secret-answers-403",
    breaks=("EFF-046", "SEC-009", "SEC-040"),
    statement="An unknown secret is answered with HTTP 403.",
    source=_DELETE,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "Forbidden.ResourceNotFound", status=403)


@fault(
    "new-secret-loses-description",
    breaks=("EFF-040",),
    statement="CreateSecret drops the description.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "CreateSecret",
        lambda call, original: original(without_params(call, "Description")),
    )


@fault(
    "new-secret-loses-tags",
    breaks=(
        "EFF-031",
        "PAG-012",
    ),
    statement="CreateSecret drops the tags.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint, "CreateSecret", lambda call, original: original(without_params(call, "Tags"))
    )


@fault(
    "describe-secret-shows-the-value",
    breaks=("EFF-043", "SEC-008"),
    statement="DescribeSecret answers SecretData.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.described_secret

    def described(call: Call, secret: Secret) -> dict[str, Any]:
        value = list(secret.versions.values())[-1].data
        return {**original(call, secret), "SecretData": value}

    endpoint.seams.described_secret = described


@fault(
    "list-secrets-shows-values",
    breaks=("EFF-043", "SEC-008"),
    statement="ListSecrets answers SecretData in its rows.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        for row in answer["SecretList"]["Secret"]:
            secret = call.account.secrets[row["SecretName"]]
            row["SecretData"] = list(secret.versions.values())[-1].data

    wrap_answer(endpoint, "ListSecrets", change)


@fault(
    "lists-with-tags-show-values",
    breaks=("EFF-043", "SEC-008"),
    statement="ListSecrets answers SecretData in its rows where FetchTags asks for tags.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        for row in answer["SecretList"]["Secret"] if call.params.get("FetchTags") == "true" else ():
            secret = call.account.secrets[row["SecretName"]]
            row["SecretData"] = list(secret.versions.values())[-1].data

    wrap_answer(endpoint, "ListSecrets", change)


@fault(
    "secret-not-described-in-window",
    breaks=("EFF-045", "SEC-008", "SEC-030"),
    statement="DescribeSecret does not find a secret in its deletion window.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.described_secret

    def described(call: Call, secret: Secret) -> dict[str, Any]:
        if secret.planned_delete is not None:
            raise not_found("secret")
        shown: dict[str, Any] = original(call, secret)
        return shown

    endpoint.seams.described_secret = described


@fault(
    "planned-delete-time-not-shown",
    breaks=("SEC-030", "EFF-045"),
    statement="DescribeSecret of a secret in its window has no PlannedDeleteTime.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_answer(
        endpoint,
        "DescribeSecret",
        lambda _call, answer: {
            name: value for name, value in answer.items() if name != "PlannedDeleteTime"
        },
    )


@fault(
    "update-secret-does-nothing",
    breaks=("EFF-042",),
    statement="UpdateSecret succeeds and the description stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        before = secret.description
        answer = original(call)
        secret.description = before
        return answer

    wrap_handler(endpoint, "UpdateSecret", wrapper)


@fault(
    "secret-in-window-is-live",
    breaks=("EFF-044",),
    statement="A secret in its deletion window can be changed and deleted as if it were live.",
    source=_DELETE,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.in_window

    def wrapper(call: Call, handler: Handler) -> dict[str, Any]:
        endpoint.seams.in_window = lambda _: False
        try:
            return handler(call)
        finally:
            endpoint.seams.in_window = original

    wrap_handler(endpoint, ["UpdateSecret", "DeleteSecret"], wrapper)


@fault(
    "secret-window-ignored",
    breaks=("EFF-044", "SEC-030"),
    statement="DeleteSecret always waits 30 days.",
    source=_DELETE,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.recovery_window = lambda _: timedelta(days=30)


@fault(
    "secret-window-is-seven-days-by-default",
    breaks=("EFF-044", "SEC-030"),
    statement="DeleteSecret without a window waits 7 days instead of 30.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.recovery_window
    endpoint.seams.recovery_window = lambda call: (
        original(call) if "RecoveryWindowInDays" in call.params else timedelta(days=7)
    )


@fault(
    "deleting-a-secret-is-at-once",
    breaks=("EFF-044",),
    statement="DeleteSecret with a window deletes the secret without any.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        answer = original(call)
        call.account.secrets.pop(secret.name, None)
        return answer

    wrap_handler(endpoint, "DeleteSecret", wrapper)


@fault(
    "forced-deletion-can-be-undone",
    breaks=("EFF-046",),
    statement="A secret deleted without recovery can be restored.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def delete(call: Call, secret: Secret) -> None:
        secret.planned_delete = call.now + timedelta(days=30)

    endpoint.seams.delete_at_once = delete


@fault(
    "secret-never-goes",
    breaks=("SEC-040",),
    statement="A secret can be restored after its deletion window.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.secret_is_gone = lambda _secret, _now: False


@fault(
    "restore-keeps-the-window",
    breaks=("EFF-044", "SEC-031"),
    statement="RestoreSecret succeeds and the secret is still to be deleted.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.restored = lambda _: None


@fault(
    "restored-secret-is-empty",
    breaks=("EFF-044", "SEC-031"),
    statement="A restored secret has lost its value.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def restored(secret: Secret) -> None:
        secret.planned_delete = None
        for version in secret.versions.values():
            version.data = ""

    endpoint.seams.restored = restored


@fault(
    "live-secret-is-restored",
    breaks=("IDM-009",),
    statement="RestoreSecret of a live secret succeeds.",
    source="help.aliyun.com, api-kms-2016-01-20-restoresecret",
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "RestoreSecret",
        lambda call, original: (
            {"SecretName": call.params["SecretName"]}
            if secret_of(call).planned_delete is None
            else original(call)
        ),
    )


@fault(
    "secret-made-under-disabled-key",
    breaks=("EFF-087",),
    statement="A secret is made and read under a key that is Disabled (localstack #7782).",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        state_rule = endpoint.seams.state_rule
        allow(endpoint, ["GenerateDataKey"], "Disabled")
        try:
            return original(call)
        finally:
            endpoint.seams.state_rule = state_rule

    endpoint.seams.require_readable = lambda _call, _secret: None
    wrap_handler(endpoint, "CreateSecret", wrapper)


@fault(
    "name-of-rotating-secret-is-free",
    breaks=("EFF-082",),
    statement="Names that begin acs/ are taken for generic secrets.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        name = call.params["SecretName"]
        if call.params.get("SecretType", "Generic") != "Generic" or not name.startswith("acs/"):
            return original(call)
        call.params["SecretName"] = name.removeprefix("acs/")
        answer = original(call)
        secret = call.account.secrets.pop(name.removeprefix("acs/"))
        secret.name = name
        call.account.secrets[name] = secret
        return {**answer, "SecretName": name}

    wrap_handler(endpoint, "CreateSecret", wrapper)
