"""Signs requests fast enough for thousands a second, every one with its own nonce and time.

All of a request but nonce, time and signature is known beforehand. A template is the text that
`conformance.wire` would make, cut at the places of those three; signing fills them in. Endpoint and
conformance client know nothing of it: a template's request verifies like any other.
"""

import hmac
import os
import time
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from os import urandom
from typing import Literal, Protocol, get_args

from conformance.wire import acs3, rpc
from conformance.wire.acs_canonical import hash_hex
from conformance.wire.credentials import ClientKey, Credential, StsToken
from conformance.wire.encoding import canonical_query, percent_encode, percent_encode_canonical
from conformance.wire.identity import KMS_VERSION
from conformance.wire.request import FORM
from conformance.wire.times import format_iso

Scheme = Literal["RPC-1.0", "V3"]
SCHEMES: tuple[str, ...] = get_args(Scheme)
Pairs = Sequence[tuple[str, str]]

# Stand for nonce and time while the text is made; both survive percent-encoding unchanged.
_NONCE_MARK = "4e6f6e6365204d61726b"
_TIME_MARK = "54696d65204d61726b21"
AGENT = "kms-conformance-load"
"""What requests call themselves."""
_STOCK = 256


class Template(Protocol):
    """A request that is complete but for nonce, time and signature."""

    def sign(self) -> bytes:
        """Return the request as it goes to the wire, signed now."""


class _Nonces:
    """128 random bits in hexadecimal at a time, from a stock: one system call for many."""

    def __init__(self) -> None:
        self._stock: list[str] = []

    def next(self) -> str:
        if not self._stock:
            text = urandom(16 * _STOCK).hex()
            self._stock = [text[at : at + 32] for at in range(0, 32 * _STOCK, 32)]
        return self._stock.pop()


_nonces = _Nonces()
# Processes that Locust forks must not draw from the same stock.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_nonces.__init__)  # type: ignore[misc]


class Moments:
    """The current time as text, made once a second; ``write`` makes it."""

    def __init__(self, write: Callable[[datetime], str] = format_iso) -> None:
        self._write = write
        self._second = 0
        self._text = ""

    def text(self) -> str:
        """Return the current second as text."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._text = self._write(datetime.fromtimestamp(second, UTC))
        return self._text


_seconds = Moments()
_encoded_seconds = Moments(lambda moment: percent_encode(format_iso(moment)))


def template(
    scheme: Scheme, credential: Credential, authority: str, operation: str, pairs: Pairs
) -> Template:
    """Return a template of one request of the KMS API.

    Args:
        scheme: How it is signed.
        credential: Who signs.
        authority: Value of the Host header.
        operation: Goes into Action.
        pairs: The operation's parameters as they travel.
    """
    if scheme == "V3":
        return Acs3Template(credential, authority, operation, pairs)
    return RpcTemplate(credential, authority, operation, pairs)


class RpcTemplate:
    """RPC-1.0 with all parameters in the form, as @alicloud/pop-core sends a POST."""

    def __init__(
        self, credential: Credential, authority: str, operation: str, pairs: Pairs
    ) -> None:
        epoch = datetime.fromtimestamp(0, UTC)
        fixed = [
            ("Action", operation),
            ("Version", KMS_VERSION),
            *(
                (name, _TIME_MARK if name == "Timestamp" else value)
                for name, value in rpc.common_pairs(credential, epoch, _NONCE_MARK)
            ),
            *pairs,
        ]
        self._form = _cut(canonical_query(fixed))
        self._signed = _cut(rpc.string_to_sign("POST", fixed))
        self._head = _head("/", authority, [("Content-Type", FORM)])
        self._client_key = credential if isinstance(credential, ClientKey) else None
        self._secret = (
            b"" if isinstance(credential, ClientKey) else f"{credential.secret}&".encode()
        )

    def sign(self) -> bytes:
        """Return the signed request."""
        once, moment = _nonces.next(), _encoded_seconds.text()
        before, between, after = self._signed
        text = f"{before}{once}{between}{percent_encode_canonical(moment)}{after}".encode()
        if self._client_key is None:
            raw = hmac.digest(self._secret, text, "sha1")
        else:
            raw = self._client_key.sign(text)
        signature = b2a_base64(raw, newline=False).decode()
        before, between, after = self._form
        body = f"{before}{once}{between}{moment}{after}&Signature={percent_encode(signature)}"
        return f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class Acs3Template:
    """V3 with the parameters in the query and an empty body, as Tea clients send KMS requests."""

    def __init__(
        self, credential: Credential, authority: str, operation: str, pairs: Pairs
    ) -> None:
        self._credential = credential
        self._algorithm = acs3.RSA_SHA256 if isinstance(credential, ClientKey) else acs3.HMAC_SHA256
        hash_name = acs3.HASHES[self._algorithm]
        empty = hash_hex(hash_name, b"")
        headers = {
            "host": authority,
            "x-acs-action": operation,
            "x-acs-version": KMS_VERSION,
            "x-acs-date": _TIME_MARK,
            "x-acs-signature-nonce": _NONCE_MARK,
            "x-acs-content-sha256": empty,
        }
        if isinstance(credential, StsToken):
            headers["x-acs-security-token"] = credential.token
        signed = acs3.select_headers(headers, "documented")
        self._canonical = _cut(
            acs3.canonical_request(
                "POST", "/", pairs, headers=headers, signed=signed, payload_hash=empty
            ),
            first=_TIME_MARK,
            second=_NONCE_MARK,
        )
        self._hash = hash_name
        authorization = acs3.Authorization(self._algorithm, credential.id, tuple(signed), "")
        self._authorization = f"Authorization: {authorization.render()}"
        fixed = [
            (name, value)
            for name, value in headers.items()
            if name not in {"host", "x-acs-date", "x-acs-signature-nonce"}
        ]
        query = canonical_query(pairs)
        path = f"/?{query}" if query else "/"
        self._head = _head(path, authority, [("Accept", "application/json"), *fixed])

    def sign(self) -> bytes:
        """Return the signed request."""
        once, moment = _nonces.next(), _seconds.text()
        before, between, after = self._canonical
        canonical = f"{before}{moment}{between}{once}{after}"
        text = acs3.string_to_sign(self._algorithm, canonical, self._hash)
        signature = acs3.sign(self._algorithm, text, self._credential)
        return (
            f"{self._head}x-acs-date: {moment}\r\nx-acs-signature-nonce: {once}\r\n"
            f"{self._authorization}{signature}\r\nContent-Length: 0\r\n\r\n"
        ).encode()


def _head(path: str, authority: str, headers: Pairs) -> str:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"POST {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {AGENT}\r\n{lines}"


def _cut(text: str, first: str = _NONCE_MARK, second: str = _TIME_MARK) -> tuple[str, str, str]:
    """Return what stands before, between and after the two marks, each of which stands once."""
    before, rest = text.split(first)
    between, after = rest.split(second)
    return before, between, after
