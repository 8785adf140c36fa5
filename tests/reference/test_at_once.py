"""Answering at once, bodies that come later, idle connections, and JSON by two encoders."""

import json

import pytest
from serving import read_all, site

from conformance.reference import application
from conformance.reference.json_body import json_body
from conformance.reference.protocol import Limits

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def served():
    with site(limits=Limits(idle_seconds=1)) as running:
        yield running


def test_what_fails_before_the_endpoint_is_answered_with_500(served, monkeypatch):
    with monkeypatch.context() as patch, served.connect() as connection:
        patch.setattr(application, "_wire_request", lambda *_, **__: 1 / 0)
        connection.sendall(HEAD + b"content-length: 0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 500 ")
    with served.connect() as connection:
        connection.sendall(HEAD + b"content-length: 0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_fails_after_a_thread_has_worked_is_answered_with_500(served, monkeypatch, method):
    key = served.call("CreateKey", listener="http", Origin="EXTERNAL").json()["KeyMetadata"]
    wrapping = {
        "KeyId": key["KeyId"],
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": "RSA_2048",
    }
    with monkeypatch.context() as patch:
        patch.setattr(application, "write_whole", lambda *_: 1 / 0)
        answer = served.call("GetParametersForImport", method=method, listener="http", **wrapping)
        assert answer.status_code == 500
    answer = served.call("GetParametersForImport", method=method, listener="http", **wrapping)
    assert answer.status_code == 200, answer.text


def test_a_body_that_comes_later_is_awaited(served):
    body = b"Action=ListKeys&Format=JSON"
    with served.connect() as connection:
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(body))
        for byte in body:
            connection.sendall(bytes([byte]))
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"AccessKeyId" in answer


def test_expected_bodies_are_asked_for(served):
    with served.connect() as connection:
        connection.sendall(HEAD + b"expect: 100-continue\r\ncontent-length: 1\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"a")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("requests", [0, 1, 3])
def test_idle_connections_are_closed(served, requests):
    with served.connect(timeout=8) as connection:
        for _ in range(requests):
            connection.sendall(HEAD + b"content-length: 0\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert read_all(connection) == b""
    assert served.endpoint.witness.counts["timed_out"] == 0


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"a": 'quote " backslash \\ slash / tab \t line \r\n \b\f', "b": [1, True, None, {}]},
        {"a": "".join(map(chr, range(0x200))) + "\u2028\ufeff漢字😀"},
        {"a": 2**70, "b": -(2**63)},
        {"a": 0.5, "b": [[], {"c": ""}]},
    ],
)
def test_both_encoders_write_the_same_bytes(members):
    standard = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    assert json_body(members) == standard


def test_half_a_surrogate_pair_is_replaced_on_request_only():
    assert json_body({"a": "\ud800"}, errors="replace") == b'{"a":"?"}'
    with pytest.raises(UnicodeEncodeError):
        json_body({"a": "\ud800"})
