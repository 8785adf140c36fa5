"""One-fault values: for each constraint of a schema, values that break this one and no other.

A fault is a value for the place that the schema describes. Faults of members and items are wrapped
into otherwise valid objects and lists, so that what comes out at the top is a value for one whole
parameter. What cannot be told apart on the wire (text for text, an empty list in a query) is not
proposed; what could not be built with a single fault is dropped by `negatives`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.spec.boundaries import placed
from conformance.spec.judge import json_length
from conformance.spec.keywords import Schema, pointer_to, provenance_of
from conformance.spec.scalar_faults import (
    Fault,
    boolean_faults,
    enum_faults,
    integer_faults,
    string_faults,
    type_faults,
)
from conformance.spec.values import NoValueError, canonical, distinct


def faults(schema: Schema, *, as_json: bool) -> Iterator[Fault]:
    """Yield one-fault values of an expanded schema.

    Args:
        schema: Of one parameter, member or item.
        as_json: Whether the value travels inside JSON, where types can be told apart.
    """
    own = schema.get("x-refusals", {})
    for fault in _faults(schema, as_json=as_json):
        yield fault if fault.refusals or not own else replace(fault, refusals=own)


def _faults(schema: Schema, *, as_json: bool) -> Iterator[Fault]:
    if "x-not-generated" in schema:
        return
    if "const" in schema:
        mark = provenance_of(schema, "const")
        other = f"not-{schema['const']}" if isinstance(schema["const"], str) else "other"
        yield Fault("other", "other than the only value", other, "const", "", mark)
        return
    kind = schema.get("type")
    if kind in {"integer", "number"}:
        yield from integer_faults(schema, as_json)
    elif kind == "boolean":
        yield from boolean_faults(schema, as_json)
    elif kind == "string":
        if as_json:
            yield from type_faults(schema)
        yield from enum_faults(schema) if "enum" in schema else string_faults(schema)
    elif kind == "array":
        yield from _array(schema, as_json)
    elif kind == "object":
        yield from _object(schema, as_json)


def _array(schema: Schema, as_json: bool) -> Iterator[Fault]:
    items: Schema = schema.get("items", {})
    mark = form_provenance(schema)
    if as_json:
        yield Fault("type-object", "object for a list", {}, "type", "", mark)
        yield Fault("type-text", "text for a list", "text", "type", "", mark)
        yield Fault("type-null", "null for a list", None, "type", "", "inferred", weight=2)
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if low:
        value = _some(items, low - 1)
        mark = provenance_of(schema, "minItems")
        yield Fault(
            "few", f"{low - 1} items, one too few", value, "minItems", "", mark, empty=low == 1
        )
    if high is not None:
        value = _some(items, high + 1)
        mark = provenance_of(schema, "maxItems")
        yield Fault(
            "many", f"{high + 1} items, one too many", value, "maxItems", "", mark, weight=0
        )
    if schema.get("uniqueItems"):
        one = placed(items)
        mark = provenance_of(schema, "uniqueItems")
        yield Fault("twice", "the same item twice", [one, one], "uniqueItems", "", mark, weight=0)
    before = _some(items, max(low - 1, 1)) if high is None or high > 1 else []
    if "x-resource" in schema:
        return  # the items are real things; their faults are those of references
    for inner in faults(items, as_json=as_json):
        good = [item for item in before if item != inner.value]
        pointer = pointer_to("", len(good)) + inner.pointer
        yield replace(
            inner,
            name=f"item.{inner.name}",
            purpose=f"one bad item: {inner.purpose}",
            value=[*good, inner.value],
            pointer=pointer,
            weight=inner.weight + 1,
        )


def form_provenance(schema: Schema) -> str:
    """Return how sure it is that a parameter is JSON of its type; readings may say otherwise."""
    if str(schema.get("x-reading", "")).endswith(("-form", "-format")):
        return "inferred"
    return provenance_of(schema, "type")


def _some(items: Schema, count: int) -> list[Any]:
    if count <= 0:
        return []
    try:
        return [placed(items)] if count == 1 else distinct(items, count)
    except NoValueError:
        return [canonical(items)] * count


def _object(schema: Schema, as_json: bool) -> Iterator[Fault]:
    properties: dict[str, Schema] = schema.get("properties", {})
    required = schema.get("required", ())
    if as_json:
        mark = form_provenance(schema)
        yield Fault("type-list", "list for an object", [], "type", "", mark)
        yield Fault("type-text", "text for an object", "text", "type", "", mark)
        yield Fault("type-number", "number for an object", 5, "type", "", mark, weight=2)
        yield Fault("type-null", "null for an object", None, "type", "", "inferred", weight=2)
    base = {name: placed(properties[name]) for name in required}
    for name in required:
        mark = provenance_of(schema, "required", name)
        rest = {key: value for key, value in base.items() if key != name}
        if not rest:  # an item without any member leaves no trace in a query
            others = [key for key in properties if key != name and _is_generated(properties[key])]
            rest = {key: placed(properties[key]) for key in others[:1]}
        purpose = f"member {name} missing"
        yield Fault(f"without-{name}", purpose, rest, "required", "", mark, weight=1)
    if schema.get("additionalProperties") is False:
        mark = provenance_of(schema, "additionalProperties")
        value = {**base, "Unknown": "x"}
        yield Fault("unknown-member", "unknown member", value, "additionalProperties", "", mark)
    for name, part in properties.items():
        for inner in faults(part, as_json=as_json):
            yield replace(
                inner,
                name=f"{name}.{inner.name}",
                purpose=f"{name}: {inner.purpose}",
                value={**base, name: inner.value},
                pointer=pointer_to("", name) + inner.pointer,
                weight=inner.weight + 1,
            )
    if not properties:
        yield from _map(schema)
    for keyword, unit in (("x-max-bytes", "bytes"), ("x-max-json-length", "characters")):
        large = _large(schema, schema[keyword]) if keyword in schema and properties else None
        if large is not None:
            mark = provenance_of(schema, keyword)
            purpose = f"more than {schema[keyword]} {unit} of JSON"
            yield Fault("large", purpose, large, keyword, "", mark, weight=0)


def _is_generated(schema: Schema) -> bool:
    return "x-not-generated" not in schema


def _large(schema: Schema, size: int) -> Any:
    """Return a valid value (but for its size) whose JSON is longer than ``size``, or None."""
    if not _is_generated(schema) or "x-resource" in schema:
        return None
    kind = schema.get("type")
    if kind == "string" and not {"enum", "pattern", "maxLength", "contentEncoding"} & schema.keys():
        return "a" * (size + 1)
    if kind == "array" and "maxItems" not in schema and "items" in schema:
        return [placed(schema["items"])] * (size // json_length(canonical(schema["items"])) + 1)
    if kind == "object" and not schema.get("properties"):
        return {"long": "a" * (size + 1)}
    if kind != "object":
        return None
    properties: dict[str, Schema] = schema["properties"]
    for name, part in properties.items():
        value = _large(part, size)
        if value is not None:
            base = {key: placed(properties[key]) for key in schema.get("required", ())}
            return {**base, name: value}
    return None


def _map(schema: Schema) -> Iterator[Fault]:
    part = schema.get("additionalProperties")
    if not isinstance(part, dict):
        return
    for inner in faults(part, as_json=True):
        yield replace(
            inner,
            name=f"value.{inner.name}",
            purpose=f"one bad pair: {inner.purpose}",
            value={"good": "x", "bad": inner.value},
            pointer=f"/bad{inner.pointer}",
        )
    most = schema.get("maxProperties")
    if most is not None:
        value = {f"name{number}": "x" for number in range(most + 1)}
        mark = provenance_of(schema, "maxProperties")
        yield Fault("many-pairs", f"{most + 1} pairs", value, "maxProperties", "", mark, weight=0)
    limit = schema.get("x-max-json-length")
    if limit is not None:
        mark = provenance_of(schema, "x-max-json-length")
        # Too long whether names, quotes and braces count or not.
        value = {"long": "a" * (limit + 1)}
        assert json_length(value) > limit
        yield Fault("long", f"more than {limit} characters", value, "x-max-json-length", "", mark)
