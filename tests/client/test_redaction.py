"""No secret in anything that is recorded, in whatever form it stands there."""

import base64
import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from conformance.client.codec import codec
from conformance.client.exchange import REDACTED, Exchange
from conformance.client.redact import Redactor, secret_paths
from conformance.run.evidence import evidence_document
from conformance.wire.encoding import encode_query
from conformance.wire.envelope import parse

SECRETS = ["canary plain/text+1", 'with "quotes" & <tags>', "中文-canary", "x", "12"]


def exchange(operation, params, answer, *, form=False, status=200, kind="application/json"):
    pairs = encode_query(codec(operation).encode(params))
    headers = (("content-type", kind),)
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Exchange(
        operation=operation,
        method="POST",
        url=f"https://localhost/?Action={operation}" + ("" if form else f"&{pairs}"),
        request_headers=(("content-type", "application/x-www-form-urlencoded"),) if form else (),
        request_body=pairs.encode() if form else b"",
        status=status,
        response_headers=headers,
        response_body=body,
        answer=parse(status, headers, body),
        seconds=0.01,
        parameters=params,
        started=datetime.now(UTC),
    )


def recorded(found, redactor=None):
    redactor = redactor or Redactor()
    redactor.learn(found)
    document = evidence_document("x.1", found, redactor, rule="R", case=None, curl=None)
    return json.dumps(document, ensure_ascii=False)


def traces(secret, text):
    once = quote(secret, safe="~")
    forms = {secret, json.dumps(secret)[1:-1], once, quote(once, safe="~")}
    forms |= {once.replace("%20", "+"), base64.b64encode(secret.encode()).decode()}
    forms |= {json.dumps(json.dumps(secret)[1:-1])[1:-1]}
    return [form for form in forms if len(form) >= 6 and form in text]


def test_the_specs_mark_what_is_secret():
    assert ("Plaintext",) in secret_paths("Encrypt", "request")
    assert ("SecretData",) in secret_paths("CreateSecret", "request")
    assert ("SecretData",) in secret_paths("GetSecretValue", "response")
    assert ("Plaintext",) in secret_paths("Decrypt", "response")
    assert secret_paths("DescribeKey", "request") == ()


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", [True, False])
def test_a_marked_parameter_is_nowhere(secret, form):
    params = {"SecretName": "name", "VersionId": "v1", "SecretData": secret}
    text = recorded(exchange("CreateSecret", params, {"RequestId": "r"}, form=form))
    assert not traces(secret, text)
    assert REDACTED in text
    assert '"name"' in text or "SecretName=name" in text
    assert f"SecretData={quote(secret, safe='~')}" not in text


@pytest.mark.parametrize("secret", SECRETS)
def test_a_marked_member_of_an_answer_is_nowhere(secret):
    answer = {"RequestId": "r", "SecretName": "name", "SecretData": secret}
    text = recorded(exchange("GetSecretValue", {"SecretName": "name"}, answer))
    assert not traces(secret, text)
    assert f'SecretData\\": \\"{secret}\\"' not in text
    assert "SecretName" in text


@pytest.mark.parametrize("secret", SECRETS[:3])
def test_a_secret_that_an_error_echoes_is_nowhere(secret):
    params = {"KeyId": "key", "Plaintext": secret}
    once = quote(secret, safe="~")
    message = f"server string to sign is: POST&%2F&Plaintext%3D{quote(once, safe='~')} {secret}"
    answer = {"RequestId": "r", "Code": "SignatureDoesNotMatch", "Message": message}
    text = recorded(exchange("Encrypt", params, answer, status=400))
    assert not traces(secret, text)


def test_a_secret_seen_once_is_known_for_good():
    redactor = Redactor(["canary-of-the-file"])
    answer = {"RequestId": "r", "Plaintext": "Y2FuYXJ5LXBsYWludGV4dA=="}
    redactor.learn(exchange("Decrypt", {"CiphertextBlob": "AAAA"}, answer))
    echoed = "Y2FuYXJ5LXBsYWludGV4dA== and canary-of-the-file"
    other = exchange("DescribeKey", {"KeyId": echoed}, {"RequestId": "r"})
    text = recorded(other, redactor)
    assert "canary-of-the-file" not in text
    assert "Y2FuYXJ5" not in text
    assert redactor.text(f"found {echoed}") == f"found {REDACTED} and {REDACTED}"


def test_xml_and_bytes():
    body = b"<KMS><RequestId>r</RequestId><SecretData>12</SecretData></KMS>"
    found = exchange("GetSecretValue", {"SecretName": "n"}, body, kind="text/xml")
    assert "<SecretData>12<" not in recorded(found)
    binary = exchange("DescribeKey", {"KeyId": "k"}, b"\xff\x00\xfe")
    assert json.loads(recorded(binary))["response"]["body"]["base64"] == "/wD+"


def test_names_are_not_secrets():
    params = {"KeyId": "key-public", "KeyVersionId": "version"}
    text = recorded(
        exchange("DescribeKeyVersion", params, {"RequestId": "r", "KeyId": "key-public"})
    )
    assert "key-public" in text
    assert REDACTED not in text
