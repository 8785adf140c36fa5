"""Typed, read-only view of the documents in specs/.

Everything that knows an operation, an error or a limit learns it here: requests are generated,
answers validated, the reference endpoint's parameters checked and coverage counted from the same
files. An operation is added by adding a file to specs/kms-api.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import specs

Json = Any
Category = Literal["management", "cryptographic", "secret-retrieval"]
Provenance = Literal["documented", "observed", "inferred"]
Safety = Literal["read-only", "creates", "schedules-deletion", "destructive"]


@dataclass(frozen=True, slots=True)
class KnownError:
    """One error code of the catalogue, specs/errors.json.

    Attributes:
        code: As on the wire; `<ParameterName>` stands for the name of a parameter.
        status: HTTP status, None where no document names it.
        stage: What refuses the request.
        when: One sentence.
        retryable: Whether the same call may succeed later, None where not known.
        scope: Who answers it: "kms", "openapi-gateway" or "instance-api".
        provenance: Of code and status.
        source: Where it is stated.
    """

    code: str
    status: int | None
    stage: str
    when: str
    retryable: bool | None
    scope: str
    provenance: Provenance
    source: str


@dataclass(frozen=True, slots=True)
class PromisedError:
    """One error an operation promises.

    Status, stage and meaning come from the catalogue unless the operation's file says more; that
    the operation answers it, and where that is stated, comes from its file.
    """

    code: str
    status: int | None
    stage: str
    when: str
    provenance: Provenance
    source: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A documented limit; an absent bound is None. The unit is that of specs/limits.json."""

    min: int | None
    max: int | None
    default: int | None
    unit: str


@dataclass(frozen=True)
class Operation:
    """One operation of KMS API, as its file in specs/kms-api states it."""

    name: str
    document: Mapping[str, Json]
    registry: Registry[Json] = field(repr=False)
    known_errors: "ErrorCatalogue" = field(repr=False)

    @property
    def category(self) -> Category:
        """Kind of operation: management, cryptographic or secret-retrieval."""
        return self.document["category"]  # type: ignore[no-any-return]

    @property
    def resource(self) -> str:
        """What the operation is about: key, alias, secret, tag, instance ..."""
        return self.document["resource"]  # type: ignore[no-any-return]

    @property
    def gateways(self) -> tuple[str, ...]:
        """Gateways that offer the operation: shared, dedicated."""
        return tuple(self.document["gateways"])

    @property
    def methods(self) -> tuple[str, ...]:
        """HTTP methods the operation may be called with."""
        return tuple(self.document["methods"])

    @property
    def safety(self) -> Safety:
        """What calling it may do to a target."""
        return self.document["safety"]  # type: ignore[no-any-return]

    @property
    def billable(self) -> bool:
        """Whether a successful call itself may start charges."""
        return bool(self.document["billable"])

    @property
    def request(self) -> Mapping[str, Json]:
        """JSON Schema of the request parameters (logical values; `x-wire` tells their encoding)."""
        return self.document["request"]  # type: ignore[no-any-return]

    @property
    def response(self) -> Mapping[str, Json]:
        """JSON Schema of a successful answer."""
        return self.document["response"]  # type: ignore[no-any-return]

    @property
    def effects(self) -> Mapping[str, list[str]]:
        """Resources that a successful call creates, changes and deletes."""
        return self.document["effects"]  # type: ignore[no-any-return]

    @property
    def paging(self) -> Mapping[str, Json] | None:
        """Style of paging and the path of the list, or None."""
        return self.document["paging"]  # type: ignore[no-any-return]

    @property
    def ram_actions(self) -> tuple[str, ...]:
        """RAM actions a caller needs."""
        return tuple(self.document["ram"]["actions"])

    @property
    def summary(self) -> str:
        """What it does, in one or two sentences."""
        return self.document["summary"]  # type: ignore[no-any-return]

    @cached_property
    def own_errors(self) -> tuple[PromisedError, ...]:
        """Errors that its file names."""
        return tuple(self.known_errors.promised(error) for error in self.document["errors"])

    @cached_property
    def errors(self) -> tuple[PromisedError, ...]:
        """Errors the operation promises, those that every operation may answer included."""
        own = {error.code for error in self.own_errors}
        shared = self.known_errors.shared(dry_run="DryRun" in self.request["properties"])
        return (*self.own_errors, *(error for error in shared if error.code not in own))

    @property
    def examples(self) -> Mapping[str, list[Json]]:
        """Valid requests and answers."""
        return self.document["examples"]  # type: ignore[no-any-return]

    @cached_property
    def response_validator(self) -> Validator:
        """Judge of the parsed JSON of a successful answer."""
        return Draft202012Validator(self.response, registry=self.registry)


