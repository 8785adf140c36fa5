"""The raw client reads whatever HTTP/1.1 allows and names what it does not."""

import socket
import ssl
import struct
import time

import pytest
import trustme
from raw_servers import answer, read_request, serving

from load.connection import Address, Connection, Reply, trust
from load.failures import LoadError, TransportFailure

REQUEST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"


def connection(port, timeout=5.0):
    return Connection(Address(False, "127.0.0.1", port), None, timeout)


def repeat(*chunks, pause=0.0):
    """Answer every request with the same chunks."""

    def behave(peer, _number):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while read_request(peer):
            for chunk in chunks:
                peer.sendall(chunk)
                if pause:
                    time.sleep(pause)

    return behave


BODY = b'{"RequestId":"r"}'
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5\r\n{"Req\r\nc;x=y\r\nuestId":"r"}\r\n0\r\nTrailer: t\r\n\r\n'
)


@pytest.mark.parametrize(
    "raw",
    [
        answer(BODY),
        answer(BODY, headers=b"X: y\r\n"),
        b"HTTP/1.1 200\r\ncontent-LENGTH:17\r\n\r\n" + BODY,
        CHUNKED,
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(BODY),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + CHUNKED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\nContent-Length: 17\r\n\r\n" + BODY,
    ],
)
def test_every_framing_is_read_and_the_connection_kept(raw):
    with serving(repeat(raw)) as server:
        client = connection(server.port)
        for _ in range(3):
            assert client.exchange(REQUEST).body == BODY
        client.close()
    assert server.connections == 1


@pytest.mark.parametrize("raw", [answer(BODY), CHUNKED])
def test_answers_split_at_every_byte_are_read(raw):
    pieces = [raw[n : n + 1] for n in range(len(raw))]
    with serving(repeat(*pieces, pause=0.0002)) as server:
        client = connection(server.port)
        assert client.exchange(REQUEST).body == BODY
        assert client.exchange(REQUEST).body == BODY


def test_connection_close_is_honoured():
    def behave(peer, number):
        read_request(peer)
        peer.sendall(answer(str(number).encode(), headers=b"Connection: Close\r\n"))

    with serving(behave) as server:
        client = connection(server.port)
        assert [client.exchange(REQUEST).body for _ in range(3)] == [b"1", b"2", b"3"]


def test_an_answer_without_length_ends_with_the_connection():
    def behave(peer, _number):
        read_request(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    with serving(behave) as server:
        assert connection(server.port).exchange(REQUEST).body == b"all of it"


def test_an_idle_connection_that_was_closed_is_reopened_without_a_failure():
    def behave(peer, _number):
        read_request(peer)
        peer.sendall(answer())

    with serving(behave) as server:
        client = connection(server.port)
        assert client.exchange(REQUEST).status == 200
        time.sleep(1.1)
        assert client.exchange(REQUEST).status == 200
    assert client.reopened == 1


def reset(peer, _number):
    read_request(peer)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silence(peer, _number):
    read_request(peer)
    time.sleep(3)


def drip(peer, _number):
    read_request(peer)
    for byte in answer(b"x" * 200):
        peer.sendall(bytes([byte]))
        time.sleep(0.05)


def short(peer, _number):
    read_request(peer)
    peer.sendall(answer(BODY)[:-3])


def hang_up(peer, _number):
    read_request(peer)


def garbage(peer, _number):
    read_request(peer)
    peer.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")


def endless_head(peer, _number):
    read_request(peer)
    while True:
        peer.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000)


def huge(peer, _number):
    read_request(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (reset, "reset"),
        (silence, "time-out"),
        (drip, "time-out"),
        (short, "closed"),
        (hang_up, "closed"),
        (garbage, "protocol"),
        (endless_head, "protocol"),
        (huge, "protocol"),
    ],
)
def test_failures_are_named_and_the_next_request_starts_afresh(behave, kind):
    def once(peer, number):
        if number == 1:
            behave(peer, number)
        else:
            repeat(answer())(peer, number)

    with serving(once) as server:
        client = connection(server.port, timeout=0.5)
        with pytest.raises(TransportFailure) as caught:
            client.exchange(REQUEST)
        assert caught.value.kind == kind
        assert client.exchange(REQUEST) == Reply(200, answer()[:37], BODY)


def test_refused_connection_is_named():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransportFailure) as caught:
        connection(port).exchange(REQUEST)
    assert caught.value.kind == "refused"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def test_tls_with_a_private_authority(authority, tmp_path):
    with serving(repeat(answer()), server_context(authority, "localhost")) as server:
        address = Address(True, "localhost", server.port, ca_file(authority, tmp_path))
        client = Connection(address, trust(address), 5.0)
        assert client.exchange(REQUEST).status == 200
        client.close()
        assert client.exchange(REQUEST).status == 200


@pytest.mark.parametrize(
    ("other_authority", "names", "words"),
    [(True, ["localhost"], "certificate|issuer"), (False, ["elsewhere.example"], "(?i)hostname")],
)
def test_wrong_authority_and_wrong_name_are_refused(
    authority, tmp_path, other_authority, names, words
):
    issuer = trustme.CA() if other_authority else authority
    with serving(repeat(answer()), server_context(issuer, *names)) as server:
        address = Address(True, "localhost", server.port, ca_file(authority, tmp_path))
        with pytest.raises(TransportFailure, match=words) as caught:
            Connection(address, trust(address), 5.0).exchange(REQUEST)
    assert caught.value.kind == "tls"


def test_unusable_ca_file_is_one_sentence(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    for file in (path, tmp_path / "absent.pem"):
        with pytest.raises(LoadError, match="CA file"):
            trust(Address(True, "localhost", 1, str(file)))


def test_addresses():
    address = Address.from_url("https://kms.cn-hangzhou.aliyuncs.com")
    assert (address.port, address.authority) == (443, "kms.cn-hangzhou.aliyuncs.com")
    assert Address.from_url("http://127.0.0.1:8080").authority == "127.0.0.1:8080"
    assert Address.from_url("https://[::1]:8443").authority == "[::1]:8443"
    with pytest.raises(LoadError):
        Address.from_url("ftp://x")
