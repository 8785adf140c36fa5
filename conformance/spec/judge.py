"""Judges logical parameters by the whole subset, the suite's own keywords included.

`jsonschema` knows nothing of `x-decoded` or `x-max-bytes`, does not assert `contentEncoding`, and
reads patterns as Python does. The validator here adds these, so that whoever checks requests by the
specs checks all that they say.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from conformance.spec.catalogue import Json, Operation, catalogue
from conformance.spec.keywords import pointer_to, request_schema
from conformance.spec.patterns import parse


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One constraint that a value does not meet.

    Attributes:
        keyword: The keyword that is violated.
        pointer: JSON Pointer of the value concerned; empty for the parameters as a whole.
        message: What is wrong, without the value, which may be secret.
    """

    keyword: str
    pointer: str
    message: str = ""


def decoded_length(text: str) -> int | None:
    """Return the number of bytes that standard base64 text stands for, None when it is not such."""
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


def json_length(value: Json) -> int:
    """Return the number of characters of a value as compact JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not parse(pattern).matches(instance):
        yield ValidationError(f"does not match {pattern}")


def _encoding(_: Any, __: str, instance: Any, ___: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and decoded_length(instance) is None:
        yield ValidationError("is not standard base64 with padding")


def _decoded(
    _: Any, limits: Mapping[str, int], instance: Any, __: Any
) -> Iterator[ValidationError]:
    length = decoded_length(instance) if isinstance(instance, str) else None
    if length is None:
        return
    low = limits.get("bytes", limits.get("minBytes", 0))
    high = limits.get("bytes", limits.get("maxBytes", length))
    if not low <= length <= high:
        yield ValidationError("decodes to a number of bytes that is out of range")


def _bytes(_: Any, limit: int, instance: Any, __: Any) -> Iterator[ValidationError]:
    text = instance if isinstance(instance, str) else json.dumps(instance, ensure_ascii=False)
    if len(text.encode(errors="surrogatepass")) > limit:
        yield ValidationError(f"is longer than {limit} bytes")


def _json_length(_: Any, limit: int, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict | list) and json_length(instance) > limit:
        yield ValidationError(f"is longer than {limit} characters")


RequestValidator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "pattern": _pattern,
        "contentEncoding": _encoding,
        "x-decoded": _decoded,
        "x-max-bytes": _bytes,
        "x-max-json-length": _json_length,
    },
)


def violations(operation: Operation, params: Mapping[str, Json]) -> list[Violation]:
    """Return every constraint of the operation's request that ``params`` violate.

    Those of single parameters come first. Requests of one operation differ in few parameters, which
    is why what was found for a value is remembered.
    """
    schema = request_schema(operation)
    if "additionalProperties" in schema:
        return list(_found(_validator(schema), dict(params)))
    found: list[Violation] = []
    for name, value in params.items():
        part = schema.get("properties", {}).get(name)
        if part is not None:
            found += _of_parameter(operation.name, name, part, value)
    return [*found, *_found(_validator(_together(operation.name)), dict(params))]


@cache
def _together(name: str) -> Mapping[str, Any]:
    """Return the constraints between parameters."""
    schema = request_schema(catalogue().operations[name])
    return {keyword: value for keyword, value in schema.items() if keyword != "properties"}


#: Violations by operation, parameter and value.
_REMEMBERED: dict[tuple[str, str, str], list[Violation]] = {}
_MOST_REMEMBERED = 4096


def _of_parameter(
    operation: str, name: str, schema: Mapping[str, Any], value: Json
) -> list[Violation]:
    key = (operation, name, repr(value))
    if key not in _REMEMBERED:
        if len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.clear()
        pointer = pointer_to("", name)
        _REMEMBERED[key] = [
            Violation(item.keyword, pointer + item.pointer, item.message)
            for item in _found(_validator(schema), value)
        ]
    return _REMEMBERED[key]


def violations_of(schema: Mapping[str, Any], value: Json) -> list[Violation]:
    """Return every constraint of an expanded schema that ``value`` violates."""
    return list(_found(_validator(schema), value))


def meets(schema: Mapping[str, Any], value: Json) -> bool:
    """Tell whether a value meets all constraints of an expanded schema."""
    return bool(_validator(schema).is_valid(value))


#: Validators by the identity of their schema, which is kept so that no other can take its place.
_VALIDATORS: dict[int, tuple[Mapping[str, Any], Validator]] = {}


def _validator(schema: Mapping[str, Any]) -> Validator:
    known = _VALIDATORS.get(id(schema))
    if known is None or known[0] is not schema:
        known = (schema, RequestValidator(schema))
        _VALIDATORS[id(schema)] = known
    return known[1]


def _found(validator: Validator, value: Json) -> Iterator[Violation]:
    for error in validator.iter_errors(value):
        pointer = ""
        for part in error.absolute_path:
            pointer = pointer_to(pointer, part)
        yield Violation(str(error.validator), pointer, error.message if _safe(error) else "")


def _safe(error: ValidationError) -> bool:
    """Tell whether the message holds no value: only those written above and names do."""
    return str(error.validator) in {
        "pattern", "contentEncoding", "x-decoded", "x-max-bytes", "x-max-json-length", "required",
    }  # fmt: skip
