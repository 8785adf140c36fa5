"""Finding what a call names, and refusing what its state, kind or usage does not allow."""

import re
from collections.abc import Iterable
from functools import cache
from typing import TypeVar

from conformance.reference.call import Call, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Instance, Key, KeyVersion, Secret
from conformance.reference.services.life import settle
from conformance.reference.services.tables import key_specs, state_answers
from conformance.spec import catalogue

Thing = TypeVar("Thing")

_ARN = re.compile(r"acs:kms:([^:]*):([^:]*):(key|alias|secret)/(.+)")


def invalid(message: str) -> KmsError:
    """Return the refusal of a parameter that its schema cannot judge."""
    return KmsError("InvalidParameter", message)


def unsupported(message: str) -> KmsError:
    """Return the refusal of a call that this kind of key, secret or instance does not take.

    Documented for rotation and versions of keys; used for wrong usage and for what is not offered
    as well (inferred).
    """
    return KmsError("Rejected.UnsupportedOperation", message)


@cache
def _takes_alias(operation: str, parameter: str) -> bool:
    schema = catalogue().operations[operation].request["properties"][parameter]
    if "x-forms" not in schema:
        definitions = catalogue().document("definitions")["$defs"]
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return "alias" in schema.get("x-forms", ("alias",))


@seam
def parse_arn(call: Call, reference: str) -> tuple[str, str] | None:
    """Take an ARN of this account and region apart: kind and id; None for any other text."""
    match = _ARN.fullmatch(reference)
    if match is None or match[1] != call.account.region or match[2] != call.account.uid:
        return None
    return match[3], match[4]


@seam
def resolve_alias(call: Call, name: str) -> str:
    """Return the id of the key that an alias names.

    Raises:
        KmsError: Forbidden.AliasNotFound.
    """
    alias = call.account.aliases.get(name)
    if alias is None:
        raise KmsError("Forbidden.AliasNotFound", "The specified alias is not found.")
    return alias.key_id


@seam
def resolve_key_id(call: Call, reference: str, takes_alias: bool) -> str:
    """Return the key id behind an id, alias or ARN.

    Calls documented with ids answer Unsupported.Alias to an alias; which calls do is not listed
    anywhere (inferred). An ARN is taken wherever an id is, for this account and region.
    """
    if reference.startswith("acs:"):
        parts = call.endpoint.seams.parse_arn(call, reference)
        if parts is None or parts[0] == "secret":
            return ""
        kind, name = parts
        if kind == "key":
            return str(name)
        reference = f"alias/{name}"
    if not reference.startswith("alias/"):
        return reference
    if not takes_alias:
        raise KmsError("Unsupported.Alias", "This operation takes a key ID, not an alias.")
    return str(call.endpoint.seams.resolve_alias(call, reference))


def key_by_id(call: Call, key_id: str) -> Key:
    """Return a key, brought up to date.

    Raises:
        KmsError: Forbidden.KeyNotFound.
    """
    key = call.account.keys.get(key_id)
    if key is None or not settle(call.account, key, call.now, call.endpoint.seams):
        raise KmsError("Forbidden.KeyNotFound", "The specified key is not found.")
    if call.instance_id is not None and not call.endpoint.seams.is_of_instance(call, key):
        raise KmsError("Forbidden.KeyNotFound", "The specified key is not found.")
    if call.side == "internet":
        call.endpoint.seams.require_internet_access(call, key)
    return key


@seam
def is_of_instance(call: Call, thing: Key | Secret) -> bool:
    """Tell whether the instance of the dedicated gateway has a key or secret."""
    return thing.instance_id == call.instance_id


@seam
def require_internet_access(call: Call, key: Key) -> None:
    """Refuse cryptography from the Internet with a key of an instance that is not open to it.

    Which calls the switch governs is contradictory (reading internet-switch): here those from the
    Internet. What answers while it is off is not documented.
    """
    if key.instance_id is None or call.operation.category != "cryptographic":
        return
    instance = call.account.instances.get(key.instance_id)
    if instance is not None and not instance.internet_access:
        message = f"Access to keys of {instance.id} over the Internet is not enabled."
        raise KmsError("Forbidden.NoPermission", message)


