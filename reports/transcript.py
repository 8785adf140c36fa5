"""Recorded exchanges as text, the way they crossed the wire, redactions included."""

from collections.abc import Mapping
from typing import Any

from reports.text import count, duration

Evidence = Mapping[str, Any]


def title(exchange: Evidence) -> str:
    """Return what the exchange was, in a line."""
    caller = exchange.get("identity")
    words = (
        exchange["operation"],
        f"as {caller}" if caller else None,
        exchange.get("scheme"),
        exchange.get("gateway"),
        exchange.get("listener"),
        exchange.get("purpose"),
    )
    return " · ".join(word for word in words if word)


def outcome(exchange: Evidence) -> str:
    """Return status, code and time, or what happened instead of an answer."""
    response = exchange["response"]
    if response is None:
        return exchange.get("problem") or "no answer"
    code = f" {response['code']}" if response.get("code") else ""
    return f"{response['status']}{code} in {duration(exchange['seconds'])}"


def request(exchange: Evidence) -> str:
    """Return the request: line, headers, body."""
    sent = exchange["request"]
    return _message(f"{sent['method']} {sent['url']}", sent)


def answer(exchange: Evidence) -> str:
    """Return the answer: status, headers, body, and what was wrong with its form."""
    response = exchange["response"]
    if response is None:
        return exchange.get("problem") or "no answer"
    text = _message(f"HTTP {response['status']}", response)
    problems = response.get("problems") or ()
    return "\n".join((text, *(f"! {problem}" for problem in problems)))


def _message(first: str, message: Evidence) -> str:
    headers = [f"{name}: {value}" for name, value in message["headers"]]
    return "\n".join((first, *headers, "", _body(message["body"])))


def _body(body: Evidence | None) -> str:
    if body is None or body["bytes"] == 0:
        return "(no body)"
    size = count(body["bytes"], "byte")
    cut = f"\n({size} in all, cut)" if body.get("truncated") else ""
    if "text" in body:
        return f"{body['text']}{cut}"
    if "base64" in body:
        return f"(base64) {body['base64']}{cut}"
    return f"({size}, not recorded)"
