"""Every operation has its variants; valid ones are valid, and ids last."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from independent_judge import faults

from conformance.spec.catalogue import catalogue
from conformance.spec.combinations import combinations
from conformance.spec.compose import generated, plausible
from conformance.spec.coverage import coverage_table, render
from conformance.spec.keywords import special_values
from conformance.spec.negative import codec
from conformance.spec.placeholders import Resource, resources, stand_in
from conformance.spec.random_requests import random_request
from conformance.spec.transports import every
from conformance.spec.values import canonical
from conformance.spec.variants import FEWEST, MOST, variants

OPERATIONS = list(catalogue())
WITH_PARAMETERS = [operation for operation in OPERATIONS if generated(operation)]


def name(operation):
    return operation.name


def of(operation, polarity):
    return [variant for variant in variants(operation) if variant.polarity == polarity]


def lookup_of(operation):
    """Plausible untransformed values for placeholders, the same for the same one."""
    schemas = combinations(operation).schema

    def found(schema):
        if "x-resource" in schema:
            yield schema["x-resource"], canonical(schema)
        for part in schema.get("properties", {}).values():
            yield from found(part)
        if "items" in schema:
            yield from found(schema["items"])

    values = dict(found(schemas))
    return lambda resource: values.get(resource.path, "acs:kms:cn-hangzhou:1:key/0123456789abcdef")


def test_there_are_91_operations():
    assert len(OPERATIONS) == 91


@pytest.mark.parametrize("operation", WITH_PARAMETERS, ids=name)
def test_at_least_40_variants_differ_on_the_wire(operation):
    found = variants(operation)
    assert len({variant.shape for variant in found}) == len(found)
    assert 40 <= FEWEST <= len(found) <= MOST


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_ids_are_unique_and_purposes_stated(operation):
    found = variants(operation)
    assert max(Counter(variant.id for variant in found).values()) == 1
    for variant in found:
        assert variant.id.startswith(f"{operation.name}.")
        assert len(variant.purpose) > 5
        assert variant.id.isascii()
        assert variant.id.isprintable()
        assert not set(variant.id) & set(" []")


def test_ids_and_order_are_the_same_in_every_process():
    code = (
        "from conformance.spec.catalogue import catalogue\n"
        "from conformance.spec.variants import variants\n"
        "for name in ('CreateKey', 'GetSecretValue', 'ListKeys'):\n"
        "    print([v.id for v in variants(catalogue().operations[name])])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_positives_and_specials_are_valid(operation):
    for variant in [*of(operation, "positive"), *of(operation, "special")]:
        assert faults(operation, plausible(operation, variant.params)) == [], variant.id


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_positives_arrive_as_they_were_meant(operation):
    lookup = lookup_of(operation)
    for variant in of(operation, "positive"):
        arrived = codec(operation).decode(variant.pairs(lookup))
        meant = variant.resolved(lookup)
        assert arrived == meant, variant.id


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_every_way_the_operation_may_take_is_tried(operation):
    ways = {(way.method, way.placement) for way in every(operation)}
    found = {
        (variant.transport.method, variant.transport.placement)
        for variant in of(operation, "positive")
    }
    assert ways <= found
    assert {variant.transport.format for variant in of(operation, "positive")} == {"JSON", "XML"}
    schemes = {variant.transport.scheme for variant in of(operation, "positive")}
    assert schemes == {"V3", "RPC-1.0"}
    for variant in variants(operation):
        assert variant.transport.method in operation.methods


#: Values with which success depends on another product, so that no valid request is made of them.
ELSEWHERE = {
    ("CreateSecret", "SecretType"): {"Rds", "Redis", "RAMCredentials", "ECS", "PolarDB"},
    ("CreateSecret", "EnableAutomaticRotation"): {True},
}


@pytest.mark.parametrize("operation", WITH_PARAMETERS, ids=name)
def test_every_listed_value_is_sent(operation):
    for parameter, schema in generated(operation).items():
        values = {True, False} if schema.get("type") == "boolean" else set(schema.get("enum", ()))
        sent = {
            variant.params[parameter]
            for variant in variants(operation)
            if variant.polarity != "negative"
            and isinstance(variant.params.get(parameter), str | bool)
        }
        missing = values - sent - ELSEWHERE.get((operation.name, parameter), set())
        assert not missing, (parameter, missing)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_a_special_value_is_never_expected_to_succeed(operation):
    for variant in of(operation, "positive"):
        for parameter, schema in generated(operation).items():
            assert variant.params.get(parameter) not in (special_values(schema) or [object()])


def test_dry_run_expects_its_code():
    found = [
        variant
        for operation in OPERATIONS
        for variant in of(operation, "special")
        if variant.params.get("DryRun") == "true"
    ]
    assert len({variant.operation for variant in found}) >= 10
    for variant in found:
        assert variant.expectation.codes == ("DryRunOperationError",)
        assert variant.expectation.outcome == "refused"
        assert not variant.expectation.allows_status(200)


@pytest.mark.parametrize("operation", WITH_PARAMETERS, ids=name)
def test_every_form_of_reference_is_sent(operation):
    for parameter, schema in generated(operation).items():
        forms = schema.get("x-forms", ())
        sent = {
            variant.params[parameter].attribute
            for variant in of(operation, "positive")
            if isinstance(variant.params.get(parameter), Resource)
        }
        if forms and sent:
            assert set(forms[1:]) <= sent, parameter


def test_what_a_success_uses_up_is_fresh():
    fresh = {
        "DeleteAlias": "alias",
        "DeleteSecret": "secret",
        "ScheduleKeyDeletion": "symmetric-key",
        "CancelKeyDeletion": "key-pending-deletion",
        "DisableKey": "symmetric-key",
        "CreateClientKey": "access-point",
        "CreateSecret": "new-secret",
        "RestoreSecret": "secret-in-window",
    }
    for operation, bundle in fresh.items():
        for variant in of(catalogue().operations[operation], "positive"):
            assert variant.bundles[bundle] is True, variant.id
    for variant in of(catalogue().operations["DescribeKey"], "positive"):
        assert not any(variant.bundles.values()), variant.id
    for variant in of(catalogue().operations["DeleteSecret"], "negative"):
        settled = variant.expectation.gates
        assert settled or all(variant.bundles.values()), variant.id


def test_new_names_are_always_fresh():
    for operation in OPERATIONS:
        for variant in variants(operation):
            for resource in resources(variant.params):
                if resource.is_new:
                    assert variant.bundles[resource.bundle], variant.id


def test_long_requests_travel_in_the_form():
    operation = catalogue().operations["CreateKey"]
    for variant in variants(operation):
        size = sum(len(value.encode()) for _, value in variant.pairs(lookup_of(operation)))
        if size > 4000:
            assert variant.transport.placement == "form", variant.id


def test_specs_and_origins_of_keys_are_needs_of_the_target():
    operation = catalogue().operations["CreateKey"]
    for variant in of(operation, "positive"):
        kinds = {"KeySpec": "spec", "Origin": "origin"}
        chosen = kinds.keys() & variant.params.keys()
        assert set(variant.needs) == {f"{kinds[name]}:{variant.params[name]}" for name in chosen}


def test_resolved_puts_real_values_in_and_transforms_them():
    operation = catalogue().operations["CreateAlias"]
    variant = next(v for v in variants(operation) if v.id.endswith("AliasName.longest"))
    values = {"new-alias.name": "alias/kmsct-1", "symmetric-key.id": "key-1"}
    params = variant.resolved(lambda resource: values[resource.path])
    assert params["AliasName"].startswith("alias/kmsct-1x")
    assert len(params["AliasName"]) == 255
    assert params["KeyId"] == "key-1"


def test_provider_sees_the_literal_parameters():
    operation = catalogue().operations["AsymmetricSign"]
    found = [v for v in of(operation, "positive") if v.id.endswith("value.Algorithm.ECDSA_SHA_256")]
    assert [variant.literals for variant in found] == [{"Algorithm": "ECDSA_SHA_256"}]


def test_provider_does_not_see_the_fault():
    operation = catalogue().operations["AsymmetricDecrypt"]
    found = next(v for v in variants(operation) if v.id.endswith("bad.Algorithm.unknown"))
    assert found.params["Algorithm"] == "NoSuchValue"
    assert found.basis["Algorithm"] == Resource("encryption-key-pair", "algorithm")
    assert found.basis.keys() == {"Algorithm", "CiphertextBlob", "KeyId", "KeyVersionId"}


def test_random_requests_use_up_things_of_their_own():
    operation = catalogue().operations["DeleteSecret"]

    @settings(max_examples=5, deadline=None, database=None)
    @given(random_request(operation))
    def every_one(params):
        assert all(resource.fresh for resource in resources(params))

    every_one()


def test_doubtful_successes_only_warn():
    operation = catalogue().operations["ConnectKmsInstance"]
    assert all(not variant.expectation.gates for variant in of(operation, "positive"))
    operation = catalogue().operations["CreateKey"]
    for variant in of(operation, "positive"):
        if "DKMSInstanceId" in variant.params:
            assert not variant.expectation.gates, variant.id


def test_combinations_are_kept_to():
    for operation in OPERATIONS:
        known = combinations(operation)
        given = [dict(request.params).keys() for request in known.requests]
        for variant in of(operation, "positive"):
            if variant.params.keys() not in given:
                assert known.allow(plausible(operation, variant.params)), variant.id


def test_table_counts_what_is_there():
    rows = coverage_table()
    assert [row.operation for row in rows] == [operation.name for operation in OPERATIONS]
    for row, operation in zip(rows, OPERATIONS, strict=True):
        assert row.total == len(variants(operation))
        assert row.positives + row.specials + row.negatives == row.total
        assert row.coded <= row.specials + row.negatives
    text = render(rows)
    assert f"{sum(row.total for row in rows)}" in text.splitlines()[-1]


def test_stand_ins_follow_the_schema_where_they_stand():
    schema = {"type": "object", "properties": {"A": {"type": "array", "items": {"enum": ["x"]}}}}
    assert stand_in({"A": [Resource("b", "c")]}, schema, canonical) == {"A": ["x"]}
