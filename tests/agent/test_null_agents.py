"""Agents that answer everything alike keep no promise, and one that runs is judged by what is known."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from agent_harness import running
from harness import judged, planned, rules, told

from conformance.run.verdict import Verdict
from conformance.target.agent import AgentEntry

MUST = sorted(
    name for name, rule in rules().items() if rule.family == "agent" and rule.level == "MUST"
)
ANSWERS = {
    "forbids": (403, b"Forbidden"),
    "fails": (500, b'{"__type":"InternalFailure"}'),
    "finds-nothing": (404, b""),
    "succeeds-without-a-value": (200, b"{}"),
    "succeeds-with-any-value": (
        200,
        b'{"SecretName":"a","SecretData":"b","VersionId":"v1","Name":"a","SecretString":"b","data":{}}',
    ),
}


@contextmanager
def null_agent(status, body):
    """Yield the address of a server that answers every request alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_null_agent_keeps_no_promise(name, upstream, short_waits):
    with null_agent(*ANSWERS[name]) as url:
        entry = AgentEntry(url=url, token="the-token", ttl=0.2)
        results = judged(replace(upstream, agent=entry), MUST)
    passed = [result.planned.id for result in results if result.verdict is Verdict.PASS]
    assert not passed


def test_one_that_runs_is_judged_by_what_is_known_of_it(upstream, tmp_path, short_waits):
    with running(upstream.path, tmp_path / "log", ttl=5) as agent:
        entry = AgentEntry(url=agent.url, token=agent.token, ttl=5, log=tmp_path / "log")
        ids = ["AGT-001", "AGT-002", "AGT-010", "AGT-020", "AGT-030", "AGT-032", "AGT-033"]
        results = judged(replace(upstream, agent=entry), ids)
    verdicts = {result.planned.id: result.verdict for result in results}
    unknown = {"AGT-020[1]", "AGT-020[2]", "AGT-030[dedicated]"}
    assert {case for case, found in verdicts.items() if found is Verdict.NOT_TESTABLE} == unknown
    assert set(verdicts.values()) == {Verdict.PASS, Verdict.NOT_TESTABLE}, told(results)


def test_without_control_what_reaches_kms_cannot_be_counted(upstream, tmp_path):
    with running(upstream.path, tmp_path / "log") as agent:
        entry = AgentEntry(url=agent.url, token=agent.token)
        target = replace(upstream, agent=entry, control=None)
        results = judged(target, ["AGT-005", "AGT-006[PUT path]", "AGT-010", "AGT-011", "AGT-012"])
    verdicts = {result.planned.id: result.verdict for result in results}
    for case in ("AGT-005[path]", "AGT-005[query]", "AGT-006[PUT path]"):
        assert verdicts[case] is Verdict.PASS, told(results)
    for case in ("AGT-010", "AGT-011", "AGT-012"):
        assert verdicts[case] is Verdict.NOT_TESTABLE, told(results)
    assert "cannot be counted here" in told(results)


def test_a_target_without_an_agent_is_not_asked_for_one(upstream):
    results = judged(replace(upstream, agent=None), ["AGT-001"])
    assert [result.verdict for result in results] == [Verdict.NOT_APPLICABLE]


def test_cases_are_named_alike_each_time():
    names = [case.id for case in planned(MUST)]
    assert names == [case.id for case in planned(MUST)]
    assert len(names) == len(set(names))
