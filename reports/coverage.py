"""Reads coverage.json beside the results: which promises of the specs a run has put to the test."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports import schemas

FILE = "coverage.json"


@dataclass(frozen=True, slots=True)
class Total:
    """How many promises of a kind, or of an operation, are tested, left out, or neither."""

    name: str
    promises: int
    tested: int
    excluded: int
    open: int

    @property
    def share(self) -> float:
        """Tested and excluded ones, in percent."""
        return 100 * (self.promises - self.open) / self.promises if self.promises else 100.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why promises are left out, and how many."""

    reason: str
    promises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What coverage.json says."""

    kinds: tuple[Total, ...]
    operations: tuple[Total, ...]
    reasons: tuple[Reason, ...]
    open: tuple[str, ...]

    @property
    def sum(self) -> Total:
        """All promises together."""
        rows = [(each.promises, each.tested, each.excluded, each.open) for each in self.kinds]
        return Total("all", *(sum(column) for column in zip(*rows, strict=True)))


def read(folder: Path) -> Coverage | None:
    """Return the coverage of a run; None where it is missing or cannot be read.

    Older runs have none, and a run in which nothing passed proves nothing.
    """
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if schemas.problem(document, "coverage") is not None or not document["kinds"]:
        return None
    reasons: dict[str, list[str]] = {}
    for promise, reason in document["excluded"].items():
        reasons.setdefault(reason, []).append(promise)
    return Coverage(
        _totals(document["kinds"]),
        _totals(document["operations"]),
        tuple(Reason(reason, tuple(names)) for reason, names in reasons.items()),
        tuple(document["open"]),
    )


def _totals(rows: list[Mapping[str, Any]]) -> tuple[Total, ...]:
    return tuple(Total(**row) for row in rows)
