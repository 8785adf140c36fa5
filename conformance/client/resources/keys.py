"""Keys: symmetric, asymmetric, MAC, for import, of an instance, in their states."""

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from conformance.client.exchange import Exchange
from conformance.client.resources.base import Bundle, Lazy, Make, provides, text_of
from conformance.run.verdict import NotApplicable, NotTestable

ENCRYPTS = "ENCRYPT/DECRYPT"
SIGNS = "SIGN/VERIFY"

#: Key spec that serves an algorithm, where the request does not name one.
SPECS: Mapping[str, str] = {
    "RSAES_OAEP_SHA_256": "RSA_2048",
    "RSAES_OAEP_SHA_1": "RSA_2048",
    "SM2PKE": "EC_SM2",
    "RSA_PSS_SHA_256": "RSA_2048",
    "RSA_PKCS1_SHA_256": "RSA_2048",
    "ECDSA_SHA_256": "EC_P256",
    "SM2DSA": "EC_SM2",
}
#: MAC algorithms.
MACS = ("HMAC_SM3", "HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512")
ASYMMETRIC = frozenset({*SPECS.values(), "RSA_3072", "RSA_4096", "EC_P256K"})
#: Where it is kept whether the shared gateway serves keys of the instance.
_OPEN = ("open-instance",)
#: Keys that are described in search of one that fits, where none may be created.
_LOOKED_AT = 100


def create_key(make: Make, **params: Any) -> Mapping[str, Any]:
    """Create a key with the run's mark and return its KeyMetadata.

    Raises:
        NotApplicable: When the target declines the key spec as unsupported.
        NotTestable: When it refuses for another reason.
    """
    spec = params.get("KeySpec", "Aliyun_AES_256")
    if make.target.has_declined(f"spec:{spec}"):
        raise NotApplicable(f"the target declares that it does not offer {spec} keys")
    if make.instance:
        params = {"DKMSInstanceId": make.instance_id, **params}
    exchange = make.attempt("CreateKey", {"Description": make.description, **params})
    if exchange.ok:
        metadata: Mapping[str, Any] = make.member(exchange, "KeyMetadata")
        return metadata
    if is_unsupported(exchange):
        raise NotApplicable(f"the target declines {spec} keys: {exchange.describe()}", [exchange])
    raise NotTestable(
        f"a prerequisite failed: CreateKey ({spec}) answered {exchange.describe()}", [exchange]
    )


def is_unsupported(exchange: Exchange) -> bool:
    """Tell whether a target properly says that it does not support what was asked."""
    code = exchange.code or ""
    proper = 400 <= exchange.status < 500 and bool(exchange.answer.request_id)
    return proper and code.startswith(("Unsupported", "Rejected.Unsupported"))


def find_key(make: Make, wanted: Callable[[Mapping[str, Any]], bool], what: str) -> Bundle:
    """Return an existing key that fits, for targets on which nothing may be created.

    Raises:
        NotTestable: When there is none among the first keys listed.
    """
    listed = make.call("ListKeys", {"PageSize": _LOOKED_AT})
    keys = make.member(listed, "Keys").get("Key", [])
    for key in keys:
        described = make.attempt("DescribeKey", {"KeyId": key.get("KeyId")})
        metadata = described.data.get("KeyMetadata", {})
        if make.instance and metadata.get("DKMSInstanceId") != make.instance_id:
            continue
        if described.ok and metadata.get("KeyState") == "Enabled" and wanted(metadata):
            return key_bundle(make, metadata)
    raise NotTestable(
        f"no enabled {what} key is there and none may be created: name one in [resources] of the "
        'target file, or raise safety to "creates"'
    )


def describe(make: Make, key_id: str) -> Bundle:
    """Return the bundle of a key that the target file names."""
    described = make.call("DescribeKey", {"KeyId": key_id})
    return key_bundle(make, make.member(described, "KeyMetadata"))


def key_bundle(make: Make, metadata: Mapping[str, Any]) -> Bundle:
    """Return the attributes of a key: id, arn, spec, usage, version, alias, metadata."""
    key_id = metadata.get("KeyId")
    values = {
        "id": key_id,
        "arn": metadata.get("Arn"),
        "spec": metadata.get("KeySpec"),
        "usage": metadata.get("KeyUsage"),
        "metadata": metadata,
    }

    def version() -> Any:
        return metadata.get("PrimaryKeyVersion") or first_version(make, str(key_id))

    return Lazy(values, version=version, alias=lambda: alias_of(make, str(key_id)))


