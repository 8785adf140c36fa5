"""Every promise is tested by a named rule, or left out aloud."""

from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from conformance.spec import catalogue
from conformance.spec.promises import promises
from conformance.spec.traceability import limit_places, recorded, trace
from conformance.spec.variants import variants

RENEW = "run kms-conformance coverage --update, or explain it in specs/exclusions.json"


def test_no_promise_is_neither_tested_nor_excluded() -> None:
    left = trace(recorded()).open
    assert not left, f"{len(left)} promises are open, such as {left[:5]}: {RENEW}"


def test_no_exclusion_is_stale() -> None:
    assert not trace(recorded()).stale


def test_the_record_names_promises_that_there_are() -> None:
    unknown = recorded().keys() - promises().keys()
    assert not unknown, f"{sorted(unknown)[:5]} are no promises any more: {RENEW}"


def test_every_kind_is_there() -> None:
    kinds = {total.name for total in trace(recorded()).by("kind")}
    assert kinds >= {
        *("operation", "parameter", "constraint", "answer", "error", "code", "state"),
        *("transition", "limit", "reading", "authentication", "common", "quota", "cell"),
        *("semantics", "instance-operation", "instance-error"),
    }


def test_a_promise_that_nobody_proves_is_open() -> None:
    record = dict(recorded())
    del record["state/Encrypt/Disabled"]
    assert trace(record).open == ("state/Encrypt/Disabled",)


def test_exclusions_that_do_not_hold_are_stale() -> None:
    entries = [
        {"promises": ["state/Encrypt/Disabled"], "reason": "It is tested."},
        {"promises": ["state/Encrypt/Gone"], "reason": "There is none."},
    ]
    tested, missing = trace(recorded(), entries).stale
    assert "STA-002 tests" in tested
    assert "matches no promise" in missing


def test_totals_add_up() -> None:
    traced = trace(recorded())
    total = traced.sum(traced.by("kind"))
    assert total.promises == len(promises())
    assert total.tested == len(traced.tested)
    assert total.excluded == len(traced.excluded)


def test_the_document_meets_its_schema() -> None:
    schema = catalogue().document("meta/coverage.schema")
    Draft202012Validator(schema).validate(trace(recorded()).document())


def _refused() -> Iterator[str]:
    for operation in catalogue():
        for variant in variants(operation):
            if variant.polarity == "negative" and variant.expectation.gates:
                yield operation.name


def test_limits_stand_where_their_schemas_are() -> None:
    for row in catalogue().document("limits")["limits"]:
        if "where" in row:
            assert limit_places(row), row["id"]


@pytest.mark.parametrize("name", sorted(set(_refused())))
def test_constraints_of_an_operation_are_promises(name: str) -> None:
    found = {one for one in promises() if one.startswith(f"constraint/{name}/")}
    assert found, name
