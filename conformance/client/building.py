"""Turns an operation and its logical parameters into an HTTP request, not yet signed.

``Action`` and ``Version`` stand in the query; signing moves them to where its scheme wants them.
"""

from collections.abc import Sequence
from typing import Literal

import httpx

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, StsToken
from conformance.wire.encoding import encode_query
from conformance.wire.identity import KMS_VERSION
from conformance.wire.request import FORM
from conformance.wire.rpc import RpcAuth

Pairs = Sequence[tuple[str, str]]
Scheme = Literal["V3", "RPC-1.0"]
Placement = Literal["query", "form", "sdk"]
AnswerFormat = Literal["JSON", "XML"]

_ACCEPT = {"JSON": "application/json", "XML": "application/xml"}


def build_request(
    base_url: str,
    operation: str,
    pairs: Pairs,
    *,
    method: str,
    placement: Placement,
    answer_format: AnswerFormat,
    form_names: frozenset[str] = frozenset(),
    headers: Pairs = (),
) -> httpx.Request:
    """Return an unsigned request.

    Args:
        base_url: Scheme, host and port of the listener.
        operation: Value of Action.
        pairs: Encoded parameters.
        method: GET sends no body, so that all pairs go into the query.
        placement: "query", "form", or "sdk" for the form parameters that official SDKs send.
        answer_format: Sets Format unless it is the default, and Accept.
        form_names: The parameters that official SDKs send in the form.
        headers: Further headers.
    """
    query: list[tuple[str, str]] = [("Action", operation), ("Version", KMS_VERSION)]
    if answer_format != "JSON":
        # The same parameter under every scheme; signing for RPC-1.0 does not add it twice.
        query.append(("Format", answer_format))
    form: list[tuple[str, str]] = []
    for pair in pairs:
        in_form = placement == "form" or (placement == "sdk" and pair[0] in form_names)
        (form if in_form and method != "GET" else query).append(pair)
    sent = [
        ("accept", _ACCEPT[answer_format]),
        ("accept-encoding", "identity"),
        ("user-agent", "kms-conformance"),
    ]
    content = b""
    if form:
        content = encode_query(form).encode()
        sent.append(("content-type", FORM))
    return httpx.Request(
        method, f"{base_url}/?{encode_query(query)}", headers=[*sent, *headers], content=content
    )


def default_auth(
    scheme: Scheme,
    credential: AccessKey | StsToken,
    *,
    placement: Placement,
    answer_format: AnswerFormat,
) -> httpx.Auth:
    """Return the right signer for a scheme."""
    if scheme == "RPC-1.0":
        where: Literal["query", "form"] = "form" if placement == "form" else "query"
        return RpcAuth(credential, placement=where, answer_format=answer_format)
    return Acs3Auth(credential)


def signed(request: httpx.Request, auth: httpx.Auth) -> httpx.Request:
    """Return the request as the signer sends it."""
    return next(auth.sync_auth_flow(request))
