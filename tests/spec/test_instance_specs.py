"""specs/instance-api agrees with itself and with the rest of specs/."""

import pytest

from conformance.spec import catalogue
from conformance.spec.instance import instance_api

API = instance_api()


def test_fifteen_documented_operations_and_one_that_is_not():
    assert len([op for op in API if op.documented]) == 15
    assert [op.name for op in API if not op.documented] == ["Hmac"]
    for name, document in catalogue().documents.items():
        if document.get("$schema") == "kms:meta/instance-operation":
            assert name == f"instance-api/{document['operation']}"


@pytest.mark.parametrize("operation", list(API), ids=lambda op: op.name)
def test_field_names_and_numbers_stand_once(operation):
    for side in ("request", "response"):
        fields = operation.document[side]
        for member in ("name", "number"):
            values = [field[member] for field in fields]
            assert len(set(values)) == len(values)


def test_every_answer_has_a_request_id():
    for operation in API:
        assert operation.response["RequestId"]["type"] == "string"


def test_errors_are_in_the_catalogue_with_a_status():
    known = catalogue().errors.instance_api
    for operation in API:
        for error in operation.document["errors"]:
            assert error["code"] in known, (operation.name, error["code"])
    assert all(error.status for error in API.errors.values())
    assert {error.code for error in API.errors.values()} == set(known)


def test_inferred_statuses_are_said_to_be_so():
    assert API.errors["bad-authorization"].status_provenance == "inferred"
    assert API.errors["bad-date"].status_provenance == "documented"


def test_frame_has_no_gap():
    place = 0
    for part in API.transport["frame"]["parts"]:
        assert part["offset"] == place
        place += part["length"] or 0
    assert place == 51


def test_readings_exist():
    known = {row["id"] for row in catalogue().document("readings")["readings"]}
    for operation in API:
        for field in operation.document["request"]:
            assert set(field.get("readings", ())) <= known
    assert set(API.transport["signature"]["readings"]) <= known
