"""Secrets: made, described, listed, changed, deleted and restored."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Key, Secret, SecretVersion
from conformance.reference.services.credentials import AUTO, ManagedKind, first_credential
from conformance.reference.services.finding import (
    connected_instance,
    find_symmetric,
    invalid,
    unsupported,
)
from conformance.reference.services.paging import filtered, page
from conformance.reference.services.quota import require_room
from conformance.reference.services.rotation import interval_within
from conformance.reference.services.secret_life import (
    CURRENT,
    find_secret,
    live_secrets,
    require_live,
    schedule_secret_rotation,
    settle_secret,
)
from conformance.reference.services.secret_shapes import (
    config_text,
    description,
    rotation_fields,
    summary,
)
from conformance.reference.services.tables import request_bound
from conformance.reference.services.tagging import tags_from
from conformance.wire.times import format_iso


@handles("CreateSecret")
def create_secret(call: Call) -> dict[str, Any]:
    """Make a secret; its first version is ACSCurrent."""
    params = call.params
    kind = params.get("SecretType", "Generic")
    name = _name(call, kind)
    call.endpoint.seams.require_free_secret(call, name)
    instance = connected_instance(call)
    key = _encryption_key(call)
    if key is not None and key.instance_id != (instance.id if instance else None):
        raise invalid("EncryptionKeyId is not a key of the instance of the secret.")
    if "Policy" in params and instance is None:
        raise unsupported("Only secrets of a KMS instance have a policy.")
    secret = Secret(
        name=name,
        type=kind,
        created=call.now,
        updated=call.now,
        creator=call.principal.uid,
        description=params.get("Description", ""),
        encryption_key_id=key.id if key else None,
        extended_config=None if kind == "Generic" else params["ExtendedConfig"],
        tags=tags_from(call, params.get("Tags", ())),
        policy=params.get("Policy"),
        instance_id=instance.id if instance else None,
    )
    interval = _wanted_rotation(call, kind)
    require_room(call.account, secret.instance_id, "secret")
    version = SecretVersion(
        params["VersionId"],
        _first_value(call, secret),
        params.get("SecretDataType", "text"),
        call.now,
        [CURRENT],
    )
    secret.versions[version.id] = version
    if kind != "Generic":
        secret.last_rotation = call.now
    if interval is not None:
        schedule_secret_rotation(secret, interval, call.now)
    call.account.secrets[name] = secret
    call.account.has_policies |= secret.policy is not None
    return _created(call, secret, version)


def _created(call: Call, secret: Secret, version: SecretVersion) -> dict[str, Any]:
    shown = {
        "SecretName": secret.name,
        "VersionId": version.id,
        "Arn": call.account.arn("secret", secret.name),
        "SecretType": secret.type,
        **rotation_fields(secret),
    }
    shown.pop("LastRotationDate", None)
    if secret.instance_id is not None:
        shown["DKMSInstanceId"] = secret.instance_id
    if secret.type != "Generic":
        shown["ExtendedConfig"] = config_text(secret)
    return shown


def _name(call: Call, kind: str) -> str:
    """Return the name of a new secret, which must suit its type."""
    name: str = call.params["SecretName"]
    if kind == "RAMCredentials":
        user = call.params["ExtendedConfig"].get("UserName")
        if name != AUTO or not isinstance(user, str) or not user:
            raise invalid(f"SecretName is {AUTO} and ExtendedConfig has UserName for {kind}.")
        return f"acs/ram/user/{user}"
    if name == AUTO:
        raise invalid(f"SecretName {AUTO} is for RAMCredentials.")
    if kind == "ECS" and not name.startswith("acs/ecs/"):
        raise invalid("SecretName of an ECS secret begins acs/ecs/.")
    if kind != "ECS" and name.startswith("acs/"):
        raise invalid("SecretName must not begin acs/.")
    return name


@seam
def require_free_secret(call: Call, name: str) -> None:
    """Refuse a name that a secret has, in its deletion window too."""
    secret = call.account.secrets.get(name)
    if secret is None or not settle_secret(call, secret):
        return
    require_live(call, secret)
    raise KmsError("Rejected.ResourceExist", "A secret of this name exists.")


def _encryption_key(call: Call) -> Key | None:
    if "EncryptionKeyId" not in call.params:
        return None
    return find_symmetric(call, "EncryptionKeyId", operation="GenerateDataKey")


def _wanted_rotation(call: Call, kind: str) -> timedelta | None:
    if not call.params.get("EnableAutomaticRotation", False):
        return None
    if kind == "Generic":
        raise invalid("Generic secrets do not rotate.")
    return secret_interval(call)


def secret_interval(call: Call) -> timedelta:
    """Return RotationInterval of a secret, within 6 to 8,760 hours (the widest range)."""
    return interval_within(call.params["RotationInterval"], "secret-rotation-interval")


def _first_value(call: Call, secret: Secret) -> str:
    data: str = call.params["SecretData"]
    if secret.type == "Generic":
        return data
    if call.params.get("SecretDataType", "text") != "text":
        raise invalid(f"SecretDataType of a {secret.type} secret is text.")
    try:
        kind = ManagedKind(secret.type, secret.extended_config or {})
        return first_credential(kind, data, call.now)
    except ValueError as problem:
        raise invalid(f"{problem}.") from None


@seam
def described_secret(call: Call, secret: Secret) -> dict[str, Any]:
    """Return what DescribeSecret answers."""
    return description(call, secret)


@handles("DescribeSecret")
def describe_secret(call: Call) -> dict[str, Any]:
    """Show a secret without its values, in its deletion window too."""
    shown: dict[str, Any] = call.endpoint.seams.described_secret(call, find_secret(call))
    return shown


@handles("ListSecrets")
def list_secrets(call: Call) -> dict[str, Any]:
    """List secrets without their values; names and descriptions are compared whole (inferred)."""
    rows = filtered(
        call,
        live_secrets(call),
        {
            "SecretName": lambda secret: [secret.name],
            "Description": lambda secret: [secret.description],
            "TagKey": lambda secret: secret.tags.keys(),
            "TagValue": lambda secret: secret.tags.values(),
            "DKMSInstanceId": lambda secret: [secret.instance_id or ""],
            "SecretType": lambda secret: [secret.type, secret.type.upper()],
            "Creator": lambda secret: [secret.creator],
        },
    )
    return page(call, rows, lambda secret: summary(call, secret))


@handles("UpdateSecret")
def update_secret(call: Call) -> dict[str, Any]:
    """Change the description, and the custom data of a managed secret (else ignored)."""
    secret = find_secret(call)
    require_live(call, secret)
    if "Description" in call.params:
        secret.description = call.params["Description"]
    config = call.params.get("ExtendedConfig", {})
    if "CustomData" in config and secret.type != "Generic":
        secret.extended_config = {
            **(secret.extended_config or {}),
            "CustomData": config["CustomData"],
        }
    secret.updated = call.now
    return {"SecretName": secret.name}


@seam
def recovery_window(call: Call) -> timedelta:
    """Return how long a deleted secret can be restored; 30 days unless told otherwise."""
    default = request_bound("DeleteSecret", "RecoveryWindowInDays", "default")
    return timedelta(days=call.params.get("RecoveryWindowInDays", default))


@handles("DeleteSecret")
def delete_secret(call: Call) -> dict[str, Any]:
    """Let a secret wait for its deletion, or delete it at once.

    Forcing it and naming a window as well is refused, as the page has it; a client's documentation
    says that the window is ignored then.
    """
    secret = find_secret(call)
    require_live(call, secret)
    if call.params.get("ForceDeleteWithoutRecovery") != "true":
        secret.planned_delete = call.now + call.endpoint.seams.recovery_window(call)
        return {
            "SecretName": secret.name,
            "PlannedDeleteTime": format_iso(secret.planned_delete),
        }
    if "RecoveryWindowInDays" in call.params:
        raise invalid("RecoveryWindowInDays and ForceDeleteWithoutRecovery exclude each other.")
    call.endpoint.seams.delete_at_once(call, secret)
    return {"SecretName": secret.name, "PlannedDeleteTime": format_iso(call.now)}


@seam
def delete_at_once(call: Call, secret: Secret) -> None:
    """Forget a secret."""
    del call.account.secrets[secret.name]


@handles("RestoreSecret")
def restore_secret(call: Call) -> dict[str, Any]:
    """Take a secret out of its deletion window, with values and labels as before."""
    secret = find_secret(call)
    if not call.endpoint.seams.in_window(secret):
        message = "The secret is not waiting for its deletion."
        raise KmsError("Rejected.ResourceInUse", message)
    call.endpoint.seams.restored(secret)
    return {"SecretName": secret.name}


@seam
def restored(secret: Secret) -> None:
    """Make a secret live again."""
    secret.planned_delete = None
