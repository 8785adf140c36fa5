"""Dates in answers: read, and held against what they should be."""

from datetime import datetime, timedelta

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.wire.failures import WireError
from conformance.wire.times import parse_iso

#: Seconds after which a time that is told in seconds is another one.
TURN = 1.1
#: Clocks of target and suite may differ by so much; requests are refused long before.
_CLOCKS = timedelta(hours=1)
#: A date that stands for a whole day or hour may be as far off as that, and clocks beside it.
_ROUNDING = timedelta(hours=25)


def moment(kms: Kms, text: object, exchange: Exchange) -> datetime:
    """Read a time of an answer; Violation where it is none."""
    try:
        return parse_iso(str(text))
    except WireError:
        kms.violated("a time is yyyy-MM-ddTHH:mm:ssZ", exchange)


def is_near(date: datetime, wish: datetime) -> bool:
    """Tell whether a date is the one that was asked for.

    No page says to what a window of days is counted. So a date that has been rounded, which its
    minutes and seconds tell, may be a day off; any other only by what clocks differ.
    """
    rounded = (date.minute, date.second) in {(0, 0), (59, 59)}
    return abs(date - wish) < (_ROUNDING if rounded else _CLOCKS)
