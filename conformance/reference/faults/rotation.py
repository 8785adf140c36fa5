"""Faults of key versions and rotation."""

from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import ROTATION, SDK, key_of, with_params
from conformance.reference.model import Key, KeyVersion


@fault(
    "rotation-never-happens",
    breaks=("KEY-043",),
    statement="Automatic rotation falls due and no version is made.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.rotation_due = lambda _key, _now: False


@fault(
    "new-version-does-not-encrypt",
    breaks=("EFF-013", "CRY-043"),
    statement="Encrypt goes on with the first version after a rotation.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.encrypting_version = lambda key: next(iter(key.versions.values()))


@fault(
    "old-version-does-not-decrypt",
    breaks=("EFF-013", "CRY-043"),
    statement="Blobs of earlier versions do not open after a rotation.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.key_of_blob

    def key_of_blob(call: Call, sealed: Any) -> tuple[Key, KeyVersion]:
        key, _ = original(call, sealed)
        return key, list(key.versions.values())[-1]

    endpoint.seams.key_of_blob = key_of_blob


@fault(
    "rotation-interval-as-sent",
    breaks=("EFF-010", "KEY-031"),
    statement="RotationInterval is answered in days instead of seconds.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        if "RotationInterval" in shown and key.rotation_interval is not None:
            shown["RotationInterval"] = f"{key.rotation_interval.days}d"
        return shown

    endpoint.seams.metadata = metadata


@fault(
    "next-rotation-not-shown",
    breaks=("EFF-010",),
    statement="DescribeKey of a rotating key has no NextRotationDate.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        shown.pop("NextRotationDate", None)
        return shown

    endpoint.seams.metadata = metadata


@fault(
    "suspended-rotation-shown-as-enabled",
    breaks=("EFF-011",),
    statement="AutomaticRotation of a Disabled key is Enabled instead of Suspended.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.shown_rotation = lambda key: key.rotation


@fault(
    "rotation-policy-not-stored",
    breaks=("EFF-010", "KEY-031"),
    statement="UpdateRotationPolicy succeeds and rotation stays off.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        answer = original(call)
        key.rotation = "Disabled"
        return answer

    wrap_handler(endpoint, "UpdateRotationPolicy", wrapper)


@fault(
    "asymmetric-keys-rotate",
    breaks=("EFF-014", "KEY-030"),
    statement="UpdateRotationPolicy works with an asymmetric key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.rotates
    endpoint.seams.rotates = lambda key: key.spec.startswith(("RSA", "EC")) or original(key)


@fault(
    "imported-keys-rotate",
    breaks=("KEY-030", "EFF-014"),
    statement=(
        "UpdateRotationPolicy and CreateKeyVersion work with imported material: a thing made from "
        "elsewhere is made again (localstack PR #13102)."
    ),
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.rotates
    endpoint.seams.rotates = lambda key: key.origin == "EXTERNAL" or original(key)


@fault(
    "new-version-not-listed",
    breaks=(
        "EFF-013",
        "PAG-002",
    ),
    statement="ListKeyVersions shows the first version only.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        rows = answer["KeyVersions"]["KeyVersion"]
        answer["KeyVersions"] = {"KeyVersion": rows[:1]}

    wrap_answer(endpoint, "ListKeyVersions", change)


@fault(
    "describe-version-answers-another",
    breaks=("EFF-013",),
    statement="DescribeKeyVersion answers the first version whatever is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.described_version = lambda _call, key: next(iter(key.versions.values()))


@fault(
    "any-version-is-found",
    breaks=("EFF-080",),
    statement="An unknown KeyVersionId is taken for the first version.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.find_version = lambda key, version_id: key.versions.get(
        version_id, next(iter(key.versions.values()))
    )


@fault(
    "new-version-is-not-primary",
    breaks=("EFF-013",),
    statement="PrimaryKeyVersion stays the first version after CreateKeyVersion.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        if "PrimaryKeyVersion" in shown:
            shown["PrimaryKeyVersion"] = next(iter(key.versions))
        return shown

    endpoint.seams.metadata = metadata


@fault(
    "rotation-interval-unbounded",
    breaks=("KEY-035",),
    statement="Keys rotate as often or as seldom as is asked for.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError as error:
            if error.code != "InvalidParameter" or "RotationInterval" not in error.message:
                raise
            return original(with_params(call, RotationInterval="365d"))

    wrap_handler(endpoint, "UpdateRotationPolicy", wrapper)
