"""Calls one after another, for what happens beside the load: preparation, checks, cleanup."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from conformance.client.exchange import Exchange
from conformance.run.journal import Journal
from conformance.spec import catalogue, resolve
from conformance.wire.credentials import Credential
from conformance.wire.encoding import ParameterCodec
from conformance.wire.envelope import parse
from load.connection import Address, Reply
from load.delivery import Delivery, patiently
from load.failures import NeverSent, NothingProven
from load.signing import Pairs, Scheme, template


class Caller:
    """A client of one gateway.

    Args:
        address: Of the gateway.
        credential: Signs the calls.
        scheme: How.
        timeout: Seconds for one call.
        journal: Told of every call before it is sent and after, None for none.
    """

    def __init__(
        self,
        address: Address,
        credential: Credential,
        scheme: Scheme,
        timeout: float,
        journal: Journal | None = None,
    ) -> None:
        self.journal = journal
        self.address = address
        self._credential = credential
        self._scheme: Scheme = scheme
        self._delivery = Delivery(address, timeout)

    @property
    def calls(self) -> int:
        """Calls that were sent."""
        return self._delivery.calls

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a call; throttling is waited out for three seconds.

        Raises:
            Refused: On an error answer.
            NothingProven: When there is no answer; NeverSent when no connection came about.
        """
        pairs = pairs_of(operation, params)
        reply = patiently(
            operation,
            lambda: self._journalled(operation, params, pairs),
            lambda refusal: str(_members(refusal).get("Code", "")),
        )
        return _members(reply)

    def _journalled(self, operation: str, params: Mapping[str, Any], pairs: Pairs) -> Reply:
        """Send a call; what it creates is on disk before, and what came of it after."""
        if self.journal is None:
            return self.send(operation, pairs)
        token = self.journal.before(operation, params)
        reply: Reply | None = None
        try:
            reply = self.send(operation, pairs)
        except NeverSent:
            self.journal.withdraw(token)
            raise
        finally:
            exchange = None if reply is None else _exchange(operation, params, reply)
            self.journal.after(token, exchange)
        return reply

    def send(self, operation: str, pairs: Pairs) -> Reply:
        """Return the answer to a call, whatever it is."""
        request = template(
            self._scheme, self._credential, self.address.authority, operation, pairs
        ).sign()
        return self._delivery.send(operation, request)

    def close(self) -> None:
        """Close the connection."""
        self._delivery.close()


@cache
def _codec(operation: str) -> ParameterCodec:
    return ParameterCodec(catalogue().operations[operation].request, resolve)


def pairs_of(operation: str, params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return parameters as they travel."""
    return _codec(operation).encode(params)


def _exchange(operation: str, params: Mapping[str, Any], reply: Reply) -> Exchange:
    """Return an answer as the journal reads it; the request itself is not kept."""
    return Exchange(
        operation=operation,
        method="POST",
        url="",
        request_headers=(),
        request_body=b"",
        status=reply.status,
        response_headers=(),
        response_body=b"",
        answer=parse(reply.status, {"content-type": "application/json"}, reply.body),
        seconds=0.0,
        parameters=dict(params),
    )


def _members(reply: Reply) -> dict[str, Any]:
    try:
        body = json.loads(reply.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def members(answer: Mapping[str, Any], path: Sequence[str | int]) -> Any:
    """Return a nested member of an answer.

    Raises:
        NothingProven: When it is not there.
    """
    value: Any = answer
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            where = ".".join(map(str, path))
            raise NothingProven(f"an answer during preparation lacks {where}") from None
    return value
