"""Random values are valid and shrink; boundary values sit on the border of every constraint."""

import time

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from independent_judge import Judge, faults

from conformance.spec.boundaries import boundaries
from conformance.spec.catalogue import catalogue
from conformance.spec.combinations import combinations
from conformance.spec.compose import generated, plausible
from conformance.spec.judge import json_length
from conformance.spec.keywords import request_schema
from conformance.spec.negative import breaks_only, codec
from conformance.spec.placeholders import resources, stand_in
from conformance.spec.random_requests import random_negative, random_request
from conformance.spec.strategies import strategy
from conformance.spec.values import canonical

OPERATIONS = list(catalogue())
WITH_PARAMETERS = [operation for operation in OPERATIONS if generated(operation)]
PLAIN = {
    (operation.name, name): schema
    for operation in OPERATIONS
    for name, schema in request_schema(operation).get("properties", {}).items()
    if "x-not-generated" not in schema
}
QUICK = settings(
    max_examples=12,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def name(operation):
    return operation.name


def unique(schemas):
    """One of each different schema: many parameters share one."""
    seen = {}
    for key, schema in schemas.items():
        seen.setdefault(repr(schema), (key, schema))
    return list(seen.values())


@pytest.mark.parametrize(
    ("key", "schema"), [pytest.param(*found, id=".".join(found[0])) for found in unique(PLAIN)]
)
def test_random_values_are_valid(key, schema):
    judge = Judge(schema)

    @QUICK
    @given(strategy(schema))
    def every(value):
        judge.validate(value)

    every()


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_random_requests_are_valid_and_go_together(operation):
    @QUICK
    @given(random_request(operation))
    def every(params):
        filled = plausible(operation, params)
        assert faults(operation, filled) == []
        assert combinations(operation).allow(filled)
        assert codec(operation).travels(filled)

    every()


@pytest.mark.parametrize("operation", WITH_PARAMETERS, ids=name)
def test_random_negatives_have_one_fault(operation):
    @QUICK
    @given(random_negative(operation))
    def every(bad):
        assert breaks_only(operation, bad.params, bad.negative)

    every()


def test_alternatives_are_all_taken():
    operation = catalogue().operations["TagResource"]
    taken = set()

    @settings(QUICK, max_examples=40)
    @given(random_request(operation))
    def every(params):
        taken.update(params.keys() - {"Tags"})

    every()
    assert taken == {"KeyId", "SecretName"}


def test_requests_shrink_to_what_is_required():
    operation = catalogue().operations["CreateSecret"]
    smallest = find(
        random_request(operation),
        lambda params: len(str(params["SecretData"])) > 4,
        settings=settings(database=None, deadline=None),
    )
    assert set(smallest) == {"SecretData", "SecretName", "VersionId"}
    assert len(smallest["SecretData"]) == 5


def test_values_shrink():
    schema = {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "maxItems": 9}
    found = find(
        strategy(schema),
        lambda value: len(value) >= 2 and len(value[1]) >= 3,
        settings=settings(database=None, deadline=None),
    )
    assert sorted(map(len, found)) == [1, 3]


@given(st.data())
def test_couplings_hold_by_construction(data):
    schema = {
        "type": "object",
        "properties": {name: {"type": "boolean"} for name in "ABCDE"},
        "required": ["A"],
        "dependentRequired": {"B": ["C"], "C": ["B"]},
        "oneOf": [{"required": ["D"]}, {"required": ["E"]}],
        "allOf": [{"if": {"properties": {"A": {"const": True}}}, "then": {"required": ["B"]}}],
    }
    Judge(schema).validate(data.draw(strategy(schema)))


@given(st.data())
def test_limits_of_maps_and_texts_hold(data):
    pair = {"type": "string", "x-text": True}
    schema = {"type": "object", "additionalProperties": pair, "x-max-json-length": 40}
    assert json_length(data.draw(strategy(schema))) <= 40
    text = data.draw(strategy({"type": "string", "x-text": True, "x-max-bytes": 20}))
    assert len(text.encode()) <= 20


BORDERS = [
    (operation.name, parameter, schema, border)
    for operation in OPERATIONS
    for parameter, schema in generated(operation).items()
    for border in boundaries(schema)
]


def test_every_boundary_value_is_valid():
    for operation, parameter, schema, border in BORDERS:
        value = stand_in(border.value, schema, canonical)
        assert Judge(schema).is_valid(value), (operation, parameter, border.name)


def test_boundaries_have_names_of_their_own_and_differ():
    for operation in OPERATIONS:
        for parameter, schema in generated(operation).items():
            found = list(boundaries(schema))
            names = [border.name for border in found]
            assert len(names) == len(set(names)), (operation.name, parameter)
            values = [repr(border.value) for border in found]
            assert len(values) == len(set(values)), (operation.name, parameter)


def border(schema, name):
    return next(item.value for item in boundaries(schema) if item.name == name)


def test_borders_of_numbers_and_lengths_are_reached():
    number = {"type": "integer", "minimum": 7, "maximum": 366}
    assert border(number, "minimum") == 7
    assert border(number, "maximum") == 366
    text = {"type": "string", "x-text": True, "maxLength": 8192}
    assert len(border(text, "longest")) == 8192
    assert len(border(text, "longest-cjk")) == 8192
    assert len(border(text, "longest-emoji").encode("utf-16-le")) == 2 * 8192
    limited = {"type": "string", "x-text": True, "x-max-bytes": 30720}
    assert len(border(limited, "most-bytes").encode()) == 30720
    assert len(border(limited, "most-bytes-cjk").encode()) == 30720
    context = {"type": "object", "additionalProperties": {"type": "string"}}
    assert json_length(border({**context, "x-max-json-length": 8192}, "longest")) == 8192
    blob = {"type": "string", "contentEncoding": "base64", "x-decoded": {"maxBytes": 6144}}
    assert len(border(blob, "most-bytes")) == 8192
    assert len(border(blob, "most-characters")) == 6144


def test_every_documented_bound_of_a_generated_string_is_walked():
    for operation in OPERATIONS:
        for parameter, schema in generated(operation).items():
            if schema.get("type") != "string" or "maxLength" not in schema:
                continue
            resource = schema.get("x-resource", "new-")
            if not resource.startswith("new-"):
                continue
            values = [stand_in(item.value, schema, canonical) for item in boundaries(schema)]
            assert max(map(len, values)) == schema["maxLength"], (operation.name, parameter)


def test_special_values_are_never_expected_to_succeed():
    for operation in OPERATIONS:
        if "DryRun" not in generated(operation):
            continue
        assert [item.value for item in boundaries(generated(operation)["DryRun"])] == ["false"]


def test_real_things_stay_placeholders():
    operation = catalogue().operations["AsymmetricVerify"]

    @QUICK
    @given(random_request(operation))
    def every(params):
        paths = {resource.path.partition(".")[0] for resource in resources(params)}
        assert paths == {"signing-key-pair"}

    every()


def speed(source):
    """Examples a second; fails when filters starve the source."""
    count = 0

    @settings(QUICK, max_examples=60)
    @given(source)
    def draw(_):
        nonlocal count
        count += 1

    started = time.perf_counter()
    draw()
    assert count >= 60
    return count / (time.perf_counter() - started)


def test_speed_is_printed(capsys):
    """For the record: machines differ, so that only the ratio to bare Hypothesis tells much."""
    lines = []
    bare = st.fixed_dictionaries(
        {}, optional={letter: st.sampled_from("xyz") for letter in "ABCDEFGHIJK"}
    )
    baseline = speed(bare)
    for operation in ("CreateKey", "CreateSecret", "TagResource", "GenerateDataKey"):
        for kind, source in (
            ("values", strategy(request_schema(catalogue().operations[operation]))),
            ("requests", random_request(catalogue().operations[operation])),
        ):
            found = speed(source)
            lines.append(f"{operation} {kind} {found:.0f}/s ({found / baseline:.2f})")
    with capsys.disabled():
        print(f"\nbare Hypothesis, eleven optional members: {baseline:.0f}/s; " + "; ".join(lines))
