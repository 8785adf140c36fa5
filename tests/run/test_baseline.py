"""Baselines: strict both ways, with reason, owner and expiry."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from endpoints import listening, small, target_for

from conformance.run.baseline import load_baseline, updated, write_baseline
from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.judging import Exit
from conformance.run.planning import Plan, PlannedCase
from conformance.run.registry import Level, Rule
from conformance.run.verdict import Verdict, Violation
from conformance.target import UsageError

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
YESTERDAY = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()


def failing(kms):
    raise Violation("broken")


def rule(identifier, check, level=Level.MUST):
    return Rule(identifier, level, "t", "S.", "documented", "s", "service", check, __name__)


RULES = {r.id: r for r in (rule("BAD-001", failing), rule("FINE-001", lambda kms: None))}


def entry(name, expires=TOMORROW, **more):
    return {"rule": name, "reason": "known", "owner": "team", "expires": expires, **more}


def baseline(folder, *entries):
    path = folder / "baseline.json"
    path.write_text(json.dumps({"schema": 1, "entries": list(entries)}))
    return path


@pytest.fixture(scope="module")
def url():
    with listening(small) as address:
        yield address


def run(tmp_path, url, path, names=tuple(RULES)):
    found = None if path is None else load_baseline(path, RULES)
    plan = Plan(tuple(PlannedCase(RULES[name]) for name in names), ())
    options = RunOptions(results=tmp_path / "r", baseline=found)
    engine = Engine(target_for(tmp_path, url), plan, options)
    with engine:
        list(engine.iterate())
    return engine


def test_an_accepted_failure_is_known(tmp_path, url):
    engine = run(tmp_path, url, baseline(tmp_path, entry("BAD-001")))
    assert [r.verdict for r in engine.results] == [Verdict.KNOWN, Verdict.PASS]
    assert engine.exit_code is Exit.CONFORMANT
    event = read_events(tmp_path / "r")[1]
    assert event["baseline"] == {"reason": "known", "owner": "team", "expires": TOMORROW}
    assert event["message"] == "broken"


def test_a_failure_without_an_entry_gates(tmp_path, url):
    assert run(tmp_path, url, baseline(tmp_path)).exit_code is Exit.NOT_CONFORMANT


def test_an_entry_that_no_longer_fails_is_stale(tmp_path, url):
    path = baseline(tmp_path, entry("BAD-001"), entry("FINE-001"))
    engine = run(tmp_path, url, path)
    assert engine.exit_code is Exit.STALE_BASELINE
    assert engine.stale == ["FINE-001: does not fail any more"]
    assert read_events(tmp_path / "r")[-1]["stale"] == engine.stale


def test_an_expired_entry_covers_nothing_and_is_stale(tmp_path, url):
    engine = run(tmp_path, url, baseline(tmp_path, entry("BAD-001", YESTERDAY)))
    assert engine.exit_code is Exit.NOT_CONFORMANT
    assert engine.stale == [f"BAD-001: expired on {YESTERDAY}"]


def test_an_entry_that_did_not_run_is_not_stale(tmp_path, url):
    engine = run(tmp_path, url, baseline(tmp_path, entry("BAD-001")), names=["FINE-001"])
    assert engine.exit_code is Exit.CONFORMANT
    assert engine.stale == []


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        ([entry("BAD-01")], "unknown rule 'BAD-01' \\(did you mean 'BAD-001'"),
        ([{"rule": "BAD-001"}], "'expires' and 'owner' and 'reason' is missing"),
        ([entry("BAD-001", "2026-13-01")], "is no date"),
        ([entry("BAD-001", "soon")], "entries\\[0\\].expires is 'soon': must match"),
        ([entry("BAD-001", note="x")], "unknown key 'note'"),
    ],
)
def test_each_slip_is_one_clear_sentence(entries, wanted, tmp_path):
    with pytest.raises(UsageError, match=wanted):
        load_baseline(baseline(tmp_path, *entries), RULES)


def test_a_missing_or_broken_file(tmp_path):
    with pytest.raises(UsageError, match="there is no baseline"):
        load_baseline(tmp_path / "none.json", RULES)
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(UsageError, match="is not JSON"):
        load_baseline(tmp_path / "b.json", RULES)


def test_update_covers_exactly_what_failed(tmp_path, url):
    path = baseline(tmp_path, entry("FINE-001"), entry("GONE-001"))
    run(tmp_path, url, None)
    old = load_baseline(path, None).entries
    words = {"reason": "new", "owner": "me", "expires": date.fromisoformat(TOMORROW)}
    entries = updated(old, read_events(tmp_path / "r"), **words)
    # FINE-001 ran and passed, GONE-001 did not run, BAD-001 failed.
    assert [e.id for e in entries] == ["BAD-001", "GONE-001"]
    write_baseline(path, [e for e in entries if e.rule in RULES])
    assert run(tmp_path, url, path).exit_code is Exit.CONFORMANT
