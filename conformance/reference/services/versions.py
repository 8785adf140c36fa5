"""Versions of keys, and rotation."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.finding import find_key, require_state, unsupported
from conformance.reference.services.keys import make_material
from conformance.reference.services.life import add_version, schedule_rotation, settle
from conformance.reference.services.paging import page
from conformance.reference.services.quota import require_room
from conformance.reference.services.rotation import key_interval, require_rotating
from conformance.reference.services.tables import key_specs, maximum
from conformance.wire.times import format_iso

#: Least age of the newest version of an asymmetric key before the next one.
_APART = timedelta(days=7)


def _show(key: Key, version: KeyVersion) -> dict[str, Any]:
    return {
        "KeyId": key.id,
        "KeyVersionId": version.id,
        "CreationDate": format_iso(version.created),
    }


@handles("CreateKeyVersion", slow=lambda call: find_key(call).spec.startswith("RSA"))
def create_key_version(call: Call) -> dict[str, Any]:
    """Give a key a new version.

    Sources contradict each other on the keys it is for: symmetric and asymmetric ones are taken,
    the latter at least seven days apart and up to fifty versions.
    """
    key = find_key(call)
    require_state(call, key)
    if key_specs()[key.spec]["kind"] == "asymmetric":
        _require_apart(call, key)
    else:
        require_rotating(call, key)
    require_room(call.account, key.instance_id, "key")
    material = make_material(call, key.spec)
    version = add_version(call.account, key, material, call.now)
    return {"KeyVersion": _show(key, version)}


def _require_apart(call: Call, key: Key) -> None:
    if len(key.versions) >= maximum("key-versions"):
        message = f"A key has at most {maximum('key-versions')} versions."
        raise KmsError("Rejected.LimitExceeded", message)
    newest = list(key.versions.values())[-1]
    if call.now - newest.created < _APART:
        raise unsupported("Versions of an asymmetric key are made at least 7 days apart.")


@seam
def described_version(call: Call, key: Key) -> KeyVersion:
    """Return the version of a key that a call names."""
    version: KeyVersion = call.endpoint.seams.find_version(key, call.params["KeyVersionId"])
    return version


@handles("DescribeKeyVersion")
def describe_key_version(call: Call) -> dict[str, Any]:
    """Show one version."""
    key = find_key(call)
    require_state(call, key)
    return {"KeyVersion": _show(key, call.endpoint.seams.described_version(call, key))}


@handles("ListKeyVersions")
def list_key_versions(call: Call) -> dict[str, Any]:
    """List the versions of a key, oldest first."""
    key = find_key(call)
    require_state(call, key)
    return page(call, list(key.versions.values()), lambda version: _show(key, version))


@handles("UpdateRotationPolicy")
def update_rotation_policy(call: Call) -> dict[str, Any]:
    """Switch automatic rotation on, with an interval, or off."""
    key = find_key(call)
    require_state(call, key)
    require_rotating(call, key)
    if call.params["EnableAutomaticRotation"]:
        schedule_rotation(key, key_interval(call), call.now)
        settle(call.account, key, call.now, call.endpoint.seams)
    else:
        key.rotation = "Disabled"
        key.rotation_interval = key.next_rotation = None
    return {}
