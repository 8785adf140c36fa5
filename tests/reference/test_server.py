"""The endpoint over real sockets: listeners, TLS, scripts, witness, control, stop."""

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from serving import site

from conformance.reference import serve_cli
from conformance.reference.endpoint import Endpoint
from conformance.reference.listening import ListenError
from conformance.reference.script import Reply, ScriptError, Step, read_step
from conformance.reference.server import ListenOptions, serve
from conformance.reference.settings import Settings, Transport
from conformance.target.load import load_target


@pytest.fixture(scope="module")
def served():
    with site(control_port=0) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(request):
    if "served" not in request.fixturenames:
        yield
        return
    endpoint = request.getfixturevalue("served").endpoint
    yield
    endpoint.script.clear()
    endpoint.witness.recording = False
    endpoint.witness.clear()
    endpoint.clock.reset()


@pytest.mark.parametrize("listener", ["http", "https"])
@pytest.mark.parametrize("scheme", ["RPC-1.0", "V3"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signed_calls_are_served_on_both_listeners(served, listener, scheme, method):
    response = served.call("ListKeys", scheme=scheme, method=method, listener=listener)
    assert response.status_code == 200
    assert response.json()["RequestId"]


def test_long_work_leaves_the_loop_free(served):
    done = threading.Event()
    thread = threading.Thread(
        target=lambda: (served.call("CreateKey", KeySpec="RSA_3072"), done.set()), daemon=True
    )
    thread.start()
    answered = 0
    while not done.wait(0.001):
        assert served.call("DescribeRegions", listener="http").status_code == 200
        answered += 1
    thread.join(10)
    assert answered > 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions(served, version):
    context = served.running.client_context()
    context.minimum_version = context.maximum_version = version
    with httpx.Client(verify=context, trust_env=False) as client:
        assert client.get(served.running.https_url).status_code == 400


def test_the_certificate_is_trusted_through_the_private_authority_only(served):
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(served.running.https_url)
    reasons = wait_for(lambda: list(served.endpoint.witness.tls_failures))
    assert reasons


def wait_for(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")


def test_plain_text_on_the_tls_port_is_seen_and_refused(served):
    port = served.running.https_url.rpartition(":")[2]
    response = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
    assert response.status_code == 400
    assert served.endpoint.witness.counts["plain_text_on_tls"] == 1
    assert served.endpoint.witness.plain_text[0].startswith(b"GET / HTTP/1.1")


def test_the_witness_keeps_requests_while_it_records(served):
    witness = served.endpoint.witness
    served.call("ListKeys")
    assert not witness.requests
    witness.recording = True
    served.call("Encrypt", KeyId="k", Plaintext="c2VjcmV0", scheme="V3")
    served.call("DescribeKey", identity="sts", scheme="RPC-1.0", listener="http")
    first, second = witness.requests
    assert (first.action, first.scheme, first.status, first.tls) == (
        "Encrypt",
        "ACS3",
        404,
        "TLSv1.3",
    )
    assert (second.action, second.scheme, second.code) == (
        "DescribeKey",
        "RPC-1.0",
        "MissingParameter",
    )
    assert first.connection != second.connection
    shown = json.dumps(witness.view())
    sts = served.endpoint.identities["sts"].credential
    assert "c2VjcmV0" not in shown
    assert sts.token not in shown
    assert dict(first.request.query_pairs())["Plaintext"] == "c2VjcmV0"


def test_a_script_answers_exactly(served):
    headers = (("x-one", "1"), ("x-one", "2"))
    reply = Reply(503, headers, b'{"Code":"ServiceUnavailableTemporary"}')
    served.endpoint.script.add(Step(reply, action="ListKeys", times=2), Step(Reply(418), after=1))
    for _ in range(2):
        response = served.call("ListKeys")
        assert response.status_code == 503
        assert response.headers.get_list("x-one") == ["1", "2"]
        assert response.content == reply.body
    assert served.call("ListKeys").status_code == 200
    assert served.call("ListKeys").status_code == 418
    assert served.call("ListKeys").status_code == 200


def test_a_script_breaks_connections(served):
    served.endpoint.script.add(
        Step(Reply(reset=True)),
        Step(Reply(body=b"0123456789", cut=48)),
        Step(Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")),
        Step(Reply(raw=b"no http at all")),
    )
    for _ in range(4):
        with pytest.raises(httpx.TransportError):
            served.call("ListKeys")
    assert served.call("ListKeys").status_code == 200


def test_a_script_takes_its_time(served):
    served.endpoint.script.add(
        Step(Reply(delay=0.15, proceed=True)), Step(Reply(body=b"abc", drip=0.05))
    )
    started = time.monotonic()
    assert served.call("ListKeys").json()["RequestId"]
    assert time.monotonic() - started >= 0.15
    started = time.monotonic()
    assert served.call("ListKeys").content == b"abc"
    assert time.monotonic() - started >= 0.1


def test_a_script_never_answers(served):
    served.endpoint.script.add(Step(Reply(hang=True)))
    with httpx.Client(timeout=0.3, trust_env=False) as client, pytest.raises(httpx.ReadTimeout):
        client.get(served.running.http_url)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "a JSON object"),
        ({"stauts": 200}, "unknown member 'stauts'"),
        ({"status": "200"}, "status has the wrong type"),
        ({"status": 99}, "three digits"),
        ({"headers": [["a"]]}, "list of"),
        ({"headers": [["a", "b\r\nc"]]}, "line break"),
        ({"raw_base64": "*"}, "not base64"),
        ({"delay": -1}, "seconds"),
    ],
)
def test_steps_that_cannot_be_read(document, message):
    with pytest.raises(ScriptError, match=message):
        read_step(document)


def test_the_control_surface(served):
    url = served.running.control_url
    with httpx.Client(base_url=url, trust_env=False) as control:
        before = control.get("/clock").json()["now"]
        after = control.post("/clock", json={"advance": 86400}).json()["now"]
        assert after[:10] > before[:10]
        assert (
            control.post("/clock", json={"set": "2030-01-01T00:00:00Z"}).json()["now"][:10]
            == "2030-01-01"
        )
        control.post("/clock", json={"freeze": True})
        assert control.post("/clock", json={"reset": True}).status_code == 200
        assert control.post("/witness", json={"record": True, "clear": True}).json() == {
            "recording": True
        }
        step = {"status": 599, "body_base64": base64.b64encode(b"x").decode(), "action": "ListKeys"}
        assert control.post("/script", json=[step, step]).json() == {"steps": 2}
        assert served.call("ListKeys").status_code == 599
        assert len(control.get("/script").json()) == 1
        control.delete("/script")
        assert served.call("ListKeys").status_code == 200
        seen = control.get("/witness").json()
        assert [request["status"] for request in seen["requests"]] == [0, 200]
        assert control.get("/state").json()["counts"]["keys"] >= 1


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("POST", "/clock", {"json": {}}, 400),
        ("POST", "/clock", {"json": {"advance": "soon"}}, 400),
        ("POST", "/clock", {"json": {"advance": 1e300}}, 400),
        ("POST", "/clock", {"json": {"set": "tomorrow"}}, 400),
        ("POST", "/clock", {"json": {"jump": 1}}, 400),
        ("POST", "/clock", {"content": "{", "headers": {"content-type": "application/json"}}, 400),
        ("POST", "/clock", {"data": {"advance": "1"}}, 415),
        ("POST", "/witness", {"json": {"recrod": True}}, 400),
        ("POST", "/script", {"json": {"x": 1}}, 400),
        ("GET", "/state", {"headers": {"host": "kms.example"}}, 403),
    ],
)
def test_the_control_surface_refuses(served, method, path, options, status):
    response = httpx.request(method, served.running.control_url + path, trust_env=False, **options)
    assert response.status_code == status
    assert response.json()["error"]


