"""Faults that only several calls in a row bring to light: what a state machine is for."""

from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import (
    AAP,
    GENERIC_SECRETS,
    ROTATION,
    SDK,
    key_of,
    secret_of,
)
from conformance.reference.model import Alias, Key, PolicyDocument

_ALIASES = "Aliases pages, AlibabaCloudDocs/kms (2021-07)"


@fault(
    "alias-remembers-its-first-key",
    breaks=("KEY-050",),
    statement="An alias that is created again after it was deleted stands for its former key.",
    source=_ALIASES,
)
def _(endpoint: Endpoint) -> None:
    first: dict[str, str] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        alias = call.account.aliases.get(call.params["AliasName"])
        if alias is not None:
            known = first.setdefault(alias.name, alias.key_id)
            if known in call.account.keys:
                alias.key_id = known
        return answer

    wrap_handler(endpoint, "CreateAlias", wrapper)


@fault(
    "cancelled-key-loses-its-aliases",
    breaks=("KEY-050", "KEY-004"),
    statement="A key that is saved from its deletion has lost its aliases.",
    source=_ALIASES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        answer = original(call)
        aliases: dict[str, Alias] = call.account.aliases
        for name in [alias.name for alias in aliases.values() if alias.key_id == key.id]:
            del aliases[name]
        return answer

    wrap_handler(endpoint, "CancelKeyDeletion", wrapper)


@fault(
    "only-three-versions-are-kept",
    breaks=("KEY-051",),
    statement="A fourth version of a key takes the place of the first, whose blobs are lost.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key: Key = key_of(call)
        answer = original(call)
        if len(key.versions) > 3:
            oldest = next(iter(key.versions))
            del key.versions[oldest]
            call.account.key_versions.pop(oldest, None)
        return answer

    wrap_handler(endpoint, "CreateKeyVersion", wrapper)


@fault(
    "reencrypt-keeps-the-version",
    breaks=("KEY-051",),
    statement="ReEncrypt to the key that made the blob encrypts by the version that made it.",
    source=ROTATION,
)
def _(endpoint: Endpoint) -> None:
    encrypting, naming = endpoint.seams.encrypting_version, endpoint.seams.key_of_blob
    last: dict[str, Any] = {}

    def of_blob(call: Call, sealed: Any) -> tuple[Key, Any]:
        key, version = naming(call, sealed)
        last.clear()
        if call.operation.name == "ReEncrypt":
            last[key.id] = version
        return key, version

    def version_of(key: Key) -> Any:
        return last.pop(key.id, None) or encrypting(key)

    endpoint.seams.key_of_blob = of_blob
    endpoint.seams.encrypting_version = version_of


@fault(
    "binding-expires-with-material",
    breaks=("KEY-052",),
    statement="A key whose material has expired takes other material.",
    source="Import key material page 607841",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.material_due

    def due(key: Key, now: Any) -> bool:
        over: bool = original(key, now)
        if over:
            key.material_digest = None
        return over

    endpoint.seams.material_due = due


@fault(
    "tag-resources-replaces",
    breaks=("KEY-053",),
    statement="TagResources takes away the tags that a key has already.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if call.params.get("ResourceType") == "key":
            for name in call.params["ResourceId"]:
                key = call.account.keys.get(name)
                if key is not None and key.tags:
                    key.tags.clear()
        return original(call)

    wrap_handler(endpoint, "TagResources", wrapper)


@fault(
    "restored-secret-has-its-first-description",
    breaks=("SEC-050",),
    statement="RestoreSecret brings back the description that the secret was created with.",
    source=GENERIC_SECRETS,
)
def _(endpoint: Endpoint) -> None:
    first: dict[str, str] = {}

    def creating(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        first[call.params["SecretName"]] = call.params.get("Description", "")
        return answer

    def restoring(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        secret = secret_of(call)
        secret.description = first.get(secret.name, secret.description)
        return answer

    wrap_handler(endpoint, "CreateSecret", creating)
    wrap_handler(endpoint, "RestoreSecret", restoring)


@fault(
    "client-keys-counted-over-time",
    breaks=("EFF-073",),
    statement="Client keys that were deleted count among the three of an access point.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    made: dict[str, int] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        name = call.params["AapName"]
        if made.get(name, 0) >= 3:
            raise KmsError("Rejected.LimitExceeded", "An access point has three client keys.")
        answer = original(call)
        made[name] = made.get(name, 0) + 1
        return answer

    wrap_handler(endpoint, "CreateClientKey", wrapper)


@fault(
    "policy-of-the-other-key",
    breaks=("EFF-062",),
    statement="SetKeyPolicy sets the policy of every key of the instance that has one.",
    source="Overview of key policies",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key = key_of(call)
        document: PolicyDocument | None = key.policy
        for other in call.account.keys.values():
            if other.instance_id == key.instance_id and other.policy is not None:
                other.policy = document
        return answer

    wrap_handler(endpoint, "SetKeyPolicy", wrapper)
