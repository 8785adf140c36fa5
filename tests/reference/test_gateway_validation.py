"""Compiled parameter checks against the judge that is built on jsonschema, over every variant."""

import re

import pytest

from conformance.reference.answers import parameter_error
from conformance.reference.validate import python_pattern, request_check
from conformance.spec import catalogue
from conformance.spec.judge import violations
from conformance.spec.negative import BEYOND_SCHEMA, arrives
from conformance.spec.variants import variants

OPERATIONS = list(catalogue())


def parameter(pointer):
    return pointer.split("/")[1] if pointer else ""


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_both_readings_of_the_specs_agree(operation):
    check = request_check(operation)
    for variant in variants(operation):
        arrived = arrives(operation, variant.params, variant.raw)
        if arrived is None or variant.keyword in BEYOND_SCHEMA:
            continue
        judged = violations(operation, arrived)
        found = check(arrived)
        lenient = {"enum", "contentEncoding"}
        if not judged:
            assert found is None, (variant.id, found)
        elif found is None:
            assert {violation.keyword for violation in judged} <= lenient, (variant.id, judged)
        else:
            names = {parameter(violation.pointer) for violation in judged}
            assert found.parameter in names or "" in names, (variant.id, found, judged)


@pytest.mark.parametrize("family", ["kms", "gateway"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_refusal_has_a_documented_code(operation, family):
    check = request_check(operation)
    for variant in variants(operation):
        arrived = arrives(operation, variant.params, variant.raw)
        if variant.polarity != "negative" or arrived is None or variant.keyword in BEYOND_SCHEMA:
            continue
        found = check(arrived)
        if found is None:
            continue
        error = parameter_error(operation, found, family)
        assert variant.expectation.allows_code(error.code), (variant.id, error.code)
        assert variant.expectation.allows_status(error.status), (variant.id, error.status)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        ("^a.b$", "a\u2028b", False),
        ("^a.b$", "a\x85b", True),
        (r"^[^$.]\$$", "x$", True),
        (r"^\d$", "\u0663", False),
    ],
)
def test_patterns_mean_what_they_mean_in_json_schema(pattern, text, matches):
    compiled = re.compile(python_pattern(pattern), re.ASCII)
    assert (compiled.search(text) is not None) is matches
