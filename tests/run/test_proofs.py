"""The record of what is tested is what rules really prove."""

import json
import os

import pytest

from conformance.run.engine import Engine, RunOptions
from conformance.run.planning import Plan, expand
from conformance.run.proofs import FILE
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict
from conformance.spec.promises import promises
from conformance.spec.traceability import recorded

RULES = load_rules()
#: One rule of each family, with few cases, is enough to see that the record was not made up; with
#: KMS_CONFORMANCE_THOROUGH every rule proves anew what the record says of it.
SAMPLE = (
    *("STA-002", "CRY-010", "AUTH-040", "EFF-005", "KEY-003", "SEC-030", "IDM-004"),
    *("PAG-004", "ENV-001", "RAM-008", "GW-SHR-009", "CON-013", "RACE-003"),
)
CHOSEN = sorted(RULES) if os.environ.get("KMS_CONFORMANCE_THOROUGH") else sorted(SAMPLE)


def proven(target, identifier, folder=None):
    cases = tuple(expand(RULES[identifier]))
    with Engine(target, Plan(cases, ()), RunOptions(ephemeral=True, results=folder)) as engine:
        results = list(engine.iterate())
    return set(engine.proofs.view()), results


@pytest.mark.parametrize("identifier", CHOSEN)
def test_a_rule_proves_what_the_record_says(identifier, endpoint):
    found, _ = proven(endpoint, identifier)
    said = {promise for promise, rules in recorded().items() if identifier in rules}
    assert said, f"the record does not know {identifier}: run kms-conformance coverage --update"
    assert said <= found, sorted(said - found)


def test_rules_name_promises_that_there_are():
    named = {(rule.id, promise) for rule in RULES.values() for promise in rule.promises}
    assert not [one for one in named if one[1] not in promises()]


def test_the_record_names_rules_that_there_are():
    assert not {rule for rules in recorded().values() for rule in rules} - RULES.keys()


def test_what_fails_proves_nothing(tmp_path, monkeypatch):
    from conformance.target.embedded import embedded_target

    with embedded_target(["--fault", "encrypt-with-disabled-key"]) as target:
        found, results = proven(target, "STA-002")
    failed = {str(r.planned.case.name) for r in results if r.verdict is Verdict.FAIL}
    assert "Encrypt/Disabled" in failed
    assert not {f"state/{name}" for name in failed} & found
    assert "state/Encrypt/PendingDeletion" in found


def test_a_run_leaves_its_coverage(endpoint, tmp_path):
    found, _ = proven(endpoint, "IDM-004", tmp_path)
    document = json.loads((tmp_path / FILE).read_text())
    assert set(document["promises"]) == found
    assert document["rules"] == {"IDM-004": len(found)}
    assert "state/Encrypt/Disabled" in document["open"]
