"""Judges of the files that reports read and write, from the schemas in specs/meta."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

import specs
from reports.text import one_line, shorten

NAMES = ("results", "evidence", "certificate", "diff", "coverage")


def problem(document: Any, schema: str, definition: str = "") -> str | None:
    """Return in a sentence how a document breaks its schema (or one definition of it), or None."""
    error = best_match(_validator(schema, definition).iter_errors(document))
    if error is None:
        return None
    where = "/".join(str(step) for step in error.absolute_path)
    return f"{where + ': ' if where else ''}{shorten(one_line(error.message), 240)}"


@cache
def _validator(schema: str, definition: str) -> Draft202012Validator:
    document = _documents()[f"kms:meta/{schema}"]
    node = document["$defs"][definition] if definition else document
    return Draft202012Validator(_without_references(node, document))


@cache
def _documents() -> Mapping[str, Any]:
    folder = specs.root() / "meta"
    return {
        f"kms:meta/{name}": json.loads(
            (folder / f"{name}.schema.json").read_text(encoding="utf-8"),
        )
        for name in NAMES
    }


def _without_references(node: Any, document: Any) -> Any:
    """Put what `$ref` names in its place: following it for each event would take most of the time.

    These schemas refer to parts of their own or of each other, never in a circle.
    """
    if isinstance(node, list):
        return [_without_references(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        address, _, pointer = node["$ref"].partition("#/")
        named = _documents()[address] if address else document
        part = named
        for step in pointer.split("/"):
            part = part[step]
        return _without_references(part, named)
    return {
        name: _without_references(value, document)
        for name, value in node.items()
        if name not in ("$defs", "$id", "$schema")
    }
