"""One request and its answer as they were on the wire: the evidence of a verdict."""

from dataclasses import dataclass, field
from typing import Any

from conformance.wire.envelope import Answer


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent and what came back, with timing in seconds.

    The live object holds real values for checks; what is recorded is redacted first
    (conformance.client.redact).
    """

    operation: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    answer: Answer
    seconds: float
    identity: str = "full"
    scheme: str = "V3"
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the answer is a success (2xx)."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str | None:
        """Error code of the answer, None on success."""
        return self.answer.code

    @property
    def data(self) -> dict[str, Any]:
        """Members of a successful answer; empty when there are none."""
        return self.answer.data or {}
