"""Refused requests: each valid in all respects but one, with the answer that must come.

A negative changes a valid request: it sets parameters, removes some, or replaces the wire pairs of
one, and then exactly one constraint is broken, which is checked here with the judge before the
negative is handed out. References to things that do not exist are negatives too: valid by schema,
refused by state.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from conformance.spec.boundaries import placed
from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.combinations import combinations
from conformance.spec.compose import Params, compose, generated, plausible
from conformance.spec.expectations import (
    Expectation,
    codes_of_unusable,
    not_found,
    not_found_code,
    refusal,
)
from conformance.spec.faults import Fault, faults, form_provenance
from conformance.spec.judge import Violation, violations
from conformance.spec.keywords import Schema, pointer_to, provenance_of, reference_resolver
from conformance.spec.placeholders import Resource
from conformance.spec.strategies import missing_members
from conformance.spec.values import EMOJI
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
#: Odd references tried for every parameter; the others for the first two only.
_ALWAYS_ODD = frozenset({"newline", "blank", "nul", "suffix", "percent"})
_NOWHERE = "kms-conformance-does-not-exist"
_NO_UUID = "00000000-0000-4000-8000-000000000000"


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
    yield from _unknown_things(operation)
    for name, schema in generated(operation).items():
        for fault in faults(schema, as_json=schema.get("x-wire") in {"json", "dotted"}):
            yield _of_fault(operation, name, schema, fault)
        yield from _unparsable(operation, name, schema)
    yield from _couplings(operation)
    yield from _unknown_parameters(operation)
    yield from _odd_references(operation)


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


def _references(operation: Operation) -> Iterator[tuple[str, Schema, Resource]]:
    """Yield the parameters that name one existing thing."""
    for name, schema in generated(operation).items():
        reference = schema.get("x-resource", "")
        if schema.get("type") != "string" or not reference or "enum" in schema:
            continue
        resource = Resource.parse(reference)
        if not resource.is_new and resource.attribute in {"id", "name", "version", "arn", "stage"}:
            yield name, schema, resource


def _nonexistent(resource: Resource) -> str:
    match resource.bundle, resource.attribute:
        case "region", _:
            return "cn-nowhere-9"
        case "instance", _:
            return "kst-kmsconformancenowhere0"
        case "client-key", _:
            return f"KAAP.{_NO_UUID}"
        case "alias", "name":
            return f"alias/{_NOWHERE}"
        case "secret", "version" | "stage":
            return _NOWHERE
        case _, "alias":
            return f"alias/{_NOWHERE}"
        case _, "id" | "version":
            return _NO_UUID
        case _:
            return _NOWHERE


def _unknown_things(operation: Operation) -> Iterator[Negative]:
    for name, schema, resource in _references(operation):
        forms = schema.get("x-forms", [resource.attribute])
        for form in forms:
            usual = form == forms[0]
            path = resource.path if usual else f"{resource.bundle}.{form}"
            value: Any = _nonexistent(Resource.parse(path))
            if path.endswith(".arn") and resource.attribute != "arn":
                value = _unknown_arn(path)
            elif path.endswith(".arn"):
                value = _unknown_arn(resource.path)
            yield Negative(
                f"{name}.nonexistent" + ("" if usual else f"-{form}"),
                f"{name}: nothing has this {form}", "x-resource", pointer_to("", name),
                not_found(operation, path), {name: value}, weight=0,
            )  # fmt: skip
        yield from _unaccepted_forms(name, schema, resource)


def _unknown_arn(path: str) -> Resource:
    # Region and account are the target's own: only the thing is unknown.
    if path.startswith(("secret", "managed-secret", "instance-secret")):
        return Resource.parse(path).changed("append", "-none")
    return Resource.parse(path).changed("replace-end", "000000000000")


def _unaccepted_forms(name: str, schema: Schema, resource: Resource) -> Iterator[Negative]:
    """A real thing by a form that the operation is not described with."""
    if "x-forms" not in schema or resource.attribute != "id":
        return
    for form in ("alias", "arn"):
        if form in schema["x-forms"]:
            continue
        lost = not_found_code(resource.path)
        codes = ("InvalidParameter.*", f"Invalid{name}.*", *(() if lost is None else (lost,)))
        if form == "alias":
            codes = ("Unsupported.Alias", *codes)
        expectation = Expectation("refused", "parameter", (), codes, "inferred")
        yield Negative(
            f"{name}.by-{form}", f"{name}: by {form}, which is not described", "x-forms",
            pointer_to("", name), expectation, {name: Resource.parse(resource.path, form)},
        )  # fmt: skip


def _odd_references(operation: Operation) -> Iterator[Negative]:
    """References that only sloppy reading resolves, or that must not be interpreted at all."""
    for place, (name, _, resource) in enumerate(_references(operation)):
        if resource.bundle == "region":
            continue
        real = Resource.parse(resource.path)
        for slug, purpose, value in (
            ("newline", "the real one with a newline", real.changed("append", "\n")),
            ("blank", "the real one after a blank", real.changed("prepend", " ")),
            ("nul", "the real one with a NUL", real.changed("append", "\0")),
            ("suffix", "the real one and more", real.changed("append", "x")),
            ("comma", "two in one", real.changed("append", f",{_NOWHERE}")),
            ("wildcard", "a wildcard", "*"),
            ("percent", "percent sign, not to be decoded twice", "no%41thing%00"),
            ("path", "path to elsewhere", "../../etc/passwd"),
            ("quote", "quotation marks", "' OR '1'='1"),
            ("template", "template expression", "${jndi:ldap://127.0.0.1/x}"),
            ("json", "JSON", '{"$ne":null}'),
            ("emoji", "four-byte characters", EMOJI * 8),
            ("cjk", "three-byte characters", "密钥"),
            ("long", "4,000 characters", "a" * 4000),
        ):
            if place > 1 and slug not in _ALWAYS_ODD:
                continue
            expectation = Expectation("refused", "state", (), (), "inferred")
            if slug == "suffix" and resource.attribute == "name":
                expectation = not_found(operation, resource.path)  # a name like any other
            yield Negative(
                f"{name}.odd-{slug}", f"{name}: {purpose}", "x-resource", pointer_to("", name),
                expectation, {name: value}, weight=3,
            )  # fmt: skip


def found_violations(operation: Operation, params: Params, negative: Negative) -> list[Violation]:
    """Return what the judge finds in a request with the fault put in, for messages of tests."""
    arrived = arrives(operation, negative.apply(params), negative.raw)
    return [] if arrived is None else violations(operation, arrived)
