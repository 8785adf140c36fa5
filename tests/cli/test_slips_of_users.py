"""What a user can do wrong: one clear sentence with the mend, the right exit code, no traceback."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time

import pytest
import trustme
from endpoints import UNKNOWN, closed_port, fixed, http, listening, small, target_file

from conformance.cli import main

COMMAND = [sys.executable, "-m", "conformance.cli"]


def refused(capsys, *argv):
    code = main([str(part) for part in argv])
    told = capsys.readouterr().err.strip()
    assert "Traceback" not in told
    return code, told


def one_sentence(told):
    lines = [line for line in told.splitlines() if not line.startswith("note:")]
    assert len(lines) == 1, told
    return lines[0].removeprefix("kms-conformance: ")


@pytest.fixture(scope="module")
def url():
    with listening(small) as address:
        yield address


ENVELOPE = ["--family", "envelope", "--no-reports"]


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["run", "--target", "/no/such.toml"], "there is no target file /no/such.toml"),
        (["run", "--rule", "NO-*"], "no rule matches 'NO-*'"),
        (["run", "--tag", "nope"], "no tag matches 'nope'"),
        (["run", "--profile", "shard-ram"], "unknown profile 'shard-ram'"),
        (["run", "--baseline", "/no/such.json"], "there is no baseline /no/such.json"),
        (["explain", "ENV-0001"], "unknown rule 'ENV-0001' (did you mean 'ENV-001'?)"),
        (["explain", "ENV-001[x]"], "has no case 'x'"),
        (["replay", "NO-001"], "unknown rule 'NO-001'"),
        (["replay", "CON-001[Nope]"], "has no case of that name"),
        (["replay", "CON-001"], "cases: name one"),
        (["report", "/no/such/folder"], "there is no results folder"),
        (["list", "--family", "nope"], "no family matches 'nope'"),
        (["list", "--cell", "shared-ram"], "no cell matches 'shared-ram'"),
        (["matrix", "--results", "/no/such/folder"], "there is no results folder"),
        (["profile", "freeze", "nope"], "unknown profile 'nope'"),
        (["sign", "--target", "/no/such.toml", "ListKeys"], "there is no target file"),
        (["cleanup", "--target", "/no/such.toml"], "there is no target file"),
    ],
)
def test_each_slip_is_one_sentence_and_exit_2(argv, wanted, capsys):
    code, told = refused(capsys, *argv)
    assert code == 2
    assert wanted in one_sentence(told)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nope"],
        ["run", "--seed", "x"],
        ["run", "--examples", "0"],
        ["run", "--time-budget", "-1"],
        ["baseline"],
        ["baseline", "update", "x"],
    ],
)
def test_options_that_cannot_be_read_exit_2(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: kms-conformance" in capsys.readouterr().err


def test_an_unknown_key_lists_the_known(tmp_path, capsys, url):
    path = target_file(tmp_path, url, more="rat = 5")
    code, told = refused(capsys, "run", "--target", path)
    assert code == 2
    assert "unknown key 'rat' in [target] (did you mean 'rate'?)" in told
    assert "known keys: account, billable, case_timeout" in told


def test_a_profile_about_a_gateway_that_the_target_lacks(tmp_path, capsys, url):
    path = target_file(tmp_path, url)
    code, told = refused(capsys, "run", "--target", path, "--profile", "dedicated-ram")
    assert code == 2
    assert "is about gateway:dedicated, and the target file lacks [gateways.dedicated]" in (
        one_sentence(told)
    )


def test_an_unreachable_target_is_incomplete_and_leaves_results(tmp_path, capsys):
    path = target_file(tmp_path, closed_port())
    code, told = refused(capsys, "run", "--target", path, "--results", tmp_path / "r", *ENVELOPE)
    assert code == 3
    assert "refuses connections: is the endpoint running there?" in one_sentence(told)
    events = [json.loads(line) for line in (tmp_path / "r/results.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["header", "footer"]
    assert events[-1]["exit_code"] == 3
    assert events[-1]["complete"] is False


def test_wrong_credentials(tmp_path, capsys):
    with listening(fixed(http("404 Not Found", UNKNOWN))) as address:
        path = target_file(tmp_path, address)
        code, told = refused(
            capsys, "run", "--target", path, "--results", tmp_path / "r", *ENVELOPE
        )
    assert code == 2
    assert "refuses the credentials" in one_sentence(told)
    assert "canary" not in told


def test_a_certificate_that_is_not_trusted(tmp_path, capsys, endpoint):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "other.pem")
    path = tmp_path / "t.toml"
    path.write_text(
        f"""
        [target]
        name = "t"
        region = "cn-hangzhou"
        [gateways.shared]
        https = "{endpoint.gateways["shared"].listeners["https"]}"
        ca = "other.pem"
        [identities.full]
        access_key_id = "x"
        access_key_secret = "y"
        """
    )
    code, told = refused(capsys, "run", "--target", path, "--results", tmp_path / "r", *ENVELOPE)
    assert code == 3
    assert "is not trusted" in told
    assert "name its authority as ca" in one_sentence(told)


def test_a_results_folder_that_cannot_be_written(tmp_path, capsys, url):
    path = target_file(tmp_path, url)
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/nope"):
        code, told = refused(capsys, "run", "--target", path, "--results", folder, *ENVELOPE)
        assert code == 2
        assert "give another with --results" in one_sentence(told)


def test_a_results_folder_with_other_things_in_it(tmp_path, capsys, url):
    path = target_file(tmp_path, url)
    code, told = refused(capsys, "run", "--target", path, "--results", tmp_path, *ENVELOPE)
    assert code == 2
    assert "holds other files" in one_sentence(told)
    assert path.exists()


def test_a_baseline_with_an_unknown_rule(tmp_path, capsys, url):
    words = {"reason": "r", "owner": "o", "expires": "2999-01-01"}
    baseline = tmp_path / "b.json"
    baseline.write_text(json.dumps({"schema": 1, "entries": [{"rule": "ENV-01", **words}]}))
    path = target_file(tmp_path, url)
    code, told = refused(capsys, "run", "--target", path, "--baseline", baseline)
    assert code == 2
    assert "names the unknown rule 'ENV-01' (did you mean 'ENV-0" in one_sentence(told)


def test_two_runs_at_once_on_one_target(tmp_path, capsys, url):
    from conformance.run.state import target_lock
    from conformance.target import load_target

    path = target_file(tmp_path, url)
    with target_lock(load_target(path)):
        code, told = refused(
            capsys, "run", "--target", path, "--results", tmp_path / "r", *ENVELOPE
        )
    assert code == 2
    assert "a run is at work on under test already (process" in one_sentence(told)


def test_fault_options_are_for_the_embedded_endpoint(tmp_path, capsys, url):
    path = target_file(tmp_path, url)
    code, told = refused(capsys, "run", "--target", path, "--fault", "x")
    assert code == 2
    assert "leave out --target" in one_sentence(told)


def test_an_unknown_fault_of_the_embedded_endpoint(capsys):
    code, told = refused(capsys, "run", "--fault", "no-such-fault", *ENVELOPE)
    assert code == 2
    assert "the embedded endpoint did not start" in told
    assert "no-such-fault" in one_sentence(told)


def test_a_port_that_is_in_use(endpoint):
    port = endpoint.gateways["shared"].listeners["http"].rpartition(":")[2]
    done = subprocess.run(
        [*COMMAND, "serve", "--http-port", port], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def start(tmp_path, address, *more, **options):
    path = target_file(tmp_path, address, timeout=60)
    argv = [*COMMAND, "run", "--target", str(path), "--results", str(tmp_path / "r"), *more]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def events_of(tmp_path):
    return [json.loads(line) for line in (tmp_path / "r/results.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_was_done(number, tmp_path):
    asked = []

    def slow(connection, request):
        asked.append(request)
        if b"DescribeRegions" in request and len(asked) < 4:
            small(connection, request)
        else:
            connection.recv(1)

    with listening(slow) as address:
        process = start(tmp_path, address, "--family", "envelope", "--no-reports")
        end = time.monotonic() + 60
        while len(asked) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 3, told
    assert "Traceback" not in told
    assert one_sentence(told) == "interrupted"
    events = events_of(tmp_path)
    assert events[-1]["event"] == "footer"
    assert events[-1]["stop_reason"] == "interrupted"
    assert events[-1]["complete"] is False


def test_a_full_disk_ends_the_run_in_one_sentence(tmp_path, url):
    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    process = start(tmp_path, url, *ENVELOPE, preexec_fn=little)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert re.search("the results in .* cannot be written .*: free space", one_sentence(told))
    assert events_of_torn(tmp_path)[0]["event"] == "header"


def events_of_torn(tmp_path):
    from conformance.run.events import read_events

    return read_events(tmp_path / "r")


def test_a_reader_that_leaves_is_no_error(endpoint):
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "list", "--cases"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    os.close(reader)
    _, told = process.communicate(timeout=60)
    assert "Traceback" not in told
    assert "BrokenPipe" not in told
