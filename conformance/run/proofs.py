"""What a run has put to the test: promises of the specs, each with the rules that proved it.

A promise counts where a check passed that judged it: by what its expectations noted (`Kms.proves`),
by what its rule says of itself (`promises`, `readings`, `cells`), and by the parameters that
successful calls carried.
"""

from collections.abc import Iterable, Mapping

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.planning import PlannedCase
from conformance.spec.promises import promises


class Proofs:
    """Collects what passed checks have proven."""

    def __init__(self) -> None:
        self._found: dict[str, set[str]] = {}

    def add(self, planned: PlannedCase, kms: Kms) -> None:
        """Note what a check that passed has proven."""
        rule = planned.rule
        noted = {
            *kms.proved,
            *rule.promises,
            *(f"reading/{reading}" for reading in {*kms.readings, *rule.readings}),
            *(f"cell/{cell}" for cell in planned.cells),
            *_parameters(kms.exchanges),
        }
        for promise in noted & promises().keys():
            self._found.setdefault(promise, set()).add(rule.id)

    def view(self) -> Mapping[str, tuple[str, ...]]:
        """Return promises in order, each with the ids of the rules that proved it."""
        return {promise: tuple(sorted(self._found[promise])) for promise in sorted(self._found)}


def _parameters(exchanges: Iterable[Exchange]) -> Iterable[str]:
    for exchange in exchanges:
        if exchange.ok:
            for name in exchange.parameters:
                yield f"parameter/{exchange.operation}/{name}"
