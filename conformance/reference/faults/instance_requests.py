"""Faults of KMS Instance API: how messages are read, and fields checked."""

from typing import Any

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    ERRORS,
    PAGES,
    PROTO3,
    change_call,
    lenient_fields,
    refuse_otherwise,
)
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api.calls import InstanceCall
from conformance.spec.instance import InstanceOperation
from conformance.wire.failures import WireError
from conformance.wire.protobuf import field_numbers


@fault(
    "instance-missing-fields-have-defaults",
    breaks=("INS-060", "INS-062"),
    statement="Where KeyFormat, KeyPairSpec or NumberOfBytes is missing, a value of the endpoint's "
    "own is taken.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    defaults = {"KeyFormat": "PEM", "KeyPairSpec": "EC_P256", "NumberOfBytes": 32}
    lenient_fields(endpoint, *defaults)

    def change(call: InstanceCall) -> dict[str, Any]:
        names = defaults.keys() & call.values.keys()
        return {name: call.values[name] or defaults[name] for name in names}

    change_call(endpoint, "*", change)


@fault(
    "instance-encrypts-nothing",
    breaks=("INS-061",),
    statement="Encrypt and Sign work on an empty text.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "Plaintext", "Message")

    def change(call: InstanceCall) -> dict[str, Any]:
        return {} if call.values["Message"] else {"Message": b"\0"}

    change_call(endpoint, "Sign Verify", change)


@fault(
    "instance-bad-fields-are-failures",
    breaks=("INS-062", "INS-006", "INS-012", "INS-070", "INS-043"),
    statement="Fields that do not fit are answered by InternalFailure.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "bad-parameter", code="InternalFailure", status=500)


def _read_after(endpoint: Endpoint, judge: Any) -> None:
    original = endpoint.seams.instance_read

    def read(operation: InstanceOperation, body: bytes) -> dict[str, Any]:
        values: dict[str, Any] = original(operation, body)
        if not judge(operation, body, values):
            raise WireError("refused by mistake")
        return values

    endpoint.seams.instance_read = read


@fault(
    "instance-unknown-fields-refused",
    breaks=("INS-063",),
    statement="A field that the operation does not know makes the request bad.",
    source=PROTO3,
)
def _(endpoint: Endpoint) -> None:
    def judge(operation: InstanceOperation, body: bytes, _: Any) -> bool:
        known = {field["number"] for field in operation.request.values()}
        return known.issuperset(field_numbers(body))

    _read_after(endpoint, judge)


@fault(
    "instance-fields-in-order-only",
    breaks=("INS-064",),
    statement="Fields have to stand in the order of their numbers.",
    source=PROTO3,
)
def _(endpoint: Endpoint) -> None:
    def judge(_: Any, body: bytes, __: Any) -> bool:
        numbers = field_numbers(body)
        return numbers == sorted(numbers)

    _read_after(endpoint, judge)


@fault(
    "instance-explicit-defaults-refused",
    breaks=("INS-065",),
    statement="An optional field that is there and empty makes the request bad.",
    source=PROTO3,
)
def _(endpoint: Endpoint) -> None:
    def judge(operation: InstanceOperation, body: bytes, values: Any) -> bool:
        names = {field["number"]: name for name, field in operation.request.items()}
        found = (names.get(number) for number in field_numbers(body))
        return all(values[name] for name in found if name is not None)

    _read_after(endpoint, judge)


@fault(
    "instance-long-numbers-refused",
    breaks=("INS-066",),
    statement="A number that is written longer than need be makes the request bad.",
    source=PROTO3,
)
def _(endpoint: Endpoint) -> None:
    _read_after(endpoint, lambda _, body, __: body[-2:] != b"\x80\x00")


def _salvaged(operation: InstanceOperation, body: bytes, original: Any) -> dict[str, Any]:
    """Return what a decoder finds that gives up without a word where a message breaks."""
    for end in range(len(body), -1, -1):
        try:
            values: dict[str, Any] = original(operation, body[:end])
        except WireError:
            continue
        return values
    raise WireError("nothing to be saved")


@fault(
    "instance-broken-messages-salvaged",
    breaks=("INS-067", "INS-068"),
    statement="Of a message that breaks off, what stands before is taken.",
    source=PROTO3,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_read
    endpoint.seams.instance_read = lambda operation, body: _salvaged(operation, body, original)


@fault(
    "instance-broken-messages-are-failures",
    breaks=("INS-068",),
    statement="A body that is no message is answered by InternalFailure.",
    source=PROTO3,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "undecodable-body", code="InternalFailure", status=500)


@fault(
    "instance-missing-key-is-any",
    breaks=("INS-069", "INS-060"),
    statement="Where no key is named, the newest one of the instance is used.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "KeyId")

    def change(call: InstanceCall) -> dict[str, Any]:
        if call.values["KeyId"]:
            return {}
        keys = endpoint.account.keys.values()
        own = [key.id for key in keys if key.instance_id == call.instance_id]
        return {"KeyId": own[-1]} if own else {}

    change_call(endpoint, "Encrypt AdvanceEncrypt GenerateDataKey", change)


@fault(
    "instance-unknown-algorithm-is-default",
    breaks=("INS-070",),
    statement="Encrypt and Decrypt take the default for an algorithm that does not suit the key.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        return {} if call.values["Algorithm"] == "AES_CBC" else {"Algorithm": ""}

    change_call(endpoint, "Encrypt Decrypt AdvanceEncrypt", change)


@fault(
    "instance-message-type-unchecked",
    breaks=("INS-070",),
    statement="A MessageType that there is not stands for RAW.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "MessageType")
