"""Calls one after another, for what happens beside the load: preparation, checks, cleanup."""

import json
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from conformance.client.exchange import Exchange
from conformance.run.journal import Journal
from conformance.spec import catalogue
from conformance.wire.credentials import Credential
from conformance.wire.encoding import ParameterCodec
from conformance.wire.envelope import parse
from load.connection import Address, Connection, Reply, trust
from load.failures import NeverSent, NothingProven, TransportFailure
from load.signing import Pairs, Scheme, template
from load.timer import now

_IDLE = 2.0
_RETRY_AFTER = (0.2, 0.4, 0.8, 1.6)


class Refused(Exception):  # noqa: N818 - an answer of the target
    """The target answered with an error.

    Attributes:
        status: HTTP status.
        code: Code of the answer.
    """

    def __init__(self, operation: str, status: int, code: str) -> None:
        super().__init__(f"{operation} was refused with {status} {code}")
        self.status = status
        self.code = code


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
        context = trust(address) if address.secure else None
        self._connection = Connection(address, context, timeout)
        self.calls = 0
        self._used = now()

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a call; throttling is waited out for three seconds.

        Raises:
            Refused: On an error answer.
            NothingProven: When there is no answer; NeverSent when no connection came about.
        """
        pairs = pairs_of(operation, params)
        for pause in (*_RETRY_AFTER, None):
            reply = self._journalled(operation, params, pairs)
            body = _members(reply)
            if reply.status == 200:
                return body
            throttled = reply.status == 429 or "Throttling" in str(body.get("Code"))
            if pause is None or not throttled:
                break
            time.sleep(pause)
        raise Refused(operation, reply.status, str(body.get("Code", "without Code"))[:80])

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
        self.calls += 1
        if now() - self._used > _IDLE:
            # Whoever stands between closes idle connections, often without a word.
            self._connection.close()
        self._used = now()
        try:
            return self._connection.exchange(request)
        except TransportFailure as failure:
            problem = NeverSent if failure.kind in _BEFORE_SENDING else NothingProven
            raise problem(
                f"{self.address.url} gave no answer to {operation} ({failure}): "
                f"{_MENDS.get(failure.kind, 'check address and network')}"
            ) from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


#: Failures of connecting: no byte of the request has left.
_BEFORE_SENDING = frozenset({"refused", "name"})
_MENDS = {
    "refused": "nothing listens there, start the target or correct its address",
    "tls": "name the authority that issued its certificate as ca in the target file",
    "name": "correct the host name in the target file",
    "time-out": "check that the network lets you through, or raise the target's timeout",
}


def resolve(reference: str) -> Mapping[str, Any]:
    """Return the schema that a ``$ref`` of specs/ stands for."""
    whole = f"kms:definitions{reference}" if reference.startswith("#") else reference
    contents: Mapping[str, Any] = catalogue().registry.resolver().lookup(whole).contents
    return contents


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
