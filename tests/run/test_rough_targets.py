"""Targets that lose connections, are slow, throttle, restart or forbid: the verdict names it."""

import itertools
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

from harness import opened, planned, served
from proxy import as_it_is, spoiled

from conformance.reference.endpoint import Endpoint
from conformance.reference.settings import Settings
from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.planning import Plan, make_plan
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict

#: Endpoints with one seed have the same access keys.
SAME = Settings(seed=7)
#: Rules with sequences of calls, of several families.
RULES = ("EFF-004", "EFF-050", "IDM-004", "CRY-010", "STA-002", "KEY-001")


def behind(target, url):
    """Return a target that is reached through the proxy alone."""
    shared = replace(target.gateways["shared"], listeners={"http": url})
    without = target.without | {"listener:https", "listener:internet", "gateway:dedicated"}
    return replace(target, gateways={"shared": shared}, without=without, timeout=5.0)


@contextmanager
def rough(folder, corruption=as_it_is, instead=None):
    with (
        served(Endpoint(SAME), folder) as target,
        spoiled(target.gateways["shared"].listeners["http"], corruption, instead) as (url, proxy),
    ):
        yield behind(target, url), proxy


def run(target, ids, results=None):
    cases = [case for identifier in ids for case in planned([identifier])[:12]]
    if results is None:
        with opened(target, cases) as engine:
            return engine, [engine.run(case) for case in cases]
    options = RunOptions(ephemeral=True, results=results)
    with Engine(target, Plan(tuple(cases), ()), options) as engine:
        done = list(engine.iterate())
    return engine, done


def verdicts(results):
    return {result.verdict for result in results}


def every(number, what, otherwise):
    numbers = itertools.count(1)
    return lambda message, proxy: what if next(numbers) % number == 0 else otherwise(message, proxy)


def refusal(status, code):
    body = f'{{"RequestId":"r-{code}","HttpStatus":{status},"Code":"{code}","Message":"slow down"}}'
    head = f"HTTP/1.1 {status} Slow\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "Rejected.Throttling"),
        (400, "Throttling"),
        (503, "ServiceUnavailableTemporary"),
    ],
)
def test_throttling_is_waited_out_and_named(status, code, tmp_path):
    instead = every(9, refusal(status, code), lambda *_: None)
    with rough(tmp_path, instead=instead) as (target, _):
        engine, results = run(target, ("EFF-004", "IDM-004"), tmp_path / "results")
    assert verdicts(results) == {Verdict.PASS}, results
    notes = [
        event["message"] for event in read_events(tmp_path / "results") if event["event"] == "note"
    ]
    assert any("throttled" in note for note in notes), notes
    assert engine.caller.pace.throttled


def test_lost_connections_end_in_verdicts_that_name_them(tmp_path):
    corruption = every(40, None, as_it_is)
    with rough(tmp_path, corruption) as (target, proxy):
        _, results = run(target, RULES)
    assert proxy.applied
    assert Verdict.HARNESS_ERROR not in verdicts(results)
    bad = [r for r in results if r.verdict in {Verdict.FAIL, Verdict.NOT_TESTABLE, Verdict.FLAKY}]
    for result in bad:
        told = result.message
        assert any(word in told for word in ("connection", "answer", "broke", "closed")), told
    assert sum(result.verdict is Verdict.PASS for result in results) > len(results) / 2


def test_a_slow_target_is_judged_like_another(tmp_path):
    def slowly(answer, _):
        time.sleep(0.02)
        return answer

    with rough(tmp_path, slowly) as (target, _):
        _, results = run(target, ("EFF-004", "EFF-050", "CRY-010"))
    assert verdicts(results) == {Verdict.PASS}


