"""Lets days pass on targets whose clock the suite may move: the embedded endpoint alone has one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.verdict import NotApplicable, NotTestable
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.times import utc_now


class Later:
    """Calls from a later time; requests are signed with the time of the target."""

    def __init__(self, kms: Kms, ahead: timedelta) -> None:
        self._kms = kms
        credential = kms.target.identities["full"]
        self._auth = Acs3Auth(credential, clock=lambda: utc_now() + ahead)

    def call(self, operation: str, params: Mapping[str, Any]) -> Exchange:
        """Send a call."""
        return self._kms.call(operation, params, auth=self._auth, placement="form")


@contextmanager
def later(kms: Kms, **ahead: float) -> Iterator[Later]:
    """Move the clock of the target ahead, and back to real time at the end.

    Raises:
        NotApplicable: When the target has no clock that may be moved.
        NotTestable: When its control surface does not answer.
    """
    require_movable_clock(kms)
    shift = timedelta(**ahead)
    try:
        with httpx.Client(base_url=str(kms.target.control), trust_env=False, timeout=5) as client:
            client.post("/clock", json={"advance": shift.total_seconds()}).raise_for_status()
            try:
                yield Later(kms, shift)
            finally:
                client.post("/clock", json={"reset": True}).raise_for_status()
    except httpx.HTTPError as error:
        raise NotTestable(f"the control surface does not work: {type(error).__name__}") from None


def require_movable_clock(kms: Kms) -> None:
    """Go on only where the clock of the target may be moved."""
    if kms.target.control is None:
        raise NotApplicable("the target has no clock that can be moved")
