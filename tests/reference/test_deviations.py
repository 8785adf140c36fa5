"""Faults and harmless variations: each applies, bites where it says, and leaves the rest alone."""

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from serving import site

from conformance.reference.changing import refuse_at, replace_error, skip, wrap_answer, wrap_handler
from conformance.reference.deviations import DeviationError, known, put_into_force, register
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth

FAULTS, HARMLESS = known("fault"), known("harmless")


class Caller:
    """Signs requests for an endpoint with one deviation, wrongly where a test wants it."""

    def __init__(self, *faults):
        self.endpoint = Endpoint()
        put_into_force(self.endpoint, "fault", faults)

    def credential(self, identity):
        return self.endpoint.identities[identity].credential

    def wire(
        self,
        action="ListKeys",
        scheme="RPC-1.0",
        method="POST",
        credential=None,
        edit=None,
        **options,
    ):
        kind = RpcAuth if scheme == "RPC-1.0" else Acs3Auth
        auth = kind(credential or self.credential("full"), clock=self.endpoint.clock.now, **options)
        if edit is not None:
            auth.edit = edit
        request = httpx.Request(
            method,
            "https://kms.example/",
            params={"Action": action},
            headers={"accept": "application/json"},
        )
        return WireRequest.from_httpx(auth.sign_request(request))

    def send(self, wire, listener="https"):
        response = self.endpoint.handle(wire, listener)
        return SimpleNamespace(
            status=response.status,
            body=response.body,
            headers=dict(response.headers),
            members=members_of(response.body),
        )


def members_of(body):
    try:
        members = json.loads(body)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def with_header(wire, name, value):
    headers = tuple((key, text) for key, text in wire.headers if key != name)
    return replace(wire, headers=(*headers, (name, value)) if value is not None else headers)


def without(name):
    return lambda pairs: [pair for pair in pairs if pair[0] != name]


def setting(name, value):
    def edit(pairs):
        return [*(pair for pair in pairs if pair[0] != name), (name, value)] if pairs else []

    return edit


def wrong(call):
    return replace(call.credential("full"), secret="x" * 30)


def bare(call):
    sts = call.credential("sts")
    return AccessKey(sts.id, sts.secret)


def shifted(call, minutes):
    moment = call.endpoint.clock.now() + timedelta(minutes=minutes)
    auth = RpcAuth(call.credential("full"), clock=lambda: moment)
    request = httpx.Request("GET", "https://kms.example/", params={"Action": "ListKeys"})
    return WireRequest.from_httpx(auth.sign_request(request))


def upper_signature(call, length):
    wire = call.wire()
    pairs = [
        (name, text[:length] if name == "Signature" else text) for name, text in wire.query_pairs()
    ]
    return replace(wire, query_string=str(httpx.QueryParams(pairs)).encode())


def replayed(call):
    wire = call.wire()
    assert call.send(wire).status == 200
    return wire


def same_nonce(call):
    first = call.wire(nonce=lambda: "used")
    assert call.send(first).status == 200
    return call.wire("ListAliases", nonce=lambda: "used")


