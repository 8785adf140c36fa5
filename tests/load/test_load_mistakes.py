"""What users can do wrong costs one clear sentence and the right exit code, never a traceback."""

import json
import signal
import socket
import time

import pytest
from load_targets import write_target

from load.slo import load_objectives

QUICK = ("--duration", "2", "--warm-up", "0.5", "--pool", "4")


def refused(run, code, *words):
    assert run.code == code, run.words
    assert "Traceback" not in run.words
    lines = run.err.strip().splitlines()
    assert len(lines) == 1, run.err
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("encrpt",), "did you mean 'encrypt'"),
        (("encrypt", "--mix", "Encrypt=1,Destroy=1"), "'Destroy' is no operation"),
        (("encrypt", "--mix", "Encrypt=-1"), "weight of Encrypt"),
        (("encrypt", "--rate", "0"), "above 0"),
        (("encrypt", "--rate", "-5"), "above 0"),
        (("encrypt", "--rate", "nan"), "above 0"),
        (("encrypt", "--rate", "9000"), "--processes 3"),
        (("encrypt", "--rate", "100", "--max-rate", "50"), "cap of 50"),
        (("encrypt", "--duration", "0"), "--duration must be above 0"),
        (("encrypt", "--pool", "0"), "--pool must be above 0"),
        (("encrypt", "--size", "7000"), "6144"),
        (("encrypt", "--processes", "0"), "--processes"),
        (("encrypt", "--target", "absent.toml"), "no target file"),
        (("encrypt", "--slo", "absent.toml"), "no SLO file"),
        (("encrypt", "surplus"), "one scenario"),
        (("compare", "one"), "two folders"),
        (("compare", "one", "two"), "cannot be read"),
    ],
)
def test_usage(load, words, expected):
    refused(load(*words), 2, expected)


def test_slo_file_with_an_unknown_key(load, tmp_path):
    slo = tmp_path / "slo.toml"
    slo.write_text("[latency]\np98 = 3\n")
    refused(load("encrypt", "--slo", slo), 2, "p98", "[latency]", "p99")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latency = 3", "latency"),
        ("[latency]\np99 = -1", "p99"),
        ("[shares]\ngoodput = 2", "goodput"),
        ("[operations.encrypt.latency]\np99 = 1", "encrypt"),
        ("[latency", "TOML"),
        ("", "empty"),
    ],
)
def test_slo_files(tmp_path, text, expected):
    path = tmp_path / "slo.toml"
    path.write_text(text)
    with pytest.raises(Exception, match="(?i)" + expected.replace("[", r"\[")):
        load_objectives(path)


