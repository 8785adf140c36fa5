"""Vectors made by official SDKs verify, and are reproduced byte for byte."""

import base64
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from signature_vectors import (
    CLIENT_KEY_ID,
    IDENTITIES,
    NOW,
    POLICY,
    VECTORS,
    clock_at,
    credential,
    ids,
    positive,
    wire_request,
)

from conformance.wire import acs3, acs4, instance, rpc, verify
from conformance.wire.encoding import canonical_query
from conformance.wire.failures import AuthFailure
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.identity import NonceMemory, Scheme, Verifier
from conformance.wire.request import WireRequest

RPC = positive("rpc_signature_1_0", "client_key_on_shared_gateway")
V3 = positive("signature_v3")
V4 = positive("signature_v4")
INSTANCE = positive("kms_instance_api")
SENT = [vector for vector in RPC + V3 + V4 + INSTANCE if vector["expected"]["wire_request"]]


def verifier(now=NOW, identities=IDENTITIES, **changes):
    return Verifier(identities.get, replace(POLICY, **changes), lambda: now, NonceMemory())


@pytest.mark.parametrize("vector", SENT, ids=ids)
def test_positive_vector_verifies(vector):
    request = wire_request(vector["expected"]["wire_request"])

    verified = verify.verify(request, verifier())

    inputs = vector["inputs"]
    assert verified.action == inputs.get("action", inputs.get("api_name"))
    assert verified.identity.access_key_id == inputs.get(
        "access_key_id", inputs.get("client_key_id")
    )
    expected = {
        **inputs.get("operation_params_query", {}),
        **inputs.get("operation_params_form_body", {}),
        **inputs.get("query_params", {}),
    }
    assert expected.items() <= dict(verified.parameters).items()
    assert not rpc.COMMON_PARAMETERS & dict(verified.parameters).keys()


def rpc_pairs(vector):
    inputs = vector["inputs"]
    query, form = inputs["operation_params_query"], inputs.get("operation_params_form_body", {})
    pairs = {**query, **form, **inputs["common_params"], "Action": inputs["action"]}
    if inputs.get("security_token"):
        pairs["SecurityToken"] = inputs["security_token"]
    return list(pairs.items())


@pytest.mark.parametrize("vector", RPC, ids=ids)
def test_rpc_string_and_signature_are_reproduced(vector):
    pairs, expected, method = rpc_pairs(vector), vector["expected"], vector["inputs"]["http_method"]

    assert canonical_query(pairs) == expected["canonicalized_query_string"]
    assert rpc.string_to_sign(method, pairs) == expected["string_to_sign"]
    assert rpc.sign(method, pairs, credential(vector["inputs"])) == expected["signature"]


@pytest.mark.parametrize(
    "vector", [vector for vector in RPC if vector["inputs"].get("signature_nonce")], ids=ids
)
def test_rpc_auth_makes_the_same_request(vector):
    inputs, wire = vector["inputs"], vector["expected"]["wire_request"]
    common = inputs["common_params"]
    in_form = wire is not None and wire["request_target"] == "/"
    auth = rpc.RpcAuth(
        credential(inputs),
        placement="form" if in_form else "query",
        answer_format=common["Format"],
        extra=[(name, common[name]) for name in ("RegionId",) if name in common],
        empty_signature_type=common.get("SignatureType") == "",
        clock=clock_at(inputs["timestamp"]),
        nonce=lambda: inputs["signature_nonce"],
    )
    params = {
        "Action": inputs["action"],
        "Version": common["Version"],
        **inputs["operation_params_query"],
    }
    request = httpx.Request(
        inputs["http_method"],
        f"https://{inputs['host']}/",
        params=params,
        data=inputs.get("operation_params_form_body") or None,
    )

    signed = WireRequest.from_httpx(auth.sign_request(request))

    sent = signed.query_pairs() + signed.form_pairs()
    assert dict(sent)["Signature"] == vector["expected"]["signature"]
    if wire is not None:
        expected = wire_request(wire)
        assert sorted(signed.query_pairs()) == sorted(expected.query_pairs())
        assert sorted(signed.form_pairs()) == sorted(expected.form_pairs())


#: Headers that signing adds; all others are the caller's.
ADDED = {
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-content-sha256",
    "x-acs-content-sm3",
    "x-acs-security-token",
    "x-acs-accesskey-id",
    "x-acs-credentials-provider",
}


