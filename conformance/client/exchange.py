"""One request and its answer as they were on the wire: the evidence of a verdict."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conformance.wire.envelope import Answer

#: Stands where a secret stood.
REDACTED = "<redacted>"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent and what came back, with timing in seconds.

    The live object holds real values for checks; what is recorded is redacted first
    (conformance.client.redact).
    """

    operation: str
    method: str
    url: str = field(repr=False)
    request_headers: tuple[tuple[str, str], ...] = field(repr=False)
    request_body: bytes = field(repr=False)
    status: int
    response_headers: tuple[tuple[str, str], ...] = field(repr=False)
    response_body: bytes = field(repr=False)
    answer: Answer = field(repr=False)
    seconds: float
    identity: str = "full"
    scheme: str = "V3"
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)
    gateway: str = "shared"
    listener: str = "https"
    started: datetime = _EPOCH
    placement: str = "query"
    answer_format: str = "JSON"
    #: "right" for the scheme's own signer of a caller that the target file names, "none" where
    #: nothing is signed, "other" for a wrong one, and for callers that were made for the rule.
    signer: str = "right"

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

    def promise(self, kind: str, place: str = "") -> str:
        """Return the id of a promise (`conformance.spec.promises`) of the operation called."""
        return f"{kind}/{self.operation}/{place}" if place else f"{kind}/{self.operation}"

    def header(self, name: str) -> str | None:
        """Return the first value of a response header given in lower case, or None."""
        for key, value in self.response_headers:
            if key == name:
                return value
        return None

    def describe(self) -> str:
        """Return the answer in a few words for messages: status, and code where there is one."""
        return f"{self.status} {self.code}" if self.code else str(self.status)
