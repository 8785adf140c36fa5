"""Calls of KMS Instance API over TLS, and what is recorded of them."""

import base64
import json
from datetime import UTC, datetime

import pytest

from conformance.client.instance import InstanceExchange, read
from conformance.client.redact import Redactor
from conformance.client.transport import RawAnswer
from conformance.run.evidence import evidence_document
from conformance.spec.instance import instance_api
from conformance.wire.envelope import Answer

API = instance_api()
SECRET = b"canary-of-a-plaintext"


def exchange(operation, values, status, answer, body=None):
    name = f"{operation}Response" if status == 200 else "Error"
    response = API.codec.encode(name, answer)
    fields, present, problems = read(operation, RawAnswer(status, (), response, 0.1))
    return InstanceExchange(
        operation=operation,
        method="POST",
        url="https://localhost/",
        request_headers=(),
        request_body=API.encode(operation, values) if body is None else body,
        status=status,
        response_headers=(),
        response_body=response,
        answer=Answer(status, None, None, None, fields, "json", problems),
        seconds=0.1,
        parameters=values,
        started=datetime.now(UTC),
        values=fields,
        present=present,
    )


def recorded(found, redactor=None):
    redactor = redactor or Redactor()
    redactor.learn(found)
    document = evidence_document("x.1", found, redactor, rule="R", case=None, curl=None)
    return json.dumps(document)


def forms(secret):
    coded = base64.b64encode(secret).decode()
    return [secret.decode(), coded, secret.hex(), coded[4:-6]]


@pytest.mark.parametrize(
    ("operation", "values", "answer"),
    [
        ("Encrypt", {"KeyId": "k", "Plaintext": SECRET}, {"KeyId": "k", "RequestId": "r"}),
        ("Decrypt", {"KeyId": "k", "CiphertextBlob": b"c"}, {"Plaintext": SECRET}),
        ("GetSecretValue", {"SecretName": "s"}, {"SecretData": SECRET.decode()}),
        ("Sign", {"KeyId": "k", "Message": SECRET}, {"Signature": b"s"}),
        ("GenerateRandom", {"Length": 21}, {"Random": SECRET}),
    ],
)
def test_no_secret_in_evidence(operation, values, answer):
    text = recorded(exchange(operation, values, 200, answer))

    assert not [form for form in forms(SECRET) if form in text]
    assert "<redacted>" in text


def test_a_value_learnt_here_is_redacted_everywhere():
    redactor = Redactor()
    redactor.learn(exchange("Decrypt", {"KeyId": "k"}, 200, {"Plaintext": SECRET}))

    assert redactor.text(f"found {SECRET.decode()}") == "found <redacted>"


def test_a_body_that_is_no_message_is_not_shown():
    whole = API.encode("Encrypt", {"KeyId": "k", "Plaintext": SECRET})
    found = exchange("Encrypt", {}, 400, {"ErrorCode": "InvalidParameter"}, body=whole[:-2])
    text = recorded(found)

    assert not [form[:12] for form in forms(SECRET) if form[:12] in text]
    assert f"{len(whole) - 2} bytes that are no EncryptRequest" in text


def test_refusals_are_shown_in_full():
    error = {"StatusCode": 404, "ErrorCode": "Unauthorized", "ErrorMessage": "m", "RequestId": "r"}
    found = exchange("Encrypt", {"KeyId": "k"}, 404, error)

    assert found.message == "m"
    assert found.values["ErrorCode"] == "Unauthorized"
    assert "ErrorMessage" in recorded(found)


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"\x0a\x7f", "body-not-message"),
        (200, b"", "request-id-missing"),
        (400, b"<html>", "body-not-message"),
        (400, API.codec.encode("Error", {"RequestId": "r"}), "code-missing"),
    ],
)
def test_what_is_wrong_with_an_answer(status, body, problem):
    _, _, problems = read("Encrypt", RawAnswer(status, (), body, 0.1))
    assert [text for text in problems if text.startswith(problem)]
