"""What a run makes is journalled before it is there, and removed whatever happens to the run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from conformance.client.caller import Caller
from conformance.run.cleanup import Cleaner
from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.journal import Journal, read_journal
from conformance.run.planning import Plan, PlannedCase
from conformance.run.recovering import recover
from conformance.run.registry import Level, Rule
from conformance.run.state import state_folder, target_id, target_lock
from conformance.spec import catalogue
from conformance.target import UsageError


def rule(check):
    return Rule("TST-001", Level.MUST, "t", "S.", "documented", "s", "service", check, __name__)


def run(target, check, **options):
    plan = Plan((PlannedCase(rule(check)),), ())
    engine = Engine(target, plan, RunOptions(**options))
    with engine:
        list(engine.iterate())
    return engine


def journals():
    return sorted((state_folder() / "journals").iterdir())


def marked(target):
    caller = Caller(target)
    found = [f"{entry.kind} {entry.name}" for entry in Cleaner(caller).marked()]
    caller.close()
    return found


def everything(kms):
    for bundle in ("alias", "secret", "client-key", "external-key", "secret-in-window"):
        kms.provide(bundle)
    key = kms.provide("symmetric-key", fresh=True)
    kms.call("ScheduleKeyDeletion", {"KeyId": key["id"], "PendingWindowInDays": 366})
    protected = kms.provide("symmetric-key", fresh=True)
    request = {"ProtectedResourceArn": protected["arn"], "EnableDeletionProtection": True}
    kms.expect_success(kms.call("SetDeletionProtection", request))


def test_a_run_leaves_nothing_behind(endpoint, tmp_path):
    engine = run(endpoint, everything, results=tmp_path / "r")
    assert engine.results[0].verdict == "pass", engine.results
    assert engine.left == []
    assert journals() == []
    assert marked(endpoint) == []
    assert read_events(tmp_path / "r")[-1]["left"] == []


def test_keys_are_scheduled_with_the_shortest_window(endpoint):
    made = []

    def check(kms):
        key = kms.provide("symmetric-key", fresh=True)
        kms.call("ScheduleKeyDeletion", {"KeyId": key["id"], "PendingWindowInDays": 366})
        made.append(key["id"])

    run(endpoint, check)
    caller = Caller(endpoint)
    metadata = caller.call("DescribeKey", {"KeyId": made[0]}).data["KeyMetadata"]
    assert metadata["KeyState"] == "PendingDeletion"
    from conformance.wire.times import parse_iso

    days = (parse_iso(metadata["DeleteDate"]) - parse_iso(metadata["CreationDate"])).days
    assert days in {6, 7}


def test_a_failing_check_is_tidied_up_too(endpoint):
    def check(kms):
        kms.provide("alias", fresh=True)
        kms.violated("no")

    run(endpoint, check)
    assert marked(endpoint) == []


def test_every_line_of_a_journal_follows_its_schema(endpoint, tmp_path):
    seen = []

    def check(kms):
        kms.provide("alias", fresh=True)
        kms.call("CreateAlias", {"AliasName": kms.fresh_name("alias"), "KeyId": "no-such-key"})
        seen.extend(json.loads(line) for line in journals()[0].read_text().splitlines())

    run(endpoint, check)
    schema = catalogue().document("meta/journal.schema")
    for event in seen:
        Draft202012Validator(schema).validate(event)
    assert [event["event"] for event in seen] == [
        "open", "intent", "made", "intent", "made", "intent", "void",
    ]  # fmt: skip


def test_the_intent_is_on_disk_before_the_call(endpoint, monkeypatch):
    order = []
    fsync, call = os.fsync, Caller.send
    monkeypatch.setattr("os.fsync", lambda fd: (order.append("fsync"), fsync(fd))[1])

    def send(self, request, *rest, **options):
        order.append(dict(request.headers)["x-acs-action"])
        return call(self, request, *rest, **options)

    monkeypatch.setattr(Caller, "send", send)
    run(endpoint, lambda kms: kms.provide("symmetric-key", fresh=True) and None)
    assert order[order.index("CreateKey") - 1] == "fsync"


def test_a_journal_survives_a_torn_last_line(endpoint):
    journal = Journal(state_folder() / "journals" / "x.jsonl", "0" * 8, endpoint)
    journal.before("CreateAlias", {"AliasName": "alias/kmsct-x-1", "KeyId": "k"})
    journal.close(clean=False)
    path = journal.path
    path.write_bytes(path.read_bytes() + b'{"event":"intent","num')
    old = read_journal(path)
    assert [(entry.kind, entry.name, entry.state) for entry in old.entries] == [
        ("alias", "alias/kmsct-x-1", "intent")
    ]
    path.write_bytes(b'{"event":"op')
    assert read_journal(path) is None


def test_the_next_run_tidies_up_after_a_crash(endpoint):
    caller = Caller(endpoint)
    path = state_folder() / "journals" / f"{target_id(endpoint)}-crashed.jsonl"
    journal = Journal(path, "0" * 8, endpoint)
    caller.watch = journal
    # Made, but the answer did not reach the journal.
    description = "kmsct-00000000 conformance test, may be deleted"
    token = journal.before("CreateKey", {"Description": description})
    caller.watch = type("Silent", (), {"before": lambda *_: None, "after": lambda *_: None})()
    caller.call("CreateKey", {"Description": description})
    assert token is not None
    journal.close(clean=False)
    assert len(marked(endpoint)) == 1
    run(endpoint, lambda kms: None)
    assert marked(endpoint) == []
    assert journals() == []


def test_things_of_others_are_left_alone(endpoint):
    caller = Caller(endpoint)
    other = caller.call("CreateKey", {"Description": "somebody's"}).data["KeyMetadata"]["KeyId"]
    caller.call("CreateAlias", {"AliasName": "alias/somebodys", "KeyId": other})
    journal = Journal(
        state_folder() / "journals" / f"{target_id(endpoint)}-a.jsonl", "0" * 8, endpoint
    )
    token = journal.before("CreateAlias", {"AliasName": "alias/somebodys", "KeyId": other})
    refused = caller.call("CreateAlias", {"AliasName": "alias/somebodys", "KeyId": other})
    assert refused.code == "AliasAlreadyExists"
    journal.after(token, refused)
    journal.close(clean=False)
    assert recover(caller).removed == 0
    assert caller.call("DescribeKey", {"KeyId": "alias/somebodys"}).ok


def test_two_runs_on_one_target_are_refused(endpoint):
    held = pytest.raises(UsageError, match=r"a run is at work on .* already \(process")
    with target_lock(endpoint), held:
        run(endpoint, lambda kms: None)
    run(endpoint, lambda kms: None)


def test_killed_at_a_hundred_random_moments_nothing_is_left(endpoint):
    script = Path(__file__).parent / "killing.py"
    done = subprocess.run(
        [sys.executable, str(script), str(endpoint.path), "100", "7"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["left"] == []
    assert found["full"] > 30, "the runs were killed before they made anything"
