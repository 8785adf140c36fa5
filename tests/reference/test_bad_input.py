"""Bad input over real sockets: the documented error or a clean close, and nothing is lost by it."""

import contextlib
import json
import resource
import socket
import time

import httpx
import pytest
from serving import read_all, site

from conformance.reference.protocol import Limits
from conformance.wire.rpc import RpcAuth

FORM = ("content-type", "application/x-www-form-urlencoded")
LIMITS = Limits(request_seconds=0.5, idle_seconds=60)


@pytest.fixture(scope="module")
def served():
    with site(limits=LIMITS) as running:
        yield running


@pytest.fixture(autouse=True)
def still_right(served):
    """After whatever happened the endpoint serves, has lost nothing and met no surprise."""
    before = served.endpoint.account.counts()
    yield
    assert served.call("ListKeys").status_code == 200
    assert served.endpoint.account.counts() == before
    assert list(served.endpoint.witness.internal_errors) == []


def request(body=b"", *, line="POST / HTTP/1.1", headers=(FORM,), length=True):
    lines = [line, "host: kms.example", *(f"{name}: {value}" for name, value in headers)]
    if length:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1") + body


def refusal(raw):
    """Return status and code of the only answer in these bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    assert 400 <= status < 500, head
    members = json.loads(body)
    assert members["RequestId"]
    assert members["Message"]
    return status, members["Code"]


@pytest.mark.parametrize(
    "body",
    [
        b"Action=ListKeys&Signature=%",
        b"Action=ListKeys&Signature=%zz",
        b"Action=ListKeys&Signature=x&Plaintext=%ff%fe",
        b"Action=ListKeys&Signature=x&Plaintext=\xff\xfe",
        b"Action=ListKeys&Action=CreateKey&Signature=x",
        b"Action=ListKeys&Action=ListKeys&Signature=x",
        b"a=1&" * 100_000 + b"Signature=x",
    ],
    ids=[
        "percent-at-end",
        "percent-without-digits",
        "escaped-bad-utf-8",
        "raw-bad-utf-8",
        "name-twice",
        "same-pair-twice",
        "100000-pairs",
    ],
)
def test_a_form_that_cannot_be_read(served, body):
    for listener in ("http", "https"):
        raw = served.send(request(body), listener)
        assert refusal(raw) == (400, "ParseRequestParameterException")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_another_method(served, method):
    raw = served.send(request(b"Action=ListKeys", line=f"{method} / HTTP/1.1"))
    assert refusal(raw) == (403, "UnsupportedHTTPMethod")


def test_head_is_refused_without_a_body(served):
    raw = served.send(request(line="HEAD / HTTP/1.1", headers=()))
    assert raw.startswith(b"HTTP/1.1 403")
    assert raw.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00" * 64 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"MAKE-ME-A-SANDWICH / HTTP/1.1\r\n\r\n",
        b"CONNECT kms.example:443 HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\n: empty\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nab",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_what_is_no_http(served, raw):
    answer = served.send(raw)
    assert answer == b"" or 400 <= int(answer.split(b" ")[1]) < 500


@pytest.mark.parametrize(
    "headers",
    [
        [(f"x-{number}", "a" * 100) for number in range(1000)],
        [("x-long", "a" * 100_000)],
        [("a" * 100_000, "x")],
    ],
    ids=["many", "long-value", "long-name"],
)
def test_heads_that_are_too_large(served, headers):
    answer = served.send(request(headers=headers))
    assert answer == b"" or refusal(answer)[0] == 400


@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "ACS3-HMAC-SHA256")],
        [("authorization", "ACS3-HMAC-SHA256 " + "x=y," * 2000)],
        [("authorization", "ACS3-HMAC-SHA256 Credential=\xe9,SignedHeaders=host,Signature=\xe9")],
        [("authorization", "ACS4-HMAC-SHA256 Credential=a/b/c,SignedHeaders=h,Signature=1")],
        [("authorization", "Basic dXNlcjpwYXNz")],
        [("x-acs-bearer-token", "x")],
        [("x-kms-apiname", "Encrypt")],
        [("x-acs-action", "ListKeys")] * 50,
        [("content-type", "multipart/form-data")],
        [("content-type", "application/json; charset=\xff")],
        [("expect", "100-continue"), ("upgrade", "websocket"), ("connection", "upgrade")],
        [("host", "one"), ("host", "two")],
    ],
)
def test_absurd_headers(served, headers):
    answer = served.send(request(b"{}", headers=headers))
    final = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert refusal(final)[0] in {400, 404}


def signed_form(served, **params):
    auth = RpcAuth(served.endpoint.identities["full"].credential, placement="form")
    return auth.sign_request(httpx.Request("POST", "http://kms.example/", data=params)).content


def test_a_nul_in_a_parameter_is_text_that_the_service_judges(served):
    body = signed_form(served, Action="DescribeKey", KeyId="a\x00b")
    status, code = refusal(served.send(request(body)))
    assert (status, code) in {(404, "Forbidden.KeyNotFound"), (400, "InvalidParameter")}


def test_ten_megabytes_are_read_and_judged(served):
    body = signed_form(
        served,
        Action="CreateSecret",
        SecretName="large",
        VersionId="1",
        SecretData="a" * (10 * 1024 * 1024 - 2000),
    )
    assert len(body) > 10_000_000
    raw = served.send(request(body), timeout=20)
    assert refusal(raw) == (400, "InvalidParameter")


@pytest.mark.parametrize("size", [11, 40])
def test_more_than_ten_megabytes_are_refused(served, size):
    body = b"Action=ListKeys&Plaintext=" + b"a" * (size * 1024 * 1024)
    answer = b""
    with served.connect("http", 20) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request(body))
        with contextlib.suppress(ConnectionError):
            answer = read_all(connection)
    assert answer == b"" or refusal(answer) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "part",
    [
        b"P",
        b"POST / HTTP/1.1\r\nhost: kms",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nAction=ListKeys",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nAct",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HT",
    ],
)
@pytest.mark.parametrize("listener", ["http", "https"])
def test_half_a_request_ends_in_time(served, part, listener):
    started = time.monotonic()
    with served.connect(listener, timeout=8) as connection:
        connection.sendall(part)
        read_all(connection)
    assert time.monotonic() - started < 5


def test_a_client_that_leaves_in_the_middle_is_no_surprise(served):
    for part in (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab", b"GET /"):
        for listener in ("http", "https"):
            with served.connect(listener) as connection:
                connection.sendall(part)


def test_half_a_handshake_is_dropped(served):
    with served.connect("http") as probe:
        del probe
    port = int(served.running.https_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x05hello")
        read_all(connection)


def test_a_thousand_idle_connections_do_not_hinder_others(served):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * 1000 + 200
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"this machine allows {hard} open files, {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(served.connect("http"))
            half = stack.enter_context(served.connect("http"))
            half.sendall(b"GET / HT")
        started = time.monotonic()
        for _ in range(20):
            assert served.call("ListKeys", listener="http").status_code == 200
            assert served.call("ListKeys", listener="https").status_code == 200
        assert time.monotonic() - started < 5


def test_pipelined_requests_are_answered_in_order(served):
    one = b"GET /?Action=One HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"PUT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    raw = served.send(one * 20 + last)
    statuses = [part.split(b" ")[0] for part in raw.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"400"] * 20 + [b"403"]


def test_no_internal_failure_ever(served):
    assert served.endpoint.witness.counts["internal_errors"] == 0
