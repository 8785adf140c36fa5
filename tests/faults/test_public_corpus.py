"""Every fault that users reported of KMS emulators in public is among the seeded ones."""

import pytest
from strength_report import corpus

from conformance.reference.deviations import known
from conformance.run.registry import load_rules

FAULTS = known("fault")


@pytest.mark.parametrize("row", corpus(), ids=lambda row: row["report"])
def test_a_report_is_represented(row):
    assert row["faults"]
    for name in row["faults"]:
        assert name in FAULTS, name
        assert set(FAULTS[name].breaks) & load_rules().keys()


def test_all_reports_are_there():
    reports = {row["report"] for row in corpus()}
    assert {f"comparison {number}" for number in range(1, 26)} <= reports
    assert len(reports) >= 39
