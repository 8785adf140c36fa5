"""One request with a stated purpose, and what must answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from conformance.spec.catalogue import catalogue
from conformance.spec.compose import Params
from conformance.spec.expectations import Expectation
from conformance.spec.negative import Pairs, codec
from conformance.spec.placeholders import Lookup, map_resources, resources, substitute
from conformance.spec.transports import Transport

Polarity = Literal["positive", "negative", "special"]


@dataclass(frozen=True)
class Variant:
    """One request with a stated purpose.

    Attributes:
        id: Stable name, begins with the operation.
        operation: Name of the operation.
        purpose: What it probes, in words.
        polarity: "positive" must succeed, "negative" has one fault, "special" is valid and has
            another outcome.
        params: Logical parameters, with `Resource` placeholders.
        raw: Wire pairs that take the place of those of the parameters they name.
        transport: How it travels.
        keyword: The constraint it probes.
        pointer: JSON Pointer of the value it is about; empty for the request as a whole.
        expectation: What must answer.
        needs: What a target must offer beside the operation, e.g. "spec:RSA_2048".
        base: The valid request that a negative's fault was put into.
        weight: Lower is kept longer when there are more than wanted.
    """

    id: str
    operation: str
    purpose: str
    polarity: Polarity
    params: Mapping[str, Any] = field(repr=False)
    transport: Transport
    keyword: str
    pointer: str
    expectation: Expectation
    raw: Pairs = field(default=(), repr=False)
    needs: tuple[str, ...] = ()
    base: Mapping[str, Any] = field(default_factory=dict, repr=False)
    weight: int = 1

    @property
    def basis(self) -> Params:
        """What providers of real things look at: the parameters without the fault.

        A key is chosen by the algorithm that the valid request names, not by the one that no key
        has.
        """
        return {**self.params, **self.base}

    @property
    def bundles(self) -> dict[str, bool]:
        """Bundles of real things it needs; True where one of its own is needed."""
        found: dict[str, bool] = {}
        for resource in resources(self.params):
            fresh = resource.fresh or resource.is_new
            found[resource.bundle] = found.get(resource.bundle, False) or fresh
        return found

    @property
    def literals(self) -> Params:
        """The parts of `basis` without placeholders, by which a fitting thing is chosen."""
        return {name: value for name, value in self.basis.items() if not list(resources(value))}

    def resolved(self, lookup: Lookup) -> Params:
        """Return the logical parameters with real values in place."""
        filled: Params = substitute(self.params, lookup)
        return filled

    def pairs(self, lookup: Lookup) -> list[tuple[str, str]]:
        """Return the wire pairs with real values in place, raw ones included.

        Args:
            lookup: Returns the value of a placeholder before its transformation.
        """
        operation = catalogue().operations[self.operation]
        return [*codec(operation).encode(self.resolved(lookup)), *self.raw]

    @property
    def shape(self) -> tuple[Any, ...]:
        """What it looks like on the wire, real things by their names: distinct variants differ."""
        operation = catalogue().operations[self.operation]
        texts = map_resources(self.params, lambda resource: str(replace(resource, fresh=False)))
        way = self.transport
        return (
            way.method,
            way.placement,
            way.format,
            way.scheme,
            *sorted([*codec(operation).encode(texts), *self.raw]),
        )
