"""The subset of JSON Schema 2020-12 that request schemas are written in, and its expansion.

A schema is expanded once: references are replaced by what they refer to, together with the keywords
that stand beside them, so that everything after this step sees plain nested schemas. A keyword
outside the subset is refused here, with its pointer, because a constraint that is not understood
would silently be neither generated nor violated.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from conformance.spec.catalogue import Json, Operation, catalogue
from conformance.spec.patterns import PatternError, parse

Schema = Mapping[str, Any]
Resolve = Callable[[str], Schema]

#: Keywords that say something about values.
ASSERTIONS = frozenset(
    {
        "type", "enum", "const", "properties", "required", "additionalProperties", "maxProperties",
        "items", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern",
        "minimum", "maximum", "contentEncoding", "$ref", "allOf", "anyOf", "oneOf", "if", "then",
        "else", "dependentRequired", "x-decoded", "x-max-bytes", "x-max-json-length",
    }
)  # fmt: skip
#: Keywords that tell readers, generators and rules something else.
ANNOTATIONS = frozenset(
    {
        "$comment", "description", "default", "examples", "format", "x-conflict", "x-filter-keys",
        "x-form", "x-forms", "x-not-generated", "x-open", "x-present-when", "x-provenance",
        "x-reading", "x-refusals", "x-resource", "x-secret", "x-since", "x-special",
        "x-special-values", "x-text", "x-wire",
    }
)  # fmt: skip
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_BRANCHES = ("allOf", "anyOf", "oneOf")
_SINGLE = ("items", "additionalProperties", "if", "then", "else")
#: Of two bounds on the same thing the tighter one is kept.
_TIGHTER: Mapping[str, Callable[[Any, Any], Any]] = {
    "minLength": max, "minItems": max, "minimum": max,
    "maxLength": min, "maxItems": min, "maximum": min, "maxProperties": min,
    "x-max-bytes": min, "x-max-json-length": min,
}  # fmt: skip


class SchemaError(ValueError):
    """A schema that the compiler does not understand; names the pointer."""


def pointer_to(pointer: str, part: str | int) -> str:
    """Return the JSON Pointer of a member or item below ``pointer``."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def expand(schema: Schema, resolve: Resolve, pointer: str = "") -> dict[str, Any]:
    """Check a schema against the subset and replace its references.

    Args:
        schema: An object schema; boolean schemas are allowed below it only.
        resolve: Returns what a ``$ref`` refers to.
        pointer: Where the schema stands, for messages.

    Raises:
        SchemaError: On a keyword, type, pattern or reference outside the subset.
    """
    return _expand(schema, resolve, pointer, ())


@cache
def _request(name: str) -> dict[str, Any]:
    operation = catalogue().operations[name]
    return expand(operation.request, reference_resolver(operation), f"{name}:")


def request_schema(operation: Operation) -> dict[str, Any]:
    """Return the expanded request schema of an operation; it is shared, do not change it."""
    return _request(operation.name)


def reference_resolver(operation: Operation) -> Resolve:
    """Return the function that looks up references within the specs."""
    resolver = operation.registry.resolver()

    def resolve(reference: str) -> Schema:
        if reference.startswith("#"):  # definitions refer to each other
            reference = f"kms:definitions{reference}"
        contents: Schema = resolver.lookup(reference).contents
        return contents

    return resolve


def provenance_of(schema: Schema, keyword: str, member: str | None = None) -> str:
    """Return the provenance of one constraint; documented unless the schema says otherwise."""
    marks = schema.get("x-provenance", {})
    if member is not None and f"{keyword}:{member}" in marks:
        return str(marks[f"{keyword}:{member}"])
    return str(marks.get(keyword, "documented"))


def special_values(schema: Schema) -> list[Json]:
    """Return the valid values that do not lead to success."""
    return [special["value"] for special in schema.get("x-special-values", ())]


def _expand(
    schema: Schema, resolve: Resolve, pointer: str, seen: tuple[str, ...]
) -> dict[str, Any]:
    _check(schema, pointer)
    flat: dict[str, Any] = {key: value for key, value in schema.items() if key != "$ref"}
    for keyword in _BRANCHES:
        if keyword in flat:
            flat[keyword] = [
                _branch(part, resolve, f"{pointer}/{keyword}/{index}", seen)
                for index, part in enumerate(flat[keyword])
            ]
    for keyword in _SINGLE:
        if keyword in flat:
            flat[keyword] = _branch(flat[keyword], resolve, f"{pointer}/{keyword}", seen)
    if "properties" in flat:
        flat["properties"] = {
            name: _branch(part, resolve, f"{pointer}/properties/{name}", seen)
            for name, part in flat["properties"].items()
        }
    if "$ref" not in schema:
        return flat
    reference = schema["$ref"]
    if reference in seen:
        raise SchemaError(f"{pointer}/$ref: {reference} refers to itself")
    target = _expand(_look_up(reference, resolve, pointer), resolve, reference, (*seen, reference))
    return merge(target, flat)


def _branch(part: Any, resolve: Resolve, pointer: str, seen: tuple[str, ...]) -> Any:
    return part if isinstance(part, bool) else _expand(part, resolve, pointer, seen)


def _look_up(reference: str, resolve: Resolve, pointer: str) -> Schema:
    try:
        return resolve(reference)
    except Exception as error:
        raise SchemaError(f"{pointer}/$ref: {reference} leads nowhere") from error


def merge(target: Schema, own: Schema) -> dict[str, Any]:
    """Return a schema that asserts what both do; annotations of ``own`` win."""
    merged = dict(target)
    rest: dict[str, Any] = {}
    for keyword, value in own.items():
        if keyword not in target or target[keyword] == value:
            merged[keyword] = value
        elif keyword in _TIGHTER:
            merged[keyword] = _TIGHTER[keyword](target[keyword], value)
        elif keyword in {"x-provenance", "x-refusals"}:
            merged[keyword] = {**target[keyword], **value}
        elif keyword == "required":
            merged[keyword] = [*target[keyword], *(n for n in value if n not in target[keyword])]
        elif keyword == "enum":
            merged[keyword] = [item for item in target[keyword] if item in value]
        elif keyword in ANNOTATIONS:
            merged[keyword] = value
        else:
            rest[keyword] = value
    if rest:
        merged["allOf"] = [*merged.get("allOf", ()), rest]
    return merged


def _check(schema: Schema, pointer: str) -> None:
    if not isinstance(schema, Mapping):
        raise SchemaError(f"{pointer}: a schema is an object")
    for keyword in schema:
        if keyword not in ASSERTIONS and keyword not in ANNOTATIONS:
            raise SchemaError(f"{pointer}/{keyword}: keyword is not supported by the compiler")
    if "type" in schema and schema["type"] not in sorted(_TYPES):
        raise SchemaError(f"{pointer}/type: {schema['type']!r} is not one of the known types")
    if schema.get("contentEncoding", "base64") != "base64":
        raise SchemaError(f"{pointer}/contentEncoding: only base64 is supported")
    if "pattern" in schema:
        try:
            parse(schema["pattern"])
        except PatternError as error:
            raise SchemaError(f"{pointer}/pattern: {error}") from error
