"""Service level objectives: what a run is judged by."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.target.checking import complaint
from load.failures import LoadError

#: Quantile by the name it has in files.
QUANTILES: Mapping[str, float] = {
    "p50": 0.5,
    "p90": 0.9,
    "p95": 0.95,
    "p99": 0.99,
    "p99_9": 0.999,
    "p99_99": 0.9999,
}
#: A quantile is judged when at least so many samples lie above it.
_ABOVE = 10


def samples_needed(name: str) -> int:
    """Return how many samples a quantile needs to be judged."""
    return round(_ABOVE / (1 - QUANTILES[name]))


@dataclass(frozen=True, slots=True)
class Objectives:
    """Limits of a run.

    Attributes:
        latency: Quantile name to milliseconds, from intended start to answer, over everything.
        operations: The same for single operations.
        errors: Share of the completed requests that may be errors.
        throttled: Share that may be throttled.
        wrong: Share of the answers that may be wrong.
        goodput: Share of the offered requests that must succeed.
        latency_growth: Growth that quantiles may show in a soak, 0.5 for half as much again.
        memory_growth: Growth that the target's memory may show in a soak.
    """

    latency: Mapping[str, float] = field(default_factory=lambda: {"p50": 20.0, "p99": 100.0})
    operations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    errors: float = 0.001
    throttled: float = 0.001
    wrong: float = 0.0
    goodput: float = 0.98
    latency_growth: float = 0.5
    memory_growth: float = 0.2

    @property
    def strictest(self) -> str:
        """Name of the highest quantile that is limited, p50 when none is."""
        names = [*self.latency, *(name for limits in self.operations.values() for name in limits)]
        return max(names, key=lambda name: QUANTILES[name], default="p50")

    @property
    def slowest(self) -> float:
        """Seconds that the slowest limited quantile may take, one second when none is limited."""
        limits = [
            *self.latency.values(),
            *(v for m in self.operations.values() for v in m.values()),
        ]
        return max(limits) / 1000 if limits else 1.0

    def pack(self) -> dict[str, Any]:
        """Return plain data in the form of a file."""
        return {
            "latency": dict(self.latency),
            "operations": {name: {"latency": dict(v)} for name, v in self.operations.items()},
            "shares": {
                "errors": self.errors,
                "throttled": self.throttled,
                "wrong": self.wrong,
                "goodput": self.goodput,
            },
            "growth": {"latency": self.latency_growth, "memory": self.memory_growth},
        }


def load_objectives(path: Path | None) -> Objectives:
    """Read a file of objectives, the defaults for None.

    Raises:
        LoadError: With one sentence that says what is wrong and how to mend it.
    """
    if path is None:
        return Objectives()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LoadError(
            f"there is no SLO file {path}: give one with --slo, or leave the option out for the "
            "defaults"
        ) from None
    except OSError as error:
        raise LoadError(f"the SLO file {path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LoadError(f"{path} is not valid TOML: {error}") from None
    problem = complaint("meta/load-slo.schema", document)
    if problem is not None:
        raise LoadError(f"{path}: {problem}")
    operations = {name: part["latency"] for name, part in document.get("operations", {}).items()}
    shares = document.get("shares", {})
    growth = {f"{name}_growth": value for name, value in document.get("growth", {}).items()}
    latency = document.get("latency", {} if operations else dict(Objectives().latency))
    return Objectives(latency, operations, **shares, **growth)
