"""The command as users run it, against the reference endpoint."""

import re

import pytest
from defusedxml import ElementTree as ET

from load.results import read
from load.scenarios import scenarios

#: Fast enough on a busy machine that only a broken generator would be at fault.
GENTLE = ("--rate", "60", "--duration", "3", "--warm-up", "0.5", "--pool", "8")
LENIENT = "[latency]\np50 = 5000\np90 = 9000\n"


@pytest.fixture
def lenient(tmp_path):
    path = tmp_path / "slo.toml"
    path.write_text(LENIENT)
    return path


def judged(run):
    """A run on a machine too busy to start requests on time proves nothing, and says so."""
    if run.code == 4 and "started late" in run.words:
        pytest.skip("this machine is too busy to judge by")
    return run


EVERY_OPERATION = ",".join(sorted({name for s in scenarios().values() for name in s.mix}))


@pytest.mark.parametrize("words", [("application", "--mix", EVERY_OPERATION), ("envelope",)])
def test_every_answer_is_right(load, target, lenient, words):
    run = judged(load(*words, "--target", target, "--slo", lenient, *GENTLE, "--sample", "2"))
    assert run.code == 0, run.words
    results = read(run.folder)  # checked against its schema
    assert results["summary"]["outcomes"].keys() == {"ok"}
    assert set(results["operations"]) == set(results["scenario"]["mix"])
    assert results["instrument"]["counts"]["adds_up"]
    assert results["instrument"]["checked"] > 0
    assert results["instrument"]["refuted"] == 0


@pytest.mark.parametrize(("scheme", "listener"), [("RPC-1.0", "https"), ("V3", "http")])
def test_schemes_and_listeners(load, target, lenient, scheme, listener):
    words = ("--scheme", scheme, "--listener", listener, "--slo", lenient)
    run = judged(load("application", "--target", target, *words, *GENTLE))
    assert run.code == 0, run.words


@pytest.mark.parametrize("client", ["ghc", "fast"])
def test_other_clients(load, target, lenient, client):
    run = judged(load("encrypt", "--target", target, "--client", client, "--slo", lenient, *GENTLE))
    assert run.code == 0, run.words


def test_without_a_target_the_embedded_endpoint_is_loaded(load, lenient):
    run = judged(load("encrypt", "--arrivals", "poisson", "--slo", lenient, *GENTLE))
    assert run.code == 0, run.words
    assert run.results["target"]["url"].startswith("https://127.0.0.1:")


@pytest.mark.parametrize(
    "words",
    [
        ("application", "--mix", EVERY_OPERATION, "--api", "instance"),
        ("application", "--mix", EVERY_OPERATION, "--gateway", "dedicated"),
        ("envelope", "--api", "instance", "--processes", "2"),
        ("get-secret-value", "--api", "agent"),
        ("get-secret-value", "--api", "agent", "--client", "fast"),
        ("get-secret-value", "--api", "agent", "--processes", "2"),
    ],
)
def test_other_apis(load, lenient, words):
    run = judged(load(*words, "--slo", lenient, *GENTLE, "--sample", "2"))
    assert run.code == 0, run.words
    results = read(run.folder)
    assert results["summary"]["outcomes"].keys() == {"ok"}
    assert set(results["operations"]) == set(results["scenario"]["mix"])
    assert results["instrument"]["refuted"] == 0


def test_keys_spread_by_zipf(load, target, lenient):
    words = ("--keys", "4", "--secrets", "4", "--choice", "zipf", "--size", "100")
    run = judged(load("application", "--target", target, "--slo", lenient, *words, *GENTLE))
    assert run.code == 0, run.words


def test_reports_are_whole_and_hold_no_secret(load, endpoint, target, lenient):
    run = load("application", "--target", target, "--slo", lenient, *GENTLE)
    page = (run.folder / "report.html").read_text()
    assert not re.search(r"(?:src|href)=|@import|url\(http", page)
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ET.fromstring(svg)
    assert page.count("<svg") >= 4
    suite = ET.parse(run.folder / "junit.xml").getroot()[0]
    assert int(suite.get("tests")) == len(suite.findall("testcase")) >= 6
    attachments = list((run.folder / "allure-results").glob("*-attachment.html"))
    assert attachments[0].read_text() == page
    everything = run.words + "".join(
        path.read_text() for path in run.folder.rglob("*") if path.is_file()
    )
    for identity in endpoint["identities"].values():
        assert identity["access_key_secret"] not in everything


def test_what_was_made_is_removed_again(load, target, tmp_path, lenient):
    run = load("application", "--target", target, "--slo", lenient, *GENTLE)
    assert "not removed" not in run.words
    assert not list((tmp_path / "state" / "journals").glob("*"))


def test_two_runs_are_compared(load, target, lenient):
    first = load("encrypt", "--target", target, "--slo", lenient, *GENTLE, folder="a")
    load("encrypt", "--target", target, "--slo", lenient, *GENTLE, folder="b")
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "load", "compare", "a", "b"],
        cwd=first.folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    assert "latency p50" in done.stdout
