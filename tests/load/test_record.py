"""Reports may be repeated, late, out of order or the last of a dead process: sums stay exact."""

from random import Random

import msgpack

from load.histogram import Histogram
from load.outcome import Outcome
from load.record import _CAUSES, Collection, Recorder, State


def wire(changes):
    """Send a report through Locust's transport encoding."""
    return msgpack.unpackb(msgpack.packb(changes), strict_map_key=False)


def test_merged_reports_equal_one_histogram_of_every_sample():
    random = Random(11)
    everything = Histogram()
    collection = Collection(1.0)
    recorders = {name: Recorder(1.0, 1000.0) for name in ("a", "b")}
    pending = []
    for step in range(20_000):
        worker = random.choice(("a", "b"))
        intended = random.uniform(step / 2000, step / 2000 + 3)
        latency = random.expovariate(200)
        piece = recorders[worker].at(intended)
        piece.scheduled += 1
        piece.finish("Encrypt", Outcome.OK, latency, latency / 2)
        everything.record(latency)
        if step % 700 == 0:
            pending.append((worker, wire(recorders[worker].changes())))
        if step % 2100 == 0:
            for name, changes in pending:
                collection.receive(name, changes, State(1, 1).pack())
                collection.receive(name, changes, State(1, 1).pack())
            pending.clear()
    for name, changes in pending:
        collection.receive(name, changes, State(1, 1).pack())
    for name, recorder in recorders.items():
        collection.receive(name, wire(recorder.changes()), State(1, 1).pack())
    total = collection.total()
    assert total.cells["Encrypt", "ok"].latency.counts == everything.counts
    assert total.scheduled == total.completed == 20_000


def test_a_change_after_a_report_is_in_the_next_one():
    recorder = Recorder(1.0, 0.0)
    recorder.at(0.5).scheduled += 1
    assert set(recorder.changes()) == {0}
    assert recorder.changes() == {}
    recorder.at(0.7).finish("Encrypt", Outcome.OK, 0.1, 0.1)
    assert recorder.changes()[0]["scheduled"] == 1


def test_slices_of_workers_add_up_and_windows_are_exact():
    collection = Collection(1.0)
    for name in ("a", "b"):
        recorder = Recorder(1.0, 0.0)
        for second in range(10):
            recorder.at(second + 0.5).scheduled += 10
        collection.receive(name, wire(recorder.changes()), State(100, 90, 10).pack())
    assert collection.total(3, 5).scheduled == 60
    assert collection.state == State(200, 180, 20)
    assert collection.state.adds_up
    assert [piece.scheduled for piece in collection.series().values()] == [20] * 10


def test_a_lost_request_is_noticed():
    assert not State(10, 8, 1, 0).adds_up


def test_busiest_process_is_not_averaged_away():
    collection = Collection(1.0)
    for name, share in (("a", 0.2), ("b", 0.95)):
        recorder = Recorder(1.0, 0.0)
        for second in range(4):
            piece = recorder.at(second + 0.5)
            piece.busy, piece.span = share, 1.0
        collection.receive(name, recorder.changes(), State().pack())
    assert round(collection.busiest(range(4)), 6) == 0.95


def test_a_target_cannot_fill_the_memory_with_causes():
    recorder = Recorder(1.0, 0.0)
    for number in range(500):
        recorder.at(0.0).finish("Encrypt", Outcome.WRONG, 0.1, 0.1, f"cause {number}")
    causes = recorder.slices[0].causes
    assert len(causes) == _CAUSES + 1
    assert sum(causes.values()) == 500
