"""Which permissions a call needs, and on what.

Actions come from the operation's spec; resources from the parameters that name them. A call that
names nothing (ListKeys, CreateKey) needs its action on the collection,
``acs:kms:<region>:<uid>:key``. Parameters were decoded and are not yet judged: whatever cannot be
told stays as it was written, and the service will find nothing by that name.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from conformance.reference.access_control import RETRIEVAL, SHARED
from conformance.reference.call import Call
from conformance.reference.errors import KmsError
from conformance.reference.model import Key, PolicyDocument
from conformance.reference.ram import Decision, decide
from conformance.spec import catalogue

#: Parameters that name a thing, by the kind in its ARN.
_NAMING: Mapping[str, str] = {
    "KeyId": "key",
    "DestinationKeyId": "key",
    "SourceKeyId": "key",
    "SecretName": "secret",
    "AliasName": "alias",
    "KmsInstanceId": "instance",
    "AapName": "aap",
    "ClientKeyId": "clientkey",
    "DataKeyName": "datakey",
}
#: What the parameter Name of an operation names, and collections, by the spec's word for it.
_KINDS: Mapping[str, str] = {
    "application-access-point": "aap",
    "client-key": "clientkey",
    "key-policy": "key",
    "key-version": "key",
    "managed-data-key": "datakey",
    "network-rule": "networkrule",
    "secret-policy": "secret",
}
_VERSION_ID_LENGTH = 36

#: An action on a resource, with the resource's own policy.
Need = tuple[str, str, PolicyDocument | None]


class _Naming(NamedTuple):
    """How the spec of an operation says what is done to what.

    Attributes:
        actions: Needed on everything that a call names.
        on_protecting_key: Needed on the key behind a secret as well.
        parameters: That name a thing, each with the kind of it.
        by_list: Whether things are named in a list.
        collection: Kind of what is meant when nothing is named.
    """

    actions: tuple[str, ...]
    on_protecting_key: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    by_list: bool
    collection: str


@cache
def _naming(operation_name: str) -> _Naming:
    operation = catalogue().operations[operation_name]
    properties = operation.request.get("properties", {})
    kind = _KINDS.get(operation.resource, operation.resource)
    named = [(name, kind) for name, kind in _NAMING.items() if name in properties]
    if "Name" in properties:
        named.append(("Name", kind))
    return _Naming(
        operation.ram_actions,
        tuple(operation.document["ram"].get("onProtectingKey", ())),
        tuple(named),
        not properties.keys().isdisjoint({"SecretsList", "ResourceId"}),
        kind,
    )


def needs(call: Call) -> list[Need]:
    """Return everything the caller must be allowed to do, in order."""
    naming = _naming(call.operation.name)
    if call.operation.name == "ReEncrypt":
        return _re_encrypt_needs(call, naming.actions)
    resources = _resources(call, naming)
    found = []
    for action in naming.actions:
        for arn, policy in resources:
            found.append((action, arn, policy))
    extra = naming.on_protecting_key
    keys = _protecting_keys(call) if extra else ()
    if keys and not _is_exempt(call):
        found += [(action, *_key(call, key)) for action in extra for key in keys]
    return found


def _is_exempt(call: Call) -> bool:
    """Tell whether the protecting key is not looked at.

    Over the shared gateway a security token is checked for GetSecretValue only, and a client key is
    a matter of its access point.
    """
    reading = call.operation.category == "secret-retrieval"
    kind = call.principal.kind
    return reading and call.gateway == "shared" and kind in {"role", "client-key"}


def _resources(call: Call, naming: _Naming) -> list[tuple[str, PolicyDocument | None]]:
    found = []
    for name, kind in naming.parameters:
        reference = call.params.get(name)
        if isinstance(reference, str) and reference:
            found.append(_named(call, kind, reference))
    if naming.by_list:
        found += _listed(call)
    if not found and "CiphertextBlob" in call.params:
        found.append(_key(call, key_of_blob(call, call.params["CiphertextBlob"])))
    if not found:
        arn = f"acs:kms:{call.account.region}:{call.account.uid}:{naming.collection}"
        found.append((arn, None))
    return found


def _listed(call: Call) -> list[tuple[str, PolicyDocument | None]]:
    """Return the resources that a call names in a list."""
    secrets = call.params.get("SecretsList")
    entries = secrets if isinstance(secrets, list) else []
    names = [entry.get("SecretName") for entry in entries if isinstance(entry, dict)]
    found = [_named(call, "secret", name) for name in names if isinstance(name, str)]
    identifiers = call.params.get("ResourceId")
    kind = str(call.params.get("ResourceType", "key"))
    listed = identifiers if isinstance(identifiers, list) else []
    return found + [_named(call, kind, str(identifier)) for identifier in listed]


def _named(call: Call, kind: str, reference: str) -> tuple[str, PolicyDocument | None]:
    if kind == "key":
        return _key(call, reference)
    if reference.startswith("acs:"):
        reference = reference.rpartition(f":{kind}/")[2]
    if kind == "alias":
        reference = reference.removeprefix("alias/")
    secret = call.account.secrets.get(reference) if kind == "secret" else None
    return call.account.arn(kind, reference), secret.policy if secret is not None else None


def _key(call: Call, reference: str) -> tuple[str, PolicyDocument | None]:
    key = find_key(call, reference)
    if key is not None:
        return call.account.arn("key", key.id), key.policy
    return (reference if reference.startswith("acs:") else call.account.arn("key", reference)), None


def find_key(call: Call, reference: str) -> Key | None:
    """Return the key behind an id, alias or ARN of this account, None when there is none."""
    account = call.account
    if reference.startswith("acs:"):
        prefix = account.arn("", "").removesuffix("/")
        reference = reference.removeprefix(prefix).removeprefix("key/")
    if reference.startswith("alias/"):
        alias = account.aliases.get(reference)
        return account.keys.get(alias.key_id) if alias is not None else None
    return account.keys.get(reference)


def key_of_blob(call: Call, blob: Any) -> str:
    """Return the id of the key that a symmetric ciphertext names by its version, or ``*``."""
    try:
        raw = base64.b64decode(blob, validate=True)
        version = raw[:_VERSION_ID_LENGTH].decode("ascii")
    except (binascii.Error, TypeError, ValueError):
        return "*"
    return call.account.key_versions.get(version, "*")


def _re_encrypt_needs(call: Call, actions: tuple[str, ...]) -> list[Need]:
    source, destination = call.params.get("SourceKeyId"), call.params.get("DestinationKeyId")
    origin = str(source) if source else key_of_blob(call, call.params.get("CiphertextBlob"))
    return [(actions[0], *_key(call, origin)), (actions[1], *_key(call, str(destination or "*")))]


def _protecting_keys(call: Call) -> list[str]:
    """Return the customer keys behind the secret a call is about, or named for a new one."""
    if call.operation.name == "CreateSecret":
        key = call.params.get("EncryptionKeyId")
        return [key] if isinstance(key, str) and key else []
    secret = call.account.secrets.get(_bare(str(call.params.get("SecretName"))))
    if secret is None or secret.encryption_key_id is None:
        return []
    return [secret.encryption_key_id]


def _bare(reference: str) -> str:
    return reference.rpartition(":secret/")[2] if reference.startswith("acs:") else reference


def authorise(call: Call) -> None:
    """Refuse a call that the caller has no permission for.

    A call for several secrets goes on when one of them may be read: the answer tells of each.

    Raises:
        KmsError: Forbidden.NoPermission; the message names the resource.
    """
    principal, account = call.principal, call.account
    if principal.unlimited and principal.uid == account.uid and not account.has_policies:
        return
    if principal.kind == "client-key":
        _authorise_client_key(call)
        return
    refusals = []
    wanted = needs(call)
    for action, resource, policy in wanted:
        decision = decide(principal, action, resource, owner=account.uid, policy=policy)
        if not decision.allowed:
            refusals.append(denied(call, action, resource, decision))
    partial = call.operation.name == "BatchGetSecretValue" and len(refusals) < len(wanted)
    if refusals and not partial:
        raise refusals[0]


def _authorise_client_key(call: Call) -> None:
    """Let a client key read secrets over the shared gateway, and do nothing else.

    Whether it may read them by KMS API on the dedicated gateway is contradictory (reading
    client-key-on-dedicated-kms-api): here it may not.
    """
    control, operation = call.endpoint.access_control, call.operation.name
    resource = _resources(call, _naming(call.operation.name))[0][0]
    if operation != RETRIEVAL or call.gateway != "shared":
        message = f"A client key does not permit {operation} on {resource} here."
        raise KmsError("Forbidden.NoPermission", message)
    control.permit(
        call.account.client_keys[call.principal.name.removeprefix("clientkey/")],
        operation=operation,
        resource_arn=resource,
        scope=SHARED,
        client_ip=call.client_ip,
    )


def denied(call: Call, action: str, resource: str, decision: Decision) -> KmsError:
    """Return the refusal for an action on a resource."""
    detail = {
        "AuthAction": action,
        "AuthPrincipalType": "AssumedRoleUser" if call.principal.kind == "role" else "SubUser",
        "AuthPrincipalOwnerId": call.principal.uid,
        "AuthPrincipalDisplayName": call.principal.name,
        "NoPermissionType": "ExplicitDeny" if decision.explicit else "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
    message = f"This operation is forbidden by permission system: {action} on {resource}."
    return KmsError("Forbidden.NoPermission", message, extra={"AccessDeniedDetail": detail})
