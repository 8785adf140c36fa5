"""Canary secrets in every credential, plaintext and secret value are in no artefact."""

import base64
import json
import subprocess
import sys
from urllib.parse import quote

import pytest
from endpoints import GOOD, http, listening

from conformance.run.engine import Engine, RunOptions
from conformance.run.planning import Plan, PlannedCase
from conformance.run.registry import Level, Rule
from conformance.run.verdict import Violation
from conformance.target import load_target
from conformance.wire.encoding import encode_query

CANARIES = {
    "secret": "canary/Secret+of=full",
    "token": "canary.token.of.sts",
    "sts": "canary-secret-of-sts",
    "plaintext": "canary plaintext & more",
    "data": 'canary "data" <ü>',
    "answer": "canary value of the answer",
}

TARGET = """
[target]
name = "t"
region = "cn-hangzhou"
[gateways.shared]
http = "{url}"
[identities.full]
access_key_id = "LTAI"
access_key_secret_env = "CANARY_SECRET"
[identities.sts]
access_key_id = "STS.x"
access_key_secret_env = "CANARY_STS"
security_token_env = "CANARY_TOKEN"
"""


def forms(text):
    once = quote(text, safe="~")
    raw = text.encode()
    found = {text, once, quote(once, safe="~"), encode_query([("", text)], plus=True)[1:]}
    found |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    found |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), raw.hex()}
    found |= {text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    return found


def parrot(connection, request):
    """Answer with a secret, and repeat the request in the message."""
    if b"DescribeRegions" in request:
        connection.sendall(http("200 OK", GOOD))
    elif b"GetSecretValue" in request:
        answer = {"RequestId": "r", "SecretName": "n", "SecretData": CANARIES["answer"]}
        connection.sendall(http("200 OK", json.dumps(answer).encode()))
    else:
        said = request.decode("latin-1")
        answer = {"RequestId": "r", "Code": "X", "Message": said, "HttpStatus": 400}
        connection.sendall(http("400 Bad Request", json.dumps(answer).encode()))


def check(kms):
    """Use every secret there is, then fail and say too much."""
    for scheme in ("V3", "RPC-1.0"):
        for placement in ("query", "form", "sdk"):
            way = {"scheme": scheme, "placement": placement, "identity": "sts"}
            kms.call("Encrypt", {"KeyId": "k", "Plaintext": CANARIES["plaintext"]}, **way)
            kms.call(
                "CreateSecret",
                {"SecretName": "n", "VersionId": "v", "SecretData": CANARIES["data"]},
                **way,
            )
    value = kms.call("GetSecretValue", {"SecretName": "n"})
    echoed = kms.call("DescribeKey", {"KeyId": value.data["SecretData"]})
    everything = " ".join(CANARIES.values())
    raise Violation(f"{everything} {everything!r} {echoed.answer.message}", [value, echoed])


def crash(kms):
    """Fail as a programme, with a secret in the error."""
    value = kms.call("GetSecretValue", {"SecretName": "n"})
    raise KeyError(value.data["SecretData"])


@pytest.fixture
def artefacts(tmp_path, monkeypatch):
    monkeypatch.setenv("CANARY_SECRET", CANARIES["secret"])
    monkeypatch.setenv("CANARY_STS", CANARIES["sts"])
    monkeypatch.setenv("CANARY_TOKEN", CANARIES["token"])
    rules = [
        Rule(name, Level.MUST, "t", "S.", "documented", "s", "service", function, __name__)
        for name, function in (("TST-001", check), ("TST-002", crash))
    ]
    with listening(parrot) as url:
        path = tmp_path / "target.toml"
        path.write_text(TARGET.format(url=url))
        plan = Plan(tuple(map(PlannedCase, rules)), ())
        engine = Engine(load_target(path), plan, RunOptions(results=tmp_path / "r"))
        with engine:
            verdicts = [result.verdict.value for result in engine.iterate()]
    assert verdicts == ["fail", "harness-error"]
    from reports.render_all import render

    render(tmp_path / "r")
    files = [file for file in (tmp_path / "r").rglob("*") if file.is_file()]
    assert len(files) > 10
    return {str(file): file.read_bytes().decode("utf-8", "replace") for file in files}


def test_no_artefact_holds_a_canary(artefacts):
    for name, text in artefacts.items():
        for which, canary in CANARIES.items():
            for form in forms(canary):
                assert form not in text, f"{which} in {name}"


def test_what_is_no_secret_is_still_there(artefacts):
    together = "".join(artefacts.values())
    for kept in ("SecretName", "GetSecretValue", "<redacted>", "LTAI", "STS.x"):
        assert kept in together


def test_the_command_line_prints_no_canary(tmp_path):
    import os

    environ = {
        **os.environ,
        "CANARY_SECRET": CANARIES["secret"],
        "CANARY_STS": CANARIES["sts"],
        "CANARY_TOKEN": CANARIES["token"],
        "KMS_CONFORMANCE_TRACEBACK": "1",
    }
    with listening(parrot) as url:
        path = tmp_path / "target.toml"
        path.write_text(TARGET.format(url=url))
        for argv in (
            [
                "run",
                "--target",
                str(path),
                "--results",
                str(tmp_path / "r"),
                "--family",
                "envelope",
            ],
            ["replay", "ENV-001", "--target", str(path)],
            ["cleanup", "--target", str(path)],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "conformance.cli", *argv],
                capture_output=True,
                text=True,
                check=False,
                env=environ,
            )
            for canary in (CANARIES["secret"], CANARIES["sts"], CANARIES["token"]):
                for form in forms(canary):
                    assert form not in done.stdout + done.stderr
