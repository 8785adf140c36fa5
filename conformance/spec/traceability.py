"""Which promises are tested, which are left out and why, and which are neither.

    traced = trace(recorded())
    traced.open        # promises that nobody tests and nobody explains

What is tested is a record: promises, each with the rules that proved it in a run
(`conformance.run.proofs`). specs/traceability.json is the record of a whole run on the embedded
endpoint; `kms-conformance coverage --update` renews it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from conformance.spec.catalogue import catalogue
from conformance.spec.keywords import Schema
from conformance.spec.matrix import wire_cells
from conformance.spec.promises import Promise, constraint_id, promises

Record = Mapping[str, tuple[str, ...]]
#: Keywords of a schema that carry each kind of limit.
_LIMITS: Mapping[str, tuple[str, ...]] = {
    "value": ("minimum", "maximum"),
    "length": ("minLength", "maxLength"),
    "items": ("minItems", "maxItems"),
    "members": ("maxProperties",),
    "bytes": ("x-max-bytes",),
    "json-length": ("x-max-json-length",),
}


@dataclass(frozen=True, slots=True)
class Total:
    """How many promises of some kind are tested, left out, or neither."""

    name: str
    promises: int
    tested: int
    excluded: int
    open: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What a record says of all promises.

    Attributes:
        tested: Promise to the rules that prove it.
        excluded: Promise to the reason why no rule tests it.
        open: Promises that are neither.
        stale: What is wrong with specs/exclusions.json, a sentence each.
    """

    tested: Record
    excluded: Mapping[str, str]
    open: tuple[str, ...]
    stale: tuple[str, ...]

    def totals(self, key: Callable[[Promise], str | None]) -> list[Total]:
        """Return totals by what ``key`` says of a promise, in order of appearance."""
        groups: dict[str, list[str]] = {}
        for promise in promises().values():
            name = key(promise)
            if name is not None:
                groups.setdefault(name, []).append(promise.id)
        return [self._total(name, ids) for name, ids in groups.items()]

    def _total(self, name: str, ids: list[str]) -> Total:
        tested = sum(identifier in self.tested for identifier in ids)
        excluded = sum(identifier in self.excluded for identifier in ids)
        return Total(name, len(ids), tested, excluded, len(ids) - tested - excluded)

    def by(self, group: str) -> list[Total]:
        """Return totals by kind, operation, parameter, code or cell."""
        totals = self.totals(_KEYS[group])
        return totals if group in {"kind", "cell"} else sorted(totals, key=lambda each: each.name)

    def sum(self, totals: Iterable[Total]) -> Total:
        """Return the sum of totals."""
        rows = [(each.promises, each.tested, each.excluded, each.open) for each in totals]
        return Total("sum", *(sum(column) for column in zip(*rows, strict=True)))

    @property
    def rules(self) -> dict[str, int]:
        """Number of promises by the rule that proves them."""
        counts: dict[str, int] = {}
        for names in self.tested.values():
            for name in names:
                counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items()))

    def document(self) -> dict[str, Any]:
        """Return it as coverage.json has it."""
        return {
            "schema": 1,
            "kinds": [_plain(total) for total in self.by("kind")],
            "operations": [_plain(total) for total in self.by("operation")],
            "cells": [_plain(total) for total in self.by("cell")],
            "rules": self.rules,
            "promises": {promise: list(names) for promise, names in self.tested.items()},
            "excluded": dict(self.excluded),
            "open": list(self.open),
        }


def _cell(promise: Promise) -> str | None:
    name = promise.id.removeprefix("cell/").partition(".")[0]
    return name if promise.kind == "cell" and name in wire_cells() else None


def _parameter(promise: Promise) -> str | None:
    parts = promise.id.split("/")
    return f"{parts[1]}.{parts[2]}" if parts[0] in {"parameter", "constraint"} else None


def _code(promise: Promise) -> str | None:
    return promise.id.rpartition("/")[2] if promise.kind in {"code", "error"} else None


#: What each way to sum up groups promises by; None leaves a promise out.
_KEYS: Mapping[str, Callable[[Promise], str | None]] = {
    "kind": lambda promise: promise.kind,
    "operation": lambda promise: promise.operation,
    "parameter": _parameter,
    "code": _code,
    "cell": _cell,
}


