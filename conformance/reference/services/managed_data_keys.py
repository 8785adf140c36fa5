"""Managed data keys: data keys that the service keeps, by name and version."""

import base64
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.model import ManagedDataKey, ManagedDataKeyVersion
from conformance.reference.services.finding import key_by_id, named, require_state
from conformance.reference.services.paging import page


@seam
def managed_version(
    data_key: ManagedDataKey, version_id: str | None, use_latest: bool
) -> ManagedDataKeyVersion:
    """Return the version asked for; without one the newest with UseLatest, else the first."""
    if version_id is not None:
        return named(data_key.versions, version_id, "version of the data key")
    return list(data_key.versions.values())[-1 if use_latest else 0]


def _find(call: Call) -> ManagedDataKey:
    return named(call.account.managed_data_keys, call.params["DataKeyName"], "data key")


@handles("GetManagedDataKey")
def get_managed_data_key(call: Call) -> dict[str, Any]:
    """Answer a version in plain; the key that protects it must be able to decrypt (inferred)."""
    data_key = _find(call)
    require_state(call, key_by_id(call, data_key.key_id), "Decrypt")
    version = call.endpoint.seams.managed_version(
        data_key,
        call.params.get("DataKeyVersionId"),
        call.params.get("UseLatest", False),
    )
    return {
        "DataKeyName": data_key.name,
        "DataKeyVersionId": version.id,
        "DataKeyVersionName": version.name,
        "Plaintext": base64.b64encode(version.plaintext).decode("ascii"),
    }


@handles("ListManagedDataKeyVersions")
def list_managed_data_key_versions(call: Call) -> dict[str, Any]:
    """List versions, oldest first."""
    data_key = _find(call)
    rows = page(
        call,
        list(data_key.versions.values()),
        lambda version: {
            "DataKeyVersionId": version.id,
            "DataKeyVersionName": version.name,
        },
    )
    return {"DataKeyName": data_key.name, **rows}
