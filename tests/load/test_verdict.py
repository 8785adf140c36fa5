"""What a run proves: the instrument first, then the limits, then what was not measured."""

import pytest

from load.outcome import Outcome
from load.record import Slice, State
from load.slo import Objectives
from load.verdict import ExitCode, Instrument, judge

GOOD = Instrument(0.3, 64, (), State(10_000, 10_000))
OBJECTIVES = Objectives({"p50": 20.0, "p99": 100.0})


def measured(count=10_000, latency=0.002, outcome=Outcome.OK, **counts):
    piece = Slice(scheduled=count, **counts)
    for _ in range(count):
        piece.finish("Encrypt", outcome, latency, latency)
    return piece


def code(piece, instrument=GOOD, objectives=OBJECTIVES, interruption=None):
    return judge(piece, objectives, instrument, 1000.0, interruption).code


def test_all_kept_is_met():
    assert code(measured()) is ExitCode.MET


def test_slow_is_not_met():
    assert code(measured(latency=0.2)) is ExitCode.NOT_MET


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.OK])
def test_every_other_outcome_costs_the_verdict(outcome):
    piece = measured(9_900)
    for _ in range(100):
        piece.scheduled += 1
        piece.finish("Encrypt", outcome, 0.001, 0.001, "cause")
    assert code(piece) is ExitCode.NOT_MET


def test_a_single_wrong_answer_costs_the_verdict():
    piece = measured()
    piece.finish("Encrypt", Outcome.WRONG, 0.001, 0.001, "cause")
    assert code(piece) is ExitCode.NOT_MET


def test_a_refuted_sample_costs_the_verdict():
    assert code(measured(checked=100, refuted=1)) is ExitCode.NOT_MET


@pytest.mark.parametrize(
    ("piece", "instrument"),
    [
        (measured(late=200), GOOD),
        (measured(), Instrument(0.9, 64, (), GOOD.state)),
        (measured(), Instrument(0.3, 64, ("worker 1 of 2 was lost",), GOOD.state)),
        (measured(), Instrument(0.3, 64, (), State(10_000, 9_999))),
    ],
)
def test_a_generator_at_fault_is_never_a_pass(piece, instrument):
    assert code(piece, instrument) is ExitCode.INSTRUMENT


def test_wrong_answers_are_proven_whatever_the_generator_did():
    piece = measured(late=5000)
    piece.finish("Encrypt", Outcome.WRONG, 0.001, 0.001, "cause")
    assert code(piece) is ExitCode.NOT_MET


def test_a_small_pool_excuses_the_target_a_large_one_does_not():
    slow = measured(latency=0.5, waited=9_000)
    assert code(slow, Instrument(0.3, 8, (), GOOD.state)) is ExitCode.INSTRUMENT
    # 1,000 a second within 100 ms need 100 connections: with those the target has no excuse.
    assert code(slow, Instrument(0.3, 100, (), GOOD.state)) is ExitCode.NOT_MET


def test_too_few_samples_prove_nothing():
    verdict = judge(measured(900), OBJECTIVES, GOOD, 1000.0)
    assert verdict.code is ExitCode.NOTHING_PROVEN
    assert "p99 needs 1,000 samples, 900 were measured" in verdict.summary


def test_stopped_early_proves_nothing():
    assert code(measured(), interruption="stopped early") is ExitCode.NOTHING_PROVEN


def test_nothing_measured_proves_nothing():
    assert code(Slice()) is ExitCode.NOTHING_PROVEN


def test_a_refused_credential_is_not_the_targets_fault():
    piece = measured(5_000)
    for _ in range(5_000):
        piece.scheduled += 1
        cause = "400 InvalidSecurityToken.Expired"
        piece.finish("Encrypt", Outcome.CLIENT_ERROR, 0.001, 0.001, cause)
    assert code(piece) is ExitCode.NOTHING_PROVEN


def test_limits_of_single_operations():
    piece = measured(latency=0.010)
    strict = Objectives({}, {"Encrypt": {"p50": 5.0}, "Decrypt": {"p50": 5.0}})
    verdict = judge(piece, strict, GOOD, 1000.0)
    results = {check.subject: check.result for check in verdict.checks if check.name == "p50"}
    assert results == {"Encrypt": "broken", "Decrypt": "unproven"}
