"""HTTP, signatures and answers of the second endpoint."""

import base64
import hashlib
import hmac
import json
import re
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from endpoint import OPERATIONS, TOKENS, USERS, Params, Refused, Store, encoded

NONCES: set[tuple[str, str]] = set()
READS = ("Describe", "List", "Get")
VALUES = ("GetSecretValue", "GetParametersForImport")
CRYPTOGRAPHY = ("Encrypt", "Decrypt", "ReEncrypt", "Generate", "Asymmetric", "ExportDataKey")


def pairs_of(text: str) -> list[tuple[str, str]]:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise Refused(400, "ParseRequestParameterException")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refused(400, "ParseRequestParameterException") from None


def canonical(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(pairs))


def fresh(text: str, user: str, nonce: str) -> None:
    try:
        sent = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(400, "InvalidTimeStamp.Format") from None
    if abs(datetime.now(UTC) - sent) > timedelta(minutes=20):
        raise Refused(400, "InvalidTimeStamp.Expired")
    if (user, nonce) in NONCES:
        raise Refused(400, "SignatureNonceUsed")
    NONCES.add((user, nonce))


def with_token(user: str, token: str | None) -> None:
    """Temporary credentials count only with their own token, and until they expire."""
    if not user.startswith("STS."):
        if token:
            raise Refused(400, "InvalidSecurityToken.MismatchWithAccessKey")
        return
    if not token:
        raise Refused(400, "MissingSecurityToken")
    if token not in TOKENS.values():
        raise Refused(400, "InvalidSecurityToken.Malformed")
    if token != TOKENS[user]:
        raise Refused(400, "InvalidSecurityToken.MismatchWithAccessKey")
    if user == "STS.second-expired":
        raise Refused(400, "InvalidSecurityToken.Expired")


def user_of(identifier: str) -> tuple[str, bool, bool, bool]:
    if identifier not in USERS:
        raise Refused(404, "InvalidAccessKeyId.NotFound")
    if not USERS[identifier][3]:
        raise Refused(400, "InvalidAccessKeyId.Inactive")
    return USERS[identifier]


def by_rpc(
    method: str, query: list[tuple[str, str]], form: list[tuple[str, str]]
) -> tuple[str, str, Params]:
    every = query + form
    given = dict(every)
    for name in (
        "Action",
        "Version",
        "AccessKeyId",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
    ):
        if not given.get(name):
            raise Refused(400, f"Missing{name}")
    if given["Version"] != "2016-01-20":
        raise Refused(400, "InvalidVersion")
    if given.get("Format", "JSON").upper() not in ("JSON", "XML"):
        raise Refused(400, "InvalidParameter.Format")
    if given["SignatureMethod"] != "HMAC-SHA1" or given["SignatureVersion"] != "1.0":
        raise Refused(400, "InvalidSignatureMethod")
    secret, *_ = user_of(given["AccessKeyId"])
    signed = [pair for pair in every if pair[0] != "Signature"]
    text = f"{method}&%2F&{encoded(canonical(signed))}"
    right = hmac.digest((secret + "&").encode(), text.encode(), "sha1")
    if not hmac.compare_digest(base64.b64encode(right).decode(), given["Signature"]):
        message = f"Specified signature is not matched with our calculation. server string to sign is:{text}"
        raise Refused(400, "SignatureDoesNotMatch", message)
    with_token(given["AccessKeyId"], given.get("SecurityToken"))
    fresh(given["Timestamp"], given["AccessKeyId"], given["SignatureNonce"])
    return given["AccessKeyId"], given["Action"], given


def by_v3(
    method: str, headers: dict[str, str], query: list[tuple[str, str]], body: bytes
) -> tuple[str, str]:
    found = re.fullmatch(
        r"ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)",
        headers["authorization"],
    )
    if not found:
        raise Refused(400, "IncompleteSignature")
    user, names, signature = found[1], found[2].split(";"), found[3]
    for name in (
        "x-acs-action",
        "x-acs-version",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-content-sha256",
    ):
        if name not in headers:
            raise Refused(400, "MissingParameter", name)
    if headers["x-acs-version"] != "2016-01-20":
        raise Refused(400, "InvalidVersion")
    secret, *_ = user_of(user)
    present = {name for name in headers if name.startswith("x-acs-")} | {"host"}
    digest = hashlib.sha256(body).hexdigest()
    if (
        not present <= set(names)
        or not set(names) <= set(headers)
        or headers["x-acs-content-sha256"] != digest
    ):
        raise Refused(400, "SignatureDoesNotMatch")
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(names))
    text = "\n".join([method, "/", canonical(query), lines, ";".join(sorted(names)), digest])
    hashed = hashlib.sha256(text.encode()).hexdigest()
    right = hmac.digest(secret.encode(), f"ACS3-HMAC-SHA256\n{hashed}".encode(), "sha256").hex()
    if not hmac.compare_digest(right, signature):
        raise Refused(400, "SignatureDoesNotMatch")
    with_token(user, headers.get("x-acs-security-token"))
    fresh(headers["x-acs-date"], user, headers["x-acs-signature-nonce"])
    return user, headers["x-acs-action"]


