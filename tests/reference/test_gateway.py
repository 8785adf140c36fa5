"""The endpoint's stages through its plain function: who is let in, what is refused, in which form."""

import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from defusedxml.ElementTree import fromstring

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.model import AccessPoint, AccessPolicy, ClientKey
from conformance.reference.settings import Settings
from conformance.spec import catalogue
from conformance.wire import credentials
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth

SCHEMES = {"RPC-1.0": RpcAuth, "V3": Acs3Auth}
IDENTITIES = ("full", "read-only", "none", "disabled", "sts", "expired-sts")
FAILURES = {
    row["kind"]: row["answers"] for row in catalogue().document("auth-failures")["failures"]
}


def signed(endpoint, params, scheme="RPC-1.0", method="POST", credential=None, **options):
    credential = credential or endpoint.identities["full"].credential
    auth = SCHEMES[scheme](credential, clock=endpoint.clock.now, **options)
    request = httpx.Request(method, "https://kms.example/", params=params)
    return WireRequest.from_httpx(next(auth.auth_flow(request)))


def answer(response):
    return response.status, json.loads(response.body)


def allowed(kind, family):
    return {(row["status"], row["code"]) for row in FAILURES[kind][family]}


def refused(endpoint, request):
    status, body = answer(endpoint.handle(request))
    assert status >= 400, body
    assert body["RequestId"]
    assert body["Message"]
    return status, body["Code"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("identity", ["full", "sts"])
def test_signed_calls_are_served(scheme, method, identity):
    endpoint = Endpoint()
    credential = endpoint.identities[identity].credential
    request = signed(endpoint, {"Action": "ListKeys"}, scheme, method, credential)
    status, body = answer(endpoint.handle(request))
    assert status == 200
    assert body["RequestId"]
    assert body["TotalCount"] == len(body["Keys"]["Key"])


@pytest.mark.parametrize("family", ["kms", "gateway"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_failure_of_authentication_is_answered_as_its_family_documents(scheme, family):
    endpoint = Endpoint(Settings(error_family=family))
    full = endpoint.identities["full"].credential
    sts = endpoint.identities["sts"].credential
    ask = {"Action": "ListKeys"}
    late = lambda: endpoint.clock.now() - timedelta(minutes=32)  # noqa: E731

    def sent(credential, **options):
        return signed(endpoint, ask, scheme, credential=credential, **options)

    unknown = replace(full, id="LTAI5tNobodyHasThisOne01")
    wrong = replace(full, secret="x" * 30)
    disabled = endpoint.identities["disabled"].credential
    expired = endpoint.identities["expired-sts"].credential
    bare = credentials.AccessKey(sts.id, sts.secret)
    request = httpx.Request("POST", "https://kms.example/", params=ask)
    stale = WireRequest.from_httpx(next(SCHEMES[scheme](full, clock=late).auth_flow(request)))
    cases = {
        "unknown-access-key": sent(unknown),
        "signature-mismatch": sent(wrong),
        "disabled-access-key": sent(disabled),
        "expired-security-token": sent(expired),
        "missing-security-token": sent(bare),
        "malformed-security-token": sent(replace(sts, token="never issued")),
        "mismatched-security-token": sent(replace(sts, token=expired.token)),
        "stale-timestamp": stale,
        "unknown-action": signed(endpoint, {"Action": "Nope"}, scheme),
        "unknown-version": signed(endpoint, {**ask, "Version": "2014-01-01"}, scheme),
        "unsigned": WireRequest.build("POST", "/?Action=ListKeys", [("Host", "kms.example")]),
    }
    for kind, wire in cases.items():
        documented = allowed(kind, family) or allowed(kind, "gateway")
        assert refused(endpoint, wire) in documented, kind


def test_a_nonce_is_taken_once_and_forgotten_after_its_time():
    endpoint = Endpoint()
    endpoint.clock.freeze()
    request = signed(endpoint, {"Action": "ListKeys"})
    assert endpoint.handle(request).status == 200
    assert refused(endpoint, request) == (400, "SignatureNonceUsed")
    endpoint.clock.advance(14 * 60)
    assert refused(endpoint, request) == (400, "SignatureNonceUsed")


def test_a_refused_request_does_not_use_up_its_nonce():
    endpoint = Endpoint()
    good = signed(endpoint, {"Action": "ListKeys"})
    bad = replace(good, method="GET")
    assert refused(endpoint, bad)[1] == "IncompleteSignature"
    assert endpoint.handle(good).status == 200


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (-14, 200), (16, 400), (-16, 400)])
def test_the_freshness_window_has_two_sides(minutes, status):
    endpoint = Endpoint()
    endpoint.clock.freeze()
    request = signed(endpoint, {"Action": "ListKeys"})
    endpoint.clock.advance(minutes * 60)
    assert endpoint.handle(request).status == status


def test_the_message_of_a_mismatch_holds_the_servers_string_after_its_only_colon():
    endpoint = Endpoint()
    wrong = replace(endpoint.identities["full"].credential, secret="x" * 30)
    _, body = answer(endpoint.handle(signed(endpoint, {"Action": "ListKeys"}, credential=wrong)))
    phrase, _, text = body["Message"].partition(":")
    assert phrase.endswith("server string to sign is")
    assert text.startswith("POST&%2F&")
    assert ":" not in text


@pytest.mark.parametrize("name", ["JSON", "json", "XML", "xml"])
def test_answers_come_in_the_format_asked_for(name):
    endpoint = Endpoint()
    for params in ({"Action": "DescribeRegions"}, {"Action": "DescribeKey"}):
        auth = RpcAuth(endpoint.identities["full"].credential, answer_format=name)
        request = httpx.Request("GET", "https://kms.example/", params=params)
        response = endpoint.handle(WireRequest.from_httpx(next(auth.auth_flow(request))))
        kind = dict(response.headers)["content-type"]
        if name.upper() == "JSON":
            assert kind.startswith("application/json")
            assert json.loads(response.body)["RequestId"]
        else:
            assert kind.startswith("text/xml")
            root = fromstring(response.body)
            assert root.find("RequestId") is not None
            assert root.tag == ("DescribeRegionsResponse" if response.status == 200 else "KMS")


def test_families_and_roots_can_be_chosen():
    endpoint = Endpoint(Settings(error_family="gateway", xml_root="KMS", default_format="XML"))
    auth = RpcAuth(endpoint.identities["full"].credential, answer_format=None)

    def ask(**params):
        request = httpx.Request("GET", "https://kms.example/", params=params)
        return endpoint.handle(WireRequest.from_httpx(next(auth.auth_flow(request))))

    good = fromstring(ask(Action="DescribeRegions").body)
    bad = fromstring(ask(Action="DescribeKey").body)
    assert good.tag == "KMS"
    assert bad.tag == "Error"
    assert bad.findtext("Code") == "MissingKeyId"
    assert bad.findtext("HostId") == "kms.example"
    assert bad.find("HttpStatus") is None


def test_a_denial_tells_its_detail_in_the_gateways_form():
    endpoint = Endpoint(Settings(error_family="gateway"))
    credential = endpoint.identities["none"].credential
    response = endpoint.handle(signed(endpoint, {"Action": "CreateKey"}, credential=credential))
    status, body = answer(response)
    assert (status, body["Code"]) == (403, "Forbidden.NoPermission")
    assert body["AccessDeniedDetail"]["AuthAction"] == "kms:CreateKey"
    assert body["AccessDeniedDetail"]["NoPermissionType"] == "ImplicitDeny"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get"])
def test_other_methods_are_refused(method):
    endpoint = Endpoint()
    request = replace(signed(endpoint, {"Action": "ListKeys"}), method=method)
    assert refused(endpoint, request) == (403, "UnsupportedHTTPMethod")


def test_an_operation_is_called_by_its_own_methods():
    endpoint = Endpoint()
    by_get = signed(endpoint, {"Action": "GenerateMac"}, method="GET")
    assert refused(endpoint, by_get) == (403, "UnsupportedHTTPMethod")
    by_post = signed(endpoint, {"Action": "ListClientKeys", "AapName": "x"})
    assert refused(endpoint, by_post) == (403, "UnsupportedHTTPMethod")


def test_legacy_region_id_is_no_parameter_of_the_operation():
    endpoint = Endpoint()
    request = signed(endpoint, {"Action": "ListKeys", "RegionId": "cn-hangzhou"})
    assert endpoint.handle(request).status == 200


def test_dry_run_tells_what_would_have_happened():
    endpoint = Endpoint()
    ask = {"Action": "Encrypt", "Plaintext": "YWFh", "DryRun": "true"}
    made = answer(endpoint.handle(signed(endpoint, {"Action": "CreateKey"})))[1]
    ask["KeyId"] = made["KeyMetadata"]["KeyId"]
    none = endpoint.identities["none"].credential
    assert refused(endpoint, signed(endpoint, ask))[1] == "DryRunOperationError"
    assert refused(endpoint, signed(endpoint, ask, credential=none))[1] == "AccessDeniedError"
    del ask["KeyId"]
    assert refused(endpoint, signed(endpoint, ask))[1] == "ValidationError"


def test_quotas_are_enforced_behind_a_switch():
    endpoint = Endpoint(Settings(throttle=True))
    endpoint.clock.freeze()
    ask = {"Action": "CreateKey"}
    answers = [endpoint.handle(signed(endpoint, ask)) for _ in range(12)]
    assert [response.status for response in answers] == [200] * 10 + [429] * 2
    assert json.loads(answers[-1].body)["Code"] == "Rejected.Throttling"
    assert endpoint.handle(signed(endpoint, {"Action": "ListKeys"})).status == 200
    endpoint.clock.advance(1)
    assert endpoint.handle(signed(endpoint, ask)).status == 200


def test_no_quota_without_the_switch():
    endpoint = Endpoint()
    ask = {"Action": "DescribeAccountKmsStatus"}
    assert all(endpoint.handle(signed(endpoint, ask)).status == 200 for _ in range(5))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("NotEnabled", "Forbidden.KmsServiceNotEnabled"),
        ("InDebt", "Forbidden.InDebt"),
        ("Suspended", "Forbidden.ProhibitedByRiskControl"),
    ],
)
def test_an_account_that_may_not_use_the_service_is_told_so(status, code):
    endpoint = Endpoint()
    endpoint.account.status = status
    assert refused(endpoint, signed(endpoint, {"Action": "ListKeys"})) == (403, code)
    assert endpoint.handle(signed(endpoint, {"Action": "DescribeAccountKmsStatus"})).status == 200


