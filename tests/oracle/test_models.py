"""Models of keys and secrets, against what documents say, and the judge of passwords."""

import pytest

from conformance.oracle.key_model import KeyModel, states, story
from conformance.oracle.passwords import password_problem
from conformance.oracle.secret_model import SecretModel

CANCEL, SCHEDULE = "CancelKeyDeletion", "ScheduleKeyDeletion"


def walked(model, *steps):
    for step in steps:
        promised = model.expects(step)
        assert promised.outcome == "ok", (step, model.state)
        (state,) = promised.states
        model.moved(step, state)
    return model.state


def test_a_life_of_a_key():
    model = KeyModel("Enabled")
    assert walked(model, "EnableKey", "DisableKey", "DisableKey") == "Disabled"
    assert model.expects("Encrypt").codes == ("Rejected.Disabled",)
    assert model.expects(CANCEL).codes == ("Rejected.StateModifiedFailed",)
    assert walked(model, "EnableKey", "Encrypt", SCHEDULE) == "PendingDeletion"
    refused = model.expects(SCHEDULE)
    assert (refused.outcome, refused.states) == ("refused", {"PendingDeletion"})
    assert walked(model, CANCEL, "Decrypt") == "Enabled"


def test_what_is_not_told_is_not_promised():
    model = KeyModel("Enabled")
    walked(model, "DisableKey", SCHEDULE)
    assert model.expects(CANCEL).states == states() - {"PendingDeletion"}
    waiting = KeyModel("PendingImport", external=True)
    walked(waiting, SCHEDULE)
    assert "PendingImport" in waiting.expects(CANCEL).states


def test_a_life_of_an_imported_key():
    model = KeyModel("PendingImport", external=True)
    assert model.expects("Encrypt").codes == ("Rejected.PendingImport",)
    assert walked(model, "ImportKeyMaterial", "Encrypt", "DeleteKeyMaterial") == "PendingImport"
    assert walked(model, "ImportKeyMaterial", SCHEDULE, "DeleteKeyMaterial") == "PendingDeletion"
    assert "PendingImport" in model.expects(CANCEL).states


def test_operations_that_the_table_leaves_out_promise_nothing():
    assert KeyModel("Disabled").expects("GetPublicKey").outcome is None


def test_story():
    assert story([]) == "at first"
    assert story(["A", "B"]) == "after A, B"


def secret():
    model = SecretModel()
    model.created("v1", "one")
    return model


def test_new_values_become_current():
    model = secret()
    assert model.put("v2", "two") == [{"v1": {"ACSPrevious"}, "v2": {"ACSCurrent"}}]


def test_named_stages_leave_current_alone():
    model = secret()
    (labels,) = model.put("v2", "two", ["mine"])
    assert labels == {"v1": {"ACSCurrent"}, "v2": {"mine"}}
    model.take_over(labels)
    assert model.holders == {"ACSCurrent": "v1", "mine": "v2"}
    assert model.removed("mine") == [{"v1": {"ACSCurrent"}, "v2": set()}]
    assert model.moves("mine", "v1") == [{"v1": {"ACSCurrent", "mine"}, "v2": set()}]


def test_both_readings_of_a_moved_current():
    model = secret()
    model.take_over(model.put("v2", "two")[0])
    stays, follows = model.moves("ACSCurrent", "v1")
    assert stays == {"v1": {"ACSCurrent", "ACSPrevious"}, "v2": set()}
    assert follows == {"v1": {"ACSCurrent"}, "v2": {"ACSPrevious"}}
    assert len(model.moves("ACSCurrent", "v2")) == 1
    assert len(model.put("v3", "three", ["ACSCurrent"])) == 2


@pytest.mark.parametrize(
    ("password", "params"),
    [
        ("aB3$" * 8, {}),
        ("aB3$" * 8, {"RequireEachIncludedType": "true"}),
        ("abcdefgh", {"PasswordLength": 8, "ExcludeUppercase": "false"}),
        ("ABCD1234", {"PasswordLength": 8, "ExcludeLowercase": "true", "ExcludePunctuation": "true"}),
        ("aB$aB$aB", {"PasswordLength": 8, "ExcludeCharacters": "0123456789",
                      "RequireEachIncludedType": "true"}),
    ],
)  # fmt: skip
def test_right_passwords(password, params):
    assert password_problem(password, params) is None


@pytest.mark.parametrize(
    ("password", "params"),
    [
        ("aB3$" * 7, {}),
        ("aB3$", {"PasswordLength": 8}),
        ("aB3 " * 8, {}),
        ("aB3é" * 8, {}),
        ("aB3$" * 8, {"ExcludeLowercase": "true"}),
        ("aB3$" * 8, {"ExcludeUppercase": "true"}),
        ("aB3$" * 8, {"ExcludeNumbers": "true"}),
        ("aB3$" * 8, {"ExcludePunctuation": "true"}),
        ("aB3$" * 8, {"ExcludeCharacters": "x3"}),
        ("aB33" * 8, {"RequireEachIncludedType": "true"}),
    ],
)
def test_wrong_passwords_are_told_without_telling_them(password, params):
    problem = password_problem(password, params)
    assert problem
    assert password not in problem
