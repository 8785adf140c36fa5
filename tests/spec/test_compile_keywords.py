"""The declared subset is enforced, and references are replaced without loss."""

import json

import pytest
from independent_judge import faults

from conformance.spec.catalogue import catalogue
from conformance.spec.judge import violations, violations_of
from conformance.spec.keywords import SchemaError, expand, merge, provenance_of, request_schema


def nowhere(reference):
    raise KeyError(reference)


@pytest.mark.parametrize("operation", list(catalogue()), ids=lambda operation: operation.name)
def test_every_request_schema_is_within_the_subset(operation):
    assert "$ref" not in json.dumps(request_schema(operation))


@pytest.mark.parametrize("operation", list(catalogue()), ids=lambda operation: operation.name)
def test_examples_of_requests_are_judged_alike(operation):
    for example in operation.examples["request"]:
        assert violations(operation, example) == []
        assert faults(operation, example) == []


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "string", "minimumLength": 3}, "/minimumLength"),
        ({"properties": {"A": {"not": {"type": "string"}}}}, "/properties/A/not"),
        ({"type": "array", "items": {"prefixItems": []}}, "/items/prefixItems"),
        (
            {"allOf": [{"if": {"unevaluatedProperties": False}}]},
            "/allOf/0/if/unevaluatedProperties",
        ),
        ({"properties": {"A": {"x-unheard-of": 1}}}, "/properties/A/x-unheard-of"),
        ({"type": ["string", "null"]}, "/type"),
        ({"type": "string", "pattern": "(?<=a)b"}, "/pattern"),
        ({"type": "string", "contentEncoding": "base32"}, "/contentEncoding"),
        ({"properties": {"A": {"$ref": "kms:nowhere"}}}, "/properties/A/$ref"),
    ],
)
def test_anything_else_is_refused_with_its_pointer(schema, place):
    with pytest.raises(SchemaError) as refused:
        expand(schema, nowhere)
    assert str(refused.value).startswith(f"{place}:")


def test_a_reference_to_itself_is_refused():
    schemas = {"kms:a": {"items": {"$ref": "kms:b"}}, "kms:b": {"items": {"$ref": "kms:a"}}}
    with pytest.raises(SchemaError, match="refers to itself"):
        expand({"$ref": "kms:a"}, schemas.__getitem__)


def test_keywords_beside_a_reference_hold_as_well():
    target = {"type": "string", "pattern": "^alias/", "maxLength": 255, "description": "Theirs."}
    beside = {"$ref": "kms:a", "pattern": "^alias/(?!acs)", "maxLength": 20, "description": "Own."}
    schema = expand(beside, {"kms:a": target}.__getitem__)
    assert schema["maxLength"] == 20
    assert schema["description"] == "Own."
    assert [item.keyword for item in violations_of(schema, "alias/acs/x")] == ["pattern"]
    assert [item.keyword for item in violations_of(schema, "other/x")] == ["pattern", "pattern"]
    assert violations_of(schema, "alias/mine") == []


def test_merging_keeps_the_tighter_bound_and_both_requirements():
    merged = merge(
        {"minimum": 1, "maximum": 100, "required": ["A"], "enum": ["a", "b"]},
        {"minimum": 7, "maximum": 200, "required": ["B"], "enum": ["b", "c"]},
    )
    assert merged == {"minimum": 7, "maximum": 100, "required": ["A", "B"], "enum": ["b"]}


def test_provenance_is_documented_unless_marked():
    schema = {"x-provenance": {"maxLength": "inferred", "required:Name": "observed"}}
    assert provenance_of(schema, "maxLength") == "inferred"
    assert provenance_of(schema, "pattern") == "documented"
    assert provenance_of(schema, "required", "Name") == "observed"
    assert provenance_of(schema, "required", "Other") == "documented"


def test_messages_of_the_judge_never_hold_the_value():
    secret = "canary-7f3a*"
    schema = {"type": "string", "pattern": "^[a-z]+$", "enum": ["a"], "maxLength": 3}
    found = violations_of(schema, secret)
    assert len(found) == 3
    assert all("canary" not in item.message for item in found)
