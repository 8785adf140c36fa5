"""Negatives about references: things that do not exist, and spellings that must not resolve."""

from collections.abc import Iterator
from typing import Any

from conformance.spec.catalogue import Operation
from conformance.spec.compose import generated
from conformance.spec.expectations import Expectation, not_found, not_found_code
from conformance.spec.keywords import Schema, pointer_to
from conformance.spec.negative import Negative
from conformance.spec.placeholders import Resource, described_forms, has_attribute
from conformance.spec.values import EMOJI

#: Odd references tried for every parameter; the others for the first two only.
_ALWAYS_ODD = frozenset({"newline", "blank", "nul", "suffix", "percent"})
_NOWHERE = "kms-conformance-does-not-exist"
_NO_UUID = "00000000-0000-4000-8000-000000000000"


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


def unknown_things(operation: Operation) -> Iterator[Negative]:
    """Refer to things that do not exist, by every form described."""
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
                _unknown(operation, path, agreed=usual or form in described_forms(schema)),
                {name: value}, weight=0,
            )  # fmt: skip
        yield from _unaccepted_forms(name, schema, resource)


def _unknown(operation: Operation, path: str, *, agreed: bool) -> Expectation:
    """Expect that nothing is found; a form that sources disagree on may be refused as such."""
    if agreed:
        return not_found(operation, path)
    return Expectation("refused", "state", (), (), "inferred")


def _unknown_arn(path: str) -> Resource:
    # Region and account are the target's own: only the thing is unknown.
    if path.startswith(("secret", "managed-secret", "instance-secret")):
        return Resource.parse(path).changed("append", "-none")
    return Resource.parse(path).changed("replace-end", "000000000000")


def _unaccepted_forms(name: str, schema: Schema, resource: Resource) -> Iterator[Negative]:
    """A key by its alias where only ids are described; there is a code for it, not a list."""
    if "alias" in schema.get("x-forms", ["alias"]) or not has_attribute(resource.bundle, "alias"):
        return
    lost = not_found_code(resource.path)
    also = () if lost is None else (lost,)
    codes = ("Unsupported.Alias", "InvalidParameter.*", f"Invalid{name}.*", *also)
    expectation = Expectation("refused", "parameter", (), codes, "inferred")
    yield Negative(
        f"{name}.by-alias", f"{name}: by alias, which is not described", "x-forms",
        pointer_to("", name), expectation, {name: Resource.parse(resource.path, "alias")},
    )  # fmt: skip


def odd_references(operation: Operation) -> Iterator[Negative]:
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
