"""Keys of the instance: found, permitted, in the right state, of the right kind."""

from conformance.reference.call import seam
from conformance.reference.errors import KmsError
from conformance.reference.instance_api.calls import InstanceCall
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.life import settle
from conformance.reference.services.tables import key_specs

_STATES = {
    "Disabled": "key-disabled",
    "PendingDeletion": "key-pending-deletion",
    "PendingImport": "key-pending-import",
}


@seam
def instance_permit(call: InstanceCall, key: Key | None) -> None:
    """Refuse what no policy of the access point allows; GenerateRandom names no key."""
    account = call.account
    try:
        call.endpoint.access_control.permit(
            account.client_keys[call.client_key_id],
            operation=call.operation.name,
            resource_arn=None if key is None else account.arn("key", key.id),
            scope=call.instance_id,
            client_ip=call.client_ip,
        )
    except KmsError:
        raise InstanceRefusal("no-permission", "" if key is None else key.id) from None


@seam
def instance_alias(call: InstanceCall, reference: str) -> str:
    """Return the key id behind an id or alias, empty where nothing has that alias."""
    if not reference.startswith("alias/"):
        return reference
    alias = call.account.aliases.get(reference)
    return alias.key_id if alias is not None else ""


@seam
def instance_key(call: InstanceCall, key_id: str) -> Key:
    """Return a key of the instance, brought up to date (Forbidden.KeyNotFound)."""
    key = call.account.keys.get(key_id)
    if key is None or not settle(call.account, key, call.now, call.endpoint.seams):
        raise InstanceRefusal("unknown-key")
    if key.instance_id != call.instance_id:
        raise InstanceRefusal("key-of-another-instance", call.instance_id)
    return key


@seam
def instance_require_state(call: InstanceCall, key: Key) -> None:
    """Refuse keys that are not enabled; a public key is shown in any state (inferred)."""
    if key.state in _STATES and call.operation.name != "GetPublicKey":
        raise InstanceRefusal(_STATES[key.state])


@seam
def instance_require_kind(call: InstanceCall, key: Key) -> None:
    """Refuse keys whose kind or usage does not fit."""
    kind, operation = key_specs()[key.spec]["kind"], call.operation
    if kind == "asymmetric" and operation.name.startswith("Advance"):
        raise InstanceRefusal("only-symmetric", key.id)
    if kind not in operation.kinds or operation.usage not in {None, key.usage}:
        raise InstanceRefusal("unsupported-operation")


def use_key(call: InstanceCall, key_id: str) -> Key:
    """Return a key that the call may use, and can."""
    seams = call.endpoint.seams
    key: Key = seams.instance_key(call, key_id)
    seams.instance_permit(call, key)
    seams.instance_require_state(call, key)
    seams.instance_require_kind(call, key)
    return key


@seam
def instance_version(call: InstanceCall, key: Key) -> KeyVersion:
    """Return the version that the operation works with: the initial or the primary one."""
    if call.operation.key_version == "primary" and key.primary_version is not None:
        return key.versions[key.primary_version]
    return next(iter(key.versions.values()))


def find_key(call: InstanceCall) -> tuple[Key, KeyVersion]:
    """Return the key that the call names, by KeyId or by the version in its header, and a version.

    Transfer clients decrypt old ciphertexts by naming the key version and no key.
    """
    seams = call.endpoint.seams
    reference: str = call.values["KeyId"]
    if not call.named_version:
        key = use_key(call, seams.instance_alias(call, reference))
        version: KeyVersion = seams.instance_version(call, key)
        return key, version
    owner = call.account.key_versions.get(call.named_version, "")
    if reference and seams.instance_alias(call, reference) != owner:
        raise InstanceRefusal("bad-parameter" if owner else "unknown-key")
    key = use_key(call, owner)
    return key, key.versions[call.named_version]
