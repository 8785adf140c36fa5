"""Faults of effects: what was made is not there, what was refused happened all the same."""

import string
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import RESPONSES, SDK, key_of, secret_of
from conformance.reference.model import Alias
from conformance.reference.passage import Passage
from conformance.reference.services.passwords import PasswordRules


@fault(
    "new-key-not-listed",
    breaks=("EFF-002",),
    statement="ListKeys leaves keys out that are younger than an hour.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        rows = answer["Keys"]["Key"]
        keys = call.account.keys
        answer["Keys"]["Key"] = [
            row for row in rows if (call.now - keys[row["KeyId"]].created).total_seconds() > 3600
        ]

    wrap_answer(endpoint, "ListKeys", change)


@fault(
    "new-key-is-not-kept",
    breaks=(
        "EFF-012",
        "EFF-030",
        "IDM-004",
        "IDM-008",
    ),
    statement="CreateKey answers a key that is not there afterwards.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        del call.account.keys[answer["KeyMetadata"]["KeyId"]]

    wrap_answer(endpoint, "CreateKey", change)


@fault(
    "new-alias-not-listed",
    breaks=(
        "EFF-021",
        "IDM-014",
    ),
    statement="ListAliases leaves the newest alias out.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        newest = list(call.account.aliases)[-1:]
        rows = answer["Aliases"]["Alias"]
        answer["Aliases"]["Alias"] = [row for row in rows if row["AliasName"] not in newest]

    wrap_answer(endpoint, "ListAliases", change)


@fault(
    "new-secret-not-listed",
    breaks=("EFF-040",),
    statement="ListSecrets leaves the newest secret out.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        newest = list(call.account.secrets)[-1:]
        rows = answer["SecretList"]["Secret"]
        answer["SecretList"]["Secret"] = [row for row in rows if row["SecretName"] not in newest]

    wrap_answer(endpoint, "ListSecrets", change)


@fault(
    "secret-value-of-another",
    breaks=("EFF-052", "EFF-053", "SEC-004"),
    statement="GetSecretValue answers the value of the secret made last.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        newest = list(call.account.secrets.values())[-1]
        answer["SecretData"] = list(newest.versions.values())[-1].data

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "denied-call-acts",
    breaks=("RAM-001",),
    statement="A call without permission is refused and done all the same.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError:
            call = passage.call
            if (
                call is not None
                and endpoint.operations[call.operation.name].check(call.params) is None
            ):
                _do(endpoint, call)
            raise

    endpoint.authorise = authorise


def _do(endpoint: Endpoint, call: Call) -> None:
    try:
        endpoint.handlers[call.operation.name](call)
    except KmsError:
        return


@fault(
    "refused-alias-moves",
    breaks=("IDM-004",),
    statement="CreateAlias with a taken name is refused and moves the alias all the same.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.require_free_alias

    def require_free(call: Call, name: str) -> None:
        try:
            original(call, name)
        except KmsError:
            call.account.aliases[name] = Alias(name, key_of(call).id, call.now)
            raise

    endpoint.seams.require_free_alias = require_free


@fault(
    "refused-secret-is-overwritten",
    breaks=("EFF-044",),
    statement="CreateSecret with a taken name is refused and changes the value all the same.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError:
            secret = call.account.secrets.get(call.params["SecretName"])
            if secret is not None:
                list(secret.versions.values())[-1].data = call.params["SecretData"]
            raise

    wrap_handler(endpoint, "CreateSecret", wrapper)


@fault(
    "refused-value-is-stored",
    breaks=("IDM-006",),
    statement="PutSecretValue with a version that exists is refused and stores the value.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError as refusal:
            if refusal.code == "Rejected.ResourceExist":
                version = secret_of(call).versions[call.params["VersionId"]]
                version.data = call.params["SecretData"]
            raise

    wrap_handler(endpoint, "PutSecretValue", wrapper)


@fault(
    "refused-scheduling-disables",
    breaks=("EFF-006",),
    statement="ScheduleKeyDeletion of a protected key is refused and disables the key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError:
            key = key_of(call)
            if key.state == "Enabled":
                key.state = "Disabled"
            raise

    wrap_handler(endpoint, "ScheduleKeyDeletion", wrapper)


@fault(
    "describing-enables",
    breaks=(
        "KEY-001",
        "EFF-004",
    ),
    statement="DescribeKey makes a Disabled key Enabled.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, _answer: dict[str, Any]) -> None:
        key = key_of(call)
        if key.state == "Disabled":
            key.state = "Enabled"

    wrap_answer(endpoint, "DescribeKey", change)


@fault(
    "disabling-one-disables-all",
    breaks=("KEY-005", "EFF-004"),
    statement="DisableKey disables every key of the account.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, _answer: dict[str, Any]) -> None:
        for key in call.account.keys.values():
            if key.state == "Enabled":
                key.state = "Disabled"

    wrap_answer(endpoint, "DisableKey", change)


def _change_password(endpoint: Endpoint, change: Any) -> None:
    original = endpoint.seams.password_rules
    endpoint.seams.password_rules = lambda params: change(original(params))


@fault(
    "password-length-ignored",
    breaks=("CRY-080", "EFF-015"),
    statement="Random passwords always have 32 characters.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        password = answer["RandomPassword"]
        answer["RandomPassword"] = (password * 4)[:32]

    wrap_answer(endpoint, "GetRandomPassword", change)


@fault(
    "password-exclusions-ignored",
    breaks=("CRY-080", "EFF-015"),
    statement="Exclude... of GetRandomPassword is ignored.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _change_password(
        endpoint,
        lambda rules: PasswordRules(rules.length, require_each_type=rules.require_each_type),
    )


@fault(
    "password-lacks-required-types",
    breaks=("CRY-080", "EFF-015"),
    statement="RequireEachIncludedType is ignored, and passwords have letters only.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _change_password(
        endpoint,
        lambda rules: PasswordRules(
            rules.length,
            exclude_numbers=True,
            exclude_punctuation=True,
            exclude_characters=rules.exclude_characters,
            exclude_lowercase=rules.exclude_lowercase,
            exclude_uppercase=rules.exclude_uppercase,
        ),
    )


@fault(
    "password-repeats",
    breaks=("CRY-081", "EFF-015"),
    statement="Every random password of one length is the same.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    letters = string.ascii_letters + string.digits + "!#%&"

    def change(_call: Call, answer: dict[str, Any]) -> None:
        length = len(answer["RandomPassword"])
        answer["RandomPassword"] = (letters * 2)[:length]

    wrap_answer(endpoint, "GetRandomPassword", change)
