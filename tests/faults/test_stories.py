"""State machines tell a failure as the shortest story that shows it."""

import pytest
from harness import judged, served

from conformance.reference.deviations import put_into_force
from conformance.reference.endpoint import Endpoint
from conformance.rules.machines.engine import Step, pick, steps
from conformance.run.verdict import Verdict


def test_steps_are_written_in_short():
    assert steps("create/1/2 open rotate/3") == (
        Step("create", 1, 2),
        Step("open", 0, 0),
        Step("rotate", 3, 0),
    )
    assert pick("abc", 4) == "b"


@pytest.mark.parametrize(
    ("fault", "rule", "told"),
    [
        (
            "binding-expires-with-material",
            "KEY-052",
            ("first material for an hour", "two hours", "second material into key 1"),
        ),
        (
            "restored-secret-has-its-first-description",
            "SEC-050",
            ("create secret 1", "update secret 1", "delete secret 1", "restore secret 1"),
        ),
    ],
)
def test_a_failure_is_a_story(fault, rule, told, tmp_path):
    endpoint = Endpoint()
    put_into_force(endpoint, "fault", [fault])
    with served(endpoint, tmp_path) as target:
        (result,) = judged(target, [rule])
    assert result.verdict is Verdict.FAIL
    places = [result.message.find(words) for words in told]
    assert -1 not in places, result.message
    assert places == sorted(places), result.message
