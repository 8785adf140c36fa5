"""A hold is given up as soon as, and not before, its limits allow no other end."""

import pytest

from load.lost import Lost
from load.outcome import Outcome
from load.record import Collection, Slice, State
from load.verdict import latency_of
from load.window import Window

SECONDS, RATE = 20, 100


def filled(slow_in_a_second):
    """Return what was measured when so many requests of each second take 200 ms, the others 5."""
    collection = Collection(1.0)
    piece = Slice(scheduled=RATE)
    for number in range(RATE):
        seconds = 0.2 if number < slow_in_a_second else 0.005
        piece.finish("AsymmetricSign", Outcome.OK, seconds, seconds)
    changes = {second: piece.pack() for second in range(SECONDS)}
    collection.receive("one", changes, State().pack())
    return collection


def lost_at(collection, limits):
    """Return the second at which the hold is given up, None when it never is."""
    lost = Lost(limits, RATE * SECONDS, Window(0, SECONDS - 1, 1.0))
    return next((t for t in range(SECONDS + 5) if lost.by(t, collection)), None)


@pytest.mark.parametrize("slow", range(6))
def test_a_hold_is_given_up_only_when_its_end_would_break_the_limit(slow):
    collection = filled(slow)
    broken = latency_of(collection.total()).quantile(0.99) > 0.1
    assert (lost_at(collection, {"p99": 100.0}) is not None) is broken


def test_a_hold_that_is_far_off_ends_soon():
    # Of 2,000 requests 20 may be slow: at 30 a second the first second decides, seen two later.
    assert lost_at(filled(30), {"p99": 100.0}) <= 4


def test_two_limits_of_one_time_both_count():
    assert lost_at(filled(4), {"p99": 100.0, "p95": 100.0}) is not None


def test_every_limit_counts():
    assert lost_at(filled(60), {"p50": 20.0, "p99": 1000.0}) is not None
    assert lost_at(filled(40), {"p50": 20.0, "p99": 1000.0}) is None
