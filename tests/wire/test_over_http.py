"""What httpx really sends is what was signed."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from signature_vectors import RSA_KEY

from conformance.wire import verify
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.envelope import parse
from conformance.wire.failures import AuthFailure
from conformance.wire.identity import Identity, NonceMemory, Verifier
from conformance.wire.instance import InstanceAuth
from conformance.wire.render import JSON_TYPE, error_members, render_error_json, render_json
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth
from conformance.wire.tamper import MUTATIONS

KEY = AccessKey("LTAIfake", "secret-1")
TEMPORARY = StsToken("STS.a", "secret-2", "token-1+/==")
CLIENT_KEY = ClientKey("KAAP.fake", RSA_KEY)
HOLDERS = {
    KEY.id: Identity(KEY.id, KEY.secret),
    TEMPORARY.id: Identity(TEMPORARY.id, TEMPORARY.secret, token=TEMPORARY.token),
    CLIENT_KEY.id: Identity(CLIENT_KEY.id, public_key=RSA_KEY.public_key()),
}
ODD = "a b+c*~%41/?&=#密🔑'\"\x00"


class Handler(BaseHTTPRequestHandler):
    """Answers what it understood of a request, or why it refused it."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write for head and body

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = WireRequest.build(
            self.command, self.path, self.headers.items(), body, secure=False
        )
        try:
            verified = verify.verify(request, self.server.verifier)
        except AuthFailure as failure:
            members = error_members(
                "kms", status=400, code=failure.kind.value, message="refused", request_id="1"
            )
            self.answer(400, render_error_json(members))
        else:
            data = {"RequestId": "1", "Action": verified.action, **dict(verified.parameters)}
            self.answer(200, render_json(data))

    do_GET = do_POST

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", JSON_TYPE)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def client():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.verifier = Verifier(HOLDERS.get, nonces=NonceMemory())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=10) as http:
            yield http
        server.shutdown()
        thread.join()


SIGNERS = {
    "rpc": RpcAuth(KEY),
    "rpc-plus": RpcAuth(KEY, plus=True, empty_signature_type=True),
    "rpc-form": RpcAuth(KEY, placement="form"),
    "rpc-sts": RpcAuth(TEMPORARY, extra=[("RegionId", "cn-hangzhou")]),
    "rpc-client-key": RpcAuth(CLIENT_KEY),
    "v3": Acs3Auth(KEY),
    "v3-all": Acs3Auth(KEY, selection="all"),
    "v3-sts-all": Acs3Auth(TEMPORARY, selection="all"),
}


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("form", [None, {"SecretData": ODD}])
def test_signed_requests_arrive_as_signed(client, name, method, form):
    params = {"Action": "CreateSecret", "Description": ODD, "Empty": ""}

    response = client.request(method, "/", params=params, data=form, auth=SIGNERS[name])

    answer = parse(response.status_code, response.headers, response.content)
    assert answer.problems == ()
    region = {"RegionId": "cn-hangzhou"} if name == "rpc-sts" else {}
    assert answer.data == {"RequestId": "1", **params, **(form or {}), **region}


def test_the_instance_protocol_arrives_as_signed(client):
    response = client.post(
        "/",
        headers={"x-kms-apiname": "Encrypt"},
        content=b"\x00\xff",
        auth=InstanceAuth(CLIENT_KEY),
    )
    assert response.json()["Action"] == "Encrypt"


@pytest.mark.parametrize("name", ["rpc", "v3"])
@pytest.mark.parametrize(
    "mutation", ["value-changed", "other-secret", "time-past", "replay", "method-changed"]
)
def test_mutations_arrive_wrong_in_one_respect(client, name, mutation):
    chosen = MUTATIONS[mutation]
    auth = chosen.wrap(SIGNERS[name])
    params = {"Action": "CreateSecret", "Description": ODD}
    if "twice" in chosen.needs:
        assert client.post("/", params=params, auth=auth).status_code == 200

    response = client.post("/", params=params, auth=auth)

    answer = parse(response.status_code, response.headers, response.content)
    assert (answer.status, answer.code) == (400, chosen.kind.value)
