"""Ten thousand malformed requests over real sockets, none of which may be served or hurt.

Requests are made from a seed: right ones that were broken in one to three places (bytes flipped, cut,
doubled, swapped; parameters, headers and signatures bent), and bytes that never were a request.
"""

import json
import socket
import threading
from random import Random
from urllib.parse import urlsplit

import httpx
from serving import site

from conformance.reference.protocol import Limits
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.rpc import RpcAuth

REQUESTS = 10_000
CLIENTS = 4
SEED = 20161
#: What hurts parsers: ends of things, signs of encodings, numbers at borders.
NASTY = [
    b"\x00", b"\r\n", b"\n", b"\r", b"%", b"%0", b"%00", b"%FF", b"%u0041", b"&", b"=", b"&&", b"==",
    b";", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"{", b"}", b"[" * 500, b"]",
    b'"', b"\\", b"'", b"<", b">", b"../", b"?", b"#", b" ", b"\t", b"+", b"-1", b"0", b"1e999",
    b"99999999999999999999", b"NaN", b"null", b"true", b"None", b"A" * 5000, b"\xe2\x80\xa8", b"*",
    b"Action=CreateKey", b"Signature=", b"Format=XML", b"Format=YAML", b"Version=1",
    b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b"x-acs-action: CreateKey\r\n",
    b"x-kms-apiname: Encrypt\r\n", b"authorization: ACS3-HMAC-SHA256\r\n",
]  # fmt: skip
OPERATIONS = {
    "CreateKey": {"KeySpec": "RSA_2048", "Tags": '[{"TagKey":"a","TagValue":"b"}]'},
    "Encrypt": {"KeyId": "key-1", "Plaintext": "YWFh", "EncryptionContext": '{"a":"b"}'},
    "GetSecretValue": {"SecretName": "s", "VersionStage": "ACSCurrent"},
    "ListKeys": {"PageNumber": "1", "Filters": '[{"Key":"KeyState","Values":["Enabled"]}]'},
    "ScheduleKeyDeletion": {"KeyId": "key-1", "PendingWindowInDays": "7"},
    "UntagResources": {"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId.1": "key-1"},
}


def originals(endpoint):
    """Return right requests as bytes, signed by a key that is unknown, so that none can succeed."""
    from dataclasses import replace

    credential = replace(endpoint.identities["full"].credential, id="LTAI5tNobodyHasThisOne01")
    found = []
    for action, params in OPERATIONS.items():
        for method in ("GET", "POST"):
            for auth in (
                RpcAuth(credential),
                RpcAuth(credential, placement="form"),
                Acs3Auth(credential),
            ):
                if method == "GET" and getattr(auth, "placement", "") == "form":
                    continue
                request = httpx.Request(
                    method, "http://127.0.0.1/", params={"Action": action, **params}
                )
                found.append(raw(auth.sign_request(request)))
    return found


def raw(request):
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1".encode()]
    lines += [name.lower() + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join([*lines, b"", b""]) + request.content


def broken(random, base):
    """Return a request with one to three places broken, or noise."""
    content = bytearray(random.choice(base))
    if random.random() < 0.03:
        return random.randbytes(random.randrange(1, 400)) + b"\r\n\r\n"
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(content) or 1)
        kind = random.randrange(6)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << random.randrange(8)
        elif kind == 1:
            del content[at : at + random.randrange(1, 30)]
        elif kind == 2:
            content[at:at] = random.choice(NASTY)
        elif kind == 3:
            content[at:at] = content[at : at + random.randrange(1, 60)]
        elif kind == 4:
            content[at : at + random.randrange(8)] = random.choice(NASTY)
        else:
            other = random.choice(base)
            content[at:] = other[random.randrange(len(other)) :]
    return bytes(content)


class Client(threading.Thread):
    """Sends its share; every answer is judged, and how often nothing came is counted."""

    def __init__(self, url, number, base):
        super().__init__(daemon=True)
        self.address = (url.hostname, url.port)
        self.random = Random(SEED + number)
        self.base = base
        self.statuses = {}
        self.faults = []

    def run(self):
        for _ in range(REQUESTS // CLIENTS):
            content = broken(self.random, self.base)
            try:
                answer = self.exchange(content)
            except OSError as error:
                self.faults.append((type(error).__name__, content))
                return
            self.judge(content, answer)

    def exchange(self, content):
        with socket.create_connection(self.address, 10) as connection:
            try:
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
                parts = []
                while part := connection.recv(65536):
                    parts.append(part)
                return b"".join(parts)
            except (ConnectionResetError, BrokenPipeError):
                return b""

    def judge(self, content, answer):
        status = int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0
        if answer.startswith(b"HTTP/1.1 100"):
            status = 100
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if answer and not 400 <= status < 500 and status != 100:
            self.faults.append((status, content))
        if b"Traceback" in answer:
            self.faults.append(("traceback", content))
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"application/json" in head and body and b"HTTP/1.1 " not in body:
            members = json.loads(body)
            if not (members["RequestId"] and members["Code"]):
                self.faults.append(("envelope", content))


def test_ten_thousand_malformed_requests():
    with site(limits=Limits(request_seconds=2)) as served:
        base = originals(served.endpoint)
        before = served.endpoint.account.counts()
        url = urlsplit(served.running.http_url)
        clients = [Client(url, number, base) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(60)
        sent = sum(sum(client.statuses.values()) for client in clients)
        assert [fault for client in clients for fault in client.faults] == []
        assert sent == REQUESTS
        assert list(served.endpoint.witness.internal_errors) == []
        assert served.endpoint.account.counts() == before
        for listener in ("http", "https"):
            assert served.call("ListKeys", listener=listener).status_code == 200
