"""From rules and selectors to the cases of a run.

A selector is ``kind:pattern``; patterns are shell patterns. Selectors of one kind add up, kinds
narrow each other: ``--rule 'ENV-*' --rule 'CON-*' --operation Encrypt`` takes the cases of both
families that are about Encrypt.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from conformance.run.registry import Case, Rule
from conformance.spec import catalogue
from conformance.spec.matrix import of_category
from conformance.target.checking import did_you_mean
from conformance.target.model import Target, safety_rank
from conformance.target.problems import UsageError

#: Kinds of selectors that a rule decides without its cases.
_OF_RULES = frozenset({"rule", "tag", "family", "level", "stage"})
#: Tag of rules whose cases take seconds.
SLOW = "slow"
KINDS = ("rule", "case", "tag", "operation", "category", "cell", "family", "level", "stage")


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One case of one rule, None where the rule has no cases."""

    rule: Rule
    case: Case | None = None

    @property
    def id(self) -> str:
        """``RULE-ID`` or ``RULE-ID[case]``."""
        return self.rule.id if self.case is None else f"{self.rule.id}[{self.case.name}]"

    @property
    def operation(self) -> str | None:
        """The operation under test where there is exactly one."""
        if self.case is not None and self.case.operation is not None:
            return self.case.operation
        return self.rule.operations[0] if len(self.rule.operations) == 1 else None

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of the matrix that its verdict decides."""
        if self.case is not None and self.case.cells is not None:
            return self.case.cells
        operation = catalogue().operations.get(self.operation or "")
        if operation is None or not self.rule.cells:
            return self.rule.cells
        return of_category(self.rule.cells, operation.category)

    @property
    def safety(self) -> str:
        """What running it may do to the target."""
        levels = [self.rule.safety]
        operation = catalogue().operations.get(self.operation or "")
        if operation is not None and self.case is not None and self.case.operation is not None:
            levels.append(operation.safety)
        return max(levels, key=safety_rank)


@dataclass(frozen=True, slots=True)
class Selector:
    """One narrowing of the rules."""

    kind: str
    pattern: str

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read ``kind:pattern``.

        Raises:
            UsageError: When the kind is unknown.
        """
        kind, colon, pattern = text.partition(":")
        if not colon or kind not in KINDS:
            raise UsageError(
                f"unknown selector {text!r}: write kind:pattern with kind one of {', '.join(KINDS)}"
            )
        return cls(kind, pattern)

    def __str__(self) -> str:
        return f"{self.kind}:{self.pattern}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is going to put to the test.

    Attributes:
        cases: In the order in which they run.
        selection: What narrowed the profile, as the header of the results states it.
        excluded: Sentences about what the target file keeps out.
    """

    cases: tuple[PlannedCase, ...]
    selection: tuple[str, ...]
    excluded: tuple[str, ...] = ()


def expand(rule: Rule) -> list[PlannedCase]:
    """Return the cases of a rule."""
    if rule.cases is None:
        return [PlannedCase(rule)]
    return [PlannedCase(rule, case) for case in rule.cases()]


def make_plan(
    rules: Iterable[Rule],
    selectors: Sequence[Selector],
    target: Target | None,
) -> Plan:
    """Choose the cases of a run.

    Rules above the target's safety level, and those about operations that may cost money, are left
    out as if by a selector, so that the results say that the profile was not run whole.

    Raises:
        UsageError: When a selector, or all of them together, match nothing.
    """
    rules = list(rules)
    # Cases may take time to find: those of rules that are not wanted are looked at only for a hint.
    cases = [planned for rule in rules if _may_match(selectors, rule) for planned in expand(rule)]
    if not all(any(_matches(selector, planned) for planned in cases) for selector in selectors):
        cases = [planned for rule in rules for planned in expand(rule)]
    for selector in selectors:
        if not any(_matches(selector, planned) for planned in cases):
            raise UsageError(_nothing(selector, cases))
    wanted = [planned for planned in cases if _selected(selectors, planned)]
    if not wanted:
        raise UsageError(
            "the selection matches nothing: each part matches some rule, all together match none"
        )
    selection = [str(selector) for selector in selectors]
    if target is None:
        return Plan(tuple(wanted), tuple(selection))
    return _within_limits(wanted, selection, target)


def outline(rules: Iterable[Rule], selectors: Sequence[Selector]) -> Plan:
    """Return a plan of whole rules, for a target that cannot be put to the test."""
    wanted = [PlannedCase(rule) for rule in rules if _may_match(selectors, rule)]
    return Plan(tuple(wanted), tuple(str(selector) for selector in selectors))


def shortened(plan: Plan) -> Plan:
    """Return one case of each rule, and one for each operation that these do not meet.

    Rules that are known to take long are left out. What is left out is said, and the results tell
    that the profile was not run whole.
    """
    by_rule: dict[str, list[PlannedCase]] = {}
    for planned in plan.cases:
        by_rule.setdefault(planned.rule.id, []).append(planned)
    met: dict[str, int] = {}
    kept = []
    for cases in by_rule.values():
        if _takes_long(cases[0].rule):
            continue
        chosen = min(cases, key=lambda planned: met.get(planned.operation or "", 0))
        met[chosen.operation or ""] = met.get(chosen.operation or "", 0) + 1
        kept.append(chosen)
    for name in sorted({planned.operation or "" for planned in plan.cases} - met.keys()):
        having = [planned for planned in plan.cases if planned.operation == name]
        kept.append(min(having, key=lambda planned: planned.rule.family != "contract"))
    slow = sum(_takes_long(cases[0].rule) for cases in by_rule.values())
    told = (
        f"--quick runs {len(kept)} of {len(plan.cases)} cases: one of each rule, each operation "
        f"once, and none of {slow} rules that take long; run without it for a certificate"
    )
    return Plan(tuple(kept), (*plan.selection, "quick:one case a rule"), (*plan.excluded, told))


def _takes_long(rule: Rule) -> bool:
    """Tell whether a case takes seconds: an agent is a process that is started, and waited for."""
    return SLOW in rule.tags or "feature:agent" in rule.needs


def _within_limits(wanted: list[PlannedCase], selection: list[str], target: Target) -> Plan:
    safe = [planned for planned in wanted if target.allows(planned.safety)]
    free = [planned for planned in safe if not _costs(planned, target)]
    excluded = []
    if len(safe) < len(wanted):
        selection.append(f"safety:{target.safety}")
        excluded.append(
            f"{len(wanted) - len(safe)} cases need more than safety {target.safety!r} and are not "
            "part of this run: raise safety in the target file to run them"
        )
    if len(free) < len(safe):
        selection.append("billable:none" if not target.billable else "billable:allowed")
        names = sorted({planned.operation or "" for planned in safe} - {p.operation for p in free})
        excluded.append(
            f"{len(safe) - len(free)} cases call operations that may cost money and are not part "
            f"of this run: name {', '.join(names)} in billable of the target file to run them"
        )
    if not free:
        raise UsageError(f"nothing is left to run: {'; '.join(excluded)}")
    return Plan(tuple(free), tuple(selection), tuple(excluded))


def _costs(planned: PlannedCase, target: Target) -> bool:
    operation = catalogue().operations.get(planned.operation or "")
    return operation is not None and operation.billable and operation.name not in target.billable


def _may_match(selectors: Sequence[Selector], rule: Rule) -> bool:
    """Tell whether any case of a rule can be among the selected."""
    asked = [selector for selector in selectors if selector.kind in _OF_RULES]
    whole = PlannedCase(rule)

    def fits(selector: Selector) -> bool:
        parts = re.split(r"[\[(]", selector.pattern, maxsplit=1)
        if selector.kind == "rule" and len(parts) > 1:
            return fnmatchcase(rule.id, parts[0])
        return _matches(selector, whole)

    kinds = {selector.kind for selector in asked}
    return all(any(fits(s) for s in asked if s.kind == kind) for kind in kinds)


def _selected(selectors: Sequence[Selector], planned: PlannedCase) -> bool:
    by_kind: dict[str, list[Selector]] = {}
    for selector in selectors:
        by_kind.setdefault(selector.kind, []).append(selector)
    return all(any(_matches(selector, planned) for selector in group) for group in by_kind.values())


def _matches(selector: Selector, planned: PlannedCase) -> bool:
    return any(fnmatchcase(value, selector.pattern) for value in _values(selector.kind, planned))


def _values(kind: str, planned: PlannedCase) -> Iterable[str]:
    rule = planned.rule
    if kind == "rule":
        return (rule.id, planned.id.replace("[", "(").replace("]", ")"), planned.id)
    if kind == "case":
        return (planned.case.name,) if planned.case else ()
    if kind == "tag":
        return rule.tags
    if kind == "cell":
        return planned.cells
    if kind in {"operation", "category"}:
        own = planned.case.operation if planned.case else None
        operations = (own,) if own else rule.operations
        if kind == "operation":
            return operations
        known = catalogue().operations
        return tuple(known[name].category for name in operations if name in known)
    return (str(getattr(rule, kind)),)


def _nothing(selector: Selector, cases: Sequence[PlannedCase]) -> str:
    known = sorted({value for planned in cases for value in _values(selector.kind, planned)})
    if selector.kind == "rule":
        known = sorted({planned.rule.id for planned in cases})
    hint = did_you_mean(selector.pattern, known)
    listed = ", ".join(known) if len(known) <= 12 else "see kms-conformance list"
    return f"no {selector.kind} matches {selector.pattern!r}{hint}; known: {listed}"


def rules_by_id(rules: Mapping[str, Rule], ids: Iterable[str]) -> list[Rule]:
    """Return rules by id.

    Raises:
        UsageError: When one is unknown.
    """
    found = []
    for identifier in ids:
        if identifier not in rules:
            raise UsageError(
                f"unknown rule {identifier!r}{did_you_mean(identifier, rules)}; "
                "kms-conformance list shows them all"
            )
        found.append(rules[identifier])
    return found
