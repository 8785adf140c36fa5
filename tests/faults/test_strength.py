"""The kill score counts what it says: killed, survived, void, accused, and nothing else."""

import json
from dataclasses import replace

import pytest
import seeding
import strength_tasks as tasks
from jsonschema import Draft202012Validator
from seeding import Seeded, faults, variations
from strength_report import Report, corpus, render

from conformance.run.registry import load_rules
from conformance.spec import catalogue

SAMPLE = ("switch:disable-does-nothing", "proxy:flips-a-bit-of-plaintext", "proxy:loses-codes")


def performed(monkeypatch, fault):
    monkeypatch.setattr(tasks, "faults", lambda: {fault.id: fault})
    return tasks.perform(tasks.Task("fault", fault.id))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_fault_is_killed_by_a_rule_that_it_names(name):
    result = tasks.perform(tasks.Task("fault", name))
    assert result["verdict"] == "killed"
    assert result["rule"].partition("[")[0] in faults()[name].breaks


def test_a_fault_that_its_rules_do_not_look_at_survives(monkeypatch):
    fault = replace(faults()["proxy:total-of-page"], breaks=("PAG-004",))
    result = performed(monkeypatch, fault)
    assert result["verdict"] == "survived"


def test_a_fault_that_changes_nothing_is_void(monkeypatch):
    fault = replace(faults()["proxy:flips-a-bit-of-mac"], breaks=("ENV-001",))
    assert performed(monkeypatch, fault)["verdict"] == "void"


def test_a_fault_with_which_nothing_starts_is_void(monkeypatch):
    fault = Seeded("switch", "no-such-fault", "none", "There is none.", ("ENV-001",))
    assert performed(monkeypatch, fault)["verdict"] == "void"


def test_controls_are_green_and_an_accusation_is_told():
    control = tasks.perform(tasks.Task("control", "proxy", ("ENV-001", "CRY-001")))
    assert control["verdict"] == "green", control
    accused = replace(variations()["proxy:spaces"], kind="proxy", name="loses-codes")
    told = tasks._run(accused, tasks.planned(["ENV-003"]))
    assert told is not None
    assert told.startswith("ENV-003")


def test_a_null_target_is_not_green():
    result = tasks.perform(tasks.Task("null", "connection refused", ("ENV-001",)))
    assert result["verdict"] == "nothing"


def test_faults_name_rules_that_there_are():
    known = load_rules().keys()
    assert not [fault.id for fault in faults().values() if not set(fault.breaks) & known]


def test_there_are_enough_of_each_kind():
    kinds = [fault.kind for fault in faults().values()]
    assert kinds.count("switch") >= 200
    assert kinds.count("proxy") >= 40
    assert kinds.count("second") >= 40
    assert len(variations()) >= 30
    assert set(kinds) == set(seeding._OPENERS)


def test_a_repeated_task_counts_by_its_last_result(tmp_path):
    kept = tmp_path / "results.jsonl"
    report = Report(kept)
    base = {"do": "variation", "id": "switch:a", "key": "switch:a", "message": None, "seconds": 1}
    report.add({**base, "verdict": "accused"})
    report.add({**base, "verdict": "spared"})
    for one in (report, Report(kept)):
        assert one.verdict("variation", "switch:a") == "spared"
        assert len(one.results) == 1


def test_the_document_meets_its_schema_and_misses_the_goal_with_a_survivor():
    report = Report()
    base = {"do": "fault", "area": "x", "statement": "s", "breaks": ["ENV-001"], "message": None}
    base_a, base_b, base_c = ({**base, "id": f"switch:{n}", "key": f"switch:{n}"} for n in "abc")
    report.add({**base_a, "verdict": "killed", "rule": "ENV-001", "reported": "fail"})
    told = {"seconds": 1.0, "seeded": 2, "variations": 0, "generic": None, "corpus": []}
    document = report.document(**told)
    assert report.meets(document, 98)
    report.add({**base_b, "verdict": "survived", "rule": None})
    report.add({**base_c, "verdict": "void", "rule": None})
    document = report.document(**{**told, "corpus": [{**row} for row in corpus()]})
    assert not report.meets(document, 98)
    assert document["score"] == 50
    schema = catalogue().document("meta/strength.schema")
    Draft202012Validator(schema).validate(json.loads(json.dumps(document)))
    page = render(document)
    assert "1 of 2 faults killed (50 %)" in page
    assert "`switch:b`" in page
