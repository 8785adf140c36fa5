"""Every rule says what it promises, why it may, and what it needs."""

import re

import pytest

from conformance.run.planning import expand
from conformance.run.registry import load_rules
from conformance.spec import catalogue
from conformance.spec.instance import instance_api

RULES = load_rules()
READINGS = {reading["id"] for reading in catalogue().document("readings")["readings"]}
OPERATIONS = {*catalogue().operations, *instance_api().operations}
NEEDS = re.compile(
    r"(identity|scheme|gateway|listener|api|operation|spec|format|feature|resource):\S+"
)


@pytest.mark.parametrize("identifier", sorted(RULES))
def test_a_rule_is_cited(identifier):
    rule = RULES[identifier]
    assert re.fullmatch(r"[A-Z]{2,4}(-[A-Z]{3})?-\d{3}", identifier)
    assert rule.statement.endswith(".")
    assert len(rule.statement) > 30
    assert len(rule.source) > 10
    assert rule.family
    assert set(rule.readings) <= READINGS, set(rule.readings) - READINGS
    assert set(rule.operations) <= OPERATIONS
    assert all(NEEDS.fullmatch(need) for need in rule.needs), rule.needs
    assert (rule.check.__doc__ or "").strip(), "its check has no docstring"


@pytest.mark.parametrize(
    "family", ["authentication", "authorisation", "gateway", "matrix", "internet-switch"]
)
def test_what_is_concluded_only_advises(family):
    for rule in RULES.values():
        if rule.family == family and rule.provenance == "inferred":
            assert not rule.gates, rule.id


@pytest.mark.parametrize(
    "family", ["authentication", "authorisation", "gateway", "matrix", "internet-switch"]
)
def test_cases_have_stable_names(family):
    for rule in RULES.values():
        if rule.family != family:
            continue
        names = [planned.id for planned in expand(rule)]
        assert names
        assert len(set(names)) == len(names), rule.id
        assert names == [planned.id for planned in expand(rule)]
