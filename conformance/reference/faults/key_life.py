"""Faults in the life of keys: what comes back after cancelling, what one key does to another."""

import base64
from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import DOCS_2021, KEY_STATES, SDK, key_of, with_params
from conformance.reference.model import ImportToken, Key
from conformance.reference.services import algorithms


@fault(
    "cancelled-key-loses-tags",
    breaks=("KEY-004",),
    statement="A key whose deletion is cancelled has lost its tags.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key_of(call).tags.clear()
        return answer

    wrap_handler(endpoint, "CancelKeyDeletion", wrapper)


@fault(
    "scheduled-key-loses-aliases",
    breaks=("KEY-004",),
    statement="ScheduleKeyDeletion deletes the aliases of the key.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key = key_of(call)
        aliases = call.account.aliases
        for name in [name for name, alias in aliases.items() if alias.key_id == key.id]:
            del aliases[name]
        return answer

    wrap_handler(endpoint, "ScheduleKeyDeletion", wrapper)


@fault(
    "description-of-every-key-changes",
    breaks=("KEY-005",),
    statement="UpdateKeyDescription changes the description of every key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        for key in call.account.keys.values():
            key.description = call.params["Description"]
        return answer

    wrap_handler(endpoint, "UpdateKeyDescription", wrapper)


@fault(
    "deleting-an-alias-deletes-all",
    breaks=("KEY-010",),
    statement="DeleteAlias deletes every alias of the key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        aliases = call.account.aliases
        alias = aliases.get(call.params["AliasName"])
        answer = original(call)
        if alias is not None:
            for name in [n for n, other in aliases.items() if other.key_id == alias.key_id]:
                del aliases[name]
        return answer

    wrap_handler(endpoint, "DeleteAlias", wrapper)


@fault(
    "long-windows-are-shortened",
    breaks=("KEY-003",),
    statement="A deletion window of more than 30 days lasts a seventh of it.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.deletion_window

    def window(call: Call) -> timedelta:
        days: timedelta = original(call)
        return days / 7 if days > timedelta(days=30) else days

    endpoint.seams.deletion_window = window


@fault(
    "any-wrapping-key-of-the-key-opens",
    breaks=("KEY-026",),
    statement="Material wrapped under any public key that was issued for the key is taken, "
    "whichever token comes with it.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        tokens = call.account.import_tokens
        given = tokens.get(call.params["ImportToken"])
        if given is None:
            return original(call)
        for row in tokens.values():
            if row.key_id == given.key_id and _opens(call, row):
                return original(with_params(call, ImportToken=row.token))
        return original(call)

    wrap_handler(endpoint, "ImportKeyMaterial", wrapper)


def _opens(call: Call, row: ImportToken) -> bool:
    try:
        wrapped = base64.b64decode(call.params["EncryptedKeyMaterial"])
        algorithms.decrypt(row.private_key, row.wrapping_algorithm, wrapped)
    except ValueError:
        return False
    return True


@fault(
    "minutes-taken-for-hours",
    breaks=("KEY-031",),
    statement="A RotationInterval in minutes is taken for one in hours.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        interval = call.params.get("RotationInterval", "")
        if not interval.endswith("m"):
            return original(call)
        hours = min(int(interval[:-1]), 700 * 24)
        return original(with_params(call, RotationInterval=f"{hours}h"))

    wrap_handler(endpoint, "UpdateRotationPolicy", wrapper)


@fault(
    "rescheduled-with-former-date",
    breaks=("EFF-005",),
    statement="A key that was saved and is scheduled again gets the DeleteDate of the first time.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    first: dict[str, Any] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key = key_of(call)
        key.delete_date = first.setdefault(key.id, key.delete_date)
        return answer

    wrap_handler(endpoint, "ScheduleKeyDeletion", wrapper)


@fault(
    "suspended-rotation-hides-next-date",
    breaks=("EFF-011",),
    statement="DescribeKey shows no NextRotationDate while the rotation is Suspended.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        if shown.get("AutomaticRotation") == "Suspended":
            shown.pop("NextRotationDate", None)
        return shown

    endpoint.seams.metadata = metadata


@fault(
    "refused-description-is-kept",
    breaks=("STA-002",),
    statement="UpdateKeyDescription of a key that waits for its deletion is refused, and changes "
    "the description all the same.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = call.account.keys.get(call.params["KeyId"])
        if key is not None:
            key.description = call.params["Description"]
        return original(call)

    wrap_handler(endpoint, "UpdateKeyDescription", wrapper)


@fault(
    "long-descriptions-are-cut",
    breaks=("EFF-093",),
    statement="CreateKey keeps the first 8,000 characters of a description.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        text = call.params.get("Description", "")
        return original(with_params(call, Description=text[:8_000]))

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "answers-name-the-alias",
    breaks=("KEY-017",),
    statement="GetPublicKey and GenerateDataKeyWithoutPlaintext answer the alias that was sent.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        return {**original(call), "KeyId": call.params["KeyId"]}

    wrap_handler(endpoint, ["GetPublicKey", "GenerateDataKeyWithoutPlaintext"], wrapper)
