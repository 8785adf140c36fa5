"""Judges a successful answer by the response schema of its operation, without telling values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema.exceptions import ValidationError

from conformance.client.exchange import Exchange
from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.judge import RequestValidator


@dataclass(frozen=True, slots=True)
class Problem:
    """One departure of an answer from its schema.

    Attributes:
        pointer: JSON Pointer of the member concerned.
        expected: What the schema says of it.
        found: What was there: its type or its absence, never its value.
        gates: Whether a source states the constraint.
    """

    pointer: str
    expected: str
    found: str
    gates: bool


@cache
def _validator(name: str) -> Any:
    operation = catalogue().operations[name]
    return RequestValidator(operation.response, registry=operation.registry)


def answer_problems(operation: Operation, exchange: Exchange) -> list[Problem]:
    """Return what is wrong with the members of a successful answer."""
    errors = _validator(operation.name).iter_errors(exchange.data)
    return [problem for error in errors for problem in _problems(error)]


def places(value: Any, place: str = "") -> Iterator[str]:
    """Yield where members stand in an answer, ``Keys/Key/*/KeyId``; an empty list has none."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            inner = f"{place}/{name}" if place else str(name)
            yield inner
            yield from places(part, inner)
    elif isinstance(value, list):
        for part in value:
            yield from places(part, f"{place}/*")


def _problems(error: ValidationError) -> Iterator[Problem]:
    pointer = "".join(f"/{part}" for part in error.absolute_path) or "/"
    keyword = str(error.validator)
    if keyword == "required":
        names: Any = error.validator_value
        for name in names:
            if name not in error.instance:  # type: ignore[operator]
                gates = _gates(error, f"required:{name}", "required")
                yield Problem(pointer, f"{name} in {pointer}", "nothing", gates)
        return
    # An absent optional member that is written as null says no more than its absence.
    gates = error.instance is not None and _gates(error, keyword)
    yield Problem(pointer, f"{pointer} with {_wish(error)}", _kind(error.instance), gates)


def _gates(error: ValidationError, *names: str) -> bool:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    marks: Mapping[str, str] = schema.get("x-provenance", {})
    return all(marks.get(name, "documented") != "inferred" for name in names)


def _wish(error: ValidationError) -> str:
    value = error.validator_value
    text = " or ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{error.validator} {text[:120]}"


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "text",
        bool: "a boolean",
        type(None): "null",
    }
    if type(value) in names:
        return names[type(value)] + (" that does not fit" if isinstance(value, str) else "")
    return "a number"
