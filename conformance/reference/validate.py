"""Parameter checks compiled from request schemas.

A request schema becomes a tree of small functions, once for each operation; a check returns the
first violation or None. This is a second reading of the specs beside `conformance.spec.judge`,
which is built on jsonschema: tests hold the two against each other. What is compiled is fast enough
to run on every call.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from conformance.spec import Operation, resolve
from conformance.spec.judge import decoded_length

Schema: TypeAlias = Mapping[str, Any] | bool


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint that is not met.

    Attributes:
        keyword: The JSON Schema keyword.
        path: Names and indices from the parameters to the value; for `required` and
            `additionalProperties` the member's name comes last.
    """

    keyword: str
    path: tuple[str | int, ...] = ()

    def within(self, name: str | int) -> "Violation":
        """Return the violation as the object or list says it in which the value stands."""
        return Violation(self.keyword, (name, *self.path))

    @property
    def parameter(self) -> str:
        """Name of the top-level parameter at fault, empty where it is their combination."""
        return str(self.path[0]) if self.path else ""


Check: TypeAlias = Callable[[Any], Violation | None]

#: Types that are one of Python's.
_PLAIN_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool}
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
}


def request_check(operation: Operation) -> Check:
    """Return the check of an operation's logical parameters."""
    return _compile(operation.request)


@cache
def _referenced(reference: str) -> Check:
    return _compile(resolve(reference))


def _compile(schema: Schema) -> Check:
    if schema is True:
        return _accept
    if schema is False:
        return _simple("false", lambda _: False)
    assert isinstance(schema, Mapping)
    checks: list[Check] = []
    if "$ref" in schema:
        checks.append(_compile_reference(schema))
    keywords = [word for word in _KEYWORDS if word in schema]
    if schema.get("x-open") and "enum" in keywords:
        keywords.remove("enum")
    if keywords[:2] == ["type", "minLength"] and schema["type"] == "string":
        checks.append(_text(schema["minLength"], schema.get("maxLength")))
        keywords = [word for word in keywords[2:] if word != "maxLength"]
    for word in keywords:
        if word == "x-decoded" and "contentEncoding" in keywords:
            checks[-1] = _base64(schema[word])  # decoding once does for both
        else:
            checks.append(_KEYWORDS[word](schema[word]))
    if "properties" in schema or "additionalProperties" in schema:
        checks.append(_members(schema))
    if "if" in schema:
        checks.append(_conditional(schema))
    return _all(checks)


def _compile_reference(schema: Mapping[str, Any]) -> Check:
    """Compile what a schema refers to.

    Where base64 is only inferred for a parameter (Plaintext of Encrypt, which the service takes as
    text), it is not demanded. Open enumerations are the service's to judge.
    """
    if schema.get("x-provenance", {}).get("contentEncoding") != "inferred":
        return _referenced(schema["$ref"])
    target = resolve(schema["$ref"])
    return _compile({word: value for word, value in target.items() if word != "contentEncoding"})


def _accept(value: Any) -> Violation | None:  # noqa: ARG001
    return None


