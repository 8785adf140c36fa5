"""Harmless variations of the second endpoint: signatures, freshness, their refusals."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import core
import server
from core import Refused
from deviation import Patch, deep, everywhere, instead, method, refusing, together, variation
from otherwise_wire import good


def freshness(minutes: float, off: float = 0, whose: Any = lambda user: user) -> Patch:
    def fresh(text: str, user: str, nonce: str) -> None:
        try:
            sent = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refused(400, "InvalidTimeStamp.Format") from None
        if abs(datetime.now(UTC) + timedelta(minutes=off) - sent) > timedelta(minutes=minutes):
            raise Refused(400, "InvalidTimeStamp.Expired")
        if nonce and (whose(user), nonce) in server.NONCES:
            raise Refused(400, "SignatureNonceUsed")
        server.NONCES.add((whose(user), nonce))

    return instead("fresh", fresh)


variation("window-15", "requests count for 15 minutes", freshness(15))
variation("window-31", "requests count for 31 minutes", freshness(31))
variation(
    "nonces-of-all",
    "nonces are remembered for all callers together",
    freshness(20, whose=lambda _: ""),
)
variation(
    "clock-late",
    "the clock is 45 seconds late",
    together(
        freshness(15.8, -0.75), everywhere("now", lambda f: lambda: f() - timedelta(seconds=45))
    ),
)
variation(
    "clock-early",
    "the clock is 45 seconds early",
    together(
        freshness(15.8, 0.75), everywhere("now", lambda f: lambda: f() + timedelta(seconds=45))
    ),
)


def nonce_optional(original: Any) -> Any:
    def by_rpc(verb: str, query: Any, form: Any) -> Any:
        given = dict(query + form)
        if "SignatureNonce" in given:
            return original(verb, query, form)
        marker = uuid.uuid4().hex
        real = server.canonical

        def canonical(pairs: Any) -> str:
            return str(real([pair for pair in pairs if pair[1] != marker]))

        with mock.patch.object(server, "canonical", canonical):
            return original(verb, query, [*form, ("SignatureNonce", marker)])

    return by_rpc


variation("nonce-optional", "RPC-1.0 needs no nonce", everywhere("by_rpc", nonce_optional))

KMS_FAMILY = {
    "SignatureDoesNotMatch": (400, "IncompleteSignature"),
    "InvalidTimeStamp.Format": (400, "IllegalTimestamp"),
    "InvalidTimeStamp.Expired": (400, "IllegalTimestamp"),
    "InvalidAccessKeyId.Inactive": (403, "Forbidden.AccessKey"),
    "InvalidSignatureMethod": (400, "InvalidParameter"),
    "InvalidParameter.Format": (400, "InvalidParameter"),
    "InvalidVersion": (400, "InvalidParameter"),
    "InvalidSecurityToken.Expired": (404, "InvalidAccessKeyId.NotFound"),
}


def family(table: Any) -> Patch:
    def change(refused: Refused) -> Refused:
        status, code = table.get(refused.code, (refused.status, refused.code))
        if table is KMS_FAMILY and code.startswith("Missing") and code != "MissingSecurityToken":
            code = "MissingParameter"
        return Refused(status, code, refused.message)

    return refusing(change)


variation("family-of-kms", "codes of the KMS pages for authentication", family(KMS_FAMILY))
variation(
    "action-unknown-api",
    "an unknown action is 404 InvalidApi.NotFound",
    family({"InvalidAction.NotFound": (404, "InvalidApi.NotFound")}),
)
variation(
    "version-unknown-otherwise",
    "an unknown version is NoSuchVersion",
    family({"InvalidVersion": (400, "NoSuchVersion")}),
)


def by_name(refused: Refused) -> Refused:
    if refused.code != "MissingParameter" or not refused.message.isalnum():
        return refused
    return Refused(400, f"Missing{refused.message}", refused.message)


variation("missing-by-name", "parameters left out are told by name", refusing(by_name))
variation(
    "method-403",
    "other methods are 403",
    method(
        server.Handler,
        "do_PUT",
        lambda _: (
            lambda h: (
                h.rfile.read(int(h.headers.get("content-length") or 0)),
                setattr(h, "wanted", "JSON"),
                h.send(
                    {
                        "RequestId": str(uuid.uuid4()),
                        "HttpStatus": 403,
                        "Code": "UnsupportedHTTPMethod",
                        "Message": "no",
                    },
                    403,
                    "",
                ),
            )
        ),
    ),
)


def lenient_headers(original: Any) -> Any:
    def by_v3(verb: str, given: Any, query: Any, body: bytes) -> Any:
        names = (
            given.get("authorization", "")
            .partition("SignedHeaders=")[2]
            .partition(",")[0]
            .split(";")
        )
        kept = {k: v for k, v in given.items() if not k.startswith("x-acs-") or k in names}
        return original(verb, kept, query, body)

    return by_v3


variation(
    "v3-unsigned-headers",
    "x-acs headers that are not signed do not count",
    everywhere("by_v3", lenient_headers),
)


def signature_last(original: Any) -> Any:
    """Look at the time before anything else."""

    def by_rpc(verb: str, query: Any, form: Any) -> Any:
        text = dict(query + form).get("Timestamp", "")
        try:
            sent = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            sent = datetime.now(UTC)
        if abs(datetime.now(UTC) - sent) > timedelta(minutes=20):
            raise Refused(400, "InvalidTimeStamp.Expired")
        return original(verb, query, form)

    return by_rpc


variation(
    "time-first", "the time is looked at before the signature", everywhere("by_rpc", signature_last)
)


def action_first(original: Any) -> Any:
    def answer(handler: Any, body: bytes) -> Any:
        query = dict(server.pairs_of(server.urlsplit(handler.path).query))
        action = query.get("Action") or handler.headers.get("x-acs-action")
        if action and action not in core.OPERATIONS:
            raise Refused(404, "InvalidAction.NotFound")
        return original(handler, body)

    return answer


variation(
    "action-first",
    "unknown actions are told before anything else",
    method(server.Handler, "answer", action_first),
)


variation(
    "json-numbers",
    "counts are written with a fraction of zero",
    good(
        lambda a: deep(
            a, lambda n, v: float(v) if n in ("TotalCount", "PageNumber", "PageSize") else v
        )
    ),
)

variation(
    "mismatch-403",
    "a wrong signature is 403",
    family({"SignatureDoesNotMatch": (403, "SignatureDoesNotMatch")}),
)
