"""What a handler of KMS Instance API gets and answers, and how it is registered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance.reference.model import Account, KeyVersion
from conformance.spec.instance import InstanceOperation

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint


# Not frozen for the same reason as `Call`.
@dataclass(slots=True)
class InstanceCall:
    """One authenticated call with fields that are decoded and fit their constraints.

    Attributes:
        operation: Its spec.
        values: Fields by name; those that are not on the wire are at their default.
        client_key_id: Who calls.
        now: The endpoint's time on arrival.
        account: Whose keys and secrets are meant.
        instance_id: The instance that answers.
        request_id: Goes into the answer.
        client_ip: Address of the caller, empty without a socket.
        named_version: Key version of the header x-kms-migrationkeyversionid, empty without it.
        endpoint: For its seams and its lock.
    """

    operation: InstanceOperation
    values: dict[str, Any] = field(repr=False)
    client_key_id: str
    now: datetime
    account: Account
    instance_id: str
    request_id: str
    client_ip: str
    named_version: str
    endpoint: "Endpoint"


@dataclass(slots=True)
class Reply:
    """A success: fields without RequestId, and the key version that the header of answers names."""

    values: dict[str, Any] = field(repr=False)
    version: KeyVersion | None = None


Handler: TypeAlias = Callable[[InstanceCall], Reply]

HANDLERS: dict[str, Handler] = {}


def answers(*operations: str) -> Callable[[Handler], Handler]:
    """Register the handler of operations."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(operations, handler))
        return handler

    return register
