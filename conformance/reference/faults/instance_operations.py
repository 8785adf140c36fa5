"""Faults of KMS Instance API: members of answers, data keys, pairs, signatures."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    ERRORS,
    PAGES,
    change_answer,
    change_call,
    lenient_fields,
    refuse_otherwise,
)
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api.calls import InstanceCall, Reply
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.passage import Response
from conformance.wire.protobuf import field_bytes


@fault(
    "instance-algorithm-not-answered",
    breaks=("INS-001",),
    statement="Answers lack Algorithm.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    change_answer(endpoint, "*", lambda _, values: values.pop("Algorithm", None))


@fault(
    "instance-get-public-key-missing",
    breaks=("INS-001",),
    statement="GetPublicKey is not known.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_handle

    def handle(call: InstanceCall) -> Reply:
        if call.operation.name == "GetPublicKey":
            raise InstanceRefusal("unknown-api-name", call.operation.name)
        reply: Reply = original(call)
        return reply

    endpoint.seams.instance_handle = handle


@fault(
    "instance-request-id-repeats",
    breaks=("INS-002",),
    statement="All answers carry the same RequestId.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    succeed = endpoint.seams.instance_succeed
    endpoint.seams.instance_succeed = lambda call, reply: succeed(
        replace(call, request_id="00000000-0000-4000-8000-000000000000"), reply
    )


@fault(
    "instance-alias-answered",
    breaks=("INS-003",),
    statement="Answers name a key by the alias that the request named it by.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall, values: dict[str, Any]) -> None:
        if call.values.get("KeyId"):
            values["KeyId"] = call.values["KeyId"]

    change_answer(endpoint, "*", change)


@fault(
    "instance-hmac-differs",
    breaks=("INS-004",),
    statement="Hmac answers another code each time.",
    source="KMS Instance SDK for C# (2023-05)",
)
def _(endpoint: Endpoint) -> None:
    def change(_: InstanceCall, values: dict[str, Any]) -> None:
        values["Signature"] = endpoint.seams.instance_random(32)

    change_answer(endpoint, "Hmac", change)


@fault(
    "instance-random-repeats",
    breaks=("INS-005", "INS-030"),
    statement="Random bytes are always the same.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.instance_random = lambda length: hashlib.shake_128(b"").digest(length)


@fault(
    "instance-random-in-whole-blocks",
    breaks=("INS-005",),
    statement="GenerateRandom answers whole blocks of 16 bytes.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        return {"Length": -(-call.values["Length"] // 16) * 16}

    change_call(endpoint, "GenerateRandom", change)


@fault(
    "instance-random-of-any-length",
    breaks=("INS-006",),
    statement="GenerateRandom takes every length, and answers at most 64 bytes.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "Length")
    change_call(
        endpoint, "GenerateRandom", lambda call: {"Length": max(1, min(call.values["Length"], 64))}
    )


@fault(
    "instance-data-key-sealed-as-text",
    breaks=("INS-030",),
    statement="A data key is sealed as its base64 text, as KMS API does it.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_random

    def change(_: InstanceCall, values: dict[str, Any]) -> None:
        values["Plaintext"] = base64.b64decode(values["Plaintext"])

    endpoint.seams.instance_random = lambda length: base64.b64encode(original(length))
    change_answer(endpoint, "GenerateDataKey AdvanceGenerateDataKey", change)


@fault(
    "instance-data-key-of-any-length",
    breaks=("INS-031",),
    statement="NumberOfBytes may be anything.",
    source="KMS API, operation GenerateDataKey",
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "NumberOfBytes")
    change_call(
        endpoint,
        "GenerateDataKey",
        lambda call: {"NumberOfBytes": abs(call.values["NumberOfBytes"])},
    )


@fault(
    "instance-pair-halves-differ",
    breaks=("INS-032", "INS-033"),
    statement="The public half of a pair belongs to another pair.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_pair_halves

    def halves(key: Any, form: str) -> tuple[bytes, bytes]:
        other = ec.generate_private_key(ec.SECP256R1())
        return original(key, form)[0], original(other, form)[1]

    endpoint.seams.instance_pair_halves = halves


@fault(
    "instance-pairs-always-pem",
    breaks=("INS-032",),
    statement="Pairs are answered in PEM whatever was asked for.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_pair_halves
    endpoint.seams.instance_pair_halves = lambda key, _: original(key, "PEM")


@fault(
    "instance-pair-repeats",
    breaks=("INS-033",),
    statement="A pair of a spec is always the same.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_new_pair
    made: dict[str, Any] = {}
    endpoint.seams.instance_new_pair = lambda spec: made.setdefault(spec, original(spec))


@fault(
    "instance-pair-shows-plaintext",
    breaks=("INS-034",),
    statement="A pair operation without plaintext answers the private half in a member of its own.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    halves, write = endpoint.seams.instance_pair_halves, endpoint.seams.instance_write
    seen: list[bytes] = []

    def keep(key: Any, form: str) -> tuple[bytes, bytes]:
        private, public = halves(key, form)
        seen.append(private)
        return private, public

    def leak(message: str, values: dict[str, Any]) -> bytes:
        body: bytes = write(message, values)
        return body + field_bytes(20, seen[-1]) if "WithoutPlaintext" in message else body

    endpoint.seams.instance_pair_halves = keep
    endpoint.seams.instance_write = leak


@fault(
    "instance-pair-under-way-is-a-failure",
    breaks=("INS-036",),
    statement="A pair operation beside another one is answered by InternalFailure.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "pair-concurrency", code="InternalFailure", status=500)


@fault(
    "instance-pair-operations-end-for-good",
    breaks=("INS-036",),
    statement="After a pair operation was refused because of another one, all are.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    refuse, make = endpoint.seams.instance_refuse, endpoint.seams.instance_new_pair
    refused: list[str] = []

    def remember(refusal: InstanceRefusal, request_id: str) -> Response:
        if refusal.kind == "pair-concurrency":
            refused.append(request_id)
        response: Response = refuse(refusal, request_id)
        return response

    def fail(spec: str) -> Any:
        if refused:
            raise InstanceRefusal("failure")
        return make(spec)

    endpoint.seams.instance_refuse = remember
    endpoint.seams.instance_new_pair = fail


@fault(
    "instance-digest-hashed-again",
    breaks=("INS-040", "INS-041"),
    statement="A DIGEST is hashed before it is signed or verified.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_digest

    def digest(call: InstanceCall, key: Any) -> bytes:
        found: bytes = original(call, key)
        again = call.values["MessageType"] == "DIGEST"
        return hashlib.sha256(found).digest() if again else found

    endpoint.seams.instance_digest = digest


@fault(
    "instance-verify-always-true",
    breaks=("INS-042",),
    statement="Verify answers Value true to everything.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    change_answer(endpoint, "Verify", lambda _, values: values.update(Value=True))


@fault(
    "instance-verify-always-false",
    breaks=("INS-041",),
    statement="Verify answers Value false to everything.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    change_answer(endpoint, "Verify", lambda _, values: values.update(Value=False))


@fault(
    "instance-wrong-signature-is-an-error",
    breaks=("INS-042",),
    statement="Verify refuses a wrong signature.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(_: InstanceCall, values: dict[str, Any]) -> None:
        if not values["Value"]:
            raise InstanceRefusal("bad-parameter")

    change_answer(endpoint, "Verify", change)


@fault(
    "instance-long-digests-are-cut",
    breaks=("INS-043",),
    statement="A DIGEST of more than 32 bytes is cut.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        digest = call.values["MessageType"] == "DIGEST"
        return {"Message": call.values["Message"][:32]} if digest else {}

    change_call(endpoint, "Sign Verify", change)


@fault(
    "instance-untyped-messages-hashed-twice",
    breaks=("INS-044",),
    statement="A message without MessageType is hashed twice.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        if call.values["MessageType"]:
            return {}
        return {"Message": hashlib.sha256(call.values["Message"]).digest()}

    change_call(endpoint, "Sign", change)


@fault(
    "instance-oaep-is-sha1",
    breaks=("INS-045",),
    statement="Encrypt and Decrypt take RSAES_OAEP_SHA_1 for the default.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        key = endpoint.account.keys.get(call.values["KeyId"])
        rsa = key is not None and key.spec.startswith("RSA")
        return {"Algorithm": call.values["Algorithm"] or "RSAES_OAEP_SHA_1"} if rsa else {}

    change_call(endpoint, "Encrypt Decrypt", change)


@fault(
    "instance-long-text-is-cut",
    breaks=("INS-047",),
    statement="Encrypt cuts a text that an RSA key has no room for.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        key = endpoint.account.keys.get(call.values["KeyId"])
        rsa = key is not None and key.spec.startswith("RSA")
        return {"Plaintext": call.values["Plaintext"][:190]} if rsa else {}

    change_call(endpoint, "Encrypt", change)


@fault(
    "instance-status-code-empty",
    breaks=("INS-109",),
    statement="StatusCode of an Error is 0.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_refuse

    def refuse(refusal: InstanceRefusal, request_id: str) -> Response:
        status, headers, body = original(refusal, request_id)
        return Response(status, headers, body + field_bytes(1, 0))

    endpoint.seams.instance_refuse = refuse