def test_transport_variations():
    transport = Transport(
        headers=(("x-a", "b"),), chunked=5, close=True, tls_versions=("1.2", "1.2")
    )
    with site(Endpoint(Settings(), transport)) as served:
        response = served.call("ListKeys")
        assert response.json()["RequestId"]
        assert response.headers["x-a"] == "b"
        assert response.headers["transfer-encoding"] == "chunked"
        assert response.headers["connection"] == "close"
        with served.connect("https") as connection:
            assert connection.version() == "TLSv1.2"


def test_a_port_in_use_is_one_clear_sentence(served):
    port = int(served.running.http_url.rpartition(":")[2])
    with pytest.raises(ListenError, match="give another with --http-port"):
        serve(Endpoint(), ListenOptions(http_port=port))


def test_a_host_that_does_not_resolve():
    with pytest.raises(ListenError, match="does not resolve"):
        serve(Endpoint(), ListenOptions(host="no.such.host.invalid"))


def test_stop_is_quick_with_open_connections():
    with site() as served:
        served.call("ListKeys")
        idle = [served.connect("http") for _ in range(20)] + [served.connect("https")]
        served.endpoint.script.add(Step(Reply(hang=True)))
        hanging = served.connect("http")
        hanging.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        wait_for(lambda: not served.endpoint.script)
        started = time.monotonic()
        served.running.stop()
        assert time.monotonic() - started < 0.5
        for connection in (*idle, hanging):
            connection.close()


@pytest.fixture
def process(tmp_path):
    started = []

    def start(*options):
        command = [sys.executable, "-m", "conformance.cli", "serve", *options]
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


def test_the_command_prints_one_line_and_ends_on_sigterm(process, tmp_path):
    child = process("--seed", "7", "--harmless", "reversed-members")
    ready = json.loads(child.stdout.readline())
    assert ready["ready"] is True
    assert set(ready["identities"]) == {
        "full",
        "read-only",
        "none",
        "disabled",
        "sts",
        "expired-sts",
    }
    assert ready["deviations"] == ["reversed-members"]
    target = load_target(Path(ready["target"]))
    assert target.loopback
    assert target.identities["full"].id == ready["identities"]["full"]["access_key_id"]
    assert target.identities["sts"].token == ready["identities"]["sts"]["security_token"]
    context = ssl.create_default_context(cafile=ready["ca"])
    assert httpx.get(ready["https"], verify=context, trust_env=False).status_code == 400
    started = time.monotonic()
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=5)
    assert time.monotonic() - started < 1
    assert child.returncode == 0
    assert not out
    assert not err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fault", "replay-acepted"], "did you mean replay-accepted"),
        (["--harmless", "nothing-like-it"], "no harmless variation 'nothing-like-it'"),
        (["--http-port", "70000"], "no port"),
        (["--freshness", "never"], "no number of minutes"),
        (["--host", "no.such.host.invalid"], "does not resolve"),
    ],
)
def test_what_a_user_gets_wrong_is_one_sentence(capsys, options, message):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        code = serve_cli.main(options)
    except SystemExit as exit_:
        code = exit_.code
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    out, err = capsys.readouterr()
    assert code == 2
    assert not out
    assert message in err
    assert "Traceback" not in err


def test_all_deviations_are_listed(capsys):
    assert serve_cli.main(["--list-faults"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed["harmless"]) >= 20
    assert len(listed["faults"]) >= 25
    for deviation in listed["faults"] + listed["harmless"]:
        assert deviation["statement"].endswith((".", "?")), deviation["name"]