@dataclass(frozen=True)
class ErrorCatalogue:
    """specs/errors.json: codes of KMS API and the gateway before it, and of KMS Instance API."""

    document: Mapping[str, Json]

    @cached_property
    def kms_api(self) -> Mapping[str, KnownError]:
        """Codes of KMS API and of the OpenAPI gateway."""
        return self._side(instance_api=False)

    @cached_property
    def instance_api(self) -> Mapping[str, KnownError]:
        """Codes of KMS Instance API."""
        return self._side(instance_api=True)

    def promised(self, entry: Mapping[str, Json]) -> PromisedError:
        """Return an operation's error entry completed from the catalogue."""
        known = self.kms_api[entry["code"]]
        return PromisedError(
            known.code,
            known.status,
            entry.get("stage", known.stage),
            entry.get("when", known.when),
            entry["provenance"],
            entry["source"],
        )

    def shared(self, *, dry_run: bool) -> tuple[PromisedError, ...]:
        """Return the errors that every operation, or every one with DryRun, may answer."""
        codes = [
            *self.document["everyOperation"],
            *(self.document["withDryRun"] if dry_run else ()),
        ]
        found = (self.kms_api[code] for code in codes)
        return tuple(
            PromisedError(e.code, e.status, e.stage, e.when, e.provenance, e.source) for e in found
        )

    def _side(self, *, instance_api: bool) -> Mapping[str, KnownError]:
        members = KnownError.__slots__
        return MappingProxyType(
            {
                entry["code"]: KnownError(**{name: entry[name] for name in members})
                for entry in self.document["errors"]
                if (entry["scope"] == "instance-api") is instance_api
            }
        )


#: Keywords that carry the lower and the upper bound of each kind of limit.
_BOUNDS: Mapping[str, tuple[str | None, str]] = {
    "value": ("minimum", "maximum"),
    "length": ("minLength", "maxLength"),
    "items": ("minItems", "maxItems"),
    "members": (None, "maxProperties"),
    "bytes": (None, "x-max-bytes"),
    "json-length": (None, "x-max-json-length"),
}


@dataclass(frozen=True)
class Catalogue:
    """All spec documents, loaded once."""

    documents: Mapping[str, Json]
    operations: Mapping[str, Operation]
    registry: Registry[Json] = field(repr=False)
    errors: ErrorCatalogue = field(repr=False)

    def document(self, name: str) -> Json:
        """Return a document of specs/ by its path without suffix, e.g. "errors" or "key-states"."""
        return self.documents[name]

    def limit(self, identifier: str) -> Limit:
        """Return a limit of specs/limits.json, its numbers looked up where a schema carries them.

        Raises:
            KeyError: When there is no such limit.
        """
        entries = {entry["id"]: entry for entry in self.documents["limits"]["limits"]}
        entry = entries[identifier]
        if "where" not in entry:
            return Limit(entry.get("min"), entry.get("max"), entry.get("default"), entry["unit"])
        schema = self.constraint(entry["where"][0])
        low, high = _BOUNDS[entry["keyword"]]
        least = schema.get(low) if low else None
        return Limit(least, schema.get(high), schema.get("default"), entry["unit"])

    def constraint(self, path: str) -> Mapping[str, Json]:
        """Return the schema at `Operation.Parameter...` or `definitions.Name...`, refs followed."""
        owner, name, *members = path.split(".")
        if owner == "definitions":
            schema = self.documents["definitions"]["$defs"][name]
        else:
            schema = self.operations[owner].request["properties"][name]
        schema = self._followed(schema)
        for member in members:
            schema = self._followed(schema["properties"][member])
        return schema

    def _followed(self, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        merged: dict[str, Json] = dict(schema)
        while "$ref" in merged:
            name = merged.pop("$ref").rpartition("/")[2]
            merged = {**self.documents["definitions"]["$defs"][name], **merged}
        return merged

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations.values())


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Json]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".json"):
            name = prefix + entry.name.removesuffix(".json")
            yield name, json.loads(entry.read_text(encoding="utf-8"))


@cache
def catalogue() -> Catalogue:
    """Load specs/ once per process."""
    documents = dict(_walk(specs.root()))
    resources = [
        (document["$id"], Resource.from_contents(document, default_specification=DRAFT202012))
        for document in documents.values()
        if isinstance(document, dict) and "$id" in document
    ]
    registry: Registry[Json] = Registry().with_resources(resources)
    errors = ErrorCatalogue(documents["errors"])
    operations = {
        document["operation"]: Operation(document["operation"], document, registry, errors)
        for name, document in documents.items()
        if name.startswith("kms-api/")
    }
    return Catalogue(
        MappingProxyType(documents),
        MappingProxyType(dict(sorted(operations.items()))),
        registry,
        errors,
    )


def resolve(reference: str) -> Mapping[str, Any]:
    """Return the schema that a ``$ref`` of specs/ stands for; without a file it is a definition."""
    if reference.startswith("#"):
        reference = f"kms:definitions{reference}"
    contents: Mapping[str, Any] = catalogue().registry.resolver().lookup(reference).contents
    return contents