def _plain(total: Total) -> dict[str, Any]:
    return {
        "name": total.name,
        "promises": total.promises,
        "tested": total.tested,
        "excluded": total.excluded,
        "open": total.open,
    }


def recorded() -> Record:
    """Return the record of a whole run that the suite carries."""
    document = catalogue().documents.get("traceability", {})
    return {promise: tuple(rules) for promise, rules in document.get("promises", {}).items()}


def trace(record: Record, exclusions: Iterable[Mapping[str, Any]] | None = None) -> Trace:
    """Weigh a record against all promises.

    Args:
        record: Promises and the rules that proved them.
        exclusions: Instead of those of specs/exclusions.json.
    """
    if exclusions is None:
        exclusions = catalogue().document("exclusions")["exclusions"]
    known = promises()
    proven = {promise: names for promise, names in record.items() if promise in known}
    proven = {promise: proven[promise] for promise in known if promise in proven}
    for row in catalogue().document("limits")["limits"]:
        names = sorted({name for place in limit_places(row) for name in proven.get(place, ())})
        if names:
            found = {*names, *proven.get(f"limit/{row['id']}", ())}
            proven[f"limit/{row['id']}"] = tuple(sorted(found))
    excluded: dict[str, str] = {}
    stale: list[str] = []
    for entry in exclusions:
        for pattern in entry["promises"]:
            matching = [identifier for identifier in known if fnmatchcase(identifier, pattern)]
            excluded |= {one: entry["reason"] for one in matching if one not in proven}
            stale += _stale(pattern, matching, proven)
    neither = (one for one in known if one not in proven and one not in excluded)
    return Trace(proven, excluded, tuple(neither), tuple(stale))


def _stale(pattern: str, matching: list[str], proven: Record) -> Iterable[str]:
    if not matching:
        yield f"{pattern} matches no promise any more: remove it from specs/exclusions.json"
    tested = [identifier for identifier in matching if identifier in proven]
    if tested:
        more = f" and {len(tested) - 1} more" if len(tested) > 1 else ""
        yield (
            f"{pattern} leaves out {tested[0]}{more}, which {', '.join(proven[tested[0]])} "
            "tests: narrow the pattern in specs/exclusions.json"
        )


def limit_places(row: Mapping[str, Any]) -> list[str]:
    """Return the constraints that carry a limit of specs/limits.json, those by reference too."""
    places = []
    for path in row.get("where", ()):
        owner, *members = path.split(".")
        if owner == "definitions":
            inner = "".join(f"/{member}" for member in members[1:])
            places += [f"{at}{inner}" for name, at in _references() if name == members[0]]
        else:
            places.append(f"{owner}/{'/'.join(members)}")
    words = _LIMITS[row["keyword"]] if places else ()
    identifiers = [
        constraint_id(place.partition("/")[0], f"/{place.partition('/')[2]}", word)
        for place in places
        for word in words
    ]
    return [identifier for identifier in identifiers if identifier in promises()]


@cache
def _references() -> tuple[tuple[str, str], ...]:
    """Return each definition that a request refers to, and where: ``Operation/Parameter``."""
    found: list[tuple[str, str]] = []

    def walk(schema: Schema, place: str, depth: int) -> None:
        reference = schema.get("$ref")
        if reference is not None:
            name = reference.rpartition("/")[2]
            found.append((name, place))
            walk(catalogue().document("definitions")["$defs"][name], place, depth + 1)
        for member, part in schema.get("properties", {}).items() if depth < _DEEP else ():
            walk(part, f"{place}/{member}", depth + 1)
        for keyword in ("items", "additionalProperties"):
            if isinstance(schema.get(keyword), Mapping) and depth < _DEEP:
                walk(schema[keyword], f"{place}/*", depth + 1)

    for operation in catalogue():
        for name, part in operation.request["properties"].items():
            walk(part, f"{operation.name}/{name}", 0)
    return tuple(found)


#: Definitions within definitions that are followed.
_DEEP = 6
