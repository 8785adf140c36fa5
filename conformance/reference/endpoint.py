"""The endpoint behind its sockets: one plain function from request to answer.

Stages in order: gateway_check, recognise, authenticate, parse, authorise, validate, dispatch,
render. Each is an attribute of the instance, so that a fault can put another function in its place.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.reference.call import Seams, handlers
from conformance.reference.clock import MovableClock
from conformance.reference.model import Account
from conformance.reference.settings import Settings


class Endpoint:
    """One account in one region, behind a gateway.

    Args:
        settings: Documented choices; defaults suit a target under test.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.clock = MovableClock()
        self.account = Account(self.settings.uid, self.settings.region)
        self.handlers = handlers()
        self.seams = Seams()
        self._lock = threading.Lock()

    @contextmanager
    def heavy(self) -> Iterator[None]:
        """Let other calls go on while a handler does RSA private-key work.

        State may have changed when the block ends: look up before it, change after it.
        """
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
