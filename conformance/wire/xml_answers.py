"""XML answers: members become elements, an array becomes repeated elements of its name."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from conformance.wire.failures import WireError
from conformance.wire.parameters import JSON, Resolve

_is_integer = re.compile(r"-?(?:0|[1-9][0-9]{0,400})").fullmatch
_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*").fullmatch
_illegal = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search

Schema = Mapping[str, Any]


class XmlError(WireError):
    """Not well-formed XML, or XML with a document type declaration."""


def read_xml(
    text: str, schema: Schema | None = None, resolve: Resolve | None = None
) -> tuple[str, dict[str, JSON]]:
    """Return the root's name and its members.

    Without a schema every leaf is text and an element that occurs once is no list. With one,
    integers, booleans, lists and objects are restored; text that does not fit stays text.

    Raises:
        XmlError: When the text cannot be read.
    """
    try:
        root = fromstring(text, forbid_dtd=True)
        members = _members(root, schema or {}, resolve)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise XmlError("not readable as XML") from None
    return _local_name(root), members


def _local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _expand(schema: Any, resolve: Resolve | None) -> Schema:
    expanded: Schema = schema if isinstance(schema, Mapping) else {}
    while "$ref" in expanded and resolve is not None:
        own = {key: value for key, value in expanded.items() if key != "$ref"}
        expanded = {**resolve(expanded["$ref"]), **own}
    return expanded


def _types(schema: Schema) -> set[str]:
    declared = schema.get("type", ())
    return {declared} if isinstance(declared, str) else set(declared)


def _members(element: Element, schema: Schema, resolve: Resolve | None) -> dict[str, JSON]:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties")
    groups: dict[str, list[Element]] = {}
    for child in element:
        groups.setdefault(_local_name(child), []).append(child)
    members: dict[str, JSON] = {}
    for name, children in groups.items():
        expected = _expand(properties.get(name, others), resolve)
        members[name] = _value(children, expected, resolve)
    # An empty list leaves no element behind.
    for name in schema.get("required", ()):
        if name not in members and "array" in _types(_expand(properties.get(name), resolve)):
            members[name] = []
    return members


def _value(children: list[Element], schema: Schema, resolve: Resolve | None) -> JSON:
    if "array" in _types(schema):
        items = _expand(schema.get("items"), resolve)
        if len(children) == 1 and _is_blank(children[0]) and "string" not in _types(items):
            return []
        return [_single(child, items, resolve) for child in children]
    if len(children) > 1:
        return [_single(child, schema, resolve) for child in children]
    return _single(children[0], schema, resolve)


def _is_blank(element: Element) -> bool:
    return len(element) == 0 and not (element.text or "").strip()


def _single(element: Element, schema: Schema, resolve: Resolve | None) -> JSON:
    types = _types(schema)
    if len(element) or ("object" in types and _is_blank(element)):
        return _members(element, schema, resolve)
    text = element.text or ""
    if "integer" in types and _is_integer(text):
        return int(text)
    if "number" in types and _is_integer(text):
        return int(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return text


def write_xml(root: str, members: Mapping[str, JSON]) -> bytes:
    """Return an XML document.

    Raises:
        WireError: When a name is no XML name, a list holds lists, or a text holds a character that
            XML 1.0 does not have.
    """
    parts = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(root, dict(members), parts)
    return "".join(parts).encode()


def _write(name: str, value: JSON, parts: list[str]) -> None:
    if _is_name(name) is None:
        raise WireError(f"{name!r} is no name of an XML element")
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list):
                raise WireError(f"{name}: a list of lists has no XML form")
            _write(name, item, parts)
        return
    if value is None:
        return
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        for key, member in value.items():
            _write(key, member, parts)
    else:
        parts.append(_text(name, value))
    parts.append(f"</{name}>")


def _text(name: str, value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _illegal(text) is not None:
        raise WireError(f"{name}: XML 1.0 does not have every character of this text")
    # A bare carriage return would be read back as a line feed.
    return escape(text, quote=False).replace("\r", "&#13;")
