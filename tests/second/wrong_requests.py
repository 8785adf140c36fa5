"""Faults of the second endpoint: how requests are read."""

import re
from typing import Any
from unittest import mock
from urllib.parse import quote, unquote

import core
import server
from core import Refused
from deviation import everywhere, fault, instead, method
from wrong_callers import GATE
from wrong_signatures import AUTH, LOCK, RIGHTS


def quoting(safe: str, **changes: str) -> Any:
    def encoded(text: str) -> str:
        result = quote(text, safe=safe)
        for old, new in changes.items():
            result = result.replace({"space": "%20", "tilde": "~"}[old], new)
        return result

    return instead("encoded", encoded)


fault("star-unencoded", "* stays as it is when requests are verified", quoting("-_.~*"), *GATE)
fault(
    "tilde-encoded", "~ is encoded when requests are verified", quoting("-_.", tilde="%7E"), *GATE
)
fault(
    "plus-for-space",
    "blanks become + when requests are verified",
    quoting("-_.~", space="+"),
    *GATE,
)
fault("slash-unencoded", "/ stays as it is when requests are verified", quoting("-_.~/"), *GATE)


def natural(text: str) -> Any:
    return [part.zfill(8) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def canonical_by(key: Any) -> Any:
    def canonical(pairs: Any) -> str:
        ordered = sorted(pairs, key=lambda pair: (key(pair[0]), pair[1]))
        return "&".join(f"{core.encoded(n)}={core.encoded(v)}" for n, v in ordered)

    return instead("canonical", canonical)


fault(
    "numbers-in-order",
    "Tag.2 sorts before Tag.10 when requests are verified",
    canonical_by(natural),
    AUTH,
    "gateway",
    "contract",
    "effects",
)


def pairs(change: Any) -> Any:
    return everywhere("pairs_of", lambda original: lambda text: change(original, text))


fault(
    "decoded-twice",
    "values are decoded twice",
    pairs(lambda f, t: [(n, unquote(v)) for n, v in f(t)]),
    AUTH,
    "gateway",
    "effects",
    "contract",
)
fault(
    "plus-literal",
    "+ of a query is not a blank",
    pairs(lambda f, t: f(t.replace("+", "%2B"))),
    AUTH,
    "gateway",
)
fault(
    "empty-values-dropped",
    "parameters without value vanish before the signature is verified",
    pairs(lambda f, t: [p for p in f(t) if p[1]]),
    AUTH,
    "gateway",
    "contract",
)


def refused_method(name: str) -> Any:
    def handle(handler: Any) -> None:
        server.Handler.do_PUT(handler)

    return method(server.Handler, name, lambda _: handle)


fault("get-refused", "GET is refused", refused_method("do_GET"), "gateway")
fault(
    "put-taken",
    "PUT counts as POST",
    method(server.Handler, "do_PUT", lambda _: server.Handler.handle_one_call),
    "gateway",
    AUTH,
)


def no_form(original: Any) -> Any:
    def answer(handler: Any, body: bytes) -> Any:
        if b"Signature=" in body:
            raise Refused(400, "MissingSignature")
        return original(handler, body)

    return answer


fault(
    "form-unread",
    "a signature in the form is not looked for",
    method(server.Handler, "answer", no_form),
    "gateway",
    AUTH,
)


def allowing(*operations: str) -> Any:
    return everywhere(
        "allowed", lambda f: lambda user, action: action in operations or f(user, action)
    )


for name in (
    "ScheduleKeyDeletion",
    "TagResources",
    "GetRandomPassword",
    "Encrypt",
    "GetSecretValue",
    "ImportKeyMaterial",
    "UpdateSecret",
    "DeleteAlias",
    "CreateKeyVersion",
):
    says, sure = f"everybody may call {name}", name != "TagResources"
    fault(f"everybody-may-{name}", says, allowing(name), RIGHTS, gates=sure)
fault(
    "regions-denied",
    "DescribeRegions needs a right",
    everywhere(
        "allowed", lambda f: lambda u, a: f(u, "DescribeKey" if a == "DescribeRegions" else a)
    ),
    RIGHTS,
    gates=False,
)
fault(
    "readers-denied-lists",
    "read-only callers may not list",
    everywhere(
        "allowed", lambda f: lambda u, a: not (a.startswith("List") and "reader" in u) and f(u, a)
    ),
    RIGHTS,
)


def late_denial(original: Any) -> Any:
    def answer(handler: Any, body: bytes) -> Any:
        denied = []

        def allowed(user: str, action: str) -> bool:
            denied.append(not original_allowed(user, action))
            return True

        original_allowed = REAL_ALLOWED
        with LOCK, mock.patch.object(server, "allowed", allowed):
            result = original(handler, body)
        if any(denied):
            raise Refused(403, "Forbidden.NoPermission")
        return result

    return answer


REAL_ALLOWED = server.allowed
fault(
    "denied-afterwards",
    "a denied call takes effect first",
    method(server.Handler, "answer", late_denial),
    RIGHTS,
)
