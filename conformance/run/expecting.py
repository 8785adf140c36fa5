"""The part of `conformance.run.context.Kms` that judges answers, and notes what they prove."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn

from conformance.client.exchange import Exchange
from conformance.run.verdict import Violation


class Expectations:
    """What a check expects of answers."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        #: Reading id to the option that the target showed.
        self.readings: dict[str, str] = {}
        #: Promises that were put to the test (`proves`).
        self.proved: set[str] = set()

    def expect(self, condition: object, message: str, *exchanges: Exchange) -> None:
        """Raise Violation with ``message`` unless ``condition`` is true.

        The message says what is expected and what was found; it must hold no plaintext or secret.
        """
        if not condition:
            raise Violation(message, exchanges)

    def violated(self, message: str, *exchanges: Exchange) -> NoReturn:
        """Raise Violation."""
        raise Violation(message, exchanges)

    def proves(self, *promises: str) -> None:
        """Note promises of `conformance.spec.promises` that an expectation has just proven.

        They count for coverage when the check passes. `expect_success` and `expect_refused` note
        operations and documented codes by themselves.
        """
        self.proved.update(promises)

    def expect_success(self, exchange: Exchange) -> Exchange:
        """Return the exchange when it succeeded with readable members; Violation otherwise."""
        if not exchange.ok:
            self.violated(
                f"{exchange.operation} should succeed, found {exchange.describe()}", exchange
            )
        if exchange.answer.data is None:
            problems = ", ".join(exchange.answer.problems)
            self.violated(f"{exchange.operation} answered nothing readable: {problems}", exchange)
        self.proves(exchange.promise("operation"))
        return exchange

    def expect_refused(
        self,
        exchange: Exchange,
        *,
        codes: Iterable[str] = (),
        statuses: Iterable[int] = (),
        stage: str | None = None,
        why: str = "",
    ) -> Exchange:
        """Return the exchange when it was refused for the right reason; Violation otherwise.

        A refusal is a 4xx with a code; success and 5xx never are one.

        Args:
            exchange: The answer to a request that must be refused.
            codes: The documented codes, any of which will do; a code ending in ``*`` is a prefix.
            statuses: The documented statuses, any of which will do.
            stage: What must refuse, for the message.
            why: What is wrong with the request, for the message.
        """
        # Sets have no order; messages are the same in every run.
        codes, statuses = (
            tuple(sorted(given) if isinstance(given, AbstractSet) else given)
            for given in (codes, statuses)
        )
        wish = _wish(codes, statuses, stage)
        because = f" ({why})" if why else ""
        found = (
            f"{exchange.operation}{because} should be refused{wish}, found {exchange.describe()}"
        )
        refused = 400 <= exchange.status < 500 or exchange.status in statuses
        self.expect(refused, found, exchange)
        self.expect(exchange.code, f"{found} without Code", exchange)
        if statuses:
            self.expect(exchange.status in statuses, found, exchange)
        if codes:
            self.expect(_matches(exchange.code or "", codes), found, exchange)
            error = exchange.promise("error", exchange.code or "")
            self.proves(error, f"{error.partition('error/')[0]}code/{exchange.code}")
        return exchange

    def showed(self, reading: str, option: str, exchange: Exchange | None = None) -> None:
        """Record which reading of contradicting sources the target showed.

        Args:
            reading: Id in specs/readings.json.
            option: Id of the reading's option.
            exchange: Where it showed, for the evidence.
        """
        self.readings[reading] = option
        if exchange is not None and exchange not in self.exchanges:
            self.exchanges.append(exchange)


def _matches(code: str, codes: Sequence[str]) -> bool:
    return any(
        code.startswith(wanted[:-1]) if wanted.endswith("*") else code == wanted for wanted in codes
    )


def _wish(codes: Sequence[str], statuses: Sequence[int], stage: str | None) -> str:
    parts = [" or ".join(map(str, statuses)), " or ".join(codes)]
    wish = re.sub(r"\s+", " ", " ".join(parts)).strip()
    by = f" at the {stage} stage" if stage else ""
    return f" with {wish}{by}" if wish else by
