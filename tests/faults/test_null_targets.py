"""The command line against targets that are no KMS: nothing passes, and every run ends in time."""

import subprocess
import sys
import time

import pytest
from harness import opened, planned, rules
from null_targets import NAMES, WITHOUT_ANSWER, null_target, target_file

from conformance.run.events import read_events
from conformance.run.verdict import Verdict
from conformance.target import load_target

#: Seconds, enough for the two families that are chosen where there are answers.
BUDGET = 2
CHOSEN = ("--family", "envelope", "--family", "gateway", "--no-reports")
#: For the interpreter to start, cases to be found and reports to be written on a busy machine.
GRACE = 25
GATING = {identifier for identifier, rule in rules().items() if rule.gates}


def run(folder, url, *options):
    """Run the suite in a process of its own; return the process and the seconds it took."""
    command = [sys.executable, "-m", "conformance.cli", "run"]
    command += ["--target", str(target_file(folder, url, timeout=2))]
    command += ["--results", str(folder / "results"), "--time-budget", str(BUDGET), *options]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return done, time.monotonic() - started


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_passes_no_must(name, tmp_path, monkeypatch):
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path / "state"))
    with null_target(name) as url:
        done, seconds = run(tmp_path, url, *(() if name in WITHOUT_ANSWER else CHOSEN))
    told = done.stdout + done.stderr
    assert done.returncode not in (0, 2, 4), told
    assert "Traceback" not in told
    assert "canary-secret" not in told
    events = read_events(tmp_path / "results")
    assert not [e for e in events if e.get("verdict") == "pass" and e["rule"] in GATING]
    footer = events[-1]
    assert footer["event"] == "footer"
    assert footer["exit_code"] == done.returncode
    assert seconds < BUDGET + GRACE
    if name in WITHOUT_ANSWER:
        assert done.returncode == 3
        assert footer["seconds"] < 10


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_ANSWER])
def test_no_gating_rule_passes(name, tmp_path, monkeypatch):
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path / "state"))
    cases = [planned([identifier])[-1] for identifier in sorted(GATING)]
    with null_target(name) as url:
        target = load_target(target_file(tmp_path, url, timeout=2))
        with opened(target, cases) as engine:
            results = [engine.run(case) for case in cases]
    assert len(results) == len(GATING)
    assert not [result.planned.id for result in results if result.verdict is Verdict.PASS]
    assert not [r.message for r in results if r.verdict is Verdict.HARNESS_ERROR]
