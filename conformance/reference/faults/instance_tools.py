"""What faults of KMS Instance API share."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.endpoint import Endpoint
from conformance.reference.instance_api.calls import InstanceCall, Reply
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.passage import Response
from conformance.wire.identity import Policy
from conformance.wire.instance import Step

PAGES = "KMS Instance API, operations"
ERRORS = "KMS Instance API, common error codes pages 601490 and 415316"
SIGNING = "KMS Instance API, request signatures"
CLIENTS = "KMS Instance SDKs and transfer clients, official code"
PROTO3 = "Protocol Buffers, encoding of proto3"
AAP = "Use application access points page (zh)"

#: Changes the fields of a success in place.
Change = Callable[[InstanceCall, dict[str, Any]], None]


def change_answer(endpoint: Endpoint, operations: str, change: Change) -> None:
    """Change the fields of successes; ``operations`` are names with blanks between, ``*`` all."""
    original, names = endpoint.seams.instance_handle, operations.split()

    def handle(call: InstanceCall) -> Reply:
        reply: Reply = original(call)
        if "*" in names or call.operation.name in names:
            change(call, reply.values)
        return reply

    endpoint.seams.instance_handle = handle


def change_call(
    endpoint: Endpoint, operations: str, change: Callable[[InstanceCall], dict[str, Any]]
) -> None:
    """Change the fields of requests of some operations before they are handled."""
    original, names = endpoint.seams.instance_handle, operations.split()

    def handle(call: InstanceCall) -> Reply:
        if "*" in names or call.operation.name in names:
            call = replace(call, values={**call.values, **change(call)})
        reply: Reply = original(call)
        return reply

    endpoint.seams.instance_handle = handle


def refuse_otherwise(
    endpoint: Endpoint,
    kinds: str,
    *,
    code: str | None = None,
    status: int | None = None,
    message: str | None = None,
) -> None:
    """Answer some refusals, by their kinds in transport.json, with another code or status."""
    original, names = endpoint.seams.instance_refuse, kinds.split()

    def refuse(refusal: InstanceRefusal, request_id: str) -> Response:
        if refusal.kind in names:
            refusal.code = code or refusal.code
            refusal.status = status or refusal.status
            refusal.message = message or refusal.message
        response: Response = original(refusal, request_id)
        return response

    endpoint.seams.instance_refuse = refuse


def change_policy(endpoint: Endpoint, **changes: Any) -> None:
    """Let authentication insist on something else."""
    original = endpoint.seams.instance_policy

    def policy(endpoint: Endpoint) -> Policy:
        usual: Policy = original(endpoint)
        return replace(usual, **changes)

    endpoint.seams.instance_policy = policy


def put_step(endpoint: Endpoint, step: Step, instead: Step | None = None) -> None:
    """Leave a check of authentication out, or put another in its place."""
    original = endpoint.seams.instance_steps

    def steps(endpoint: Endpoint) -> tuple[Step, ...]:
        found: list[Step] = list(original(endpoint))
        place = found.index(step)
        found[place : place + 1] = [] if instead is None else [instead]
        return tuple(found)

    endpoint.seams.instance_steps = steps


def lenient_fields(endpoint: Endpoint, *names: str) -> None:
    """Do not check some fields."""
    original = endpoint.seams.instance_field_fits

    def fits(call: InstanceCall, field: dict[str, Any], value: Any) -> bool:
        return field["name"] in names or bool(original(call, field, value))

    endpoint.seams.instance_field_fits = fits
