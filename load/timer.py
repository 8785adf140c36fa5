"""Waking a greenlet at a point in time, to a few hundredths of a millisecond where Linux allows it.

``gevent.sleep`` rounds up to the whole millisecond that epoll offers, which would move every median
by half a millisecond. A timer file descriptor in the same event loop has no such grain.
"""

import ctypes
import os
import sys
import time
from typing import Protocol

import gevent
from gevent.event import Event
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

now = time.perf_counter
"""Clock of all plans and measurements: monotonic, in seconds, one origin per machine on Linux."""


class Timer(Protocol):
    """Something to wait with; one greenlet waits, any other may wake it early."""

    def wait_until(self, moment: float) -> None:
        """Return at ``moment``, at once when it has passed, or earlier after `wake`."""

    def wake(self) -> None:
        """End the wait that is going on, or the next one."""

    def close(self) -> None:
        """Release what the timer holds."""


class SleepTimer:
    """Works everywhere, up to a millisecond late."""

    def __init__(self) -> None:
        self._event = Event()

    def wait_until(self, moment: float) -> None:
        """Return at ``moment`` or after `wake`."""
        self._event.wait(max(0.0, moment - now()))
        self._event.clear()

    def wake(self) -> None:
        """End the wait."""
        self._event.set()

    def close(self) -> None:
        """Nothing is held."""


class FileTimer:
    """A ``timerfd`` watched by gevent's event loop."""

    _MONOTONIC = 1
    _FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
    _ABSOLUTE = 1

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.timerfd_create(self._MONOTONIC, self._FLAGS)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._value = (ctypes.c_long * 4)()
        self._hub = gevent.get_hub()
        self._waiting: greenlet | None = None
        self._woken = False
        # One watcher for good: starting and stopping it for each wait would cost ten times as much.
        self._watcher = self._hub.loop.io(self._descriptor, 1)
        self._watcher.start(self._fired)

    def wait_until(self, moment: float) -> None:
        """Return at ``moment`` or after `wake`."""
        if self._woken:
            self._woken = False
            return
        self._arm(moment)
        self._waiting = getcurrent()
        try:
            self._hub.switch()
        finally:
            self._waiting = None

    def wake(self) -> None:
        """End the wait: a moment long past fires at once."""
        if self._waiting is None:
            self._woken = True
        else:
            self._arm(0.0)

    def _fired(self) -> None:
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return
        if self._waiting is not None:
            self._waiting.switch()

    def close(self) -> None:
        """Close the descriptor."""
        self._watcher.stop()
        self._watcher.close()
        os.close(self._descriptor)

    def _arm(self, moment: float) -> None:
        # All zero would disarm it, so the earliest moment is one nanosecond.
        nanoseconds = max(1, int(moment * 1e9))
        self._value[2], self._value[3] = divmod(nanoseconds, 10**9)
        self._libc.timerfd_settime(self._descriptor, self._ABSOLUTE, self._value, None)


def make_timer() -> Timer:
    """Return the most exact timer of this platform."""
    if sys.platform == "linux":
        try:
            return FileTimer()
        except (OSError, AttributeError):
            return SleepTimer()
    return SleepTimer()
