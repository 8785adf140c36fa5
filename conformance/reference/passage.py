"""One request on its way through the endpoint, and the answer it gets."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from conformance.reference.call import Call, Gateway
from conformance.reference.errors import KmsError
from conformance.spec import Operation
from conformance.wire.identity import Scheme, Verified
from conformance.wire.request import WireRequest

ListenerName = Literal["https", "http"]
Headers = tuple[tuple[str, str], ...]


class Response(NamedTuple):
    """An answer: HTTP status, headers, body."""

    status: int
    headers: Headers
    body: bytes


@dataclass(slots=True)
class Passage:
    """What the stages have found out about a request so far.

    Attributes:
        request: As it arrived.
        listener: Where it came in.
        gateway: Which gateway that listener belongs to.
        client_ip: Address of the caller, empty without a socket.
        now: The endpoint's time on arrival; all stages see the same.
        request_id: Of the answer.
        scheme: How it authenticates (stage recognise).
        verified: The authenticated request (stage authenticate).
        format: Format of the answer, None until it is known.
        operation: Its spec (stage parse).
        params: Logical parameters (stage parse).
        call: What authorisation and handler get (stage parse).
        answer: Members of a success, without RequestId (stage dispatch).
        error: Why it is refused.
    """

    request: WireRequest
    listener: ListenerName
    gateway: Gateway
    client_ip: str
    now: datetime
    request_id: str
    scheme: Scheme = Scheme.NONE
    verified: Verified | None = None
    format: Literal["JSON", "XML"] | None = None
    operation: Operation | None = None
    params: dict[str, Any] = field(default_factory=dict, repr=False)
    call: Call | None = None
    answer: dict[str, Any] = field(default_factory=dict, repr=False)
    error: KmsError | None = None

    @property
    def dry_run(self) -> bool:
        """Whether the call is only to tell what would happen."""
        return self.params.get("DryRun") == "true"
