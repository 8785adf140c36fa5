"""The part of a run that sends requests: one in every process that is not the master."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from conformance.target.model import Target
from load.caller import Caller
from load.checks import RoundTrip, digest_of
from load.clients import connector
from load.connection import Address
from load.corpus import Case
from load.engine import Engine, Limits, Listener
from load.failures import LoadError, NothingProven
from load.options import Options
from load.record import Recorder
from load.safety import address_of
from load.signing import template
from load.timer import now

_POOL_AT_MOST = 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests go and who signs them."""

    address: Address
    target: Target
    options: Options

    @classmethod
    def of(cls, target: Target, options: Options) -> "Place":
        """Find the gateway and the caller that the options name.

        Raises:
            LoadError: When the target file has not got them.
        """
        url = address_of(target, options)
        if options.identity not in target.identities:
            raise LoadError(
                f"target {target.name!r} has no identity {options.identity!r}: its file has "
                f"{', '.join(target.identities)}"
            )
        ca = target.gateways[options.gateway].ca
        return cls(Address.from_url(url, str(ca) if ca else None), target, options)

    def caller(self) -> Caller:
        """Return a client for calls beside the load."""
        return Caller(
            self.address,
            self.target.identities[self.options.identity],
            self.options.scheme,
            self.target.timeout,
        )

    def management(self) -> Caller:
        """Return a client of the gateway on which keys and secrets are made."""
        if self.options.gateway == "shared" or "shared" not in self.target.gateways:
            return self.caller()
        gateway = self.target.gateways["shared"]
        url = gateway.listeners.get("https") or gateway.listeners["http"]
        address = Address.from_url(url, str(gateway.ca) if gateway.ca else None)
        credential = self.target.identities[self.options.identity]
        return Caller(address, credential, self.options.scheme, self.target.timeout)


class Station:
    """One process's generator, steered by the number of Locust users.

    Args:
        place: Where requests go.
        cases: What is sent.
        slowest: Seconds that the slowest limited quantile may take: with the rate it says how many
            connections may be needed.
        worker: Index of the process.
        share: Highest rate of this process that is to be expected, for the size of the pool.
        cap: Rate that this process never exceeds, whatever steers the users; None for none.
        listener: Told of every completed request.
    """

    def __init__(
        self,
        place: Place,
        cases: Sequence[Case],
        *,
        slowest: float,
        worker: int,
        share: float,
        cap: float | None,
        listener: Listener | None,
    ) -> None:
        options = place.options
        needed = max(options.pool, 64, ceil(share * slowest * 1.25))
        pool_max = options.pool_max or min(needed, _POOL_AT_MOST)
        credential = place.target.identities[options.identity]
        self.connect = connector(options.client, place.address, place.target.timeout)
        self.templates = [
            template(options.scheme, credential, place.address.authority, c.operation, c.pairs)
            for c in cases
        ]
        self._examiner = place.caller()
        self.recorder = Recorder(options.slice, time.time() - now())
        self.engine = Engine(
            cases,
            self.templates,
            self.connect,
            limits=Limits(
                process=options.arrivals,
                seed=options.seed,
                worker=max(0, worker),
                pool=min(options.pool, pool_max),
                pool_max=pool_max,
                queue_max=options.queue_max,
                attempts=options.attempts,
                sample=options.sample,
                drain=max(2.0, min(30.0, place.target.timeout * 1.5)),
            ),
            recorder=self.recorder,
            listener=listener,
            examiner=self._examine,
        )
        self._unit = options.unit
        self._cap = float("inf") if cap is None else cap
        self._users = 0
        self.finished = False

    def start(self) -> None:
        """Open the connections and follow the plan, whose rate is 0 until users come."""
        self.engine.start()

    def join(self) -> None:
        """Raise the rate by one user's unit."""
        self._users += 1
        self.engine.set_rate(min(self._cap, self._users * self._unit))

    def leave(self) -> None:
        """Lower the rate by one user's unit."""
        self._users = max(0, self._users - 1)
        if not self.finished:
            self.engine.set_rate(min(self._cap, self._users * self._unit))

    def finish(self) -> None:
        """End the plan and wait for what is in flight."""
        if not self.finished:
            self.finished = True
            self.engine.finish()
            self._examiner.close()

    def report(self) -> dict[str, Any]:
        """Return what changed since the last report, as plain data."""
        return {
            "slices": self.recorder.changes(),
            "state": self.engine.state.pack(),
            "connections": self.engine.connections,
        }

    def _examine(self, trip: RoundTrip) -> str | None:
        """Send a ciphertext back; return what is wrong, None when there was no answer."""
        from json import loads

        try:
            reply = self._examiner.send(trip.operation, trip.pairs)
            answer: Mapping[str, Any] = loads(reply.body)
        except (NothingProven, ValueError):
            return None
        if reply.status == 429 or reply.status >= 500:
            return None
        if reply.status != 200:
            return f"what it gave is refused by {trip.operation}"
        if digest_of(str(answer.get("Plaintext"))) not in trip.digests:
            return f"{trip.operation} of what it gave yields another plaintext"
        return ""
