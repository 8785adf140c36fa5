"""Rotation intervals: a number with its unit when asked, seconds when answered."""

from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_interval(text: str) -> timedelta:
    """Read an interval such as 365d, 8760h or 604800s.

    Raises:
        ValueError: When it is longer than any calendar.
    """
    number = int(text[:-1])
    try:
        return timedelta(**{_UNITS[text[-1]]: number})
    except OverflowError:
        raise ValueError("the interval is too long") from None


def in_seconds(interval: timedelta) -> str:
    """Write an interval as the service answers it, e.g. 604800s."""
    return f"{int(interval.total_seconds())}s"
