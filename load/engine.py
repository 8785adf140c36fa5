"""The generator of one process: an open-loop plan, a pool of connections, four clocks a request.

    intended ──lag──> dispatched ──wait──> sent ──service──> done
       └───────────────────── latency ─────────────────────┘

Lag is the generator's fault, wait means that no connection was free, service is the target. Limits
are about latency, because a caller who wanted to call while the target stood still waited too.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from load.checks import Checker, Judgement, RoundTrip, Sampler, round_trip
from load.connection import Channel
from load.corpus import Case, Picker
from load.failures import TransportFailure
from load.outcome import Outcome
from load.record import LATE_AFTER, Recorder, State
from load.schedule import Arrivals, Process
from load.signing import Template
from load.timer import make_timer, now

#: While the target is too slow for the pool it grows by so many a second, or by a third of what it
#: may become: fast enough for a step of a search, slow enough that a freeze meets no herd.
_GROWTH = 20.0
_GROWTH_SHARE = 1 / 3
#: First pause after throttling, doubled each time, as documentation advises clients.
_FIRST_PAUSE = 0.2
#: Sampled round trips a second, at most; they are calls beyond the plan.
_ROUND_TRIPS = 5
_SECOND = 1.0
_TICK = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process's generator.

    Attributes:
        process: Kind of arrivals.
        seed: Of the plan, the choice of cases and the sample.
        worker: Index of the process.
        pool: Connections opened before the run.
        pool_max: Connections at most.
        queue_max: Requests that may wait for a connection; more are dropped.
        attempts: Attempts of a throttled request; 1 pushes through and counts it as throttled.
        sample: One answer in so many gets the cryptographic check.
        drain: Seconds that requests in flight may take after the end of the plan.
    """

    process: Process = "constant"
    seed: int = 0
    worker: int = 0
    pool: int = 64
    pool_max: int = 256
    queue_max: int = 20_000
    attempts: int = 1
    sample: int = 100
    drain: float = 15.0


@dataclass(slots=True)
class _Request:
    """A request on its way."""

    case: int
    intended: float
    dispatched: float
    attempt: int = 1


@dataclass(slots=True)
class _Load:
    """What is sent: templates and checkers by case, in the order of the cases."""

    cases: Sequence[Case]
    templates: Sequence[Template]
    checkers: Sequence[Checker] = field(default_factory=list)


#: Told of every completed request: operation, latency in seconds, bytes, what was wrong.
Listener = Callable[[str, float, int, str], None]
#: Takes a round trip; returns what is wrong, nothing when all is right, None when it failed.
Examiner = Callable[[RoundTrip], str | None]


