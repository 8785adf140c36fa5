"""The part of `conformance.run.context.Kms` that calls KMS Instance API."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from conformance.client.exchange import Exchange
from conformance.client.instance import InstanceExchange, call_instance
from conformance.run.verdict import NotTestable
from conformance.wire.credentials import ClientKey

if TYPE_CHECKING:
    from conformance.run.context import Bench


class _Host(Protocol):
    """What this part needs of the whole."""

    _bench: "Bench"
    exchanges: list[Exchange]

    def require(self, *capabilities: str) -> None: ...

    def provide(
        self, bundle: str, params: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]: ...

    def instance_key(self) -> ClientKey: ...


class InstanceCalls:
    """Calls of KMS Instance API."""

    def instance_key(self: _Host) -> ClientKey:
        """Return the client key that calls of KMS Instance API are signed with.

        Raises:
            NotTestable: When it can neither be made nor is in the target file.
        """
        made = self.provide("client-key", {"Scope": "instance"})["credential"]
        assert isinstance(made, ClientKey)
        return made

    def call_instance(
        self: _Host,
        operation: str,
        values: Mapping[str, Any] | None = None,
        *,
        identity: str | ClientKey = "client-key",
        gateway: str = "dedicated",
        auth: httpx.Auth | None = None,
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
        method: str = "POST",
        timeout: float | None = None,
        patient: bool = True,
    ) -> InstanceExchange:
        """Send one call of KMS Instance API and return what was sent and what came back.

        Args:
            operation: Name of the operation; unknown names need a body.
            values: Fields of the request by name.
            identity: The client key that signs; ``client-key`` is one for all of the instance.
            gateway: Where it goes.
            auth: Another signer, such as a mutation of ``InstanceAuth(kms.instance_key())``; the
                identity is then a name for the record alone.
            body: Bytes to send instead of the message that the fields make.
            headers: Further headers, signed where they are to be; one of a header that the client
                sends itself takes its place.
            method: HTTP method.
            timeout: Seconds instead of the target's.
            patient: Wait and repeat after 429; False returns the 429.

        Raises:
            Hang, TransportProblem: When there is no answer.
            NotTestable: When a value does not fit its field, or the target file lacks the gateway.
            NotApplicable: When the target declares that it does not offer the operation.
        """
        self.require(f"instance-operation:{operation}")
        credential: str | ClientKey | None = None
        if auth is None:
            credential = self.instance_key() if identity == "client-key" else identity
        if isinstance(credential, str):
            found = self._bench.caller.credential(credential)
            if not isinstance(found, ClientKey):
                raise NotTestable(f"the identity {identity!r} is no client key")
            credential = found
        return call_instance(
            self._bench.caller,
            operation,
            values or {},
            credential=credential,
            identity=identity if isinstance(identity, str) else identity.id,
            gateway=gateway,
            auth=auth,
            body=body,
            headers=headers,
            method=method,
            timeout=timeout,
            patient=patient,
            on_exchange=self.exchanges.append,
        )
