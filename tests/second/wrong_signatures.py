"""Faults of the second endpoint: signatures and freshness."""

import hmac
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import server
from core import Refused
from deviation import everywhere, fault, instead

LOCK = threading.Lock()
AUTH, RIGHTS, ENVELOPE = "authentication", "authorisation", "envelope"


def digest_as(same: Any) -> Any:
    """Compare signatures otherwise: `same(right, given)`."""
    fake = type("Hmac", (), {"digest": staticmethod(hmac.digest), "compare_digest": same})
    return instead("hmac", fake)


def both(right: Any, given: Any, cut: Any) -> bool:
    text = [one.decode() if isinstance(one, bytes) else one for one in (right, given)]
    return bool(cut(text[0]) == cut(text[1]))


fault(
    "signature-in-any-case",
    "signatures are compared without regard to case",
    digest_as(staticmethod(lambda r, g: both(r, g, str.lower))),
    AUTH,
)
fault(
    "signature-start-only",
    "only the first sixteen characters of a signature are compared",
    digest_as(staticmethod(lambda r, g: both(r, g, lambda text: text[:16]))),
    AUTH,
)


def without_method(original: Any) -> Any:
    def by_rpc(method: str, query: Any, form: Any) -> Any:
        for one in ("GET", "POST", method):
            try:
                return original(one, query, form)
            except Refused as refused:
                if refused.code != "SignatureDoesNotMatch":
                    raise
                last = refused
        raise last

    return by_rpc


fault(
    "method-unsigned",
    "RPC-1.0 does not cover the method",
    everywhere("by_rpc", without_method),
    AUTH,
)


def body_unread(original: Any) -> Any:
    def by_v3(method: str, headers: Any, query: Any, body: bytes) -> Any:
        sha = type("Sha", (), {"hexdigest": lambda _: headers.get("x-acs-content-sha256", "")})
        real = server.hashlib.sha256

        def sha256(data: bytes) -> Any:
            return sha() if data is body else real(data)

        fake = type("Hashlib", (), {"sha256": staticmethod(sha256)})
        with LOCK, mock.patch.object(server, "hashlib", fake):
            return original(method, headers, query, body)

    return by_v3


fault(
    "v3-body-unhashed",
    "V3 does not compare the body with its hash",
    everywhere("by_v3", body_unread),
    AUTH,
)


def freshness(check: Any, *, nonces: Any = None) -> Any:
    def fresh(text: str, user: str, nonce: str) -> None:
        try:
            sent = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refused(400, "InvalidTimeStamp.Format") from None
        if not check(sent - datetime.now(UTC)):
            raise Refused(400, "InvalidTimeStamp.Expired")
        if nonces is not None:
            return nonces(text, user, nonce)
        if (user, nonce) in server.NONCES:
            raise Refused(400, "SignatureNonceUsed")
        server.NONCES.add((user, nonce))
        return None

    return instead("fresh", fresh)


M = timedelta(minutes=1)
fault("future-taken", "times in the future are taken", freshness(lambda d: d > -20 * M), AUTH)
fault("past-taken", "old times are taken", freshness(lambda d: d < 20 * M), AUTH)
fault("window-of-an-hour", "requests count for an hour", freshness(lambda d: abs(d) < 60 * M), AUTH)
fault(
    "window-of-five-minutes",
    "requests count for five minutes",
    freshness(lambda d: abs(d) < 5 * M),
    AUTH,
)


def last_only(text: str, user: str, nonce: str) -> None:
    if (user, nonce) in server.NONCES:
        raise Refused(400, "SignatureNonceUsed")
    server.NONCES.clear()
    server.NONCES.add((user, nonce))


def with_time(text: str, user: str, nonce: str) -> None:
    if (user, nonce + text) in server.NONCES:
        raise Refused(400, "SignatureNonceUsed")
    server.NONCES.add((user, nonce + text))


def near(difference: timedelta) -> bool:
    return abs(difference) < 20 * M


fault(
    "last-nonce-only", "only the last nonce is remembered", freshness(near, nonces=last_only), AUTH
)
fault(
    "nonce-with-time",
    "a nonce counts again at another time",
    freshness(near, nonces=with_time),
    AUTH,
)


def lenient_time(original: Any) -> Any:
    def fresh(text: str, user: str, nonce: str) -> None:
        for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S GMT"):
            try:
                moment = datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
            text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        original(text, user, nonce)

    return fresh


fault(
    "any-time-format", "times in other formats are taken", everywhere("fresh", lenient_time), AUTH
)


def only_for(name: str) -> Any:
    """Check freshness and nonces in one scheme only."""

    def change(original: Any) -> Any:
        def by(*arguments: Any) -> Any:
            with LOCK, mock.patch.object(server, "fresh", return_value=None):
                return original(*arguments)

        return by

    return everywhere(name, change)


fault("rpc-never-stale", "RPC-1.0 requests never grow old or repeat", only_for("by_rpc"), AUTH)
fault("v3-never-stale", "V3 requests never grow old or repeat", only_for("by_v3"), AUTH)
