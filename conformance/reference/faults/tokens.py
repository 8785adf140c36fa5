"""Faults of authentication: security tokens."""

from collections.abc import Callable
from dataclasses import replace

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.forging import (
    claimed_identity,
    is_mismatch,
    right_token,
    take_anyway,
)
from conformance.reference.faults.registry import fault
from conformance.reference.passage import Passage
from conformance.wire import rpc
from conformance.wire.credentials import AccessKey
from conformance.wire.identity import Identity, Scheme

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_RPC = "RPC mechanism page (2024-01 to 2025-03)"
_V3 = "Request syntax and signature method V3"
_GATEWAY = "OpenAPI gateway error table, developer.aliyun.com/ask/278265"


@fault(
    "token-refused",
    breaks=("AUTH-005", "AUTH-060"),
    statement="A right security token is refused as malformed.",
    source="Access with temporary credentials is documented for KMS API",
)
def _token_refused(endpoint: Endpoint) -> None:

    find = endpoint.lookup

    def lookup(access_key_id: str) -> Identity | None:
        identity = find(access_key_id)
        if identity is None or identity.token is None:
            return identity
        return replace(identity, token=identity.token + "x")

    endpoint.lookup = lookup


def _token_repair(name: str, kind: str, breaks: str, statement: str) -> None:
    """Register a fault that passes over one failure of tokens."""

    @fault(
        name,
        breaks=(breaks,),
        statement=statement,
        source=f"{_GATEWAY}: codes of the security token",
    )
    def _(endpoint: Endpoint) -> None:
        wording = {
            "missing": "temporary access key is missing",
            "bad": "token is malformed",
            "foreign": "belongs to another access key",
            "expired": "token is expired",
        }[kind]
        applies = lambda error, _: wording in error.message  # noqa: E731
        if kind != "expired":
            take_anyway(endpoint, applies, right_token)
            return

        find = endpoint.lookup

        def lookup(access_key_id: str) -> Identity | None:
            identity = find(access_key_id)
            return None if identity is None else replace(identity, token_expires=None)

        endpoint.lookup = lookup


_token_repair(
    "missing-token-accepted",
    "missing",
    "AUTH-061",
    "A temporary access key is served without its token.",
)
_token_repair("any-token-accepted", "bad", "AUTH-062", "A token that was never issued is taken.")
_token_repair(
    "foreign-token-accepted",
    "foreign",
    "AUTH-063",
    "The token of another access key is taken.",
)
_token_repair(
    "expired-token-accepted", "expired", "AUTH-064", "A token is taken after its time is over."
)


def _loosely_compared(name: str, statement: str, same: Callable[[str, str], bool]) -> None:
    """Register a fault that takes a token for the right one where both are the same to it."""

    @fault(
        name,
        breaks=("AUTH-062",),
        statement=statement,
        source=f"{_GATEWAY}: codes of the security token",
    )
    def _(endpoint: Endpoint) -> None:
        def applies(error: KmsError, passage: Passage) -> bool:
            identity = claimed_identity(endpoint, passage.request)
            if "token is malformed" not in error.message or identity is None:
                return False
            pairs = passage.request.query_pairs() + passage.request.form_pairs()
            given = passage.request.header("x-acs-security-token")
            if given is None:
                given = dict(pairs).get("SecurityToken", "")
            return bool(identity.token) and same(given, identity.token or "")

        take_anyway(endpoint, applies, right_token)


_loosely_compared(
    "start-of-token-compared",
    "Of a security token the first 200 characters are compared.",
    lambda given, right: given[:200] == right[:200],
)
_loosely_compared(
    "all-but-first-of-token-compared",
    "A security token is compared but for its first character.",
    lambda given, right: given[1:] == right[1:],
)
_loosely_compared(
    "token-with-appendix-accepted",
    "What follows a right security token does not matter.",
    lambda given, right: given.startswith(right),
)
_loosely_compared(
    "shortened-token-accepted",
    "A security token is compared as far as it goes.",
    lambda given, right: right.startswith(given),
)
_loosely_compared(
    "token-compared-by-its-ends",
    "A security token is compared at its beginning and its end.",
    lambda given, right: given[:20] + given[-20:] == right[:20] + right[-20:],
)


@fault(
    "token-not-signed",
    breaks=("AUTH-065",),
    statement="RPC-1.0: SecurityToken is left out of the string that is verified.",
    source=f"{_RPC}: SecurityToken is an ordinary signed parameter",
)
def _token_not_signed(endpoint: Endpoint) -> None:

    def applies(error: KmsError, passage: Passage) -> bool:
        request = passage.request
        identity = claimed_identity(endpoint, request)
        if not is_mismatch(error, passage) or identity is None or passage.scheme is Scheme.V3:
            return False
        pairs = request.query_pairs() + request.form_pairs()
        signed = [pair for pair in pairs if pair[0] != "SecurityToken"]
        credential = AccessKey(identity.access_key_id, identity.secret or "")
        return dict(pairs)["Signature"] == rpc.sign(request.method, signed, credential)

    take_anyway(endpoint, applies)
