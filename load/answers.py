"""Reads answers, so that those of all APIs can be judged alike: as members named by KMS API."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Protocol

from conformance.spec import catalogue, resolve
from conformance.spec.instance import instance_api
from conformance.wire.failures import WireError
from load.corpus import Case
from load.scenarios import calls_of

Answer = Mapping[str, Any]
Read = tuple[Answer | None, str]

_TYPES: Mapping[Any, type] = {"string": str, "boolean": bool, "integer": int, "object": dict}
_ANY = (str, bool, int, dict, list)


class Answers(Protocol):
    """Reads the answers to one case."""

    def read(self, body: bytes) -> Read:
        """Return the members of a success, and what is wrong with their shape; empty when right."""

    def code(self, body: bytes) -> str:
        """Return the code of a refusal, empty when it has none."""


def answers_of(case: Case) -> Answers:
    """Return what reads the answers to a case."""
    if case.api == "instance":
        return InstanceAnswers(calls_of("instance")[case.operation])
    if case.api == "agent":
        return AgentAnswers(case.expect["shape"])
    return KmsAnswers(case.operation)


class KmsAnswers:
    """JSON of KMS API."""

    def __init__(self, operation: str) -> None:
        self._members = _promised(operation)

    def read(self, body: bytes) -> Read:
        """Return the members of a success, and what is wrong with their shape."""
        answer = _json(body)
        if answer is None:
            return None, "the body is not a JSON object"
        for name, kind in self._members:
            value = answer.get(name)
            if not isinstance(value, kind) or value == "":
                return answer, f"{name} is missing or not of its type"
        return answer, ""

    def code(self, body: bytes) -> str:
        """Return the code of a refusal."""
        return str((_json(body) or {}).get("Code", ""))


class InstanceAnswers:
    """Messages of KMS Instance API; bytes are given in base64, as KMS API gives them.

    The fields as they came stand under ``Call``, for the call that puts them to the test.
    """

    def __init__(self, call: str) -> None:
        operation = instance_api().operations[call]
        self._message = operation.response_message
        self._needed = [
            name for name, field in operation.response.items() if field["present"] == "always"
        ]

    def read(self, body: bytes) -> Read:
        """Return the fields of a success, and which of those that are always there is missing."""
        try:
            fields = instance_api().codec.decode(self._message, body)
        except WireError:
            return None, f"the body is no {self._message}"
        answer: dict[str, Any] = {
            name: b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in fields.items()
        }
        if "Signature" in answer:
            answer["Value"] = answer["Signature"]
        answer["Call"] = fields
        missing = next((name for name in self._needed if not fields[name]), None)
        return answer, f"{missing} is missing" if missing else ""

    def code(self, body: bytes) -> str:
        """Return the code of a refusal."""
        try:
            return str(instance_api().codec.decode("Error", body)["ErrorCode"])
        except WireError:
            return ""


class AgentAnswers:
    """JSON of KMS Agent, in the shape that it is set to.

    Args:
        shape: ResponseType of the agent.
    """

    def __init__(self, shape: int) -> None:
        members = catalogue().document(f"agent/response-type-{shape}")["members"]
        self._places = {
            name: members[kind]
            for name, kind in (
                ("SecretName", "name"),
                ("VersionId", "version"),
                ("SecretData", "text"),
            )
            if members[kind]
        }

    def read(self, body: bytes) -> Read:
        """Return name, version and value of the secret, and which of them is missing."""
        document = _json(body)
        if document is None:
            return None, "the body is not a JSON object"
        answer = {}
        for name, pointers in self._places.items():
            found = [text for pointer in pointers if (text := _text_at(document, pointer))]
            if not found:
                return document, f"{name} is missing or not of its type"
            answer[name] = found[0]
        return answer, ""

    def code(self, body: bytes) -> str:
        """Return the code of a refusal, which an agent need not give."""
        return str((_json(body) or {}).get("Code", ""))


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text_at(document: Any, pointer: str) -> str | None:
    for name in pointer.split("/")[1:]:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, str) else None


def _promised(operation: str) -> list[tuple[str, type | tuple[type, ...]]]:
    """Return the members that the operation's spec promises, with their types."""
    response = catalogue().operations[operation].response
    found: list[tuple[str, type | tuple[type, ...]]] = []
    for name in response["required"]:
        schema: Mapping[str, Any] = response["properties"][name]
        while "$ref" in schema:
            schema = resolve(schema["$ref"])
        found.append((name, _TYPES.get(schema.get("type"), _ANY)))
    return found
