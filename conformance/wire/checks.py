"""Checks that the shared-gateway schemes have in common."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from conformance.wire.failures import AuthFailure, FailureKind, WireError
from conformance.wire.identity import Identity, Policy, Verifier
from conformance.wire.request import WireRequest
from conformance.wire.times import is_fresh

Pairs: TypeAlias = list[tuple[str, str]]

_is_access_key_id = re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch

# Python core sends the literal text None when no format was set; it then gets the default.
_FORMATS = {"": "JSON", "none": "JSON", "json": "JSON", "xml": "XML"}


def check_transport(request: WireRequest, policy: Policy) -> None:
    """Refuse plain HTTP where TLS is insisted on, and any method but GET and POST."""
    if policy.require_tls and not request.secure:
        raise AuthFailure(FailureKind.PLAIN_HTTP)
    if request.method not in {"GET", "POST"}:
        raise AuthFailure(FailureKind.BAD_HTTP_METHOD, request.method)


def request_pairs(request: WireRequest) -> tuple[Pairs, Pairs, dict[str, str]]:
    """Return query pairs, form pairs, and both by name, each name once in both together.

    Official clients differ in which side wins when a name stands in query and form, therefore a
    request with both is refused as ambiguous.
    """
    try:
        query, form = request.query_pairs(), request.form_pairs()
    except WireError:
        raise AuthFailure(FailureKind.UNPARSABLE_PARAMETERS) from None
    named = dict(query + form)
    if len(named) != len(query) + len(form):
        raise AuthFailure(FailureKind.DUPLICATE_PARAMETER, _first_duplicate(query + form))
    return query, form, named


def _first_duplicate(pairs: Sequence[tuple[str, str]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return ""


def check_operation(action: str, version: str, policy: Policy) -> None:
    """Refuse unknown versions, then unknown operations."""
    if version not in policy.versions:
        raise AuthFailure(FailureKind.UNKNOWN_VERSION, version)
    if policy.actions is not None and action not in policy.actions:
        raise AuthFailure(FailureKind.UNKNOWN_ACTION, action)


def answer_format(text: str) -> str:
    """Return ``JSON`` or ``XML``; letter case does not matter, JSON is the default."""
    known = _FORMATS.get(text.lower())
    if known is None:
        raise AuthFailure(FailureKind.BAD_FORMAT, text)
    return known


def find_identity(access_key_id: str, verifier: Verifier, now: datetime) -> Identity:
    """Return the active identity of an access key or client key."""
    identity = verifier.lookup(access_key_id)
    if identity is None:
        if _is_access_key_id(access_key_id) is None:
            raise AuthFailure(FailureKind.MALFORMED_ACCESS_KEY, access_key_id)
        raise AuthFailure(FailureKind.UNKNOWN_ACCESS_KEY, access_key_id)
    if not identity.active:
        raise AuthFailure(FailureKind.DISABLED_ACCESS_KEY, access_key_id)
    early = identity.not_before is not None and now < identity.not_before
    late = identity.not_after is not None and now > identity.not_after
    if early or late:
        raise AuthFailure(FailureKind.EXPIRED_CLIENT_KEY, access_key_id)
    return identity


def check_time(
    text: str, name: str, parse: Callable[[str], datetime], now: datetime, policy: Policy
) -> None:
    """Refuse a time that cannot be read, then one outside the freshness window."""
    try:
        moment = parse(text)
    except WireError:
        raise AuthFailure(FailureKind.MALFORMED_TIMESTAMP, name) from None
    if not is_fresh(moment, now, policy.freshness):
        raise AuthFailure(FailureKind.STALE_TIMESTAMP, name)


def check_token(token: str, identity: Identity, verifier: Verifier, now: datetime) -> None:
    """Compare a security token with the one issued for the access key; empty counts as absent."""
    if identity.token is None and not token:
        return
    if not token:
        raise AuthFailure(FailureKind.MISSING_TOKEN)
    if token != identity.token:
        owner = verifier.token_owner(token) if verifier.token_owner is not None else None
        foreign = owner is not None or identity.token is None
        raise AuthFailure(FailureKind.TOKEN_MISMATCH if foreign else FailureKind.BAD_TOKEN)
    if identity.token_expires is not None and now >= identity.token_expires:
        raise AuthFailure(FailureKind.EXPIRED_TOKEN)


def check_nonce(nonce: str, identity: Identity, verifier: Verifier, now: datetime) -> None:
    """Remember the nonce of an otherwise accepted request; refuse one seen before."""
    if verifier.nonces is None:
        return
    if not verifier.nonces.remember(identity.access_key_id, nonce, now):
        raise AuthFailure(FailureKind.REPLAYED_NONCE)


def required(value: str | None, name: str) -> str:
    """Return the value of a common parameter or header; refuse its absence and emptiness."""
    if not value:
        raise AuthFailure(FailureKind.MISSING_PARAMETER, name)
    return value
