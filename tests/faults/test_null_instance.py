"""A dedicated gateway that answers every call of KMS Instance API alike passes no rule about it."""

import pytest
from harness import judged, rules, served

from conformance.reference.endpoint import Endpoint
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.passage import Response
from conformance.run.planning import expand
from conformance.run.verdict import Verdict


def refuses(kind):
    def answer(endpoint, passage):
        return endpoint.seams.instance_refuse(InstanceRefusal(kind), passage.request_id)

    return answer


NULLS = {
    "no-parameter-is-right": refuses("bad-parameter"),
    "nothing-in-200": lambda _endpoint, _passage: Response(200, (), b""),
    "echo": lambda _endpoint, passage: Response(200, (), passage.request.body),
}


@pytest.mark.parametrize("name", sorted(NULLS))
def test_a_null_gateway_passes_nothing(name, tmp_path):
    endpoint = Endpoint()
    endpoint.instance_api = lambda passage: NULLS[name](endpoint, passage)
    family = [rule for rule in rules().values() if rule.family == "instance-api"]
    first = [expand(rule)[0].id for rule in family if rule.gates]
    with served(endpoint, tmp_path) as target:
        results = judged(target, first)
    passed = [result.planned.id for result in results if result.verdict is Verdict.PASS]
    assert not passed
    faulty = [result.message for result in results if result.verdict is Verdict.HARNESS_ERROR]
    assert not faulty
