"""Half of a run in a process of its own: its results, its evidence, and its end."""

import os
import signal
import subprocess
import threading
import time

import pytest

from conformance.run import beside
from conformance.run.beside import Beside
from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.judging import Exit
from conformance.run.planning import make_plan
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict
from conformance.target.embedded import embedded_target

#: One for each half.
WHOLE = ("ENV-004", "ENV-001")


@pytest.fixture(autouse=True)
def small_half(monkeypatch):
    monkeypatch.setattr(beside, "RULES", ("ENV-004",))


@pytest.fixture(scope="module")
def target():
    with embedded_target() as target:
        yield target


def started(target, folder, half):
    rules = [load_rules()[identifier] for identifier in WHOLE]
    options = RunOptions(results=folder, ephemeral=True)
    return Engine(target, make_plan(rules, [], target), options, half)


def run(target, folder, *options):
    with Beside(options) as half, started(target, folder, half) as engine:
        for planned in engine.own_cases():
            engine.run(planned)
    return engine


def test_both_halves_are_one_result(target, tmp_path):
    engine = run(target, tmp_path / "r")
    events = read_events(tmp_path / "r")
    ran = [(event["rule"], event["case"]) for event in events if event["event"] == "rule"]
    assert len(ran) == len(set(ran)) == len(engine.plan.cases) == events[0]["planned"]
    assert {rule for rule, _ in ran} == set(WHOLE)
    footer = events[-1]
    assert footer["complete"] is True
    assert footer["counts"] == {"pass": len(ran)}
    assert footer["requests"] > len(ran)
    assert engine.exit_code is Exit.CONFORMANT
    assert any("ENV-004" in rules for rules in engine.proofs.view().values())


def test_failures_of_the_half_count_and_come_with_evidence(target, tmp_path):
    engine = run(target, tmp_path / "r", "--fault", "http-status-as-text")
    failed = [result for result in engine.results if result.verdict is Verdict.FAIL]
    assert [result.planned.id for result in failed] == ["ENV-004"]
    assert engine.exit_code is Exit.NOT_CONFORMANT
    (event,) = [e for e in read_events(tmp_path / "r") if e.get("verdict") == "fail"]
    assert "--fault http-status-as-text" in event["replay"]
    assert event["exchanges"]
    for identifier in event["exchanges"]:
        assert (tmp_path / "r" / "evidence" / f"{identifier}.json").is_file()


def test_a_half_that_ends_too_soon_leaves_the_run_incomplete(target, tmp_path):
    with Beside(()) as half, started(target, tmp_path / "r", half) as engine:
        half._process.send_signal(signal.SIGKILL)
        for planned in engine.own_cases():
            engine.run(planned)
    assert "went on beside it" in engine.stop_reason
    assert engine.exit_code is Exit.INCOMPLETE
    footer = read_events(tmp_path / "r")[-1]
    assert footer["complete"] is False
    assert footer["counts"]["pass"] >= 1


def test_an_interrupted_run_ends_its_half_and_keeps_what_it_has(target, tmp_path):
    with Beside(()) as half, started(target, tmp_path / "r", half) as engine:
        process = half._process
        while not (half._results / "results.jsonl").is_file():
            time.sleep(0.05)
        engine.stop_reason = "interrupted"
    assert engine.stop_reason == "interrupted"
    assert engine.exit_code is Exit.INCOMPLETE
    assert process.poll() is not None
    assert read_events(tmp_path / "r")[-1]["event"] == "footer"


def test_whoever_interrupts_the_wait_for_the_half_keeps_what_is_done(target, tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "RULES", ("CON-001",))
    with Beside(()) as half, started(target, tmp_path / "r", half) as engine:
        for planned in engine.own_cases():
            engine.run(planned)
        timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        engine.close()
        timer.join()
    assert engine.stop_reason == "interrupted"
    footer = read_events(tmp_path / "r")[-1]
    assert footer["stop_reason"] == "interrupted"
    assert footer["counts"]["pass"] >= 1


def test_what_the_half_says_at_its_end_is_told(target, tmp_path):
    engine = run(target, tmp_path / "r", "--fault", "no-such-fault")
    assert "no-such-fault" in engine.stop_reason


def test_nothing_is_left_of_a_half_that_nobody_waits_for():
    with Beside(()) as half:
        process, folder = half._process, half._folder.name
    assert process.poll() is not None
    assert subprocess.run(["ls", folder], capture_output=True, check=False).returncode != 0
