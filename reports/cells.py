"""The picture of what goes together: 24 cells of the wire, 96 with the client that sends.

What each cell promises stands in specs/matrix.json; which verdicts decide it, every rule event of a
run says in `cells`. A cell is decided on the wire, by certifying the client, or by documentation
alone where a client has nothing that could be driven.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import specs
from reports import vocabulary as words
from reports.results import RuleResult, Run

SCHEMA = 1
#: What a cell shows that no rule of the run decided.
NOT_RUN, DOCUMENTED = "not-run", "documented"
#: Signs and meanings of all that a cell shows, from worst to best.
SHOWN: dict[str, words.VerdictWords] = {
    **words.VERDICTS,
    NOT_RUN: words.VerdictWords("○", "no rule of this run decided it"),
    DOCUMENTED: words.VerdictWords("§", "nothing to drive: the documentation decides"),
}
#: What a cell promises, in a sign that needs no colour.
PROMISES = {"open": "●", "conditional": "◐", "closed": "⊘", "disputed": "◌"}
MEANINGS = {
    "open": "offered",
    "conditional": "offered under a condition",
    "closed": "not offered: refused, and without effect",
    "disputed": "sources disagree: either answer is right",
}
_KEPT = {
    "open": "works",
    "conditional": "works",
    "closed": "refused",
    "disputed": "either is right",
}
_BROKEN = {
    "open": "does not work",
    "conditional": "does not work",
    "closed": "not refused",
    "disputed": "broken",
}
_PARTLY = {
    "open": "works in part",
    "conditional": "works in part",
    "closed": "not always refused",
    "disputed": "broken in part",
}
_OTHERWISE = {
    "not-applicable": "not applicable",
    "harness-error": "error of the suite",
    "warn": "advice",
    NOT_RUN: "not run",
}
_WAYS = ("wire", "client", "documentation")


@dataclass(frozen=True, slots=True)
class RuleProof:
    """What one rule found about a cell: its cases by verdict, worst first."""

    rule: str
    statement: str
    level: str
    counts: Mapping[str, int]

    @property
    def verdict(self) -> str:
        """Worst of its verdicts; one that was not applicable says nothing beside others."""
        return _worst(self.counts)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a run found about a cell."""

    verdict: str
    rules: tuple[RuleProof, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Cases by verdict, worst first."""
        total: Counter[str] = Counter()
        for rule in self.rules:
            total.update(rule.counts)
        return _ordered(total)

    @property
    def cases(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its promise and, after a run, its proof.

    Attributes:
        id: As in specs/matrix.json.
        spec: The entry there.
        wire: The entry of the cell of the wire; the same for such a cell.
        reasons: Why it is closed, entries of specs/matrix.json.
        recommended: Whether the service recommends it for new work.
        ways: How it is decided, the deciding way first: wire, client, documentation.
        rules: Ids of the rules that decide it, those of the suite and those of the run.
        proof: None without a run.
    """

    id: str
    spec: Mapping[str, Any]
    wire: Mapping[str, Any]
    reasons: tuple[Mapping[str, Any], ...]
    recommended: bool
    ways: tuple[str, ...]
    rules: tuple[str, ...]
    proof: Proof | None

    @property
    def promise(self) -> str:
        """Return open, conditional, closed or disputed."""
        if self.spec.get("contradictory"):
            return "disputed"
        return "conditional" if self.spec.get("conditional") else str(self.spec["answer"])

    @property
    def integration(self) -> str | None:
        """The client, None for a cell of the wire."""
        return self.spec.get("integration")

    @property
    def source(self) -> str:
        """Where the promise is made."""
        found = [self.wire["source"], *(reason["source"] for reason in self.reasons)]
        parts = [part.strip() for text in found for part in text.split(";")]
        return "; ".join(dict.fromkeys(parts))

    @property
    def decided(self) -> str:
        """How it is decided, a sentence."""
        client = self.integration
        texts = {
            "wire": "On the wire: what the endpoint answers decides.",
            "client": f"By certifying {client}: what it sends decides.",
            "documentation": f"By documentation: {client} has nothing that could be driven.",
        }
        first = texts[self.ways[0]]
        if self.ways[:2] == ("wire", "client"):
            return f"{first} That {client} gets there is shown by certifying it."
        return first

    @property
    def said(self) -> str:
        """What came out, or what is promised where nothing was run, in two or three words."""
        if self.proof is None:
            return MEANINGS[self.promise].partition(":")[0]
        verdict = self.proof.verdict
        if verdict == "pass":
            return _KEPT[self.promise]
        if verdict == "fail":
            partly = "pass" in self.proof.counts
            return (_PARTLY if partly else _BROKEN)[self.promise]
        return _OTHERWISE.get(verdict, verdict.replace("-", " "))


@dataclass(frozen=True, slots=True)
class Picture:
    """All cells, in the order of specs/matrix.json."""

    dimensions: Mapping[str, Sequence[str]]
    wire: tuple[Cell, ...]
    integrations: tuple[Cell, ...]

    def at(
        self, gateway: str, authentication: str, api: str, category: str, client: str | None = None
    ) -> Cell:
        """Return the cell at a place; with a client that of the 96."""
        place = (gateway, authentication, api, category)
        names = ("gateway", "authentication", "api", "category")
        return next(
            cell
            for cell in (self.integrations if client else self.wire)
            if tuple(cell.wire[name] for name in names) == place and cell.integration == client
        )

    @property
    def decided(self) -> int:
        """Number of cells of the wire that rules of the run decided."""
        return sum(cell.proof is not None and bool(cell.proof.rules) for cell in self.wire)

    @property
    def leads(self) -> bool:
        """Whether so much of it was decided that a report begins with it."""
        return self.decided * 3 >= len(self.wire)


def picture(run: Run | None = None, declared: Mapping[str, Sequence[str]] | None = None) -> Picture:
    """Return the picture.

    Args:
        run: Whose verdicts it shows, None for the promises alone.
        declared: Rules of the suite that decide a cell, by its id.
    """
    document = _matrix()
    reasons = {reason["id"]: reason for reason in document["reasons"]}
    recommended = {cell["wire"] for cell in document["cells"] if cell["recommended"]}
    proofs = {} if run is None else _proofs(run.results)
    wires: dict[str, Cell] = {}
    for entry in document["wire"]:
        own = tuple(reasons[name] for name in entry.get("reasons", ()))
        proof = None if run is None else proofs.get(entry["id"], Proof(NOT_RUN))
        rules = _rules(entry["id"], proof, declared)
        wires[entry["id"]] = Cell(
            entry["id"], entry, entry, own, entry["id"] in recommended, ("wire",), rules, proof
        )
    cells = []
    for entry in document["cells"]:
        own = tuple(reasons[name] for name in entry.get("reasons", ()))
        ways = _ways(entry, own)
        base = wires[entry["wire"]]
        client = proofs.get(entry["id"])
        proof = None if run is None else _joined(ways, base.proof, client)
        rules = _rules(entry["id"], client, declared)
        rules = tuple(dict.fromkeys((*(base.rules if "wire" in ways else ()), *rules)))
        cells.append(
            Cell(entry["id"], entry, base.wire, own, entry["recommended"], ways, rules, proof)
        )
    return Picture(document["dimensions"], tuple(wires.values()), tuple(cells))


def document(shown: Picture, run: Run | None, suite: str) -> dict[str, Any]:
    """Return what `kms-conformance matrix --format json` prints."""
    head = None
    if run is not None:
        head = {
            "target": run.header.target,
            "profile": dict(run.header.profile),
            "started": run.header.started,
            "outcome": words.outcome(run),
        }
    return {
        "schema": SCHEMA,
        "suite": suite,
        "run": head,
        "wire": [_document(cell) for cell in shown.wire],
        "integrations": [_document(cell) for cell in shown.integrations],
    }


def _document(cell: Cell) -> dict[str, Any]:
    place = {name: cell.wire[name] for name in ("gateway", "authentication", "api", "category")}
    client = {} if cell.integration is None else {"integration": cell.integration}
    proof = cell.proof
    return {
        "id": cell.id,
        **place,
        **client,
        "promise": cell.promise,
        "condition": cell.spec.get("condition") or cell.wire.get("condition"),
        "recommended": cell.recommended,
        "reasons": [
            {name: reason[name] for name in ("id", "statement", "observable")}
            for reason in cell.reasons
        ],
        "readings": list(cell.spec.get("readings", ())),
        "provenance": cell.spec["provenance"],
        "source": cell.source,
        "decided_by": list(cell.ways),
        "decided": cell.decided,
        "rules": list(cell.rules),
        "verdict": None if proof is None else proof.verdict,
        "cases": {} if proof is None else dict(proof.counts),
        "proof": []
        if proof is None
        else [
            {
                "rule": rule.rule,
                "level": rule.level,
                "statement": rule.statement,
                "verdict": rule.verdict,
                "cases": dict(rule.counts),
            }
            for rule in proof.rules
        ],
    }


def _ways(entry: Mapping[str, Any], reasons: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    if entry["answer"] == "open":
        return ("wire", "client")
    named = {reason["decidedBy"] for reason in reasons}
    return tuple(way for way in _WAYS if way in named)


def _joined(ways: tuple[str, ...], wire: Proof | None, client: Proof | None) -> Proof:
    """Return what the wire and the client together show; the client counts once it was asked."""
    if ways[0] == "wire" and wire is not None:
        if client is None:
            return wire
        if wire.verdict == NOT_RUN:
            return client
        verdicts = Counter((wire.verdict, client.verdict))
        return Proof(_worst(verdicts), (*wire.rules, *client.rules))
    if client is not None:
        return client
    return Proof(NOT_RUN if ways[0] == "client" else DOCUMENTED)


def _rules(
    identifier: str, proof: Proof | None, declared: Mapping[str, Sequence[str]] | None
) -> tuple[str, ...]:
    shown = [] if proof is None else [rule.rule for rule in proof.rules]
    return tuple(sorted({*shown, *(declared or {}).get(identifier, ())}))


def _proofs(results: Iterable[RuleResult]) -> dict[str, Proof]:
    counts: dict[str, dict[str, Counter[str]]] = {}
    first: dict[str, RuleResult] = {}
    for result in results:
        first.setdefault(result.rule, result)
        for identifier in result.cells:
            rules = counts.setdefault(identifier, {})
            rules.setdefault(result.rule, Counter())[result.verdict] += 1
    found = {}
    for identifier, rules in counts.items():
        proven = tuple(
            RuleProof(rule, first[rule].statement, first[rule].level, _ordered(number))
            for rule, number in sorted(rules.items())
        )
        found[identifier] = Proof(_worst(Counter(proof.verdict for proof in proven)), proven)
    return found


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return {verdict: counts[verdict] for verdict in SHOWN if counts.get(verdict)}


def _worst(counts: Mapping[str, int]) -> str:
    telling = {verdict for verdict in counts if verdict != "not-applicable"} or set(counts)
    return next(verdict for verdict in SHOWN if verdict in telling)


@cache
def _matrix() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(
        (specs.root() / "matrix.json").read_text(encoding="utf-8")
    )
    return loaded
