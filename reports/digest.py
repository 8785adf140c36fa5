"""What every human report wants to know of a run: counts, the matrix, failures by rule, causes."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import specs
from reports.results import RuleResult, Run
from reports.vocabulary import REPORTED, VERDICTS, worst

#: Row of the matrix for rules that are about no single operation.
GENERAL = "(any operation)"


@dataclass(frozen=True, slots=True)
class Cell:
    """Cases of one operation and family."""

    counts: Mapping[str, int]

    @property
    def worst(self) -> str:
        """The verdict that the cell shows."""
        return worst(set(self.counts))

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())

    @property
    def shown(self) -> int:
        """Number of cases with the verdict that the cell shows."""
        return self.counts[self.worst]


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one rule that ended with one verdict."""

    verdict: str
    results: tuple[RuleResult, ...]

    @property
    def first(self) -> RuleResult:
        """A case that stands for the group."""
        return self.results[0]


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of not being tested or applicable, and whom it hit."""

    verdict: str
    message: str
    results: tuple[RuleResult, ...]


@dataclass(frozen=True, slots=True)
class ReadingShown:
    """Which reading of contradicting sources the target showed, and how often.

    `subject` and the statements of options are those of specs/readings.json, empty for a reading
    that rules from elsewhere declare.
    """

    id: str
    subject: str
    options: Mapping[str, int]
    statements: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Digest:
    """A run, counted and grouped."""

    run: Run
    counts: Mapping[str, int]
    families: Mapping[str, Mapping[str, int]]
    matrix: Mapping[str, Mapping[str, Cell]]
    groups: tuple[Group, ...]
    causes: tuple[Cause, ...]
    readings: tuple[ReadingShown, ...]
    slowest: tuple[RuleResult, ...]


def digest(run: Run) -> Digest:
    """Count and group a run."""
    return Digest(
        run,
        ordered(Counter(result.verdict for result in run.results)),
        _by_family(run.results),
        _matrix(run.results),
        _groups(run.results),
        _causes(run.results),
        _readings(run),
        tuple(sorted(run.results, key=lambda result: -result.seconds)[:10]),
    )


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by verdict from worst to best, zeros left out."""
    return {verdict: counts[verdict] for verdict in VERDICTS if counts.get(verdict)}


def _by_family(results: Iterable[RuleResult]) -> dict[str, dict[str, int]]:
    families: dict[str, Counter[str]] = {}
    for result in results:
        families.setdefault(result.family, Counter())[result.verdict] += 1
    return {family: ordered(counts) for family, counts in sorted(families.items())}


def _matrix(results: Iterable[RuleResult]) -> dict[str, dict[str, Cell]]:
    counts: dict[str, dict[str, Counter[str]]] = {}
    for result in results:
        row = counts.setdefault(result.operation or GENERAL, {})
        row.setdefault(result.family, Counter())[result.verdict] += 1
    return {
        operation: {family: Cell(ordered(cell)) for family, cell in sorted(row.items())}
        for operation, row in sorted(counts.items(), key=lambda item: (item[0] == GENERAL, item[0]))
    }


def _groups(results: Iterable[RuleResult]) -> tuple[Group, ...]:
    groups: dict[tuple[str, str], list[RuleResult]] = {}
    for result in results:
        if result.verdict in REPORTED:
            groups.setdefault((result.verdict, result.rule), []).append(result)
    order = list(VERDICTS)
    keys = sorted(groups, key=lambda key: (order.index(key[0]), key[1]))
    return tuple(Group(key[0], tuple(groups[key])) for key in keys)


def _causes(results: Iterable[RuleResult]) -> tuple[Cause, ...]:
    causes: dict[tuple[str, str], list[RuleResult]] = {}
    for result in results:
        if result.verdict in ("not-testable", "not-applicable"):
            cause = result.message or "no cause given"
            causes.setdefault((result.verdict, cause), []).append(result)
    order = list(VERDICTS)
    keys = sorted(causes, key=lambda key: (order.index(key[0]), -len(causes[key]), key[1]))
    return tuple(Cause(*key, tuple(causes[key])) for key in keys)


def _readings(run: Run) -> tuple[ReadingShown, ...]:
    """Count from the events, so that a run that was cut short shows its readings too."""
    shown: dict[str, Counter[str]] = {}
    for result in run.results:
        for reading, option in result.readings.items():
            shown.setdefault(reading, Counter())[option] += 1
    declared = _declared()
    return tuple(
        ReadingShown(
            reading,
            declared.get(reading, {}).get("subject", ""),
            dict(options.most_common()),
            {
                option["option"]: option["statement"]
                for option in declared.get(reading, {}).get("options", ())
            },
        )
        for reading, options in sorted(shown.items())
    )


@cache
def _declared() -> Mapping[str, Any]:
    """Return the contradictions of the sources by reading."""
    path = specs.root() / "readings.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in document["readings"]}
