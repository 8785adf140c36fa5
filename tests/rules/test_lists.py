"""Lists are read however an answer wraps them, and whatever stands beside them."""

import pytest

from conformance.rules.lists import texts


@pytest.mark.parametrize(
    "value",
    [
        ["a", "b"],
        '["a", "b"]',
        {"VersionStage": ["a", "b"]},
        {"Extra": {"a": 1}, "VersionStage": ["a", "b"]},
        {"VersionStage": ["a", "b"], "Extra": 1},
    ],
)
def test_texts_are_read_in_every_wrapping(value):
    assert texts(value) == ["a", "b"]


@pytest.mark.parametrize("value", [None, 3, {}, {"Extra": {"a": 1}}])
def test_what_is_no_list_has_no_texts(value):
    assert texts(value) == []
