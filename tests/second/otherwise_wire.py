"""Harmless variations of the second endpoint: what crosses the network."""

import gzip
import json
import random
import time
from typing import Any
from unittest import mock

import server
from core import Refused
from deviation import Patch, everywhere, method, sending, together, variation


def told(change: Any) -> Patch:
    """Change every answer: `change(answer)`."""
    return sending(lambda a, s, _: (change(a), s))


def good(change: Any) -> Patch:
    """Change what is sent with a success."""
    return sending(lambda a, s, _: (change(a), s) if s < 400 else (a, s))


def bad(change: Any) -> Patch:
    """Change what is sent with an error."""
    return sending(lambda a, s, _: (change(a, s), s) if s >= 400 else (a, s))


def dumping(**options: Any) -> Patch:
    """Write JSON otherwise."""
    fake = type(
        "Json",
        (),
        {
            "dumps": staticmethod(lambda v, **_: json.dumps(v, **options)),
            "loads": staticmethod(json.loads),
        },
    )
    return lambda stack: stack.enter_context(mock.patch.object(server, "json", fake))


variation("json-compact", "JSON without blanks", dumping(separators=(",", ":")))
variation("json-sorted", "members in order of their names", dumping(sort_keys=True))
variation("json-raw", "JSON in UTF-8 without escapes", dumping(ensure_ascii=False))
variation("json-reversed", "members in reversed order", told(lambda a: dict(reversed(a.items()))))
variation(
    "more-members",
    "members that nobody knows",
    told(lambda a: {"RegionId": "cn-hangzhou", "Success": True, "x": None, **a}),
)


def _more(value: Any) -> Any:
    if isinstance(value, dict):
        return {"Extra": {"a": 1}, **{k: _more(v) for k, v in value.items()}}
    return [_more(one) for one in value] if isinstance(value, list) else value


variation(
    "more-members-inside",
    "members that nobody knows, in every object",
    told(lambda a: {k: _more(v) for k, v in a.items()}),
)


variation(
    "id-lower",
    "RequestId in small letters",
    told(lambda a: {**a, "RequestId": a["RequestId"].lower()}),
)


def deep_without(value: Any) -> Any:
    if isinstance(value, dict):
        found = {k: deep_without(v) for k, v in value.items()}
        return {k: v for k, v in found.items() if v not in ("", None, [], {})}
    return [deep_without(one) for one in value] if isinstance(value, list) else value


variation("no-empty-members", "members that are empty are left out", good(deep_without))


variation(
    "empty-members",
    "optional members are there and empty",
    good(
        lambda a: {
            k: (
                {"Creator": "", "DKMSInstanceId": "", "DeletionProtectionDescription": "", **v}
                if k == "KeyMetadata"
                else v
            )
            for k, v in a.items()
        }
    ),
)
variation(
    "error-kms-form",
    "errors in the form of the KMS pages",
    bad(
        lambda a, s: {
            "HttpStatus": s,
            "RequestId": a["RequestId"],
            "Code": a["Code"],
            "Message": a.get("Message", ""),
        }
    ),
)
variation(
    "error-detail",
    "a denial says why at length",
    bad(
        lambda a, s: {
            **a,
            "AccessDeniedDetail": {
                "AuthAction": "kms:x",
                "PolicyType": "Identity",
                "NoPermissionType": "ImplicitDeny",
                "EncodedDiagnosticMessage": "AQ==",
            },
        }
    ),
)
variation(
    "error-words",
    "errors in other words",
    bad(lambda a, s: {**a, "Message": '请求无效 <&> "x" ' + "y" * 400}),
)
variation("error-short", "errors in few words", bad(lambda a, s: {**a, "Message": "no"}))


def as_kms(original: Any) -> Any:
    return lambda value, tag: original(
        value, "KMS" if tag.endswith("Response") or tag == "Error" else tag
    )


variation("xml-root-kms", "the root of XML is KMS", everywhere("as_xml", as_kms))
variation(
    "xml-indented",
    "XML with blanks between elements",
    everywhere(
        "as_xml",
        lambda f: (
            lambda v, t: (
                f(v, t).replace("><", ">\n  <") if t.endswith(("Response", "Error")) else f(v, t)
            )
        ),
    ),
)


def headers(change: Any) -> Patch:
    """Change how headers are written: `change(original, handler, name, value)`."""
    return method(server.Handler, "send_header", lambda f: lambda h, n, v: change(f, h, n, v))


variation(
    "headers-lower", "header names in small letters", headers(lambda f, h, n, v: f(h, n.lower(), v))
)
variation(
    "headers-more",
    "more headers",
    headers(
        lambda f, h, n, v: (
            f(h, n, v),
            n == "Content-Type"
            and [
                f(h, a, b)
                for a, b in (
                    ("x-acs-request-id", "1"),
                    ("x-acs-trace-id", "2"),
                    ("Access-Control-Allow-Origin", "*"),
                    ("ETag", "abc"),
                    ("Strict-Transport-Security", "max-age=0"),
                    ("Set-Cookie", "a=b; Path=/"),
                )
            ],
        )
    ),
)
variation(
    "type-plain-json",
    "Content-Type without charset",
    headers(lambda f, h, n, v: f(h, n, v.partition(";")[0] if n == "Content-Type" else v)),
)


def closing(original: Any) -> Any:
    def send(handler: Any, *arguments: Any) -> None:
        handler.close_connection = True
        original(handler, *arguments)

    return send


variation(
    "closing",
    "every connection is closed after its answer",
    together(
        method(server.Handler, "send", closing),
        headers(
            lambda f, h, n, v: (f(h, n, v), n == "Content-Type" and f(h, "Connection", "close"))
        ),
    ),
)


def writing(encode: Any, name: str, value: str) -> Patch:
    """Send bodies in another coding."""

    def send(handler: Any, answer: Any, status: int, action: str) -> None:
        if handler.wanted == "XML":
            content = server.as_xml(
                answer, f"{action}Response" if status < 400 else "Error"
            ).encode()
        else:
            content = json.dumps(answer).encode()
        content = encode(content)
        handler.send_response(status)
        handler.send_header(
            "Content-Type", "text/xml" if handler.wanted == "XML" else "application/json"
        )
        handler.send_header(name, value)
        if name != "Transfer-Encoding":
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)
        handler.wfile.flush()

    return method(server.Handler, "send", lambda _: send)


def chunks(content: bytes) -> bytes:
    parts = [content[n : n + 7] for n in range(0, len(content), 7)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


variation("chunked", "bodies in small chunks", writing(chunks, "Transfer-Encoding", "chunked"))
variation("gzip", "bodies are compressed", writing(gzip.compress, "Content-Encoding", "gzip"))


def waiting(original: Any) -> Any:
    def send(handler: Any, *arguments: Any) -> None:
        time.sleep(random.uniform(0, 0.03))
        original(handler, *arguments)

    return send


variation("slow", "answers take up to 30 ms more", method(server.Handler, "send", waiting))
variation(
    "created-201",
    "what creates answers 201",
    sending(lambda a, s, action: (a, 201 if s == 200 and action.startswith("Create") else s)),
)


class Count:
    calls = 0


def throttled(original: Any) -> Any:
    def answer(handler: Any, body: bytes) -> Any:
        Count.calls += 1
        if Count.calls % 40 == 0:
            raise Refused(429, "Rejected.Throttling", "QPS Limit Exceeded")
        return original(handler, body)

    return answer


variation(
    "throttling", "one call in forty is throttled", method(server.Handler, "answer", throttled)
)
