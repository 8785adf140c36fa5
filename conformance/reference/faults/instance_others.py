"""Faults of KMS Instance API: other instances, other client keys, large bodies, long messages."""

import base64
from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    AAP,
    ERRORS,
    PAGES,
    SIGNING,
    change_call,
    put_step,
)
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api.calls import InstanceCall
from conformance.reference.model import AccessPolicy, Key, Secret
from conformance.wire import instance
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.instance import Admission

#: What a verifier may take for small.
_SMALL = 32 * 1024


@fault(
    "instance-takes-signatures-of-siblings",
    breaks=("INS-116",),
    statement="A signature by any client key of the same access point is right for all of them.",
    source=ERRORS,
)
def _siblings(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        assert admission.identity is not None
        text = instance.string_to_sign(
            admission.request.method,
            admission.header(instance.HASH_HEADER),
            admission.header("content-type"),
            admission.header("date"),
            admission.request.headers,
        )
        rows = endpoint.account.client_keys
        point = rows[admission.identity.access_key_id].access_point
        _, _, signature = admission.header("authorization").partition(" ")
        for row in rows.values():
            if row.access_point != point:
                continue
            try:
                raw = base64.b64decode(signature, validate=True)
                row.public_key.verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
            except (ValueError, InvalidSignature):
                continue
            return
        raise AuthFailure(FailureKind.SIGNATURE_MISMATCH)

    put_step(endpoint, instance.check_signature, check)


@fault(
    "instance-digests-of-large-bodies-unchecked",
    breaks=("INS-117",),
    statement="The digest of a body of more than 32 KiB is not compared with it.",
    source=SIGNING,
)
def _large_bodies(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        if len(admission.request.body) <= _SMALL:
            instance.check_hash(admission)

    put_step(endpoint, instance.check_hash, check)


@fault(
    "instance-uses-keys-of-other-instances",
    breaks=("INS-118",),
    statement="KMS Instance API works with the keys of all instances, and of instances only.",
    source=ERRORS,
)
def _keys(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_key

    def instance_key(call: InstanceCall, key_id: str) -> Key:
        key = call.account.keys.get(key_id)
        if key is not None and key.instance_id is not None:
            call = replace(call, instance_id=key.instance_id)
        found: Key = original(call, key_id)
        return found

    endpoint.seams.instance_key = instance_key


@fault(
    "instance-reads-secrets-of-other-instances",
    breaks=("INS-119",),
    statement="GetSecretValue on the dedicated gateway reads the secrets of all instances.",
    source=AAP,
)
def _secrets(endpoint: Endpoint) -> None:
    original = endpoint.seams.is_of_instance

    def is_of_instance(call: Call, thing: Key | Secret) -> bool:
        foreign = call.operation.name == "GetSecretValue" and thing.instance_id is not None
        return foreign or bool(original(call, thing))

    endpoint.seams.is_of_instance = is_of_instance


@fault(
    "instance-takes-policies-for-other-instances",
    breaks=("INS-120",),
    statement="A policy for one instance is good for every instance.",
    source=AAP,
)
def _policies(endpoint: Endpoint) -> None:
    control = endpoint.access_control
    original = control.has_scope

    def has_scope(policy: AccessPolicy, scope: str) -> bool:
        elsewhere = policy.kms_instance not in {None, "shared"} and scope != "shared"
        return elsewhere or original(policy, scope)

    control.has_scope = has_scope  # type: ignore[method-assign]


@fault(
    "instance-binds-64-bytes-of-additional-data",
    breaks=("INS-013",),
    statement="Of additional data the first 64 bytes are bound, and the rest is ignored.",
    source=PAGES,
)
def _short_aad(endpoint: Endpoint) -> None:
    def cut(call: InstanceCall) -> dict[str, bytes]:
        return {"Aad": call.values["Aad"][:64]} if call.values.get("Aad") else {}

    change_call(endpoint, "*", cut)


@fault(
    "instance-takes-32-bytes-for-a-digest",
    breaks=("INS-040",),
    statement="A RAW message of 32 bytes is signed as if it were a digest.",
    source=PAGES,
)
def _short_message(endpoint: Endpoint) -> None:
    def take(call: InstanceCall) -> dict[str, str]:
        short = len(call.values.get("Message") or b"") == 32
        return (
            {"MessageType": "DIGEST"} if short and call.values.get("MessageType") == "RAW" else {}
        )

    change_call(endpoint, "Sign", take)
