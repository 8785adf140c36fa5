"""Turns exchanges into evidence documents (specs/meta/evidence.schema.json), redacted."""

import base64
import re
from typing import Any

from conformance.client.exchange import Exchange
from conformance.client.instance import InstanceExchange
from conformance.client.redact import Redactor
from conformance.run.events import time_text

#: Characters of a body that are kept.
BODY_SHOWN = 20_000


def evidence_id(case_id: str, number: int) -> str:
    """Return the name of the ``number``-th exchange of a case, fit for a file name."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', case_id).strip('-.')[:150]}.{number}"


def evidence_document(
    identifier: str,
    exchange: Exchange,
    redactor: Redactor,
    *,
    rule: str | None,
    case: str | None,
    curl: str | None,
) -> dict[str, Any]:
    """Return the evidence document of one exchange."""
    request_body, request_text = _body(exchange, "request")
    response_body, response_text = _body(exchange, "response")
    url, sent, received = redactor.exchange_texts(
        exchange, exchange.url, request_text, response_text
    )
    for body, text in ((request_body, sent), (response_body, received)):
        if "text" in body:
            body["text"] = text[:BODY_SHOWN]
    return {
        "schema": 1,
        "id": identifier,
        "operation": exchange.operation,
        "rule": rule,
        "case": case,
        "identity": exchange.identity,
        "scheme": exchange.scheme,
        "gateway": exchange.gateway,
        "listener": exchange.listener,
        "started": time_text(exchange.started),
        "seconds": round(exchange.seconds, 6),
        "parameters": redactor.parameters(exchange),
        "request": {
            "method": exchange.method,
            "url": url,
            "headers": _headers(exchange.request_headers, redactor, exchange),
            "body": request_body,
        },
        "response": {
            "status": exchange.status,
            "headers": _headers(exchange.response_headers, redactor, exchange),
            "body": response_body,
            "request_id": redactor.text(exchange.answer.request_id or "") or None,
            "code": redactor.text(exchange.code or "") or None,
            "problems": list(exchange.answer.problems),
        },
        "problem": None,
        "curl": curl,
    }


def _headers(
    headers: tuple[tuple[str, str], ...], redactor: Redactor, exchange: Exchange
) -> list[list[str]]:
    return [[name, redactor.exchange_texts(exchange, value)[0]] for name, value in headers]


def _body(exchange: Exchange, side: str) -> tuple[dict[str, Any], str]:
    body = exchange.request_body if side == "request" else exchange.response_body
    document: dict[str, Any] = {"bytes": len(body), "truncated": len(body) > BODY_SHOWN}
    if isinstance(exchange, InstanceExchange):
        document["text"] = exchange.shown(side) if body else ""
        return document, document["text"]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
        document["base64"] = base64.b64encode(body[:BODY_SHOWN]).decode()
        return document, text
    if "\0" in text:
        document["base64"] = base64.b64encode(body[:BODY_SHOWN]).decode()
        return document, ""
    document["text"] = text
    return document, text
