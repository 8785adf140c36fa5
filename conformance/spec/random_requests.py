"""Random requests of an operation that shrink, for rules that are properties."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.combinations import mark_fresh
from conformance.spec.compose import Params, compose, generated, is_sensible, is_valid, optional
from conformance.spec.keywords import Schema
from conformance.spec.negative import Negative, breaks_only
from conformance.spec.negatives import negatives
from conformance.spec.placeholders import Resource, described_forms
from conformance.spec.strategies import members, strategy, subset


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A random request with one fault.

    Attributes:
        params: The request with the fault in it, with placeholders.
        negative: The fault: its raw pairs and what must answer.
        base: The valid request that the fault was put into.
    """

    params: Mapping[str, Any]
    negative: Negative
    base: Mapping[str, Any]

    @property
    def basis(self) -> Params:
        """What providers of real things look at: the parameters without the fault."""
        return {**self.params, **self.base}


def random_request(operation: Operation) -> SearchStrategy[Params]:
    """Return valid requests that may be expected to succeed, with placeholders for real things.

    They shrink towards the required parameters with short values.
    """
    return _requests(operation.name)


def random_negative(operation: Operation) -> SearchStrategy[BadRequest]:
    """Return random requests with exactly one fault each; none for one without parameters."""
    return _bad(operation.name)


@cache
def _requests(name: str) -> SearchStrategy[Params]:
    operation = catalogue().operations[name]
    values = {name: with_resources(schema) for name, schema in generated(operation).items()}
    names = optional(operation)
    required = operation.request.get("required", ())
    some = subset(names)
    smallest = compose(operation)
    assert smallest is not None, name

    @st.composite
    def build(draw: DrawFn) -> Params:
        drawn = {key: draw(values[key]) for key in (*required, *draw(some))}
        if is_sensible(operation, drawn):
            return mark_fresh(operation, _ordered(operation, drawn))
        # What was drawn for required parameters stays, so that shrinking them goes on to count.
        fixed = {key: drawn[key] for key in required}
        params = compose(operation, fixed, prefer=drawn) or compose(operation, fixed)
        return mark_fresh(operation, smallest if params is None else params)

    return build()


def _ordered(operation: Operation, params: Params) -> Params:
    return {name: params[name] for name in operation.request["properties"] if name in params}


@cache
def _bad(name: str) -> SearchStrategy[BadRequest]:
    operation = catalogue().operations[name]
    known = negatives(operation)
    if not known:
        return st.nothing()

    @st.composite
    def build(draw: DrawFn) -> BadRequest:
        negative, base = draw(st.sampled_from(known))
        params = draw(_requests(name))
        around = {**params, **{key: value for key, value in base.items() if key not in params}}
        for candidate in (params, around, base):
            faulty = negative.apply(candidate)
            if is_valid(operation, candidate) and breaks_only(operation, faulty, negative):
                break
        else:
            candidate = base
        if not negative.expectation.gates:
            candidate = mark_fresh(operation, candidate)
        return BadRequest(negative.apply(candidate), negative, candidate)

    return build()


def with_resources(schema: Schema) -> SearchStrategy[Any]:
    """Return values of a schema with placeholders where real things belong."""
    if "x-resource" in schema:
        usual = Resource.parse(schema["x-resource"])
        forms = [Resource.parse(schema["x-resource"], form) for form in described_forms(schema)[1:]]
        return st.sampled_from([usual, *forms])
    if "examples" in schema or not _holds_resources(schema):
        return strategy(schema)
    if schema.get("type") == "array":
        # Several items would have to be different things.
        return with_resources(schema["items"]).map(lambda item: [item])
    required = schema.get("required", ())
    parts = {
        name: with_resources(part)
        for name, part in schema.get("properties", {}).items()
        if "x-not-generated" not in part
    }
    return members(
        {name: part for name, part in parts.items() if name in required},
        {name: part for name, part in parts.items() if name not in required},
    )


def _holds_resources(schema: Schema) -> bool:
    if "x-resource" in schema:
        return True
    parts = [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if "items" in schema else []),
    ]
    return any(_holds_resources(part) for part in parts)