#: Requests that a right endpoint refuses and the faulty one serves.
SERVED = {
    "wrong-signature-accepted": lambda c: c.wire(credential=wrong(c)),
    "short-signature-accepted": lambda c: upper_signature(c, 12),
    "body-hash-not-compared": lambda c: replace(c.wire(scheme="V3"), body=b"more"),
    "method-not-signed": lambda c: replace(c.wire(), method="GET"),
    "disabled-access-key-accepted": lambda c: c.wire(credential=c.credential("disabled")),
    "access-key-id-in-any-case": lambda c: c.wire(
        credential=replace(c.credential("full"), id=c.credential("full").id.lower())
    ),
    "stale-time-accepted": lambda c: shifted(c, -60),
    "stale-time-in-the-future-accepted": lambda c: shifted(c, 60),
    "malformed-time-accepted": lambda c: c.wire(edit=setting("Timestamp", "yesterday")),
    "replay-accepted": replayed,
    "replay-after-other-requests-accepted": same_nonce,
    "signature-version-optional": lambda c: c.wire(edit=without("SignatureVersion")),
    "signature-version-ignored": lambda c: c.wire(edit=setting("SignatureVersion", "2.0")),
    "signature-method-ignored": lambda c: c.wire(edit=setting("SignatureMethod", "HMAC-MD5")),
    "algorithm-ignored": lambda c: with_header(
        w := c.wire(scheme="V3"), "authorization", w.header("authorization").replace("256", "999")
    ),
    "nonce-header-optional": lambda c: with_header(
        c.wire(scheme="V3"), "x-acs-signature-nonce", None
    ),
    "unsigned-accepted": lambda c: WireRequest.build(
        "POST", "/?Action=ListKeys&Version=2016-01-20", [("Host", "kms.example")]
    ),
    "missing-signed-header-ignored": lambda c: with_header(
        w := c.wire(scheme="V3"),
        "authorization",
        w.header("authorization").replace("SignedHeaders=", "SignedHeaders=absent;"),
    ),
    "missing-token-accepted": lambda c: c.wire(credential=bare(c)),
    "any-token-accepted": lambda c: c.wire(credential=replace(c.credential("sts"), token="no")),
    "foreign-token-accepted": lambda c: c.wire(
        credential=replace(c.credential("sts"), token=c.credential("expired-sts").token)
    ),
    "expired-token-accepted": lambda c: c.wire(credential=c.credential("expired-sts")),
    "any-method-accepted": lambda c: replace(c.wire(), method="PUT"),
    "any-version-accepted": lambda c: c.wire(edit=setting("Version", "1999-01-01")),
    "any-format-accepted": lambda c: c.wire(edit=setting("Format", "YAML")),
    "nothing-authorised": lambda c: c.wire("CreateKey", credential=c.credential("none")),
    "writes-open-to-readers": lambda c: c.wire("CreateKey", credential=c.credential("read-only")),
    "get-not-authorised": lambda c: c.wire(method="GET", credential=c.credential("none")),
}
#: Requests that a right endpoint serves and the faulty one refuses or answers otherwise.
REFUSED = {
    "get-refused": lambda c: c.wire(method="GET"),
    "form-ignored": lambda c: c.wire(placement="form"),
    "xml-refused": lambda c: c.wire(answer_format="XML"),
    "v3-refused": lambda c: c.wire(scheme="V3"),
    "narrow-time-window": lambda c: shifted(c, -10),
    "token-refused": lambda c: c.wire(credential=c.credential("sts")),
    "only-documented-headers-signed": lambda c: c.wire(scheme="V3", selection="all"),
    "readers-refused": lambda c: c.wire(credential=c.credential("read-only")),
    "roles-without-rights": lambda c: c.wire(credential=c.credential("sts")),
}
#: Refusals that the faulty endpoint answers with another code.
RECODED = {
    "unknown-access-key-answers-403": lambda c: c.wire(
        credential=replace(c.credential("full"), id="LTAI5tNobodyHasThisOne01")
    ),
    "signature-mismatch-answers-500": lambda c: c.wire(credential=wrong(c)),
    "disabled-access-key-called-unknown": lambda c: c.wire(credential=c.credential("disabled")),
    "replay-answers-403": replayed,
    "missing-common-parameter-answers-500": lambda c: c.wire(edit=without("Timestamp")),
    "malformed-authorization-answers-500": lambda c: with_header(
        c.wire(scheme="V3"), "authorization", "ACS3-HMAC-SHA256 Credential=a"
    ),
    "other-method-answers-405": lambda c: replace(c.wire(), method="PUT"),
    "unknown-action-answers-500": lambda c: c.wire("Nope"),
    "unparsable-form-answers-500": lambda c: replace(
        c.wire(), query_string=b"Signature=%zz&Action=ListKeys"
    ),
    "denied-answers-401": lambda c: c.wire(credential=c.credential("none")),
    "denied-called-not-found": lambda c: c.wire(credential=c.credential("none")),
}


