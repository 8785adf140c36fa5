"""What one document of specs/ says of another is so, and nothing is said twice."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from conformance.spec import catalogue
from conformance.spec.catalogue import Limit
from conformance.spec.combinations import combinations

SPECS = catalogue()
DOCS = SPECS.documents
OPERATIONS = sorted(SPECS.operations)
READINGS = {entry["id"]: entry for entry in DOCS["readings"]["readings"]}
PROMISES = [name for name in DOCS if not name.startswith("meta/")]


def members(value: Any, name: str) -> list[Any]:
    found: list[Any] = []
    if isinstance(value, dict):
        found += [value[name]] if name in value else []
        for part in value.values():
            found += members(part, name)
    elif isinstance(value, list):
        for part in value:
            found += members(part, name)
    return found


def test_identifiers_stand_once() -> None:
    lists = {
        "errors": [
            (entry["scope"] == "instance-api", entry["code"]) for entry in DOCS["errors"]["errors"]
        ],
        "readings": [entry["id"] for entry in DOCS["readings"]["readings"]],
        "limits": [entry["id"] for entry in DOCS["limits"]["limits"]],
        "failures": [entry["kind"] for entry in DOCS["auth-failures"]["failures"]],
        "bundles": [entry["bundle"] for entry in DOCS["resources"]["bundles"]],
        "key specs": [entry["spec"] for entry in DOCS["key-specs"]["specs"]],
        "key states": [entry["operation"] for entry in DOCS["key-states"]["operations"]],
        "load targets": [entry["id"] for entry in DOCS["load-targets"]["targets"]],
        "wire cells": [entry["id"] for entry in DOCS["matrix"]["wire"]],
        "quotas": [name for group in DOCS["quotas"]["groups"] for name in group["operations"]],
        "cells": [(entry["wire"], entry["integration"]) for entry in DOCS["matrix"]["cells"]],
    }
    for kind, identifiers in lists.items():
        twice = [item for item, count in Counter(identifiers).items() if count > 1]
        assert not twice, f"{kind}: {twice}"


def test_no_shape_stands_twice() -> None:
    definitions = DOCS["definitions"]["$defs"]
    shapes: dict[str, str] = {}
    for name, schema in definitions.items():
        text = json.dumps(schema, sort_keys=True)
        assert text not in shapes, f"{name} repeats {shapes.get(text)}"
        shapes[text] = name
    for name in OPERATIONS:
        document = DOCS[f"kms-api/{name}"]
        for side in ("request", "response"):
            for schema in members(document[side], "properties"):
                for member, part in schema.items():
                    if isinstance(part, dict) and len(part) > 1:
                        text = json.dumps(part, sort_keys=True)
                        assert text not in shapes, f"{name} {side} {member}: {shapes.get(text)}"


def test_long_shapes_of_operations_are_shared() -> None:
    seen: dict[str, str] = {}
    for name in OPERATIONS:
        for side in ("request", "response"):
            properties = DOCS[f"kms-api/{name}"][side]["properties"]
            for member, part in properties.items():
                text = json.dumps(part, sort_keys=True)
                if len(text) < 220:
                    continue
                assert text not in seen, f"{name} {side} {member} repeats {seen.get(text)}"
                seen[text] = f"{name} {side} {member}"


@pytest.mark.parametrize("name", OPERATIONS)
def test_errors_of_an_operation_come_from_the_catalogue_and_add_to_it(name: str) -> None:
    operation = SPECS.operations[name]
    shared = {*DOCS["errors"]["everyOperation"], *DOCS["errors"]["withDryRun"]}
    for entry in operation.document["errors"]:
        known = SPECS.errors.kms_api[entry["code"]]
        assert entry["code"] not in shared
        assert "<" not in entry["code"]
        assert entry.get("stage") != known.stage
        assert entry.get("when") != known.when
    codes = [error.code for error in operation.errors]
    assert len(codes) == len(set(codes))
    for code in operation.document["idempotency"].get("codes", ()):
        assert code in codes


def test_codes_named_anywhere_exist() -> None:
    known = set(SPECS.errors.kms_api)
    named = {
        *DOCS["errors"]["everyOperation"],
        *DOCS["errors"]["withDryRun"],
        *members(DOCS["key-states"], "codes")[0],
        *DOCS["quotas"]["retry"]["codes"],
        DOCS["quotas"]["refusal"]["code"],
        DOCS["key-specs"]["rotation"]["refusal"],
    }
    for codes in members(DOCS["key-states"], "codes"):
        named |= set(codes)
    assert named <= known
    for reason in DOCS["matrix"]["reasons"]:
        assert set(reason.get("codes", ())) <= known | set(SPECS.errors.instance_api)


def is_known(code: str, status: int | None = None) -> bool:
    """Tell whether the catalogue knows a code pattern, at that status where one is given."""
    stem = code.removesuffix(".*").replace("{Parameter}", "<ParameterName>")
    pairs: set[tuple[str, int | None]] = set()
    for entry in DOCS["errors"]["errors"]:
        if entry["scope"] == "instance-api":
            continue
        pairs.add((entry["code"], entry["status"]))
        for variant in entry.get("variants", ()):
            pairs.add((variant.get("code", entry["code"]), variant.get("status", entry["status"])))
    for known, at in pairs:
        form = re.escape(known).replace("<ParameterName>", "[A-Z][A-Za-z]+")
        same = stem == known or re.fullmatch(form, stem) or stem.startswith(f"{known}.")
        if same and status in {None, at}:
            return True
    return False


def test_refusals_name_known_codes() -> None:
    rows = [*DOCS["refusals"]["keywords"].values()]
    for name in ("definitions", *(f"kms-api/{operation}" for operation in OPERATIONS)):
        for own in members(DOCS[name], "x-refusals"):
            assert own.keys() <= DOCS["refusals"]["keywords"].keys()
            rows += own.values()
    for row in rows:
        for code in row["codes"]:
            assert is_known(code), code
        if not row["codes"]:
            assert row["provenance"] == "inferred"


def test_answers_to_authentication_failures_agree_with_the_catalogue() -> None:
    for failure in DOCS["auth-failures"]["failures"]:
        for family in failure["answers"].values():
            for answer in family:
                assert is_known(answer["code"], answer["status"]), (failure["kind"], answer)


def test_readings_named_anywhere_exist_and_have_different_options() -> None:
    for name in PROMISES:
        if name == "readings":
            continue
        for reading in members(DOCS[name], "x-reading"):
            assert reading in READINGS, f"{name}: {reading}"
        for readings in members(DOCS[name], "readings"):
            assert set(readings) <= READINGS.keys(), f"{name}: {readings}"
    for reading in READINGS.values():
        options = [option["option"] for option in reading["options"]]
        assert len(options) == len(set(options))


def test_every_contradiction_of_the_documentation_has_a_reading() -> None:
    assert {entry.get("number") for entry in READINGS.values()} - {None} == set(range(1, 25))


def test_operations_named_anywhere_exist() -> None:
    for name in PROMISES:
        if name.startswith(("kms-api/", "instance-api/")):
            continue
        for value in (*members(DOCS[name], "operation"), *members(DOCS[name], "madeBy")):
            for operation in [value] if isinstance(value, str) else value:
                assert operation in SPECS.operations, f"{name}: {operation}"
        for value in members(DOCS[name], "operations"):
            if value and all(isinstance(item, str) for item in value):
                assert set(value) <= SPECS.operations.keys(), name


def test_state_codes_are_promised_by_the_operation() -> None:
    for row in DOCS["key-states"]["operations"]:
        promised = {error.code for error in SPECS.operations[row["operation"]].errors}
        for state, cell in row["states"].items():
            assert set(cell.get("codes", ())) <= promised, (row["operation"], state)


def test_every_state_has_a_meaning() -> None:
    document = DOCS["key-states"]
    states = [entry["state"] for entry in document["states"]]
    assert states == DOCS["definitions"]["$defs"]["KeyState"]["enum"]
    for row in document["operations"]:
        assert list(row["states"]) == states


@pytest.mark.parametrize("entry", DOCS["limits"]["limits"], ids=lambda entry: str(entry["id"]))
def test_limit_can_be_looked_up(entry: dict[str, Any]) -> None:
    limit = SPECS.limit(entry["id"])
    assert any(value is not None for value in (limit.min, limit.max, limit.default))
    if "where" in entry:
        assert all(SPECS.constraint(path) for path in entry["where"])
        bounds = {SPECS.constraint(path).get("maxItems") for path in entry["where"]}
        assert len(bounds) == 1


def test_limits_are_those_of_the_schema() -> None:
    assert SPECS.limit("key-deletion-window") == Limit(7, 366, None, "days")
    assert SPECS.limit("secret-recovery-window") == Limit(7, 30, 30, "days")
    assert SPECS.limit("custom-data") == Limit(None, 10, None, "pairs")
    with pytest.raises(KeyError):
        SPECS.limit("height")


def test_matrix_has_8_open_of_24_and_13_open_of_96() -> None:
    matrix = DOCS["matrix"]
    wire = {cell["id"]: cell for cell in matrix["wire"]}
    dimensions = matrix["dimensions"]
    combos = {(c["gateway"], c["authentication"], c["api"], c["category"]) for c in wire.values()}
    names = ("gateway", "authentication", "api", "category")
    sizes = [len(dimensions[name]) for name in names]
    assert len(combos) == 24 == sizes[0] * sizes[1] * sizes[2] * sizes[3]
    assert sum(cell["answer"] == "open" for cell in wire.values()) == 8
    assert sum(cell["answer"] == "open" for cell in matrix["cells"]) == 13
    reasons = {reason["id"] for reason in matrix["reasons"]}
    for cell in matrix["cells"]:
        assert cell["wire"] in wire
        assert set(cell.get("reasons", ())) <= reasons
        assert (cell["answer"] == "open") or cell["reasons"]
        if cell["answer"] == "open":
            assert wire[cell["wire"]]["answer"] == "open"
            assert cell["integration"] in wire[cell["wire"]]["integrations"]
    for identifier, cell in wire.items():
        open_by = {
            item["integration"]
            for item in matrix["cells"]
            if item["wire"] == identifier and item["answer"] == "open"
        }
        assert open_by == set(cell.get("integrations", ()))


def test_load_targets_refer_to_quotas() -> None:
    groups = {group["group"] for group in DOCS["quotas"]["groups"]}
    specs_of_keys = {entry["spec"] for entry in DOCS["key-specs"]["specs"]}
    for target in DOCS["load-targets"]["targets"]:
        assert target["group"] in groups
        rate = target["queriesPerSecond"]
        if isinstance(rate, dict):
            assert rate["quota"] == target["group"]
        assert target.get("reference", {}).get("keySpec", "RSA_2048") in specs_of_keys


def test_key_specs_are_the_values_of_the_parameters() -> None:
    definitions = DOCS["definitions"]["$defs"]
    document = DOCS["key-specs"]
    names = {entry["spec"] for entry in document["specs"]}
    assert names == set(definitions["KeySpec"]["enum"])
    assert {entry["usage"] for entry in document["usages"]} == set(definitions["KeyUsage"]["enum"])
    assert {entry["name"] for entry in document["macs"]} == set(definitions["MacAlgorithm"]["enum"])
    assert {e["spec"] for e in document["dataKeySpecs"]} == set(definitions["DataKeySpec"]["enum"])
    for kind, definition in (
        ("encryption", "EncryptionAlgorithm"),
        ("signing", "SignatureAlgorithm"),
    ):
        used = {item["name"] for entry in document["specs"] for item in entry.get(kind, ())}
        assert used == set(definitions[definition]["enum"])
    for row in document["managementTypes"]:
        assert {*row["symmetric"], *row["asymmetric"]} <= names


@pytest.mark.parametrize("name", OPERATIONS)
def test_things_that_requests_need_are_described(name: str) -> None:
    bundles = {entry["bundle"]: entry for entry in DOCS["resources"]["bundles"]}
    schema = combinations(SPECS.operations[name]).schema
    for reference in members(schema, "x-resource"):
        bundle, _, attribute = reference.partition(".")
        assert attribute in bundles[bundle]["attributes"], reference
    for part in _with_forms(schema):
        bundle, _, attribute = part["x-resource"].partition(".")
        usual = {"id": "id", "name": "name"}.get(attribute)
        others = [form for form in part["x-forms"] if usual and form != usual]
        assert set(others) <= bundles[bundle]["attributes"].keys(), part["x-resource"]


def _with_forms(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [item for part in value for item in _with_forms(part)]
    if not isinstance(value, dict):
        return []
    own = [value] if "x-forms" in value and isinstance(value.get("x-resource"), str) else []
    return own + [item for part in value.values() for item in _with_forms(part)]


def test_every_bundle_is_needed_by_some_request() -> None:
    needed: set[str] = set()
    for operation in SPECS:
        known = combinations(operation)
        for reference in members(known.schema, "x-resource"):
            needed.add(reference.partition(".")[0])
    assert {entry["bundle"] for entry in DOCS["resources"]["bundles"]} == needed


def test_common_parameters_name_what_the_schemes_need() -> None:
    schemes = {entry["scheme"]: entry for entry in DOCS["common-parameters"]["schemes"]}
    assert set(schemes) == {"RPC-1.0", "V3"}
    always = {
        scheme: {item["name"] for item in entry["parameters"] if item["required"] == "always"}
        for scheme, entry in schemes.items()
    }
    assert {"Action", "Version", "AccessKeyId", "Signature", "Timestamp"} <= always["RPC-1.0"]
    assert {"host", "x-acs-action", "x-acs-date", "Authorization"} <= always["V3"]