def first_version(make: Make, key_id: str) -> str:
    """Return the first version of a key."""
    listed = make.call("ListKeyVersions", {"KeyId": key_id})
    versions = make.member(listed, "KeyVersions").get("KeyVersion") or [{}]
    version = versions[0].get("KeyVersionId")
    if not isinstance(version, str):
        raise NotTestable("a prerequisite failed: ListKeyVersions lists no version", [listed])
    return version


def alias_of(make: Make, key_id: str) -> str:
    """Return an alias of a key, a new one where one may be created."""
    if make.creating:
        name = make.name("alias")
        make.call("CreateAlias", {"AliasName": name, "KeyId": key_id})
        return name
    listed = make.call("ListAliasesByKeyId", {"KeyId": key_id})
    aliases = make.member(listed, "Aliases").get("Alias") or []
    if not aliases:
        raise NotTestable(
            f"the key {key_id} has no alias to call it by and none may be created: give it one"
        )
    return str(aliases[0].get("AliasName"))


@provides("sm4-key")
def sm4_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return an enabled Aliyun_SM4 key; NotApplicable where the target declines the spec."""
    if make.creating:
        return key_bundle(make, create_key(make, KeySpec="Aliyun_SM4"))

    def fits(metadata: Mapping[str, Any]) -> bool:
        return metadata.get("KeySpec") == "Aliyun_SM4"

    return find_key(make, fits, "Aliyun_SM4")


@provides("sm4-external-key")
def sm4_external_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a new Aliyun_SM4 key that waits for its material."""
    if not make.creating:
        raise make.missing("sm4-external-key", 'raise safety to "creates"')
    return key_bundle(make, create_key(make, KeySpec="Aliyun_SM4", Origin="EXTERNAL"))


@provides("symmetric-key")
def symmetric_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return an enabled Aliyun_AES_256 key."""
    ready = make.ready_made("symmetric-key")
    if ready is not None and not make.fresh:
        return describe(make, ready)
    if make.creating:
        return key_bundle(make, create_key(make))

    def fits(metadata: Mapping[str, Any]) -> bool:
        return metadata.get("KeySpec") == "Aliyun_AES_256"

    return find_key(make, fits, "Aliyun_AES_256")


@provides("rotatable-key")
def rotatable_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a key whose versions can be added and rotated: a symmetric one of KMS origin."""
    return make.provide("symmetric-key")


