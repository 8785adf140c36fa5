"""What an application asks an agent, and what it is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.agent.cache import Key


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived.

    Attributes:
        method: As sent.
        path: As sent, percent signs and all.
        query: As sent, without the question mark.
        headers: By name in lower case.
        body: As sent.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Lookup:
    """The secret that is asked for.

    Attributes:
        name: Of the secret.
        version: Version id, None for that of the stage.
        stage: None for the current one.
        refresh: Ask KMS whatever the cache holds.
    """

    name: str
    version: str | None = None
    stage: str | None = None
    refresh: bool = False

    @property
    def key(self) -> Key:
        """Where the cache keeps it."""
        return (self.name, self.version, self.stage)

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of GetSecretValue."""
        named = {"SecretName": self.name, "VersionId": self.version, "VersionStage": self.stage}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_text(cls, status: int, text: str) -> "Reply":
        """Return an answer in plain text."""
        return cls(status, text.encode(), "text/plain; charset=utf-8")

    @classmethod
    def of_json(cls, status: int, document: Mapping[str, Any]) -> "Reply":
        """Return an answer in JSON."""
        return cls(status, json.dumps(document, ensure_ascii=False).encode())


class Refused(Exception):  # noqa: N818 - an answer, no error of the agent
    """A request that is answered at once.

    Attributes:
        reply: The answer.
        why: For the log.
    """

    def __init__(self, reply: Reply, why: str) -> None:
        super().__init__(why)
        self.reply = reply
        self.why = why
