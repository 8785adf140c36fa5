"""Drift, outages and recovery, on series whose truth is known."""

from load.endurance import drift, outages, recovery
from load.slo import Objectives

OBJECTIVES = Objectives({"p50": 20.0, "p99": 100.0})


def series(
    count=30, p50=lambda _: 5.0, p99=lambda _: 50.0, good=lambda _: 100, memory=lambda _: 10**8
):
    return [
        {
            "second": float(n),
            "scheduled": 100,
            "good": good(n),
            "p50": p50(n),
            "p99": p99(n),
            "memory": memory(n),
        }
        for n in range(count)
    ]


def results(checks):
    return {check.name: check.result for check in checks}


def test_a_steady_run_does_not_drift():
    checks, _ = drift(series(), OBJECTIVES)
    assert set(results(checks).values()) == {"met"}


def test_latency_that_creeps_up_is_named():
    checks, figures = drift(series(p99=lambda n: 50 + 3 * n), OBJECTIVES)
    assert results(checks)["p99 growth"] == "broken"
    assert results(checks)["p50 growth"] == "met"
    assert figures["p99"]["growth"] > 0.5


def test_a_single_bad_second_is_no_drift():
    checks, _ = drift(series(p99=lambda n: 5000 if n == 29 else 50), OBJECTIVES)
    assert results(checks)["p99 growth"] == "met"


def test_growth_within_noise_is_none():
    checks, _ = drift(series(p50=lambda n: 0.4 + n * 0.03), OBJECTIVES)
    assert results(checks)["p50 growth"] == "met"


def test_a_leak_is_named():
    checks, figures = drift(series(memory=lambda n: 10**8 + n * 2 * 10**6), OBJECTIVES)
    assert results(checks)["memory growth"] == "broken"
    assert figures["memory"]["growth"] > 0.2


def test_memory_out_of_sight_is_not_judged_and_few_slices_prove_nothing():
    checks, figures = drift(series(memory=lambda _: None), OBJECTIVES)
    assert "memory" not in figures
    assert "memory growth" not in results(checks)
    checks, _ = drift(series(count=6), OBJECTIVES)
    assert set(results(checks).values()) == {"unproven"}


def test_outages_are_timed():
    found = outages(series(good=lambda n: 0 if 10 <= n < 14 or n >= 28 else 100), 1.0)
    assert found == [{"start": 10.0, "seconds": 4.0}, {"start": 28.0, "seconds": 2.0}]
    assert outages(series(), 1.0) == []


def test_recovery_needs_three_good_slices_running():
    def p99(n):
        return 900.0 if n < 15 or n == 17 else 50.0

    assert recovery(series(p99=p99), 12.0, OBJECTIVES) == 6.0
    assert recovery(series(p99=lambda _: 900.0), 12.0, OBJECTIVES) is None
    assert recovery(series(), 12.0, OBJECTIVES) == 0.0


def test_errors_are_no_recovery_however_fast():
    assert recovery(series(good=lambda n: 50 if n < 20 else 100), 12.0, OBJECTIVES) == 8.0
