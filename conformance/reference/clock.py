"""The endpoint's time: real, and movable by tests."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """The real time plus an offset, or a frozen moment.

    A request sees one moment: whoever handles it asks once. Moving the clock moves freshness
    windows, deletion windows, rotation and expiry together.
    """

    def __init__(self) -> None:
        self._offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Return the endpoint's time, aware and in UTC."""
        if self._frozen is not None:
            return self._frozen
        now = datetime.now(UTC)
        return now + self._offset if self._offset else now

    def advance(self, seconds: float) -> datetime:
        """Move forward (or, negative, back) and return the new time."""
        if self._frozen is not None:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Set the time; it runs on from there unless the clock is frozen."""
        moment = moment.astimezone(UTC)
        if self._frozen is not None:
            self._frozen = moment
        else:
            self._offset = moment - datetime.now(UTC)
        return self.now()

    def freeze(self) -> datetime:
        """Stop the time where it is."""
        self._frozen = self.now()
        return self._frozen

    def reset(self) -> datetime:
        """Return to real time."""
        self._offset = timedelta()
        self._frozen = None
        return self.now()
