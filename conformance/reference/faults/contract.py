"""Faults of contracts: what valid requests must not meet, and faulty ones must."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import (
    fault,
    forgive,
    refuse_at,
    replace_error,
    wrap_answer,
    wrap_handler,
)
from conformance.reference.faults.tools import RESPONSES, SDK, with_params
from conformance.reference.passage import Passage


def _is(passage: Passage, *operations: str) -> bool:
    return passage.operation is not None and passage.operation.name in operations


def _refuse(
    endpoint: Endpoint, operation: str, applies: Callable[[dict[str, Any]], object]
) -> None:
    """Refuse some valid requests of an operation."""

    def judge(passage: Passage) -> KmsError | None:
        if _is(passage, operation) and applies(passage.params):
            return KmsError("InvalidParameter", "The specified parameter is not valid.")
        return None

    refuse_at(endpoint, "validate", judge)


def _accept(endpoint: Endpoint, *operations: str) -> None:
    """Let the parameter errors of operations pass where all parameters are there."""

    def applies(error: KmsError, passage: Passage) -> bool:
        return _is(passage, *operations) and error.code.startswith("InvalidParameter")

    forgive(endpoint, "validate", applies)


@fault(
    "long-descriptions-refused",
    breaks=("CON-001",),
    statement="CreateKey refuses descriptions of more than 4,096 characters.",
    source=SDK,
)
def _long_descriptions(endpoint: Endpoint) -> None:
    _refuse(endpoint, "CreateKey", lambda p: len(p.get("Description", "")) > 4096)


@fault(
    "longest-password-refused",
    breaks=("CON-001",),
    statement="GetRandomPassword refuses the greatest length, 128.",
    source=SDK,
)
def _longest_password(endpoint: Endpoint) -> None:
    _refuse(endpoint, "GetRandomPassword", lambda p: p.get("PasswordLength") in {128, "128"})


@fault(
    "two-options-refused",
    breaks=("CON-001", "CON-005"),
    statement="GenerateDataKey refuses NumberOfBytes beside EncryptionContext.",
    source=SDK,
)
def _two_options(endpoint: Endpoint) -> None:
    _refuse(
        endpoint, "GenerateDataKey", lambda p: {"NumberOfBytes", "EncryptionContext"} <= p.keys()
    )


@fault(
    "odd-numbers-refused",
    breaks=("CON-001",),
    statement="GetRandomPassword refuses odd lengths.",
    source=SDK,
)
def _odd_numbers(endpoint: Endpoint) -> None:
    _refuse(endpoint, "GetRandomPassword", lambda p: int(p.get("PasswordLength", 32)) % 2)


@fault(
    "border-of-window-not-checked",
    breaks=("CON-002", "CON-009"),
    statement="ScheduleKeyDeletion takes windows of any length.",
    source=SDK,
)
def _any_window(endpoint: Endpoint) -> None:
    _accept(endpoint, "ScheduleKeyDeletion")


@fault(
    "alias-names-not-checked",
    breaks=("CON-002", "CON-009"),
    statement="CreateAlias takes names with any characters and without the prefix.",
    source=SDK,
)
def _any_alias(endpoint: Endpoint) -> None:
    _accept(endpoint, "CreateAlias")


@fault(
    "parameter-errors-named-otherwise",
    breaks=("CON-002", "CON-009"),
    statement="A parameter that is not valid is refused as ValidationException.",
    source=RESPONSES,
)
def _other_code(endpoint: Endpoint) -> None:
    replace_error(
        endpoint, lambda error: error.code.startswith("InvalidParameter"), "ValidationException"
    )


@fault(
    "missing-parameters-answer-404",
    breaks=("CON-002", "ENV-006"),
    statement="A missing parameter is refused with HTTP 404.",
    source=RESPONSES,
)
def _missing_is_404(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code.startswith("MissingParameter"), status=404)


@fault(
    "dry-run-of-any-spelling",
    breaks=("CON-003",),
    statement="DryRun may have any value; what is not true counts as false.",
    source=SDK,
)
def _any_dry_run(endpoint: Endpoint) -> None:
    def applies(_: KmsError, passage: Passage) -> bool:
        return passage.params.get("DryRun", "false") not in {"true", "false"}

    forgive(endpoint, "validate", applies)


@fault(
    "key-has-no-arn",
    breaks=("CON-004",),
    statement="DescribeKey tells no Arn.",
    source=SDK,
)
def _no_arn(endpoint: Endpoint) -> None:
    def change(_: Call, answer: dict[str, Any]) -> None:
        del answer["KeyMetadata"]["Arn"]

    wrap_answer(endpoint, "DescribeKey", change)


@fault(
    "numbers-are-text",
    breaks=("CON-004",),
    statement="PageNumber and PageSize of ListKeys are answered as text.",
    source=SDK,
)
def _numbers_are_text(endpoint: Endpoint) -> None:
    def change(_: Call, answer: dict[str, Any]) -> None:
        for name in ("PageNumber", "PageSize"):
            if name in answer:
                answer[name] = str(answer[name])

    wrap_answer(endpoint, "ListKeys", change)


@fault(
    "booleans-are-text",
    breaks=("CON-004",),
    statement="Value of AsymmetricVerify is text.",
    source=SDK,
)
def _booleans_are_text(endpoint: Endpoint) -> None:
    def change(_: Call, answer: dict[str, Any]) -> None:
        answer["Value"] = str(answer["Value"]).lower()

    wrap_answer(endpoint, "AsymmetricVerify", change)


@fault(
    "list-left-out-when-empty",
    breaks=("CON-011",),
    statement="ListResourceTags leaves its list out where nothing is in it.",
    source=SDK,
)
def _empty_list(endpoint: Endpoint) -> None:
    def change(_: Call, answer: dict[str, Any]) -> None:
        if not answer["Tags"]["Tag"]:
            del answer["Tags"]

    wrap_answer(endpoint, "ListResourceTags", change)


@fault(
    "unknown-key-gives-500",
    breaks=("CON-006",),
    statement="An operation on a key that does not exist gives 500 InternalFailure.",
    source=RESPONSES,
)
def _unknown_is_500(endpoint: Endpoint) -> None:
    replace_error(
        endpoint, lambda error: error.code == "Forbidden.KeyNotFound", "InternalFailure", 500
    )


@fault(
    "unknown-things-are-made",
    breaks=("CON-006",),
    statement="PutSecretValue with an unknown name makes the secret.",
    source=RESPONSES,
)
def _unknown_is_made(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Callable[[Call], dict[str, Any]]) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError as error:
            if error.code != "Forbidden.ResourceNotFound":
                raise
            make = replace(call, operation=endpoint.operations["CreateSecret"].operation)
            return endpoint.handlers["CreateSecret"](make)

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "faulty-description-is-stored",
    breaks=("CON-008",),
    statement="A faulty UpdateKeyDescription is refused and changes the description.",
    source=RESPONSES,
)
def _stored_all_the_same(endpoint: Endpoint) -> None:
    original = endpoint.validate

    def validate(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError:
            if _is(passage, "UpdateKeyDescription") and passage.call and "KeyId" in passage.params:
                changed = with_params(passage.call, Description=passage.request_id)
                endpoint.handlers["UpdateKeyDescription"](changed)
            raise

    endpoint.validate = validate


@fault(
    "large-plaintexts-refused",
    breaks=("CON-010",),
    statement="Encrypt refuses plaintexts of more than 4 KB, as a third-party tool has it.",
    source=SDK,
)
def _large_plaintexts(endpoint: Endpoint) -> None:
    _refuse(endpoint, "Encrypt", lambda p: len(p.get("Plaintext", "")) * 3 // 4 > 4096)


@fault(
    "key-ids-are-trimmed",
    breaks=("CON-012",),
    statement="White space around a key id is taken away.",
    source=RESPONSES,
)
def _trimmed(endpoint: Endpoint) -> None:
    original = endpoint.parse

    def parse(passage: Passage) -> None:
        original(passage)
        for params in (passage.params, passage.call.params if passage.call else {}):
            if isinstance(params.get("KeyId"), str):
                params["KeyId"] = params["KeyId"].strip()

    endpoint.parse = parse


@fault(
    "changed-secret-is-not-named",
    breaks=("CON-011",),
    statement="UpdateSecret and RestoreSecret answer no SecretName.",
    source=SDK,
)
def _not_named(endpoint: Endpoint) -> None:
    def change(_: Call, answer: dict[str, Any]) -> None:
        answer.pop("SecretName", None)

    wrap_answer(endpoint, ("UpdateSecret", "RestoreSecret"), change)


@fault(
    "plaintexts-without-limit",
    breaks=("CRY-009",),
    statement="Encrypt takes plaintexts of any length.",
    source=SDK,
)
def _any_plaintext(endpoint: Endpoint) -> None:
    _accept(endpoint, "Encrypt")
    endpoint.seams.plaintext_size = lambda _text: 0
