"""Faults of aliases."""

from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import (
    fault,
    replace_error,
    wrap_answer,
    wrap_handler,
)
from conformance.reference.faults.tools import (
    DOCS_2021,
    KEY_STATES,
    RESPONSES,
    SDK,
    allow,
    ask,
    key_of,
)


@fault(
    "taken-alias-moves",
    breaks=("IDM-004",),
    statement="CreateAlias with a name that is taken moves it to the new key.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.require_free_alias = lambda _call, _name: None


@fault(
    "taken-alias-answers-409",
    breaks=("IDM-004",),
    statement="A taken alias is refused with HTTP 409 instead of 400.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "AliasAlreadyExists", status=409)


@fault(
    "taken-alias-answers-other-code",
    breaks=("IDM-004",),
    statement="A taken alias is refused as Rejected.ResourceExist.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "AliasAlreadyExists",
        "Rejected.ResourceExist",
    )


@fault(
    "unknown-alias-answers-key-not-found",
    breaks=("KEY-011", "EFF-022", "IDM-010"),
    statement="An unknown alias is answered as Forbidden.KeyNotFound.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Forbidden.AliasNotFound",
        "Forbidden.KeyNotFound",
    )


@fault(
    "update-alias-does-nothing",
    breaks=("KEY-010", "EFF-021"),
    statement="UpdateAlias succeeds and the alias stays with its key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        alias = call.account.aliases.get(call.params["AliasName"])
        before = alias.key_id if alias else ""
        answer = original(call)
        if alias is not None:
            alias.key_id = before
        return answer

    wrap_handler(endpoint, "UpdateAlias", wrapper)


@fault(
    "update-alias-looks-at-the-old-key",
    breaks=("EFF-081",),
    statement="UpdateAlias is refused when the key it leaves waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        alias = call.account.aliases.get(call.params["AliasName"])
        old = call.account.keys.get(alias.key_id) if alias else None
        if old is not None and old.state == "PendingDeletion":
            raise KmsError("Rejected.PendingDeletion", "The key is PendingDeletion.")
        return original(call)

    wrap_handler(endpoint, "UpdateAlias", wrapper)


@fault(
    "update-alias-makes-aliases",
    breaks=("KEY-011",),
    statement="UpdateAlias with an unknown name makes the alias.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if call.params["AliasName"] in call.account.aliases:
            return original(call)
        return ask(endpoint, call, "CreateAlias")

    wrap_handler(endpoint, "UpdateAlias", wrapper)


@fault(
    "delete-alias-does-nothing",
    breaks=(
        "EFF-022",
        "IDM-010",
    ),
    statement="DeleteAlias succeeds and the alias stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        alias = call.account.aliases.get(call.params["AliasName"])
        answer = original(call)
        if alias is not None:
            call.account.aliases[alias.name] = alias
        return answer

    wrap_handler(endpoint, "DeleteAlias", wrapper)


@fault(
    "delete-alias-disables-the-key",
    breaks=("EFF-022", "KEY-010"),
    statement="DeleteAlias makes the key behind it Disabled.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        alias = call.account.aliases.get(call.params["AliasName"])
        answer = original(call)
        key = call.account.keys.get(alias.key_id) if alias else None
        if key is not None and key.state == "Enabled":
            key.state = "Disabled"
        return answer

    wrap_handler(endpoint, "DeleteAlias", wrapper)


@fault(
    "alias-for-key-pending-deletion",
    breaks=("STA-002",),
    statement="CreateAlias works with a key that waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["CreateAlias"], "PendingDeletion")


@fault(
    "alias-moves-to-key-pending-deletion",
    breaks=("STA-002",),
    statement="UpdateAlias moves an alias to a key that waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["UpdateAlias"], "PendingDeletion")


@fault(
    "aliases-of-all-keys",
    breaks=(
        "EFF-021",
        "PAG-006",
    ),
    statement="ListAliasesByKeyId lists the aliases of every key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        return {**original(call), **ask(endpoint, call, "ListAliases")}

    wrap_handler(endpoint, "ListAliasesByKeyId", wrapper)


@fault(
    "one-alias-a-key",
    breaks=("EFF-020", "PAG-005", "KEY-010"),
    statement="A second alias of a key takes the place of the first.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key, name = key_of(call), call.params["AliasName"]
        for alias in list(call.account.aliases.values()):
            if alias.key_id == key.id and alias.name != name:
                del call.account.aliases[alias.name]
        return answer

    wrap_handler(endpoint, "CreateAlias", wrapper)


@fault(
    "alias-row-names-no-key",
    breaks=(
        "EFF-020",
        "EFF-021",
    ),
    statement="KeyId of a listed alias is the alias itself.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        for row in answer["Aliases"]["Alias"]:
            row["KeyId"] = row["AliasName"]

    wrap_answer(endpoint, ["ListAliases", "ListAliasesByKeyId"], change)


@fault(
    "aliases-in-any-case",
    breaks=("KEY-012",),
    statement="An alias names its key in any letter case.",
    source="names are parts of ARNs; no page passes over letter case",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.resolve_alias

    def resolve(call: Call, name: str) -> str:
        known = {alias.lower(): alias for alias in call.account.aliases}
        return str(original(call, known.get(name.lower(), name)))

    endpoint.seams.resolve_alias = resolve
