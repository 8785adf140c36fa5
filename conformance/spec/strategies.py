"""From an expanded schema to Hypothesis strategies whose values are valid and shrink.

Values come from constructive strategies; only what cannot be constructed (a second pattern, the
length of a JSON text, conditions between members) is filtered.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from conformance.spec.catalogue import Json
from conformance.spec.judge import json_length, meets
from conformance.spec.keywords import Schema, special_values
from conformance.spec.values import decoded_bounds, patterns_of

#: Random texts stay short; the boundary walk has the long ones.
_USUAL_LENGTH = 24
_USUAL_ITEMS = 3
_USUAL_BYTES = 48
#: Of numbers without a maximum; the far ends are the boundary walk's.
_USUAL_RANGE = 99
_IDENTIFIER = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
#: Every script, no controls, no unassigned code points, no surrogates: what XML answers can carry.
_TEXT = st.characters(exclude_categories=("C", "Zl", "Zp"))


def strategy(schema: Schema) -> SearchStrategy[Any]:
    """Return a strategy of valid values of an expanded schema (see `keywords.expand`).

    Strings with `x-text` take any script; other strings without a pattern stay within letters,
    digits, hyphen and underscore, since no source says what else an identifier may hold. Empty
    texts, lists and maps are left to the boundary walk: they may count as absent.
    """
    if "examples" in schema:
        return st.sampled_from(schema["examples"])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        special = special_values(schema)
        return st.sampled_from([value for value in schema["enum"] if value not in special])
    builder = _BUILDERS.get(schema.get("type", ""), _untyped)
    found = builder(schema)
    return found.filter(_also(schema)) if _needs_filter(schema) else found


def _needs_filter(schema: Schema) -> bool:
    if schema.get("type") == "object":
        return False  # the object strategy settles its own conditions
    return bool({"allOf", "anyOf", "oneOf", "if", "x-max-bytes"} & schema.keys())


def _also(schema: Schema) -> Callable[[Json], bool]:
    return partial(meets, schema)


def _untyped(schema: Schema) -> SearchStrategy[Any]:
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            return st.one_of([strategy(option) for option in schema[keyword]])
    if "properties" in schema:
        return _object(schema)
    return st.one_of(st.booleans(), st.integers(0, 99), st.text(_IDENTIFIER, max_size=8))


def _boolean(_: Schema) -> SearchStrategy[bool]:
    return st.booleans()


def _integer(schema: Schema) -> SearchStrategy[int]:
    low = schema.get("minimum", 0)
    return st.integers(low, schema.get("maximum", low + _USUAL_RANGE))


def _string(schema: Schema) -> SearchStrategy[str]:
    # Whether an empty text is a value at all is settled nowhere.
    low, high = max(1, schema.get("minLength", 0)), schema.get("maxLength")
    if schema.get("contentEncoding") == "base64":
        return _base64(schema)
    patterns = patterns_of(schema)
    if patterns:
        return patterns[0].strategy(low, high)
    limit = _USUAL_LENGTH if high is None else min(high, max(low, _USUAL_LENGTH))
    if not schema.get("x-text"):
        return st.text(_IDENTIFIER, min_size=low, max_size=max(low, limit))
    return st.text(_TEXT, min_size=low, max_size=max(low, limit)).filter(_has_no_outer_blank)


def _has_no_outer_blank(text: str) -> bool:
    """Texts of blanks only, or ending in one, may be trimmed; no source says."""
    return text == text.strip()


def _base64(schema: Schema) -> SearchStrategy[str]:
    low, high = decoded_bounds(schema)
    most = max(low, _USUAL_BYTES if high is None else min(high, _USUAL_BYTES))
    return st.binary(min_size=low, max_size=most).map(lambda raw: base64.b64encode(raw).decode())


def _array(schema: Schema) -> SearchStrategy[list[Any]]:
    low, high = max(1, schema.get("minItems", 0)), schema.get("maxItems")
    most = max(low, _USUAL_ITEMS if high is None else min(high, _USUAL_ITEMS))
    items = schema.get("items", {})
    if items.get("type") == "string" and schema.get("x-wire") == "csv":
        return st.lists(strategy(items).filter(_is_csv_item), min_size=low, max_size=most)
    # Two tags of one key in a request are documented nowhere: items differ in what names them.
    return st.lists(strategy(items), min_size=low, max_size=most, unique_by=_name_of(items))


def _is_csv_item(text: str) -> bool:
    return "," not in text and bool(text)


def _name_of(items: Schema) -> Callable[[Any], Any]:
    required = items.get("required", ())
    if items.get("type") != "object" or not required:
        return repr
    return lambda value: repr(value[required[0]])


def _object(schema: Schema) -> SearchStrategy[dict[str, Any]]:
    """Members first by the couplings between them, then their values."""
    properties: Mapping[str, Schema] = {
        name: part
        for name, part in schema.get("properties", {}).items()
        if part is not False and "x-not-generated" not in part
    }
    if not properties:
        return _map(schema)
    fixed = _fixed(schema, properties)
    couplings = {"allOf", "anyOf", "oneOf", "if", "dependentRequired"}
    limited = {"x-max-json-length", "maxProperties", "x-max-bytes"}
    if couplings & schema.keys():
        fixed = _coupled(schema, properties)
    if (couplings | limited) & schema.keys():
        fixed = fixed.filter(_also(schema))
    # A parameter without any member may count as absent, and in a query it is.
    return fixed.filter(bool) if "x-wire" in schema else fixed


def _fixed(schema: Schema, properties: Mapping[str, Schema]) -> SearchStrategy[dict[str, Any]]:
    required = set(schema.get("required", ()))
    return members(
        {name: strategy(part) for name, part in properties.items() if name in required},
        {name: strategy(part) for name, part in properties.items() if name not in required},
    )


def subset(names: Sequence[str]) -> SearchStrategy[list[str]]:
    """Return some of the names, in order, shrinking to none.

    One integer says which: three times as fast as a set, whose members are drawn one by one.
    """
    if not names:
        return st.just([])
    return st.integers(0, 2 ** len(names) - 1).map(
        lambda mask: [name for bit, name in enumerate(names) if mask >> bit & 1]
    )


def members(
    required: Mapping[str, SearchStrategy[Any]], optional: Mapping[str, SearchStrategy[Any]]
) -> SearchStrategy[dict[str, Any]]:
    """Return objects of the required members and some of the optional ones."""
    some = subset(list(optional))

    @st.composite
    def build(draw: DrawFn) -> dict[str, Any]:
        value = {name: draw(part) for name, part in required.items()}
        for name in draw(some):
            value[name] = draw(optional[name])
        return value

    return build()


def _map(schema: Schema) -> SearchStrategy[dict[str, Any]]:
    other = schema.get("additionalProperties", {})
    if other is False:
        return st.just({})
    part = other if isinstance(other, dict) and other else {"type": "string"}
    keys = st.text(_TEXT, min_size=1, max_size=16).filter(_has_no_outer_blank)
    if not part.get("x-text"):
        keys = st.text(_IDENTIFIER, min_size=1, max_size=16)
    most = min(schema.get("maxProperties", _USUAL_ITEMS), _USUAL_ITEMS)
    found = st.dictionaries(keys, strategy(part), min_size=1, max_size=max(1, most))
    limit = schema.get("x-max-json-length")
    return found if limit is None else found.filter(lambda value: json_length(value) <= limit)


def _coupled(schema: Schema, properties: Mapping[str, Schema]) -> SearchStrategy[dict[str, Any]]:
    strategies = {name: strategy(part) for name, part in properties.items()}
    names = list(properties)

    @st.composite
    def build(draw: DrawFn) -> dict[str, Any]:
        wanted = set(schema.get("required", ()))
        unwanted: set[str] = set()
        for keyword in ("oneOf", "anyOf"):
            if keyword not in schema:
                continue
            branches = [
                set(part["required"])
                for part in schema[keyword]
                if set(part.get("required", ())) <= properties.keys()
            ]
            chosen = draw(st.sampled_from(branches))
            wanted |= chosen
            if keyword == "oneOf":
                unwanted |= {name for branch in branches for name in branch} - chosen
        rest = [name for name in names if name not in wanted | unwanted]
        wanted |= set(draw(subset(rest)))
        value: dict[str, Any] = {}
        pending = wanted
        while pending:
            for name in sorted(pending, key=names.index):
                value[name] = draw(strategies[name])
            pending = missing_members(schema, value) - value.keys()
        return value

    return build()


def missing_members(schema: Schema, value: Mapping[str, Json]) -> set[str]:
    """Return the members that conditions and dependencies require of ``value`` and it lacks."""
    missing = {
        name
        for given, names in schema.get("dependentRequired", {}).items()
        if given in value
        for name in names
    }
    missing |= set(schema.get("required", ()))
    for part in (schema, *schema.get("allOf", ())):
        if "if" in part:
            branch = part.get("then" if _holds(part["if"], value) else "else", {})
            if isinstance(branch, Mapping):
                missing |= set(branch.get("required", ()))
    return missing - value.keys()


def _holds(condition: Schema, value: Mapping[str, Json]) -> bool:
    return meets(condition, dict(value))


_BUILDERS: Mapping[str, Callable[[Schema], SearchStrategy[Any]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _integer,
    "string": _string,
    "array": _array,
    "object": _object,
}
