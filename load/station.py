"""The part of a run that sends requests: one in every process that is not the master."""

import time
from collections.abc import Sequence
from math import ceil
from typing import Any

from load.clients import connector
from load.corpus import Case
from load.engine import Engine, Limits, Listener
from load.examining import examiner_of
from load.place import Place
from load.record import Recorder
from load.timer import now

_POOL_AT_MOST = 1024


class Station:
    """One process's generator, steered by the number of Locust users.

    Args:
        place: Where requests go.
        cases: What is sent.
        slowest: Seconds that the slowest limited quantile may take: with the rate it says how many
            connections may be needed.
        worker: Index of the process.
        share: Highest rate of this process that is to be expected, for the size of the pool.
        cap: Rate that this process never exceeds, whatever steers the users; None for none.
        listener: Told of every completed request.
    """

    def __init__(
        self,
        place: Place,
        cases: Sequence[Case],
        *,
        slowest: float,
        worker: int,
        share: float,
        cap: float | None,
        listener: Listener | None,
    ) -> None:
        options = place.options
        needed = max(options.pool, 64, ceil(share * slowest * 1.25))
        pool_max = options.pool_max or min(needed, _POOL_AT_MOST)
        self.connect = connector(options.client, place.address, place.target.timeout)
        self.templates = [place.template(case) for case in cases]
        self._examiner = examiner_of(place)
        self.recorder = Recorder(options.slice, time.time() - now())
        self.engine = Engine(
            cases,
            self.templates,
            self.connect,
            limits=Limits(
                process=options.arrivals,
                seed=options.seed,
                worker=max(0, worker),
                pool=min(options.pool, pool_max),
                pool_max=pool_max,
                queue_max=options.queue_max,
                attempts=options.attempts,
                sample=options.sample,
                drain=max(2.0, min(30.0, place.target.timeout * 1.5)),
            ),
            recorder=self.recorder,
            listener=listener,
            examiner=None if self._examiner is None else self._examiner.examine,
        )
        self._unit = options.unit
        self._cap = float("inf") if cap is None else cap
        self._users = 0
        self.finished = False

    def start(self) -> None:
        """Open the connections and follow the plan, whose rate is 0 until users come."""
        self.engine.start()

    def join(self) -> None:
        """Raise the rate by one user's unit."""
        self._users += 1
        self.engine.set_rate(min(self._cap, self._users * self._unit))

    def leave(self) -> None:
        """Lower the rate by one user's unit."""
        self._users = max(0, self._users - 1)
        if not self.finished:
            self.engine.set_rate(min(self._cap, self._users * self._unit))

    def finish(self) -> None:
        """End the plan and wait for what is in flight."""
        if not self.finished:
            self.finished = True
            self.engine.finish()
            if self._examiner is not None:
                self._examiner.close()

    def report(self) -> dict[str, Any]:
        """Return what changed since the last report, as plain data."""
        return {
            "slices": self.recorder.changes(),
            "state": self.engine.state.pack(),
            "connections": self.engine.connections,
        }
