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
SURVIVORS = {
    "alias-arn-missing-prefix": "what the ARN of an alias looks like is concluded from samples",
    "alias-empty": "no page names the shortest alias",
    "data-key-192": "no page says that data keys of AES_192 are refused",
    "description-stripped": "no source says that blanks at the ends of a description stay",
    "export-as-text": "no source says whether the bytes of a data key are exported or their base64",
    "reencrypt-destination-told": "no source says whether ReEncrypt tells the old key or the new",
    "rule-update-clears": "no source says that what UpdateNetworkRule is not given stays",
    "spec-in-any-case": "only Origin and ProtectionLevel are documented to be case-sensitive",
    "version-unknown-otherwise": "no table has the code of an unknown version",
}


def some(names: list[str], count: int) -> list[str]:
    """Return all names, or a few of them: others each day."""
    if THOROUGH:
        return names
    return sorted({names[(TODAY * count + place) % len(names)] for place in range(count)})


def test_survivors_are_explained() -> None:
    assert all(SURVIVORS[name] and not faults()[name].cases for name in SURVIVORS)


@pytest.mark.parametrize("name", some([n for n, one in faults().items() if one.cases], 6))
def test_a_fault_is_reported(name: str) -> None:
    fault = faults()[name]
    wanted = [case for case in cases_of() if case.id in fault.cases]
    assert wanted, f"there is no case {fault.cases}"
    told = told_by(wanted, [name])
    gating = {str(verdict) for verdict in REPORTED} | (set() if fault.gates else {"warn"})
    assert any(verdict in gating for verdict, _ in told.values()), f"{fault.says}: {told}"


@pytest.mark.parametrize("name", some(sorted(variations()), 1))
def test_a_variation_is_not_accused(name: str) -> None:
    cases = cases_of()
    share = cases if THOROUGH else cases[TODAY % 36 :: 36]
    accused = {
        case: found
        for case, found in told_by(share, [name]).items()
        if found[0] not in ("warn", "not-testable")
    }
    assert not accused, f"{variations()[name].says}: {accused}"
