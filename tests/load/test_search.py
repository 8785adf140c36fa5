"""The capacity search finds the knee of a target whose knee is known, noise or not."""

from dataclasses import replace
from random import Random

import pytest

from load.scalability import Fit, fit
from load.scenarios import promises
from load.search import Search, Step
from load.sizing import sizing
from load.slo import Objectives


def step(plan, passed, limited=False, generator=0.9):
    rate = plan.rate
    return Step(plan.phase, rate, rate, rate, 1, 1, 1, generator, 0.5, 1.0, passed, limited)


def searched(knee, start=100.0, ceiling=100_000.0, noise=None):
    search = Search(start, ceiling)
    while (plan := search.next()) is not None:
        assert len(search.steps) < 60
        passed = plan.rate <= knee
        if noise is not None and noise.random() < 0.08:
            passed = not passed
        search.record(step(plan, passed))
    return search


@pytest.mark.parametrize("knee", [30, 130, 777, 1000, 1999, 2000, 15_000])
def test_the_knee_is_found_within_the_precision(knee):
    search = searched(knee)
    assert search.confirmed
    assert knee / 1.051 <= search.rate <= knee
    assert [s.phase for s in search.steps][-2:] == ["hold", "above"]
    assert not search.steps[-1].passed


def test_a_search_is_short_enough_for_four_minutes():
    search = searched(1900, start=100)
    # 8 s a step with warm-up and settling, and a hold of 60 s.
    assert sum(8 if s.phase != "hold" else 60 for s in search.steps) <= 240


@pytest.mark.parametrize("seed", range(40))
def test_a_search_on_a_noisy_machine_keeps_within_its_time(seed):
    noise = Random(seed)
    search = Search(100, 100_000, within=240, around=3.1)
    spent = 0.0
    while (plan := search.next(spent)) is not None:
        spent += plan.seconds + search.around
        search.record(step(plan, (plan.rate <= 1900) is (noise.random() > 0.25)))
    assert spent <= 240
    assert search.confirmed or search.limit


def test_without_time_left_what_was_found_is_held():
    search = Search(100, 100_000, within=100, around=3.1)
    plan = search.next(0)
    search.record(step(plan, passed=True))
    plan = search.next(30)
    assert (plan.phase, plan.rate) == ("hold", 100)


def test_three_noisy_searches_agree():
    rates = [searched(1500, noise=Random(seed)).rate for seed in (1, 2, 3)]
    assert max(rates) / min(rates) <= 1.15


def test_one_bad_step_is_repeated_before_it_counts():
    search = Search(100, 1000)
    search.record(step(search.next(), passed=False))
    assert search.next().rate == 100
    search.record(step(search.next(), passed=True))
    assert search.next().rate == 100
    search.record(step(search.next(), passed=True))
    assert search.next().rate == 200


def test_a_gross_failure_is_not_repeated():
    search = Search(100, 1000)
    plan = search.next()
    search.record(replace(step(plan, passed=False), gross=True))
    assert search.next().rate == 50


def test_a_hold_that_fails_lowers_the_rate():
    search = Search(100, 10_000)
    while (plan := search.next()) is not None:
        search.record(step(plan, passed=plan.rate <= (900 if plan.phase == "hold" else 1000)))
    assert search.confirmed
    assert search.rate <= 900


def test_a_generator_at_its_end_ends_the_search_with_a_lower_bound():
    search = Search(100, 100_000)
    while (plan := search.next()) is not None:
        search.record(step(plan, passed=plan.rate < 3000, limited=plan.rate >= 3000))
    assert not search.confirmed
    assert search.rate == 1600
    assert "generator was at its end at 3,200" in search.limit


def test_a_single_disturbance_of_the_generator_is_survived():
    search = Search(100, 100_000)
    disturbed = False
    while (plan := search.next()) is not None:
        limited = plan.rate >= 400 and not disturbed
        disturbed = disturbed or limited
        search.record(step(plan, passed=plan.rate <= 1000, limited=limited))
    assert search.confirmed


def test_other_work_on_the_machine_is_waited_out_longer():
    search = Search(100, 100_000)
    disturbances = 4
    while (plan := search.next()) is not None:
        limited = plan.rate >= 400 and disturbances > 0
        disturbances -= limited
        passed = plan.rate <= 1000
        search.record(step(plan, passed, limited, generator=0.1 if limited else 0.9))
    assert search.confirmed
    busy = Search(100, 100_000)
    while (plan := busy.next()) is not None:
        busy.record(step(plan, passed=False, limited=True, generator=0.1))
    assert "other work kept the generator from its core" in busy.limit


def test_the_ceiling_is_held_and_said_to_be_one():
    search = searched(1e9, ceiling=5000)
    assert search.confirmed
    assert search.rate == 5000
    assert "highest that was asked for" in search.limit


def test_a_target_that_carries_nothing():
    search = searched(0)
    assert search.rate == 0
    assert "break a limit" in search.limit


def test_scalability_law_is_recovered():
    law = Fit(1000, 0.05, 0.002, 1.0)
    points = [(n, law.throughput(n)) for n in (1, 2, 4, 8, 16, 32)]
    found = fit(points)
    assert found.single == pytest.approx(1000, rel=1e-6)
    assert found.contention == pytest.approx(0.05, rel=1e-5)
    assert found.coherence == pytest.approx(0.002, rel=1e-5)
    assert found.r2 == pytest.approx(1.0)
    assert found.peak == pytest.approx((0.95 / 0.002) ** 0.5)


def test_scalability_law_says_how_badly_it_fits():
    random = Random(3)
    assert fit([(n, random.uniform(100, 5000)) for n in (1, 2, 4, 8, 16, 32)]).r2 < 0.9
    assert fit([(1, 10), (2, 20)]) is None


def test_sizing_in_words():
    offers = promises("dedicated", "symmetric-cryptography")
    words = sizing(3400, 2000, Objectives({"p99": 20.0}), offers)
    assert words[0].startswith("For 3,400 QPS with p99 under 20 ms: two endpoints like this one")
    assert any("Assumed:" in sentence for sentence in words)
    assert any("two instances of 2,000" in sentence for sentence in words)
    assert "one endpoint" in sizing(2000, 2000, Objectives(), offers)[0]


def test_a_shared_gateway_does_not_scale():
    words = sizing(3400, 900, Objectives(), promises("shared", "symmetric-cryptography"))
    assert "throttled at 1,000 QPS" in words[-1]


def test_promises_are_those_of_the_specs():
    assert [p.rate for p in promises("dedicated", "symmetric-cryptography")] == [
        200,
        1000,
        2000,
        4000,
        10_000,
        20_000,
    ]
    assert {p.rate for p in promises("shared", "symmetric-cryptography")} == {1000}
    assert [p.rate for p in promises("shared", "asymmetric-cryptography")] == [200]
    assert promises("dedicated", "asymmetric-cryptography") == []
