"""Values of secrets: read, put, labelled, rotated."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Secret, SecretVersion
from conformance.reference.services.finding import (
    invalid,
    key_by_id,
    not_found,
    require_state,
)
from conformance.reference.services.paging import page
from conformance.reference.services.secret_life import (
    CURRENT,
    PREVIOUS,
    add_secret_version,
    find_secret,
    holder,
    require_generic,
    require_live,
    require_managed,
    rotate,
    schedule_secret_rotation,
    settle_secret,
)
from conformance.reference.services.secret_shapes import config_text, rotation_fields, stages_of
from conformance.reference.services.secrets import secret_interval
from conformance.reference.services.tables import definition_bound
from conformance.wire.times import format_iso

#: RotateSecret may be called this often in an hour, for one account.
_ROTATIONS_AN_HOUR = 50


@seam
def choose_version(secret: Secret, version_id: str | None, stage: str | None) -> SecretVersion:
    """Return the version that VersionId and VersionStage select: ACSCurrent without either.

    A managed secret ignores VersionId and knows two stages. Both together must meet in one version;
    the code of the refusal, and that of a stage that no version has, are inferred.
    """
    if secret.type != "Generic":
        version_id = None
        if stage not in {None, CURRENT, PREVIOUS}:
            raise not_found("version stage")
    if version_id is None:
        version = holder(secret, stage or CURRENT)
        if version is None:
            raise not_found("version stage")
        return version
    version = secret.versions.get(version_id)
    if version is None:
        raise not_found("version")
    if stage is not None and stage not in version.stages:
        raise invalid("VersionId and VersionStage do not meet in one version.")
    return version


@seam
def require_readable(call: Call, secret: Secret) -> None:
    """Refuse a value whose encryption key does not decrypt now, as Decrypt would (inferred)."""
    if secret.encryption_key_id is not None:
        require_state(call, key_by_id(call, secret.encryption_key_id), "Decrypt")


def _value(call: Call, secret: Secret, selection: dict[str, Any]) -> dict[str, Any]:
    require_live(call, secret)
    seams = call.endpoint.seams
    seams.require_readable(call, secret)
    version = seams.choose_version(
        secret, selection.get("VersionId"), selection.get("VersionStage")
    )
    shown = {
        "SecretName": secret.name,
        "SecretType": secret.type,
        "SecretData": version.data,
        "SecretDataType": version.data_type,
        "VersionId": version.id,
        "VersionStages": stages_of(version),
        "CreateTime": format_iso(version.created),
    }
    if secret.type == "Generic":
        return shown
    if selection.get("FetchExtendedConfig") in {True, "true"}:
        shown["ExtendedConfig"] = config_text(secret)
    return {**shown, **rotation_fields(secret)}


@handles("GetSecretValue")
def get_secret_value(call: Call) -> dict[str, Any]:
    """Answer one version's value."""
    return _value(call, find_secret(call), call.params)


@handles("BatchGetSecretValue")
def batch_get_secret_value(call: Call) -> dict[str, Any]:
    """Answer several values; what cannot be read is told in Errors, and the call succeeds."""
    values, errors = [], []
    wanted = call.params.get("SecretsList", ())
    names = [entry["SecretName"] for entry in wanted]
    if len(set(names)) != len(names):
        raise invalid("SecretsList names a secret twice.")
    for entry in wanted:
        try:
            value = _value(call, find_secret(call, entry["SecretName"]), entry)
        except KmsError as refusal:
            errors.append(_batch_error(entry["SecretName"], refusal))
        else:
            values.append({"RequestId": call.request_id, **value})
    return {"SecretValues": values, "Errors": errors}


def _batch_error(name: str, refusal: KmsError) -> dict[str, Any]:
    return {
        "SecretName": name,
        "Code": refusal.code,
        "HttpStatus": refusal.status,
        "Message": refusal.message,
    }


@handles("ListSecretVersionIds")
def list_secret_version_ids(call: Call) -> dict[str, Any]:
    """List versions with a label, or with IncludeDeprecated all of them, oldest first."""
    secret = find_secret(call)
    everything = call.params.get("IncludeDeprecated") == "true"
    rows = [
        version
        for version in secret.versions.values()
        if call.endpoint.seams.lists_version(version, everything)
    ]
    return {"SecretName": secret.name, **page(call, rows, _version_row)}


@seam
def lists_version(version: SecretVersion, everything: bool) -> bool:
    """Tell whether ListSecretVersionIds shows a version."""
    return everything or bool(version.stages)


def _version_row(version: SecretVersion) -> dict[str, Any]:
    return {
        "VersionId": version.id,
        "CreateTime": format_iso(version.created),
        "VersionStages": stages_of(version),
    }


