"""Faults of the second endpoint: callers and their rights."""

import base64
import hmac
from typing import Any

import core
import server
from core import Refused
from deviation import everywhere, fault, method, recoded, refusing
from wrong_signatures import AUTH, ENVELOPE, RIGHTS


def users(original: Any) -> Any:
    def user_of(identifier: str) -> Any:
        if identifier in core.USERS and not core.USERS[identifier][3]:
            return core.USERS[identifier]
        return original(identifier)

    return user_of


def any_case(original: Any) -> Any:
    return lambda one: original({name.lower(): name for name in core.USERS}.get(one.lower(), one))


fault("disabled-key-works", "a disabled access key works", everywhere("user_of", users), AUTH)
fault(
    "key-id-in-any-case",
    "access key ids match in any case",
    everywhere("user_of", any_case),
    AUTH,
    gates=False,
)
fault(
    "unknown-key-403",
    "an unknown access key is 403",
    recoded("InvalidAccessKeyId.NotFound", 403),
    AUTH,
)
fault(
    "unknown-key-named-otherwise",
    "an unknown access key has a code of its own",
    recoded("InvalidAccessKeyId.NotFound", 404, "AccessKeyUnknown"),
    AUTH,
)
fault(
    "mismatch-named-otherwise",
    "a wrong signature has a code of its own",
    recoded("SignatureDoesNotMatch", 400, "BadSignature"),
    AUTH,
)
fault("replay-409", "a replay is 409", recoded("SignatureNonceUsed", 409), AUTH)
fault("stale-401", "a stale request is 401", recoded("InvalidTimeStamp.Expired", 401), AUTH)
fault("denied-401", "a denied call is 401", recoded("Forbidden.NoPermission", 401), RIGHTS)
fault(
    "denied-named-otherwise",
    "a denied call has a code of its own",
    recoded("Forbidden.NoPermission", 403, "AccessDenied"),
    RIGHTS,
)


def token_check(*skipped: str) -> Any:
    def change(original: Any) -> Any:
        def with_token(user: str, token: Any) -> None:
            try:
                original(user, token)
            except Refused as refused:
                if refused.code not in skipped:
                    raise

        return with_token

    return everywhere("with_token", change)


fault(
    "any-token", "any security token is taken", token_check("InvalidSecurityToken.Malformed"), AUTH
)
fault(
    "no-token",
    "temporary credentials work without a token",
    token_check("MissingSecurityToken"),
    AUTH,
)
fault(
    "token-of-another",
    "the token of another role is taken",
    token_check("InvalidSecurityToken.MismatchWithAccessKey"),
    AUTH,
)
fault(
    "expired-token", "expired tokens are taken", token_check("InvalidSecurityToken.Expired"), AUTH
)


def lenient_rpc(name: str, value: str) -> Any:
    def change(original: Any) -> Any:
        def by_rpc(method: str, query: Any, form: Any) -> Any:
            given = dict(query + form)
            try:
                return original(method, query, form)
            except Refused:
                if given.get(name, value) == value:
                    raise
            secret, *_ = server.user_of(given["AccessKeyId"])
            signed = [pair for pair in query + form if pair[0] != "Signature"]
            text = f"{method}&%2F&{core.encoded(server.canonical(signed))}"
            right = hmac.digest((secret + "&").encode(), text.encode(), "sha1")
            if base64.b64encode(right).decode() != given["Signature"]:
                raise Refused(400, "SignatureDoesNotMatch")
            return given["AccessKeyId"], given["Action"], given

        return by_rpc

    return everywhere("by_rpc", change)


fault(
    "any-version",
    "any Version is taken",
    lenient_rpc("Version", "2016-01-20"),
    AUTH,
    "gateway",
    gates=False,
)
fault(
    "any-signature-method",
    "any SignatureMethod is taken as HMAC-SHA1",
    lenient_rpc("SignatureMethod", "HMAC-SHA1"),
    AUTH,
)
fault(
    "any-format",
    "any Format is taken as JSON",
    lenient_rpc("Format", "JSON"),
    "gateway",
    AUTH,
    ENVELOPE,
)


def unsigned(original: Any) -> Any:
    def answer(handler: Any, body: bytes) -> Any:
        query = dict(server.pairs_of(server.urlsplit(handler.path).query))
        action = query.get("Action") or handler.headers.get("x-acs-action", "")
        signed = (
            "Signature" in query or b"Signature=" in body or handler.headers.get("authorization")
        )
        if not signed and action in core.OPERATIONS and action.startswith(("Describe", "List")):
            with handler.lock:
                return action, core.OPERATIONS[action](handler.store, query)
        return original(handler, body)

    return answer


fault(
    "reading-unsigned",
    "reading needs no signature",
    method(server.Handler, "answer", unsigned),
    AUTH,
)


def answering_unknown(refused: Refused) -> Refused:
    return Refused(400, "UnknownThing") if refused.code == "InvalidAction.NotFound" else refused


fault(
    "unknown-action-named-otherwise",
    "an unknown action has a code of its own",
    refusing(answering_unknown),
    AUTH,
    "gateway",
    ENVELOPE,
    gates=False,
)


GATE = (AUTH, "gateway", "contract")
