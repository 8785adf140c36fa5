"""Registry of rules: one checkable promise each, declared where its check is written.

    @rule(
        "ENV-001",
        level=Level.MUST,
        family="envelope",
        statement="Every answer, good or bad, carries a RequestId.",
        provenance="documented",
        source="Responses, AlibabaCloudDocs/kms (2021-07)",
        stage="service",
        operations=("DescribeRegions", "DescribeKey"),
    )
    def request_id(kms: Kms, operation: Operation) -> None: ...

A rule with `cases` runs once per case; the case is passed as second argument and named in the item
id: `ENV-001[DescribeKey]`. Rules of other distributions join through the entry point group
`kms_conformance.rules`, whose values are modules to import.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import walk_packages
from typing import Any, Literal

from conformance.spec.catalogue import Provenance, Safety
from conformance.spec.matrix import find_cells

Stage = Literal[
    "gateway", "authentication", "authorisation", "parameter", "state", "service", "answer"
]
Check = Callable[..., None]


class Level(StrEnum):
    """How binding a promise is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a rule: a name that is stable between runs, and what the check receives."""

    name: str
    value: Any
    operation: str | None = None
    #: Cells of the matrix that it decides, where they are not those of the rule.
    cells: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise, its citation and its check."""

    id: str
    level: Level
    family: str
    statement: str
    provenance: Provenance
    source: str
    stage: Stage
    check: Check
    module: str
    operations: tuple[str, ...] = ()
    #: What a target must offer, e.g. "identity:read-only", "scheme:RPC-1.0", "gateway:dedicated",
    #: "operation:CreateKey", "spec:RSA_2048", "listener:http".
    needs: tuple[str, ...] = ()
    #: Highest safety level that the check reaches.
    safety: Safety = "read-only"
    tags: tuple[str, ...] = ()
    #: Ids in specs/readings.json whose readings the rule accepts.
    readings: tuple[str, ...] = ()
    #: Ids of the cells in specs/matrix.json that its verdict decides.
    cells: tuple[str, ...] = ()
    #: Ids of `conformance.spec.promises` that the check as a whole proves, beside those that its
    #: expectations note by themselves.
    promises: tuple[str, ...] = ()
    cases: Callable[[], Iterable[Case]] | None = field(default=None, compare=False)

    @property
    def gates(self) -> bool:
        """Whether a violation makes a run non-conformant."""
        return self.level is Level.MUST and self.provenance != "inferred"


_RULES: dict[str, Rule] = {}


def rule(
    identifier: str,
    *,
    level: Level,
    family: str,
    statement: str,
    provenance: Provenance,
    source: str,
    stage: Stage,
    operations: Sequence[str] = (),
    needs: Sequence[str] = (),
    safety: Safety = "read-only",
    tags: Sequence[str] = (),
    readings: Sequence[str] = (),
    cells: Sequence[str] = (),
    promises: Sequence[str] = (),
    cases: Callable[[], Iterable[Case]] | None = None,
) -> Callable[[Check], Check]:
    """Register a check as a rule; refuses a second rule of the same id.

    ``cells`` are ids or shell patterns of cells in specs/matrix.json. A case about an operation
    decides those of its category alone, unless the case names its own.
    """

    def register(check: Check) -> Check:
        if identifier in _RULES and _RULES[identifier].module != check.__module__:
            raise ValueError(f"rule {identifier} is declared twice, in {check.__module__} too")
        _RULES[identifier] = Rule(
            identifier,
            level,
            family,
            statement,
            provenance,
            source,
            stage,
            check,
            check.__module__,
            tuple(operations),
            tuple(needs),
            safety,
            tuple(tags),
            tuple(readings),
            find_cells(cells),
            tuple(promises),
            cases,
        )
        return check

    return register


def load_rules() -> dict[str, Rule]:
    """Import every rule module, those of other distributions too, and return rules by id."""
    package = import_module("conformance.rules")
    for module in walk_packages(package.__path__, "conformance.rules."):
        import_module(module.name)
    for entry in entry_points(group="kms_conformance.rules"):
        entry.load()
    return dict(sorted(_RULES.items()))
