"""What a run keeps track of while calls go out: things, secrets, and what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.client.codec import operation_or_none
from conformance.client.exchange import Exchange
from conformance.client.redact import Redactor
from conformance.client.resources.base import Resources
from conformance.run.journal import Journal

#: Kinds whose change does not matter to what else is done with a thing.
_HARMLESS = frozenset({"tag"})


@dataclass(frozen=True)
class Watch:
    """Watches the calls of a run (`conformance.client.caller.Watch`).

    Attributes:
        journal: Told of what is created and removed.
        redactor: Learns the secrets.
        resources: Forget what a check has changed, so that the next one meets a thing as expected.
    """

    journal: Journal
    redactor: Redactor
    resources: Resources

    def before(self, operation: str, params: Mapping[str, Any]) -> object:
        """Note what is about to be sent."""
        self.redactor.learn_params(operation, params)
        return self.journal.before(operation, params)

    def after(self, token: object, exchange: Exchange | None) -> None:
        """Note the answer."""
        self.journal.after(token, exchange)
        if exchange is None:
            return
        self.redactor.learn(exchange)
        if exchange.ok and changes_things(exchange.operation):
            values = exchange.parameters.values()
            self.resources.forget([value for value in values if isinstance(value, str)])

    def note(self, exchange: Exchange) -> None:
        """Learn the secrets of a call that creates and changes nothing."""
        self.redactor.learn(exchange)


@cache
def changes_things(operation: str) -> bool:
    """Tell whether a successful call changes something that was there before."""
    known = operation_or_none(operation)
    if known is None:
        return False
    effects = known.effects
    versions = [kind for kind in effects["creates"] if kind.endswith("-version")]
    return bool(effects["deletes"] or versions or set(effects["changes"]) - _HARMLESS)
