"""CPU and memory of the target, where they can be seen: a listener on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from load.connection import Address


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at the target's process.

    Attributes:
        busy: Seconds of CPU since it was started, children included.
        memory: Resident bytes.
    """

    busy: float
    memory: int


class TargetObserver:
    """Looks at the process that listens on a loopback address; sees nothing elsewhere."""

    def __init__(self, address: Address) -> None:
        self._port = address.port
        self._local = address.host in {"127.0.0.1", "localhost", "::1"}
        self._process: psutil.Process | None = None
        self.sights: dict[float, Sight] = {}

    def look(self, moment: float) -> None:
        """Record what the process uses now; ``moment`` in seconds since the epoch."""
        if not self._local:
            return
        try:
            if self._process is None or not self._process.is_running():
                self._process = self._find()
            if self._process is None:
                return
            times = self._process.cpu_times()
            memory = self._process.memory_info().rss
        except (psutil.Error, OSError):
            self._process = None
            return
        self.sights[moment] = Sight(times.user + times.system, memory)

    def share(self, first: float, last: float) -> float | None:
        """Return the mean share of a core between two moments, None when it was not seen."""
        inside = self._between(first, last)
        if len(inside) < 2:
            return None
        moments = sorted(inside)
        busy = inside[moments[-1]].busy - inside[moments[0]].busy
        span = moments[-1] - moments[0]
        return busy / span if span > 0 and busy >= 0 else None

    def memory(self, first: float, last: float) -> Mapping[float, int]:
        """Return resident bytes by moment between two moments."""
        return {moment: sight.memory for moment, sight in self._between(first, last).items()}

    def _between(self, first: float, last: float) -> dict[float, Sight]:
        return {m: s for m, s in self.sights.items() if first <= m <= last}

    def _find(self) -> psutil.Process | None:
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr
            if listens and connection.laddr[1:2] == (self._port,) and connection.pid:
                return psutil.Process(connection.pid)
        return None
