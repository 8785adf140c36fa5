"""Faults of the second endpoint are reported and its harmless variations are not accused.

Another few each day; all of them, and every rule for each variation, with KMS_CONFORMANCE_THOROUGH.
"""

import os
from datetime import UTC, datetime

import pytest
from audit import REPORTED, cases_of, told_by
from deviation import faults, variations

THOROUGH = bool(os.environ.get("KMS_CONFORMANCE_THOROUGH"))
TODAY = datetime.now(UTC).toordinal()
#: Faults that no rule reports, each with its reason.
SURVIVORS: dict[str, str] = {}


def some(names: list[str], count: int) -> list[str]:
    """Return all names, or a few of them: others each day."""
    if THOROUGH:
        return names
    return sorted({names[(TODAY * count + place) % len(names)] for place in range(count)})


def test_every_fault_is_reported_or_explained() -> None:
    silent = {name for name, one in faults().items() if not one.cases}
    assert silent == set(SURVIVORS)


@pytest.mark.parametrize("name", some([n for n, one in faults().items() if one.cases], 8))
def test_a_fault_is_reported(name: str) -> None:
    fault = faults()[name]
    wanted = [case for case in cases_of() if case.id in fault.cases]
    assert wanted, f"there is no case {fault.cases}"
    told = told_by(wanted, [name])
    gating = {str(verdict) for verdict in REPORTED} | (set() if fault.gates else {"warn"})
    assert any(verdict in gating for verdict, _ in told.values()), f"{fault.says}: {told}"


@pytest.mark.parametrize("name", some(sorted(variations()), 2))
def test_a_variation_is_not_accused(name: str) -> None:
    cases = cases_of()
    share = cases if THOROUGH else cases[TODAY % 12 :: 12]
    accused = {
        case: found
        for case, found in told_by(share, [name]).items()
        if found[0] not in ("warn", "not-testable")
    }
    assert not accused, f"{variations()[name].says}: {accused}"
