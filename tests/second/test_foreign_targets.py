"""Targets that no rule has seen: few operations, one scheme, a clock that is off, another address."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreign import foreign

RULES = ("ENV-001", "EFF-001", "AUTH-02[01]", "AUTH-003", "IDM-008", "RAM-001", "GW-SHR-002")


def certified(folder: Path, offer: str) -> tuple[int, str, dict[str, set[str]]]:
    """Run a few rules; return exit code, what was printed, and messages by verdict."""
    with foreign(folder, offer) as target:
        command = [sys.executable, "-m", "conformance.cli", "run", "--no-reports"]
        command += ["--target", str(target), "--results", str(folder / "results")]
        command += [word for rule in RULES for word in ("--rule", rule)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    told: dict[str, set[str]] = {}
    results = folder / "results" / "results.jsonl"
    for line in results.read_text().splitlines() if results.exists() else ():
        event = json.loads(line)
        if event["event"] == "rule":
            message = f"{event['rule']}[{event['case']}] {event['message']}"
            told.setdefault(event["verdict"], set()).add(message)
    return done.returncode, done.stdout + done.stderr, told


OFFERS = ["few, declared", "two minutes late", "two minutes early", "RPC-1.0 only", "V3 only"]
#: One a day, all of them with KMS_CONFORMANCE_THOROUGH.
TODAY = datetime.now(UTC).toordinal() % len(OFFERS)
THOROUGH = bool(os.environ.get("KMS_CONFORMANCE_THOROUGH"))


@pytest.mark.parametrize("offer", OFFERS if THOROUGH else [OFFERS[TODAY]])
def test_it_is_conformant_in_its_own_way(offer: str, tmp_path: Path) -> None:
    code, printed, told = certified(tmp_path, offer)
    assert code == 0, f"{told.get('fail')} {told.get('not-testable')} {printed[-500:]}"


def test_what_is_not_declared_is_incomplete_and_says_what_to_declare(tmp_path: Path) -> None:
    code, _, told = certified(tmp_path, "few, named")
    assert code == 3
    assert "fail" not in told
    assert all('declare without = ["identity:' in message for message in told["not-testable"])


def test_an_address_with_a_path_is_refused_in_one_sentence(tmp_path: Path) -> None:
    code, printed, _ = certified(tmp_path, "path")
    assert code == 2
    assert "has the path /kms/v1" in printed
    assert "Traceback" not in printed
