"""The command line against targets that are no KMS: nothing passes, and every run ends in time."""

import subprocess
import sys
import time

import pytest
from null_targets import NAMES, WITHOUT_ANSWER, null_target, target_file

from conformance.run.events import read_events
from conformance.run.registry import load_rules

BUDGET = 12
#: For the interpreter to start, the reports to be written, and a busy machine.
GRACE = 18


def run(folder, url, monkeypatch, *options):
    """Run the suite and return the process and the seconds it took."""
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(folder / "state"))
    command = [sys.executable, "-m", "conformance.cli", "run"]
    command += ["--target", str(target_file(folder, url, timeout=2))]
    command += ["--results", str(folder / "results"), "--time-budget", str(BUDGET), *options]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return done, time.monotonic() - started


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_no_must(name, tmp_path, monkeypatch):
    with null_target(name) as url:
        done, seconds = run(tmp_path, url, monkeypatch)
    told = done.stdout + done.stderr
    assert done.returncode not in (0, 2, 4), told
    assert "Traceback" not in told
    assert seconds < (10 if name in WITHOUT_ANSWER else BUDGET + GRACE), told
    events = read_events(tmp_path / "results")
    gating = {identifier for identifier, rule in load_rules().items() if rule.gates}
    passed = [
        event
        for event in events
        if event["event"] == "rule" and event["verdict"] == "pass" and event["rule"] in gating
    ]
    assert not passed
    footer = events[-1]
    assert footer["event"] == "footer"
    assert footer["exit_code"] == done.returncode
    assert "canary-secret" not in told
