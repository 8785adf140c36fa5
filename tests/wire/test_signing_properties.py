"""What is signed verifies; any one change to a signed part is refused."""

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from signature_vectors import RSA_KEY

from conformance.wire import verify
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.acs4 import Acs4Auth
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.encoding import encode_query
from conformance.wire.failures import AuthFailure
from conformance.wire.identity import Identity, Policy, Scheme, Verifier
from conformance.wire.instance import InstanceAuth
from conformance.wire.request import WireRequest
from conformance.wire.rpc import COMMON_PARAMETERS, RpcAuth

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = AccessKey("LTAIfake", "secret&with+odd/characters=")
TEMPORARY = StsToken("STS.fake", "other", "token/with+odd==~*")
CLIENT_KEY = ClientKey("KAAP.fake", RSA_KEY)
VERIFIER = Verifier(
    {
        KEY.id: Identity(KEY.id, KEY.secret),
        TEMPORARY.id: Identity(TEMPORARY.id, TEMPORARY.secret, token=TEMPORARY.token),
        CLIENT_KEY.id: Identity(CLIENT_KEY.id, public_key=RSA_KEY.public_key()),
    }.get,
    Policy(
        schemes=frozenset(Scheme),
        algorithms=frozenset({"ACS3-HMAC-SHA256", "ACS4-HMAC-SHA256"}),
    ),
    lambda: NOW,
)


def still():
    return NOW


RPC_SIGNERS = [
    RpcAuth(KEY, clock=still),
    RpcAuth(KEY, clock=still, placement="form", answer_format="XML"),
    RpcAuth(TEMPORARY, clock=still, plus=True, empty_signature_type=True),
    RpcAuth(KEY, clock=still, extra=[("RegionId", "cn-hangzhou")], answer_format=None),
]
V3_SIGNERS = [
    Acs3Auth(KEY, clock=still),
    Acs3Auth(TEMPORARY, clock=still, selection="all"),
    Acs4Auth(KEY, clock=still, region="cn-hangzhou"),
]

names = st.text(min_size=1, max_size=12).filter(
    lambda name: name not in COMMON_PARAMETERS | {"RegionId"}
)
parameters = st.dictionaries(names, st.text(max_size=40), max_size=5)
methods = st.sampled_from(["GET", "POST"])


def build(method, query, form):
    url = "https://kms.cn-hangzhou.aliyuncs.com/"
    target = encode_query([("Action", "Encrypt"), *query.items()])
    headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
    return httpx.Request(
        method,
        httpx.URL(url).copy_with(query=target.encode()),
        headers=headers,
        content=encode_query(form.items(), plus=True) if form else b"",
    )


@given(st.sampled_from(RPC_SIGNERS + V3_SIGNERS), methods, parameters, parameters)
def test_signed_requests_verify(signer, method, query, form):
    assume(not query.keys() & form.keys())

    signed = WireRequest.from_httpx(signer.sign_request(build(method, query, form)))
    verified = verify.verify(signed, VERIFIER)

    received = dict(verified.parameters)
    received.pop("RegionId", None)
    assert received == {**query, **form}
    assert verified.action == "Encrypt"


@settings(max_examples=20)
@given(parameters)
def test_client_keys_sign_rpc(query):
    signed = RpcAuth(CLIENT_KEY, clock=still).sign_request(build("POST", query, {}))

    assert verify.verify(WireRequest.from_httpx(signed), VERIFIER).scheme is Scheme.RPC


def changed_rpc(request, data):
    """Change one part of a request that RPC-1.0 signs."""
    pairs = request.query_pairs()
    part = data.draw(st.sampled_from(["method", "value", "name", "less", "more"]))
    index = data.draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[index]
    method = request.method
    if part == "method":
        method = "GET" if method == "POST" else "POST"
    elif part == "value":
        pairs[index] = (name, value + data.draw(st.text(min_size=1, max_size=3)))
    elif part == "name":
        pairs[index] = (name + "x", value)
    elif part == "less":
        del pairs[index]
    else:
        pairs.append(("More", "x"))
    return WireRequest(
        method,
        request.path,
        encode_query(pairs).encode(),
        request.headers,
        request.body,
        request.host,
    )


@given(st.sampled_from(RPC_SIGNERS), methods, parameters, st.data())
def test_one_change_to_a_signed_part_of_rpc_is_refused(signer, method, query, data):
    assume(signer.placement == "query")
    signed = WireRequest.from_httpx(signer.sign_request(build(method, query, {})))

    with pytest.raises(AuthFailure):
        verify.verify(changed_rpc(signed, data), VERIFIER)


def changed_acs(request, data):
    """Change one part of a request that V3 signs."""
    method, headers, body = request.method, list(request.headers), request.body
    pairs = request.query_pairs()
    part = data.draw(st.sampled_from(["method", "query", "body", "header", "no header"]))
    authorization = request.header("authorization")
    signed = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    name = data.draw(st.sampled_from(signed))
    if part == "method":
        method = "GET" if method == "POST" else "POST"
    elif part == "query":
        pairs.append(("More", data.draw(st.text(max_size=3))))
    elif part == "body":
        body += b"x"
    elif part == "header":
        headers = [(key, value + "x" if key == name else value) for key, value in headers]
    else:
        headers = [(key, value) for key, value in headers if key != name]
    return WireRequest(
        method,
        request.path,
        encode_query(pairs).encode(),
        tuple(headers),
        body,
        request.host,
    )


@given(st.sampled_from(V3_SIGNERS), methods, parameters, parameters, st.data())
def test_one_change_to_a_signed_part_of_v3_is_refused(signer, method, query, form, data):
    assume(not query.keys() & form.keys())
    signed = WireRequest.from_httpx(signer.sign_request(build(method, query, form)))

    with pytest.raises(AuthFailure):
        verify.verify(changed_acs(signed, data), VERIFIER)


@settings(max_examples=30)
@given(st.binary(max_size=40), st.data())
def test_instance_requests_verify_and_one_change_is_refused(body, data):
    auth = InstanceAuth(CLIENT_KEY, clock=still)
    url = "https://kst-x.cryptoservice.kms.aliyuncs.com/"
    request = httpx.Request("POST", url, headers={"x-kms-apiname": "Encrypt"}, content=body)
    signed = WireRequest.from_httpx(auth.sign_request(request))
    assert verify.verify(signed, VERIFIER).action == "Encrypt"

    protected = ["x-kms-apiname", "x-kms-acccesskeyid", "date", "content-sha256", "body", "added"]
    part = data.draw(st.sampled_from(protected))
    headers = [(name, value + "x" if name == part else value) for name, value in signed.headers]
    if part == "added":
        headers.append(("x-kms-added", "x"))
    changed = WireRequest(
        "POST",
        "/",
        b"",
        tuple(headers),
        body + b"x" if part == "body" else body,
        signed.host,
    )
    with pytest.raises(AuthFailure):
        verify.verify(changed, VERIFIER)


@given(st.binary(max_size=200), st.binary(max_size=200), st.text(max_size=60))
def test_no_bytes_get_past_verification_or_break_it(query, body, authorization):
    header = authorization.encode().decode("latin-1")
    for headers in (
        (),
        (("content-type", "application/x-www-form-urlencoded"),),
        (("authorization", f"ACS3-HMAC-SHA256 {header}"),),
        (("x-kms-apiname", header), ("content-type", "application/x-protobuf")),
    ):
        request = WireRequest("POST", "/", query, headers, body, "kms")
        with pytest.raises(AuthFailure):
            verify.verify(request, VERIFIER)
