"""Faults that only time shows: what ends too early, too late, or never."""

from datetime import datetime, timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import (
    KEY_STATES,
    ROTATION,
    SDK,
    key_of,
    secret_of,
)
from conformance.reference.model import Key
from conformance.reference.services.secret_life import rotate
from conformance.wire.times import format_iso


@fault(
    "expiry-of-material-never-changes",
    breaks=("KEY-044",),
    statement="ImportKeyMaterial with material that is there leaves its expiry as it was.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        bound, expires = key.material_digest is not None, key.material_expires
        answer = original(call)
        if bound:
            key.material_expires = expires
        return answer

    wrap_handler(endpoint, "ImportKeyMaterial", wrapper)


@fault(
    "material-expires-after-five-years",
    breaks=("KEY-044",),
    statement="Material that was imported without an expiry is gone after five years.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key = key_of(call)
        key.material_expires = key.material_expires or call.now + timedelta(days=1826)
        return answer

    wrap_handler(endpoint, "ImportKeyMaterial", wrapper)


@fault(
    "disabled-keys-rotate",
    breaks=("KEY-045",),
    statement="A rotating key gets new versions while it is Disabled, too.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    def due(key: Key, now: datetime) -> bool:
        return key.next_rotation is not None and key.next_rotation <= now

    endpoint.seams.rotation_due = due


@fault(
    "missed-rotation-is-put-off",
    breaks=("KEY-045",),
    statement="A rotation that fell due while the key was Disabled waits another interval.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        missed = key.next_rotation is not None and key.next_rotation <= call.now
        answer = original(call)
        if missed and key.rotation_interval is not None:
            key.next_rotation = call.now + key.rotation_interval
        return answer

    wrap_handler(endpoint, "EnableKey", wrapper)


@fault(
    "cancelled-key-is-deleted-all-the-same",
    breaks=("KEY-046",),
    statement="A key whose deletion was cancelled is deleted when its window would have ended.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, cancel: Handler) -> dict[str, Any]:
        key = key_of(call)
        date = key.delete_date
        answer = cancel(call)
        key.delete_date = date
        return answer

    wrap_handler(endpoint, "CancelKeyDeletion", wrapper)


@fault(
    "restored-secret-is-deleted-all-the-same",
    breaks=("SEC-041",),
    statement="A restored secret is gone when its window would have ended.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    ends: dict[str, datetime] = {}

    def restoring(call: Call, original: Handler) -> dict[str, Any]:
        planned = secret_of(call).planned_delete
        answer = original(call)
        if planned is not None:
            ends[call.params["SecretName"]] = planned
        return answer

    def reading(call: Call, original: Handler) -> dict[str, Any]:
        end = ends.get(call.params["SecretName"])
        if end is not None and end <= call.now:
            call.account.secrets.pop(call.params["SecretName"], None)
        return original(call)

    wrap_handler(endpoint, "RestoreSecret", restoring)
    wrap_handler(endpoint, "GetSecretValue", reading)


@fault(
    "managed-secrets-never-rotate-by-themselves",
    breaks=("SEC-042",),
    statement="A managed secret that rotates gets no new version when its interval is over.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        secret_of(call).next_rotation = None
        return answer

    wrap_handler(endpoint, "UpdateSecretRotationPolicy", wrapper)


@fault(
    "managed-secrets-rotate-daily",
    breaks=("SEC-042",),
    statement="A managed secret that rotates gets a new version every day.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        if secret.rotation == "Enabled" and call.now - secret.updated > timedelta(days=1):
            rotate(secret, f"daily-{call.now:%Y%m%d}", call.now, call.endpoint.seams)
            secret.updated = call.now
        return original(call)

    wrap_handler(endpoint, "GetSecretValue", wrapper)


@fault(
    "deleting-material-moves-the-date",
    breaks=("STA-005",),
    statement="DeleteKeyMaterial on a key that waits for its deletion puts the date off by a day.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key = key_of(call)
        if key.delete_date is not None:
            key.delete_date += timedelta(days=1)
        return answer

    wrap_handler(endpoint, "DeleteKeyMaterial", wrapper)


@fault(
    "rotated-keys-keep-their-last-date",
    breaks=("KEY-043",),
    statement="A rotation by time leaves LastRotationDate where it was.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        if "LastRotationDate" in shown:
            shown["LastRotationDate"] = format_iso(key.created)
        return shown

    endpoint.seams.metadata = metadata


@fault(
    "next-rotation-counts-from-now",
    breaks=("KEY-047",),
    statement="UpdateRotationPolicy puts the next rotation one interval after the call.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key = key_of(call)
        if key.rotation_interval is not None and key.next_rotation is not None:
            key.next_rotation = call.now + key.rotation_interval
        return answer

    wrap_handler(endpoint, "UpdateRotationPolicy", wrapper)
