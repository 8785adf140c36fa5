"""Keys in each state, and requests that only the state can make wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.rules.effects.looking import done, expect_key, key_metadata, new_key
from conformance.run.context import Kms

PLAIN = "Y29uZm9ybWFuY2U="


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table."""

    operation: str
    state: str
    answer: str
    codes: tuple[str, ...]
    provenance: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A key that can do what an operation asks, and the request that asks it.

    The request is made while the key is Enabled, so that ciphertexts and signatures are right.
    """

    key_id: str
    request: Mapping[str, Any]


Prepare = Callable[[Kms], Prepared]


def _symmetric(request: Callable[[Kms, str], Mapping[str, Any]]) -> Prepare:
    def prepare(kms: Kms) -> Prepared:
        key_id = new_key(kms)
        return Prepared(key_id, request(kms, key_id))

    return prepare


def _by_id(_: Kms, key_id: str) -> Mapping[str, Any]:
    return {"KeyId": key_id}


def blob(kms: Kms, key_id: str) -> str:
    made = done(kms, "Encrypt", {"KeyId": key_id, "Plaintext": PLAIN})
    return str(made.data.get("CiphertextBlob"))


def _version(kms: Kms, key_id: str) -> Mapping[str, Any]:
    version = expect_key(kms, key_id).get("PrimaryKeyVersion")
    return {"KeyId": key_id, "KeyVersionId": version}


def _alias_for(kms: Kms, key_id: str) -> Mapping[str, Any]:
    """Return a request that moves an alias of another key to this one."""
    name = kms.fresh_name("alias")
    other = kms.provide("symmetric-key")["id"]
    done(kms, "CreateAlias", {"AliasName": name, "KeyId": other})
    return {"AliasName": name, "KeyId": key_id}


def _alias_of(kms: Kms, key_id: str) -> Mapping[str, Any]:
    name = kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": name, "KeyId": key_id})
    return {"AliasName": name}


def _exported(kms: Kms) -> dict[str, Any]:
    wrapping = kms.provide("wrapping")
    return {
        "PublicKeyBlob": wrapping["public-key"],
        "WrappingAlgorithm": wrapping["algorithm"],
        "WrappingKeySpec": wrapping["spec"],
    }


def _data_key(kms: Kms, key_id: str) -> Mapping[str, Any]:
    made = done(kms, "GenerateDataKeyWithoutPlaintext", {"KeyId": key_id})
    return {"CiphertextBlob": made.data.get("CiphertextBlob"), **_exported(kms)}


def _reencrypted(kms: Kms, key_id: str) -> Mapping[str, Any]:
    target = kms.provide("symmetric-key")["id"]
    return {"CiphertextBlob": blob(kms, key_id), "DestinationKeyId": target}


def _pair(bundle: str, *attributes: tuple[str, str]) -> Prepare:
    def prepare(kms: Kms) -> Prepared:
        def make() -> Prepared:
            pair = kms.provide(bundle, _CHEAP.get(bundle, {}), fresh=True)
            request = {name: pair[attribute] for name, attribute in attributes}
            return Prepared(str(pair["id"]), request)

        return _reused(kms, f"{bundle} {attributes}", make)

    return prepare


#: Key pairs on a curve are made faster than RSA ones.
_CHEAP: Mapping[str, Mapping[str, str]] = {
    "signing-key-pair": {"Algorithm": "ECDSA_SHA_256", "KeySpec": "EC_P256"}
}
_OF_PAIR = (("KeyId", "id"), ("KeyVersionId", "version"))
_WITH_ALGORITHM = (*_OF_PAIR, ("Algorithm", "algorithm"))
_OF_MAC = (("KeyId", "id"), ("Algorithm", "algorithm"), ("Message", "message"))


def imported(kms: Kms) -> Prepared:
    """Return a key with imported material, the same one each time, Enabled again."""

    def make() -> Prepared:
        bundle = kms.provide("import", fresh=True)
        request = {
            "KeyId": bundle["id"],
            "EncryptedKeyMaterial": bundle["wrapped-material"],
            "ImportToken": bundle["token"],
            "KeyMaterialExpireUnix": 0,
        }
        done(kms, "ImportKeyMaterial", request)
        return Prepared(str(bundle["id"]), request)

    return _reused(kms, "imported", make)


def _reused(kms: Kms, name: str, make: Callable[[], Prepared]) -> Prepared:
    """Return a thing that is dear to make, brought back to Enabled; a new one if that fails."""
    known: Prepared | None = kms.memo.get(("states", name))
    if known is None or not _is_enabled_again(kms, known):
        known = make()
        kms.memo["states", name] = known
    return known


def _is_enabled_again(kms: Kms, known: Prepared) -> bool:
    ways = {
        "Disabled": ("EnableKey", {"KeyId": known.key_id}),
        "PendingDeletion": ("CancelKeyDeletion", {"KeyId": known.key_id}),
        "PendingImport": ("ImportKeyMaterial", known.request),
    }
    for _ in ways:
        state = _state(kms, known.key_id)
        if state not in ways:
            return state == "Enabled"
        kms.call(*ways[state])
    return _state(kms, known.key_id) == "Enabled"


def _state(kms: Kms, key_id: str) -> str:
    described = kms.call("DescribeKey", {"KeyId": key_id})
    return str(key_metadata(described).get("KeyState"))


def _external(request: Callable[[str], Mapping[str, Any]]) -> Prepare:
    def prepare(kms: Kms) -> Prepared:
        prepared = imported(kms)
        return Prepared(prepared.key_id, request(prepared.key_id))

    return prepare


_TAGS = [{"TagKey": "purpose", "TagValue": "conformance"}]
_WRAP = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}

#: How a key and a request are made for each operation.
PREPARED: Mapping[str, Prepare] = {
    "Encrypt": _symmetric(lambda _, key: {"KeyId": key, "Plaintext": PLAIN}),
    "Decrypt": _symmetric(lambda kms, key: {"CiphertextBlob": blob(kms, key)}),
    "GenerateDataKey": _symmetric(_by_id),
    "GenerateDataKeyWithoutPlaintext": _symmetric(_by_id),
    "GenerateAndExportDataKey": _symmetric(lambda kms, key: {"KeyId": key, **_exported(kms)}),
    "ExportDataKey": _symmetric(_data_key),
    "ReEncrypt": _symmetric(_reencrypted),
    "DescribeKey": _symmetric(_by_id),
    "DescribeKeyVersion": _symmetric(_version),
    "ListKeyVersions": _symmetric(_by_id),
    "ListResourceTags": _symmetric(_by_id),
    "UpdateKeyDescription": _symmetric(lambda kms, key: {"KeyId": key, "Description": kms.marker}),
    "EnableKey": _symmetric(_by_id),
    "DisableKey": _symmetric(_by_id),
    "ScheduleKeyDeletion": _symmetric(lambda _, key: {"KeyId": key, "PendingWindowInDays": 7}),
    "CancelKeyDeletion": _symmetric(_by_id),
    "CreateAlias": _symmetric(
        lambda kms, key: {"AliasName": kms.fresh_name("alias"), "KeyId": key}
    ),
    "UpdateAlias": _symmetric(_alias_for),
    "DeleteAlias": _symmetric(_alias_of),
    "TagResource": _symmetric(lambda _, key: {"KeyId": key, "Tags": _TAGS}),
    "UntagResource": _symmetric(lambda _, key: {"KeyId": key, "TagKeys": ["purpose"]}),
    "CreateKeyVersion": _symmetric(_by_id),
    "UpdateRotationPolicy": _symmetric(
        lambda _, key: {
            "KeyId": key,
            "EnableAutomaticRotation": True,
            "RotationInterval": "365d",
        }
    ),
    "GetParametersForImport": _external(lambda key: {"KeyId": key, **_WRAP}),
    "ImportKeyMaterial": imported,
    "DeleteKeyMaterial": _external(lambda key: {"KeyId": key}),
    "SetDeletionProtection": _symmetric(
        lambda kms, key: {
            "ProtectedResourceArn": expect_key(kms, key)["Arn"],
            "EnableDeletionProtection": False,
        }
    ),
    "ListAliasesByKeyId": _symmetric(_by_id),
    "TagResources": _symmetric(
        lambda kms, key: {
            "RegionId": kms.target.region,
            "ResourceType": "key",
            "ResourceId": [key],
            "Tag": [{"Key": "purpose", "Value": "conformance"}],
        }
    ),
    "UntagResources": _symmetric(
        lambda kms, key: {
            "RegionId": kms.target.region,
            "ResourceType": "key",
            "ResourceId": [key],
            "TagKey": ["purpose"],
        }
    ),
    "AsymmetricSign": _pair("signing-key-pair", *_WITH_ALGORITHM, ("Digest", "digest")),
    "AsymmetricVerify": _pair(
        "signing-key-pair", *_WITH_ALGORITHM, ("Digest", "digest"), ("Value", "signature")
    ),
    "AsymmetricEncrypt": _pair("encryption-key-pair", *_WITH_ALGORITHM, ("Plaintext", "plaintext")),
    "AsymmetricDecrypt": _pair(
        "encryption-key-pair", *_WITH_ALGORITHM, ("CiphertextBlob", "ciphertext")
    ),
    "GetPublicKey": _pair("signing-key-pair", *_OF_PAIR),
    "GenerateMac": _pair("mac-key", *_OF_MAC),
    "VerifyMac": _pair("mac-key", *_OF_MAC, ("Mac", "mac")),
}
#: What only exists of keys that are no keys for import.
NEEDS_MATERIAL = frozenset(
    {
        "AsymmetricSign",
        "AsymmetricVerify",
        "AsymmetricEncrypt",
        "AsymmetricDecrypt",
        "GetPublicKey",
        "GenerateMac",
        "VerifyMac",
        "DescribeKeyVersion",
    }
)


def prepare(kms: Kms, cell: Cell) -> Prepared:
    """Make a key and a request, and put the key into the cell's state."""
    external = cell.operation in {"GetParametersForImport", "ImportKeyMaterial"}
    if cell.state != "PendingImport":
        prepared = PREPARED[cell.operation](kms)
        put_into(kms, prepared.key_id, cell.state)
        return prepared
    if external or cell.operation == "DeleteKeyMaterial":
        prepared = PREPARED[cell.operation](kms)
    else:
        prepared = _with_external_key(kms, cell.operation)
    if expect_key(kms, prepared.key_id)["KeyState"] != "PendingImport":
        done(kms, "DeleteKeyMaterial", {"KeyId": prepared.key_id})
    expect_key(kms, prepared.key_id, KeyState="PendingImport")
    return prepared


def _with_external_key(kms: Kms, operation: str) -> Prepared:
    """Make the request of a symmetric operation for a key with imported material."""
    key_id = imported(kms).key_id
    makers: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "Decrypt": lambda: {"CiphertextBlob": blob(kms, key_id)},
        "ReEncrypt": lambda: _reencrypted(kms, key_id),
        "ExportDataKey": lambda: _data_key(kms, key_id),
        "UpdateAlias": lambda: _alias_for(kms, key_id),
        "DeleteAlias": lambda: _alias_of(kms, key_id),
    }
    if operation in makers:
        return Prepared(key_id, makers[operation]())
    request = dict(PREPARED[operation](kms).request)
    for name, value in (("KeyId", key_id), ("ResourceId", [key_id])):
        if name in request:
            request[name] = value
    if "ProtectedResourceArn" in request:
        request["ProtectedResourceArn"] = expect_key(kms, key_id)["Arn"]
    return Prepared(key_id, request)


def put_into(kms: Kms, key_id: str, state: str) -> None:
    if state == "Disabled":
        done(kms, "DisableKey", {"KeyId": key_id})
    elif state == "PendingDeletion":
        done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    expect_key(kms, key_id, KeyState=state)
