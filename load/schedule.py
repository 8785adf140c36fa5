"""When requests are meant to start.

An open-loop generator follows a plan that does not depend on how fast the target answers. The plan
is kept in *virtual time*, in which one request is due per unit on average; the current rate maps it
to seconds. A change of rate therefore neither loses nor invents an arrival.
"""

import random
from collections import deque
from typing import Literal, get_args

Process = Literal["constant", "poisson"]
PROCESSES: tuple[str, ...] = get_args(Process)

#: Fractional part of the golden ratio: phases of any number of workers interleave evenly.
_GOLDEN = 0.6180339887498949


class Arrivals:
    """Due times of one process's requests, in seconds of the caller's clock.

    Args:
        process: ``constant`` for equal gaps, ``poisson`` for exponential ones.
        seed: Same seed and worker, same plan.
        worker: Index of the process; shifts the phase, so that the starts of several processes
            interleave instead of coinciding, and varies the random sequence.
    """

    def __init__(self, process: Process = "constant", seed: int = 0, worker: int = 0) -> None:
        self._process = process
        self._random = random.Random(f"{seed}/{worker}")
        self._rate = 0.0
        self._reference = 0.0
        self._virtual = 0.0
        self._next = self._gap() if process == "poisson" else 1.0 - (worker * _GOLDEN) % 1.0
        self._overdue: deque[float] = deque()

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self._rate

    def set_rate(self, rate: float, now: float) -> None:
        """Change the rate from ``now`` on; what was due before stays due at its old time."""
        while (due := self._due()) is not None and due <= now:
            self._overdue.append(due)
            self._next += self._gap()
        self._virtual += (now - self._reference) * self._rate
        self._reference = now
        self._rate = rate

    def peek(self) -> float | None:
        """Return when the next request is due, None while the rate is 0."""
        return self._overdue[0] if self._overdue else self._due()

    def take(self, now: float) -> float | None:
        """Return the due time of the next request if it has come, and move on to the one after."""
        if self._overdue:
            return self._overdue.popleft()
        due = self._due()
        if due is None or due > now:
            return None
        self._next += self._gap()
        return due

    def _due(self) -> float | None:
        if self._rate <= 0:
            return None
        return self._reference + (self._next - self._virtual) / self._rate

    def _gap(self) -> float:
        return self._random.expovariate(1.0) if self._process == "poisson" else 1.0
