"""Reads a results folder: `results.jsonl`, and the evidence beside it.

    ResultsError
    ├── MissingResultsError   there is no results.jsonl, or it cannot be read
    ├── EmptyResultsError     it holds no event
    ├── NoHeaderError         its first line is no header
    ├── UnknownSchemaError    it was written in a format that this version does not know
    ├── InvalidEventError     a line is no JSON, breaks the schema, or stands where it must not
    ├── DuplicateCaseError    a rule and case stand twice
    ├── IncompleteRunError    there is no footer: the run was cut short
    └── MissingEvidenceError  an evidence file is missing, or breaks its schema

A run that was cut short can be read and shown (`Run.footer` is None); whatever states a verdict
asks for `Run.whole()` and gets IncompleteRunError.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from reports import schemas
from reports.text import well_formed

SCHEMA = 1
RESULTS = "results.jsonl"
EVIDENCE = "evidence"


class ResultsError(Exception):
    """What is wrong with a results folder, and what to do, in one or two sentences."""


class MissingResultsError(ResultsError):
    """There is no results.jsonl, or it cannot be read."""


class EmptyResultsError(ResultsError):
    """results.jsonl holds no event."""


class NoHeaderError(ResultsError):
    """The first line is no header."""


class UnknownSchemaError(ResultsError):
    """The format is not one that this version reads."""


class InvalidEventError(ResultsError):
    """A line is no JSON, breaks the schema, or stands where it must not."""


class DuplicateCaseError(ResultsError):
    """A rule and case stand twice."""


class IncompleteRunError(ResultsError):
    """There is no footer: the run was cut short."""


class MissingEvidenceError(ResultsError):
    """An evidence file is missing or breaks its schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What was run, against what; members as specs/meta/results.schema.json describes them."""

    schema: int
    suite: str
    profile: Mapping[str, str]
    target: str
    started: str
    seed: int
    selection: tuple[str, ...]
    gateways: Mapping[str, Mapping[str, str]]
    safety: str
    command: str
    region: str | None = None
    planned: int | None = None
    baseline: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """The verdict of one rule and case; `seconds` is wall time, `attempts` includes repeats."""

    rule: str
    case: str | None
    family: str
    operation: str | None
    level: str
    provenance: str
    source: str
    statement: str
    stage: str
    verdict: str
    message: str | None
    seconds: float
    attempts: int
    exchanges: tuple[str, ...]
    readings: Mapping[str, str]
    replay: str | None
    curl: str | None
    tags: tuple[str, ...]
    link: str | None = None
    gateway: str | None = None
    expected: str | None = None
    found: str | None = None
    started: str | None = None
    baseline: Mapping[str, str | None] | None = None
    cells: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str | None]:
        """What identifies the result in its run, and between runs."""
        return self.rule, self.case

    @property
    def name(self) -> str:
        """Item id: `ENV-001[DescribeKey]`."""
        return self.rule if self.case is None else f"{self.rule}[{self.case}]"

    @property
    def gates(self) -> bool:
        """Whether the promise is binding: a MUST that is documented or was observed."""
        return self.level == "MUST" and self.provenance != "inferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the run has to say that is no verdict."""

    level: str
    message: str
    time: str | None = None
    rule: str | None = None
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """How the run ended."""

    finished: str
    seconds: float
    counts: Mapping[str, int]
    exit_code: int
    complete: bool
    stop_reason: str | None
    readings: Mapping[str, Mapping[str, int]]
    requests: int | None = None
    stale: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


Event: TypeAlias = Header | RuleResult | Note | Footer
_KINDS: dict[str, type[Event]] = {
    "header": Header,
    "rule": RuleResult,
    "note": Note,
    "footer": Footer,
}
_DEFINITIONS = {"header": "Header", "rule": "RuleEvent", "note": "Note", "footer": "Footer"}


@dataclass(frozen=True, slots=True)
class Run:
    """A results folder in memory, evidence excepted, which is read when asked for."""

    folder: Path
    header: Header
    results: tuple[RuleResult, ...]
    notes: tuple[Note, ...]
    footer: Footer | None

    def whole(self) -> Footer:
        """Return the footer; raises IncompleteRunError when the run was cut short."""
        if self.footer is None:
            raise IncompleteRunError(
                f"{self.folder / RESULTS} has no footer, so the run was cut short after "
                f"{len(self.results)} cases and proves nothing. Run it again: {self.header.command}"
            )
        return self.footer

    def evidence(self, identifier: str) -> Mapping[str, Any]:
        """Return the recorded exchange; raises MissingEvidenceError."""
        return read_evidence(self.folder, identifier)


