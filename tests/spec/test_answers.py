"""The judge of answers: exact types, open enumerations, provenance, no values in messages."""

import copy

import pytest

from conformance.spec import catalogue
from conformance.spec.answers import answer_problems, is_right_answer

SPECS = catalogue()


def example(name, index=0):
    return copy.deepcopy(SPECS.operations[name].examples["response"][index])


def found(name, answer):
    return [
        (problem.keyword, problem.pointer, problem.provenance)
        for problem in answer_problems(SPECS.operations[name], answer)
    ]


@pytest.mark.parametrize("name", sorted(SPECS.operations))
def test_every_example_is_right_and_loses_a_required_member_noticed(name):
    operation = SPECS.operations[name]
    for answer in operation.examples["response"]:
        assert found(name, answer) == []
    marks = operation.response.get("x-provenance", {})
    for member in operation.response["required"]:
        answer = example(name)
        del answer[member]
        provenance = marks.get(f"required:{member}", "documented")
        assert found(name, answer) == [("required", f"/{member}", provenance)]


def test_unknown_members_and_their_order_do_not_matter():
    answer = {"New": {"Deep": [1]}, **example("Encrypt")}
    assert found("Encrypt", dict(reversed(answer.items()))) == []


@pytest.mark.parametrize("value", [1.0, True, "1", None, [1]])
def test_an_integer_is_an_integer(value):
    answer = example("ListKeys") | {"TotalCount": value}
    assert ("type", "/TotalCount", "documented") in found("ListKeys", answer)


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_boolean_is_a_boolean(value):
    answer = example("AsymmetricVerify") | {"Value": value}
    assert ("type", "/Value", "documented") in found("AsymmetricVerify", answer)


def test_a_closed_enumeration_is_closed_and_an_open_one_open():
    answer = example("DescribeKey")
    answer["KeyMetadata"]["KeyState"] = "Inactive"
    assert found("DescribeKey", answer) == [("enum", "/KeyMetadata/KeyState", "documented")]
    answer = example("GetKmsInstance")
    answer["KmsInstance"]["ProductType"] = "kms_new_public_cn"
    assert found("GetKmsInstance", answer) == []


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-15T08:00:00",
        "2026-01-15 08:00:00Z",
        "2026-01-15T08:00:00.000Z",
        "2026-01-15T16:00:00+08:00",
        "2026-13-15T08:00:00Z",
        "2026-01-15T08:00:00Z\n",
        "",
    ],
)
def test_times_are_utc_with_seconds(time):
    answer = example("DescribeKey")
    answer["KeyMetadata"]["CreationDate"] = time
    assert found("DescribeKey", answer) == [("pattern", "/KeyMetadata/CreationDate", "documented")]


@pytest.mark.parametrize("time", ["2026-02-14T08:00:00Z", "2026-02-14T16:00:00.123456789+08:00"])
def test_both_forms_of_the_planned_deletion_time_are_right(time):
    assert found("DeleteSecret", example("DeleteSecret") | {"PlannedDeleteTime": time}) == []


def test_an_inferred_member_only_advises():
    answer = example("GetSecretValue")
    del answer["CreateTime"]
    operation = SPECS.operations["GetSecretValue"]
    assert [problem.gates for problem in answer_problems(operation, answer)] == [False]
    assert is_right_answer(operation, answer)
    del answer["SecretData"]
    assert not is_right_answer(operation, answer)


def test_messages_hold_no_values():
    secret = "not base64, and secret"
    answer = example("GenerateDataKey") | {"Plaintext": secret, "KeyId": 4711}
    problems = answer_problems(SPECS.operations["GenerateDataKey"], answer)
    assert problems
    assert not any(secret in str(problem) or "4711" in str(problem) for problem in problems)


def test_base64_is_checked():
    answer = example("Encrypt") | {"CiphertextBlob": "a_b-"}
    assert found("Encrypt", answer) == [("contentEncoding", "/CiphertextBlob", "documented")]


def test_an_answer_that_is_no_object_is_one_problem():
    assert found("Encrypt", []) == [("type", "", "documented")]