@pytest.mark.parametrize("name", SERVED)
def test_a_fault_serves_what_must_be_refused(name):
    right, faulty = Caller(), Caller(name)
    assert right.send(SERVED[name](right)).status >= 400
    answer = faulty.send(SERVED[name](faulty))
    assert answer.status == 200, answer.members
    assert faulty.send(faulty.wire()).status == 200
    assert faulty.send(faulty.wire(scheme="V3")).status == 200


@pytest.mark.parametrize("name", REFUSED)
def test_a_fault_refuses_what_must_be_served(name):
    right, faulty = Caller(), Caller(name)
    answer = right.send(REFUSED[name](right))
    assert answer.status == 200, answer.members
    assert faulty.send(REFUSED[name](faulty)).status >= 400


@pytest.mark.parametrize("name", RECODED)
def test_a_fault_answers_another_code(name):
    right, faulty = Caller(), Caller(name)
    before, after = right.send(RECODED[name](right)), faulty.send(RECODED[name](faulty))
    assert before.status >= 400
    assert after.status >= 400
    assert (before.status, before.members["Code"]) != (after.status, after.members["Code"])


def test_a_signature_is_not_looked_at_over_plain_http_only():
    faulty = Caller("http-without-signature-check")
    plain = replace(faulty.wire(credential=wrong(faulty)), secure=False)
    assert faulty.send(plain, "http").status == 200
    assert faulty.send(faulty.wire(credential=wrong(faulty))).status == 400


def test_a_call_is_carried_out_before_it_is_refused():
    faulty = Caller("refused-after-the-effect")
    before = len(faulty.endpoint.account.keys)
    answer = faulty.send(faulty.wire("CreateKey", credential=faulty.credential("none")))
    assert answer.status == 403
    assert len(faulty.endpoint.account.keys) == before + 1
    assert faulty.send(faulty.wire()).status == 200


@pytest.mark.parametrize("name", [name for name in FAULTS if FAULTS[name].area == "envelope"])
def test_a_fault_of_answers_changes_some_answer(name):
    right, faulty = Caller(), Caller(name)
    changed = False
    for options in ({}, {"answer_format": "XML"}):
        for action in ("ListKeys", "DescribeKey", "CreateKey", "DescribeRegions"):
            good, bad = (c.send(c.wire(action, **options)) for c in (right, faulty))
            same = (good.status, good.headers, sorted(good.members), good.body[-9:]) == (
                bad.status,
                bad.headers,
                sorted(bad.members),
                bad.body[-9:],
            )
            types = {k: type(v) for k, v in good.members.items()} == {
                k: type(v) for k, v in bad.members.items()
            }
            changed = changed or not same or not types or name_shows(name, bad)
    assert changed


def name_shows(name, answer):
    """Tell the faults that change values only."""
    text = answer.body
    return {
        "request-id-empty": b'"RequestId": ""' in text,
        "request-id-always-the-same": b"0D7D3A51" in text,
        "http-status-differs": b"418" in text,
        "times-with-fractions": b".000Z" in text,
        "times-with-offset": b"+00:00" in text,
        "xml-root-result": b"<Result>" in text,
        "body-in-latin-1": not is_utf8(text),
        "numbers-as-text": b'"TotalCount": "' in text,
    }.get(name, False)


