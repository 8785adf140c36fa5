"""One valid request of every operation of KMS Instance API, with real things of the instance."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.run.context import Kms
from conformance.run.registry import Case
from conformance.run.verdict import NotApplicable, NotTestable
from conformance.spec.instance import instance_api
from conformance.spec.matrix import of_category

_PLAINTEXT = b"what goes together"
_PAIRS = {"KeyPairSpec": "EC_P256", "KeyFormat": "PEM"}
#: Bytes of a blob and of a signature where the target has none to offer.
_ANY_BLOB, _ANY_SIGNATURE = 60, 256


def operation_cases(*cells: str) -> Callable[[], Iterable[Case]]:
    """Return a case for each documented operation, deciding the cells of its category."""

    def cases() -> Iterable[Case]:
        for operation in instance_api():
            if operation.documented:
                own = of_category(cells, operation.category)
                yield Case(operation.name, operation.name, cells=own)

    return cases


def request(kms: Kms, operation: str, *, instance: bool) -> Mapping[str, Any]:
    """Return the fields of a valid request.

    Args:
        kms: The target.
        operation: One of KMS Instance API.
        instance: Whether the things are those of the instance; else blobs and signatures are made
            up, which no gateway looks at that does not offer this API.
    """
    if operation == "GenerateRandom":
        return {"Length": 32}
    if operation == "GetSecretValue":
        return {"SecretName": kms.provide("secret", instance=instance)["name"]}
    if operation in {"Sign", "Verify", "GetPublicKey"}:
        return _with_pair(kms, operation, instance)
    named = {"KeyId": kms.provide("symmetric-key", instance=instance)["id"]}
    if operation.endswith("Encrypt"):
        return {**named, "Plaintext": _PLAINTEXT}
    if operation.endswith("Decrypt"):
        return _decryption(kms, operation, named, instance)
    return {**named, **(_PAIRS if "Pair" in operation else {"NumberOfBytes": 32})}


def _with_pair(kms: Kms, operation: str, instance: bool) -> Mapping[str, Any]:
    named = {"KeyId": kms.provide("signing-key-pair", instance=instance)["id"]}
    if operation == "GetPublicKey":
        return named
    signed = {
        **named,
        "Algorithm": "RSA_PSS_SHA_256",
        "Message": _PLAINTEXT,
        "MessageType": "RAW",
    }
    if operation == "Sign":
        return signed
    made = _made(kms, "Sign", signed) if instance else None
    signature = kms.bytes(_ANY_SIGNATURE) if made is None else made["Signature"]
    return {**signed, "Signature": signature}


def _decryption(
    kms: Kms, operation: str, named: Mapping[str, Any], instance: bool
) -> Mapping[str, Any]:
    encrypt = operation.replace("Decrypt", "Encrypt")
    made = _made(kms, encrypt, {**named, "Plaintext": _PLAINTEXT}) if instance else None
    if made is None:
        return {**named, "CiphertextBlob": kms.bytes(_ANY_BLOB)}
    blob = {**named, "CiphertextBlob": made["CiphertextBlob"]}
    return blob if operation.startswith("Advance") else {**blob, "Iv": made["Iv"]}


def _made(kms: Kms, operation: str, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a client key gets from the instance, None where it gets nothing."""
    try:
        exchange = kms.call_instance(operation, fields)
    except (NotTestable, NotApplicable):
        return None
    return exchange.values if exchange.ok else None
