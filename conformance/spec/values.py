"""Deterministic values of a schema: a plain valid one, distinct ones, texts of an exact length."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from conformance.spec.catalogue import Json
from conformance.spec.judge import meets
from conformance.spec.keywords import Schema, special_values
from conformance.spec.patterns import Pattern, parse

#: Three bytes of UTF-8 a character, within the Basic Multilingual Plane.
CJK = "密钥管理服务"
#: Four bytes of UTF-8, two UTF-16 code units.
EMOJI = "🔑"
_PLAIN = "conformance"


class NoValueError(ValueError):
    """A schema for which no valid value could be built."""


def valid(schema: Schema, value: Json) -> bool:
    """Tell whether a value meets all constraints of an expanded schema."""
    return meets(schema, value)


def canonical(schema: Schema) -> Json:
    """Return a plain valid value.

    Raises:
        NoValueError: When none was found, which means that the schema needs an example.
    """
    for value in _candidates(schema):
        if valid(schema, value):
            return value
    raise NoValueError(f"no plain value of {dict(schema)}")


def distinct(schema: Schema, count: int) -> list[Json]:
    """Return that many different valid values, the canonical one first.

    Objects differ in the member by which they are told apart: the first one required.
    """
    values: list[Json] = []
    for value in _series(schema, count):
        if value not in values and valid(schema, value):
            values.append(value)
        if len(values) == count:
            return values
    raise NoValueError(f"not {count} different values of {dict(schema)}")


def patterns_of(schema: Schema) -> list[Pattern]:
    """Return the patterns that apply to a string, the most restrictive first."""
    sources = [schema["pattern"]] if "pattern" in schema else []
    sources += [part["pattern"] for part in schema.get("allOf", ()) if "pattern" in part]
    found = [parse(source) for source in sources]
    return sorted(found, key=lambda pattern: not pattern.source.endswith("$"))


def text_of(schema: Schema, length: int, filler: str = "a", *, varied: bool = False) -> str | None:
    """Return a valid text of exactly ``length`` characters, or None when there is none.

    Args:
        schema: Of a string.
        length: In characters (code points).
        filler: Repeated where no pattern prescribes the characters.
        varied: Go through all characters that the pattern allows.
    """
    texts: list[str | None] = []
    if schema.get("contentEncoding") == "base64":
        texts.append(encoded(length // 4 * 3) if length % 4 == 0 else None)
    for pattern in patterns_of(schema):
        texts += [pattern.sample(length, varied=varied), pattern.sample(length, varied=True)]
    if not texts:
        texts.append((filler * length)[:length])
    for text in texts:
        if text is not None and len(text) == length and valid(schema, text):
            return text
    return None


def encoded(length: int, salt: str = "") -> str:
    """Return base64 text of ``length`` bytes, always the same ones."""
    return base64.b64encode(
        hashlib.shake_128(b"kms-conformance" + salt.encode()).digest(length)
    ).decode()


def decoded_bounds(schema: Schema) -> tuple[int, int | None]:
    """Return the least and the largest number of bytes that base64 text may stand for."""
    limits = schema.get("x-decoded", {})
    low = limits.get("bytes", limits.get("minBytes", 1 if schema.get("minLength") else 0))
    return low, limits.get("bytes", limits.get("maxBytes"))


def _candidates(schema: Schema) -> Iterator[Json]:
    yield from schema.get("examples", ())
    special = special_values(schema)
    if "const" in schema:
        yield schema["const"]
    if "default" in schema and schema["default"] not in special:
        yield schema["default"]
    yield from (value for value in schema.get("enum", ()) if value not in special)
    match schema.get("type"):
        case "boolean":
            yield True
        case "integer" | "number":
            yield schema.get("minimum", 1)
        case "string":
            yield from _texts(schema)
        case "array":
            yield distinct(schema.get("items", {}), max(1, schema.get("minItems", 0)))
        case "object":
            yield _object(schema)
        case None:
            yield _PLAIN


def _texts(schema: Schema) -> Iterator[str]:
    if schema.get("contentEncoding") == "base64":
        low, high = decoded_bounds(schema)
        yield encoded(max(low, min(16, high or 16)))
        return
    for pattern in patterns_of(schema):
        shortest = max(pattern.bounds[0], schema.get("minLength", 0), 1)
        for length in (shortest, shortest + 1, shortest + 8):
            for varied in (False, True):
                text = pattern.sample(length, varied=varied)
                if text is not None:
                    yield text
    if not patterns_of(schema):
        low = schema.get("minLength", 0)
        yield _PLAIN if len(_PLAIN) >= low else _PLAIN * (low // len(_PLAIN) + 1)
        yield (_PLAIN * low)[: max(low, 1)]


def _object(schema: Schema) -> dict[str, Json]:
    properties: dict[str, Schema] = schema.get("properties", {})
    names = list(schema.get("required", ())) or list(properties)[:1]
    value: dict[str, Json] = {name: canonical(properties.get(name, {})) for name in names}
    other = schema.get("additionalProperties")
    if not properties and isinstance(other, dict):
        value["purpose"] = canonical(other)
    return value


def _series(schema: Schema, count: int) -> Iterator[Json]:
    first = canonical(schema)
    yield first
    yield from schema.get("examples", ())
    yield from schema.get("enum", ())
    for number in range(1, count + 2):
        yield _numbered(schema, first, number)
        if isinstance(first, str):
            yield str(number)


def _numbered(schema: Schema, value: Json, number: int) -> Json:
    if isinstance(value, bool):
        return number % 2 == 0
    if isinstance(value, int):
        return value + number
    if isinstance(value, str):
        if schema.get("contentEncoding") == "base64":
            low, high = decoded_bounds(schema)
            return encoded(max(low, min(16, high or 16)), str(number))
        return f"{value}{number}"
    if isinstance(value, dict) and value:
        name = next(iter(schema.get("required", ())), next(iter(value)))
        part: Any = schema.get("properties", {}).get(name, {})
        return {**value, name: _numbered(part, value[name], number)}
    return value
