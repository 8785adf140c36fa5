"""Several processes: sums are exact, a lost worker is named, nothing is counted twice."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

LOCUSTFILE = str(Path(__file__).parents[2] / "load" / "locustfile.py")
LENIENT = "[latency]\np50 = 5000\np90 = 9000\n"


@pytest.fixture
def slo(tmp_path):
    path = tmp_path / "slo.toml"
    path.write_text(LENIENT)
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(condition, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def locust_workers(process):
    """Return the worker processes that Locust forked under the command."""
    parents = psutil.Process(process.pid).children()
    return [child for parent in parents for child in parent.children()]


def test_two_processes_share_the_rate_and_their_sums_are_exact(load, target, slo):
    run = load(
        "get-secret-value",
        "--target",
        target,
        "--rate",
        "60",
        "--duration",
        "4",
        "--warm-up",
        "1",
        "--processes",
        "2",
        "--slo",
        slo,
        "--pool",
        "8",
    )
    assert run.code in {0, 4}, run.words
    results = run.results
    instrument = results["instrument"]
    assert instrument["workers"] == 2
    assert instrument["lost"] == []
    counts = instrument["counts"]
    assert counts["adds_up"]
    assert counts["in_flight"] == 0
    assert counts["completed"] == sum(sum(p["outcomes"].values()) for p in results["series"])
    assert counts["scheduled"] == sum(p["scheduled"] for p in results["series"])
    assert results["summary"]["offered"] == pytest.approx(60, rel=0.02)


def test_a_worker_killed_in_the_middle_is_named_and_nothing_is_counted_twice(spawn, target, slo):
    process, folder = spawn(
        "get-secret-value",
        "--target",
        target,
        "--rate",
        "60",
        "--duration",
        "14",
        "--warm-up",
        "1",
        "--processes",
        "2",
        "--slo",
        slo,
        "--pool",
        "8",
    )
    workers = wait_for(lambda: len(w := locust_workers(process)) == 2 and w)
    time.sleep(9)
    os.kill(workers[0].pid, signal.SIGKILL)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 4, out + err
    results = json.loads((folder / "results.json").read_text())
    instrument = results["instrument"]
    assert len(instrument["lost"]) == 1
    assert re.search(r"worker [12] of 2 was lost, its last report is from second", out)
    # The dead worker's last word and the survivor's add up, with what it had in flight.
    assert instrument["counts"]["adds_up"]
    series = results["series"]
    assert instrument["counts"]["scheduled"] == sum(p["scheduled"] for p in series)
    assert instrument["counts"]["completed"] == sum(sum(p["outcomes"].values()) for p in series)
    # Afterwards the survivor sends its half.
    rates = [p["scheduled"] for p in series]
    assert max(rates) <= 66
    assert min(rates[-5:-1]) == pytest.approx(30, abs=6)


STARTED = []


@pytest.fixture(autouse=True)
def nothing_left_running():
    yield
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
        process.communicate()


def locust(tmp_path, *words, **environment):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "locust",
            "-f",
            LOCUSTFILE,
            "--only-summary",
            "--loglevel",
            "ERROR",
            *map(str, words),
        ],
        cwd=tmp_path,
        env={**os.environ, "KMS_CONFORMANCE_STATE": str(tmp_path / "state"), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    STARTED.append(process)
    return process


def test_master_and_workers_as_on_several_machines(tmp_path, target, slo):
    """The plain Locust way: the target file is given to master and workers."""
    port = free_port()
    master = locust(
        tmp_path,
        "--master",
        "--master-bind-host",
        "127.0.0.1",
        "--master-bind-port",
        port,
        "--expect-workers",
        "2",
        "--headless",
        "-u",
        "6",
        "-r",
        "6",
        "-t",
        "6s",
        "--csv",
        "stats",
        "--html",
        "locust.html",
        "--scenario",
        "get-secret-value",
        "--target",
        target,
        "--slo",
        slo,
        "--results",
        "out",
        "--warm-up",
        "1",
    )
    workers = [
        locust(
            tmp_path,
            "--worker",
            "--master-host",
            "127.0.0.1",
            "--master-port",
            port,
            "--target",
            target,
        )
        for _ in range(2)
    ]
    out, err = master.communicate(timeout=180)
    for worker in workers:
        worker.communicate(timeout=60)
    assert master.returncode in {0, 4}, out + err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["instrument"]["workers"] == 2
    assert results["instrument"]["counts"]["adds_up"]
    # Locust's own outputs count the same requests, as far as its last report goes.
    assert "GetSecretValue" in (tmp_path / "stats_stats.csv").read_text()
    assert "GetSecretValue" in (tmp_path / "locust.html").read_text()


def test_a_worker_of_another_version_is_refused(tmp_path, target, slo):
    port = free_port()
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text(
        "import importlib.metadata as m\n"
        "real = m.version\n"
        "m.version = lambda name: '0.0.9' if name == 'kms-conformance' else real(name)\n"
    )
    master = locust(
        tmp_path,
        "--master",
        "--master-bind-host",
        "127.0.0.1",
        "--master-bind-port",
        port,
        "--expect-workers",
        "2",
        "--headless",
        "-u",
        "5",
        "-r",
        "5",
        "-t",
        "5s",
        "--scenario",
        "get-secret-value",
        "--target",
        target,
        "--slo",
        slo,
        "--results",
        "out",
    )
    worker = locust(
        tmp_path,
        "--worker",
        "--master-host",
        "127.0.0.1",
        "--master-port",
        port,
        PYTHONPATH=str(other),
    )
    out, err = master.communicate(timeout=180)
    worker.kill()
    worker.communicate()
    assert master.returncode == 2, out + err
    assert "runs version 0.0.9" in err
    assert "install the same version" in err


def test_the_web_page_steers_the_rate(tmp_path, target, slo):
    import urllib.request

    port = free_port()
    process = locust(
        tmp_path,
        "--web-host",
        "127.0.0.1",
        "--web-port",
        port,
        "--scenario",
        "get-secret-value",
        "--target",
        target,
        "--slo",
        slo,
        "--results",
        "out",
        "--warm-up",
        "0.5",
    )

    def ask(path, data=None):
        url = f"http://127.0.0.1:{port}/{path}"
        with urllib.request.urlopen(url, data, timeout=5) as reply:
            return reply.read()

    def up():
        try:
            return ask("stats/requests")
        except OSError:
            return None

    try:
        wait_for(up)
        ask("swarm", b"user_count=3&spawn_rate=3")
        wait_for(lambda: json.loads(ask("stats/requests"))["user_count"] == 3)
        time.sleep(3)
        ask("swarm", b"user_count=6&spawn_rate=6")
        time.sleep(4)
        ask("stop", b"")
        path = tmp_path / "out" / "results.json"
        wait_for(path.exists)
        rates = [p["scheduled"] for p in json.loads(path.read_text())["series"]]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert any(rate == pytest.approx(30, abs=6) for rate in rates[1:4])
    assert any(rate == pytest.approx(60, abs=9) for rate in rates[4:-1])


def test_a_busy_port_is_one_sentence(tmp_path, target, slo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = locust(
            tmp_path,
            "--web-host",
            "127.0.0.1",
            "--web-port",
            port,
            "--target",
            target,
            "--scenario",
            "get-secret-value",
            "--slo",
            slo,
            "--results",
            "out",
        )
        out, err = process.communicate(timeout=180)
    assert process.returncode != 0
    assert str(port) in out + err
