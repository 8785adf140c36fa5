"""``kms-conformance run`` with agents of its own, of somebody else's, and with one that runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main

ANOTHER = Path(__file__).parent / "another_agent.py"
CONFIG = """
port = {port}
endpoint = "{endpoint}"
ca = "{ca}"
ttl = {ttl}
type = {response_type}
log = "{log}"
"""
ENTRY = f"""
[target]
name = "somebody's agent"
region = "cn-hangzhou"
[agent]
command = ["{sys.executable}", "{ANOTHER}", "{{config}}"]
config = "another.toml"
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path / "state"))


def run(folder, *options):
    """Run in a process of its own; return exit code, verdicts by case, and all of the results."""
    command = [sys.executable, "-m", "conformance.cli", "run", "--no-reports", "--results", "r"]
    done = subprocess.run(
        [*command, *map(str, options)], cwd=folder, capture_output=True, text=True, check=False
    )
    text = (folder / "r/results.jsonl").read_text() if (folder / "r").exists() else ""
    events = [json.loads(line) for line in text.splitlines()]
    verdicts = {
        event["rule"] + (f"[{event['case']}]" if event["case"] else ""): event["verdict"]
        for event in events
        if event["event"] == "rule"
    }
    return done, verdicts, text


def test_somebody_elses_agent_is_not_accused(tmp_path):
    (tmp_path / "another.toml").write_text(CONFIG)
    (tmp_path / "agent.toml").write_text(ENTRY)
    done, verdicts, _ = run(tmp_path, "--target", "agent.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(verdicts) > 50
    assert set(verdicts.values()) == {"pass", "warn"}
    warned = {case.partition("[")[0] for case, verdict in verdicts.items() if verdict == "warn"}
    # What it does in another way than programs of its kind is advice, and only that.
    assert warned == {"AGT-023", "AGT-024", "AGT-026", "AGT-027", "AGT-028"}


def test_what_is_printed_is_seen_and_not_recorded(tmp_path):
    done, verdicts, text = run(
        tmp_path, "--profile", "agent", "--fault", "agent-prints-values", "--rule", "AGT-032"
    )
    assert done.returncode == 0, done.stderr
    assert verdicts == {"AGT-032": "warn"}
    evidence = "".join(path.read_text() for path in (tmp_path / "r").rglob("*.json"))
    assert "canary-" not in text + evidence
    assert re.search(r'"X-KMS-Token",\s*"<redacted>"', evidence)


def test_an_agent_that_does_not_start_is_told_once_for_each_rule(tmp_path):
    (tmp_path / "agent.toml").write_text(
        ENTRY.replace('"{config}"]', '"{config}", "{port}"]').replace("another_agent", "none")
    )
    (tmp_path / "another.toml").write_text("")
    done, verdicts, text = run(tmp_path, "--target", "agent.toml", "--rule", "AGT-010")
    assert done.returncode == 3
    assert verdicts == {"AGT-010": "not-testable"}
    assert "the agent ended at once with exit code 2" in text


def test_rules_of_gateways_need_a_gateway(tmp_path, capsys):
    (tmp_path / "agent.toml").write_text(ENTRY)
    (tmp_path / "another.toml").write_text(CONFIG)
    code = main(["run", "--target", str(tmp_path / "agent.toml"), "--profile", "shared-ram"])
    assert code == 2
    assert (
        "describes an agent and no gateway: run it with --profile agent" in capsys.readouterr().err
    )
