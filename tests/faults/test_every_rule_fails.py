"""Every rule is seen failing: for each there is a fault of the embedded endpoint that it reports.

The faults say which rules they break. Each is put into force alone on an endpoint of its own, and
the rules that it names run against it through the engine that every run uses. By default so many
faults take part that each rule is seen failing once; all do with KMS_CONFORMANCE_THOROUGH, and in
the kill score (`make strength`).
"""

import os

import pytest
from harness import first_report, likely_first, opened, planned, rules, served

from conformance.agent import deviations as of_agents
from conformance.reference.deviations import known, put_into_force
from conformance.reference.endpoint import Endpoint

FAULTS = known("fault")
#: Rules about agents are broken by agents: tests/agent shows it.
BROKEN_BY_AGENTS = {name for fault in of_agents.known("fault").values() for name in fault.breaks}
THOROUGH = bool(os.environ.get("KMS_CONFORMANCE_THOROUGH"))
NAMED = {name for fault in FAULTS.values() for name in fault.breaks} | BROKEN_BY_AGENTS


def enough():
    """Return the names of faults that together name every rule, those that name most first."""
    names = sorted(name for name, fault in FAULTS.items() if fault.breaks)
    if THOROUGH:
        return names
    chosen, seen = [], set()
    for name in sorted(names, key=lambda name: (-len(FAULTS[name].breaks), name)):
        if not seen.issuperset(FAULTS[name].breaks):
            chosen.append(name)
            seen.update(FAULTS[name].breaks)
    return sorted(chosen)


@pytest.mark.parametrize("identifier", sorted(rules()))
def test_a_fault_breaks_the_rule(identifier):
    assert identifier in NAMED, f"no fault names {identifier} in breaks"


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_fault_names_rules_that_there_are(name):
    breaks = FAULTS[name].breaks
    assert breaks, f"the fault {name} names no rule: {FAULTS[name].statement}"
    assert set(breaks) <= set(rules()), set(breaks) - set(rules())


@pytest.mark.parametrize("name", enough())
def test_the_rules_report_the_fault(name, tmp_path):
    fault = FAULTS[name]
    ids = [identifier for identifier in fault.breaks if identifier in rules()]
    endpoint = Endpoint()
    put_into_force(endpoint, "fault", [name])
    silent = []
    with served(endpoint, tmp_path) as target, opened(target, planned(ids)) as engine:
        for identifier in ids:
            cases = likely_first(planned([identifier]), fault.statement)
            result = first_report(engine, cases)
            if result is None:
                silent.append(identifier)
            else:
                print(f"{result.planned.id}: {result.verdict} {result.message}")
    assert not silent, f"{name} goes unnoticed by {', '.join(silent)}: {fault.statement}"
