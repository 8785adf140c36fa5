"""Which valid values go together: the view of specs/combinations.json.

The request schema of an operation says what each parameter may hold; some combinations are refused
all the same, with good reason, because of things the schema cannot see. Valid requests are kept to
what `combinations.json` says; refused requests never come from it.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from conformance.spec.catalogue import Json, Operation, catalogue
from conformance.spec.judge import meets
from conformance.spec.keywords import (
    Schema,
    SchemaError,
    expand,
    reference_resolver,
    request_schema,
)
from conformance.spec.placeholders import Resource, map_resources

#: Bundles whose things change when an operation changes or deletes something of a kind.
_CHANGED_BUNDLES: Mapping[str, frozenset[str]] = {
    "access-point": frozenset({"access-point"}),
    "access-policy": frozenset({"access-policy"}),
    "alias": frozenset({"alias"}),
    "client-key": frozenset({"client-key"}),
    "instance": frozenset({"instance"}),
    "key": frozenset(
        {"symmetric-key", "rotatable-key", "external-key", "key-pending-deletion", "import"}
    ),
    "key-material": frozenset({"external-key", "import"}),
    "key-policy": frozenset({"instance-key"}),
    "key-version": frozenset({"rotatable-key"}),
    "network-rule": frozenset({"network-rule"}),
    "secret": frozenset({"secret", "managed-secret", "secret-in-window"}),
    "secret-policy": frozenset({"instance-secret"}),
    "secret-version": frozenset({"secret", "managed-secret"}),
    "tag": frozenset({"symmetric-key", "secret", "taggable"}),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A valid request given as data."""

    name: str
    purpose: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Combinations:
    """What is known about the valid requests of one operation.

    Attributes:
        schema: The request schema with realistic examples and places of real things added.
        together: Schemas that every valid request satisfies beside it.
        requests: Valid requests that cannot be formed from the two.
        fresh: Bundles of which each successful request needs a thing of its own.
        needs: Parameters whose values a target must offer, and the kind of offer.
    """

    schema: Schema
    together: tuple[Schema, ...]
    requests: tuple[Request, ...]
    fresh: frozenset[str]
    needs: Mapping[str, str]
    unproven: Mapping[str, Any]

    def allow(self, params: Mapping[str, Json]) -> bool:
        """Tell whether a valid request may be expected to succeed."""
        return all(meets(part, dict(params)) for part in self.together)

    def is_unproven(self, params: Mapping[str, Json]) -> bool:
        """Tell whether success depends on what no source settles."""
        for name, values in self.unproven.items():
            if name in params and (isinstance(values, str) or params[name] in values):
                return True
        return False


def mark_fresh(operation: Operation, params: Mapping[str, Any]) -> dict[str, Any]:
    """Mark the things that a successful request uses up, so that each request gets its own."""
    used = combinations(operation).fresh

    def mark(resource: Resource) -> Resource:
        return replace(resource, fresh=resource.bundle in used or resource.is_new)

    marked: dict[str, Any] = map_resources(params, mark)
    return marked


def combinations(operation: Operation) -> Combinations:
    """Return what is known about the valid requests of an operation."""
    return _load(operation.name)


@cache
def _load(name: str) -> Combinations:
    operation = catalogue().operations[name]
    document = catalogue().document("combinations")
    own = document["operations"].get(name, {})
    schema = copy.deepcopy(request_schema(operation))
    for path, marks in document["everywhere"].items():
        for place in _places(schema, path):
            place.update(marks)
    for path, marks in own.get("annotate", {}).items():
        places = list(_places(schema, path))
        if not places:
            raise SchemaError(f"combinations.json: {name} has no parameter {path}")
        for place in places:
            place.update(marks)
    for part in schema.get("properties", {}).values():
        if "x-filter-keys" in part:
            part["items"]["examples"] = list(_filters(part["x-filter-keys"]))
    resolve = reference_resolver(operation)
    return Combinations(
        schema,
        tuple(expand_condition(part, resolve, name) for part in own.get("together", ())),
        tuple(
            Request(item["name"], item["purpose"], _read(item["params"]))
            for item in own.get("requests", ())
        ),
        frozenset(own.get("fresh", ())) | _changed(operation),
        own.get("needs", {}),
        own.get("unproven", {}),
    )


def expand_condition(part: Schema, resolve: Any, name: str) -> Schema:
    """Check a condition against the subset of keywords."""
    return expand(part, resolve, f"combinations.json: {name}")


def _places(schema: Schema, path: str) -> Iterator[dict[str, Any]]:
    """Yield the subschema at a path such as `Tags[].TagKey` or `EncryptionContext.*`."""
    node: Any = schema
    for part in path.replace("[]", ".[]").split("."):
        key = {"[]": "items", "*": "additionalProperties"}.get(part)
        node = node.get(key) if key is not None else node.get("properties", {}).get(part)
        if not isinstance(node, dict):
            return
    yield node


def _filters(keys: Mapping[str, list[str] | None]) -> Iterator[dict[str, Json]]:
    """Yield filters whose key and values are documented.

    Keys in lower case are left out: the other spelling is just as likely.
    """
    for key, values in keys.items():
        if values:
            yield {"Key": key, "Values": values[:1]}
            if len(values) > 1:
                yield {"Key": key, "Values": values}
        elif key[0].isupper() and not key.endswith("Id"):
            yield {"Key": key, "Values": ["conformance"]}


def _read(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
        return Resource.parse(value[1:-1])
    if isinstance(value, dict):
        return {key: _read(part) for key, part in value.items()}
    return [_read(part) for part in value] if isinstance(value, list) else value


def _changed(operation: Operation) -> frozenset[str]:
    kinds = {*operation.effects["changes"], *operation.effects["deletes"]}
    if "secret-version" in operation.effects["creates"]:
        kinds.add("secret-version")
    return frozenset().union(*(_CHANGED_BUNDLES.get(kind, frozenset()) for kind in kinds))
