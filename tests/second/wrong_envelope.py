"""Faults of the second endpoint: what answers look like."""

import json
from datetime import timedelta
from typing import Any

from core import Refused
from deviation import after, around, deep, everywhere, fault, instead, sending
from wrong_signatures import ENVELOPE


def bad(change: Any) -> Any:
    """Change what is sent with an error."""
    return sending(lambda a, s, _: (change(a), s) if s >= 400 else (a, s))


fault(
    "error-without-id",
    "errors have no RequestId",
    bad(lambda a: {k: v for k, v in a.items() if k != "RequestId"}),
    ENVELOPE,
)
fault(
    "error-without-message",
    "errors have no Message",
    bad(lambda a: {k: v for k, v in a.items() if k != "Message"}),
    ENVELOPE,
)
fault(
    "error-with-result",
    "errors carry results",
    bad(lambda a: {**a, "KeyMetadata": {"KeyId": "x"}}),
    ENVELOPE,
)
fault(
    "error-status-member",
    "HttpStatus of an error is always 500",
    bad(lambda a: {**a, "HttpStatus": 500}),
    ENVELOPE,
)
fault(
    "error-code-number",
    "Code of an error is its status",
    sending(lambda a, s, _: ({**a, "Code": s}, s) if s >= 400 else (a, s)),
    ENVELOPE,
)
fault(
    "error-nested",
    "errors stand in a member Error",
    bad(lambda a: {"RequestId": a["RequestId"], "Error": a}),
    ENVELOPE,
)
fault("error-200", "errors are answered with 200", sending(lambda a, s, _: (a, 200)), ENVELOPE)
fault(
    "one-request-id",
    "all answers have the same RequestId",
    sending(lambda a, s, _: ({**a, "RequestId": "6F9F2CD1-0B0A-4A38-9C8A-2C4E7A2A7C55"}, s)),
    ENVELOPE,
)
fault(
    "no-request-id",
    "answers have no RequestId",
    sending(lambda a, s, _: ({k: v for k, v in a.items() if k != "RequestId"}, s)),
    ENVELOPE,
)
fault("xml-unescaped", "XML answers are not escaped", instead("escape", str), ENVELOPE)
fault(
    "xml-ignored",
    "answers are always JSON",
    everywhere("as_xml", lambda _: lambda v, t: json.dumps(v)),
    ENVELOPE,
)
fault(
    "ascii-only",
    "letters beyond ASCII become ?",
    sending(
        lambda a, s, _: (
            deep(
                a, lambda n, v: v.encode("ascii", "replace").decode() if isinstance(v, str) else v
            ),
            s,
        )
    ),
    ENVELOPE,
    "effects",
    "secrets",
    "contract",
)
fault(
    "booleans-as-text",
    "booleans are text",
    sending(
        lambda a, s, _: (deep(a, lambda n, v: str(v).lower() if isinstance(v, bool) else v), s)
    ),
    "contract",
    ENVELOPE,
)
fault(
    "counts-as-text",
    "numbers are text",
    sending(
        lambda a, s, _: (
            deep(a, lambda n, v: str(v) if isinstance(v, int) and not isinstance(v, bool) else v),
            s,
        )
    ),
    "contract",
    "paging",
)
fault(
    "local-times",
    "times are local, with an offset",
    instead("stamp", lambda m: (m + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")),
    "contract",
    ENVELOPE,
)
fault(
    "times-hours-off",
    "times are local and said to be UTC",
    everywhere("stamp", lambda f: lambda m: f(m + timedelta(hours=8))),
    ENVELOPE,
    "effects",
    "keys",
    "contract",
)


class Twentieth:
    count = 0


def now_and_then(original: Any, store: Any, params: Any) -> Any:
    Twentieth.count += 1
    if Twentieth.count % 20 == 0:
        raise Refused(500, "InternalFailure")
    return original(store, params)


fault(
    "one-in-twenty-fails",
    "every twentieth call is 500",
    around("*", now_and_then),
    "effects",
    "contract",
    "paging",
)
fault(
    "list-wrapped-not",
    "lists are not wrapped",
    after("ListKeys", lambda a, s, p: {**a, "Keys": a["Keys"]["Key"]}),
    "contract",
    "paging",
)


def _strict(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        names = ("EncryptionContext", "Filters", "Tags")
        if refused.code == "InvalidParameter" and any(name in refused.message for name in names):
            raise Refused(500, "InternalFailure") from None
        raise


fault(
    "bad-json-500",
    "unreadable JSON is 500",
    around("Encrypt ListKeys TagResource", _strict),
    "contract",
)


def _crash(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        raise RuntimeError(refused.code) from None


fault(
    "unknown-crashes",
    "an unknown key breaks the connection",
    around("DescribeKey", _crash),
    "effects",
    "contract",
)
