"""What a run has put to the test: promises of the specs, each with the rules that proved it.

A promise counts where a check passed that judged it: by what its expectations noted (`Kms.proves`),
by what its rule says of itself (`promises`, `readings`, `cells`), and by the parameters that
successful calls carried.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from conformance.client.exchange import Exchange
from conformance.client.instance import InstanceExchange
from conformance.run.context import Kms
from conformance.run.planning import PlannedCase
from conformance.spec.promises import promises
from conformance.spec.traceability import trace

#: Beside results.jsonl; see specs/meta/coverage.schema.json.
FILE = "coverage.json"
#: Family whose rules judge every field of the answers that they get.
_INSTANCE_API = "instance-api"


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
            *_parameters(kms.exchanges, judged=rule.family == _INSTANCE_API),
        }
        for promise in noted & promises().keys():
            self._found.setdefault(promise, set()).add(rule.id)

    def take_over(self, found: Mapping[str, Sequence[str]]) -> None:
        """Add what another run of the same plan has proven."""
        for promise, rules in found.items():
            self._found.setdefault(promise, set()).update(rules)

    def view(self) -> Mapping[str, tuple[str, ...]]:
        """Return promises in order, each with the ids of the rules that proved it."""
        return {promise: tuple(sorted(self._found[promise])) for promise in sorted(self._found)}

    def write(self, folder: Path | None, note: Callable[[str, str], None]) -> None:
        """Write coverage.json into a results folder; ``note`` is told when that fails."""
        if folder is None or not self._found:
            return
        document = trace(self.view()).document()
        try:
            (folder / FILE).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            note("warning", f"coverage could not be written: {error.strerror}")


def _parameters(exchanges: Iterable[Exchange], *, judged: bool) -> Iterator[str]:
    """Yield the parameters of calls that succeeded, and the members that a rule judged."""
    for exchange in exchanges:
        if not exchange.ok:
            continue
        for name in exchange.parameters:
            yield exchange.promise("parameter", name)
        if judged and isinstance(exchange, InstanceExchange):
            for name in exchange.present:
                yield exchange.promise("answer", name)