def test_a_client_key_reads_the_secrets_of_its_access_point_and_nothing_else():
    endpoint = Endpoint()
    for name in ("mine", "other"):
        ask = {"Action": "CreateSecret", "SecretName": name, "SecretData": "v", "VersionId": "1"}
        assert endpoint.handle(signed(endpoint, ask)).status == 200
    now = endpoint.clock.now()
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = endpoint.account
    account.access_policies["p"] = AccessPolicy(
        "p",
        now,
        permissions=["RbacPermission/Template/SecretUser"],
        resources=["secret/mine"],
    )
    account.access_points["a"] = AccessPoint("a", now, policies=["p"])
    account.client_keys["KAAP.1"] = ClientKey(
        "KAAP.1", "a", now, now, now + timedelta(days=1), private.public_key()
    )
    client_key = credentials.ClientKey("KAAP.1", private)

    def ask(**params):
        return endpoint.handle(signed(endpoint, params, credential=client_key))

    assert ask(Action="GetSecretValue", SecretName="mine").status == 200
    assert ask(Action="GetSecretValue", SecretName="other").status == 403
    assert ask(Action="ListKeys").status == 403
    endpoint.clock.advance(2 * 24 * 3600)
    assert ask(Action="GetSecretValue", SecretName="mine").status == 403