def read(folder: Path) -> Iterator[Event]:
    """Yield the events of a results folder one by one, each checked; raises ResultsError.

    A last line that was cut in the middle counts as not written. The number of cases by verdict is
    compared with the footer's.
    """
    path = folder / RESULTS
    seen: set[tuple[str, str | None]] = set()
    counts: dict[str, int] = {}
    closed = False
    first = True
    for number, document in _documents(path):
        if closed:
            raise InvalidEventError(
                f"{path}:{number}: an event after the footer. Use a new folder."
            )
        event = _event(document, path, number, first=first)
        if isinstance(event, Header) and not first:
            raise InvalidEventError(
                f"{path}:{number}: a second header. Use a new folder for each run."
            )
        if isinstance(event, RuleResult):
            if event.key in seen:
                raise DuplicateCaseError(f"{path}:{number}: {event.name} stands twice in this run.")
            seen.add(event.key)
            counts[event.verdict] = counts.get(event.verdict, 0) + 1
        if isinstance(event, Footer):
            _agree(event, counts, path)
            closed = True
        first = False
        yield event
    if first:
        raise EmptyResultsError(f"{path} is empty: the run ended before it began. Run it again.")


def load(folder: Path) -> Run:
    """Read a whole results folder; raises ResultsError, but not for a missing footer."""
    header: Header | None = None
    footer: Footer | None = None
    results: list[RuleResult] = []
    notes: list[Note] = []
    for event in read(folder):
        match event:
            case RuleResult():
                results.append(event)
            case Note():
                notes.append(event)
            case Header():
                header = event
            case Footer():
                footer = event
    assert header is not None, "read() yields a header first or raises"
    return Run(folder, header, tuple(results), tuple(notes), footer)


def read_evidence(folder: Path, identifier: str) -> Mapping[str, Any]:
    """Return evidence/<identifier>.json, checked; raises MissingEvidenceError."""
    path = folder / EVIDENCE / f"{identifier}.json"
    try:
        document = _parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MissingEvidenceError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise MissingEvidenceError(f"{path} is no JSON: {error}.") from None
    problem = schemas.problem(document, "evidence")
    if problem is not None:
        raise MissingEvidenceError(f"{path}: {problem}.")
    evidence: Mapping[str, Any] = document
    return evidence


def _documents(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield line numbers and parsed lines."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield number, _parse(line.decode("utf-8"))
                except ValueError as error:
                    if not line.endswith(b"\n"):
                        return  # the last line, cut by a crash or still being written
                    raise InvalidEventError(f"{path}:{number} is no JSON: {error}.") from None
    except OSError as error:
        raise MissingResultsError(
            f"{path} cannot be read: {error.strerror}. Name the folder that a run wrote "
            "(it holds results.jsonl)."
        ) from None


def _parse(text: str) -> Any:
    document = json.loads(text)
    return _mend(document) if "\\ud" in text or "\\uD" in text else document


def _mend(value: Any) -> Any:
    """Replace lone surrogates, which JSON escapes allow and UTF-8 does not, all the way down."""
    match value:
        case str():
            return well_formed(value)
        case list():
            return [_mend(item) for item in value]
        case dict():
            return {well_formed(name): _mend(item) for name, item in value.items()}
        case _:
            return value


def _event(document: Any, path: Path, number: int, *, first: bool) -> Event:
    kind = document.get("event") if isinstance(document, dict) else None
    if first and kind != "header":
        raise NoHeaderError(
            f"{path} does not begin with a header, so nobody knows what was run. Was it cut?"
        )
    if kind == "header" and document.get("schema") != SCHEMA:
        raise UnknownSchemaError(
            f"{path} has format {document.get('schema')!r}; this version reads format {SCHEMA}. "
            f"Read it with the suite that wrote it, {document.get('suite', 'unknown')}."
        )
    if kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise InvalidEventError(f"{path}:{number}: unknown event {kind!r}; known are {known}.")
    problem = schemas.problem(document, "results", _DEFINITIONS[kind])
    if problem is not None:
        raise InvalidEventError(f"{path}:{number} ({kind}): {problem}.")
    members: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in document.items()
        if name != "event"
    }
    return _KINDS[kind](**members)


def _agree(footer: Footer, counts: Mapping[str, int], path: Path) -> None:
    told = {verdict: number for verdict, number in footer.counts.items() if number}
    if told != dict(counts):
        raise InvalidEventError(
            f"{path}: the footer counts {told}, the events {dict(counts)}. "
            "The file was changed or lines were lost; run again."
        )