@seam
def same_value(version: SecretVersion, data: str, data_type: str) -> bool:
    """Tell whether a value put again is the one that is there."""
    return version.data == data and version.data_type == data_type


@handles("PutSecretValue")
def put_secret_value(call: Call) -> dict[str, Any]:
    """Add a version to a generic secret.

    The same version with the same value changes nothing; with another value it is refused (code
    inferred).
    """
    params = call.params
    secret = find_secret(call)
    require_live(call, secret)
    require_generic(secret)
    data_type = params.get("SecretDataType", "text")
    version = secret.versions.get(params["VersionId"])
    if version is None:
        version = SecretVersion(params["VersionId"], params["SecretData"], data_type, call.now)
        stages = params.get("VersionStages")
        call.endpoint.seams.require_few_stages(secret, stages or ())
        add_secret_version(secret, version, stages, call.endpoint.seams)
    elif not call.endpoint.seams.same_value(version, params["SecretData"], data_type):
        raise KmsError("Rejected.ResourceExist", "A version of this id has another value.")
    return {
        "SecretName": secret.name,
        "VersionId": version.id,
        "VersionStages": stages_of(version),
    }


@seam
def require_few_stages(secret: Secret, new: Any) -> None:
    """Refuse a ninth label on one secret (code inferred)."""
    labels = {stage for version in secret.versions.values() for stage in version.stages} | set(new)
    most = definition_bound("StageList", "maxItems")
    if len(labels) > most:
        raise KmsError("Rejected.LimitExceeded", f"A secret has at most {most} stage labels.")


@handles("UpdateSecretVersionStage")
def update_secret_version_stage(call: Call) -> dict[str, Any]:
    """Move a label to a version, or take one of the caller's own away.

    When ACSCurrent moves, ACSPrevious follows to the former holder (inferred).
    """
    secret = find_secret(call)
    require_live(call, secret)
    require_generic(secret)
    stage = call.params["VersionStage"]
    if "RemoveFromVersion" in call.params:
        left = _version(secret, call.params["RemoveFromVersion"])
        if "MoveToVersion" not in call.params:
            if stage not in left.stages:
                raise invalid("The version does not have this label.")
            left.stages.remove(stage)
    if "MoveToVersion" in call.params:
        _move(call, secret, stage, _version(secret, call.params["MoveToVersion"]))
    secret.updated = call.now
    return {"SecretName": secret.name}


def _version(secret: Secret, version_id: str) -> SecretVersion:
    if version_id not in secret.versions:
        raise not_found("version")
    return secret.versions[version_id]


def _move(call: Call, secret: Secret, stage: str, version: SecretVersion) -> None:
    call.endpoint.seams.require_few_stages(secret, [stage])
    former = holder(secret, stage)
    seams = call.endpoint.seams
    seams.move_stage(secret, stage, version)
    if stage == CURRENT and former is not None and former is not version:
        seams.move_stage(secret, PREVIOUS, former)


@handles("RotateSecret")
def rotate_secret(call: Call) -> dict[str, Any]:
    """Make a new credential of a managed secret; a version id that exists makes none."""
    secret = find_secret(call)
    require_live(call, secret)
    require_managed(secret)
    version_id = call.params["VersionId"]
    if not call.endpoint.seams.already_rotated(secret, version_id):
        _count_rotation(call)
        rotate(secret, version_id, call.now, call.endpoint.seams)
    return {
        "SecretName": secret.name,
        "VersionId": version_id,
        "Arn": call.account.arn("secret", secret.name),
    }


@seam
def already_rotated(secret: Secret, version_id: str) -> bool:
    """Tell whether a rotation to this version was done before."""
    return version_id in secret.versions


def _count_rotation(call: Call) -> None:
    hour_ago = call.now - timedelta(hours=1)
    recent = [moment for moment in call.account.secret_rotations if moment > hour_ago]
    if len(recent) >= _ROTATIONS_AN_HOUR:
        message = f"Secrets rotate at most {_ROTATIONS_AN_HOUR} times an hour."
        raise KmsError("Rejected.Throttling", message)
    call.account.secret_rotations[:] = [*recent, call.now]


@handles("UpdateSecretRotationPolicy")
def update_secret_rotation_policy(call: Call) -> dict[str, Any]:
    """Switch automatic rotation of a managed secret on, with an interval, or off."""
    secret = find_secret(call)
    require_live(call, secret)
    require_managed(secret)
    if call.params["EnableAutomaticRotation"]:
        schedule_secret_rotation(secret, secret_interval(call), call.now)
        settle_secret(call, secret)
    else:
        secret.rotation = "Disabled"
        secret.rotation_interval = secret.next_rotation = None
    return {"SecretName": secret.name}
