"""Secrets as answers show them."""

import json
from typing import Any

from conformance.reference.call import Call
from conformance.reference.model import Secret, SecretVersion
from conformance.reference.services.intervals import in_seconds
from conformance.reference.services.tagging import tag_rows
from conformance.wire.times import format_iso


def rotation_fields(secret: Secret) -> dict[str, Any]:
    """Return what managed secrets show about rotation; nothing for generic ones."""
    if secret.type == "Generic":
        return {}
    shown: dict[str, Any] = {"AutomaticRotation": secret.rotation}
    if secret.last_rotation is not None:
        shown["LastRotationDate"] = format_iso(secret.last_rotation)
    if secret.rotation_interval is not None and secret.next_rotation is not None:
        shown["RotationInterval"] = in_seconds(secret.rotation_interval)
        shown["NextRotationDate"] = format_iso(secret.next_rotation)
    return shown


def config_text(secret: Secret) -> str:
    """Return ExtendedConfig as JSON text; CustomData is an empty object where none was given."""
    return json.dumps({"CustomData": {}, **(secret.extended_config or {})})


def stages_of(version: SecretVersion) -> dict[str, Any]:
    """Return the stage labels of a version, wrapped as answers do."""
    return {"VersionStage": list(version.stages)}


def summary(call: Call, secret: Secret) -> dict[str, Any]:
    """Return a row of ListSecrets; never a value."""
    shown: dict[str, Any] = {
        "SecretName": secret.name,
        "SecretType": secret.type,
        "CreateTime": format_iso(secret.created),
        "UpdateTime": format_iso(secret.updated),
    }
    if secret.planned_delete is not None:
        shown["PlannedDeleteTime"] = format_iso(secret.planned_delete)
    if secret.owing_service is not None:
        shown["OwingService"] = secret.owing_service
    if call.params.get("FetchTags") == "true":
        shown["Tags"] = tag_rows(secret.tags)
    return shown


def description(call: Call, secret: Secret) -> dict[str, Any]:
    """Return what DescribeSecret shows; never a value."""
    shown = {
        **summary(call, secret),
        "Arn": call.account.arn("secret", secret.name),
        "Description": secret.description,
        **rotation_fields(secret),
    }
    if secret.encryption_key_id is not None:
        shown["EncryptionKeyId"] = secret.encryption_key_id
    if secret.instance_id is not None:
        shown["DKMSInstanceId"] = secret.instance_id
    if secret.type != "Generic":
        shown["ExtendedConfig"] = config_text(secret)
    return shown
