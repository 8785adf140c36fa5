"""The engine keeps its plan against servers that freeze, refuse, lie and vanish."""

import json
import socket
import threading
import time

import gevent
import pytest
from raw_servers import answer, read_request, serving

from load.checks import digest_of
from load.connection import Address, Connection
from load.corpus import Case
from load.engine import Engine, Limits
from load.histogram import Histogram
from load.outcome import Outcome
from load.record import Recorder
from load.timer import FileTimer, SleepTimer, now

GOOD = json.dumps(
    {
        "RequestId": "r",
        "KeyId": "k",
        "KeyVersionId": "v",
        "Plaintext": "right",
    }
).encode()
WRONG = GOOD.replace(b"right", b"wrong")
CASE = Case("Decrypt", (), 1.0, {"kind": "plaintext", "key": "k", "digests": [digest_of("right")]})


class Plain:
    def sign(self):
        return b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"


def answering(make):
    """Serve ``make(count)`` as the answer to the count-th request."""
    lock = threading.Lock()
    count = [0]

    def behave(peer, _number):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while read_request(peer):
            with lock:
                count[0] += 1
                number = count[0]
            reply = make(number)
            if reply is None:
                return
            peer.sendall(reply)

    return behave


def run(port, rate, seconds, listener=None, reports=None, timeout=5.0, **limits):
    """Run an engine and return its total slice and the engine."""
    recorder = Recorder(0.5, 0.0)
    address = Address(False, "127.0.0.1", port)
    settings = {"pool": 8, "pool_max": 64, "sample": 1, **limits}
    engine = Engine(
        [CASE],
        [Plain()],
        lambda: Connection(address, None, timeout, watched=True),
        limits=Limits(**settings),
        recorder=recorder,
        listener=listener,
    )
    engine.start()
    engine.set_rate(rate)
    end = now() + seconds
    while now() < end:
        gevent.sleep(0.05)
        if reports is not None:
            reports.append(recorder.changes())
    engine.finish()
    from load.record import Collection

    collection = Collection(0.5)
    for changes in [*(reports or []), recorder.changes()]:
        collection.receive("local", changes, engine.state.pack())
    return collection.total(), engine


def cell(total, outcome):
    found = total.cells.get(("Decrypt", outcome.value))
    return 0 if found is None else found.latency.total


def test_every_request_of_the_plan_is_sent_and_counted():
    seen = Histogram()
    reports = []
    with serving(answering(lambda _: answer(GOOD))) as server:
        total, engine = run(
            server.port,
            200.0,
            2.0,
            listener=lambda _operation, latency, _size, _cause: seen.record(latency),
            reports=reports,
        )
    assert 395 <= total.scheduled <= 420  # 2 s, and what a busy machine adds
    assert total.completed == total.scheduled == cell(total, Outcome.OK)
    assert engine.state.adds_up
    assert engine.state.in_flight == 0
    # Count for count, although reports were taken all the time.
    assert total.cells["Decrypt", "ok"].latency.counts == seen.counts


def test_a_freeze_is_felt_by_everyone_who_was_due_meanwhile():
    """The server stands still for half a second in every two and a half: a fifth of the time.

    Arrivals in a freeze wait for what is left of it, uniformly up to 500 ms: a fifth of all
    requests, of which the worst twentieth (p99) wait 475 ms or more.
    """
    start = time.monotonic()

    def frozen(_number):
        at = (time.monotonic() - start) % 2.5
        if at < 0.5:
            time.sleep(0.5 - at)
        return answer(GOOD)

    with serving(answering(frozen)) as server:
        total, _ = run(server.port, 100.0, 5.0)
    both = total.cells["Decrypt", "ok"]
    # Never better than the truth; on a busy machine a little worse. Both sides within 10 % are a
    # goal of `make bench-load`, which has the machine for itself.
    assert 0.9 * 0.475 <= both.latency.quantile(0.99) <= 2 * 0.475
    # What a closed loop would have said: few requests were on the wire during a freeze.
    assert both.service.total == both.latency.total
    assert both.service.mean() < both.latency.mean()


def test_the_closed_loop_misses_the_freeze_that_the_plan_sees():
    start = time.monotonic()

    def frozen(_number):
        at = (time.monotonic() - start) % 2.5
        if at < 0.5:
            time.sleep(0.5 - at)
        return answer(GOOD)

    naive = Histogram()
    with serving(answering(frozen)) as server:
        client = Connection(Address(False, "127.0.0.1", server.port), None, 5.0)
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            sent = now()
            client.exchange(Plain().sign())
            naive.record(now() - sent)
    assert naive.quantile(0.99) < 0.1 * 0.475


