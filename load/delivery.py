"""Sends signed requests one after another over one connection, beside the load."""

import time
from collections.abc import Callable

from load.connection import Address, Connection, Reply, trust
from load.failures import NeverSent, NothingProven, TransportFailure
from load.timer import now

_IDLE = 2.0
_RETRY_AFTER = (0.2, 0.4, 0.8, 1.6)
#: Failures of connecting: no byte of the request has left.
_BEFORE_SENDING = frozenset({"refused", "name"})
_MENDS = {
    "refused": "nothing listens there, start the target or correct its address",
    "tls": "name the authority that issued its certificate as ca in the target file",
    "name": "correct the host name in the target file",
    "time-out": "check that the network lets you through, or raise the target's timeout",
}


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


class Delivery:
    """One connection to a gateway.

    Args:
        address: Of the gateway.
        timeout: Seconds for one call.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        context = trust(address) if address.secure else None
        self._connection = Connection(address, context, timeout)
        self._used = now()
        self.calls = 0

    def send(self, operation: str, request: bytes) -> Reply:
        """Return the answer to a request, whatever it is.

        Raises:
            NothingProven: When there is no answer; NeverSent when no connection came about.
        """
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


def patiently(operation: str, send: Callable[[], Reply], code_of: Callable[[Reply], str]) -> Reply:
    """Return the success that a call ends with; throttling is waited out for three seconds.

    Raises:
        Refused: On an error answer.
        NothingProven: When there is no answer.
    """
    for pause in (*_RETRY_AFTER, None):
        reply = send()
        if reply.status == 200:
            return reply
        code = code_of(reply)
        if pause is None or not (reply.status == 429 or "Throttling" in code):
            break
        time.sleep(pause)
    raise Refused(operation, reply.status, (code or "without Code")[:80])
