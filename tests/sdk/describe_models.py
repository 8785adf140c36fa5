"""Prints, as JSON, what the models of the official Python SDK say of every operation.

Runs in the SDK's own environment (see `environments.py`) with the standard library only. For each
operation: HTTP method; members of the request as callers give them (`request`) and as they travel
(`wire`); members marked required; members of the answer. Members are dotted wire names, `[]` for the
items of a list, with one of string, integer, number, boolean, object, array.
"""

import ast
import json
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "alibabacloud_kms20160120"
SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
REQUIRED = "# This parameter is required."


class Model:
    """One model class: wire name of each member to its annotation, and which are required."""

    def __init__(self, node: ast.ClassDef, lines: list[str]) -> None:
        methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
        arguments = methods["__init__"].args
        annotations = {item.arg: item.annotation for item in arguments.args[1:]}
        names = dict(self._wire_names(methods["to_map"]))
        self.members = {names[name]: annotations[name] for name in annotations}
        self.required = [
            names[name] for name in self._required(methods["__init__"], lines) if name in names
        ]

    def _wire_names(self, to_map: ast.FunctionDef):
        """Yield attribute and wire name: `if self.x is not None: result['X'] = ...`."""
        for node in to_map.body:
            if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
                continue
            attribute = node.test.left
            if not isinstance(attribute, ast.Attribute):
                continue
            for inner in ast.walk(node):
                if isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant):
                    yield attribute.attr, inner.slice.value
                    break

    def _required(self, init: ast.FunctionDef, lines: list[str]):
        """Yield the attributes whose comment says that they are required."""
        for node in init.body:
            comment = self._comment_above(lines, node.lineno - 1)
            if REQUIRED in comment and isinstance(node, ast.Assign):
                yield node.targets[0].attr

    def _comment_above(self, lines: list[str], line: int) -> list[str]:
        found = []
        line -= 1
        while line >= 0 and lines[line].strip().startswith("#"):
            found.append(lines[line].strip())
            line -= 1
        return found


def models(folder: Path) -> dict[str, Model]:
    """Read every model class of the package."""
    found = {}
    for path in sorted(folder.glob("_*.py")):
        if path.name == "__init__.py":
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = Model(node, lines)
    return found


def flatten(name: str, known: dict[str, Model], prefix: str = "") -> dict[str, str]:
    """Return dotted member names and their types."""
    found = {}
    for member, annotation in known[name].members.items():
        found.update(typed(annotation, known, f"{prefix}{member}"))
    return found


def typed(annotation: ast.expr, known: dict[str, Model], path: str) -> dict[str, str]:
    """Return the type of one member, and of what is within it."""
    if isinstance(annotation, ast.Attribute):
        return {path: "object", **flatten(annotation.attr, known, f"{path}.")}
    if isinstance(annotation, ast.Subscript):
        kind = annotation.value.id
        if kind == "Dict":
            return {path: "object"}
        return {path: "array", **typed(annotation.slice, known, f"{path}[]")}
    return {path: SCALARS[annotation.id]}


def operations(client: Path) -> dict[str, str]:
    """Return the HTTP method of every operation that the client offers."""
    found = {}
    for node in ast.walk(ast.parse(client.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "Params":
            given = {item.arg: getattr(item.value, "value", None) for item in node.keywords}
            found[given["action"]] = given["method"]
    return found


def main() -> None:
    """Print the description."""
    package = Path(find_spec(PACKAGE).submodule_search_locations[0])
    known = models(package / "models")
    described = {}
    for name, method in operations(package / "client.py").items():
        request = f"{name}Request"
        wire = f"{name}ShrinkRequest" if f"{name}ShrinkRequest" in known else request
        described[name] = {
            "method": method,
            "request": flatten(request, known) if request in known else {},
            "wire": flatten(wire, known) if wire in known else {},
            "required": sorted(known[request].required) if request in known else [],
            "response": flatten(f"{name}ResponseBody", known),
        }
    json.dump(described, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
