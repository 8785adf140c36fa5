"""What a process is to send: its share of a plan, handed out by the master where there is one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.target import load_target
from load.control import Control
from load.corpus import Case
from load.options import Options
from load.papers import Papers
from load.place import Place
from load.station import Station


@dataclass(frozen=True, slots=True)
class Work:
    """A process's share of a plan.

    Attributes:
        place: Where to send it.
        cases: What may be sent.
        slowest: Seconds that the slowest limited quantile may take.
        share: Requests per second at most that the plan asks of this process.
        cap: Requests per second that it may not exceed, None without such a bound.
    """

    place: Place
    cases: Sequence[Case]
    slowest: float
    share: float
    cap: float | None

    @classmethod
    def of(cls, control: Control) -> "Work":
        """Return the whole plan, for one process."""
        slowest, cap = control.objectives.slowest, control.options.max_rate
        return cls(control.place, control.cases, slowest, control.rate_max, cap)

    @classmethod
    def read(cls, message: Mapping[str, Any], own: Options) -> "Work":
        """Read what `message` made.

        Args:
            message: From the master.
            own: Options of this process; its target file is used where it names one.

        Raises:
            UsageError: When the target file cannot be used here.
        """
        options = Options.of(message["options"])
        if own.target is not None:
            options = Options.of({**options.pack(), "target": own.target})
        assert options.target is not None
        papers = None if message["papers"] is None else Papers.read(Path(message["papers"]))
        return cls(
            Place.of(load_target(Path(options.target)), options, papers),
            [Case.unpack(case) for case in message["cases"]],
            message["slowest"],
            message["share"],
            message["cap"],
        )

    def station(self, worker: int, listener: Callable[[str, float, int, str], None]) -> Station:
        """Return what sends it, as the so manieth process."""
        return Station(
            self.place,
            self.cases,
            slowest=self.slowest,
            worker=worker,
            share=self.share,
            cap=self.cap,
            listener=listener,
        )


def message(control: Control, workers: int) -> dict[str, Any]:
    """Return the share of one of several processes as plain data."""
    cap = control.options.max_rate
    return {
        "options": control.options.pack(),
        "cases": [case.pack() for case in control.cases],
        "papers": None if control.papers is None else str(control.papers),
        "slowest": control.objectives.slowest,
        "share": control.rate_max / workers,
        "cap": None if cap is None else cap / workers,
    }
