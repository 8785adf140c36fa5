"""Calls over real sockets: time, throttling, pace, trust, and requests as they are written."""

import gzip
import itertools
import ssl
import threading
import time

import httpx
import pytest
import trustme
from endpoints import GOOD, closed_port, fixed, http, listening, silent, small, target_for

from conformance.client import pace
from conformance.client.building import Outgoing
from conformance.client.caller import Caller
from conformance.client.transport import BODY_LIMIT, Transport
from conformance.run.verdict import Hang, NotTestable, TransportProblem
from conformance.target import load_target
from conformance.target.trust import trust_context

REQUEST = httpx.Request("GET", "http://127.0.0.1/")


def caller(folder, url, **more):
    return Caller(target_for(folder, url, **more))


def test_an_answer_is_read_whole(tmp_path):
    with listening(small) as url:
        exchange = caller(tmp_path, url).call("DescribeRegions")
    assert exchange.ok
    assert exchange.data["RequestId"] == "r"
    assert exchange.header("content-type") == "application/json"
    assert exchange.identity == "full"
    assert exchange.seconds > 0


@pytest.mark.parametrize("name", ["silent", "drip", "drip headers", "endless"])
def test_every_call_ends_in_time(name, tmp_path):
    from endpoints import NULL

    with listening(NULL[name]) as url:
        started = time.monotonic()
        with pytest.raises(Hang):
            caller(tmp_path, url, timeout=0.4).call("DescribeRegions")
    assert time.monotonic() - started < 5


def test_a_body_that_does_not_end_is_cut_off(tmp_path):
    answer = http("200 OK", b"x" * (BODY_LIMIT + 1))
    with listening(fixed(answer)) as url, pytest.raises(Hang, match="did not end"):
        caller(tmp_path, url, timeout=30).call("DescribeRegions")


def test_the_time_of_the_case_bounds_the_call(tmp_path):
    with listening(silent) as url:
        sending = caller(tmp_path, url, timeout=30)
        sending.case_end = time.monotonic() + 0.2
        with pytest.raises(Hang, match="the case did not end"):
            sending.call("DescribeRegions")
        with pytest.raises(Hang, match="the case did not end"):
            sending.call("DescribeRegions")


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (fixed(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "protocol"),
        (fixed(b"HTTP/1.1 abc\r\n\r\n"), "protocol"),
    ],
)
def test_what_is_no_http_is_a_problem_of_the_transport(talk, kind, tmp_path):
    with listening(talk) as url, pytest.raises(TransportProblem) as caught:
        caller(tmp_path, url).call("DescribeRegions")
    assert caught.value.kind == kind


def test_nobody_listens(tmp_path):
    with pytest.raises(TransportProblem) as caught:
        caller(tmp_path, closed_port()).call("DescribeRegions")
    assert caught.value.kind == "refused"


def test_a_connection_that_was_closed_while_idle_is_opened_again(tmp_path):
    def once(connection, request):
        small(connection, request)
        connection.close()

    with listening(once) as url:
        sending = caller(tmp_path, url)
        for _ in range(20):
            assert sending.call("DescribeRegions").ok


def test_redirects_are_not_followed(tmp_path):
    with listening(fixed(http("302 Found", b"", "text/plain", "Location: /"))) as url:
        assert caller(tmp_path, url).call("DescribeRegions").status == 302


def test_a_proxy_of_the_environment_has_no_say_on_loopback(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, closed_port())
    with listening(small) as url:
        assert caller(tmp_path, url).call("DescribeRegions").ok


def test_compressed_answers_are_read(tmp_path):
    packed = http("200 OK", gzip.compress(GOOD), "application/json", "Content-Encoding: gzip")
    with listening(fixed(packed)) as url:
        assert caller(tmp_path, url).call("DescribeRegions").data["RequestId"] == "r"


def throttling(times):
    count = itertools.count()
    body = b'{"RequestId":"r","Code":"Rejected.Throttling","Message":"QPS Limit Exceeded"}'

    def talk(connection, request):
        if next(count) < times:
            connection.sendall(http("429 Too Many Requests", body))
        else:
            small(connection, request)

    return talk


