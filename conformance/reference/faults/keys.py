"""Faults of keys: how they are made, named, described and deleted."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, replace_error, wrap_answer, wrap_handler
from conformance.reference.faults.tools import (
    DOCS_2021,
    RESPONSES,
    SDK,
    key_of,
    with_params,
    without_params,
)
from conformance.reference.model import Key
from conformance.reference.services.life import remove_key


def _change_metadata(endpoint: Endpoint, change: Any) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        change(call, key, shown)
        return shown

    endpoint.seams.metadata = metadata


@fault(
    "arn-of-key-fails",
    breaks=("EFF-006", "STA-001", "CRY-007"),
    statement="A key named by its ARN gives 500 InternalFailure (localstack #5410).",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def parse_arn(_call: Call, _reference: str) -> None:
        raise KmsError("InternalFailure", "The service failed for a reason of its own.")

    endpoint.seams.parse_arn = parse_arn


@fault(
    "alias-of-key-not-taken",
    breaks=("EFF-020", "CRY-007"),
    statement="A key cannot be named by its alias where documents say it can.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.resolve_key_id

    def resolve(call: Call, reference: str, _takes_alias: bool) -> str:
        found: str = original(call, reference, False)
        return found

    endpoint.seams.resolve_key_id = resolve


@fault(
    "answers-alias-as-key-id",
    breaks=("EFF-020", "CRY-007", "CRY-051"),
    statement="KeyId of an answer repeats the alias that was sent.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        answer["KeyId"] = call.params["KeyId"]

    wrap_answer(endpoint, ["Encrypt", "GenerateDataKey", "AsymmetricSign"], change)


@fault(
    "unknown-key-answers-other-code",
    breaks=("ENV-006", "KEY-040"),
    statement="An unknown key is answered as Forbidden.ResourceNotFound (localstack #8086, #9570).",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint, lambda error: error.code == "Forbidden.KeyNotFound", "Forbidden.ResourceNotFound"
    )


@fault(
    "unknown-key-answers-400",
    breaks=("ENV-006", "KEY-040"),
    statement="An unknown key is answered with HTTP 400.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "Forbidden.KeyNotFound", status=400)


@fault(
    "unknown-key-version-answers-other-code",
    breaks=("EFF-080",),
    statement="An unknown version of a key is answered as Forbidden.KeyNotFound.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Forbidden.KeyVersionNotFound",
        "Forbidden.KeyNotFound",
    )


@fault(
    "new-key-loses-description",
    breaks=(
        "EFF-001",
        "ENV-011",
    ),
    statement="CreateKey drops the description.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint, "CreateKey", lambda call, original: original(without_params(call, "Description"))
    )


@fault(
    "new-key-loses-tags",
    breaks=(
        "EFF-031",
        "PAG-010",
    ),
    statement="CreateKey drops the tags.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint, "CreateKey", lambda call, original: original(without_params(call, "Tags"))
    )


@fault(
    "new-key-loses-policy",
    breaks=("EFF-061",),
    statement="CreateKey drops the key policy (nsmithuk/local-kms PR #10).",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint, "CreateKey", lambda call, original: original(without_params(call, "Policy"))
    )


@fault(
    "new-key-ignores-usage",
    breaks=("EFF-001", "CRY-056"),
    statement="CreateKey gives every key the usage that is the default of its spec.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint, "CreateKey", lambda call, original: original(without_params(call, "KeyUsage"))
    )


@fault(
    "new-key-ignores-spec",
    breaks=(
        "EFF-001",
        "PAG-010",
    ),
    statement="CreateKey makes an Aliyun_AES_256 key whatever is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "CreateKey",
        lambda call, original: original(without_params(call, "KeySpec", "KeyUsage")),
    )


@fault(
    "external-key-is-enabled-at-once",
    breaks=("EFF-007", "KEY-023"),
    statement="A key with Origin EXTERNAL is Enabled before any material was imported.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if call.params.get("Origin") != "EXTERNAL":
            return original(call)
        answer = original(with_params(call, Origin="Aliyun_KMS"))
        call.account.keys[answer["KeyMetadata"]["KeyId"]].origin = "EXTERNAL"
        answer["KeyMetadata"]["Origin"] = "EXTERNAL"
        return answer

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "key-arn-names-other-account",
    breaks=(
        "EFF-002",
        "EFF-006",
    ),
    statement="Arn of a key names another account.",
    source="RAM page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, _key: Key, shown: dict[str, Any]) -> None:
        shown["Arn"] = shown["Arn"].replace(call.account.uid, "9999999999999999")

    _change_metadata(endpoint, change)


@fault(
    "creation-date-moves",
    breaks=("ENV-012",),
    statement="CreationDate lies a day after the call that asks for it.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, _key: Key, shown: dict[str, Any]) -> None:
        shown["CreationDate"] = (call.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    _change_metadata(endpoint, change)


@fault(
    "creation-date-is-a-number",
    breaks=(
        "ENV-008",
        "ENV-012",
    ),
    statement="CreationDate is a number of seconds instead of text.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, key: Key, shown: dict[str, Any]) -> None:
        shown["CreationDate"] = int(key.created.timestamp())

    _change_metadata(endpoint, change)


@fault(
    "creation-date-has-fractions",
    breaks=(
        "EFF-001",
        "ENV-012",
    ),
    statement="CreationDate has fractions of a second.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, key: Key, shown: dict[str, Any]) -> None:
        shown["CreationDate"] = key.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    _change_metadata(endpoint, change)


@fault(
    "key-metadata-of-another-version",
    breaks=("EFF-001",),
    statement="KeySpec is called CustomerMasterKeySpec, as of another version (Cosmian #687).",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, _key: Key, shown: dict[str, Any]) -> None:
        shown["CustomerMasterKeySpec"] = shown.pop("KeySpec")

    _change_metadata(endpoint, change)


@fault(
    "description-does-not-change",
    breaks=("EFF-003",),
    statement="UpdateKeyDescription succeeds and the description stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.description
        answer = original(call)
        key.description = before
        return answer

    wrap_handler(endpoint, "UpdateKeyDescription", wrapper)


@fault(
    "delete-date-not-shown",
    breaks=("EFF-005", "KEY-001", "KEY-003"),
    statement="DescribeKey of a key in its deletion window has no DeleteDate.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _change_metadata(endpoint, lambda _call, _key, shown: shown.pop("DeleteDate", None))


@fault(
    "delete-date-always-shown",
    breaks=("EFF-005", "EFF-006", "KEY-001", "KEY-004", "STA-020"),
    statement="DescribeKey shows a DeleteDate for keys that are not to be deleted.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _change_metadata(
        endpoint,
        lambda _call, _key, shown: shown.setdefault("DeleteDate", shown["CreationDate"]),
    )


@fault(
    "deletion-window-ignored",
    breaks=("EFF-005", "KEY-003"),
    statement="ScheduleKeyDeletion always waits 30 days.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.deletion_window = lambda _: timedelta(days=30)


@fault(
    "scheduling-deletes-at-once",
    breaks=("IDM-002", "STA-006", "KEY-001"),
    statement="ScheduleKeyDeletion deletes the key without any window.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        answer = original(call)
        remove_key(call.account, key)
        return answer

    wrap_handler(endpoint, "ScheduleKeyDeletion", wrapper)


@fault(
    "deletion-never-happens",
    breaks=("KEY-040",),
    statement="A key is still there after its deletion window.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.deletion_due = lambda _key, _now: False


@fault(
    "deletion-protection-ignored",
    breaks=("EFF-006",),
    statement="ScheduleKeyDeletion works with a protected key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.require_unprotected = lambda _: None


@fault(
    "deletion-protection-not-shown",
    breaks=("EFF-006",),
    statement="DescribeKey shows DeletionProtection Disabled for a protected key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _change_metadata(
        endpoint, lambda _call, _key, shown: shown.update(DeletionProtection="Disabled")
    )


@fault(
    "beginnings-of-ids-are-enough",
    breaks=("KEY-013",),
    statement="The beginning of a key's id names it.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.resolve_key_id

    def resolve(call: Call, reference: str, takes_alias: bool) -> str:
        named = str(original(call, reference, takes_alias))
        found = [key_id for key_id in call.account.keys if named and key_id.startswith(named)]
        return found[0] if found else named

    endpoint.seams.resolve_key_id = resolve


@fault(
    "arns-count-by-their-end",
    breaks=("KEY-014",),
    statement="Of an ARN only what follows the last slash counts.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.resolve_key_id

    def resolve(call: Call, reference: str, takes_alias: bool) -> str:
        if reference.startswith("acs:") and ":alias/" not in reference:
            return reference.rpartition("/")[2]
        return str(original(call, reference, takes_alias))

    endpoint.seams.resolve_key_id = resolve


@fault(
    "primary-version-by-alias-is-stale",
    breaks=("EFF-013",),
    statement="DescribeKey by alias keeps answering the PrimaryKeyVersion that it answered first.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    first: dict[str, Any] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        shown = answer["KeyMetadata"]
        if call.params["KeyId"].startswith("alias/") and "PrimaryKeyVersion" in shown:
            version = first.setdefault(call.params["KeyId"], shown["PrimaryKeyVersion"])
            shown["PrimaryKeyVersion"] = version
        return answer

    wrap_handler(endpoint, "DescribeKey", wrapper)
