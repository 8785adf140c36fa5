"""Logical parameters of an operation to wire pairs, and back.

A request schema says by ``x-wire`` how each parameter is written:

===============  ================================================================================
absent           scalar text: decimal integers, ``true``/``false``, strings as they are
``json``         the value is one compact JSON text
``repeat-list``  ``Name.1``, ``Name.2`` …; items that are objects become ``Name.1.Key``
``dotted``       an object becomes ``Name.Member``; members that are objects are one JSON text
``csv``          a list of texts, comma separated
===============  ================================================================================

Decoding also takes what official clients and documentation samples send instead: ``True`` and
``False``, a JSON array in one parameter for a repeat list, ``Name.Member.key`` for a dotted object.
What cannot be read as the declared type stays the raw text, so that schema validation refuses it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.wire.failures import DuplicateParameter, NotTransmittable, WireError

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
Pairs: TypeAlias = list[tuple[str, str]]
#: Returns the schema a ``$ref`` stands for.
Resolve: TypeAlias = Callable[[str], Mapping[str, Any]]

# Longer runs of digits are refused by int() and are out of every range anyway.
_is_integer = re.compile(r"-?(?:0|[1-9][0-9]{0,4000})").fullmatch
_is_number = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?").fullmatch
_is_index = re.compile(r"[1-9][0-9]{0,8}").fullmatch
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}


@dataclass(frozen=True, slots=True)
class _Parameter:
    """How one parameter, item or member is written.

    Attributes:
        wire: The word of ``x-wire``.
        types: JSON types that it may have.
        lower_booleans: Whether it is the text ``true`` or ``false``.
        is_text: Whether what stands on the wire is always the value.
        items: Of a list.
        members: Of an object.
    """

    wire: str
    types: frozenset[str]
    lower_booleans: bool
    is_text: bool
    items: "_Parameter | None"
    members: Mapping[str, "_Parameter"]


class ParameterCodec:
    """Encoder and decoder of one operation's parameters, compiled once from its request schema.

    Args:
        schema: Object schema whose properties carry ``x-wire``.
        resolve: Needed when the schema holds ``$ref``.

    Raises:
        WireError: When the schema holds a ``$ref`` and no ``resolve`` is given, or an unknown
            ``x-wire``.
    """

    def __init__(self, schema: Mapping[str, Any], resolve: Resolve | None = None) -> None:
        properties: Mapping[str, Any] = _expand(schema, resolve).get("properties", {})
        self._parameters = {name: _compile(sub, resolve) for name, sub in properties.items()}
        self._structured = {
            name: parameter
            for name, parameter in self._parameters.items()
            if parameter.wire in {"repeat-list", "dotted"}
        }

    def encode(self, params: Mapping[str, JSON]) -> Pairs:
        """Return the pairs for ``params``; unknown names are written as scalars.

        Raises:
            NotTransmittable: When a value has no spelling on the wire.
        """
        pairs: Pairs = []
        for name, value in params.items():
            parameter = self._parameters.get(name, _UNDECLARED)
            pairs.extend(_ENCODERS[parameter.wire](name, value, parameter))
        return pairs

    def decode(self, pairs: Iterable[tuple[str, str]]) -> dict[str, JSON]:
        """Return the logical parameters of ``pairs``; undeclared names keep their text.

        Raises:
            DuplicateParameter: When a parameter, or a part of one, is given twice.
        """
        params: dict[str, JSON] = {}
        parts: dict[str, dict[str, str]] = {}
        twice: set[str] = set()
        for name, text in pairs:
            owner = self._owner(name) if "." in name else None
            if owner is not None:
                group = parts.setdefault(owner, {})
                if name in group:
                    twice.add(name)
                group[name] = text
                continue
            if name in params:
                twice.add(name)
            parameter = self._parameters.get(name)
            if parameter is None or parameter.is_text:
                params[name] = text
            else:
                params[name] = _decode_whole(text, parameter)
        if parts:
            twice.update(params.keys() & parts.keys())
        if twice:
            raise DuplicateParameter(tuple(sorted(twice)))
        for name, group in parts.items():
            params[name] = _decode_parts(name, group, self._structured[name])
        return params

    def travels(self, params: Mapping[str, JSON]) -> bool:
        """Tell whether ``params`` arrive as they were meant, types included.

        A case that does not travel cannot put an endpoint to the test: an empty repeat list is not
        sent at all, the text ``"true"`` for a boolean arrives as the boolean.
        """
        try:
            arrived = self.decode(self.encode(params))
        except WireError:
            return False
        return _same(arrived, dict(params))

    def _owner(self, name: str) -> str | None:
        """Return the structured parameter that the dotted ``name`` is a part of."""
        base, dot, rest = name.partition(".")
        if not dot or base not in self._structured:
            return None
        if self._structured[base].wire == "repeat-list" and not _is_index(rest.partition(".")[0]):
            return None
        return base


def encode_parameters(
    schema: Mapping[str, Any], params: Mapping[str, JSON], resolve: Resolve | None = None
) -> Pairs:
    """Encode once; see `ParameterCodec.encode`."""
    return ParameterCodec(schema, resolve).encode(params)


def decode_parameters(
    schema: Mapping[str, Any],
    pairs: Iterable[tuple[str, str]],
    resolve: Resolve | None = None,
) -> dict[str, JSON]:
    """Decode once; see `ParameterCodec.decode`."""
    return ParameterCodec(schema, resolve).decode(pairs)


def compact_json(value: JSON) -> str:
    """Return JSON without blanks and with non-ASCII text as it is, the form official clients send.

    Raises:
        NotTransmittable: For NaN and infinities, which JSON does not have.
    """
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise NotTransmittable("JSON has no NaN and no infinity") from None


def _expand(schema: Mapping[str, Any], resolve: Resolve | None) -> Mapping[str, Any]:
    """Return the schema with its own reference replaced; its own keywords win."""
    while "$ref" in schema:
        if resolve is None:
            raise WireError(f"the schema refers to {schema['$ref']}: pass resolve")
        own = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**resolve(schema["$ref"]), **own}
    return schema


def _compile(schema: Any, resolve: Resolve | None) -> _Parameter:
    if not isinstance(schema, Mapping):
        return _UNDECLARED
    schema = _expand(schema, resolve)
    wire = schema.get("x-wire", "scalar")
    if wire not in _ENCODERS:
        raise WireError(f"unknown x-wire {wire!r}: known are {', '.join(sorted(_ENCODERS))}")
    declared = schema.get("type", ())
    types = frozenset((declared,) if isinstance(declared, str) else declared)
    structured = wire in {"repeat-list", "dotted"}
    members = schema.get("properties", {}) if structured or "object" in types else {}
    items = _compile(schema["items"], resolve) if structured and "items" in schema else None
    lower_booleans = {"true", "false"} <= {str(value) for value in schema.get("enum", ())}
    return _Parameter(
        wire=wire,
        types=types,
        lower_booleans=lower_booleans,
        is_text=wire == "scalar" and types <= {"string"} and not lower_booleans,
        items=items,
        members={name: _compile(sub, resolve) for name, sub in members.items()},
    )


def _scalar_text(name: str, value: JSON) -> str:
    if value is None:
        raise NotTransmittable(f"{name}: null cannot be told from an absent parameter")
    if isinstance(value, str):
        return value
    return compact_json(value)


def _encode_scalar(name: str, value: JSON, _: _Parameter) -> Pairs:
    return [(name, _scalar_text(name, value))]


def _encode_json(name: str, value: JSON, _: _Parameter) -> Pairs:
    return [(name, compact_json(value))]


def _encode_csv(name: str, value: JSON, _: _Parameter) -> Pairs:
    if not isinstance(value, list):
        return [(name, _scalar_text(name, value))]
    texts = [_scalar_text(name, item) for item in value]
    if texts == [""] or any("," in text for text in texts):
        raise NotTransmittable(f"{name}: an item with a comma cannot travel in a list of them")
    return [(name, ",".join(texts))]


def _encode_repeat_list(name: str, value: JSON, _: _Parameter) -> Pairs:
    if not isinstance(value, list):
        return [(name, _scalar_text(name, value))]
    if not value:
        raise NotTransmittable(f"{name}: an empty list cannot be told from an absent parameter")
    pairs: Pairs = []
    for index, item in enumerate(value, 1):
        if not isinstance(item, dict):
            pairs.append((f"{name}.{index}", _scalar_text(name, item)))
            continue
        if not item:
            raise NotTransmittable(f"{name}: an empty item leaves no trace")
        pairs.extend((f"{name}.{index}.{key}", _scalar_text(key, sub)) for key, sub in item.items())
    return pairs


def _encode_dotted(name: str, value: JSON, _: _Parameter) -> Pairs:
    if not isinstance(value, dict):
        return [(name, _scalar_text(name, value))]
    if not value:
        raise NotTransmittable(f"{name}: an empty object cannot be told from an absent parameter")
    return [(f"{name}.{key}", _scalar_text(key, sub)) for key, sub in value.items()]


_ENCODERS: Mapping[str, Callable[[str, JSON, _Parameter], Pairs]] = {
    "scalar": _encode_scalar,
    "json": _encode_json,
    "csv": _encode_csv,
    "repeat-list": _encode_repeat_list,
    "dotted": _encode_dotted,
}


def _decode_whole(text: str, parameter: _Parameter) -> JSON:
    if parameter.wire == "scalar":
        return _decode_scalar(text, parameter)
    if parameter.wire == "csv":
        return [*text.split(",")] if text else []
    return _decode_json(text)


def _decode_json(text: str) -> JSON:
    try:
        value: JSON = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:  # an escaped lone surrogate is text that nothing can store or send
            compact_json(value).encode()
    except (ValueError, RecursionError):
        return text
    return value


def _refuse_constant(constant: str) -> JSON:
    raise ValueError(constant)


def _decode_scalar(text: str, parameter: _Parameter) -> JSON:
    types = parameter.types
    if "integer" in types and _is_integer(text):
        return int(text)
    if "number" in types and _is_number(text):
        return int(text) if _is_integer(text) else float(text)
    if "boolean" in types:
        return _BOOLEANS.get(text, text)
    if types & {"object", "array"}:
        value = _decode_json(text)
        return value if isinstance(value, dict | list) else text
    if parameter.lower_booleans and text in _BOOLEANS:
        return text.lower()
    return text


def _decode_parts(name: str, group: Mapping[str, str], parameter: _Parameter) -> JSON:
    parts = {key[len(name) + 1 :]: text for key, text in group.items()}
    if parameter.wire == "dotted":
        return _decode_dotted(parts, parameter)
    return _decode_repeat_list(parts, parameter.items or _UNDECLARED)


def _decode_repeat_list(parts: Mapping[str, str], item: _Parameter) -> JSON:
    found: dict[int, JSON] = {}
    for path, text in parts.items():
        number, dot, key = path.partition(".")
        index = int(number)
        if not dot:
            if index in found:
                raise DuplicateParameter((path,))
            found[index] = _decode_scalar(text, item)
            continue
        members = found.setdefault(index, {})
        if not isinstance(members, dict):
            raise DuplicateParameter((path,))
        members[key] = _decode_scalar(text, item.members.get(key, _UNDECLARED))
    return [found[index] for index in sorted(found)]


def _decode_dotted(parts: Mapping[str, str], parameter: _Parameter) -> JSON:
    value: dict[str, JSON] = {}
    for path, text in parts.items():
        name, dot, key = path.partition(".")
        member = parameter.members.get(name, _UNDECLARED)
        if not dot:
            if name in value:
                raise DuplicateParameter((path,))
            value[name] = _decode_scalar(text, member)
            continue
        inner = value.setdefault(name, {})
        if not isinstance(inner, dict) or name in parts:
            raise DuplicateParameter((path,))
        inner[key] = text
    return value


def _same(left: JSON, right: JSON) -> bool:
    """Compare JSON values as JSON does: true is not 1, but 1.0 is not told from 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return left == right


_UNDECLARED = _Parameter(
    "scalar", frozenset(), lower_booleans=False, is_text=True, items=None, members={}
)
