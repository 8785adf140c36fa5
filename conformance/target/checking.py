"""Checks a document that a user wrote against its schema, and says in words what is wrong."""

import difflib
from collections.abc import Iterable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from conformance.spec import catalogue

_SHOWN = 60


def complaint(schema_name: str, document: Any, *, secret: Iterable[str] = ()) -> str | None:
    """Return the most telling complaint about a document, None when it is valid.

    Args:
        schema_name: Name in specs/, such as "meta/target.schema".
        document: The parsed file.
        secret: Top-level keys below which values are never shown.
    """
    schema = catalogue().document(schema_name)
    validator = Draft202012Validator(schema, registry=catalogue().registry)
    errors = sorted(validator.iter_errors(document), key=_weight)
    if not errors:
        return None
    return _words(errors[0], frozenset(secret))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the closest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _weight(error: ValidationError) -> tuple[int, int, str]:
    order = {"additionalProperties": 0, "required": 1}
    return (order.get(str(error.validator), 2), len(error.absolute_path), error.message)


def _place(error: ValidationError) -> str:
    path = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    return path.removeprefix(".")


def _words(error: ValidationError, secret: frozenset[str]) -> str:
    place = _place(error)
    within = f" in [{place}]" if place else ""
    keyword = str(error.validator)
    schema: Any = error.schema
    wanted: Any = error.validator_value
    found: Any = error.instance
    if keyword == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        extra = sorted(set(found) - set(known))
        unknown = ", ".join(repr(name) for name in extra)
        hint = did_you_mean(extra[0], known) if extra else ""
        return f"unknown key {unknown}{within}{hint}; known keys: {', '.join(known)}"
    if keyword == "required":
        missing = sorted(set(wanted) - set(found))
        return f"{' and '.join(repr(name) for name in missing)} is missing{within}"
    if keyword == "minProperties":
        return f"[{place}] is empty" if place else "the file is empty"
    hidden = bool(error.absolute_path) and error.absolute_path[0] in secret
    value = "" if hidden else f" is {_shown(found)}"
    return f"{place}{value}: {_wish(keyword, error)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _wish(keyword: str, error: ValidationError) -> str:
    value: Any = error.validator_value
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    note = f" ({str(description).rstrip('.')})" if description else ""
    if keyword == "enum":
        return "must be one of " + ", ".join(map(str, value))
    if keyword == "type":
        names = value if isinstance(value, str) else " or ".join(value)
        return f"must be of type {names}{note}"
    if keyword == "pattern":
        return f"must match {value}{note}"
    if keyword in {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}:
        sign = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
        return f"must be {sign[keyword]} {value}{note}"
    if keyword in {"minLength", "maxLength", "minItems", "maxItems"}:
        return f"must have {'at least' if keyword.startswith('min') else 'at most'} {value}{note}"
    if keyword == "uniqueItems":
        return "an entry stands twice"
    return f"does not satisfy {keyword} {_shown(value)}{note}"