def test_429_is_honoured_and_counted(tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(pace.time, "sleep", waits.append)
    with listening(throttling(3)) as url:
        sending = caller(tmp_path, url)
        seen = []
        exchange = sending.call("DescribeRegions", on_exchange=seen.append)
    assert exchange.ok
    assert waits == [0.2, 0.4, 0.8]
    assert sending.pace.throttled == 3
    assert [found.status for found in seen] == [429, 429, 429, 200]


def test_429_is_given_up_in_the_end(tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(pace.time, "sleep", waits.append)
    with listening(throttling(1000)) as url:
        sending = caller(tmp_path, url)
        assert sending.call("DescribeRegions").status == 429
        assert len(waits) == pace.MOST_WAITS
        assert sending.call("DescribeRegions", patient=False).status == 429
    assert len(waits) == pace.MOST_WAITS


def test_the_rate_of_the_target_is_kept(tmp_path):
    with listening(small) as url:
        sending = caller(tmp_path, url, more="rate = 50")
        started = time.monotonic()
        for _ in range(11):
            sending.call("DescribeRegions")
    assert time.monotonic() - started >= 10 / 50


def test_calls_from_several_threads_are_apart(tmp_path):
    found = []
    with listening(small) as url:
        sending = caller(tmp_path, url)

        def ask():
            found.extend(sending.call("DescribeRegions").ok for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [True] * 80


def test_what_the_target_file_does_not_allow_is_not_sent(tmp_path):
    sending = caller(tmp_path, closed_port(), more='safety = "creates"')
    with pytest.raises(NotTestable, match="needs safety level 'schedules-deletion'"):
        sending.call("ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 7})
    with pytest.raises(NotTestable, match="may cost money"):
        caller(tmp_path, closed_port()).call("OpenKmsService")
    with pytest.raises(NotTestable, match=r"\[identities.sts\]"):
        sending.call("ListKeys", identity="sts")
    with pytest.raises(NotTestable, match="no https listener"):
        sending.call("ListKeys", listener="https")
    assert sending.sent == 0


@pytest.fixture
def tls(tmp_path):
    """A TLS listener whose certificate is for localhost."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    def talk_tls(connection, request):
        small(connection, request)

    import socket

    server = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                raw, _ = server.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(raw, server_side=True) as connection:
                    talk_tls(connection, connection.recv(65536))
            except OSError:
                continue

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1], tmp_path / "ca.pem"
    server.close()


def test_a_certificate_is_verified(tls, tmp_path):
    port, ca = tls
    url = f"https://localhost:{port}"
    assert (
        Transport(url, trust_context(ca)).send(Outgoing.of(httpx.Request("GET", url)), 5).status
        == 400
    )
    with pytest.raises(TransportProblem) as caught:
        Transport(url, trust_context(None)).send(Outgoing.of(httpx.Request("GET", url)), 5)
    assert caught.value.kind == "certificate"
    assert "name its authority as ca" in caught.value.message


def test_a_certificate_for_another_name_is_not_trusted(tls):
    port, ca = tls
    url = f"https://127.0.0.1:{port}"
    with pytest.raises(TransportProblem) as caught:
        Transport(url, trust_context(ca)).send(Outgoing.of(httpx.Request("GET", url)), 5)
    assert caught.value.kind == "certificate"


def test_https_to_a_plain_port_is_a_tls_problem(tmp_path):
    with listening(small) as url:
        secure = url.replace("http://", "https://")
        with pytest.raises((TransportProblem, Hang)) as caught:
            Transport(secure, trust_context(None)).send(
                Outgoing.of(httpx.Request("GET", secure)), 1
            )
    if isinstance(caught.value, TransportProblem):
        assert caught.value.kind in {"tls", "reset"}


@pytest.mark.parametrize(
    ("options", "in_query", "in_form"),
    [
        ({"placement": "query"}, ["SecretName", "SecretData"], []),
        ({"placement": "form"}, [], ["SecretName", "SecretData"]),
        ({"placement": "sdk"}, ["SecretName"], ["SecretData"]),
        ({"placement": "form", "method": "GET"}, ["SecretName", "SecretData"], []),
        ({"placement": "query", "scheme": "RPC-1.0"}, ["SecretName", "Signature"], []),
        ({"placement": "form", "scheme": "RPC-1.0"}, [], ["SecretName", "Action", "Signature"]),
    ],
)
def test_parameters_stand_where_they_should(options, in_query, in_form, tmp_path):
    params = {"SecretName": "n", "SecretData": "d", "VersionId": "v"}
    with listening(small) as url:
        exchange = caller(tmp_path, url).call("CreateSecret", params, **options)
    query = httpx.URL(exchange.url).params
    form = exchange.request_body.decode()
    for name in in_query:
        assert name in query
        assert f"{name}=" not in form
    for name in in_form:
        assert f"{name}=" in form
        assert name not in query
    assert exchange.method == options.get("method", "POST")


def test_wire_pairs_are_sent_as_given_and_recorded_as_parameters(tmp_path):
    pairs = [("KeyId", "a"), ("PageSize", "007")]
    with listening(small) as url:
        exchange = caller(tmp_path, url).call("ListKeyVersions", raw_pairs=pairs)
    assert "PageSize=007" in exchange.url
    assert exchange.parameters["KeyId"] == "a"


def test_an_unknown_operation_can_be_called(tmp_path):
    with listening(small) as url:
        exchange = caller(tmp_path, url).call("NoSuchOperation", {"A": 1})
    assert dict(exchange.request_headers)["x-acs-action"] == "NoSuchOperation"
    assert exchange.code == "MissingParameter"


def test_nothing_is_signed_where_nothing_should_be(tmp_path):
    with listening(small) as url:
        exchange = caller(tmp_path, url).call("ListKeys", auth=httpx.Auth())
    assert exchange.signer == "none"
    assert "authorization" not in dict(exchange.request_headers)


def test_a_ca_file_is_used(tls, tmp_path):
    port, ca = tls
    path = tmp_path / "t.toml"
    path.write_text(
        f"""
        [target]
        name = "t"
        region = "cn-hangzhou"
        [gateways.shared]
        https = "https://localhost:{port}"
        ca = "ca.pem"
        [identities.full]
        access_key_id = "i"
        access_key_secret = "s"
        """
    )
    assert ca.parent == tmp_path
    assert Caller(load_target(path)).call("DescribeRegions").ok
