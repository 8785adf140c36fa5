"""One request on its way through the endpoint, and the answer it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from conformance.reference.call import Call, Gateway, Side
from conformance.reference.errors import KmsError
from conformance.spec import Operation
from conformance.wire.identity import Scheme, Verified
from conformance.wire.request import WireRequest

ListenerName = Literal["https", "http", "internet", "dedicated"]
Headers = tuple[tuple[str, str], ...]


class Door(NamedTuple):
    """Where a request comes in: the gateway behind a listener, and on which side it stands."""

    gateway: Gateway
    side: Side


#: The shared gateway's own listeners stand on the side of the VPC.
DOORS: Mapping[ListenerName, Door] = {
    "https": Door("shared", "vpc"),
    "http": Door("shared", "vpc"),
    "internet": Door("shared", "internet"),
    "dedicated": Door("dedicated", "vpc"),
}


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
        side: Where that listener stands.
        instance_id: Instance of the dedicated gateway, None on the shared one.
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
        instance_api: Whether KMS Instance API answers, as it does on the dedicated gateway to what
            is not signed for KMS API.
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
    side: Side = "vpc"
    instance_id: str | None = None
    instance_api: bool = False

    @property
    def dry_run(self) -> bool:
        """Whether the call is only to tell what would happen."""
        return self.params.get("DryRun") == "true"
