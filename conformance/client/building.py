"""Turns an operation and its logical parameters into a signed HTTP request.

``Action`` and ``Version`` stand in the query of an unsigned request; signing moves them to where
its scheme wants them. The two usual signers work on pairs and headers directly, which halves the
cost of a call; any other signer is an `httpx.Auth` over an `httpx.Request`. Both ways send the same
bytes, which a test compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import httpx

from conformance.wire.acs3 import (
    HASHES,
    Acs3Auth,
    Authorization,
    canonical_request,
    select_headers,
    sign,
    string_to_sign,
)
from conformance.wire.acs_canonical import hash_hex
from conformance.wire.credentials import ClientKey, Credential
from conformance.wire.encoding import encode_query
from conformance.wire.identity import KMS_VERSION
from conformance.wire.request import FORM
from conformance.wire.rpc import RpcAuth
from conformance.wire.rpc import sign as rpc_sign

Pairs = Sequence[tuple[str, str]]
#: ClientKey is RPC-1.0 with the RSA signature of a client key, for GetSecretValue.
Scheme = Literal["V3", "RPC-1.0", "ClientKey"]
Placement = Literal["query", "form", "sdk"]
AnswerFormat = Literal["JSON", "XML"]

_ACCEPT = {"JSON": "application/json", "XML": "application/xml"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it leaves: everything but the connection it takes.

    Attributes:
        method: As sent.
        base_url: Scheme, host and port.
        target: Path and query, encoded.
        headers: In order, Host first.
        content: The body.
    """

    method: str
    base_url: str
    target: str
    headers: tuple[tuple[str, str], ...]
    content: bytes

    @classmethod
    def of(cls, request: httpx.Request) -> "Outgoing":
        """Return what httpx would send."""
        url = request.url
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        )
        base = f"{url.scheme}://{url.netloc.decode('ascii')}"
        return cls(request.method, base, url.raw_path.decode("ascii"), headers, request.content)

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.base_url + self.target


@dataclass(frozen=True, slots=True)
class Layout:
    """An unsigned request: which pairs stand in the query and which in the form."""

    base_url: str
    method: str
    query: list[tuple[str, str]]
    form: list[tuple[str, str]]
    accept: str

    @property
    def own_headers(self) -> list[tuple[str, str]]:
        """Headers that the client itself sends."""
        headers = [
            ("accept", self.accept),
            ("accept-encoding", "identity"),
            ("user-agent", "kms-conformance"),
        ]
        return [*headers, ("content-type", FORM)] if self.form else headers

    def request(self, headers: Pairs = ()) -> httpx.Request:
        """Return the unsigned request with further headers."""
        return httpx.Request(
            self.method,
            f"{self.base_url}/?{encode_query(self.query)}",
            headers=[*self.own_headers, *headers],
            content=encode_query(self.form).encode(),
        )

    def signed(self, auth: httpx.Auth, headers: Pairs = (), *, usual: bool = False) -> Outgoing:
        """Return the request as a signer sends it.

        Args:
            auth: The signer.
            headers: Further headers.
            usual: The signer is one of `default_auth`, unchanged; a changed one must be asked.
        """
        if usual and not headers and isinstance(auth, Acs3Auth):
            return _signed_v3(self, auth)
        if usual and not headers and isinstance(auth, RpcAuth):
            return _signed_rpc(self, auth)
        return Outgoing.of(next(auth.sync_auth_flow(self.request(headers))))


