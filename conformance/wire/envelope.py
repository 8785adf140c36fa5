"""Answers of the KMS API read from the wire: success and error, JSON and XML.

Reading never raises: whatever is wrong with the envelope becomes a problem, a text that starts with
one of the names in `PROBLEMS`. Which of them count against an endpoint is for the rules to say.

Sources: KMS API reference, Responses (2021); operation pages of 2025 and later for the XML roots;
the gateway's error form as generic OpenAPI documentation shows it.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from conformance.wire.parameters import JSON, Resolve
from conformance.wire.xml_answers import XmlError, read_xml

Format: TypeAlias = Literal["json", "xml"]

#: Every problem's name and what it means.
PROBLEMS: Mapping[str, str] = {
    "body-empty": "the answer has no body",
    "body-not-utf8": "the body is not UTF-8",
    "body-not-json": "the body is not JSON",
    "body-not-xml": "the body is not well-formed XML, or holds a document type declaration",
    "body-not-object": "the JSON text is not an object",
    "byte-order-mark": "the body starts with a byte order mark",
    "duplicate-member": "a JSON object has a member twice",
    "not-a-number": "JSON with NaN, an infinity or a number too large to read",
    "lone-surrogate": "a JSON string holds half of a surrogate pair",
    "content-type-missing": "no Content-Type",
    "content-type-differs": "Content-Type names another format than the body has",
    "root-unknown": "the XML root element is none of the documented ones",
    "request-id-missing": "no RequestId",
    "request-id-not-text": "RequestId is not a non-empty string",
    "code-missing": "an error without Code",
    "code-not-text": "Code is not a non-empty string",
    "message-missing": "an error without Message",
    "message-not-text": "Message is not a string",
    "http-status-differs": "HttpStatus in the body differs from the status of the answer",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a client reads it.

    Attributes:
        status: HTTP status.
        request_id: None when missing or not text.
        code: The error code, None when missing or not text.
        message: The error message, None when missing or not text.
        data: All members of the body, None when it is no object.
        format: What the body is written in, as far as it can be told.
        problems: What is wrong with the envelope.
    """

    status: int
    request_id: str | None
    code: str | None
    message: str | None = field(repr=False)
    data: dict[str, JSON] | None = field(repr=False)
    format: Format
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300


def parse(
    status: int,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    body: bytes,
    schema: Mapping[str, Any] | None = None,
    *,
    operation: str | None = None,
    resolve: Resolve | None = None,
) -> Answer:
    """Read an answer, whatever its bytes are.

    Args:
        status: HTTP status.
        headers: Response headers.
        body: The bytes after removal of content coding.
        schema: Response schema of the operation; XML has only text, and integers, booleans and
            lists are restored where the schema says so.
        operation: Name behind a root such as ListKeysResponse; None takes any name.
        resolve: Needed when the schema holds ``$ref``.
    """
    problems: list[str] = []
    text = _decode(body, problems)
    content_type = _content_type(headers)
    shape: Format = "xml" if _is_xml(text, content_type) else "json"
    data: dict[str, JSON] | None = None
    if text.strip():
        _check_content_type(content_type, shape, problems)
        if shape == "json":
            data = _read_json(text, problems)
        else:
            restored = schema if 200 <= status < 300 else _ERROR_SCHEMA
            data = _read_xml(text, status, operation, (restored, resolve), problems)
    elif "body-not-utf8" not in problems:
        problems.append("body-empty")
    members = data or {}
    request_id = _text_member(members, "RequestId", "request-id", problems)
    failed = not 200 <= status < 300
    code = _text_member(members, "Code", "code" if failed else None, problems)
    message = _text_member(members, "Message", "message" if failed else None, problems)
    if failed and "HttpStatus" in members and str(members["HttpStatus"]) != str(status):
        problems.append("http-status-differs")
    return Answer(status, request_id, code, message, data, shape, tuple(problems))


_ERROR_SCHEMA: Mapping[str, Any] = {"properties": {"HttpStatus": {"type": "integer"}}}


def _decode(body: bytes, problems: list[str]) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        problems.append("body-not-utf8")
        return ""
    if text.startswith("\ufeff"):
        problems.append("byte-order-mark")
        return text[1:]
    return text


def _content_type(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    items = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in items:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""


def _is_xml(text: str, content_type: str) -> bool:
    stripped = text.lstrip()
    if stripped:
        return stripped.startswith("<")
    return content_type.endswith("xml")


def _check_content_type(content_type: str, shape: Format, problems: list[str]) -> None:
    if not content_type:
        problems.append("content-type-missing")
    elif not content_type.endswith(shape):
        problems.append(f"content-type-differs: {content_type}")


def _read_json(text: str, problems: list[str]) -> dict[str, JSON] | None:
    def members(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            problems.append(f"duplicate-member: {ascii(twice)[1:-1][:80]}")
        return found

    def constant(_: str) -> JSON:
        problems.append("not-a-number")
        return None

    def number(literal: str) -> JSON:
        value = float(literal)
        return value if math.isfinite(value) else constant(literal)

    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_constant=constant, parse_float=number
        )
        if not isinstance(value, dict):
            problems.append("body-not-object")
            return None
        return _without_surrogates(value, problems) if "\\u" in text else value
    except (ValueError, RecursionError):
        problems.append("body-not-json")
        return None


def _without_surrogates(value: dict[str, JSON], problems: list[str]) -> dict[str, JSON]:
    """Replace lone surrogates, which no later step could print or store."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        problems.append("lone-surrogate")
        replaced: dict[str, JSON] = json.loads(text.encode(errors="replace"))
        return replaced
    return value


def _read_xml(
    text: str,
    status: int,
    operation: str | None,
    typing: tuple[Mapping[str, Any] | None, Resolve | None],
    problems: list[str],
) -> dict[str, JSON] | None:
    try:
        root, data = read_xml(text, *typing)
    except XmlError:
        problems.append("body-not-xml")
        return None
    if root not in _roots(status, root, operation):
        problems.append(f"root-unknown: {ascii(root)[1:-1][:80]}")
    return data


def _roots(status: int, root: str, operation: str | None) -> set[str]:
    if not 200 <= status < 300:
        return {"KMS", "Error"}
    if operation is not None:
        return {"KMS", f"{operation}Response"}
    return {"KMS", root if root.endswith("Response") else "KMS"}


def _text_member(
    members: Mapping[str, JSON], name: str, problem: str | None, problems: list[str]
) -> str | None:
    """Return a member that must be text; note what is wrong with it under ``problem``."""
    value = members.get(name)
    is_text = isinstance(value, str) and (value != "" or name == "Message")
    if not is_text and problem is not None:
        problems.append(f"{problem}-not-text" if name in members else f"{problem}-missing")
    return value if isinstance(value, str) and is_text else None
