"""Every fault of the services changes what a client sees, and a sound endpoint never does."""

from functools import cache

import pytest
from tours import STEPS, notes_of

from conformance.reference.deviations import known

FAULTS = {name: row for name, row in known("fault").items() if row.area in STEPS}


@cache
def sound(step):
    return notes_of(step)


ALL_STEPS = sorted({step for steps in STEPS.values() for step in steps}, key=str)


@pytest.mark.parametrize("step", ALL_STEPS)
def test_sound_endpoints_look_the_same_and_are_walked_to_the_end(step):
    notes = sound(step)
    assert notes_of(step) == notes
    assert not [note for note in notes if "not as its schema has it" in note]
    assert not [note for note in notes if isinstance(note[1], str) and note[1].endswith("Error")]


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_client_sees_the_fault(name):
    steps = STEPS[FAULTS[name].area]
    assert any(notes_of(step, [name]) != sound(step) for step in steps)


def test_every_area_has_faults_with_a_statement_and_a_source():
    assert {row.area for row in FAULTS.values()} == STEPS.keys()
    assert len(FAULTS) >= 150
    for row in FAULTS.values():
        assert row.statement.endswith(".")
        assert row.source