@provides("asymmetric-key", by=("KeySpec", "KeyUsage"))
def asymmetric_key(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return an enabled asymmetric key of a spec (RSA_2048) and usage (SIGN/VERIFY)."""
    spec = text_of(params, "KeySpec", ASYMMETRIC) or "RSA_2048"
    usage = text_of(params, "KeyUsage", (SIGNS, ENCRYPTS)) or SIGNS
    keys: Mapping[str, str] = make.ready_made("keys") or {}
    ready = keys.get(f"{spec} {usage}") or keys.get(spec)
    if ready is not None and not make.fresh:
        return describe(make, ready)
    if make.creating:
        return key_bundle(make, create_key(make, KeySpec=spec, KeyUsage=usage))

    def fits(metadata: Mapping[str, Any]) -> bool:
        return (metadata.get("KeySpec"), metadata.get("KeyUsage")) == (spec, usage)

    return find_key(make, fits, f"{spec} {usage}")


@provides("external-key")
def external_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a key for imported material, without material yet where it is a new one."""
    ready = make.ready_made("external-key")
    if ready is not None and not make.fresh:
        return describe(make, ready)
    if make.creating:
        return key_bundle(make, create_key(make, Origin="EXTERNAL"))

    def fits(metadata: Mapping[str, Any]) -> bool:
        return metadata.get("Origin") == "EXTERNAL"

    return find_key(make, fits, "imported")


@provides("hsm-external-key")
def hsm_external_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a key for imported material inside an HSM, which alone takes wrapping under SM2."""
    if make.creating:
        return key_bundle(make, create_key(make, Origin="EXTERNAL", ProtectionLevel="HSM"))

    def fits(metadata: Mapping[str, Any]) -> bool:
        return (metadata.get("Origin"), metadata.get("ProtectionLevel")) == ("EXTERNAL", "HSM")

    return find_key(make, fits, "imported HSM")


@provides("key-pending-deletion", used_up=True)
def key_pending_deletion(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a key that is scheduled for deletion; a new one each time, for it is cancelled."""
    if not make.creating:
        raise make.missing("key-pending-deletion", 'raise safety to "creates"')
    key = key_bundle(make, create_key(make))
    make.call("ScheduleKeyDeletion", {"KeyId": key["id"], "PendingWindowInDays": 7})
    return key


@provides("instance-key")
def instance_key(make: Make, _params: Mapping[str, Any]) -> Bundle:
    """Return a symmetric key of a KMS instance; only such keys have a policy."""
    ready = make.ready_made("instance-key")
    if ready is not None and not make.fresh:
        return describe(make, ready)
    instance = make.provide("instance", fresh=False)["id"]
    if make.creating:
        return key_bundle(make, create_key(make, DKMSInstanceId=instance))

    def fits(metadata: Mapping[str, Any]) -> bool:
        return bool(metadata.get("DKMSInstanceId") == instance)

    return find_key(make, fits, "instance")


@provides("mac-key", by=("Algorithm",))
def mac_key(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return an HMAC key with a message and its MAC.

    No source names the specs of HMAC keys, so that a target that declines a key of the algorithm's
    own name does nothing wrong; [resources.keys] of the target file can name one.
    """
    named = text_of(params, "Algorithm")
    algorithm = named if named in MACS else "HMAC_SHA_256"
    keys: Mapping[str, str] = make.ready_made("keys") or {}
    ready = keys.get(algorithm)
    if make.target.has_declined(f"spec:{algorithm}"):
        raise NotApplicable(f"the target declares that it does not offer {algorithm} keys")
    if ready is not None:
        key = describe(make, ready)
    elif make.creating:
        key = _new_mac_key(make, algorithm)
    else:
        raise make.missing("mac-key", f'name one as "{algorithm}" in [resources.keys]')
    message = base64.b64encode(make.random.randbytes(48)).decode()

    def mac() -> str:
        request = {"KeyId": key["id"], "Algorithm": algorithm, "Message": message}
        return str(make.member(make.call("GenerateMac", request), "Mac"))

    return Lazy(
        {"id": key["id"], "arn": key["arn"], "algorithm": algorithm, "message": message},
        mac=mac,
        alias=lambda: key["alias"],
    )


def _require_open_instance(make: Make) -> None:
    """Go on only where keys of the instance do cryptography over the shared gateway.

    Whether they do is a matter of the Internet switch and of the side that the gateway stands on.

    Raises:
        NotApplicable: When the plainest call with such a key is refused.
    """
    found = make.resources.cache.get(_OPEN)
    if found is None:
        key = make.provide("instance-key", fresh=False)
        request = {"KeyId": key["id"], "Plaintext": base64.b64encode(b"switch").decode()}
        probe = make.attempt("Encrypt", request)
        found = make.resources.cache[_OPEN] = {"refused": "" if probe.ok else probe.describe()}
    if found["refused"]:
        raise NotApplicable(
            "HMAC keys are keys of an instance, and those do no cryptography over this gateway: "
            f"Encrypt with one is answered {found['refused']}; the Internet switch may be off"
        )


def _new_mac_key(make: Make, algorithm: str) -> Bundle:
    """Create an HMAC key, in an instance where keys outside one have no such spec."""
    request = {"Description": make.description, "KeySpec": algorithm}
    if make.instance:
        request["DKMSInstanceId"] = make.instance_id
    exchange = make.attempt("CreateKey", request)
    if not exchange.ok and not make.instance and is_unsupported(exchange):
        with suppress(NotApplicable, NotTestable):
            instance = make.provide("instance", fresh=False)["id"]
            exchange = make.attempt("CreateKey", {**request, "DKMSInstanceId": instance})
        if exchange.ok:
            _require_open_instance(make)
    if exchange.ok:
        return key_bundle(make, make.member(exchange, "KeyMetadata"))
    if 400 <= exchange.status < 500 and exchange.code:
        raise NotApplicable(
            f"the target declines a key of spec {algorithm} ({exchange.describe()}), and no source "
            "names the specs of HMAC keys: name one under [resources.keys] of the target file",
            [exchange],
        )
    raise NotTestable(
        f"a prerequisite failed: CreateKey ({algorithm}) answered {exchange.describe()}", [exchange]
    )
