"""Every cell of the wire is decided by a rule that gates, and rules name the cells of their cases."""

import pytest

from conformance.run.planning import expand
from conformance.run.registry import load_rules
from conformance.spec.matrix import cell_ids, find_cells, of_category, wire_cells

RULES = load_rules()
DECIDING = [
    (identifier, rule)
    for rule in RULES.values()
    for planned in expand(rule)
    for identifier in planned.cells
]


@pytest.mark.parametrize("identifier", sorted(wire_cells()))
def test_a_rule_decides_the_cell(identifier):
    deciding = {rule.id: rule for cell, rule in DECIDING if cell == identifier}
    assert deciding, f"no rule decides {identifier}"
    if wire_cells()[identifier].get("contradictory"):
        assert not any(rule.gates for rule in deciding.values()), "sources disagree"
        return
    assert any(rule.gates for rule in deciding.values()), f"nothing binding decides {identifier}"
    if wire_cells()[identifier]["answer"] == "closed":
        negative = [rule.id for rule in deciding.values() if "negative" in rule.tags]
        assert negative, f"{identifier} is closed, and nobody tries it"


def test_cells_of_cases_are_among_those_of_the_rule():
    for rule in RULES.values():
        for planned in expand(rule):
            assert set(planned.cells) <= set(rule.cells), planned.id


def test_patterns_stand_for_cells():
    assert len(cell_ids()) == 120
    assert find_cells(["shared-ram-api-*"]) == tuple(
        f"shared-ram-api-{kind}" for kind in ("management", "cryptographic", "secret-retrieval")
    )
    assert len(find_cells(["*.kms-agent"])) == 24
    assert of_category(find_cells(["*"]), "management") == find_cells(["*-management"])
    with pytest.raises(ValueError, match="no cell"):
        find_cells(["shared-ram"])