def is_utf8(content):
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_variation_serves_and_refuses_as_ever(name):
    endpoint = Endpoint()
    put_into_force(endpoint, "harmless", [name])
    with site(endpoint) as served:
        for scheme in ("RPC-1.0", "V3"):
            for method in ("GET", "POST"):
                good = served.call("DescribeRegions", scheme=scheme, method=method)
                assert good.status_code == 200
                assert good.json()["RequestId"]
        made = served.call("CreateKey", Description="harmless").json()["KeyMetadata"]["KeyId"]
        blob = served.call("Encrypt", KeyId=made, Plaintext="YWFh").json()["CiphertextBlob"]
        assert served.call("Decrypt", CiphertextBlob=blob).json()["Plaintext"] == "YWFh"
        for bad in (
            served.call("DescribeKey", scheme="RPC-1.0"),
            served.call("DescribeKey", KeyId="no-such-key"),
            served.call("CreateKey", identity="none"),
        ):
            assert 400 <= bad.status_code < 500
            assert bad.json()["Code"]
            assert bad.json()["RequestId"]
            assert isinstance(bad.json()["Message"], str)


def test_names_are_checked_and_close_ones_suggested():
    with pytest.raises(DeviationError, match="did you mean replay-accepted"):
        put_into_force(Endpoint(), "fault", ["replay-acepted"])
    with pytest.raises(DeviationError, match="no harmless variation"):
        put_into_force(Endpoint(), "harmless", ["replay-accepted"])


def test_a_deviation_that_changes_nothing_is_an_error(monkeypatch):
    from conformance.reference import deviations

    monkeypatch.setattr(
        deviations, "_FOUND", {kind: dict(found) for kind, found in deviations._FOUND.items()}
    )
    register("does-nothing", "fault", statement="x.", breaks=(), source="")(lambda endpoint: None)
    with pytest.raises(DeviationError, match="changed nothing"):
        put_into_force(Endpoint(), "fault", ["does-nothing"])
    with pytest.raises(LookupError, match="two deviations"):
        register("does-nothing", "fault", statement="x.", breaks=(), source="")(lambda e: None)


def test_a_fault_concerns_its_endpoint_only():
    Caller("wrong-signature-accepted", "nothing-authorised")
    right = Caller()
    assert right.send(right.wire(credential=wrong(right))).status == 400


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_applies(name):
    endpoint = Endpoint()
    put_into_force(endpoint, "fault", [name])
    assert endpoint.deviations == [name]


@pytest.mark.parametrize("deviations", [FAULTS, HARMLESS], ids=["faults", "harmless"])
def test_every_deviation_says_what_it_does(deviations):
    for deviation in deviations.values():
        assert deviation.statement.endswith("."), deviation.name
        assert deviation.name == deviation.name.lower()
        assert " " not in deviation.name
        assert deviation.kind == "harmless" or deviation.source, deviation.name


def test_tools():
    call = Caller()
    endpoint = call.endpoint
    wrap_answer(endpoint, "ListKeys", lambda _, answer: answer.update(More=1))
    wrap_answer(endpoint, ["ListAliases"], lambda _, answer: {"Other": 2})
    wrap_handler(endpoint, "ListSecrets", lambda asked, handler: {**handler(asked), "More": 3})
    assert call.send(call.wire("ListKeys")).members["More"] == 1
    assert call.send(call.wire("ListAliases")).members["Other"] == 2
    assert call.send(call.wire("ListSecrets")).members["More"] == 3
    skip(endpoint, "validate", lambda passage: passage.operation.name == "DescribeKey")
    refuse_at(endpoint, "parse", lambda p: KmsError("A.B", "") if p.params.get("X") else None)
    replace_error(endpoint, lambda error: error.status == 404, "C.D", 410, "gone")
    gone = call.send(call.wire("Nope")).members
    assert (gone["Code"], gone["HttpStatus"], gone["Message"]) == ("C.D", 410, "gone")
    with pytest.raises(LookupError):
        wrap_answer(endpoint, "Nope", lambda _, __: None)
    with pytest.raises(AttributeError):
        skip(endpoint, "nope")
    with pytest.raises(AttributeError, match="no seam"):
        endpoint.seams.no_such_seam = print
