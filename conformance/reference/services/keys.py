"""Keys: made, described, listed, switched, protected and scheduled for deletion."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Instance, Key
from conformance.reference.services.finding import (
    connected_instance,
    find_instance,
    find_key,
    invalid,
    key_by_id,
    require_state,
    unsupported,
)
from conformance.reference.services.intervals import in_seconds
from conformance.reference.services.life import (
    add_version,
    resume_rotation,
    schedule_rotation,
    settle,
)
from conformance.reference.services.material import new_material, offered
from conformance.reference.services.paging import filtered, page
from conformance.reference.services.quota import require_room
from conformance.reference.services.rotation import key_interval, require_rotating
from conformance.reference.services.tables import key_specs, offered_specs
from conformance.reference.services.tagging import tags_from
from conformance.wire.times import format_iso


@handles("CreateKey", slow=lambda call: call.params.get("KeySpec", "").startswith("RSA"))
def create_key(call: Call) -> dict[str, Any]:
    """Make a key: Enabled, or PendingImport when its material is to be imported."""
    params = call.params
    instance = connected_instance(call)
    spec = params.get("KeySpec", "Aliyun_AES_256")
    _require_spec(spec, instance)
    origin = params.get("Origin", "Aliyun_KMS")
    if origin == "EXTERNAL" and not key_specs()[spec]["importable"]:
        raise unsupported(f"Material of a {spec} key cannot be imported.")
    if "Policy" in params and instance is None:
        raise unsupported("Only keys of a KMS instance have a key policy.")
    key = Key(
        id=_new_key_id(instance),
        spec=spec,
        usage=_usage(call, spec),
        origin=origin,
        created=call.now,
        creator=call.principal.uid,
        state="PendingImport" if origin == "EXTERNAL" else "Enabled",
        protection_level=_protection_level(call, instance),
        description=params.get("Description", ""),
        policy=params.get("Policy"),
        tags=tags_from(call, params.get("Tags", ())),
        instance_id=instance.id if instance else None,
        storage_mechanism=_storage(call, instance),
    )
    interval = _wanted_rotation(call, key)
    require_room(call.account, key.instance_id, "key")
    material = None if origin == "EXTERNAL" else make_material(call, spec)
    add_version(call.account, key, material, call.now)
    if interval is not None:
        schedule_rotation(key, interval, call.now)
    call.account.keys[key.id] = key
    call.account.has_policies |= key.policy is not None
    return {"KeyMetadata": call.endpoint.seams.metadata(call, key)}


def make_material(call: Call, spec: str) -> Any:
    """Make key material; other calls go on while an RSA key is made."""
    if not spec.startswith("RSA"):
        return new_material(spec)
    with call.endpoint.heavy():
        return new_material(spec)


def _require_spec(spec: str, instance: Instance | None) -> None:
    """Refuse a spec that this kind of instance does not take.

    Outside an instance RSA, EC and SM4 keys are made as well, as they always were; HMAC keys and
    the shorter AES keys need an instance. A hardware instance takes every spec but HMAC: its row in
    the table was seen in part only (inferred).
    """
    if spec not in key_specs():
        raise invalid("KeySpec is not a key specification.")
    if not offered(spec):
        raise unsupported(f"This endpoint does not offer {spec} keys.")
    if instance is None:
        needs_instance = {"Aliyun_AES_128", "Aliyun_AES_192"}
        if spec in needs_instance or key_specs()[spec]["kind"] == "hmac":
            raise unsupported(f"{spec} keys need a KMS instance.")
        return
    if key_specs()[spec]["kind"] == "hmac":
        if instance.kind != "software":
            raise unsupported(f"A {instance.kind} instance takes no {spec} keys.")
        return
    if instance.kind == "software" and spec not in offered_specs("software"):
        raise unsupported(f"A software instance takes no {spec} keys.")


def _new_key_id(instance: Instance | None) -> str:
    """Return a UUID, or key-... for a key of an instance, as samples show."""
    return str(uuid4()) if instance is None else f"key-{uuid4().hex[:26]}"


@seam
def default_usage(spec: str) -> str:
    """Return KeyUsage where none is asked for: signing where the spec can (reading 4)."""
    usages = key_specs()[spec]["usages"]
    return "SIGN/VERIFY" if "SIGN/VERIFY" in usages else str(usages[0])


def _usage(call: Call, spec: str) -> str:
    usage = str(call.params.get("KeyUsage", call.endpoint.seams.default_usage(spec)))
    if usage not in key_specs()[spec]["usages"]:
        raise invalid(f"KeyUsage does not suit {spec}.")
    return usage


def _protection_level(call: Call, instance: Instance | None) -> str:
    """Return the level asked for; an instance decides it by its kind. SOFTWARE otherwise."""
    if instance is not None:
        return "HSM" if instance.kind == "hardware" else "SOFTWARE"
    return str(call.params.get("ProtectionLevel", "SOFTWARE"))


def _storage(call: Call, instance: Instance | None) -> str | None:
    """Return KeyStorageMechanism, which counts for hardware instances only (else ignored)."""
    if instance is None or instance.kind != "hardware":
        return None
    return str(call.params.get("KeyStorageMechanism", "HsmInternal"))


def _wanted_rotation(call: Call, key: Key) -> timedelta | None:
    if not call.params.get("EnableAutomaticRotation", False):
        return None
    require_rotating(call, key)
    return key_interval(call)


@seam
def shown_rotation(key: Key) -> str:
    """Return AutomaticRotation: Suspended while a rotating key is not Enabled."""
    if key.rotation == "Enabled" and key.state != "Enabled":
        return "Suspended"
    return key.rotation


@seam
def metadata(call: Call, key: Key) -> dict[str, Any]:
    """Return KeyMetadata."""
    rotation = call.endpoint.seams.shown_rotation(key)
    shown: dict[str, Any] = {
        "KeyId": key.id,
        "Arn": call.account.arn("key", key.id),
        "KeyState": key.state,
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        "Origin": key.origin,
        "ProtectionLevel": key.protection_level,
        "CreationDate": format_iso(key.created),
        "Creator": key.creator,
        "Description": key.description,
        "AutomaticRotation": rotation,
        "LastRotationDate": format_iso(key.last_rotation or key.created),
        "MaterialExpireTime": format_iso(key.material_expires) if key.material_expires else "",
        "DeletionProtection": "Enabled" if key.deletion_protection else "Disabled",
    }
    if key.deletion_protection:
        shown["DeletionProtectionDescription"] = key.deletion_protection_description
    if key_specs()[key.spec]["kind"] == "symmetric":
        shown["PrimaryKeyVersion"] = key.primary_version
    if key.instance_id is not None:
        shown["DKMSInstanceId"] = key.instance_id
    if key.state == "PendingDeletion" and key.delete_date is not None:
        shown["DeleteDate"] = format_iso(key.delete_date)
    if rotation != "Disabled" and key.rotation_interval and key.next_rotation:
        shown["RotationInterval"] = in_seconds(key.rotation_interval)
        shown["NextRotationDate"] = format_iso(key.next_rotation)
    return shown


@handles("DescribeKey")
def describe_key(call: Call) -> dict[str, Any]:
    """Show a key in any state."""
    key = find_key(call)
    require_state(call, key)
    return {"KeyMetadata": call.endpoint.seams.metadata(call, key)}


def live_keys(call: Call) -> list[Key]:
    """Return all keys, brought up to date, oldest first."""
    keys = list(call.account.keys.values())
    return [key for key in keys if settle(call.account, key, call.now, call.endpoint.seams)]


@handles("ListKeys")
def list_keys(call: Call) -> dict[str, Any]:
    """List keys that pass all filters. AliasName is compared whole (inferred)."""
    names: dict[str, list[str]] = {}
    for alias in call.account.aliases.values():
        names.setdefault(alias.key_id, []).append(alias.name)
    rows = filtered(
        call,
        live_keys(call),
        {
            "KeyState": lambda key: [key.state],
            "KeySpec": lambda key: [key.spec],
            "KeyUsage": lambda key: [key.usage],
            "ProtectionLevel": lambda key: [key.protection_level],
            "CreatorType": lambda key: [key.creator_type],
            "DKMSInstanceId": lambda key: [key.instance_id or ""],
            "KeyId": lambda key: [key.id],
            "AliasName": lambda key: names.get(key.id, []),
            "Creator": lambda key: [key.creator],
            "TagKey": lambda key: key.tags.keys(),
            "TagValue": lambda key: key.tags.values(),
        },
    )
    return page(
        call, rows, lambda key: {"KeyId": key.id, "KeyArn": call.account.arn("key", key.id)}
    )


@handles("EnableKey")
def enable_key(call: Call) -> dict[str, Any]:
    """Make a key Enabled; an enabled one stays so."""
    key = find_key(call)
    require_state(call, key)
    key.state = "Enabled"
    resume_rotation(key, call.now)
    return {}


@handles("DisableKey")
def disable_key(call: Call) -> dict[str, Any]:
    """Make a key Disabled; a disabled one stays so."""
    key = find_key(call)
    require_state(call, key)
    key.state = "Disabled"
    return {}


@handles("UpdateKeyDescription")
def update_key_description(call: Call) -> dict[str, Any]:
    """Replace the description of a key."""
    key = find_key(call)
    require_state(call, key)
    key.description = call.params["Description"]
    return {}


@seam
def require_unprotected(key: Key) -> None:
    """Refuse to schedule a protected key; that it fails is documented, the code is inferred."""
    if key.deletion_protection:
        message = "Deletion protection of the key is on."
        raise KmsError("Rejected.StateModifiedFailed", message)


@seam
def deletion_window(call: Call) -> timedelta:
    """Return how long a key waits for its deletion."""
    return timedelta(days=call.params["PendingWindowInDays"])


@handles("ScheduleKeyDeletion")
def schedule_key_deletion(call: Call) -> dict[str, Any]:
    """Let a key wait for its deletion."""
    key = find_key(call)
    require_state(call, key)
    if key.creator_type == "Service":
        raise unsupported("Keys of a service cannot be deleted.")
    call.endpoint.seams.require_unprotected(key)
    key.state = "PendingDeletion"
    key.delete_date = call.now + call.endpoint.seams.deletion_window(call)
    return {}


@seam
def state_after_cancelling(key: Key) -> str:
    """Return the state of a key that was saved: Enabled, even if it was Disabled before.

    A key that waits for material to be imported goes back to waiting (inferred).
    """
    has_material = all(version.material is not None for version in key.versions.values())
    return "Enabled" if has_material else "PendingImport"


@handles("CancelKeyDeletion")
def cancel_key_deletion(call: Call) -> dict[str, Any]:
    """Save a key from deletion."""
    key = find_key(call)
    require_state(call, key)
    key.state = call.endpoint.seams.state_after_cancelling(key)
    key.delete_date = None
    resume_rotation(key, call.now)
    return {}


@handles("SetDeletionProtection")
def set_deletion_protection(call: Call) -> dict[str, Any]:
    """Switch deletion protection of a key or an instance; exactly one is named (inferred)."""
    params = call.params
    targets = [
        name for name in ("KeyId", "ProtectedResourceArn", "KmsInstanceId") if name in params
    ]
    if len(targets) > 1:
        raise invalid(f"{' and '.join(targets)} exclude each other.")
    if targets == ["KmsInstanceId"]:
        thing: Key | Instance = find_instance(call, "KmsInstanceId")
    else:
        thing = _protected_key(call)
        require_state(call, thing)
    enable = params["EnableDeletionProtection"]
    thing.deletion_protection = enable
    thing.deletion_protection_description = (
        params.get("DeletionProtectionDescription", "") if enable else ""
    )
    return {}


def _protected_key(call: Call) -> Key:
    if "KeyId" in call.params:
        return find_key(call)
    parts = call.endpoint.seams.parse_arn(call, call.params["ProtectedResourceArn"])
    if parts is None or parts[0] != "key":
        raise KmsError("Forbidden.KeyNotFound", "The ARN names no key of this account and region.")
    return key_by_id(call, parts[1])
