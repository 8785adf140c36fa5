"""Names, types, required marks and methods are those of the official Python SDK's models.

What differs stands in specs/errata.json with its reason; a difference that is not listed fails, and
so does an entry that no longer differs.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance.spec import catalogue
from conformance.spec.keywords import expand, reference_resolver

SDK = Path(__file__).resolve().parents[1] / "sdk"
sys.path.insert(0, str(SDK))

from environments import python_of  # noqa: E402 - a folder of scripts, not a package

SPECS = catalogue()
ERRATA = SPECS.document("errata")

pytestmark = pytest.mark.sdk


class Difference(NamedTuple):
    """One thing that specs and SDK say differently."""

    operation: str
    side: str
    member: str
    kind: str
    here: str
    there: str


@pytest.fixture(scope="module")
def models() -> Mapping[str, Any]:
    command = [python_of("sdk-v2"), SDK / "describe_models.py"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    described: Mapping[str, Any] = json.loads(finished.stdout)
    return described


def types(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, set[str]]]:
    """Yield every member of an expanded schema with the types it may have."""
    kinds = kinds_of(schema)
    yield path, kinds
    for name, part in schema.get("properties", {}).items():
        yield from types(part, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from types(schema["items"], f"{path}[]")


def kinds_of(schema: Mapping[str, Any]) -> set[str]:
    """Return the types that a schema allows."""
    kinds = {schema["type"]} if "type" in schema else set()
    if "const" in schema:
        kinds.add(_kind(schema["const"]))
    for option in schema.get("anyOf", ()):
        kinds |= kinds_of(option)
    return kinds or ({"object"} if "properties" in schema else set())


def _kind(value: Any) -> str:
    return {str: "string", bool: "boolean", int: "integer"}[type(value)]


def on_the_wire(schema: Mapping[str, Any], structure: Mapping[str, str]) -> dict[str, set[str]]:
    """Return members of a request as they travel, or as the SDK takes them where it takes more."""
    found: dict[str, set[str]] = {}
    for name, part in schema["properties"].items():
        structured = any(member.startswith((f"{name}.", f"{name}[]")) for member in structure)
        if part.get("x-wire") in {"json", "csv"} and not structured:
            found[name] = {"string", "object"} if part.get("type") == "object" else {"string"}
            continue
        found.update(dict(types(part, name)))
    return found


def compare(
    operation: str, side: str, here: Mapping[str, set[str]], there: Mapping[str, str]
) -> Iterator[Difference]:
    for member in sorted(here.keys() | there.keys()):
        if member not in there:
            yield Difference(operation, side, member, "missing-there", _text(here[member]), "")
        elif member not in here:
            yield Difference(operation, side, member, "missing-here", "", there[member])
        elif there[member] not in here[member]:
            yield Difference(operation, side, member, "type", _text(here[member]), there[member])


def _text(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))


def differences(models: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(SPECS.operations.keys() & models.keys()):
        operation, model = SPECS.operations[name], models[name]
        resolve = reference_resolver(operation)
        request = expand(operation.request, resolve)
        yield from compare(
            name, "request", on_the_wire(request, model["request"]), model["request"]
        )
        answer = {path: kinds for path, kinds in types(_answer(operation), "") if path}
        yield from compare(name, "response", answer, model["response"])
        required = set(operation.request.get("required", ()))
        for member in sorted(required ^ set(model["required"])):
            here, there = str(member in required), str(member in model["required"])
            yield Difference(name, "request", member, "required", here.lower(), there.lower())
        if operation.document["sdkMethod"] != model["method"]:
            here, there = operation.document["sdkMethod"], model["method"]
            yield Difference(name, "request", "method", "method", here, there)


def _answer(operation: Any) -> Mapping[str, Any]:
    """Return the response schema with references followed; it may use words requests do not."""
    resolver = operation.registry.resolver()

    def follow(value: Any) -> Any:
        if isinstance(value, list):
            return [follow(part) for part in value]
        if not isinstance(value, dict):
            return value
        merged = dict(value)
        while "$ref" in merged:
            reference = merged.pop("$ref")
            reference = reference if reference.startswith("kms:") else f"kms:definitions{reference}"
            merged = {**resolver.lookup(reference).contents, **merged}
        return {key: follow(part) for key, part in merged.items()}

    followed: Mapping[str, Any] = follow(dict(operation.response))
    return followed


def test_the_model_is_the_one_the_errata_are_about() -> None:
    lock = (SDK.parents[1] / "requirements" / "sdk-v2.lock").read_text(encoding="utf-8")
    package = ERRATA["package"]
    assert f"\n{package['name']}=={package['version']} " in lock


def test_operations_are_the_same(models: Mapping[str, Any]) -> None:
    assert set(models) == set(SPECS.operations)


def test_every_difference_is_an_erratum_and_every_erratum_a_difference(
    models: Mapping[str, Any],
) -> None:
    found = set(differences(models))
    listed = {
        Difference(
            entry["operation"],
            entry["side"],
            entry["member"],
            entry["kind"],
            entry.get("here", ""),
            entry.get("there", ""),
        )
        for entry in ERRATA["errata"]
    }
    assert len(listed) == len(ERRATA["errata"])
    assert sorted(found - listed) == [], "differs from the SDK, and specs/errata.json lacks it"
    assert sorted(listed - found) == [], "stands in specs/errata.json and differs no longer"


def test_a_changed_type_and_a_lost_member_are_noticed(models: Mapping[str, Any]) -> None:
    changed = json.loads(json.dumps(models))
    changed["Encrypt"]["response"]["KeyId"] = "integer"
    del changed["DescribeKey"]["request"]["KeyId"]
    new = set(differences(changed)) - set(differences(models))
    assert {(item.operation, item.member, item.kind) for item in new} == {
        ("Encrypt", "KeyId", "type"),
        ("DescribeKey", "KeyId", "missing-there"),
    }