def find_key(call: Call, parameter: str = "KeyId") -> Key:
    """Return the key that a parameter names, whatever its state."""
    takes_alias = _takes_alias(call.operation.name, parameter)
    reference = call.params[parameter]
    return key_by_id(call, call.endpoint.seams.resolve_key_id(call, reference, takes_alias))


@seam
def state_rule(operation: str, state: str) -> str | None:
    """Return the code that an operation answers to a key in this state, None when it goes on.

    The table is specs/key-states.json. Where it knows of a refusal and of no code, the code named
    like the state answers (inferred).
    """
    codes = state_answers().get((operation, state))
    if codes is None:
        return None
    return codes[0] if codes else f"Rejected.{state}"


def require_state(call: Call, key: Key, operation: str | None = None) -> None:
    """Refuse a call that the state of the key does not allow.

    Args:
        call: The call.
        key: Its key, up to date.
        operation: Whose row of the table counts, when it is not the call's own.
    """
    code = call.endpoint.seams.state_rule(operation or call.operation.name, key.state)
    if code is not None:
        raise KmsError(code, f"The key is {key.state}.")


@seam
def require_usage(key: Key, usage: str) -> None:
    """Refuse cryptography that the key is not for (code inferred)."""
    if key.usage != usage:
        raise unsupported(f"The usage of the key is {key.usage}, not {usage}.")


def require_kind(key: Key, kind: str) -> None:
    """Refuse a key that is not symmetric, asymmetric or hmac, as asked (code inferred)."""
    if key_specs()[key.spec]["kind"] != kind:
        raise unsupported(f"A {key.spec} key cannot be used for this operation.")


def find_symmetric(call: Call, parameter: str = "KeyId", operation: str | None = None) -> Key:
    """Return an enabled symmetric key."""
    key = find_key(call, parameter)
    require_state(call, key, operation)
    require_kind(key, "symmetric")
    return key


@seam
def find_version(key: Key, version_id: str) -> KeyVersion:
    """Return a version of a key.

    Raises:
        KmsError: Forbidden.KeyVersionNotFound.
    """
    version = key.versions.get(version_id)
    if version is None:
        message = "The specified key version is not found."
        raise KmsError("Forbidden.KeyVersionNotFound", message)
    return version


def not_found(what: str) -> KmsError:
    """Return the refusal of a name that nothing has."""
    return KmsError("Forbidden.ResourceNotFound", f"The specified {what} is not found.")


def named(things: dict[str, Thing], name: str, what: str) -> Thing:
    """Return the thing of this name.

    Raises:
        KmsError: Forbidden.ResourceNotFound.
    """
    if name not in things:
        raise not_found(what)
    return things[name]


def require_free(names: Iterable[str], name: str, what: str) -> None:
    """Refuse a name that is taken (Rejected.ResourceExist; for access points inferred)."""
    if name in names:
        raise KmsError("Rejected.ResourceExist", f"A {what} of this name exists.")


def find_instance(call: Call, parameter: str) -> Instance:
    """Return the instance that a parameter names."""
    instance = call.account.instances.get(call.params[parameter])
    if instance is None:
        message = "The specified KMS instance is not found."
        raise KmsError("Forbidden.DKMSInstanceNotFound", message, 404)
    return instance


def connected_instance(call: Call) -> Instance | None:
    """Return the instance that DKMSInstanceId names, if any; it must be able to take things."""
    if "DKMSInstanceId" not in call.params:
        return None
    instance = find_instance(call, "DKMSInstanceId")
    if instance.status != "Connected":
        message = f"The KMS instance is {instance.status}."
        raise KmsError("Forbidden.DKMSInstanceStateInvalid", message)
    return instance
