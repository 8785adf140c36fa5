"""Baselines: failures that a team has accepted, each with reason, owner and expiry.

Strict both ways: a failure that no entry covers gates, and so does an entry that no longer fails or
has expired.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from conformance.run.registry import Rule
from conformance.target.checking import complaint, did_you_mean
from conformance.target.problems import UsageError

#: Verdicts that an entry can cover.
FAILING = frozenset({"fail", "hang", "flaky", "known"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted failure; ``case`` None covers all cases of the rule."""

    rule: str
    case: str | None
    reason: str
    owner: str
    expires: date

    @property
    def id(self) -> str:
        """``RULE-ID`` or ``RULE-ID[case]``."""
        return self.rule if self.case is None else f"{self.rule}[{self.case}]"

    def covers(self, rule: str, case: str | None) -> bool:
        """Tell whether the entry is about a case."""
        return self.rule == rule and self.case in (None, case)

    def document(self) -> dict[str, str]:
        """Return the entry as files hold it."""
        document = {
            "rule": self.rule,
            "reason": self.reason,
            "owner": self.owner,
            "expires": self.expires.isoformat(),
        }
        return document if self.case is None else {**document, "case": self.case}


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline file as read."""

    path: Path
    entries: tuple[Entry, ...]

    def entry_for(self, rule: str, case: str | None, today: date | None = None) -> Entry | None:
        """Return the entry that covers a failing case and has not expired."""
        today = today or datetime.now(UTC).date()
        for entry in self.entries:
            if entry.covers(rule, case) and entry.expires >= today:
                return entry
        return None

    def stale(
        self,
        sound: Collection[tuple[str, str | None]],
        failing: Collection[tuple[str, str | None]],
        today: date | None = None,
    ) -> list[str]:
        """Return sentences about entries that have expired, or whose cases keep their promise.

        Args:
            sound: Rule and case of what passed or was not applicable.
            failing: Rule and case of what failed.
            today: The day to judge by.
        """
        today = today or datetime.now(UTC).date()
        found = []
        for entry in self.entries:
            if entry.expires < today:
                found.append(f"{entry.id}: expired on {entry.expires}")
            elif any(entry.covers(*case) for case in sound) and not any(
                entry.covers(*case) for case in failing
            ):
                found.append(f"{entry.id}: does not fail any more")
        return found


def load_baseline(path: Path, rules: Mapping[str, Rule] | None) -> Baseline:
    """Read a baseline.

    Args:
        path: JSON file (specs/meta/baseline.schema.json).
        rules: The rules there are; None takes any name.

    Raises:
        UsageError: When it is missing or malformed, or names an unknown rule.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"there is no baseline {path}: make one with kms-conformance baseline update"
        ) from None
    except OSError as error:
        raise UsageError(f"the baseline {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"the baseline {path} is not JSON: {error}") from None
    found = complaint("meta/baseline.schema", document)
    if found is not None:
        raise UsageError(f"{path}: {found}")
    entries = tuple(_entry(path, item) for item in document["entries"])
    for entry in entries if rules is not None else ():
        assert rules is not None
        if entry.rule not in rules:
            raise UsageError(
                f"{path} names the unknown rule {entry.rule!r}{did_you_mean(entry.rule, rules)}: "
                "remove the entry or mend its name"
            )
    return Baseline(path, entries)


def _entry(path: Path, item: Mapping[str, Any]) -> Entry:
    try:
        expires = date.fromisoformat(item["expires"])
    except ValueError:
        raise UsageError(f"{path}: {item['expires']!r} is no date: write yyyy-mm-dd") from None
    return Entry(item["rule"], item.get("case"), item["reason"], item["owner"], expires)


def updated(
    old: Iterable[Entry],
    events: Iterable[Mapping[str, Any]],
    *,
    reason: str,
    owner: str,
    expires: date,
) -> list[Entry]:
    """Return the entries that cover exactly what failed in a run.

    Entries that still fail keep their words; those whose cases were not put to the test are kept;
    new failures get the words given; what is sound by now is dropped.
    """
    rule_events = [event for event in events if event.get("event") == "rule"]
    failing = [e for e in rule_events if _accepts(e)]
    sound = [e for e in rule_events if e["verdict"] in {"pass", "not-applicable"}]
    kept = [
        entry
        for entry in old
        if any(entry.covers(e["rule"], e["case"]) for e in failing)
        or not any(entry.covers(e["rule"], e["case"]) for e in sound)
    ]
    for event in failing:
        if not any(entry.covers(event["rule"], event["case"]) for entry in kept):
            kept.append(Entry(event["rule"], event["case"], reason, owner, expires))
    return sorted(kept, key=lambda entry: entry.id)


def _accepts(event: Mapping[str, Any]) -> bool:
    gates = event["level"] == "MUST" and event["provenance"] != "inferred"
    return gates and event["verdict"] in FAILING


def write_baseline(path: Path, entries: Iterable[Entry]) -> None:
    """Write a baseline.

    Raises:
        UsageError: When the file cannot be written.
    """
    document = {"schema": 1, "entries": [entry.document() for entry in entries]}
    try:
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the baseline {path} cannot be written: {error.strerror}") from None
