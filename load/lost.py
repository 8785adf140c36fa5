"""Gives up a hold that cannot be won any more, so that the time is left for another."""

from collections.abc import Mapping

from load.record import Collection
from load.slo import QUANTILES
from load.verdict import latency_of
from load.window import Window


class Lost:
    """Tells when a hold is lost: more requests were slow than its limits allow for all of it.

    Args:
        limits: Milliseconds by quantile name.
        planned: Requests of the whole hold.
        window: Slices that are measured, as they will be.
    """

    #: Slices that may still be filled by answers or by other processes' reports.
    _OPEN = 2

    def __init__(self, limits: Mapping[str, float], planned: float, window: Window) -> None:
        self._limits = limits
        self._allowed = {name: (1 - QUANTILES[name]) * planned for name in limits}
        self._slow = dict.fromkeys(limits, 0)
        self._window = window
        self._seen = window.first

    def by(self, moment: float, collection: Collection) -> bool:
        """Count what was measured since the last call; return whether the hold is lost."""
        now = Window.between(self._window.start, moment, self._window.length)
        until = min(now.last - self._OPEN, self._window.last)
        if until >= self._seen:
            latency = latency_of(collection.total(self._seen, until))
            for name, ms in self._limits.items():
                self._slow[name] += latency.above(ms / 1000)
            self._seen = until + 1
        return any(self._slow[name] > allowed for name, allowed in self._allowed.items())