def allowed(user: str, action: str) -> bool:
    _, writes, reads, _ = user_of(user)
    if action == "DescribeRegions":
        return True
    if action.startswith(READS) and action not in VALUES:
        return reads
    return writes


def as_xml(value: Any, tag: str) -> str:
    if isinstance(value, list):
        return "".join(as_xml(one, tag) for one in value)
    if isinstance(value, dict):
        return f"<{tag}>{''.join(as_xml(v, k) for k, v in value.items())}</{tag}>"
    text = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"<{tag}>{text}</{tag}>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = -1  # one segment an answer
    store: Store
    lock: threading.Lock

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def handle_one_call(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.wanted = "JSON"
        identifier = str(uuid.uuid4()).upper()
        action = ""
        try:
            action, answer = self.answer(body)
            status = 200
        except Refused as refused:
            status = refused.status
            answer = {
                "HostId": "second.example",
                "Code": refused.code,
                "Message": refused.message,
                "Recommend": "see the documentation",
            }
        self.send({"RequestId": identifier, **answer}, status, action)

    do_GET = do_POST = handle_one_call

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.wanted = "JSON"
        self.send(
            {"RequestId": str(uuid.uuid4()), "Code": "UnsupportedHTTPMethod", "Message": "no"},
            400,
            "",
        )

    do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_PUT

    def answer(self, body: bytes) -> tuple[str, dict[str, Any]]:
        query = pairs_of(urlsplit(self.path).query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        kind = headers.get("content-type", "").partition(";")[0]
        form = []
        if body and kind == "application/x-www-form-urlencoded":
            try:
                form = pairs_of(body.decode("utf-8"))
            except UnicodeDecodeError:
                raise Refused(400, "ParseRequestParameterException") from None
        params = dict(query + form)
        if params.get("Format", "").upper() == "XML":
            self.wanted = "XML"
        if headers.get("authorization", "").startswith("ACS3-"):
            user, action = by_v3(self.command, headers, query, body)
        elif "Signature" in params:
            user, action, params = by_rpc(self.command, query, form)
        else:
            missing = "Signature" if "AccessKeyId" in params else "AccessKeyId"
            raise Refused(400, f"Missing{missing}")
        if action not in OPERATIONS:
            raise Refused(404, "InvalidAction.NotFound")
        if not allowed(user, action):
            raise Refused(403, "Forbidden.NoPermission", "You are not authorised to do this.")
        with self.lock, self.store.database as database:
            answered = OPERATIONS[action](self.store, params)
            if action.startswith(CRYPTOGRAPHY) or action in ("GetSecretValue", "GetPublicKey"):
                wish = params.get("DryRun", "false").lower()
                if wish not in ("true", "false"):
                    raise Refused(400, "InvalidParameter", "DryRun")
                if wish == "true":
                    database.rollback()
                    raise Refused(400, "DryRunOperationError", "It would have worked.")
            return action, answered

    def send(self, answer: dict[str, Any], status: int, action: str) -> None:
        if self.wanted == "XML":
            root = f"{action}Response" if status == 200 else "Error"
            content = ('<?xml version="1.0" encoding="UTF-8"?>' + as_xml(answer, root)).encode()
            kind = "text/xml;charset=utf-8"
        else:
            content, kind = json.dumps(answer, indent=1).encode(), "application/json; charset=UTF-8"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()


class Quiet(ThreadingHTTPServer):
    """Says nothing of handlers that break, which some faults make them do."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Close the connection, as it does anyway."""


@contextmanager
def running() -> Iterator[str]:
    """Serve on a free port of loopback; yields the address."""
    handler = type("Bound", (Handler,), {"store": Store(), "lock": threading.Lock()})
    server = Quiet(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    with running() as address:
        print(address, flush=True)
        sys.stdin.read()