class Engine:
    """Sends requests by plan; the rate can change at any moment.

    Args:
        cases: What is sent.
        templates: Of the cases, in the same order.
        connect: Makes a channel to the target, not yet open.
        limits: See `Limits`.
        recorder: Takes what is measured.
        listener: Told of every completed request.
        examiner: Makes sampled round trips, None for none.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        templates: Sequence[Template],
        connect: Callable[[], Channel],
        *,
        limits: Limits,
        recorder: Recorder,
        listener: Listener | None = None,
        examiner: Examiner | None = None,
    ) -> None:
        self._examiner = examiner
        self._hub = gevent.get_hub()
        self._load = _Load(cases, templates, [Checker(case) for case in cases])
        self._connect = connect
        self._limits = limits
        self._recorder = recorder
        self._listener = listener
        self._arrivals = Arrivals(limits.process, limits.seed, limits.worker)
        self._picker = Picker(cases, limits.seed, limits.worker)
        self._sampler = Sampler(limits.sample, limits.seed)
        self._timer = make_timer()
        self._queue: deque[_Request] = deque()
        self._idle: list[greenlet] = []
        self._members: list[gevent.Greenlet] = []
        self._channels: list[Channel] = []
        self._busy = 0
        self._pausing = 0
        self._trips: deque[tuple[RoundTrip, float]] = deque(maxlen=64)
        self._greenlets: list[gevent.Greenlet] = []
        self._running = False
        self._quiet = Event()
        self._counts = [0, 0, 0]
        self._grown_at = 0.0
        self._growth_pause = 1.0 / max(_GROWTH, limits.pool_max * _GROWTH_SHARE)

    # ---- life

    def start(self) -> None:
        """Open the pool and begin to follow the plan, whose rate is 0 so far.

        Raises:
            TransportFailure: When no connection can be opened.
        """
        first = self._connect()
        first.open()
        self._running = True
        channels = [first, *(self._connect() for _ in range(self._limits.pool - 1))]
        gate = BoundedSemaphore(16)
        opening = [gevent.spawn(_open_quietly, channel, gate) for channel in channels[1:]]
        gevent.joinall(opening)
        for channel in channels:
            self._members.append(gevent.spawn(self._serve, channel))
        gevent.sleep(0)
        self._greenlets = [
            gevent.spawn(self._dispatch),
            gevent.spawn(self._watch_time),
            gevent.spawn(self._watch_processor),
            gevent.spawn(self._check_round_trips),
        ]

    @property
    def rate(self) -> float:
        """Requests per second that the plan asks for now."""
        return self._arrivals.rate

    def set_rate(self, rate: float) -> None:
        """Change the rate from now on."""
        self._arrivals.set_rate(rate, now())
        self._timer.wake()

    def finish(self) -> None:
        """End the plan, let requests in flight complete, count the rest as dropped."""
        if not self._running:
            return
        self.set_rate(0.0)
        gevent.sleep(0)
        deadline = now() + self._limits.drain
        while self.in_flight and now() < deadline:
            self._quiet.clear()
            self._quiet.wait(min(0.25, max(0.0, deadline - now())))
        self._running = False
        while self._queue:
            self._drop(self._queue.popleft().intended)
        gevent.killall([*self._greenlets, *self._members])
        self._timer.close()

    @property
    def in_flight(self) -> int:
        """Requests that are queued, sent and not answered, or pausing after throttling."""
        return len(self._queue) + self._busy + self._pausing

    @property
    def connections(self) -> int:
        """Size of the pool."""
        return len(self._members)

    @property
    def state(self) -> State:
        """Counters since the start."""
        scheduled, completed, dropped = self._counts
        return State(scheduled, completed, dropped, self.in_flight)

    # ---- the plan

    def _dispatch(self) -> None:
        while True:
            due = self._arrivals.peek()
            self._timer.wait_until(now() + 3600 if due is None else due)
            while (intended := self._arrivals.take(now())) is not None:
                self._schedule(intended)

    def _schedule(self, intended: float) -> None:
        moment = now()
        piece = self._recorder.at(intended)
        piece.scheduled += 1
        self._counts[0] += 1
        lag = moment - intended
        piece.lag.record(lag)
        sent = self._submit(_Request(self._picker.next(), intended, moment))
        if sent and lag > LATE_AFTER:
            piece.late += 1

    def _submit(self, request: _Request) -> bool:
        """Hand a request to the pool or the queue; tell whether there was room for it."""
        if self._idle:
            # The connection used last is the warmest, and the rest may close in peace.
            self._busy += 1
            self._hub.loop.run_callback(self._idle.pop().switch, request)
            return True
        if len(self._queue) >= self._limits.queue_max:
            self._drop(request.intended)
            return False
        self._queue.append(request)
        self._grow()
        return True

    def _drop(self, intended: float) -> None:
        self._recorder.at(intended).dropped += 1
        self._counts[2] += 1

    def _grow(self) -> None:
        """Add a connection while requests wait, slowly: a stalled target must not meet a herd."""
        moment = now()
        full = len(self._members) >= self._limits.pool_max
        if full or not self._running or moment - self._grown_at < self._growth_pause:
            return
        self._grown_at = moment
        self._members.append(gevent.spawn(self._serve, self._connect()))

    # ---- the pool

    def _serve(self, channel: Channel) -> None:
        """Send requests over one connection for the whole run."""
        own = getcurrent()
        self._channels.append(channel)
        try:
            while True:
                if self._queue:
                    request = self._queue.popleft()
                    self._busy += 1
                else:
                    self._idle.append(own)
                    request = self._hub.switch()
                self._send(channel, request)
                self._busy -= 1
                if not self.in_flight:
                    self._quiet.set()
        finally:
            channel.close()

    def _send(self, channel: Channel, request: _Request) -> None:
        signed = self._load.templates[request.case].sign()
        case = self._load.cases[request.case]
        piece = self._recorder.at(request.intended)
        opened = channel.reopened
        sent = now()
        if request.attempt == 1:
            wait = sent - request.dispatched
            piece.wait.record(wait)
            if wait > LATE_AFTER:
                piece.waited += 1
        size = 0
        try:
            reply = channel.exchange(signed)
            done = now()
            size = len(reply.body)
            judgement = self._load.checkers[request.case].judge(reply)
        except TransportFailure as failure:
            done = now()
            judgement = Judgement(Outcome.TRANSPORT, _words(failure))
        # Asked for anew: a report may have gone meanwhile, and the slice has to be in the next.
        piece = self._recorder.at(request.intended)
        piece.reopened += channel.reopened - opened
        if judgement.outcome is Outcome.THROTTLED and request.attempt < self._limits.attempts:
            piece.retries += 1
            self._pause(request)
            return
        if judgement.outcome is Outcome.OK and self._sampler.chosen():
            judgement = self._examine(case, judgement, request.intended)
        latency = done - request.intended
        piece.finish(case.operation, judgement.outcome, latency, done - sent, judgement.cause)
        self._counts[1] += 1
        if self._listener is not None:
            self._listener(case.operation, latency, size, judgement.cause)

    def _pause(self, request: _Request) -> None:
        """Try a throttled request again later, without holding a connection."""
        self._pausing += 1
        pause = _FIRST_PAUSE * 2 ** (request.attempt - 1)
        request.attempt += 1
        gevent.spawn_later(pause, self._resume, request)

    def _resume(self, request: _Request) -> None:
        self._pausing -= 1
        self._submit(request)

    def _watch_time(self) -> None:
        """End exchanges that take longer than the time-out."""
        while True:
            gevent.sleep(_TICK)
            moment = now()
            for channel in self._channels:
                channel.expire(moment)

    # ---- sampled checks

    def _examine(self, case: Case, judgement: Judgement, intended: float) -> Judgement:
        """Verify a signature at once; put a ciphertext in line for the trip back."""
        if judgement.answer is None:
            return judgement
        if "public" in case.expect:
            piece = self._recorder.at(intended)
            piece.checked += 1
            cause = self._sampler.verify_signature(case, judgement.answer)
            if not cause:
                return judgement
            piece.refuted += 1
            return Judgement(Outcome.WRONG, cause)
        trip = round_trip(case, judgement.answer)
        if trip is not None and self._examiner is not None:
            self._trips.append((trip, intended))
        return judgement

    def _check_round_trips(self) -> None:
        """Send sampled ciphertexts back for decryption, beside the plan and at a walking pace."""
        while self._examiner is not None:
            gevent.sleep(1.0 / _ROUND_TRIPS)
            if not self._trips:
                continue
            trip, intended = self._trips.popleft()
            cause = self._examiner(trip)
            if cause is None:
                continue
            piece = self._recorder.at(intended)
            piece.checked += 1
            if cause:
                piece.refuted += 1
                piece.blame(trip.blamed, Outcome.WRONG, cause)

    def _watch_processor(self) -> None:
        """Record how much of a core this process uses, second by second."""
        busy, moment = time.process_time(), now()
        while True:
            gevent.sleep(_SECOND)
            busy_now, moment_now = time.process_time(), now()
            piece = self._recorder.at(moment)
            piece.busy += busy_now - busy
            piece.span += moment_now - moment
            busy, moment = busy_now, moment_now


def _open_quietly(channel: Channel, gate: BoundedSemaphore) -> None:
    """Open a connection beforehand; when that fails, the request that needs it will say so."""
    with gate:
        try:
            channel.open()
        except TransportFailure:
            return


def _words(failure: TransportFailure) -> str:
    return str(failure)
