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
class PromisedError:
    """One error an operation promises: code, HTTP status (None where unknown) and stage."""

    code: str
    status: int | None
    stage: str
    when: str
    provenance: Provenance
    source: str


@dataclass(frozen=True)
class Operation:
    """One operation of KMS API, as its file in specs/kms-api states it."""

    name: str
    document: Mapping[str, Json]
    registry: Registry[Json] = field(repr=False)

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

    @cached_property
    def errors(self) -> tuple[PromisedError, ...]:
        """Errors the operation promises."""
        return tuple(PromisedError(**error) for error in self.document["errors"])

    @property
    def examples(self) -> Mapping[str, list[Json]]:
        """Valid requests and answers."""
        return self.document["examples"]  # type: ignore[no-any-return]

    @cached_property
    def request_validator(self) -> Validator:
        """Judge of logical request parameters."""
        return Draft202012Validator(self.request, registry=self.registry)

    @cached_property
    def response_validator(self) -> Validator:
        """Judge of the parsed JSON of a successful answer."""
        return Draft202012Validator(self.response, registry=self.registry)


@dataclass(frozen=True)
class Catalogue:
    """All spec documents, loaded once."""

    documents: Mapping[str, Json]
    operations: Mapping[str, Operation]
    registry: Registry[Json] = field(repr=False)

    def document(self, name: str) -> Json:
        """Return a document of specs/ by its path without suffix, e.g. "errors" or "key-states"."""
        return self.documents[name]

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
    operations = {
        document["operation"]: Operation(document["operation"], document, registry)
        for name, document in documents.items()
        if name.startswith("kms-api/")
    }
    return Catalogue(
        MappingProxyType(documents), MappingProxyType(dict(sorted(operations.items()))), registry
    )
