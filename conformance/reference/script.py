"""Answers by script: exactly these bytes, this late, in these pieces, or none at all.

A script is a queue of steps. A step takes the next requests for its action (or for any), as often
as `times` says, and then makes room for the next one. Requests that no step takes are answered as
ever.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]


class ScriptError(ValueError):
    """A step that cannot be read; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How to answer.

    Attributes:
        status: HTTP status.
        headers: As they are to stand on the wire; Content-Length is added where no header frames
            the body.
        body: Bytes of the body.
        raw: Instead of all these: the bytes of the whole answer, status line included.
        delay: Seconds before anything is sent.
        drip: Seconds between single bytes, None to send all at once.
        cut: Send that many bytes of the answer, then close.
        reset: Reset the connection (TCP RST) instead of an answer, or after the bytes of `cut`.
        hang: Never answer; the connection stays until the client gives up.
        proceed: After the delay answer as ever.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    raw: bytes | None = field(default=None, repr=False)
    delay: float = 0.0
    drip: float | None = None
    cut: int | None = None
    reset: bool = False
    hang: bool = False
    proceed: bool = False

    def wire_bytes(self) -> bytes:
        """Return the whole answer as it is to stand on the wire."""
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} Scripted"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        names = {name.lower() for name, _ in self.headers}
        if names.isdisjoint({"content-length", "transfer-encoding"}):
            lines.append(f"content-length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass(slots=True)
class Step:
    """One step: which requests it takes and how it answers them.

    Attributes:
        reply: The answer.
        action: Operation it waits for, None for any request.
        times: How many requests it takes, None for all from now on.
        after: How many matching requests to let pass first.
    """

    reply: Reply
    action: str | None = None
    times: int | None = 1
    after: int = 0

    def view(self) -> dict[str, Any]:
        """Return what is left of the step."""
        return {
            "action": self.action,
            "times": self.times,
            "after": self.after,
            "status": self.reply.status,
        }


_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "status": int,
    "headers": list,
    "body": str,
    "body_base64": str,
    "raw_base64": str,
    "delay": (int, float),
    "drip": (int, float),
    "cut": int,
    "reset": bool,
    "hang": bool,
    "proceed": bool,
    "action": str,
    "times": int,
    "after": int,
}


def read_step(document: Any) -> Step:
    """Read a step from JSON.

    ``{"status": 503, "body": "...", "delay": 0.2, "action": "GetSecretValue", "times": 2}``; times
    0 is for ever, headers are ``[[name, value]]``, bytes are in ``body_base64`` or ``raw_base64``.

    Raises:
        ScriptError: When it cannot be read.
    """
    if not isinstance(document, dict):
        raise ScriptError("a step is a JSON object")
    for name, value in document.items():
        if name not in _FIELDS:
            raise ScriptError(f"unknown member {name!r}; known: {', '.join(sorted(_FIELDS))}")
        if not isinstance(value, _FIELDS[name]):
            raise ScriptError(f"{name} has the wrong type")
    reply = Reply(
        status=_status(document.get("status", 200)),
        headers=_headers(document.get("headers", [])),
        body=_bytes(document, "body_base64", document.get("body", "").encode()),
        raw=_bytes(document, "raw_base64", b"") if "raw_base64" in document else None,
        delay=_seconds(document, "delay") or 0.0,
        drip=_seconds(document, "drip"),
        cut=document.get("cut"),
        reset=document.get("reset", False),
        hang=document.get("hang", False),
        proceed=document.get("proceed", False),
    )
    times = document.get("times", 1)
    return Step(reply, document.get("action"), times or None, document.get("after", 0))


def _status(status: int) -> int:
    if not 100 <= status <= 999:
        raise ScriptError("status has three digits")
    return status


def _seconds(document: Mapping[str, Any], name: str) -> float | None:
    if name not in document:
        return None
    value = float(document[name])
    if not 0 <= value <= 3600:
        raise ScriptError(f"{name} is a number of seconds up to 3600")
    return value


def _headers(pairs: list[Any]) -> Headers:
    found = []
    for pair in pairs:
        if not (
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, str) for p in pair)
        ):
            raise ScriptError("headers is a list of [name, value]")
        if any(char in text for text in pair for char in "\r\n"):
            raise ScriptError("a header holds no line break: use raw_base64 for such bytes")
        found.append((pair[0], pair[1]))
    return tuple(found)


def _bytes(document: Mapping[str, Any], name: str, default: bytes) -> bytes:
    if name not in document:
        return default
    try:
        return base64.b64decode(document[name], validate=True)
    except binascii.Error:
        raise ScriptError(f"{name} is not base64") from None


class Script:
    """The steps still to come."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def __bool__(self) -> bool:
        return bool(self._steps)

    def add(self, *steps: Step) -> None:
        """Append steps."""
        self._steps.extend(steps)

    def clear(self) -> None:
        """Drop all steps."""
        self._steps.clear()

    def take(self, action: str) -> Reply | None:
        """Return how to answer a request for an action, None to answer as ever."""
        for step in self._steps:
            if step.action is not None and step.action != action:
                continue
            if step.after > 0:
                step.after -= 1
                return None
            if step.times is not None:
                step.times -= 1
                if step.times <= 0:
                    self._steps.remove(step)
            return step.reply
        return None

    def view(self) -> list[dict[str, Any]]:
        """Return the steps still to come."""
        return [step.view() for step in self._steps]
