"""How fast requests leave: the target's rate, and patience with 429.

Source of the back-off: KMS error handling, "start at 200 ms, double each time, limit count and
wait" (help.aliyun.com 163625).
"""

import threading
import time

#: First wait after a 429, in seconds; doubled each time.
FIRST_WAIT = 0.2
#: Waits after 429 before the answer is taken as it is.
MOST_WAITS = 5


class Pace:
    """Spaces requests evenly and counts throttled answers.

    Args:
        rate: Most requests a second, None for no limit.
    """

    def __init__(self, rate: float | None) -> None:
        self._interval = 0.0 if rate is None else 1.0 / rate
        self._next = 0.0
        self._lock = threading.Lock()
        self.throttled = 0

    def wait(self) -> None:
        """Return when the next request may leave."""
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            moment = max(now, self._next)
            self._next = moment + self._interval
        time.sleep(max(0.0, moment - now))

    def back_off(self, attempt: int, left: float) -> bool:
        """Wait after a 429; False when it is time to give up.

        Args:
            attempt: Waits so far for this request.
            left: Seconds that the case still has.
        """
        self.throttled += 1
        wait = FIRST_WAIT * 2**attempt
        if attempt >= MOST_WAITS or wait >= left:
            return False
        time.sleep(wait)
        return True
