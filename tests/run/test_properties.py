"""Generated examples: the run's seed, the smallest failure, and an end when there is no answer."""

import time

import pytest
from endpoints import listening, silent, small, target_for
from hypothesis import strategies

from conformance.run.engine import Engine, RunOptions
from conformance.run.planning import Plan, PlannedCase
from conformance.run.registry import Level, Rule
from conformance.run.verdict import Verdict


@pytest.fixture(scope="module")
def url():
    with listening(small) as address:
        yield address


def run(target, check, **options):
    rule = Rule("TST-001", Level.MUST, "t", "S.", "documented", "s", "service", check, __name__)
    engine = Engine(target, Plan((PlannedCase(rule),), ()), RunOptions(**options))
    with engine:
        (result,) = engine.iterate()
    return result


def test_the_smallest_failure_is_kept(url, tmp_path):
    def check(kms):
        def one(number):
            exchange = kms.call("DescribeRegions")
            kms.expect(number < 1234, f"{number} is too much", exchange)

        kms.property(strategies.integers(0, 10**9), one, max_examples=50)

    result = run(target_for(tmp_path, url), check)
    assert result.verdict is Verdict.FAIL
    assert result.message == "1234 is too much"


def test_the_seed_decides_the_examples(url, tmp_path):
    drawn = []

    def check(kms):
        kms.property(strategies.integers(0, 10**9), drawn.append, max_examples=5)

    for seed in (1, 1, 2):
        drawn.append(seed)
        run(target_for(tmp_path, url), check, seed=seed)
    first, second, third = (
        drawn[start + 1 : end]
        for start, end in zip(
            [0, drawn.index(1, 1), len(drawn) - drawn[::-1].index(2) - 1],
            [drawn.index(1, 1), len(drawn) - drawn[::-1].index(2) - 1, None],
            strict=True,
        )
    )
    assert first == second
    assert first != third


def test_a_failure_that_comes_and_goes_is_flaky(url, tmp_path):
    count = []

    def check(kms):
        def one(_number):
            count.append(1)
            kms.expect(len(count) != 3, "only the third time")

        kms.property(strategies.integers(), one, max_examples=10)

    assert run(target_for(tmp_path, url), check).verdict is Verdict.FLAKY


def test_a_time_out_ends_the_search_at_once(tmp_path):
    calls = []

    def talk(connection, request):
        if b"DescribeRegions" in request:
            small(connection, request)
        else:
            calls.append(1)
            silent(connection, request)

    def check(kms):
        kms.property(strategies.integers(), lambda _: kms.call("ListKeys"), max_examples=50)

    with listening(talk) as address:
        started = time.monotonic()
        result = run(target_for(tmp_path, address, timeout=0.3), check)
    assert result.verdict is Verdict.HANG
    assert len(calls) == 2  # once, and once again
    assert time.monotonic() - started < 10


def test_an_error_of_the_check_is_not_shrunk(url, tmp_path):
    count = []

    def check(kms):
        def one(_number):
            count.append(1)
            raise ZeroDivisionError

        kms.property(strategies.integers(), one)

    assert run(target_for(tmp_path, url), check).verdict is Verdict.HARNESS_ERROR
    assert len(count) == 1


def test_the_number_of_examples_is_the_runs(url, tmp_path):
    count = []

    def check(kms):
        kms.property(strategies.integers(0, 10**12), count.append)

    run(target_for(tmp_path, url), check, examples=7)
    assert len(count) == 7