@pytest.mark.parametrize("away", [0.0, 1.2])
def test_a_restart_in_the_middle_is_named_and_the_case_repeated(away, tmp_path):
    """Another endpoint without the things takes over within a sequence of calls."""
    (tmp_path / "other").mkdir()
    with served(Endpoint(SAME), tmp_path / "other") as fresh:
        fallback = fresh.gateways["shared"].listeners["http"]
        gone = []

        def restart(answer, proxy):
            if answer.operation == "DisableKey" and not gone:
                gone.append(True)
                proxy.upstream = None if away else fallback
                if away:
                    Timer(away, setattr, (proxy, "upstream", fallback)).start()
            return answer

        with rough(tmp_path, restart) as (target, _):
            ids = ("CRY-010", "EFF-004", "CRY-012", "IDM-001")
            _, results = run(target, ids, tmp_path / "results")
    assert gone
    assert verdicts(results) == {Verdict.PASS}, [(r.planned.id, r.message) for r in results]
    notes = [
        event["message"] for event in read_events(tmp_path / "results") if event["event"] == "note"
    ]
    named = ("came back", "lost what it held")
    assert any(word in note for note in notes for word in named), notes


def test_a_target_that_forbids_creating_runs_what_reads(tmp_path):
    with served(Endpoint(), tmp_path) as target:
        reading = replace(target, safety="read-only")
        plan = make_plan(load_rules().values(), (), reading)
        kept = {case.rule.id for case in plan.cases}
        assert plan.selection == ("safety:read-only", "billable:none")[: len(plan.selection)]
        assert any("need more than safety 'read-only'" in told for told in plan.excluded)
        assert {"ENV-001", "AUTH-001", "STA-020"} <= kept
        assert not {"KEY-001", "EFF-004", "RACE-001"} & kept
        cases = [case for case in plan.cases if case.rule.id in {"ENV-001", "STA-020", "RACE-007"}]
        with opened(reading, cases) as engine:
            results = [engine.run(case) for case in cases]
    assert not {Verdict.FAIL, Verdict.HARNESS_ERROR} & verdicts(results)
    for result in results:
        if result.verdict is Verdict.NOT_TESTABLE:
            assert "creat" in result.message or "safety" in result.message, result.message


def test_operations_that_it_does_not_know_are_named_with_the_mend(tmp_path):
    def partial(answer, _):
        if answer.operation not in {"CreateAlias", "TagResource"}:
            return answer
        body = {"RequestId": "r", "HttpStatus": 404, "Code": "InvalidAction.NotFound"}
        return answer.with_status(404).with_members({**body, "Message": "unknown"})

    with rough(tmp_path, partial) as (target, _):
        run(target, ("EFF-020", "EFF-030", "EFF-003", "CRY-010"), tmp_path / "results")
    warnings = [
        event["message"]
        for event in read_events(tmp_path / "results")
        if event["event"] == "note" and event["level"] == "warning"
    ]
    (told,) = [message for message in warnings if "[offers]" in message]
    assert '"operation:CreateAlias"' in told
    assert "DescribeKey" not in told
    assert "without = [" in told


def test_connections_that_close_without_a_word_cost_nothing_and_hide_nothing(tmp_path):
    """Each kept connection breaks under the call that uses it next."""

    def closing(answer, _):
        return answer.bytes()

    def closing_and_wrong(answer, _):
        members = answer.members
        if answer.operation != "DescribeKey" or "KeyMetadata" not in members:
            return answer.bytes()
        metadata = {**members["KeyMetadata"], "Description": "another"}
        return answer.with_members({**members, "KeyMetadata": metadata}).bytes()

    for name, corruption, wish in (
        ("right", closing, Verdict.PASS),
        ("wrong", closing_and_wrong, Verdict.FAIL),
    ):
        (tmp_path / name).mkdir()
        with rough(tmp_path / name, corruption) as (target, proxy):
            _, results = run(target, ("EFF-001", "EFF-003"))
        # Where the end of a connection is seen in time, no call is sent twice.
        assert proxy.applied
        assert verdicts(results) == {wish}, [(r.planned.id, r.message) for r in results]
