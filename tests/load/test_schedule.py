"""Plans lose no arrival, whatever happens to the rate, and repeat with their seed."""

from itertools import pairwise
from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.schedule import Arrivals


def taken(arrivals, until):
    found = []
    while (due := arrivals.take(until)) is not None:
        found.append(due)
    return found


def test_constant_plan_has_equal_gaps_and_the_exact_number():
    arrivals = Arrivals()
    arrivals.set_rate(2000.0, 10.0)
    due = taken(arrivals, 70.0)
    assert len(due) in {119_999, 120_000}
    assert all(b - a == pytest.approx(1 / 2000, abs=1e-9) for a, b in pairwise(due))


def test_plan_does_not_depend_on_how_late_it_is_asked():
    patient, eager = Arrivals("poisson", 7), Arrivals("poisson", 7)
    patient.set_rate(50.0, 0.0)
    eager.set_rate(50.0, 0.0)
    one = taken(patient, 20.0)
    other = [due for step in range(2001) for due in taken(eager, step / 100)]
    assert one == other


@given(st.lists(st.tuples(st.floats(0.01, 3), st.floats(0, 500)), min_size=1, max_size=12))
def test_changes_of_rate_keep_every_arrival(stages):
    arrivals = Arrivals()
    moment = expected = 0.0
    for seconds, rate in stages:
        arrivals.set_rate(rate, moment)
        moment += seconds
        expected += seconds * rate
    arrivals.set_rate(0.0, moment)
    due = taken(arrivals, moment)
    assert abs(len(due) - expected) <= 1.0 + 1e-6
    assert due == sorted(due)
    assert all(0 <= d <= moment for d in due)


def test_overdue_arrivals_keep_their_time_when_the_rate_changes():
    arrivals = Arrivals()
    arrivals.set_rate(10.0, 0.0)
    arrivals.set_rate(1000.0, 1.05)
    assert taken(arrivals, 1.05)[:3] == pytest.approx([0.1, 0.2, 0.3])


def test_poisson_gaps_are_exponential():
    arrivals = Arrivals("poisson", 1)
    arrivals.set_rate(100.0, 0.0)
    gaps = [b - a for a, b in pairwise(taken(arrivals, 400.0))]
    assert mean(gaps) == pytest.approx(0.01, rel=0.03)
    assert pstdev(gaps) == pytest.approx(0.01, rel=0.05)
    assert sum(gap > 0.01 for gap in gaps) / len(gaps) == pytest.approx(0.3679, abs=0.015)


def test_same_seed_same_plan_and_workers_differ():
    def plan(seed, worker):
        arrivals = Arrivals("poisson", seed, worker)
        arrivals.set_rate(30.0, 0.0)
        return taken(arrivals, 5.0)

    assert plan(3, 0) == plan(3, 0)
    assert plan(3, 0) != plan(4, 0)
    assert plan(3, 0) != plan(3, 1)


def test_constant_plans_of_several_workers_interleave():
    starts = []
    for worker in range(4):
        arrivals = Arrivals(worker=worker)
        arrivals.set_rate(1.0, 0.0)
        starts += taken(arrivals, 1.0)
    starts.sort()
    assert min(b - a for a, b in pairwise(starts)) > 0.1
