"""Faults of what the kind of a key decides."""

from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import SDK, key_of, with_params
from conformance.reference.model import Key, ManagedDataKey, ManagedDataKeyVersion
from conformance.reference.services.tables import key_specs


@fault(
    "protection-level-beats-instance",
    breaks=("EFF-016",),
    statement="CreateKey gives a key of an instance the ProtectionLevel that was asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        level = call.params.get("ProtectionLevel")
        if level is not None:
            answer["KeyMetadata"]["ProtectionLevel"] = level
        return answer

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "small-keys-outside-instances",
    breaks=("EFF-017",),
    statement="AES keys of 128 and 192 bits are made outside instances as well.",
    source="terraform-provider-alicloud, page of keys (2026-08)",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        spec = call.params.get("KeySpec")
        if spec in {"Aliyun_AES_128", "Aliyun_AES_192"} and "DKMSInstanceId" not in call.params:
            answer = original(with_params(call, KeySpec="Aliyun_AES_256"))
            answer["KeyMetadata"]["KeySpec"] = spec
            return answer
        return original(call)

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "primary-version-of-asymmetric-keys",
    breaks=("EFF-018",),
    statement="DescribeKey shows PrimaryKeyVersion of asymmetric keys as well.",
    source="CreateKey page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        return {**shown, "PrimaryKeyVersion": next(iter(key.versions))}

    endpoint.seams.metadata = metadata


@fault(
    "protection-text-without-protection",
    breaks=("EFF-019",),
    statement="DeletionProtectionDescription is kept and shown while protection is off.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def setting(call: Call, handler: Handler) -> dict[str, Any]:
        answer = handler(call)
        text = call.params.get("DeletionProtectionDescription", "")
        if "KeyId" in call.params:
            key_of(call).deletion_protection_description = text
        return answer

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        text = key.deletion_protection_description
        return {**shown, "DeletionProtectionDescription": text} if text else shown

    wrap_handler(endpoint, "SetDeletionProtection", setting)
    endpoint.seams.metadata = metadata


@fault(
    "newest-data-key-without-asking",
    breaks=("EFF-088",),
    statement="GetManagedDataKey answers the newest version where none is named.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.managed_version

    def version(
        data_key: ManagedDataKey, version_id: str | None, use_latest: bool
    ) -> ManagedDataKeyVersion:
        del use_latest
        found: ManagedDataKeyVersion = original(data_key, version_id, True)
        return found

    endpoint.seams.managed_version = version


@fault(
    "data-key-version-ignored",
    breaks=("EFF-088",),
    statement="GetManagedDataKey ignores the version that is named.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.managed_version
    endpoint.seams.managed_version = lambda data_key, _version, use_latest: original(
        data_key, None, use_latest
    )


@fault(
    "hmac-keys-rotate",
    breaks=("KEY-032",),
    statement="UpdateRotationPolicy is taken for HMAC keys.",
    source="Key types and specifications page 480161",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.rotates
    endpoint.seams.rotates = lambda key: key_specs()[key.spec]["kind"] == "hmac" or original(key)


@fault(
    "mac-of-the-first-block",
    breaks=("CRY-073",),
    statement="A MAC covers the first 64 bytes of its message and its length only.",
    source="RFC 2104",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.mac_bytes
    endpoint.seams.mac_bytes = lambda material, name, message: original(
        material, name, message[:64] + len(message).to_bytes(8)
    )


@fault(
    "mac-padded-with-zeros",
    breaks=("CRY-073",),
    statement="A message is filled up with zeros to blocks of 16 bytes before its MAC is made.",
    source="RFC 2104",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.mac_bytes
    endpoint.seams.mac_bytes = lambda material, name, message: original(
        material, name, message + bytes(-len(message) % 16)
    )


@fault(
    "symmetric-keys-make-macs",
    breaks=("CRY-074",),
    statement="GenerateMac and VerifyMac take a symmetric key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def generate(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        if key_specs()[key.spec]["kind"] != "symmetric":
            return original(call)
        return {"KeyId": key.id, "Algorithm": call.params["Algorithm"], "Mac": "AAAA"}

    wrap_handler(endpoint, "GenerateMac", generate)


@fault(
    "unknown-key-spec-replaced",
    breaks=("EFF-089",),
    statement="A KeySpec that does not exist means the default of CreateKey.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        spec = call.params.get("KeySpec")
        if spec is not None and spec not in key_specs():
            return original(with_params(call, KeySpec="Aliyun_AES_256"))
        return original(call)

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "mac-keys-take-any-algorithm",
    breaks=("CRY-075",),
    statement="GenerateMac takes every algorithm with every HMAC key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def generate(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        if key_specs()[key.spec]["kind"] != "hmac" or call.params["Algorithm"] == key.spec:
            return original(call)
        return {"KeyId": key.id, "Algorithm": call.params["Algorithm"], "Mac": "AAAA"}

    wrap_handler(endpoint, "GenerateMac", generate)


@fault(
    "primary-version-of-ec-p256k",
    breaks=("EFF-018",),
    statement="DescribeKey shows PrimaryKeyVersion of EC_P256K keys.",
    source="CreateKey page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        if key.spec == "EC_P256K":
            shown["PrimaryKeyVersion"] = next(iter(key.versions))
        return shown

    endpoint.seams.metadata = metadata
