"""Dates: read exactly, and compared with the patience that the documentation leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from conformance.rules.dates import is_near

WISH = datetime(2026, 3, 5, 14, 37, 21, tzinfo=UTC)


@pytest.mark.parametrize("off", [0, 1, -900, 900])
def test_clocks_may_differ(off):
    assert is_near(WISH + timedelta(seconds=off), WISH)


@pytest.mark.parametrize("off", [1, -1, 2, 23])
def test_days_and_hours_may_not(off):
    assert not is_near(WISH + timedelta(days=off), WISH)
    assert not is_near(WISH + timedelta(hours=off * 2), WISH)


@pytest.mark.parametrize(
    "rounded",
    [
        datetime(2026, 3, 5, tzinfo=UTC),
        datetime(2026, 3, 6, tzinfo=UTC),
        datetime(2026, 3, 5, 16, tzinfo=UTC),
        datetime(2026, 3, 5, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_a_date_of_a_whole_day_may_be_a_day_off(rounded):
    assert is_near(rounded, WISH)


def test_a_rounded_date_may_not_be_two_days_off():
    assert not is_near(datetime(2026, 3, 7, tzinfo=UTC), WISH)
