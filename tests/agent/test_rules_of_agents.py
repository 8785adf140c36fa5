"""Each rule about agents is seen failing on an agent that breaks it, and on no other.

A quarter of the cases meets each harmless variation, another for each; with
KMS_CONFORMANCE_THOROUGH all of them do.
"""

import os

import pytest
from agent_harness import InThreads
from harness import REPORTS, first_report, opened, planned, rules, told

from conformance.agent.deviations import known
from conformance.run.verdict import Verdict

FAULTS = known("fault")
HARMLESS = known("harmless")
RULES = sorted(name for name, rule in rules().items() if rule.family == "agent")


@pytest.fixture(autouse=True)
def _short(short_waits):
    """Every TTL is short here."""


def chosen(place):
    cases = planned(RULES)
    if os.environ.get("KMS_CONFORMANCE_THOROUGH"):
        return cases
    return [case for number, case in enumerate(cases) if (number + place) % 4 == 0]


def verdicts(upstream, folder, cases, **deviation):
    with opened(upstream, cases) as engine:
        engine.bench.agents = agents = InThreads(engine, folder, **deviation)
        try:
            return [engine.run(case) for case in cases]
        finally:
            agents.close()


@pytest.mark.parametrize("identifier", RULES)
def test_a_fault_breaks_the_rule(identifier):
    assert any(identifier in fault.breaks for fault in FAULTS.values())


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_rules_report_the_fault(name, upstream, tmp_path):
    fault = FAULTS[name]
    assert fault.breaks
    if name == "agent-prints-values":
        pytest.skip("what is printed belongs to a process: see test_certifying_an_agent.py")
    silent = []
    with opened(upstream, planned(fault.breaks)) as engine:
        engine.bench.agents = agents = InThreads(engine, tmp_path, fault=name)
        try:
            for identifier in fault.breaks:
                result = first_report(engine, planned([identifier]))
                if result is None:
                    silent.append(identifier)
                else:
                    print(f"{result.planned.id}: {result.verdict} {result.message}")
        finally:
            agents.close()
    assert not silent, f"{name} goes unnoticed by {', '.join(silent)}: {fault.statement}"


def test_a_right_agent_breaks_nothing(upstream, tmp_path):
    results = verdicts(upstream, tmp_path, planned(RULES))
    assert {result.verdict for result in results} == {Verdict.PASS}, told(results)


def test_there_are_many_variations():
    assert len(HARMLESS) >= 15


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_a_harmless_variation_costs_no_verdict(name, upstream, tmp_path):
    results = verdicts(upstream, tmp_path, chosen(sorted(HARMLESS).index(name)), harmless=name)
    assert not [result for result in results if result.verdict in REPORTS], told(results)
    assert {result.verdict for result in results} == {Verdict.PASS}, told(results)
