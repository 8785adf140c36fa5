"""The command line used as it is meant to be used."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from endpoints import listening, small, target_file

from conformance.cli import main

COMMAND = [sys.executable, "-m", "conformance.cli"]
ENVELOPE = ["--rule", "ENV-00[1-4]"]


@pytest.fixture(scope="module")
def url():
    with listening(small) as address:
        yield address


def output(capsys, *argv):
    code = main([str(part) for part in argv])
    assert code == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_list_and_its_selections(capsys):
    lines = output(capsys, "list", *ENVELOPE).splitlines()
    assert [line.split()[0] for line in lines] == ["ENV-001", "ENV-002", "ENV-003", "ENV-004"]
    rules = json.loads(output(capsys, "list", "--json", *ENVELOPE))
    assert rules[0]["rule"] == "ENV-001"
    assert rules[0]["statement"].endswith(".")
    cases = output(capsys, "list", "--cases", "--operation", "Encrypt").splitlines()
    assert any(re.fullmatch(r"CON-001\[Encrypt\]", case) for case in cases)


def test_rules_are_found_by_the_cells_that_they_decide(capsys):
    lines = output(capsys, "list", "--cell", "dedicated-ram-api-management").splitlines()
    assert "CELL-022" in {line.split()[0] for line in lines}
    assert "ENV-001" not in {line.split()[0] for line in lines}
    assert "dedicated-ram-api-management" in output(capsys, "explain", "CELL-022")


def test_matrix_prints_promises_sources_and_deciding_rules(capsys, tmp_path):
    text = output(capsys, "matrix")
    assert "shared-aap-api-secret-retrieval  offered under a condition, not recommended" in text
    assert "R4: The dedicated gateway carries business operations only." in text
    assert "documented: KMS integration overview (2025-06); Alibaba Cloud SDK page 601559" in text
    assert re.search(r"rules: .*CELL-022", text)
    assert "By documentation: KMS Agent has nothing that could be driven." in text
    document = json.loads(output(capsys, "matrix", "--format", "json"))
    assert [cell["promise"] for cell in document["wire"]].count("closed") == 15
    assert main(["matrix", "--results", str(tmp_path / "none")]) == 2
    assert "there is no results folder" in capsys.readouterr().err
    (tmp_path / "results.jsonl").write_text('{"event": "note"}\n')
    assert main(["matrix", "--results", str(tmp_path)]) == 2
    assert "does not begin with a header" in capsys.readouterr().err


def test_explain_tells_everything(capsys):
    text = output(capsys, "explain", "ENV-001")
    for wanted in (
        "carries a RequestId",
        "MUST (a violation makes a target non-conformant)",
        "documented",
        "KMS Responses page",
        "stage        answer",
        "kms-conformance sign --target TARGET.toml DescribeRegions",
        '{"rule": "ENV-001", "reason"',
        "kms-conformance baseline update",
    ):
        assert wanted in text
    case = output(capsys, "explain", "CON-001[Encrypt]")
    assert "sign --target TARGET.toml Encrypt" in case
    assert '"case": "Encrypt"' in case


def test_every_rule_can_be_explained(capsys):
    from conformance.run.registry import load_rules

    for name, rule in load_rules().items():
        text = output(capsys, "explain", name)
        assert rule.statement in text
        assert rule.source in text


def test_coverage(capsys):
    table = output(capsys, "coverage", "--variants")
    assert len(table.splitlines()) > 91
    families = output(capsys, "coverage", "--families")
    assert "91 of 91 operations are covered" in families


@pytest.mark.parametrize("by", ["kind", "operation", "parameter", "code", "cell"])
def test_coverage_sums_up_in_several_ways(by, capsys):
    lines = output(capsys, "coverage", "--by", by).splitlines()
    assert lines[0].split() == [by, "promises", "tested", "excluded", "open"]
    assert "100 % are tested or excluded with a reason" in lines


def test_coverage_names_rules_and_reasons(capsys):
    assert re.search(r"^CON-002 +\d+$", output(capsys, "coverage", "--by", "rule"), re.MULTILINE)
    lines = output(capsys, "coverage", "--operation", "Encrypt").splitlines()
    told = dict(re.split(r"  +", line, maxsplit=1) for line in lines)
    assert "STA-002" in told["state/Encrypt/Disabled"]
    assert "CON-002" in told["constraint/Encrypt/KeyId/required"]
    document = json.loads(output(capsys, "coverage", "--json"))
    assert document["open"] == []
    assert document["promises"]["operation/Encrypt"]
    assert main(["coverage", "--operation", "Encript"]) == 2
    assert "did you mean" in capsys.readouterr().err.lower()


def test_coverage_of_a_folder_that_is_no_run(tmp_path, capsys):
    assert main(["coverage", "--results", str(tmp_path)]) == 2
    assert "give the results folder of a run" in capsys.readouterr().err


@pytest.fixture(scope="module")
def broken():
    """An endpoint that answers without RequestId."""

    def talk(connection, request):
        from endpoints import http

        small_answer = http("200 OK", b'{"Regions":{"Region":[{"RegionId":"cn-hangzhou"}]}}')
        if b"DescribeRegions" in request:
            connection.sendall(small_answer)
        else:
            small(connection, request)

    with listening(talk) as address:
        yield address


def test_run_writes_results_and_reports(tmp_path, url, capsys):
    path = target_file(tmp_path, url)
    text = output(capsys, "run", "--target", path, "--results", tmp_path / "r", *ENVELOPE)
    assert "Conformant" in text
    names = {entry.name for entry in (tmp_path / "r").iterdir()}
    assert {"results.jsonl", "report.html", "junit.xml", "badge.svg"} <= names
    assert output(capsys, "report", tmp_path / "r", "--format", "junit").count("junit.xml") == 1


def test_from_a_failure_to_an_accepted_one(tmp_path, broken, capsys):
    path = target_file(tmp_path, broken)
    run = ["run", "--target", str(path), "--results", str(tmp_path / "r"), *ENVELOPE]
    assert main(run) == 1
    capsys.readouterr()
    events = [json.loads(line) for line in (tmp_path / "r/results.jsonl").read_text().splitlines()]
    failed = next(event for event in events if event.get("verdict") == "fail")
    assert failed["rule"] == "ENV-001"
    # The printed command repeats the failure.
    replay = failed["replay"].split()
    assert replay[:2] == ["kms-conformance", "replay"]
    assert main(replay[1:]) == 1
    shown = capsys.readouterr().out
    assert "ENV-001: fail" in shown
    assert '"status": 200' in shown
    # Accept it.
    baseline = tmp_path / "baseline.json"
    words = ["--reason", "known", "--owner", "us", "--expires", "2999-01-01"]
    told = output(capsys, "baseline", "update", tmp_path / "r", "--baseline", baseline, *words)
    assert "1 new" in told
    output(capsys, "baseline", "check", baseline)
    assert main([*run, "--baseline", str(baseline)]) == 0
    capsys.readouterr()
    # Mended, the entry is stale.
    with listening(small) as address:
        target_file(tmp_path, address)
        assert main([*run, "--baseline", str(baseline)]) == 5
    assert "stale baseline entry: ENV-001: does not fail any more" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_run(tmp_path, endpoint, capsys):
    def pairs(seed):
        folder = tmp_path / f"r{seed}"
        argv = ["run", "--target", str(endpoint.path), "--results", str(folder), "--seed", seed]
        main([*argv, "--rule", "CON-005[[]Encrypt]", "--keep-all", "--no-reports"])
        found = []
        for file in sorted((folder / "evidence").iterdir()):
            document = json.loads(file.read_text())
            if document["operation"] == "Encrypt":
                found.append(sorted(document["parameters"]))
        shutil.rmtree(folder)
        return found

    first = pairs("11")
    assert first
    assert pairs("11") == first


def shell(command, environ=None):
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environ,
    )


def runnable(command):
    """Let a printed command run with this interpreter."""
    return command.replace("kms-conformance", " ".join(COMMAND), 1)


@pytest.mark.parametrize(
    ("operation", "params", "options"),
    [
        ("DescribeRegions", {}, {}),
        ("ListKeys", {"PageSize": 5, "Filters": [{"Key": "KeyState", "Values": ["Enabled"]}]}, {}),
        ("ListKeys", {"PageSize": 5}, {"method": "GET", "scheme": "RPC-1.0"}),
        ("ListKeys", {"PageSize": 5}, {"placement": "form", "listener": "http"}),
        ("ListKeys", {"PageSize": 5}, {"placement": "form", "scheme": "RPC-1.0"}),
        ("DescribeKey", {"KeyId": 'it\'s "a" $HOME `id` key'}, {}),
        ("ListKeys", {}, {"identity": "sts", "format": "XML"}),
        ("ListKeys", {}, {"identity": "none"}),
    ],
)
def test_the_printed_curl_command_works(operation, params, options, endpoint):
    from conformance.client.caller import Caller
    from conformance.client.curl import curl_command
    from conformance.client.redact import Redactor

    assert shutil.which("curl"), "curl is needed to show that the printed command works"
    options = dict(options)
    answer_format = options.pop("format", "JSON")
    caller = Caller(endpoint)
    exchange = caller.call(operation, params, answer_format=answer_format, **options)
    command = curl_command(exchange, Redactor(), endpoint.path)
    done = shell(runnable(command))
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition("\n\n")
    assert head.split()[1] == str(exchange.status)
    if exchange.code:
        assert exchange.code in body
    assert ("<" in body[:1]) == (answer_format == "XML")


def test_secret_parameters_of_the_curl_command_come_from_the_environment(endpoint):
    import os

    from conformance.client.caller import Caller
    from conformance.client.curl import curl_command
    from conformance.client.redact import Redactor

    params = {"SecretName": "curl-secret", "VersionId": "v1", "SecretData": "canary data"}
    exchange = Caller(endpoint).call("CreateSecret", params, placement="sdk")
    assert exchange.ok
    command = curl_command(exchange, Redactor(), endpoint.path)
    assert "canary" not in command
    assert '"SecretData=$KMS_SECRETDATA"' in command
    assert "canary" not in (done := shell(runnable(command))).stderr
    assert done.returncode == 0
    again = runnable(command).replace("curl-secret", "curl-secret-2")
    done = shell(again, {**os.environ, "KMS_SECRETDATA": "from the environment"})
    assert " 200" in done.stdout.splitlines()[0]
    value = Caller(endpoint).call("GetSecretValue", {"SecretName": "curl-secret-2"})
    assert value.data["SecretData"] == "from the environment"


def test_plain_pytest_runs_the_rules(tmp_path, url):
    path = target_file(tmp_path, url)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--kms-target"]
    selected = ["--kms-select", "rule:ENV-00[1-4]", "--kms-results", str(tmp_path / "r")]
    done = subprocess.run(
        [*argv, str(path), *selected, "--pyargs", "conformance.rules"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    assert (tmp_path / "r" / "results.jsonl").exists()


def test_other_projects_are_left_alone(tmp_path):
    (tmp_path / "test_other.py").write_text("def test_other():\n    assert True\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_cleanup_by_mark_when_the_journal_is_lost(endpoint, capsys):
    from conformance.client.caller import Caller

    caller = Caller(endpoint)
    key = caller.call("CreateKey", {"Description": "kmsct-deadbeef lost"}).data["KeyMetadata"]
    caller.call("CreateAlias", {"AliasName": "alias/kmsct-deadbeef-1", "KeyId": key["KeyId"]})
    output(capsys, "cleanup", "--target", endpoint.path)
    assert caller.call("DescribeKey", {"KeyId": "alias/kmsct-deadbeef-1"}).ok
    assert "2 things removed" in output(capsys, "cleanup", "--target", endpoint.path, "--marked")
    assert caller.call("DescribeKey", {"KeyId": "alias/kmsct-deadbeef-1"}).status == 404
    state = caller.call("DescribeKey", {"KeyId": key["KeyId"]}).data["KeyMetadata"]["KeyState"]
    assert state == "PendingDeletion"


def test_a_word_that_is_no_command_is_told_which_there_are(capsys):
    for word in ("selecting", "_selecting", "certify"):
        with pytest.raises(SystemExit):
            main([word])
        told = capsys.readouterr().err
        assert "'run'" in told
        assert "'serve'" in told
