"""An agent that shares nothing with the one of the suite, as somebody else might write it.

    python another_agent.py CONFIG.toml

Threads of the standard library, RPC-1.0 with HMAC-SHA1, keys from the environment, its own statuses
and error texts. It knows no versions, no stages, no health path.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import threading
import time
import tomllib
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = tomllib.loads(Path(sys.argv[1]).read_text())
TOKEN = Path(os.environ["KMS_TOKEN"].removeprefix("file://")).read_text().strip()
LOG = Path(CONFIG["log"]).open("a", buffering=1)  # noqa: SIM115 - for good
TRUST = ssl.create_default_context(cafile=CONFIG["ca"])
TRUST.verify_flags &= ~ssl.VERIFY_X509_STRICT
VALUES = {}
LOCK = threading.Lock()


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


def ask_kms(name):
    """Return status and document; None and nothing when there is no answer."""
    pairs = {
        "Action": "GetSecretValue",
        "Version": "2016-01-20",
        "Format": "JSON",
        "AccessKeyId": os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "SecretName": name,
    }
    canonical = "&".join(f"{quote(key)}={quote(pairs[key])}" for key in sorted(pairs))
    text = f"GET&%2F&{quote(canonical)}"
    key = os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] + "&"
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()
    query = f"{canonical}&Signature={quote(base64.b64encode(mac).decode())}"
    connection = http.client.HTTPSConnection(CONFIG["endpoint"], context=TRUST, timeout=5)
    try:
        connection.request("GET", f"/?{query}")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None, {}
    finally:
        connection.close()


def find(name):
    """Return a status and the members of a secret."""
    with LOCK:
        kept, until = VALUES.get(name, (None, 0))
        if kept is not None and time.time() < until:
            return 200, kept
        status, document = ask_kms(name)
        if status == 200:
            VALUES[name] = (document, time.time() + CONFIG["ttl"])
            return 200, document
        if kept is not None and (status is None or status >= 500):
            return 200, kept
        VALUES.pop(name, None)
        return status or 502, {}


def shaped(document):
    """Return an answer in the shape that is set."""
    if CONFIG["type"] == 0:
        return document
    if CONFIG["type"] == 1:
        return {
            "ARN": document["SecretName"],
            "CreatedDate": document["CreateTime"],
            "Name": document["SecretName"],
            "SecretString": document["SecretData"],
            "VersionId": document["VersionId"],
            "VersionStages": document["VersionStages"]["VersionStage"],
        }
    return {"data": json.loads(document["SecretData"])}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        shown = {self.headers.get("X-KMS-Token"), self.headers.get("X-Vault-Token")}
        path, _, query = self.path.partition("?")
        if TOKEN not in shown:
            return self.tell(401, {"error": "who are you?"})
        if path == "/secretsmanager/get":
            name = dict(urllib.parse.parse_qsl(query)).get("secretId", "")
        else:
            name = urllib.parse.unquote(path.removeprefix("/v1/"))
        if not name or name.startswith("/"):
            return self.tell(422, {"error": "which secret?"})
        status, document = find(name)
        if status != 200:
            return self.tell(status, {"error": "no value"})
        return self.tell(200, shaped(document))

    def do_HEAD(self):
        self.tell(405, {})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD

    def tell(self, status, document):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        LOG.write(json.dumps({"level": "info", "msg": "served"}) + "\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", CONFIG["port"]), Handler).serve_forever()
