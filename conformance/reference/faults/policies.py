"""Faults of policies of keys and secrets."""

import json
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import SDK, key_of
from conformance.reference.services.finding import not_found

_OVERVIEW = "Overview of key policies page (ja)"


@fault(
    "key-policy-is-not-kept",
    breaks=("EFF-060",),
    statement="SetKeyPolicy succeeds and the policy stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(endpoint, "SetKeyPolicy", lambda _call, _original: {})


@fault(
    "secret-policy-is-not-kept",
    breaks=("EFF-060",),
    statement="SetSecretPolicy succeeds and the policy stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(endpoint, "SetSecretPolicy", lambda _call, _original: {})


@fault(
    "policy-statements-add-up",
    breaks=("EFF-060",),
    statement="SetKeyPolicy adds its statements to those that were there.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.stored_policy

    def stored(call: Call) -> dict[str, Any]:
        document: dict[str, Any] = original(call)
        if call.operation.name != "SetKeyPolicy":
            return document
        former = key_of(call).policy or {"Statement": []}
        return {**document, "Statement": [*former["Statement"], *document["Statement"]]}

    endpoint.seams.stored_policy = stored


@fault(
    "policy-loses-statements",
    breaks=("EFF-060",),
    statement="Only the first statement of a policy is kept.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.stored_policy

    def stored(call: Call) -> dict[str, Any]:
        document: dict[str, Any] = original(call)
        return {**document, "Statement": document["Statement"][:1]}

    endpoint.seams.stored_policy = stored


@fault(
    "policy-effect-turned-around",
    breaks=("EFF-060",),
    statement="Deny of a policy is answered as Allow.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["Policy"] = answer["Policy"].replace('"Deny"', '"Allow"')

    wrap_answer(endpoint, ["GetKeyPolicy", "GetSecretPolicy"], change)


@fault(
    "policy-is-an-object",
    breaks=("EFF-060",),
    statement="Policy is answered as a JSON object instead of JSON text.",
    source="SDK model, Python SDK alibabacloud-kms20160120 3.3.1",
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["Policy"] = json.loads(answer["Policy"])

    wrap_answer(endpoint, ["GetKeyPolicy", "GetSecretPolicy"], change)


@fault(
    "new-key-has-no-policy",
    breaks=("CON-001",),
    statement="GetKeyPolicy of a key whose policy was never set answers not found.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if key_of(call).policy is None and key_of(call).instance_id is not None:
            raise not_found("policy")
        return original(call)

    wrap_handler(endpoint, "GetKeyPolicy", wrapper)


@fault(
    "policy-outside-an-instance",
    breaks=("EFF-086",),
    statement="Keys outside an instance have a policy.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.instance_id
        key.instance_id = before or "none"
        try:
            return original(call)
        finally:
            key.instance_id = before

    wrap_handler(endpoint, ["GetKeyPolicy", "SetKeyPolicy"], wrapper)