def acs_request(inputs, headers):
    own = {name: value for name, value in headers.items() if name.lower() not in ADDED}
    body = inputs["body_utf8"]
    content = body.encode() if body is not None else base64.b64decode(inputs["body_base64"])
    path = inputs.get("canonical_uri", "/")
    return httpx.Request(
        inputs["http_method"],
        f"https://{inputs['host']}{path}",
        params=inputs["query_params"],
        headers=own,
        content=content,
    )


@pytest.mark.parametrize("vector", V3, ids=ids)
def test_v3_auth_makes_the_same_authorization(vector):
    inputs, expected = vector["inputs"], vector["expected"]
    headers = inputs["headers"]
    wire = expected["wire_request"]
    if inputs["body_utf8"] is None:
        inputs = {**inputs, "body_base64": wire["body_base64"]}
    python_client = "accept" in expected["signed_headers"].split(";")
    auth = acs3.Acs3Auth(
        credential(inputs),
        selection="all" if python_client else "documented",
        algorithm=vector["scheme"],
        provider_headers=False,
        extra=[
            (name, headers[name])
            for name in ("x-acs-credentials-provider", "x-acs-accesskey-id")
            if name in headers
        ],
        clock=clock_at(inputs["x_acs_date"]),
        nonce=lambda: inputs["x_acs_signature_nonce"],
    )

    signed = auth.sign_request(acs_request(inputs, headers))

    assert signed.headers["authorization"] == expected["authorization"]
    if wire is not None:
        assert WireRequest.from_httpx(signed).query_pairs() == wire_request(wire).query_pairs()


@pytest.mark.parametrize("vector", V3, ids=ids)
def test_v3_canonical_request_is_reproduced(vector):
    inputs, expected = vector["inputs"], vector["expected"]
    lowered = {name.lower(): value for name, value in inputs["headers"].items()}

    canonical = acs3.canonical_request(
        inputs["http_method"],
        "/",
        inputs["query_params"].items(),
        headers=lowered,
        signed=expected["signed_headers"].split(";"),
        payload_hash=expected["hashed_payload"],
    )

    assert canonical == expected["canonical_request"]
    hash_name = acs3.HASHES[vector["scheme"]]
    text = acs3.string_to_sign(vector["scheme"], canonical, hash_name)
    assert text == expected["string_to_sign"]
    assert acs3.sign(vector["scheme"], text, credential(inputs)) == expected["signature"]


@pytest.mark.parametrize("vector", V4, ids=ids)
def test_v4_auth_makes_the_same_authorization(vector):
    inputs, expected = vector["inputs"], vector["expected"]
    headers = {
        name: value
        for name, value in expected["wire_request"]["headers"].items()
        if name.lower() not in {"authorization", "content-length"}
    }
    auth = acs4.Acs4Auth(
        credential(inputs),
        region=inputs["region"],
        algorithm=vector["scheme"],
        clock=clock_at(inputs["x_acs_date"]),
        nonce=lambda: inputs["x_acs_signature_nonce"],
    )

    signed = auth.sign_request(acs_request(inputs, headers))

    assert signed.headers["authorization"] == expected["authorization"]
    key = acs4.signing_key(
        inputs["access_key_secret"],
        inputs["x_acs_date"][:10].replace("-", ""),
        inputs["region"],
        acs4.HASHES[vector["scheme"]],
    )
    assert key.hex() == expected["signing_key_hex"]


@pytest.mark.parametrize("vector", INSTANCE, ids=ids)
def test_instance_auth_makes_the_same_request(vector):
    inputs, expected = vector["inputs"], vector["expected"]
    body = base64.b64decode(inputs["body_base64"])
    auth = instance.InstanceAuth(credential(inputs), clock=lambda: NOW - timedelta(seconds=1))
    request = httpx.Request(
        "POST",
        f"https://{inputs['host']}/",
        headers={"x-kms-apiname": inputs["api_name"], **inputs["extra_request_headers"]},
        content=body,
    )

    signed = auth.sign_request(request)

    assert instance.content_hash(body) == expected["content_sha256"]
    assert signed.headers["authorization"] == expected["authorization"]
    for name, value in expected["wire_request"]["headers"].items():
        if name != "user-agent":
            assert signed.headers[name] == value


MISMATCH = {"SignatureDoesNotMatch", "IncompleteSignature", "SignatureNotMatch"}

