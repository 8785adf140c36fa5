"""Sends variants of requests in batches, and tells in one message what was answered wrongly."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.registry import Case
from conformance.run.verdict import (
    Hang,
    NotApplicable,
    NotTestable,
    TransportProblem,
    Violation,
)
from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.variants import Variant, variants

#: What no operation of the suite can make: changing one changes something that is not the suite's.
_NOT_OURS = frozenset({"instance", "service"})
#: Exchanges of a batch that are kept as evidence.
_EVIDENCE = 6
#: Codes that tell of used-up quotas rather than of the request.
_EXHAUSTED = frozenset({"Rejected.LimitExceeded", "Rejected.Throttling", "Throttling"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One request that was answered wrongly."""

    name: str
    expected: str
    exchange: Exchange
    found: str = ""

    @property
    def size(self) -> int:
        """Length of the request, by which the telling ones come first."""
        return len(self.exchange.url) + len(self.exchange.request_body)

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}, found {self.found or _found(self.exchange)}"


def _found(exchange: Exchange) -> str:
    return exchange.describe()


@dataclass
class Batch:
    """The requests of one case and what came of them."""

    kms: Kms
    sent: int = 0
    findings: list[Finding] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)

    def send(self, variant: Variant) -> Exchange | None:
        """Send a variant; None when the target does not offer what it takes, or it cannot be had.

        Raises:
            Hang, TransportProblem: When no answer came; the message names the variant.
        """
        lacking = next((need for need in _needs(variant) if not self.kms.offers(need)), None)
        if lacking is not None:
            self.declined.append(f"{variant.id}: {lacking} is not offered")
            return None
        try:
            exchange = send(self.kms, variant)
        except (Hang, TransportProblem) as problem:
            problem.message = f"{variant.id}: {problem.message}"
            raise
        except NotApplicable as outcome:
            self.declined.append(f"{variant.id}: {outcome.message}")
        except NotTestable as outcome:
            self.untested.append(f"{variant.id}: {outcome.message}")
        else:
            if exchange.code in _EXHAUSTED:
                self.untested.append(f"{variant.id}: a quota is used up ({exchange.describe()})")
                return None
            self.sent += 1
            return exchange
        return None

    def note(self, name: str, expected: str, exchange: Exchange, found: str = "") -> None:
        """Note a wrong answer."""
        self.findings.append(Finding(name, expected, exchange, found))

    def conclude(self) -> None:
        """End the case: all wrong answers in one message, the smallest request first.

        Raises:
            Violation: When any answer was wrong.
            NotTestable: When a request could not be prepared.
            NotApplicable: When the target offers none of it.
        """
        if self.findings:
            found = sorted(self.findings, key=lambda finding: finding.size)
            lines = "\n".join(str(finding) for finding in found)
            raise Violation(
                f"{len(found)} of {self.sent} requests were answered wrongly:\n{lines}",
                [finding.exchange for finding in found[:_EVIDENCE]],
            )
        if self.untested:
            more = f" and {len(self.untested) - 1} more" if len(self.untested) > 1 else ""
            raise NotTestable(f"{self.untested[0]}{more}")
        if not self.sent:
            raise NotApplicable(self.declined[0] if self.declined else "nothing of it is offered")


def _needs(variant: Variant) -> tuple[str, ...]:
    way = variant.transport
    return (*variant.needs, f"scheme:{way.scheme}", f"format:{way.format}")


def send(kms: Kms, variant: Variant) -> Exchange:
    """Send one variant the way it travels, with real things in the places of its placeholders."""
    lookup = kms.lookup(variant.basis)
    params = variant.resolved(lookup)
    way = variant.transport
    return kms.call(
        variant.operation,
        params,
        raw_pairs=variant.pairs(lookup),
        method=way.method,
        placement=way.placement,  # type: ignore[arg-type]
        format=way.format,  # type: ignore[arg-type]
        scheme=way.scheme,  # type: ignore[arg-type]
    )


def changes_what_is_not_ours(operation: Operation) -> bool:
    """Tell whether success would change something that the suite cannot have made."""
    effects = operation.effects
    return not _NOT_OURS.isdisjoint([*effects["changes"], *effects["deletes"]])


def may_be_sent(kms: Kms, operation: Operation, variant: Variant) -> bool:
    """Tell whether a refused variant does no harm where a target accepts it after all."""
    if not changes_what_is_not_ours(operation) or kms.target.loopback:
        return True
    return "instance" not in variant.bundles


def chosen(operation: Operation, polarity: str, *, gates: bool | None = None) -> list[Variant]:
    """Return the variants of a polarity, those only that gate or only advise when asked."""
    return [
        variant
        for variant in variants(operation)
        if variant.polarity == polarity and gates in (None, variant.expectation.gates)
    ]


def cases_of(operations: Iterable[Operation]) -> list[Case]:
    """Return a case for each operation."""
    return [Case(operation.name, operation, operation.name) for operation in operations]


def all_operations() -> list[Operation]:
    """Return all operations of the specs."""
    return list(catalogue())


def usable_operations() -> list[Operation]:
    """Return the operations whose success changes nothing that is not the suite's."""
    return [operation for operation in catalogue() if not changes_what_is_not_ours(operation)]
