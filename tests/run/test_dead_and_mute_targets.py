"""What is no KMS passes no MUST, ends inside its time and never with exit 0."""

import time

import pytest
from endpoints import NULL, TARGET, UNKNOWN, closed_port, fixed, http, listening, mortal, target_for

from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.planning import make_plan
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict


def _run(target, folder, budget=20.0):
    rules = [rule for rule in load_rules().values() if rule.family == "envelope"]
    plan = make_plan(rules, [], target)
    engine = Engine(target, plan, RunOptions(results=folder, time_budget=budget))
    with engine:
        list(engine.iterate())
    return engine


@pytest.mark.parametrize("name", NULL)
def test_a_null_target_passes_no_must(name, tmp_path):
    with listening(NULL[name]) as url:
        started = time.monotonic()
        engine = _run(target_for(tmp_path, url, timeout=1), tmp_path / "results")
        took = time.monotonic() - started
    assert took < 20
    assert engine.exit_code not in (0, 2, 4), engine.results
    passed = [r for r in engine.results if r.verdict is Verdict.PASS and r.planned.rule.gates]
    assert not passed
    events = read_events(tmp_path / "results")
    assert events[-1]["event"] == "footer"
    assert events[-1]["exit_code"] == engine.exit_code


@pytest.mark.parametrize("name", ["silent", "drip", "drip headers", "reset", "endless"])
def test_a_target_without_an_answer_is_incomplete_at_once(name, tmp_path):
    with listening(NULL[name]) as url:
        started = time.monotonic()
        engine = _run(target_for(tmp_path, url, timeout=1), None)
    assert time.monotonic() - started < 10
    assert engine.exit_code == 3
    assert engine.results == []
    assert url in engine.stop_reason


def test_nothing_listens(tmp_path):
    url = closed_port()
    engine = _run(target_for(tmp_path, url), tmp_path / "results")
    assert engine.exit_code == 3
    assert "refuses connections" in engine.stop_reason
    assert read_events(tmp_path / "results")[-1]["complete"] is False


def test_the_name_does_not_resolve(tmp_path, monkeypatch):
    monkeypatch.setattr("endpoints.TARGET", TARGET.replace("_secret =", "_secret_env ="))
    monkeypatch.setenv("canary-secret-of-full", "x" * 30)
    engine = _run(target_for(tmp_path, "http://no-such-host.invalid:1"), None)
    assert engine.exit_code == 3
    assert "does not resolve" in engine.stop_reason


def test_credentials_that_neither_scheme_takes_are_the_users_slip(tmp_path):
    with listening(fixed(http("404 Not Found", UNKNOWN))) as url:
        engine = _run(target_for(tmp_path, url), tmp_path / "results")
    assert engine.exit_code == 2
    assert "credentials of the identity 'full'" in engine.stop_reason
    assert "canary-secret" not in engine.stop_reason


def test_a_target_that_dies_ends_the_run(tmp_path):
    with listening(mortal(3)) as url:
        engine = _run(target_for(tmp_path, url, timeout=0.5), tmp_path / "results")
    assert engine.exit_code == 3
    assert "no longer answers" in engine.stop_reason
    assert read_events(tmp_path / "results")[-1]["complete"] is False
