"""Times as requests carry them, always UTC with whole seconds."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import TypeAlias

from conformance.wire.failures import WireError

#: Source of the current time, aware and in UTC.
Clock: TypeAlias = Callable[[], datetime]

# fromisoformat accepts many more spellings than yyyy-MM-ddTHH:mm:ssZ.
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_RFC1123 = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:GMT|UTC)"
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


# The same few moments are written and read over and over: when things were made, and this second.
@lru_cache(maxsize=4096)
def format_iso(moment: datetime) -> str:
    """Return ``yyyy-MM-ddTHH:mm:ssZ``, the form of Timestamp and x-acs-date."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


@lru_cache(maxsize=4096)
def parse_iso(text: str) -> datetime:
    """Read ``yyyy-MM-ddTHH:mm:ssZ`` and nothing else; WireError otherwise."""
    if _ISO.fullmatch(text) is None:
        raise WireError("a time is written yyyy-MM-ddTHH:mm:ssZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise WireError("no such date or time of day") from None


def format_http_date(moment: datetime) -> str:
    """Return the RFC 1123 form with GMT, the form of the instance API's Date header."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


@lru_cache(maxsize=4096)
def parse_http_date(text: str) -> datetime:
    """Read an RFC 1123 date ending in GMT (clients) or UTC (documentation); WireError otherwise."""
    match = _RFC1123.fullmatch(text)
    if match is None:
        raise WireError("a Date is written in RFC 1123 form")
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError:
        raise WireError("no such date or time of day") from None


def is_fresh(moment: datetime, now: datetime, window: timedelta) -> bool:
    """Tell whether ``moment`` lies within ``window`` of ``now``, before or after."""
    return abs(now - moment) <= window