@pytest.mark.parametrize("timer", [FileTimer, SleepTimer])
def test_timers_wake_on_time_and_early_on_demand(timer):
    clock = timer()
    late = []
    for _ in range(40):
        moment = now() + 0.003
        clock.wait_until(moment)
        late.append(now() - moment)
    assert min(late) >= -0.0001
    assert sorted(late)[20] < 0.005
    started = now()
    gevent.spawn_later(0.02, clock.wake)
    clock.wait_until(now() + 30)
    assert now() - started < 5
    clock.close()


def test_wrong_answers_are_no_successes():
    with serving(answering(lambda number: answer(WRONG if number % 10 == 0 else GOOD))) as server:
        total, _ = run(server.port, 100.0, 1.0)
    share = cell(total, Outcome.WRONG) / total.completed
    assert share == pytest.approx(0.1, abs=0.02)
    assert total.causes["Decrypt", "wrong answer", "Plaintext is not what was encrypted"]


@pytest.mark.parametrize(
    ("reply", "outcome", "cause"),
    [
        (answer(b'{"Code":"Rejected.Throttling"}', b"429 X"), Outcome.THROTTLED, "429 Rejected"),
        (answer(b'{"Code":"Throttling"}', b"400 X"), Outcome.THROTTLED, "400 Throttling"),
        (answer(b'{"Code":"Forbidden"}', b"403 X"), Outcome.CLIENT_ERROR, "403 Forbidden"),
        (answer(b"<html>", b"502 X"), Outcome.SERVER_ERROR, "502 no Code"),
        (answer(b"{}"), Outcome.WRONG, "RequestId is missing"),
        (answer(b"[]"), Outcome.WRONG, "not a JSON object"),
        (answer(b"\xff"), Outcome.WRONG, "not a JSON object"),
        (answer(GOOD, b"302 X"), Outcome.WRONG, "status 302"),
        (None, Outcome.TRANSPORT, "closed"),
    ],
)
def test_answers_fall_into_their_class(reply, outcome, cause):
    with serving(answering(lambda _: reply)) as server:
        total, _ = run(server.port, 50.0, 0.4)
    assert cell(total, outcome) == total.completed > 0
    assert all(cause in text for _, _, text in total.causes)


def test_throttling_is_honoured_when_asked():
    with serving(
        answering(
            lambda number: answer(
                b'{"Code":"Rejected.Throttling"}' if number <= 20 else GOOD,
                b"429 X" if number <= 20 else b"200 OK",
            )
        )
    ) as server:
        total, engine = run(server.port, 100.0, 0.5, attempts=5)
    assert total.retries >= 20
    assert cell(total, Outcome.OK) == total.completed == total.scheduled
    assert total.cells["Decrypt", "ok"].latency.quantile(1.0) >= 0.2
    assert engine.state.adds_up


def test_a_pool_that_is_too_small_shows_as_waiting_not_as_lag():
    def slow(_number):
        time.sleep(0.05)
        return answer(GOOD)

    with serving(answering(slow)) as server:
        total, engine = run(server.port, 100.0, 1.0, pool=2, pool_max=2)
    assert engine.connections == 2
    assert total.waited > 0.5 * total.scheduled
    assert total.late < 0.1 * total.scheduled
    assert total.completed + total.dropped == total.scheduled


def test_a_full_queue_drops_and_says_so():
    def slow(_number):
        time.sleep(0.1)
        return answer(GOOD)

    with serving(answering(slow)) as server:
        total, engine = run(server.port, 200.0, 1.0, pool=1, pool_max=1, queue_max=10)
    assert total.dropped > 150
    assert total.completed + total.dropped == total.scheduled
    assert engine.state.adds_up


def test_the_pool_grows_while_the_target_is_slow_but_not_as_a_herd():
    def slow(_number):
        time.sleep(0.2)
        return answer(GOOD)

    with serving(answering(slow)) as server:
        _, engine = run(server.port, 60.0, 1.5, pool=2, pool_max=64)
    assert 5 < engine.connections <= 2 + 20 * 2


def test_requests_that_never_end_are_counted_at_the_end():
    def silence(_number):
        time.sleep(60)

    with serving(answering(silence)) as server:
        total, engine = run(server.port, 50.0, 0.5, pool=2, pool_max=2, drain=0.5)
    state = engine.state
    assert state.adds_up
    assert state.in_flight == 2
    assert total.dropped == state.dropped == state.scheduled - 2


def test_an_exchange_that_takes_too_long_is_ended_and_the_connection_replaced():
    def sometimes(number):
        if number % 10 == 5:
            time.sleep(3)
        return answer(GOOD)

    with serving(answering(sometimes)) as server:
        total, engine = run(server.port, 50.0, 2.0, timeout=0.5, pool=8)
    assert {cause for _, _, cause in total.causes} == {"time-out"}
    assert 0.05 < cell(total, Outcome.TRANSPORT) / total.completed < 0.2
    assert total.cells["Decrypt", "transport"].service.quantile(1.0) < 1.5
    assert engine.state.adds_up
