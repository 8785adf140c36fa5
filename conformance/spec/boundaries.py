"""Deterministic walk along the borders of every constraint of a schema, from the inside."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.spec.catalogue import Json
from conformance.spec.judge import json_length
from conformance.spec.keywords import Schema, provenance_of, special_values
from conformance.spec.placeholders import Resource, stand_in
from conformance.spec.values import (
    CJK,
    EMOJI,
    NoValueError,
    canonical,
    decoded_bounds,
    distinct,
    encoded,
    patterns_of,
    text_of,
    valid,
)

#: Characters with a meaning in queries, forms, JSON, XML or shells; all must come through.
RESERVED = "a+b c&d=e%41%2B;f/g?h#i~j"
MARKUP = "<a href='x'>\"&amp;\\n</a>"
_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Boundary:
    """A valid value at the border of a constraint.

    Attributes:
        name: Short and stable, part of ids.
        purpose: What it probes.
        value: The value.
        keyword: The constraint whose border it is, or "enum".
        pointer: Where, relative to the schema walked.
        provenance: "inferred" when success is not documented; then a refusal only warns.
    """

    name: str
    purpose: str
    value: Json
    keyword: str
    pointer: str = ""
    provenance: str = "documented"


def boundaries(schema: Schema) -> Iterator[Boundary]:
    """Yield valid values at the border of each constraint of an expanded schema, once each."""
    seen: list[Json] = []
    for boundary in _walk(schema):
        if any(boundary.value == value and type(boundary.value) is type(value) for value in seen):
            continue
        if valid(schema, stand_in(boundary.value, schema, canonical)):
            seen.append(boundary.value)
            yield boundary


def _walk(schema: Schema) -> Iterator[Boundary]:
    if "x-not-generated" in schema or "const" in schema:
        return
    if "x-resource" in schema and "enum" not in schema:
        if schema.get("type") == "integer" and "minimum" in schema:
            low = schema["minimum"]
            yield Boundary("minimum", f"least value {low}", low, "minimum")
        elif schema["x-resource"].startswith("new-"):
            yield from _new_names(schema)
        return
    if "enum" in schema:
        yield from _listed(schema)
        return
    for index, value in enumerate(schema.get("examples", ())):
        yield Boundary(f"example-{index + 1}", "realistic value", value, "examples")
    kind = schema.get("type", "")
    if kind in _WALKERS and not ("examples" in schema and kind == "string"):
        yield from _WALKERS[kind](schema)


def _listed(schema: Schema) -> Iterator[Boundary]:
    special = special_values(schema)
    for value in schema["enum"]:
        if value not in special:
            yield Boundary(str(value).replace("/", "-"), f"value {value}", value, "enum")


def _booleans(_: Schema) -> Iterator[Boundary]:
    for flag in (True, False):
        yield Boundary(str(flag).lower(), f"value {str(flag).lower()}", flag, "type")


def _integers(schema: Schema) -> Iterator[Boundary]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        yield Boundary(
            "minimum", f"least value {low}", low, "minimum", "", provenance_of(schema, "minimum")
        )
        yield Boundary("minimum-plus-1", f"{low + 1}", low + 1, "minimum")
    if high is not None:
        mark = provenance_of(schema, "maximum")
        yield Boundary("maximum-minus-1", f"{high - 1}", high - 1, "maximum")
        yield Boundary("maximum", f"largest value {high}", high, "maximum", "", mark)
    else:
        yield Boundary("int32", "largest 32-bit integer", _INT32, "maximum", "", "inferred")


def _strings(schema: Schema) -> Iterator[Boundary]:
    if schema.get("contentEncoding") == "base64":
        yield from _base64(schema)
        return
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    patterns = patterns_of(schema)
    if low == 0 and text_of(schema, 0) is not None:
        yield Boundary("empty", "empty text", "", "minLength", "", "inferred")
    least = max(low, 1, patterns[0].bounds[0] if patterns else 1)
    shortest = text_of(schema, least)
    if shortest is not None:
        mark = provenance_of(schema, "minLength")
        yield Boundary("shortest", _characters(least), shortest, "minLength", "", mark)
    if high is not None:
        longest = text_of(schema, high)
        if longest is not None:
            mark = provenance_of(schema, "maxLength")
            yield Boundary("longest", _characters(high), longest, "maxLength", "", mark)
    if patterns:
        length = min(high or 64, 64)
        for size in range(length, length - 8, -1):
            text = text_of(schema, size, varied=True)
            if text is not None:
                yield Boundary("alphabet", "many allowed characters", text, "pattern")
                break
        return
    yield from _scripts(schema)


def _characters(count: int) -> str:
    return "one character" if count == 1 else f"{count} characters"


def _scripts(schema: Schema) -> Iterator[Boundary]:
    """Texts without a prescribed alphabet: other scripts, and what encodings get wrong."""
    free = "documented" if schema.get("x-text") else "inferred"
    mark = provenance_of(schema, "maxLength") if free == "documented" else free
    yield Boundary("cjk", "three-byte UTF-8", CJK, "type", "", free)
    yield Boundary("emoji", "four-byte UTF-8", f"{EMOJI}{CJK}{EMOJI}", "type", "", free)
    yield Boundary("reserved", "characters with a meaning in a query", RESERVED, "type", "", free)
    yield Boundary("markup", "characters with a meaning in XML and JSON", MARKUP, "type", "", free)
    high = schema.get("maxLength")
    if high is not None and schema.get("x-text"):
        text = (CJK * high)[:high]
        yield Boundary("longest-cjk", f"{high} three-byte characters", text, "maxLength", "", mark)
        # Half as many, because a character outside the BMP is two UTF-16 code units.
        text = EMOJI * (high // 2)
        yield Boundary("longest-emoji", f"{high} UTF-16 units", text, "maxLength", "", mark)
    limit = schema.get("x-max-bytes")
    if limit is not None:
        mark = provenance_of(schema, "x-max-bytes")
        yield Boundary("most-bytes", f"{limit} bytes", "a" * limit, "x-max-bytes", "", mark)
        text = CJK[0] * (limit // 3)
        name, purpose = "most-bytes-cjk", f"{limit // 3} three-byte characters"
        yield Boundary(name, purpose, text + "a" * (limit % 3), "x-max-bytes", "", mark)


def _new_names(schema: Schema) -> Iterator[Boundary]:
    """A name not yet taken, stretched: it keeps its beginning, by which it can be found again."""
    resource = Resource.parse(schema["x-resource"])
    high = schema.get("maxLength")
    if high is not None:
        mark = provenance_of(schema, "maxLength")
        name = resource.changed("pad", str(high))
        yield Boundary("longest", f"{high} characters", name, "maxLength", "", mark)
        name = resource.changed("pad", str(high - 1))
        yield Boundary("longest-minus-1", f"{high - 1} characters", name, "maxLength", "", mark)
    patterns = patterns_of(schema)
    if patterns:
        allowed = max((chars.visible() for chars in patterns[0].classes), key=len)
        marks = "".join(char for char in allowed if not char.isalnum())
        name = resource.changed("append", marks + "a")
        yield Boundary("alphabet", "every special character allowed", name, "pattern")


def _base64(schema: Schema) -> Iterator[Boundary]:
    low, high = decoded_bounds(schema)
    mark = provenance_of(schema, "x-decoded")
    yield Boundary("fewest-bytes", f"{max(low, 1)} bytes", encoded(max(low, 1)), "x-decoded")
    for length, padding in ((2, "one"), (3, "no")):
        if low <= length and (high is None or length <= high):
            purpose = f"base64 with {padding} padding character"
            yield Boundary(f"padding-{padding}", purpose, encoded(length), "contentEncoding")
    text = "+/+/++//" * 2
    yield Boundary("alphabet", "the two special characters of base64", text, "contentEncoding")
    if high is None or high == low:
        return
    yield Boundary("most-bytes", f"{high} bytes", encoded(high), "x-decoded", "", mark)
    # The same number of characters of text: within the limit whichever of the two it counts.
    within = high // 4 * 3
    yield Boundary(
        "most-characters", f"{within} bytes, {high} characters", encoded(within), "x-decoded"
    )


def _arrays(schema: Schema) -> Iterator[Boundary]:
    items: Schema = schema.get("items", {})
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if low == 0:
        yield Boundary("no-items", "empty list", [], "minItems", "", "inferred")
    for count, name, keyword in ((max(low, 1), "fewest", "minItems"), (high, "most", "maxItems")):
        if count is None:
            continue
        values = _several(items, count)
        if values is not None:
            mark = provenance_of(schema, keyword)
            yield Boundary(f"{name}-items", f"{count} items", values, keyword, "", mark)
    if (high is None or high > 2) and high != low:
        values = _several(items, max(low, 2))
        if values is not None:
            yield Boundary("two-items", "more than one item", values, "items")
    for inner in _walk(items):
        rest = _several(items, low) or []
        value = [inner.value, *(item for item in rest[1:] if item != inner.value)]
        yield _nest(inner, value, "item", "/0")


def _several(items: Schema, count: int) -> list[Json] | None:
    """Return different items, or None where each would have to be a real thing or realistic."""
    if count > 1 and (_needs_resource(items) or "examples" in items):
        examples = items.get("examples", [])
        return list(examples[:count]) if count <= len(examples) else None
    try:
        return [placed(items)] if count == 1 else distinct(items, count)
    except NoValueError:
        return None


def _needs_resource(schema: Schema) -> bool:
    if "x-resource" in schema:
        return True
    required = schema.get("required", ())
    return any(_needs_resource(schema.get("properties", {}).get(name, {})) for name in required)


def _objects(schema: Schema) -> Iterator[Boundary]:
    properties: dict[str, Schema] = {
        name: part
        for name, part in schema.get("properties", {}).items()
        if "x-not-generated" not in part
    }
    required = schema.get("required", ())
    base = {name: placed(part) for name, part in properties.items() if name in required}
    if properties:
        if base and len(base) < len(properties):
            yield Boundary("required-members", "required members only", dict(base), "required")
        everything = {name: placed(part) for name, part in properties.items()}
        yield Boundary("all-members", "every member", everything, "properties")
        for name, part in properties.items():
            for inner in _walk(part):
                yield _nest(inner, {**base, name: inner.value}, name, f"/{name}")
        return
    yield from _maps(schema)


def _maps(schema: Schema) -> Iterator[Boundary]:
    part = schema.get("additionalProperties", {})
    if not isinstance(part, dict):
        return
    yield Boundary("no-members", "empty object", {}, "type", "", "inferred")
    yield Boundary("one-member", "one pair", {"purpose": canonical(part)}, "type")
    pairs = {"b": "2", "a": "1", "C": "3"}
    yield Boundary("member-order", "members not in alphabetical order", pairs, "type")
    if part.get("x-text"):
        text = f"{CJK}{EMOJI}"
        yield Boundary("non-ascii", "names and values outside ASCII", {text: text}, "type")
        pairs = {"reserved": RESERVED, "markup": MARKUP}
        yield Boundary("reserved", "characters with a meaning elsewhere", pairs, "type")
    most = schema.get("maxProperties")
    if most is not None:
        pairs = {f"name{number}": str(number) for number in range(most)}
        mark = provenance_of(schema, "maxProperties")
        yield Boundary("most-members", f"{most} pairs", pairs, "maxProperties", "", mark)
    limit = schema.get("x-max-json-length")
    if limit is not None:
        long = {"long": "a" * (limit - json_length({"long": ""}))}
        mark = provenance_of(schema, "x-max-json-length")
        purpose = f"{limit} characters of JSON"
        yield Boundary("longest", purpose, long, "x-max-json-length", "", mark)


def _nest(inner: Boundary, value: Any, name: str, pointer: str) -> Boundary:
    return Boundary(
        f"{name}.{inner.name}",
        f"{name}: {inner.purpose}",
        value,
        inner.keyword,
        pointer + inner.pointer,
        inner.provenance,
    )


def placed(schema: Schema) -> Any:
    """Return a plain valid value with placeholders where real things belong."""
    if "x-resource" in schema:
        return Resource.parse(schema["x-resource"])
    if "examples" in schema:
        return schema["examples"][0]
    if schema.get("type") == "array" and schema.get("items") is not None:
        count = max(1, schema.get("minItems", 0))
        items: Schema = schema["items"]
        return [placed(items)] if count == 1 else distinct(items, count)
    if schema.get("type") == "object":
        properties: dict[str, Schema] = schema.get("properties", {})
        names = list(schema.get("required", ())) or [
            name for name in list(properties)[:1] if "x-not-generated" not in properties[name]
        ]
        if names:
            return {name: placed(properties[name]) for name in names}
    return canonical(schema)


_WALKERS: Mapping[str, Callable[[Schema], Iterator[Boundary]]] = {
    "boolean": _booleans,
    "integer": _integers,
    "string": _strings,
    "array": _arrays,
    "object": _objects,
}
