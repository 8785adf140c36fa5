"""``kms-conformance agent`` as a process: asked with curl and httpx, ended with SIGTERM."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from jsonschema import Draft202012Validator

from conformance.cli import main
from conformance.client.caller import Caller
from conformance.spec import catalogue

VALUE = '{"username":"app","password":"canary-of-the-value"}'


@pytest.fixture(scope="module")
def secret(upstream):
    """The name of a secret on the upstream."""
    caller = Caller(upstream)
    params = {"SecretName": "app/database", "SecretData": VALUE, "VersionId": "v1"}
    assert caller.call("CreateSecret", params).ok
    caller.close()
    return "app/database"


@contextmanager
def agent(target, folder, *options, environ=None, started=("-m", "conformance.cli")):
    """Yield process, ready line and the token of an agent."""
    token_file = folder / "token"
    given = {name: value for name, value in os.environ.items() if not name.startswith("KMS_")}
    command = [sys.executable, *started, "agent", "--target", str(target.path), "--port", "0"]
    if not environ:
        command += ["--token-file", str(token_file)]
    with subprocess.Popen(
        [*command, *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=given | (environ or {}),
    ) as process:
        try:
            ready = json.loads(process.stdout.readline())
            yield process, ready, token_file.read_text() if not environ else None
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
def running(upstream, tmp_path_factory):
    folder = tmp_path_factory.mktemp("agent")
    with agent(upstream, folder, "--log-file", folder / "log") as found:
        yield *found, folder


def curl(*arguments):
    command = [
        "curl",
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        "--write-out",
        "\n%{http_code}",
    ]
    told = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    body, _, status = told.stdout.rpartition("\n")
    return int(status), body


def test_the_ready_line_is_what_its_schema_says(running):
    _, ready, token, folder = running
    Draft202012Validator(catalogue().document("meta/agent-ready.schema")).validate(ready)
    assert token not in json.dumps(ready)
    assert stat.S_IMODE((folder / "token").stat().st_mode) == 0o600


def test_curl_reads_by_both_forms_and_both_headers(running, secret):
    _, ready, token, _ = running
    status, body = curl("-H", f"X-KMS-Token: {token}", f"{ready['url']}/v1/{secret}")
    assert status == 200
    assert json.loads(body)["SecretData"] == VALUE
    status, again = curl(
        "-H", f"X-Vault-Token: {token}", f"{ready['url']}/secretsmanager/get?secretId={secret}"
    )
    assert (status, again) == (200, body)


def test_curl_is_refused_without_the_token(running, secret):
    _, ready, token, _ = running
    status, body = curl(f"{ready['url']}/v1/{secret}")
    assert status == 403
    assert "canary" not in body
    assert token not in body


def test_httpx_reads_and_is_refused(running, secret):
    _, ready, token, _ = running
    with httpx.Client(
        base_url=ready["url"], headers={"X-KMS-Token": token}, trust_env=False
    ) as client:
        found = client.get(f"/v1/{secret}")
        assert found.json()["VersionStages"] == {"VersionStage": ["ACSCurrent"]}
        assert client.get("/v1/no/such/secret").status_code == 404
        assert client.post(f"/v1/{secret}", json={"SecretData": "changed"}).status_code == 405
        assert client.get("/v2/x").status_code == 404


def test_the_log_is_json_and_holds_no_secret(running, secret):
    _, ready, token, folder = running
    curl("-H", f"X-KMS-Token: {token}", f"{ready['url']}/v1/{secret}")
    text = (folder / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"level", "ts", "msg"} <= lines[0].keys()
    assert any(line.get("secret") == secret for line in lines)
    assert token not in text
    assert "canary" not in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(upstream, tmp_path, number):
    with agent(upstream, tmp_path, "--log-level", "none") as (process, ready, _):
        port = int(ready["url"].rpartition(":")[2])
        # A connection that somebody keeps open is no reason to stay.
        with socket.create_connection(("127.0.0.1", port)):
            process.send_signal(number)
            assert process.wait(60) == 0
        assert process.stderr.read() == ""
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port)).close()


#: An agent to which the signal comes before its server listens to signals.
TOLD_AT_ONCE = """
import os, signal, sys
from conformance import cli
from conformance.agent import command
ready = command._ready
command._ready = lambda *given: (ready(*given), os.kill(os.getpid(), signal.Signals({number})))
sys.exit(cli.main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_right_after_the_line_of_readiness_ends_it(upstream, tmp_path, number):
    program = TOLD_AT_ONCE.format(number=int(number))
    with agent(upstream, tmp_path, started=("-c", program)) as (process, _, _):
        assert process.wait(20) == 0


def test_the_dedicated_gateway_and_a_token_from_a_variable(upstream, tmp_path, secret):
    (tmp_path / "held").write_text("  held-in-a-file \n")
    environ = {"KMS_SESSION_TOKEN": f"file://{tmp_path / 'held'}"}
    options = ("--gateway", "dedicated", "--response-type", "1")
    with agent(upstream, tmp_path, *options, environ=environ) as (_, ready, _):
        assert ready["upstream"] == upstream.gateways["dedicated"].listeners["https"]
        assert ready["token"].startswith("KMS_SESSION_TOKEN")
        url = f"{ready['url']}/v1/{secret}"
        assert curl("-H", "X-KMS-Token: other", url)[0] == 403
        status, body = curl("-H", "X-KMS-Token: held-in-a-file", url)
        # The secret is none of the instance: what counts is that the gateway has answered.
        assert status in {200, 403, 404}
        assert "InternalFailure" not in body


# --- what a user can do wrong -----------------------------------------------------------------


@pytest.fixture
def _handlers():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def told(capsys, monkeypatch, *argv):
    for name in ("KMS_TOKEN", "KMS_SESSION_TOKEN", "KMS_CONTAINER_AUTHORIZATION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    code = main(["agent", *map(str, argv)])
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


@pytest.mark.usefixtures("_handlers")
class TestOneSentenceAndExitCode2:
    def test_no_upstream(self, capsys, monkeypatch):
        code, sentence = told(capsys, monkeypatch)
        assert code == 2
        assert "no upstream: name a target file with --target" in sentence

    def test_the_port_is_taken(self, capsys, monkeypatch, upstream, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, sentence = told(
                capsys, monkeypatch, "--target", upstream.path, "--port", port,
                "--token-file", tmp_path / "token",
            )  # fmt: skip
        assert code == 2
        assert f"port {port} on 127.0.0.1 cannot be used" in sentence

    def test_the_token_file_cannot_be_read(self, capsys, monkeypatch, upstream, tmp_path):
        code, sentence = told(
            capsys, monkeypatch, "--target", upstream.path, "--token-file", tmp_path
        )
        assert code == 2
        assert f"the token file {tmp_path} that the configuration names cannot be read" in sentence

    def test_the_token_file_cannot_be_made(self, capsys, monkeypatch, upstream, tmp_path):
        file = tmp_path / "no" / "token"
        code, sentence = told(capsys, monkeypatch, "--target", upstream.path, "--token-file", file)
        assert code == 2
        assert "cannot be made" in sentence

    def test_the_token_file_is_empty(self, capsys, monkeypatch, upstream, tmp_path):
        (tmp_path / "token").write_text("\n")
        code, sentence = told(
            capsys, monkeypatch, "--target", upstream.path, "--token-file", tmp_path / "token"
        )
        assert code == 2
        assert "holds no token" in sentence

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (
                "[Server]\nHttpPrt = 1",
                "unknown key 'HttpPrt' in [Server] (did you mean 'HttpPort'?)",
            ),
            ("[Sever]\n", "unknown key 'Sever' (did you mean 'Server'?)"),
            ("[Cache]\nTtlSeconds = -1", "Cache.TtlSeconds is -1: must be >= 0"),
            ("[Server]\nMaxConn = 1001", "must be <= 1000"),
            ("[Server]\nResponseType = 3", "must be one of 0, 1, 2"),
            ("[Server]\nPathPrefix = 'v1'", "Server.PathPrefix is 'v1'"),
            ("nonsense", "is not valid TOML"),
            ("[Kms]\nTarget = 'no.toml'", "there is no target file"),
        ],
    )
    def test_the_configuration(self, capsys, monkeypatch, tmp_path, text, wanted):
        (tmp_path / "agent.toml").write_text(text)
        code, sentence = told(capsys, monkeypatch, "--config", tmp_path / "agent.toml")
        assert code == 2
        assert wanted in sentence

    def test_the_configuration_is_missing(self, capsys, monkeypatch, tmp_path):
        code, sentence = told(capsys, monkeypatch, "--config", tmp_path / "none.toml")
        assert code == 2
        assert "cannot be read" in sentence

    def test_the_identity_is_unknown(self, capsys, monkeypatch, upstream):
        code, sentence = told(
            capsys, monkeypatch, "--target", upstream.path, "--identity", "nobody"
        )
        assert code == 2
        assert "has no [identities.nobody]: it has full" in sentence

    def test_the_fault_is_unknown(self, capsys, monkeypatch, upstream, tmp_path):
        code, sentence = told(
            capsys, monkeypatch, "--target", upstream.path, "--token-file", tmp_path / "token",
            "--port", 0, "--fault", "agent-knows-one-heder",
        )  # fmt: skip
        assert code == 2
        assert "did you mean 'agent-knows-one-header'?" in sentence
