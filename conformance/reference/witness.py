"""What the endpoint has seen: requests, connections, and what never became a request.

Counting is always on. Requests are kept only while recording, and at most the newest ten thousand,
so that memory stays flat.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from conformance.spec import catalogue
from conformance.wire.failures import WireError
from conformance.wire.request import WireRequest
from conformance.wire.times import format_iso

_KEPT = 10_000
_HIDDEN = "***"
#: Protocol parameters and headers that are secrets or derived from them.
_SECRET_NAMES = frozenset(
    {
        "Signature",
        "SecurityToken",
        "BearerToken",
        "authorization",
        "x-acs-security-token",
        "x-acs-bearer-token",
    }
)


@dataclass(slots=True)
class SeenRequest:
    """One request as it arrived, and how it was answered.

    Attributes:
        number: Counts from 1 over the life of the endpoint.
        time: The endpoint's time.
        listener: ``http`` or ``https``.
        connection: Number of the connection, 0 when there was no socket.
        tls: Such as ``TLSv1.3``, empty for plain HTTP.
        request: Everything that arrived.
        scheme: How it authenticated, empty when that was not recognised.
        action: The operation it asked for, empty when unknown.
        status: Of the answer, 0 while there is none.
        code: Error code of the answer, empty for a success.
    """

    number: int
    time: datetime
    listener: str
    connection: int
    tls: str
    request: WireRequest = field(repr=False)
    scheme: str = ""
    action: str = ""
    status: int = 0
    code: str = ""

    def view(self) -> dict[str, Any]:
        """Return the request for people and programs, secrets of the specs masked."""
        return {
            "number": self.number,
            "time": format_iso(self.time),
            "listener": self.listener,
            "connection": self.connection,
            "tls": self.tls,
            "method": self.request.method,
            "path": self.request.path,
            "scheme": self.scheme,
            "action": self.action,
            "status": self.status,
            "code": self.code,
            "headers": [[name, _masked(name, text)] for name, text in self.request.headers],
            "query": self._pairs("query"),
            "form": self._pairs("form"),
            "body_bytes": len(self.request.body),
        }

    def _pairs(self, place: str) -> list[list[str]] | None:
        """Return decoded pairs, None where they cannot be decoded."""
        request = self.request
        try:
            pairs = request.query_pairs() if place == "query" else request.form_pairs()
        except WireError:
            return None
        secret = _SECRET_NAMES | _secret_parameters(self.action)
        return [
            [name, _HIDDEN if name.partition(".")[0] in secret else text] for name, text in pairs
        ]


def _masked(name: str, text: str) -> str:
    if name == "authorization":
        return text.rpartition("Signature=")[0] + f"Signature={_HIDDEN}"
    return _HIDDEN if name in _SECRET_NAMES else text


def _secret_parameters(action: str) -> frozenset[str]:
    operation = catalogue().operations.get(action)
    if operation is None:
        return frozenset()
    properties = operation.request.get("properties", {})
    return frozenset(name for name, schema in properties.items() if schema.get("x-secret"))


class Witness:
    """Counts what arrives and, while `recording`, keeps it.

    Counters: connections, requests, plain_text_on_tls, tls_failures, malformed_http,
    timed_out, oversized, scripted, internal_errors.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.recording = False
        self.connection_numbers = count(1)
        self.requests: deque[SeenRequest] = deque(maxlen=_KEPT)
        #: Reasons of failed TLS handshakes, newest last.
        self.tls_failures: deque[str] = deque(maxlen=1000)
        #: First bytes of what came in plain text to a TLS port, newest last.
        self.plain_text: deque[bytes] = deque(maxlen=1000)
        #: Type and place of exceptions that no handler expected; their texts may hold secrets.
        self.internal_errors: deque[str] = deque(maxlen=100)

    def note_tls_failure(self, reason: str) -> None:
        """Count a failed TLS handshake."""
        self.counts["tls_failures"] += 1
        self.tls_failures.append(reason)

    def note_plain_text(self, first: bytes) -> None:
        """Count plain text on a TLS port."""
        self.counts["plain_text_on_tls"] += 1
        self.plain_text.append(first)

    def note_internal_error(self, error: BaseException) -> None:
        """Count an exception that is the endpoint's own fault."""
        self.counts["internal_errors"] += 1
        place, trace = "", error.__traceback__
        while trace is not None:
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            trace = trace.tb_next
        self.internal_errors.append(f"{type(error).__name__} at {place}")

    def clear(self) -> None:
        """Forget everything seen so far; recording stays as it is."""
        self.counts.clear()
        self.requests.clear()
        self.tls_failures.clear()
        self.plain_text.clear()
        self.internal_errors.clear()

    def view(self, *, requests: bool = True) -> dict[str, Any]:
        """Return what was seen, for people and programs."""
        seen: dict[str, Any] = {
            "recording": self.recording,
            "counts": dict(sorted(self.counts.items())),
            "tls_failures": list(self.tls_failures),
            "plain_text": [first.decode("latin-1") for first in self.plain_text],
            "internal_errors": list(self.internal_errors),
        }
        if requests:
            seen["requests"] = [request.view() for request in list(self.requests)]
        return seen