def _all(checks: Sequence[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> Violation | None:
        for part in checks:
            found = part(value)
            if found is not None:
                return found
        return None

    return check if checks else _accept


def _simple(keyword: str, holds: Callable[[Any], bool]) -> Check:
    def check(value: Any) -> Violation | None:
        return None if holds(value) else Violation(keyword)

    return check


def _for(kind: type, keyword: str, holds: Callable[[Any], bool]) -> Check:
    """Return a check that concerns values of one type only."""

    def check(value: Any) -> Violation | None:
        return None if not isinstance(value, kind) or holds(value) else Violation(keyword)

    return check


def _numeric(keyword: str, holds: Callable[[Any], bool]) -> Check:
    def check(value: Any) -> Violation | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return Violation(keyword) if number and not holds(value) else None

    return check


def _type(name: str) -> Check:
    kind = _PLAIN_TYPES.get(name)
    if kind is None:
        return _simple("type", _TYPES[name])

    def check(value: Any) -> Violation | None:
        return None if isinstance(value, kind) else Violation("type")

    return check


def _text(low: int, high: int | None) -> Check:
    """Return type and limits of a text in one check: most parameters have these."""
    above = sys.maxsize if high is None else high

    def check(value: Any) -> Violation | None:
        if not isinstance(value, str):
            return Violation("type")
        if low <= len(value) <= above:
            return None
        return Violation("minLength" if len(value) < low else "maxLength")

    return check


def _min_length(low: int) -> Check:
    def check(value: Any) -> Violation | None:
        short = isinstance(value, str) and len(value) < low
        return Violation("minLength") if short else None

    return check


def _max_length(high: int) -> Check:
    def check(value: Any) -> Violation | None:
        long = isinstance(value, str) and len(value) > high
        return Violation("maxLength") if long else None

    return check


def _enum(values: Sequence[Any]) -> Check:
    # 1 equals True in Python and does not in JSON.
    if all(isinstance(value, str) for value in values):
        known = frozenset(values)
        return _simple("enum", lambda value: isinstance(value, str) and value in known)
    return _simple("enum", lambda value: any(_same(value, one) for one in values))


def _const(expected: Any) -> Check:
    return _simple("const", lambda value: _same(value, expected))


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _unique(wanted: bool) -> Check:
    def holds(value: list[Any]) -> bool:
        texts = [json.dumps(item, sort_keys=True) for item in value]
        return not wanted or len(set(texts)) == len(texts)

    return _for(list, "uniqueItems", holds)


def _required(names: Sequence[str]) -> Check:
    def check(value: Any) -> Violation | None:
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    return Violation("required", (name,))
        return None

    return check


def _dependent(rules: Mapping[str, Sequence[str]]) -> Check:
    def check(value: Any) -> Violation | None:
        for name, others in rules.items():
            if isinstance(value, dict) and name in value:
                for other in others:
                    if other not in value:
                        return Violation("dependentRequired", (other,))
        return None

    return check


def _members(schema: Mapping[str, Any]) -> Check:
    known = {name: _compile(sub) for name, sub in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties", True)
    other = None if others is False else _compile(others)

    def check(value: Any) -> Violation | None:
        if not isinstance(value, dict):
            return None
        for name, member in value.items():
            part = known.get(name, other)
            if part is None:
                return Violation("additionalProperties", (name,))
            found = part(member)
            if found is not None:
                return found.within(name)
        return None

    return check


def _items(schema: Schema) -> Check:
    part = _compile(schema)

    def check(value: Any) -> Violation | None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                found = part(item)
                if found is not None:
                    return found.within(index)
        return None

    return check


def _all_of(schemas: Sequence[Schema]) -> Check:
    return _all([_compile(schema) for schema in schemas])


def _counted(keyword: str, holds: Callable[[int], bool]) -> Callable[[Sequence[Schema]], Check]:
    def build(schemas: Sequence[Schema]) -> Check:
        parts = [_compile(schema) for schema in schemas]

        def check(value: Any) -> Violation | None:
            met = sum(part(value) is None for part in parts)
            return None if holds(met) else Violation(keyword)

        return check

    return build


def _conditional(schema: Mapping[str, Any]) -> Check:
    condition = _compile(schema["if"])
    then = _compile(schema.get("then", True))
    otherwise = _compile(schema.get("else", True))

    def check(value: Any) -> Violation | None:
        return (then if condition(value) is None else otherwise)(value)

    return check


def python_pattern(pattern: str) -> str:
    r"""Return an ECMA-262 pattern as Python reads it: ``$`` is ``\Z``, ``.`` no line end at all."""
    out: list[str] = []
    in_class = escaped = False
    for char in pattern:
        if not escaped and not in_class and char in "$.":
            out.append(r"\Z" if char == "$" else "[^\n\r\u2028\u2029]")
        else:
            out.append(char)
        if char == "[" and not escaped:
            in_class = True
        elif char == "]" and not escaped:
            in_class = False
        escaped = char == "\\" and not escaped
    return "".join(out)


def _pattern(pattern: str) -> Check:
    search = re.compile(python_pattern(pattern), re.ASCII).search
    return _for(str, "pattern", lambda value: search(value) is not None)


def _encoding(_: str) -> Check:
    return _for(str, "contentEncoding", lambda value: decoded_length(value) is not None)


def _base64(limits: Mapping[str, int]) -> Check:
    """Return the check of base64 text that stands for a certain number of bytes."""
    low = limits.get("bytes", limits.get("minBytes", 0))
    high = limits.get("bytes", limits.get("maxBytes", sys.maxsize))

    def check(value: Any) -> Violation | None:
        if not isinstance(value, str):
            return None
        length = decoded_length(value)
        if length is None:
            return Violation("contentEncoding")
        return None if low <= length <= high else Violation("x-decoded")

    return check


def _decoded(limits: Mapping[str, int]) -> Check:
    judge = _base64(limits)

    def check(value: Any) -> Violation | None:
        found = judge(value)
        return found if found is not None and found.keyword == "x-decoded" else None

    return check


def _max_bytes(limit: int) -> Check:
    def holds(value: Any) -> bool:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return len(text.encode(errors="surrogatepass")) <= limit

    return _simple("x-max-bytes", holds)


def _max_json_length(limit: int) -> Check:
    def holds(value: Any) -> bool:
        if not isinstance(value, dict | list):
            return True
        return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False)) <= limit

    return _simple("x-max-json-length", holds)


#: In the order in which they are judged: what is missing first, then forms, then ranges.
_KEYWORDS: Mapping[str, Callable[[Any], Check]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "const": _const,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "contentEncoding": _encoding,
    "x-decoded": _decoded,
    "x-max-bytes": _max_bytes,
    "x-max-json-length": _max_json_length,
    "minimum": lambda low: _numeric("minimum", lambda value: value >= low),
    "maximum": lambda high: _numeric("maximum", lambda value: value <= high),
    "minItems": lambda low: _for(list, "minItems", lambda value: len(value) >= low),
    "maxItems": lambda high: _for(list, "maxItems", lambda value: len(value) <= high),
    "uniqueItems": _unique,
    "maxProperties": lambda high: _for(dict, "maxProperties", lambda value: len(value) <= high),
    "items": _items,
    "dependentRequired": _dependent,
    "allOf": _all_of,
    "anyOf": _counted("anyOf", lambda met: met > 0),
    "oneOf": _counted("oneOf", lambda met: met == 1),
}
