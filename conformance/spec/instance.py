"""KMS Instance API as specs/instance-api states it: operations, messages, transport."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from conformance.spec.catalogue import KnownError, Provenance, catalogue
from conformance.wire.protobuf import Field, MessageCodec

_FOLDER = "instance-api/"
_TRANSPORT = f"{_FOLDER}transport"


@dataclass(frozen=True, slots=True)
class InstanceError:
    """One way in which a call is refused.

    Attributes:
        kind: Name in transport.json.
        code: Error code.
        status: HTTP status of the code.
        message: Wording; ``{value}`` stands for what the request named.
        provenance: Of code and message.
        status_provenance: Of the status in this case.
        matched: Whether official clients compare the message.
        when: One sentence.
        source: Where it is stated.
    """

    kind: str
    code: str
    status: int | None
    message: str
    provenance: Provenance
    status_provenance: Provenance
    matched: bool
    when: str
    source: str


@dataclass(frozen=True)
class InstanceOperation:
    """One operation, as its file states it."""

    name: str
    document: Mapping[str, Any]

    @property
    def documented(self) -> bool:
        """Whether a page describes it."""
        return bool(self.document["documented"])

    @property
    def category(self) -> str:
        """Kind of operation: cryptographic or secret-retrieval."""
        return str(self.document["category"])

    @property
    def summary(self) -> str:
        """What it does."""
        return str(self.document["summary"])

    @property
    def request_message(self) -> str:
        """Name of the request message."""
        return f"{self.name}Request"

    @property
    def response_message(self) -> str:
        """Name of the message of a success."""
        return f"{self.name}Response"

    @cached_property
    def request(self) -> Mapping[str, Mapping[str, Any]]:
        """Fields of the request by name, with their constraints."""
        return MappingProxyType({field["name"]: field for field in self.document["request"]})

    @cached_property
    def response(self) -> Mapping[str, Mapping[str, Any]]:
        """Fields of a success by name."""
        return MappingProxyType({field["name"]: field for field in self.document["response"]})

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of keys that it takes: symmetric, asymmetric, hmac; empty where it takes none."""
        return tuple(self.document.get("keys", {}).get("kinds", ()))

    @property
    def usage(self) -> str | None:
        """Usage that its key must have, None for any."""
        usage: str | None = self.document.get("keys", {}).get("usage")
        return usage

    @property
    def key_version(self) -> str | None:
        """Version of the key that it uses: initial, primary, named-in-blob; None for others."""
        version: str | None = self.document.get("keyVersion")
        return version

    def secrets(self, side: str) -> tuple[str, ...]:
        """Return the names of the fields that are never recorded, of "request" or "response"."""
        return tuple(field["name"] for field in self.document[side] if field.get("secret"))


@dataclass(frozen=True)
class InstanceApi:
    """All of specs/instance-api."""

    operations: Mapping[str, InstanceOperation]
    transport: Mapping[str, Any]
    errors: Mapping[str, InstanceError]
    codec: MessageCodec

    def __iter__(self) -> Iterator[InstanceOperation]:
        return iter(self.operations.values())

    def encode(self, operation: str, values: Mapping[str, Any]) -> bytes:
        """Write a request."""
        return self.codec.encode(f"{operation}Request", values)

    def symmetric(self, spec: str) -> Mapping[str, Any] | None:
        """Return what a symmetric key spec encrypts with, None for other specs."""
        rows = self.transport["symmetricAlgorithms"]
        return next((row for row in rows if spec in row["specs"]), None)


def _fields(rows: list[Mapping[str, Any]]) -> tuple[Field, ...]:
    return tuple(
        Field(row["name"], row["number"], row["type"], bool(row.get("repeated"))) for row in rows
    )


def _error(row: Mapping[str, Any], known: Mapping[str, KnownError]) -> InstanceError:
    return InstanceError(
        row["kind"],
        row["code"],
        known[row["code"]].status,
        row["message"],
        row["provenance"],
        row.get("statusProvenance", known[row["code"]].provenance),
        row["matched"],
        row["when"],
        row["source"],
    )


@cache
def instance_api() -> InstanceApi:
    """Load specs/instance-api once per process."""
    specs = catalogue()
    operations = {
        document["operation"]: InstanceOperation(document["operation"], document)
        for name, document in specs.documents.items()
        if name.startswith(_FOLDER) and name != _TRANSPORT
    }
    transport = specs.document(_TRANSPORT)
    messages = {name: _fields(row["fields"]) for name, row in transport["messages"].items()}
    for operation in operations.values():
        messages[operation.request_message] = _fields(operation.document["request"])
        messages[operation.response_message] = _fields(operation.document["response"])
    known = specs.errors.instance_api
    return InstanceApi(
        MappingProxyType(dict(sorted(operations.items()))),
        transport,
        MappingProxyType({row["kind"]: _error(row, known) for row in transport["errors"]}),
        MessageCodec(messages),
    )
