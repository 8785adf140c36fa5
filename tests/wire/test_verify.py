"""Policy, tokens, nonces, times and the door to all schemes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from signature_vectors import RSA_KEY

from conformance.wire import verify
from conformance.wire.acs3 import Acs3Auth, Authorization
from conformance.wire.acs4 import Acs4Auth
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.failures import AuthFailure, WireError
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.identity import Identity, NonceMemory, Policy, Scheme, Verifier
from conformance.wire.instance import InstanceAuth
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth
from conformance.wire.times import (
    format_http_date,
    format_iso,
    is_fresh,
    parse_http_date,
    parse_iso,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = AccessKey("LTAIfake", "secret-1")
TEMPORARY = StsToken("STS.a", "secret-2", "token-1")
CLIENT_KEY = ClientKey("KAAP.fake", RSA_KEY)
HOLDER = Identity(KEY.id, KEY.secret)
HOLDERS = {
    KEY.id: HOLDER,
    TEMPORARY.id: Identity(TEMPORARY.id, TEMPORARY.secret, token=TEMPORARY.token),
    CLIENT_KEY.id: Identity(CLIENT_KEY.id, public_key=RSA_KEY.public_key()),
}


def signed(auth, method="POST", url="https://kms.cn-hangzhou.aliyuncs.com/", **parts):
    parts.setdefault("params", {"Action": "ListKeys"})
    request = httpx.Request(method, url, **parts)
    request.read()
    return WireRequest.from_httpx(next(auth.auth_flow(request)))


def verifier(holders=HOLDERS, nonces=None, owner=None, **policy):
    return Verifier(holders.get, Policy(**policy), lambda: NOW, nonces, owner)


def kind_of(request, known):
    with pytest.raises(AuthFailure) as refusal:
        verify.verify(request, known)
    return refusal.value.kind


def rpc(offset=timedelta(0), credential=KEY, **options):
    return RpcAuth(credential, clock=lambda: NOW + offset, **options)


def v3(offset=timedelta(0), credential=KEY, **options):
    return Acs3Auth(credential, clock=lambda: NOW + offset, **options)


@pytest.mark.parametrize("make", [rpc, v3])
@pytest.mark.parametrize(("minutes", "fresh"), [(0, True), (14, True), (15, True), (16, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_freshness_window(make, minutes, fresh, sign):
    request = signed(make(timedelta(minutes=sign * minutes)))
    if fresh:
        verify.verify(request, verifier())
    else:
        assert kind_of(request, verifier()) is Kind.STALE_TIMESTAMP
        verify.verify(request, verifier(freshness=timedelta(minutes=31)))


@pytest.mark.parametrize("make", [rpc, v3])
def test_a_nonce_is_remembered_only_when_the_request_was_accepted(make):
    nonces = NonceMemory()
    auth = make(nonce=lambda: "n")
    impostor = make(credential=AccessKey(KEY.id, "guess"), nonce=lambda: "n")
    known = verifier(nonces=nonces)

    assert kind_of(signed(impostor), known) is Kind.SIGNATURE_MISMATCH
    verify.verify(signed(auth), known)
    assert kind_of(signed(auth), known) is Kind.REPLAYED_NONCE
    assert len(nonces) == 1


def test_nonces_are_kept_by_access_key_bounded_and_for_their_time():
    memory = NonceMemory(lifetime=timedelta(minutes=30), capacity=3)

    assert memory.remember("a", "n", NOW)
    assert memory.remember("b", "n", NOW)
    assert not memory.remember("a", "n", NOW + timedelta(minutes=30))
    assert memory.remember("a", "n", NOW + timedelta(minutes=31))
    for number in range(100):
        memory.remember("a", str(number), NOW + timedelta(minutes=31))
    assert len(memory) <= 3 + 1 + 1
    assert not memory.remember("a", "99", NOW + timedelta(minutes=31))


def test_a_request_without_nonce_is_up_to_policy():
    auth = rpc()
    auth.edit = lambda pairs: [pair for pair in pairs if pair[0] != "SignatureNonce"]
    request = signed(auth)
    nonces = NonceMemory()

    assert kind_of(request, verifier()) is Kind.MISSING_PARAMETER
    known = verifier(require_nonce=False, nonces=nonces)
    verify.verify(request, known)
    assert kind_of(request, known) is Kind.REPLAYED_NONCE


@pytest.mark.parametrize("make", [rpc, v3])
@pytest.mark.parametrize(
    ("token", "owner", "kind"),
    [
        ("other", None, Kind.BAD_TOKEN),
        ("other", {}.get, Kind.BAD_TOKEN),
        ("other", {"other": "STS.b"}.get, Kind.TOKEN_MISMATCH),
    ],
)
def test_wrong_tokens(make, token, owner, kind):
    request = signed(make(credential=StsToken(TEMPORARY.id, TEMPORARY.secret, token)))
    assert kind_of(request, verifier(owner=owner)) is kind


@pytest.mark.parametrize("make", [rpc, v3])
def test_token_expiry(make):
    holder = HOLDERS[TEMPORARY.id]
    request = signed(make(credential=TEMPORARY))
    later = replace(holder, token_expires=NOW + timedelta(seconds=1))
    verify.verify(request, verifier({TEMPORARY.id: later}))
    now = replace(holder, token_expires=NOW)
    assert kind_of(request, verifier({TEMPORARY.id: now})) is Kind.EXPIRED_TOKEN


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"active": False}, Kind.DISABLED_ACCESS_KEY),
        ({"not_after": NOW - timedelta(seconds=1)}, Kind.EXPIRED_CLIENT_KEY),
        ({"not_before": NOW + timedelta(seconds=1)}, Kind.EXPIRED_CLIENT_KEY),
    ],
)
def test_identities_that_may_not(changes, kind):
    known = verifier({KEY.id: replace(HOLDER, **changes)})
    assert kind_of(signed(rpc()), known) is kind
    assert kind_of(signed(v3()), known) is kind


def test_policy_decides_what_is_offered():
    plain = replace(signed(rpc()), secure=False)
    assert kind_of(plain, verifier(require_tls=True)) is Kind.PLAIN_HTTP
    only_v3 = verifier(schemes=frozenset({Scheme.V3}))
    assert kind_of(signed(rpc()), only_v3) is Kind.UNSUPPORTED_SCHEME
    v4 = signed(Acs4Auth(KEY, region="r", clock=lambda: NOW))
    assert kind_of(v4, verifier()) is Kind.UNSUPPORTED_SCHEME
    sm3 = signed(v3(algorithm="ACS3-HMAC-SM3"))
    assert kind_of(sm3, verifier()) is Kind.BAD_SIGNATURE_METHOD
    both = frozenset({"ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"})
    assert verify.verify(sm3, verifier(algorithms=both)).scheme is Scheme.V3


def test_a_v4_key_of_another_day_is_refused():
    auth = Acs4Auth(KEY, region="r", clock=lambda: NOW)
    yesterday = (NOW - timedelta(days=1)).strftime("%Y%m%d")
    auth.claim = lambda text, headers: Acs4Auth.claim(
        auth, text, {**headers, "x-acs-date": f"{yesterday[:4]}-{yesterday[4:6]}-{yesterday[6:]}"}
    )
    known = verifier(schemes=frozenset({Scheme.V4}), algorithms=frozenset({"ACS4-HMAC-SHA256"}))
    assert kind_of(signed(auth), known) is Kind.SIGNATURE_MISMATCH


def test_the_answer_format_is_read_in_any_case():
    for text, meant in {"json": "JSON", "XML": "XML", "None": "JSON"}.items():
        verified = verify.verify(signed(rpc(answer_format=text)), verifier())
        assert verified.answer_format == meant
    assert verify.verify(signed(rpc(answer_format=None)), verifier()).answer_format == "JSON"


def test_what_is_recognised():
    instance = signed(
        InstanceAuth(CLIENT_KEY), headers={"x-kms-apiname": "Encrypt"}, content=b"", params={}
    )
    recognised = {
        Scheme.RPC: signed(rpc(placement="form")),
        Scheme.V3: signed(v3()),
        Scheme.V4: signed(Acs4Auth(KEY, region="r")),
        Scheme.INSTANCE: instance,
        Scheme.BEARER: WireRequest.build("POST", "/?BearerToken=x"),
        Scheme.NONE: WireRequest.build("POST", "/?Action=ListKeys"),
    }
    for scheme, request in recognised.items():
        assert verify.recognise(request) is scheme
    renamed = WireRequest.build("POST", "/?Action=ListKeys&Sign%61ture=x")
    assert verify.recognise(renamed) is Scheme.RPC


def test_an_anonymous_request_misses_its_access_key():
    with pytest.raises(AuthFailure) as refusal:
        verify.verify(WireRequest.build("GET", "/?Action=ListKeys"), verifier())
    assert (refusal.value.kind, refusal.value.name) == (Kind.MISSING_PARAMETER, "AccessKeyId")


def test_a_failure_shows_nothing_of_the_request():
    auth = rpc(credential=AccessKey(KEY.id, "guess"))
    request = signed(auth, params={"Action": "Encrypt", "Plaintext": "c2VjcmV0"})
    with pytest.raises(AuthFailure) as refusal:
        verify.verify(request, verifier())
    assert "c2VjcmV0" in refusal.value.string_to_sign
    assert "c2VjcmV0" not in repr(refusal.value) + str(refusal.value) + repr(request)


def test_a_large_instance_body_is_refused_before_anything_else():
    request = WireRequest.build("POST", "/", [("x-kms-apiname", "Encrypt")], b"x" * 2_000_000)
    known = verifier(instance_body_limit=1_000_000)
    assert kind_of(request, known) is Kind.BODY_TOO_LARGE


def test_authorization_takes_its_parts_in_any_order():
    text = "ACS3-HMAC-SHA256 Credential=a,Signature=00,SignedHeaders=host;x-acs-date"
    assert Authorization.parse(text) == Authorization(
        "ACS3-HMAC-SHA256", "a", ("host", "x-acs-date"), "00"
    )
    for broken in ("", "ACS3-HMAC-SHA256", text + ",More=1", text.replace("=00", "=")):
        with pytest.raises(AuthFailure):
            Authorization.parse(broken)


def test_each_send_has_its_own_nonce_and_time():
    moments = iter([NOW, NOW + timedelta(seconds=1)])
    auth = RpcAuth(KEY, clock=lambda: next(moments))
    first, second = dict(signed(auth).query_pairs()), dict(signed(auth).query_pairs())
    assert first["SignatureNonce"] != second["SignatureNonce"]
    assert first["Timestamp"] != second["Timestamp"]


def test_times():
    assert parse_iso(format_iso(NOW)) == NOW
    assert parse_http_date(format_http_date(NOW)) == NOW
    assert parse_http_date("Fri, 02 Jan 2026 03:04:05 UTC") == NOW
    assert is_fresh(NOW, NOW + timedelta(minutes=15), timedelta(minutes=15))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02 03:04:05",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05Z\n",
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T03:04:05+00:00",
        "2026-1-2T3:4:5Z",
        "2026-13-02T03:04:05Z",
        "2026-02-30T03:04:05Z",
        "2026-01-02T25:04:05Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "20260102T030405Z",
        "",
    ],
)
def test_malformed_times(text):
    with pytest.raises(WireError):
        parse_iso(text)


@pytest.mark.parametrize(
    "text",
    ["2026-01-02T03:04:05Z", "Fri, 2 Jan 2026 03:04:05 GMT", "Fri, 32 Jan 2026 03:04:05 GMT", ""],
)
def test_malformed_dates(text):
    with pytest.raises(WireError):
        parse_http_date(text)