def test_target_down_at_the_start(load, endpoint, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = write_target(tmp_path, endpoint, f"http://127.0.0.1:{port}")
    run = load("encrypt", "--target", path, "--listener", "http", "--rate", "10", *QUICK)
    refused(run, 3, "refused", "nothing listens there")


def test_credential_without_rights(load, endpoint, tmp_path):
    path = write_target(tmp_path, endpoint, endpoint["http"], identity="none")
    run = load("encrypt", "--target", path, "--listener", "http", "--rate", "10", *QUICK)
    refused(run, 3, "preparation failed", "CreateKey", "NoPermission")


def test_expired_credential(load, endpoint, tmp_path):
    path = write_target(tmp_path, endpoint, endpoint["http"], identity="expired-sts")
    run = load("encrypt", "--target", path, "--listener", "http", "--rate", "10", *QUICK)
    refused(run, 3, "preparation failed")


def test_missing_gateway_listener_and_identity(load, endpoint, tmp_path):
    path = write_target(tmp_path, endpoint, endpoint["http"])
    base = ("encrypt", "--target", path, "--rate", "10", *QUICK)
    refused(load(*base, "--gateway", "dedicated"), 2, "no dedicated gateway")
    refused(load(*base), 2, "no https listener")
    refused(load(*base, "--listener", "http", "--identity", "sts"), 2, "no identity 'sts'")


def test_a_target_on_which_nothing_may_be_made(load, endpoint, tmp_path):
    path = write_target(tmp_path, endpoint, endpoint["http"], safety="read-only")
    run = load("encrypt", "--target", path, "--listener", "http", "--rate", "10", *QUICK)
    refused(run, 2, "no more than read-only", "[resources.keys]")


REMOTE = """
[target]
name = "far away"
region = "cn-hangzhou"
safety = "schedules-deletion"
rate = 500
[gateways.shared]
https = "https://kms.invalid"
[identities.full]
access_key_id = "LTAI5tExample"
access_key_secret_env = "FAR_AWAY"
"""


def test_another_machine_needs_flag_cap_and_duration(load, tmp_path, monkeypatch):
    monkeypatch.setenv("FAR_AWAY", "secret")
    path = tmp_path / "remote.toml"
    path.write_text(REMOTE)
    base = ("encrypt", "--target", path, "--rate", "20")
    refused(load(*base), 2, "--allow-remote and --max-rate and --duration")
    whole = ("--allow-remote", "--max-rate", "400", "--duration", "2")
    refused(load(*base, *whole[:3]), 2, "--duration")
    refused(
        load(
            "encrypt",
            "--target",
            path,
            "--rate",
            "800",
            "--allow-remote",
            "--max-rate",
            "900",
            "--duration",
            "2",
        ),
        2,
        "above the rate of 500",
    )
    run = load(*base, *whole, "--cost", "1.5")
    # The name does not resolve; what would have been sent was shown first.
    assert run.code == 3, run.words
    assert "about 120 calls in 6 s, about 0.02 at 1.5 per 10,000" in run.out
    assert "does not resolve" in run.err or "network" in run.err


def test_no_space_left_keeps_the_results_on_the_terminal(load, target, tmp_path):
    full = tmp_path / "results"
    full.mkdir()
    (full / "results.json").symlink_to("/dev/full")
    run = load("get-secret-value", "--target", target, "--rate", "20", *QUICK)
    assert run.code == 4, run.words
    assert "No space left on device" in run.err
    assert "choose another folder with --results" in run.err
    assert "outcomes:" in run.out
    assert "Traceback" not in run.words


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_drains_writes_the_report_and_tidies_up(spawn, target, tmp_path, number):
    process, folder = spawn(
        "application",
        "--target",
        target,
        "--rate",
        "40",
        "--duration",
        "60",
        "--warm-up",
        "0.5",
        "--pool",
        "4",
    )
    for line in process.stdout:
        if "offered 40/s" in line:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode in {3, 4}, out + err
    assert "stopped early" in out or "generator" in out
    assert "Traceback" not in out + err
    results = json.loads((folder / "results.json").read_text())
    counts = results["instrument"]["counts"]
    assert counts["adds_up"]
    assert counts["in_flight"] == 0
    assert counts["completed"] > 50
    assert (folder / "report.html").exists()
    assert not list((tmp_path / "state" / "journals").glob("*"))


def test_ctrl_c_during_preparation_tidies_up_too(spawn, target, tmp_path):
    process, _ = spawn("sign", "--target", target, "--rate", "10", "--keys", "40")
    journals = tmp_path / "state" / "journals"
    while process.poll() is None and not list(journals.glob("*")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out + err
    assert "stopped before the run began" in err
    assert "Traceback" not in out + err
    assert not list(journals.glob("*")), out + err


def test_two_runs_on_one_target_do_not_meet(spawn, load, target):
    process, _ = spawn("encrypt", "--target", target, "--rate", "10", "--duration", "30")
    time.sleep(5)
    run = load("encrypt", "--target", target, "--rate", "10", *QUICK, folder="second")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    refused(run, 2, "at work on", "already")


def test_too_few_samples_prove_nothing(load, target, tmp_path):
    slo = tmp_path / "slo.toml"
    slo.write_text("[latency]\np99_9 = 5000\n")
    run = load("get-secret-value", "--target", target, "--rate", "20", "--slo", slo, *QUICK)
    assert run.code in {3, 4}, run.words
    assert "needs 10,000 samples" in run.out
