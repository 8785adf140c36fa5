"""Refused requests: each valid in all respects but one, with the answer that must come.

A negative changes a valid request: it sets parameters, removes some, or replaces the wire pairs of
one, and then exactly one constraint is broken, which is checked here with the judge before the
negative is handed out. References to things that do not exist are negatives too: valid by schema,
refused by state.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from conformance.spec.boundaries import placed
from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.combinations import combinations
from conformance.spec.compose import Params, compose, generated
from conformance.spec.expectations import codes_of_unusable, refusal
from conformance.spec.faults import faults, form_provenance
from conformance.spec.keywords import Schema, pointer_to, provenance_of
from conformance.spec.negative import Negative, Pairs, breaks_only
from conformance.spec.reference_negatives import odd_references, unknown_things
from conformance.spec.scalar_faults import Fault
from conformance.spec.strategies import missing_members


def base_of(operation: Operation, negative: Negative) -> Params | None:
    """Return the valid request that a negative is put into."""
    known = generated(operation)
    wanted = negative.include or (*negative.values, *_names(negative.raw))
    include = [name for name in wanted if name in known]
    for sensible in (True, False):
        found = _base(operation.name, tuple(dict.fromkeys(include)), sensible=sensible)
        if found is None:
            continue
        if breaks_only(operation, negative.apply(found), negative):
            return found
    return None


@cache
def _base(name: str, include: tuple[str, ...], *, sensible: bool) -> Params | None:
    return compose(catalogue().operations[name], include=include, sensible=sensible)


def _names(raw: Pairs) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition(".")[0] for name, _ in raw))


@cache
def _checked(name: str) -> tuple[tuple[Negative, Mapping[str, Any]], ...]:
    operation = catalogue().operations[name]
    found: dict[str, tuple[Negative, Mapping[str, Any]]] = {}
    shapes: set[str] = set()
    for negative in _proposed(operation):
        base = base_of(operation, negative)
        if base is None or negative.name in found:
            continue
        params = negative.apply(base)
        shape = repr((sorted(params.items(), key=str), negative.raw))
        if shape not in shapes:
            shapes.add(shape)
            found[negative.name] = (negative, base)
    return tuple(found.values())


def negatives(operation: Operation) -> tuple[tuple[Negative, Mapping[str, Any]], ...]:
    """Return the negatives of an operation, each with the valid request it is put into."""
    return _checked(operation.name)


def _proposed(operation: Operation) -> Iterator[Negative]:
    yield from _missing(operation)
    yield from unknown_things(operation)
    for name, schema in generated(operation).items():
        for fault in faults(schema, as_json=schema.get("x-wire") in {"json", "dotted"}):
            yield _of_fault(operation, name, schema, fault)
        yield from _unparsable(operation, name, schema)
    yield from _couplings(operation)
    yield from _unknown_parameters(operation)
    yield from odd_references(operation)


def _of_fault(operation: Operation, name: str, schema: Schema, fault: Fault) -> Negative:
    weaker: tuple[str, ...] = ()
    reference = schema.get("x-resource", "")
    if fault.empty:
        weaker = ("MissingParameter", "MissingParameter.*", f"Missing{name}")
    if reference and not reference.startswith("new-"):
        weaker += codes_of_unusable(reference)
    required = name in operation.request.get("required", ())
    provenance = fault.provenance
    if fault.empty and fault.pointer == "" and not required:
        provenance = "inferred"  # an empty optional parameter may count as absent
    in_map = fault.keyword == "type" and fault.name.startswith("value.")
    expectation = refusal(
        operation,
        "additionalProperties" if in_map else fault.keyword,
        name,
        fault.refusals,
        provenance,
        weaker=weaker,
    )
    return Negative(
        f"{name}.{fault.name}",
        f"{name}: {fault.purpose}",
        fault.keyword,
        pointer_to("", name) + fault.pointer,
        expectation,
        values={name: fault.value},
        weight=fault.weight,
    )


def _missing(operation: Operation) -> Iterator[Negative]:
    for name in operation.request.get("required", ()):
        schema: Schema = combinations(operation).schema["properties"][name]
        mark = provenance_of(operation.request, "required", name)
        expectation = refusal(operation, "required", name, schema.get("x-refusals", {}), mark)
        purpose = f"required {name} missing"
        yield Negative(
            f"missing.{name}", purpose, "required", "", expectation,
            remove=frozenset({name}), weight=0,
        )  # fmt: skip


def _unparsable(operation: Operation, name: str, schema: Schema) -> Iterator[Negative]:
    """Text that is no JSON where JSON is documented."""
    if schema.get("x-wire") != "json":
        return
    mark = form_provenance(schema)
    lists = schema.get("type") == "array"
    whole = "[]" if lists else '{"purpose":"x"}'
    for slug, purpose, text, provenance, weight in (
        ("no-json", "no JSON at all", "no json", mark, 0),
        ("cut-off", "JSON cut off", "[{" if lists else '{"purpose":', mark, 1),
        ("trailing", "text after the JSON", f"{whole} x", mark, 2),
        ("single-quotes", "single quotes", "{'purpose':'x'}", "inferred", 2),
        ("trailing-comma", "comma before the end", whole[:-1] + "," + whole[-1], "inferred", 2),
        ("empty", "empty", "", "inferred", 2),
    ):
        expectation = refusal(operation, "x-wire", name, schema.get("x-refusals", {}), provenance)
        yield Negative(
            f"{name}.{slug}", f"{name}: {purpose}", "x-wire", pointer_to("", name), expectation,
            raw=((name, text),), weight=weight,
        )  # fmt: skip


def _couplings(operation: Operation) -> Iterator[Negative]:
    request = combinations(operation).schema
    for given, names in request.get("dependentRequired", {}).items():
        for name in names:
            yield _coupling(
                operation, "dependentRequired", f"{given}-without-{name}", name,
                f"{given} without {name}", include=(given, *names), remove=frozenset({name}),
            )  # fmt: skip
    for keyword in ("oneOf", "anyOf"):
        branches = [set(part.get("required", ())) for part in request.get(keyword, ())]
        members = set().union(*branches) if branches else set()
        if not members:
            continue
        yield _coupling(
            operation, keyword, f"none-of-{'-'.join(sorted(members))}", min(members),
            f"none of {', '.join(sorted(members))}", remove=frozenset(members),
        )  # fmt: skip
        usable = [branch for branch in branches if branch <= generated(operation).keys()]
        if keyword == "oneOf" and len(usable) > 1:
            both = sorted(usable[0] | usable[1])
            values = {name: placed(generated(operation)[name]) for name in both}
            yield _coupling(
                operation, keyword, f"both-{'-'.join(both)}", both[0],
                f"both {' and '.join(both)}", values=values, include=(both[0],),
            )  # fmt: skip
    yield from _conditions(operation, request)


def _coupling(
    operation: Operation,
    keyword: str,
    name: str,
    parameter: str,
    purpose: str,
    *,
    values: Mapping[str, Any] | None = None,
    include: tuple[str, ...] = (),
    remove: frozenset[str] = frozenset(),
) -> Negative:
    schema: Schema = combinations(operation).schema
    expectation = refusal(operation, keyword, parameter, {}, provenance_of(schema, keyword))
    return Negative(
        name, purpose, keyword, "", expectation, values or {}, include, remove, weight=0
    )


def _conditions(operation: Operation, request: Schema) -> Iterator[Negative]:
    """Meet a condition without its consequence."""
    branches = [set(part.get("required", ())) for part in request.get("anyOf", ())]
    for part in request.get("allOf", ()):
        wanted = part.get("then", {}).get("required", ())
        for given, condition in part.get("if", {}).get("properties", {}).items():
            options = [condition["const"]] if "const" in condition else condition.get("enum", [])
            for option in options:
                for name in wanted:
                    if missing_members(request, {given: option}) >= {name}:
                        other = next((b for b in branches if name not in b), set())
                        yield _coupling(
                            operation, "if", f"{given}-{option}-without-{name}", name,
                            f"{given} {option} without {name}", values={given: option},
                            include=(given, *sorted(other)), remove=frozenset({name}),
                        )  # fmt: skip


def _unknown_parameters(operation: Operation) -> Iterator[Negative]:
    if operation.request.get("additionalProperties") is not False:
        return
    mark = provenance_of(operation.request, "additionalProperties")
    known = list(operation.request.get("properties", ()))
    names = {"unknown": "NoSuchParameter"}
    if known:
        names["letter-case"] = known[0][0].lower() + known[0][1:]
    for slug, name in names.items():
        expectation = refusal(operation, "additionalProperties", name, {}, mark)
        yield Negative(
            f"parameter.{slug}", f"unknown parameter {name}", "additionalProperties", "",
            expectation, raw=((name, "x"),), weight=1,
        )  # fmt: skip
