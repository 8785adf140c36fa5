"""Sends sampled ciphertexts back for decryption: the cryptographic check beside the load."""

import json
from typing import Any

from load.caller import Caller
from load.checks import RoundTrip, digest_of
from load.connection import Reply
from load.failures import NothingProven
from load.instance import InstanceCaller, plaintext_of
from load.place import Place
from load.scenarios import calls_of


class Examiner:
    """Makes round trips.

    Args:
        caller: A client of the API whose answers are put to the test.
    """

    def __init__(self, caller: Caller | InstanceCaller) -> None:
        self._caller = caller

    def examine(self, trip: RoundTrip) -> str | None:
        """Send a ciphertext back; return what is wrong, None when there was no answer."""
        try:
            reply = self._send(trip)
            found = self._plaintext(reply) if reply.status == 200 else ""
        except (NothingProven, ValueError):
            return None
        if reply.status == 429 or reply.status >= 500:
            return None
        if reply.status != 200:
            return f"what it gave is refused by {trip.operation}"
        if digest_of(found) not in trip.digests:
            return f"{trip.operation} of what it gave yields another plaintext"
        return ""

    def _send(self, trip: RoundTrip) -> Reply:
        if isinstance(self._caller, InstanceCaller):
            return self._caller.send(calls_of("instance")[trip.operation], trip.body)
        return self._caller.send(trip.operation, trip.pairs)

    def _plaintext(self, reply: Reply) -> str:
        if isinstance(self._caller, InstanceCaller):
            return plaintext_of(reply.body)
        answer: Any = json.loads(reply.body)
        return str(answer.get("Plaintext")) if isinstance(answer, dict) else ""

    def close(self) -> None:
        """Close the connection."""
        self._caller.close()


def examiner_of(place: Place) -> Examiner | None:
    """Return what examines answers, None for an agent, whose values are all known."""
    if place.options.api == "agent":
        return None
    if place.options.api == "instance":
        return Examiner(place.instance_caller())
    return Examiner(place.caller())
