"""The proxy passes on what it does not spoil, byte for byte, and spoils what it is told to."""

import http.client
import json
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from harness import opened, planned, served
from proxy import Message, operation_of, spoiled
from spoiling import corruptions, harmless

from conformance.reference.endpoint import Endpoint
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    with served(Endpoint(), tmp_path_factory.mktemp("endpoint")) as found:
        yield found


def behind(target, url):
    shared = replace(target.gateways["shared"], listeners={"http": url})
    return replace(target, gateways={"shared": shared}, timeout=5.0)


def upstream(target):
    return target.gateways["shared"].listeners["http"]


def asked(url, *, method="GET", path="/?Action=DescribeRegions", body=None):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_signatures_hold_by_both_schemes(target):
    with spoiled(upstream(target)) as (url, proxy):
        cases = planned(["AUTH-005", "GW-SHR-001"])
        with opened(behind(target, url), cases) as engine:
            results = [engine.run(case) for case in cases]
    assert Verdict.FAIL not in {result.verdict for result in results}
    assert proxy.applied == 0


def test_a_chunked_answer_is_passed_on_whole(tmp_path):
    found = []

    def look(answer, _):
        found.append(answer)
        return answer

    endpoint = Endpoint()
    endpoint.transport = replace(endpoint.transport, chunked=7)
    with (
        served(endpoint, tmp_path) as plain,
        spoiled(upstream(plain), look) as (url, _),
    ):
        status, body = asked(url)
    assert status == 400
    assert json.loads(body)["Code"]
    assert found[0].operation == "DescribeRegions"


def test_the_operation_is_read_from_header_query_and_form():
    head = (b"POST /?Action=Query HTTP/1.1", b"host: x")
    assert operation_of(Message((*head, b"x-acs-action: Header"), b"")) == "Header"
    assert operation_of(Message(head, b"")) == "Query"
    assert operation_of(Message((b"POST / HTTP/1.1",), b"A=1&Action=Form")) == "Form"


def test_without_an_upstream_connections_are_cut(target):
    with spoiled(upstream(target)) as (url, proxy):
        assert asked(url)[0] == 400
        proxy.upstream = None
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            asked(url)


def test_each_corruption_names_rules_and_harmless_ones_none():
    assert len(corruptions()) >= 40
    for one in corruptions().values():
        assert set(one.breaks) <= load_rules().keys(), one.name
    assert not any(one.breaks for one in harmless().values())