def lay_out(
    base_url: str,
    operation: str,
    pairs: Pairs,
    *,
    method: str,
    placement: Placement,
    answer_format: AnswerFormat,
    form_names: frozenset[str] = frozenset(),
) -> Layout:
    """Return an unsigned request.

    Args:
        base_url: Scheme, host and port of the listener.
        operation: Value of Action.
        pairs: Encoded parameters.
        method: GET sends no body, so that all pairs go into the query.
        placement: "query", "form", or "sdk" for the form parameters that official SDKs send.
        answer_format: Sets Format unless it is the default, and Accept.
        form_names: The parameters that official SDKs send in the form.
    """
    query: list[tuple[str, str]] = [("Action", operation), ("Version", KMS_VERSION)]
    if answer_format != "JSON":
        # The same parameter under every scheme; signing for RPC-1.0 does not add it twice.
        query.append(("Format", answer_format))
    form: list[tuple[str, str]] = []
    for pair in pairs:
        in_form = placement == "form" or (placement == "sdk" and pair[0] in form_names)
        (form if in_form and method != "GET" else query).append(pair)
    return Layout(base_url, method, query, form, _ACCEPT[answer_format])


def default_auth(
    scheme: Scheme,
    credential: Credential,
    *,
    placement: Placement,
    answer_format: AnswerFormat,
    method: str = "POST",
) -> httpx.Auth:
    """Return the right signer for a scheme; a client key signs by RPC-1.0 alone."""
    if isinstance(credential, ClientKey) or scheme != "V3":
        in_form = placement == "form" and method != "GET"
        where: Literal["query", "form"] = "form" if in_form else "query"
        return RpcAuth(credential, placement=where, answer_format=answer_format)
    return Acs3Auth(credential)


@cache
def _host(base_url: str) -> str:
    return httpx.URL(base_url).netloc.decode("ascii")


def _outgoing(
    layout: Layout, query: Pairs, headers: list[tuple[str, str]], content: bytes
) -> Outgoing:
    if content or layout.method in {"POST", "PUT", "PATCH"}:
        headers.append(("content-length", str(len(content))))
    encoded = encode_query(query)
    target = f"/?{encoded}" if encoded else "/"
    return Outgoing(layout.method, layout.base_url, target, tuple(headers), content)


def _signed_rpc(layout: Layout, auth: RpcAuth) -> Outgoing:
    """Do what `RpcAuth.sign_request` does."""
    query, form = layout.query, layout.form
    common = auth.common(query + form)
    if auth.placement == "form":
        query, form = [], common + query + form
    else:
        query, form = common + query, list(form)
    signature = ("Signature", rpc_sign(layout.method, query + form, auth.credential))
    (form if auth.placement == "form" else query).append(signature)
    headers = [("Host", _host(layout.base_url)), *layout.own_headers]
    if form and not layout.form:
        headers.append(("content-type", FORM))
    return _outgoing(layout, query, headers, encode_query(form).encode())


def _signed_v3(layout: Layout, auth: Acs3Auth) -> Outgoing:
    """Do what `Acs3Auth.sign_request` does."""
    content = encode_query(layout.form).encode()
    named = dict(layout.query)
    query = [pair for pair in layout.query if pair[0] not in {"Action", "Version"}]
    headers = [
        ("Host", _host(layout.base_url)),
        *layout.own_headers,
        ("x-acs-action", named["Action"]),
        ("x-acs-version", named["Version"]),
        *auth.own_headers(content).items(),
    ]
    present = {name.lower(): value for name, value in headers}
    names = select_headers(present, auth.selection)
    hash_name = HASHES[auth.algorithm]
    canonical = canonical_request(
        layout.method,
        "/",
        query,
        headers=present,
        signed=names,
        payload_hash=hash_hex(hash_name, content),
    )
    text = string_to_sign(auth.algorithm, canonical, hash_name)
    signature = sign(auth.algorithm, text, auth.credential)
    rendered = Authorization(auth.algorithm, auth.credential.id, tuple(names), signature).render()
    headers.append(("authorization", rendered))
    return _outgoing(layout, query, headers, content)


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
    """Return an unsigned request for those who send it themselves; see `lay_out`."""
    layout = lay_out(
        base_url,
        operation,
        pairs,
        method=method,
        placement=placement,
        answer_format=answer_format,
        form_names=form_names,
    )
    return layout.request(headers)


def signed(request: httpx.Request, auth: httpx.Auth) -> httpx.Request:
    """Return the request as the signer sends it."""
    return next(auth.sync_auth_flow(request))