#: Codes that each kind may be answered with, in both documented families and on the instance.
CODES = {
    Kind.SIGNATURE_MISMATCH: MISMATCH,
    Kind.CONTENT_HASH_MISMATCH: MISMATCH,
    Kind.UNSIGNED_HEADER: MISMATCH,
    Kind.STALE_TIMESTAMP: {
        "InvalidTimeStamp.Expired",
        "IllegalTimestamp",
        "RequestTimeTooSkewed",
    },
    Kind.MALFORMED_TIMESTAMP: {"InvalidTimeStamp.Format", "IllegalTimestamp", "InvalidParam"},
    Kind.MISSING_PARAMETER: {"MissingParameter"},
    Kind.BAD_SIGNATURE_METHOD: {"InvalidSignatureMethod", "InvalidParameter", "InvalidParam"},
    Kind.BAD_FORMAT: {"InvalidParameter.Format", "InvalidParameter"},
    Kind.UNKNOWN_ACCESS_KEY: {"InvalidAccessKeyId.NotFound", "Unauthorized"},
    Kind.DISABLED_ACCESS_KEY: {"InvalidAccessKeyId.Inactive", "Forbidden.AccessKey"},
    Kind.EXPIRED_CLIENT_KEY: {"Unauthorized", "Forbidden.NoPermission"},
    Kind.MISSING_TOKEN: {"MissingSecurityToken"},
    Kind.BAD_TOKEN: {"InvalidSecurityToken.Malformed"},
    Kind.EXPIRED_TOKEN: {"InvalidSecurityToken.Expired", "InvalidAccessKeyId.NotFound"},
    Kind.REPLAYED_NONCE: {"SignatureNonceUsed"},
    Kind.UNKNOWN_ACTION: {"InvalidAction.NotFound", "InvalidApi.NotFound", "InvalidApiName"},
    Kind.UNKNOWN_VERSION: {"InvalidVersion", "NoSuchVersion", "InvalidApiVersion"},
    Kind.BAD_CONTENT_TYPE: {"InvalidContentType"},
    Kind.MALFORMED_AUTHORIZATION: {"InvalidParam"},
}

#: The cause of each negative vector.
CAUSES = {
    **{f"neg-v1-0{n}": Kind.SIGNATURE_MISMATCH for n in range(1, 9)},
    "neg-v1-09": Kind.STALE_TIMESTAMP,
    "neg-v1-10": Kind.STALE_TIMESTAMP,
    "neg-v1-11": Kind.MALFORMED_TIMESTAMP,
    "neg-v1-12": Kind.MISSING_PARAMETER,
    "neg-v1-13": Kind.MISSING_PARAMETER,
    "neg-v1-14": Kind.BAD_SIGNATURE_METHOD,
    "neg-v1-15": Kind.UNKNOWN_ACCESS_KEY,
    "neg-v1-16": Kind.DISABLED_ACCESS_KEY,
    "neg-v1-17": Kind.MISSING_TOKEN,
    "neg-v1-18": Kind.BAD_TOKEN,
    "neg-v1-19": Kind.EXPIRED_TOKEN,
    "neg-v1-20": Kind.REPLAYED_NONCE,
    "neg-v1-21": Kind.SIGNATURE_MISMATCH,
    "neg-v1-22": Kind.SIGNATURE_MISMATCH,
    "neg-v1-23": Kind.UNKNOWN_ACTION,
    "neg-v1-24": Kind.UNKNOWN_VERSION,
    "neg-v1-25": Kind.BAD_FORMAT,
    "neg-v3-01": Kind.CONTENT_HASH_MISMATCH,
    "neg-v3-02": Kind.SIGNATURE_MISMATCH,
    "neg-v3-03": Kind.SIGNATURE_MISMATCH,
    "neg-v3-04": Kind.SIGNATURE_MISMATCH,
    "neg-v3-05": Kind.UNSIGNED_HEADER,
    "neg-v3-06": Kind.SIGNATURE_MISMATCH,
    "neg-v3-07": Kind.SIGNATURE_MISMATCH,
    "neg-v3-08": Kind.STALE_TIMESTAMP,
    "neg-v3-09": Kind.STALE_TIMESTAMP,
    "neg-v3-10": Kind.REPLAYED_NONCE,
    "neg-v3-11": Kind.MISSING_PARAMETER,
    "neg-v3-12": Kind.MISSING_PARAMETER,
    "neg-v3-13": Kind.CONTENT_HASH_MISMATCH,
    "neg-v3-14": Kind.UNKNOWN_ACCESS_KEY,
    "neg-v3-15": Kind.MISSING_TOKEN,
    "neg-inst-01": Kind.CONTENT_HASH_MISMATCH,
    "neg-inst-02": Kind.SIGNATURE_MISMATCH,
    "neg-inst-03": Kind.STALE_TIMESTAMP,
    "neg-inst-04": Kind.STALE_TIMESTAMP,
    "neg-inst-05": Kind.MALFORMED_TIMESTAMP,
    "neg-inst-06": Kind.MISSING_PARAMETER,
    "neg-inst-07": Kind.UNKNOWN_ACCESS_KEY,
    "neg-inst-08": Kind.BAD_SIGNATURE_METHOD,
    "neg-inst-09": Kind.BAD_SIGNATURE_METHOD,
    "neg-inst-10": Kind.UNKNOWN_ACTION,
    "neg-inst-11": Kind.UNKNOWN_VERSION,
    "neg-inst-12": Kind.BAD_CONTENT_TYPE,
    "neg-inst-13": Kind.MALFORMED_AUTHORIZATION,
    "neg-inst-14": Kind.EXPIRED_CLIENT_KEY,
    "neg-aap-01": Kind.SIGNATURE_MISMATCH,
    "neg-aap-02": Kind.UNKNOWN_ACCESS_KEY,
}

