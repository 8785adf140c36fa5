"""What the HTML page shows of a run, as plain values for its template and its script.

The page stays usable with ten thousand cases and as many failures: matrix, failures and causes are
limited in what they spell out, and the list of all cases is data that the script shows in part.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from reports import transcript
from reports import vocabulary as words
from reports.digest import Digest, Group
from reports.results import MissingEvidenceError, RuleResult, Run
from reports.text import shorten, visible

#: Cases with evidence: in all, in a group; exchanges of a case; characters of a message.
EVIDENCE_IN_ALL, EVIDENCE_IN_GROUP, EXCHANGES, CHARACTERS = 300, 6, 3, 6000
#: Cases that a group or a cause names without evidence.
NAMED = 20
#: Characters of a case's message in the list of all cases.
MESSAGE = 400


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange, ready to read."""

    title: str
    outcome: str
    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A failed case with its evidence; `missing` says why some is not there."""

    result: RuleResult
    exchanges: tuple[ExchangeView, ...]
    earlier: int
    missing: str | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """A rule's cases of one verdict: some with evidence, some named, the rest counted."""

    group: Group
    cases: tuple[CaseView, ...]
    named: tuple[RuleResult, ...]
    more: int


@dataclass(frozen=True, slots=True)
class FamilyTime:
    """How long a family took, in seconds."""

    family: str
    cases: int
    total: float
    median: float
    longest: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of the bar of counts, in thousandths of its length."""

    verdict: str
    count: int
    start: float
    length: float


def groups(numbers: Digest, verdicts: tuple[str, ...]) -> tuple[GroupView, ...]:
    """Return the groups of these verdicts, with as much evidence as the page can bear."""
    share = max(1, min(EVIDENCE_IN_GROUP, EVIDENCE_IN_ALL // max(1, len(numbers.groups))))
    left = EVIDENCE_IN_ALL
    views = []
    for group in numbers.groups:
        if group.verdict not in verdicts:
            continue
        shown = group.results[: min(share, left)]
        left -= len(shown)
        rest = group.results[len(shown) :]
        cases = tuple(_case(numbers.run, result) for result in shown)
        views.append(GroupView(group, cases, rest[:NAMED], max(0, len(rest) - NAMED)))
    return tuple(views)


def _case(run: Run, result: RuleResult) -> CaseView:
    views, missing = [], None
    for identifier in result.exchanges[-EXCHANGES:]:
        try:
            exchange = run.evidence(identifier)
        except MissingEvidenceError as error:
            missing = str(error)
            continue
        views.append(
            ExchangeView(
                transcript.title(exchange),
                transcript.outcome(exchange),
                shorten(transcript.request(exchange), CHARACTERS),
                shorten(transcript.answer(exchange), CHARACTERS),
            )
        )
    return CaseView(result, tuple(views), max(0, len(result.exchanges) - EXCHANGES), missing)


def bars(counts: Mapping[str, int]) -> Iterator[Bar]:
    """Yield the pieces of the bar, best verdict first; each is wide enough to be seen."""
    present = [verdict for verdict in reversed(words.VERDICTS) if counts.get(verdict)]
    least = 8.0
    total = sum(counts.values())
    lengths = {verdict: max(least, 1000 * counts[verdict] / total) for verdict in present}
    scale = 1000 / sum(lengths.values()) if lengths else 1
    start = 0.0
    for verdict in present:
        length = lengths[verdict] * scale
        yield Bar(verdict, counts[verdict], round(start, 2), round(length, 2))
        start += length


def family_times(run: Run) -> list[FamilyTime]:
    """Return the time each family took, the longest first."""
    seconds: dict[str, list[float]] = {}
    for result in run.results:
        seconds.setdefault(result.family, []).append(result.seconds)
    times = [
        FamilyTime(family, len(values), sum(values), median(values), max(values))
        for family, values in seconds.items()
    ]
    return sorted(times, key=lambda item: -item.total)


def case_data(run: Run) -> str:
    """Return all cases, worst first, as JSON for a script element of type application/json."""
    rules: dict[tuple[str, ...], int] = {}
    rows: list[list[Any]] = []
    verdicts = list(words.VERDICTS)
    for result in sorted(run.results, key=lambda result: verdicts.index(result.verdict)):
        about = (
            result.rule,
            result.family,
            result.level,
            result.provenance,
            result.stage,
            result.statement,
            result.source,
        )
        row = [
            rules.setdefault(about, len(rules)),
            result.case,
            result.operation,
            verdicts.index(result.verdict),
            round(result.seconds, 4),
            " ".join((*result.tags, *result.cells)),
        ]
        if result.verdict != "pass":
            row += [_said(result), result.replay]
        rows.append(row)
    signs = [[verdict, shape.sign] for verdict, shape in words.VERDICTS.items()]
    text = json.dumps(
        _visible({"verdicts": signs, "rules": list(rules), "rows": rows}),
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _said(result: RuleResult) -> str | None:
    if result.message:
        return shorten(result.message, MESSAGE)
    if result.expected or result.found:
        found = f"expected {result.expected or 'nothing'}, found {result.found or 'nothing'}"
        return shorten(found, MESSAGE)
    return None


def _visible(value: Any) -> Any:
    match value:
        case str():
            return visible(value)
        case list() | tuple():
            return [_visible(item) for item in value]
        case dict():
            return {name: _visible(item) for name, item in value.items()}
        case _:
            return value
