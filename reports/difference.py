"""What changed between two runs: newly broken, fixed, other verdicts, other readings."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.results import RuleResult, Run, load
from reports.text import count, one_line, shorten
from reports.vocabulary import BROKEN, outcome, profile

_RED, _GREEN, _BOLD, _END = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One rule and case in both runs; a verdict is None where the run does not have it."""

    rule: str
    case: str | None
    before: str | None
    after: str | None
    message: str | None

    @property
    def name(self) -> str:
        """Item id: `ENV-001[DescribeKey]`."""
        return self.rule if self.case is None else f"{self.rule}[{self.case}]"


@dataclass(frozen=True, slots=True)
class Diff:
    """Two runs compared by rule and case."""

    before: Run
    after: Run
    newly_failing: tuple[Change, ...]
    fixed: tuple[Change, ...]
    changed: tuple[Change, ...]
    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    #: Reading to the options shown before and after, where they differ.
    readings: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def worse(self) -> bool:
        """Whether something is broken that was not."""
        return bool(self.newly_failing)

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        changes = (self.newly_failing, self.fixed, self.changed, self.added, self.removed)
        return not any(changes) and not self.readings

    def text(self, *, colour: bool = False) -> str:
        """Return the difference for people, what got worse first."""
        lines = [
            self._headline(),
            f"  before  {_told(self.before)}",
            f"  after   {_told(self.after)}",
        ]
        for title, changes, paint in (
            ("Newly failing", self.newly_failing, _RED),
            ("Fixed", self.fixed, _GREEN),
            ("Changed", self.changed, ""),
            ("Added", self.added, ""),
            ("Removed", self.removed, ""),
        ):
            lines += _section(title, changes, paint if colour else "", bold=colour)
        if self.readings:
            lines += ["", _painted("Readings", _BOLD if colour else "")]
        for reading, (before, after) in self.readings.items():
            lines.append(f"  {one_line(reading)}: {_options(before)} -> {_options(after)}")
        return "\n".join(lines) + "\n"

    def document(self) -> dict[str, Any]:
        """Return the difference as specs/meta/diff.schema.json describes it."""
        lists = ("newly_failing", "fixed", "changed", "added", "removed")
        return {
            "schema": 1,
            "before": _side(self.before),
            "after": _side(self.after),
            **{name: [_plain(change) for change in getattr(self, name)] for name in lists},
            "readings": {
                reading: {"before": list(before), "after": list(after)}
                for reading, (before, after) in self.readings.items()
            },
        }

    def json(self) -> str:
        """Return `document()` as JSON text."""
        return json.dumps(self.document(), indent=2, ensure_ascii=False) + "\n"

    def _headline(self) -> str:
        if self.same:
            return "No difference."
        parts = (
            count(len(self.newly_failing), "newly failing", "newly failing"),
            count(len(self.fixed), "fixed", "fixed"),
            count(len(self.changed), "changed", "changed"),
            count(len(self.added), "added", "added"),
            count(len(self.removed), "removed", "removed"),
            count(len(self.readings), "reading"),
        )
        return ", ".join(part for part in parts if not part.startswith("0 ")) + "."


def diff(before: Path, after: Path) -> Diff:
    """Compare two results folders; raises ResultsError."""
    return compare(load(before), load(after))


def compare(before: Run, after: Run) -> Diff:
    """Compare two runs."""
    old = {result.key: result for result in before.results}
    new = {result.key: result for result in after.results}
    kinds: dict[str, list[Change]] = {}
    for key in {**new, **old}:
        change = _change(old.get(key), new.get(key))
        kinds.setdefault(_kind(change), []).append(change)
    return Diff(
        before,
        after,
        _sorted(kinds.get("newly failing", ())),
        _sorted(kinds.get("fixed", ())),
        _sorted(kinds.get("changed", ())),
        _sorted(kinds.get("added", ())),
        _sorted(kinds.get("removed", ())),
        _readings(before, after),
    )


def _kind(change: Change) -> str:
    before, after = change.before, change.after
    if before == after:
        return "same"
    if after in BROKEN and before not in BROKEN:
        return "newly failing"
    if after == "pass" and before in (*BROKEN, "known"):
        return "fixed"
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _change(old: RuleResult | None, new: RuleResult | None) -> Change:
    either = new or old
    assert either is not None, "the key comes from one of the two"
    return Change(
        either.rule,
        either.case,
        old.verdict if old else None,
        new.verdict if new else None,
        either.message,
    )


def _readings(before: Run, after: Run) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    old, new = _shown(before), _shown(after)
    return {
        reading: (tuple(sorted(old.get(reading, ()))), tuple(sorted(new.get(reading, ()))))
        for reading in sorted({*old, *new})
        if old.get(reading) != new.get(reading)
    }


def _shown(run: Run) -> dict[str, set[str]]:
    shown: dict[str, set[str]] = {}
    for result in run.results:
        for reading, option in result.readings.items():
            shown.setdefault(reading, set()).add(option)
    return shown


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (change.rule, change.case or "")))


def _section(title: str, changes: tuple[Change, ...], paint: str, *, bold: bool) -> list[str]:
    if not changes:
        return []
    lines = ["", _painted(f"{title} ({len(changes):,})", _BOLD if bold else "")]
    for change in changes[:_SHOWN]:
        verdicts = f"{change.before or 'absent'} -> {change.after or 'absent'}"
        lines.append(f"  {_painted(one_line(change.name), paint)}: {verdicts}")
        if change.message and change.after != "pass":
            lines.append(f"      {shorten(one_line(change.message), 200)}")
    if len(changes) > _SHOWN:
        lines.append(f"  and {count(len(changes) - _SHOWN, 'more', 'more')}")
    return lines


def _painted(content: str, paint: str) -> str:
    return f"{paint}{content}{_END}" if paint else content


def _options(options: tuple[str, ...]) -> str:
    return " and ".join(one_line(option) for option in options) or "not shown"


def _told(run: Run) -> str:
    head = run.header
    return (
        f"{one_line(head.target)}, {profile(run)}, {head.started}, seed {head.seed}: {outcome(run)}"
    )


def _side(run: Run) -> dict[str, Any]:
    return {
        "folder": str(run.folder),
        "target": run.header.target,
        "profile": profile(run),
        "started": run.header.started,
        "seed": run.header.seed,
        "outcome": outcome(run),
    }


def _plain(change: Change) -> dict[str, Any]:
    return {
        "rule": change.rule,
        "case": change.case,
        "before": change.before,
        "after": change.after,
        "message": change.message,
    }