def test_an_unexpected_exception_is_an_internal_failure_without_its_text():
    endpoint = Endpoint()

    def broken(call):
        raise RuntimeError("the secret text")

    endpoint.handlers["ListKeys"] = broken
    status, body = answer(endpoint.handle(signed(endpoint, {"Action": "ListKeys"})))
    assert (status, body["Code"]) == (500, "InternalFailure")
    assert "secret text" not in json.dumps(body)
    assert endpoint.witness.counts["internal_errors"] == 1
    assert "secret text" not in str(endpoint.witness.view())


def test_a_value_that_xml_cannot_carry_is_refused_and_not_bent():
    endpoint = Endpoint()
    endpoint.handlers["ListKeys"] = lambda call: {"Value": "a\x00b"}
    auth = RpcAuth(endpoint.identities["full"].credential, answer_format="XML")
    request = httpx.Request("GET", "https://kms.example/", params={"Action": "ListKeys"})
    response = endpoint.handle(WireRequest.from_httpx(next(auth.auth_flow(request))))
    assert response.status == 400
    assert fromstring(response.body).findtext("Code") == "InvalidParameter"


def test_statuses_of_codes_come_from_the_specs():
    assert KmsError("Forbidden.KeyNotFound", "").status == 404
    assert KmsError("Rejected.Throttling", "").status == 429
    assert KmsError("Rejected.Throttling", "", 400).status == 400


def test_credentials_repeat_with_a_seed_and_differ_without():
    def ids(seed):
        return [caller.credential for caller in Endpoint(Settings(seed=seed)).identities]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
    assert ids(None) != ids(None)


def test_secrets_of_credentials_are_not_shown():
    endpoint = Endpoint()
    for caller in endpoint.identities:
        shown = repr(caller)
        assert caller.credential.secret not in shown
        token = getattr(caller.credential, "token", None)
        assert token is None or token not in shown
