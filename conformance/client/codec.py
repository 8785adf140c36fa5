"""Parameters and answers of operations on the wire, compiled once from their schemas."""

from functools import cache

from conformance.spec import Operation, catalogue, resolve
from conformance.wire.encoding import ParameterCodec


@cache
def codec(operation_name: str) -> ParameterCodec:
    """Return the encoder of an operation's parameters."""
    return ParameterCodec(catalogue().operations[operation_name].request, resolve)


@cache
def form_parameters(operation_name: str) -> frozenset[str]:
    """Return the parameters that official SDKs send in the form body."""
    properties = catalogue().operations[operation_name].request.get("properties", {})
    return frozenset(name for name, schema in properties.items() if schema.get("x-form"))


def operation_or_none(name: str) -> Operation | None:
    """Return an operation by name, None for a name that the specs do not know."""
    return catalogue().operations.get(name)