#: Authenticated rightly and refused by policy, which is not for this layer to see.
AUTHORISATION = {f"neg-aap-0{n}" for n in range(3, 7)}

KNOWN_ACTIONS = frozenset(vector["inputs"]["action"] for vector in RPC + V3 + V4) | {"DeleteAlias"}
KNOWN_APIS = frozenset(vector["inputs"]["api_name"] for vector in INSTANCE)
NEGATIVE = [vector for vector in VECTORS["negative"] if vector["id"] not in AUTHORISATION]

STATES = {
    "neg-v1-16": ("testid", {"active": False}),
    "neg-v1-19": ("STS.FakeAccessKeyId0001", {"token_expires": NOW - timedelta(hours=1)}),
    "neg-inst-14": (CLIENT_KEY_ID, {"not_after": NOW - timedelta(hours=1)}),
}


def in_state(vector):
    """Return a verifier in the state that the vector presupposes."""
    identities = dict(IDENTITIES)
    if vector["id"] in STATES:
        owner, change = STATES[vector["id"]]
        identities[owner] = replace(identities[owner], **change)
    return verifier(
        clock_at(vector["server_clock_utc"])(),
        identities,
        actions=KNOWN_ACTIONS,
        instance_actions=KNOWN_APIS,
    )


@pytest.mark.parametrize("vector", NEGATIVE, ids=ids)
def test_negative_vector_is_refused_for_its_cause(vector):
    known = in_state(vector)
    if "accepted before" in vector.get("precondition", ""):
        before = next(v for v in SENT if v["id"] == vector["derived_from"])
        verify.verify(wire_request(before["expected"]["wire_request"]), known)

    with pytest.raises(AuthFailure) as refusal:
        verify.verify(wire_request(vector["wire_request"]), known)

    kind = refusal.value.kind
    assert kind is CAUSES[vector["id"]]
    codes = {code.partition(" ")[0] for code in vector["expected"]["error_codes"]}
    assert codes & CODES[kind]
    if kind is Kind.SIGNATURE_MISMATCH:
        assert refusal.value.string_to_sign


def test_every_negative_vector_has_a_cause():
    assert {vector["id"] for vector in NEGATIVE} == CAUSES.keys()


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS["negative"] if v["id"] in AUTHORISATION], ids=ids
)
def test_vectors_refused_by_policy_authenticate(vector):
    verified = verify.verify(wire_request(vector["wire_request"]), verifier())

    assert verified.identity.access_key_id == CLIENT_KEY_ID


@pytest.mark.parametrize("vector", VECTORS["undetermined"], ids=ids)
def test_undetermined_vector_gets_the_recommended_treatment(vector):
    known = verifier(clock_at(vector["server_clock_utc"])())
    request = wire_request(vector["wire_request"])
    if vector["id"] == "und-04":
        assert verify.verify(request, known).scheme is Scheme.INSTANCE
        return

    with pytest.raises(AuthFailure) as refusal:
        verify.verify(request, known)

    assert refusal.value.kind in {
        Kind.MISSING_PARAMETER,
        Kind.BAD_SIGNATURE_VERSION,
        Kind.UNSIGNED_HEADER,
        Kind.STALE_TIMESTAMP,
        Kind.DUPLICATE_PARAMETER,
    }


@pytest.mark.parametrize("vector", VECTORS["unsigned_wire_examples"], ids=ids)
def test_bearer_requests_are_recognised_and_not_offered(vector):
    request = wire_request(vector["wire_request"])

    assert verify.recognise(request) is Scheme.BEARER
    with pytest.raises(AuthFailure) as refusal:
        verify.verify(request, verifier())
    assert refusal.value.kind is Kind.UNSUPPORTED_SCHEME
