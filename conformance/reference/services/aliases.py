"""Aliases: names for keys that can be moved to another key."""

from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Alias
from conformance.reference.services.finding import find_key, require_state
from conformance.reference.services.keys import live_keys
from conformance.reference.services.paging import page


@seam
def require_free_alias(call: Call, name: str) -> None:
    """Refuse a name that any key has already, the same key included."""
    if name in call.account.aliases:
        raise KmsError("AliasAlreadyExists", "An alias of this name exists.")


@handles("CreateAlias")
def create_alias(call: Call) -> dict[str, Any]:
    """Give a key a further name."""
    key = find_key(call)
    require_state(call, key)
    name = call.params["AliasName"]
    call.endpoint.seams.require_free_alias(call, name)
    call.account.aliases[name] = Alias(name, key.id, call.now)
    return {}


@handles("UpdateAlias")
def update_alias(call: Call) -> dict[str, Any]:
    """Move a name to another key; only the state of that one counts."""
    alias = _find_alias(call)
    key = find_key(call)
    require_state(call, key)
    alias.key_id = key.id
    return {}


@handles("DeleteAlias")
def delete_alias(call: Call) -> dict[str, Any]:
    """Take a name away; the key stays as it is."""
    alias = _find_alias(call)
    del call.account.aliases[alias.name]
    return {}


def _find_alias(call: Call) -> Alias:
    alias = call.account.aliases.get(call.params["AliasName"])
    if alias is None:
        raise KmsError("Forbidden.AliasNotFound", "The specified alias is not found.")
    return alias


def _show(call: Call, alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.name,
        "AliasArn": call.account.arn(alias.name.partition("/")[0], alias.name.partition("/")[2]),
        "KeyId": alias.key_id,
    }


@handles("ListAliases")
def list_aliases(call: Call) -> dict[str, Any]:
    """List all names of the account, oldest first; an empty page for PageSize 0 (inferred)."""
    live_keys(call)
    return page(call, list(call.account.aliases.values()), lambda alias: _show(call, alias))


@handles("ListAliasesByKeyId")
def list_aliases_by_key_id(call: Call) -> dict[str, Any]:
    """List the names of one key."""
    key = find_key(call)
    require_state(call, key)
    aliases = [alias for alias in call.account.aliases.values() if alias.key_id == key.id]
    return page(call, aliases, lambda alias: _show(call, alias))
