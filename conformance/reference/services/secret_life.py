"""Secrets over time: versions and their stage labels, rotation, deletion windows."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from conformance.reference.call import Call, Seams, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import Secret, SecretVersion
from conformance.reference.services.credentials import ManagedKind, next_credential
from conformance.reference.services.finding import not_found, unsupported
from conformance.reference.services.tables import maximum

CURRENT, PREVIOUS = "ACSCurrent", "ACSPrevious"
#: Rotations caught up at one look.
_MOST_ROTATIONS = 12
_SECRET_ARN = re.compile(r"acs:kms:([^:]*):([^:]*):secret/(.+)")


@seam
def secret_is_gone(secret: Secret, now: datetime) -> bool:
    """Tell whether the deletion window of a secret has ended."""
    return secret.planned_delete is not None and secret.planned_delete <= now


def find_secret(call: Call, reference: str | None = None) -> Secret:
    """Return the secret that SecretName (or a reference) names by name or ARN.

    Raises:
        KmsError: Forbidden.ResourceNotFound.
    """
    name = call.params["SecretName"] if reference is None else reference
    secret = call.account.secrets.get(name)
    if secret is None and name.startswith("acs:kms:"):
        secret = _by_arn(call, name)
    if secret is None or not settle_secret(call, secret):
        raise not_found("secret")
    if call.instance_id is not None and not call.endpoint.seams.is_of_instance(call, secret):
        raise not_found("secret")
    return secret


def _by_arn(call: Call, arn: str) -> Secret | None:
    match = _SECRET_ARN.fullmatch(arn)
    if match is None or match[1] != call.account.region or match[2] != call.account.uid:
        return None
    return call.account.secrets.get(match[3])


def settle_secret(call: Call, secret: Secret) -> bool:
    """Bring a secret up to date; False when it is gone."""
    if secret.planned_delete is not None:
        if call.endpoint.seams.secret_is_gone(secret, call.now):
            call.account.secrets.pop(secret.name, None)
            return False
        return True
    if secret.next_rotation is not None:
        _catch_up(secret, call.now, call.endpoint.seams)
    return True


def live_secrets(call: Call) -> list[Secret]:
    """Return all secrets, those in their deletion window included, oldest first."""
    return [secret for secret in list(call.account.secrets.values()) if settle_secret(call, secret)]


@seam
def in_window(secret: Secret) -> bool:
    """Tell whether a secret waits for its deletion."""
    return secret.planned_delete is not None


def require_live(call: Call, secret: Secret) -> None:
    """Refuse a secret that waits for its deletion (for reading values the code is inferred)."""
    if call.endpoint.seams.in_window(secret):
        message = "The secret is waiting for its deletion."
        raise KmsError("Rejected.ResourceInDeleteWindow", message)


def require_generic(secret: Secret) -> None:
    """Refuse a managed secret (code inferred)."""
    if secret.type != "Generic":
        raise unsupported("Only Generic secrets can be changed this way.")


def require_managed(secret: Secret) -> None:
    """Refuse a generic secret (code inferred)."""
    if secret.type == "Generic":
        raise unsupported("Generic secrets do not rotate.")


def holder(secret: Secret, stage: str) -> SecretVersion | None:
    """Return the version that carries a stage label."""
    for row in secret.versions.values():
        if stage in row.stages:
            return row
    return None


@seam
def move_stage(secret: Secret, stage: str, version: SecretVersion) -> None:
    """Put a label on one version, and take it from any other."""
    for row in secret.versions.values():
        if stage in row.stages and row is not version:
            row.stages.remove(stage)
    if stage not in version.stages:
        version.stages.append(stage)


@seam
def label_new_version(
    secret: Secret, version: SecretVersion, stages: Sequence[str] | None, seams: Seams
) -> None:
    """Label a version that PutSecretValue or a rotation adds.

    Without stages it becomes ACSCurrent and the former holder ACSPrevious. With stages it gets
    exactly these; a former holder of ACSCurrent becomes ACSPrevious then too (inferred).
    """
    wanted = list(stages) if stages is not None else [CURRENT]
    former = holder(secret, CURRENT)
    for stage in wanted:
        seams.move_stage(secret, stage, version)
    if CURRENT in wanted and PREVIOUS not in wanted and former is not None:
        seams.move_stage(secret, PREVIOUS, former)


@seam
def dropped_version(rows: Sequence[SecretVersion]) -> SecretVersion:
    """Return which of the older versions, oldest first, goes when there are too many.

    The oldest without a label, as older text has it; where all have one, the oldest that is not
    current.
    """
    unlabelled = [row for row in rows if not row.stages]
    return (unlabelled or [row for row in rows if CURRENT not in row.stages])[0]


def add_secret_version(
    secret: Secret, version: SecretVersion, stages: Sequence[str] | None, seams: Seams
) -> None:
    """Add a version, label it, and let the oldest go beyond ten."""
    secret.versions[version.id] = version
    seams.label_new_version(secret, version, stages, seams)
    while len(secret.versions) > maximum("secret-versions"):
        older = [row for row in secret.versions.values() if row is not version]
        del secret.versions[seams.dropped_version(older).id]
    secret.updated = version.created


@seam
def rotated_value(secret: Secret, current: str, now: datetime) -> str:
    """Return the credential of the next version: a new one, of the other account where two turn."""
    return next_credential(ManagedKind(secret.type, secret.extended_config or {}), current, now)


def rotate(secret: Secret, version_id: str, now: datetime, seams: Seams) -> SecretVersion:
    """Make a new credential and its version; it becomes current."""
    current = holder(secret, CURRENT)
    assert current is not None
    value = seams.rotated_value(secret, current.data, now)
    version = SecretVersion(version_id, value, "text", now)
    add_secret_version(secret, version, None, seams)
    secret.last_rotation = now
    if secret.rotation_interval is not None:
        secret.next_rotation = now + secret.rotation_interval
    return version


def _catch_up(secret: Secret, now: datetime, seams: Seams) -> None:
    for _ in range(_MOST_ROTATIONS):
        if secret.next_rotation is None or secret.next_rotation > now:
            return
        rotate(secret, str(uuid4()), secret.next_rotation, seams)
    secret.next_rotation = now + (secret.rotation_interval or timedelta(days=1))


def schedule_secret_rotation(secret: Secret, interval: timedelta, now: datetime) -> None:
    """Switch rotation on: due one interval after the last one, at once when that is past."""
    secret.rotation = "Enabled"
    secret.rotation_interval = interval
    secret.next_rotation = max((secret.last_rotation or secret.created) + interval, now)
