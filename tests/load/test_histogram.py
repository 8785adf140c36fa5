"""Sparse histograms equal HDR histograms, count for count."""

from random import Random

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from load.histogram import DIGITS, HIGHEST, LOWEST, Histogram, bin_of, bin_top, merged

micros = st.integers(LOWEST, 600_000_000)


def dense(values):
    histogram = HdrHistogram(LOWEST, HIGHEST, DIGITS)
    for value in values:
        histogram.record_value(value)
    return histogram


@given(micros)
def test_bins_are_those_of_hdr(value):
    reference = HdrHistogram(LOWEST, HIGHEST, DIGITS)
    assert bin_of(value) == reference.get_lowest_equivalent_value(value)
    assert bin_top(bin_of(value)) == reference.get_highest_equivalent_value(value)


@given(st.lists(micros, min_size=1, max_size=300))
def test_quantiles_are_those_of_hdr(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value / 1e6)
    reference = dense(values)
    for q in (0.0, 0.5, 0.9, 0.99, 0.999, 1.0):
        expected = reference.get_value_at_percentile(q * 100 or 1e-9)
        assert histogram.quantile(q) == pytest.approx(expected / 1e6, rel=1e-12)


def test_histograms_of_many_workers_equal_one_that_saw_every_value():
    random = Random(5)
    values = [int(random.lognormvariate(7, 2)) + 1 for _ in range(40_000)]
    workers = [Histogram() for _ in range(5)]
    for number, value in enumerate(values):
        workers[number % 5].record(value / 1e6)
    shipped = [Histogram.unpack(worker.pack()) for worker in workers]
    whole = Histogram()
    for value in values:
        whole.record(value / 1e6)
    assert merged(shipped).counts == whole.counts
    assert merged(reversed(shipped)).counts == whole.counts
    assert merged(shipped).total == len(values)


def test_encoded_form_is_read_by_hdr_tools():
    histogram = Histogram()
    for value in (1, 999, 2047, 2048, 123_456, 5_000_000):
        histogram.record(value / 1e6)
    decoded = HdrHistogram.decode(histogram.encode())
    assert decoded.get_total_count() == 6
    assert decoded.get_value_at_percentile(100) == bin_top(bin_of(5_000_000))


def test_values_out_of_range_are_clamped_not_lost():
    histogram = Histogram()
    histogram.record(0.0)
    histogram.record(-1.0)
    histogram.record(1e9)
    assert histogram.total == 3
    assert histogram.quantile(0.01) == pytest.approx(1e-6)


def test_nothing_has_no_quantile():
    assert str(Histogram().quantile(0.5)) == "nan"
    assert str(Histogram().mean()) == "nan"


def test_above_counts_whole_bins():
    histogram = Histogram()
    for value in (0.001, 0.01, 0.1):
        histogram.record(value)
    assert histogram.above(0.005) == 2
