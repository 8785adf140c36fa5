"""Every document in specs/ is what its meta-schema says, and agrees with the others."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing.exceptions import Unresolvable

import specs
from conformance.spec import catalogue
from conformance.spec.judge import violations
from conformance.spec.keywords import ANNOTATIONS, ASSERTIONS, request_schema
from conformance.spec.patterns import parse

SPECS = catalogue()
DIALECT = "https://json-schema.org/draft/2020-12/schema"
META = {name: document for name, document in SPECS.documents.items() if name.startswith("meta/")}
PROMISES = sorted(SPECS.documents.keys() - META.keys())
OPERATIONS = sorted(SPECS.operations)
BY_ID = {document["$id"]: document for document in META.values()}


def meta_of(name: str) -> dict[str, Any]:
    document = SPECS.documents[name]
    identifier = "kms:meta/definitions" if name == "definitions" else document["$schema"]
    return BY_ID[identifier]


def problems(name: str, document: Any) -> list[str]:
    validator = Draft202012Validator(meta_of(name), registry=SPECS.registry)
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator.iter_errors(document)
    ]


def nodes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from nodes(part, f"{path}/{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from nodes(part, f"{path}/{index}")


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and every schema within it, but not what references lead to."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in ("items", "additionalProperties", "if", "then", "else"):
        yield from schemas(schema.get(keyword))
    for keyword in ("properties", "$defs"):
        for part in schema.get(keyword, {}).values():
            yield from schemas(part)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from schemas(part)


def all_schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in OPERATIONS:
        document = SPECS.documents[f"kms-api/{name}"]
        for side in ("request", "response"):
            for schema in schemas(document[side]):
                yield f"{name} {side}", schema
    for schema in schemas({"$defs": SPECS.documents["definitions"]["$defs"]}):
        yield "definitions", schema


def test_there_are_91_operations_and_each_file_is_named_after_its_own() -> None:
    assert len(OPERATIONS) == 91
    for name, document in SPECS.documents.items():
        if name.startswith("kms-api/"):
            assert name == f"kms-api/{document['operation']}"


@pytest.mark.parametrize("name", PROMISES)
def test_document_meets_its_meta_schema(name: str) -> None:
    assert problems(name, SPECS.documents[name]) == []


@pytest.mark.parametrize("name", PROMISES)
def test_unknown_member_is_refused(name: str) -> None:
    document = {**SPECS.documents[name], "unknown": 1}
    assert any("unknown" in problem for problem in problems(name, document))


@pytest.mark.parametrize("name", OPERATIONS)
def test_unknown_keyword_is_refused_in_every_schema_of_an_operation(name: str) -> None:
    document = copy.deepcopy(SPECS.documents[f"kms-api/{name}"])
    validator = Draft202012Validator(meta_of(f"kms-api/{name}"), registry=SPECS.registry)
    for side in ("request", "response"):
        for schema in schemas(document[side]):
            schema["x-unknown"] = True
            assert not validator.is_valid(document)
            del schema["x-unknown"]
    assert validator.is_valid(document)


def test_keywords_of_requests_are_those_the_compiler_knows() -> None:
    described = set(META["meta/operation.schema"]["$defs"]["Request"]["properties"])
    # Shapes that requests share with answers may carry one word that is for answers only.
    assert described | {"x-present-when"} == ASSERTIONS | ANNOTATIONS


@pytest.mark.parametrize("name", sorted(META))
def test_meta_schema_is_sound_titled_and_closed(name: str) -> None:
    document = META[name]
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == DIALECT
    assert document["$id"] == f"kms:{name.removesuffix('.schema')}"
    assert document["title"]
    for path, node in nodes(document):
        if isinstance(node, dict) and isinstance(node.get("properties"), dict):
            if path.rpartition("/")[2] in {"properties", "$defs"}:
                continue
            closed = "additionalProperties" in node or "unevaluatedProperties" in node
            assert closed or "type" not in node or "oneOf" in node, f"{path} is open"


def test_every_kind_of_file_has_a_meta_schema_and_the_other_way_round() -> None:
    kinds = {meta_of(name)["$id"] for name in PROMISES}
    of_runs = set(BY_ID) - kinds - {"kms:meta/common"}
    for identifier in of_runs:
        name = identifier.removeprefix("kms:meta/")
        assert not (Path(str(specs.root())) / f"{name}.json").exists()
    assert {"kms:meta/results", "kms:meta/evidence", "kms:meta/target"} <= of_runs


@pytest.mark.parametrize("name", sorted(SPECS.documents))
def test_every_reference_resolves(name: str) -> None:
    document = SPECS.documents[name]
    resolver = SPECS.registry.resolver(document.get("$id", ""))
    for path, node in nodes(document):
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            continue
        if "/examples/" in path:
            continue
        try:
            resolver.lookup(node["$ref"])
        except Unresolvable as error:
            pytest.fail(f"{path}: {error}")


def test_every_definition_is_used() -> None:
    text = json.dumps([SPECS.documents[name] for name in PROMISES])
    used = set(re.findall(r'"(?:kms:definitions)?#/\$defs/([A-Za-z0-9]+)"', text))
    assert set(SPECS.documents["definitions"]["$defs"]) == used


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_are_valid_and_hold_known_members_only(name: str) -> None:
    operation = SPECS.operations[name]
    for request in operation.examples["request"]:
        assert violations(operation, request) == []
        assert request.keys() <= operation.request["properties"].keys()
    for response in operation.examples["response"]:
        assert [error.message for error in operation.response_validator.iter_errors(response)] == []
        assert response.keys() <= operation.response["properties"].keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_required_members_are_described(name: str) -> None:
    operation = SPECS.operations[name]
    for side in (operation.request, operation.response):
        assert set(side.get("required", ())) <= side["properties"].keys()
    for schema in (*schemas(operation.request), *schemas(operation.response)):
        for keyword in schema.get("x-provenance", {}):
            constraint, _, member = keyword.partition(":")
            if member:
                assert member in schema["required"]
            else:
                expanded = schema if "$ref" not in schema else _target(schema)
                parts = [expanded, *expanded.get("allOf", ())]
                assert any(constraint in part for part in parts)


def _target(schema: dict[str, Any]) -> dict[str, Any]:
    merged = dict(schema)
    while "$ref" in merged:
        name = merged.pop("$ref").rpartition("/")[2]
        merged = {**SPECS.documents["definitions"]["$defs"][name], **merged}
    return merged


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_compiler_accepts_the_request(name: str) -> None:
    assert request_schema(SPECS.operations[name])["type"] == "object"


def test_patterns_begin_with_an_anchor_and_mean_the_same_everywhere() -> None:
    for where, schema in all_schemas():
        if "pattern" not in schema:
            continue
        pattern = schema["pattern"]
        assert not re.search(r"\\[dDwWsSbB]", pattern), f"{where}: {pattern} depends on Unicode"
        assert parse(pattern), where
        for match in re.finditer(r"(?<!\\)\$", pattern):
            rest = pattern[match.end() :]
            in_class = pattern[: match.start()].count("[") > pattern[: match.start()].count("]")
            assert rest == "" or in_class, f"{where}: {pattern} has $ before its end"


def test_anchored_patterns_refuse_a_trailing_line_feed() -> None:
    for where, schema in all_schemas():
        pattern = parse(schema["pattern"]) if "pattern" in schema else None
        sample = pattern.sample() if pattern else None
        if pattern and sample is not None and schema["pattern"].endswith("$"):
            assert pattern.matches(sample), where
            assert not pattern.matches(f"{sample}\n"), where


def test_secrets_are_marked() -> None:
    marked = {
        (name, side, member)
        for name in OPERATIONS
        for side in ("request", "response")
        for member, schema in SPECS.documents[f"kms-api/{name}"][side]["properties"].items()
        if schema.get("x-secret")
    }
    for name in OPERATIONS:
        operation = SPECS.operations[name]
        for side, schema in (("request", operation.request), ("response", operation.response)):
            for member in schema["properties"].keys() & {
                "Plaintext", "SecretData", "PrivateKeyData", "Password", "RandomPassword",
                "ImportToken", "EncryptedKeyMaterial", "ChallengeToken",
            }:  # fmt: skip
                assert (name, side, member) in marked


def test_text_of_the_specs_is_free_of_machines_and_people() -> None:
    text = json.dumps(dict(SPECS.documents))
    assert not re.search(r"/(?:work|root|home|tmp)/|localhost:|https?://(?!127)[0-9]", text)


def test_package_data_is_complete() -> None:
    folder = Path(str(specs.root()))
    on_disk = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.json")}
    assert on_disk == set(SPECS.documents)
