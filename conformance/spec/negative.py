"""A request with one fault, and the check that it has just this one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.compose import Params, plausible
from conformance.spec.expectations import Expectation
from conformance.spec.judge import violations
from conformance.spec.keywords import reference_resolver
from conformance.wire.encoding import ParameterCodec
from conformance.wire.failures import WireError

Pairs = tuple[tuple[str, str], ...]
#: What the judge calls a fault that has a name of its own here.
JUDGED = {"x-wire": "type", "if": "required"}
#: What one fault may break besides: a value of the wrong type is in no list of texts, an empty text
#: matches no pattern that wants a character.
IMPLIED: Mapping[str, frozenset[str]] = {
    "type": frozenset({"enum", "const"}),
    "pattern": frozenset({"minLength"}),
}
#: Negatives of these are valid by schema.
BEYOND_SCHEMA = frozenset({"x-resource", "x-forms"})


@dataclass(frozen=True, slots=True)
class Negative:
    """One fault in an otherwise valid request.

    Attributes:
        name: Stable within the operation.
        purpose: What is wrong.
        keyword: The constraint broken; `x-resource` for a thing that does not exist.
        pointer: JSON Pointer of the value at fault; of the containing object for a missing member.
        expectation: What must answer.
        values: Parameters with a value of their own.
        include: Parameters the valid request must hold; those with a value or raw pairs when empty.
        remove: Parameters taken out of the valid request.
        raw: Wire pairs in place of those of the parameters they name.
        weight: Lower is kept longer when an operation has more cases than are wanted.
    """

    name: str
    purpose: str
    keyword: str
    pointer: str
    expectation: Expectation
    values: Mapping[str, Any] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    remove: frozenset[str] = frozenset()
    raw: Pairs = ()
    weight: int = 1

    def apply(self, params: Mapping[str, Any]) -> Params:
        """Put the fault into a valid request; raw pairs stay apart."""
        replaced = {name.partition(".")[0] for name, _ in self.raw}
        kept = {
            name: value
            for name, value in params.items()
            if name not in self.remove and name not in replaced
        }
        return {**kept, **self.values}


@cache
def _codec(name: str) -> ParameterCodec:
    operation = catalogue().operations[name]
    return ParameterCodec(operation.request, reference_resolver(operation))


def codec(operation: Operation) -> ParameterCodec:
    """Return the encoder of an operation's parameters."""
    return _codec(operation.name)


def arrives(operation: Operation, params: Mapping[str, Any], raw: Pairs) -> Params | None:
    """Return what a target reads, with plausible values in place; None if it cannot be sent."""
    filled = plausible(operation, params)
    encoder = codec(operation)
    try:
        if not raw and not encoder.travels(filled):
            return None
        return dict(encoder.decode([*encoder.encode(filled), *raw]))
    except WireError:
        return None


def breaks_only(operation: Operation, params: Mapping[str, Any], negative: Negative) -> bool:
    """Tell whether a request with the fault in it breaks just the constraint it names."""
    arrived = arrives(operation, params, negative.raw)
    if arrived is None:
        return False
    found = violations(operation, arrived)
    if negative.keyword in BEYOND_SCHEMA:
        return not found
    keyword = JUDGED.get(negative.keyword, negative.keyword)
    keywords = {item.keyword for item in found}
    return (
        keyword in keywords
        and keywords <= {keyword, *IMPLIED.get(keyword, ())}
        and {item.pointer for item in found} == {negative.pointer}
    )
