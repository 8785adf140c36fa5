"""Builds whole valid requests around the parameters that a variant is about.

A request holds what is required and what the variant asks for; conditions between parameters pull
others in or change those that were not asked for, until the request is valid and, for requests
expected to succeed, satisfies what `combinations.json` says.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from conformance.spec.boundaries import placed
from conformance.spec.catalogue import Json, Operation, catalogue
from conformance.spec.combinations import Combinations, combinations
from conformance.spec.judge import meets, violations
from conformance.spec.keywords import Schema
from conformance.spec.placeholders import Resource, stand_in
from conformance.spec.strategies import missing_members
from conformance.spec.values import canonical

Params = dict[str, Any]
#: Steps in which conditions between parameters settle; the longest chain known takes five.
_ROUNDS = 16


def plausible(operation: Operation, params: Mapping[str, Any]) -> Params:
    """Return the parameters with plausible values in place of real ones, for judging only."""
    filled: Params = stand_in(params, combinations(operation).schema, _plain)
    return filled


def is_valid(operation: Operation, params: Mapping[str, Any]) -> bool:
    """Tell whether a request with placeholders meets the request schema."""
    return not violations(operation, plausible(operation, params))


def is_sensible(operation: Operation, params: Mapping[str, Any]) -> bool:
    """Tell whether it is valid and its parameters go together."""
    filled = plausible(operation, params)
    return not violations(operation, filled) and combinations(operation).allow(filled)


def generated(operation: Operation) -> dict[str, Schema]:
    """Return the schemas of the parameters for which values are made, by name."""
    return _generated(operation.name)


@cache
def _generated(name: str) -> dict[str, Schema]:
    operation = catalogue().operations[name]
    properties: Mapping[str, Schema] = combinations(operation).schema.get("properties", {})
    return {name: part for name, part in properties.items() if "x-not-generated" not in part}


def optional(operation: Operation) -> list[str]:
    """Return the optional ones among `generated`."""
    required = operation.request.get("required", ())
    return [name for name in generated(operation) if name not in required]


def compose(
    operation: Operation,
    values: Mapping[str, Any] | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    *,
    prefer: Mapping[str, Any] | None = None,
    sensible: bool = True,
) -> Params | None:
    """Build a valid request.

    Args:
        operation: Whose request.
        values: Parameters with a given value, which is kept.
        include: Further parameters it must hold.
        exclude: Parameters it must not hold.
        prefer: Parameters with a value that may be changed or dropped to make the rest fit.
        sensible: Also satisfy `combinations.json`.

    Returns:
        The request with placeholders, or None when there is none.
    """
    known = combinations(operation)
    given = dict(values or {})
    kept = {*given, *include}
    without = set(exclude)
    params: Params = {}
    for name in [*operation.request.get("required", ()), *include]:
        params[name] = given[name] if name in given else _value(operation, name)
    params.update({**(prefer or {}), **given})
    conditions = known.together if sensible else ()
    for name in _never(conditions) - kept:
        without.add(name)
        params.pop(name, None)
    for _ in range(_ROUNDS):
        if not _adjust(operation, params, kept, without, conditions):
            break
    judged = is_sensible if sensible else is_valid
    if without & params.keys() or not judged(operation, params):
        if not sensible or prefer is not None:
            return None
        return _given_request(operation, known, given, kept, set(exclude))
    return {name: params[name] for name in operation.request["properties"] if name in params}


def _given_request(
    operation: Operation, known: Combinations, given: Params, kept: set[str], without: set[str]
) -> Params | None:
    """Return a request given as data that holds what is wanted."""
    for request in known.requests:
        params = {**request.params, **given}
        own = {name: value.bundle for name, value in request.params.items() if _is_real(value)}
        other = {name: value.bundle for name, value in given.items() if _is_real(value)}
        if any(own.get(name, bundle) != bundle for name, bundle in other.items()):
            continue  # real things of different kinds do not go together
        if kept <= params.keys() and not without & params.keys() and is_valid(operation, params):
            return params
    return None


def _never(conditions: Iterable[Schema]) -> set[str]:
    """Return the parameters that no request of the suite holds unless it is about them."""
    return {
        name
        for condition in conditions
        if "if" not in condition
        for name, part in condition.get("properties", {}).items()
        if part is False
    }


def _is_real(value: Any) -> bool:
    return isinstance(value, Resource)


def _value(operation: Operation, name: str) -> Any:
    key = (operation.name, name)
    if key not in _VALUES:
        _VALUES[key] = placed(combinations(operation).schema["properties"][name])
    return _VALUES[key]


def _plain(schema: Schema) -> Json:
    key = id(schema)
    if key not in _PLAIN or _PLAIN[key][0] is not schema:
        _PLAIN[key] = (schema, canonical(schema))
    return _PLAIN[key][1]


#: What a parameter holds when a variant is about another one.
_VALUES: dict[tuple[str, str], Any] = {}
#: Plain values by the identity of their schema; the schema is kept so that it stays the same one.
_PLAIN: dict[int, tuple[Schema, Json]] = {}


def _adjust(
    operation: Operation,
    params: Params,
    kept: set[str],
    without: set[str],
    conditions: Iterable[Schema],
) -> bool:
    """Do one step towards a valid request; False when nothing is left to do."""
    filled = plausible(operation, params)
    schema = combinations(operation).schema
    for condition in (schema, *conditions):
        for name in sorted(missing_members(condition, filled) - without):
            params[name] = _value(operation, name)
            return True
        for keyword in ("oneOf", "anyOf"):
            if keyword in condition and _choose(
                operation, params, filled, condition[keyword], without
            ):
                return True
        for part in (condition, *condition.get("allOf", ())):
            wanted = _consequence(part, filled)
            if wanted is not None and _satisfy(params, filled, wanted, kept):
                return True
    return False


def _choose(
    operation: Operation,
    params: Params,
    filled: Params,
    options: Iterable[Schema],
    without: set[str],
) -> bool:
    """Take the first branch that can be taken, unless one is satisfied already."""
    options = list(options)
    if any(meets(option, filled) for option in options):
        return False
    available = generated(operation)
    for option in options:
        names = set(option.get("required", ()))
        if names <= available.keys() and not names & without:
            params.update({name: _value(operation, name) for name in names - params.keys()})
            for name, part in option.get("properties", {}).items():
                if name in names and "const" in part:
                    params[name] = part["const"]
            return True
    return False


def _consequence(part: Schema, filled: Params) -> Schema | None:
    """Return the schema whose member constraints apply to this request."""
    if "if" not in part:
        return part if "$comment" in part and "properties" in part else None
    branch = "then" if meets(part["if"], filled) else "else"
    found: Schema | None = part.get(branch)
    return found


def _satisfy(params: Params, filled: Params, wanted: Schema, kept: set[str]) -> bool:
    """Change or drop one member that was not asked for and breaks a consequence."""
    for name, part in wanted.get("properties", {}).items():
        if name not in params or name in kept:
            continue
        if part is not False and meets(part, filled[name]):
            continue
        allowed = (
            [] if part is False else [part["const"]] if "const" in part else part.get("enum", [])
        )
        if allowed:
            params[name] = allowed[0]
        elif part is not False:
            params[name] = canonical({**part, "type": "string"})
        else:
            del params[name]
        return True
    return False
