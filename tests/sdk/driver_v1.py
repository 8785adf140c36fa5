"""Drives aliyun-python-sdk-kms 2.16.5 by JSON lines; runs in the SDK's own environment.

First line in: {endpoint: "127.0.0.1:PORT", ca, region, id, secret, token?}. Every further line is a
call, {operation, params}, answered by one line: {ok, answer} or {ok: false, kind, status, code,
request_id, message}. Parameters are given to the request class's own setters as an application
would: what the SDK documents as JSON text is passed as JSON text.
"""

import importlib
import json
import sys

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient


def make_client(config):
    credential = (
        StsTokenCredential(config["id"], config["secret"], config["token"])
        if config.get("token")
        else AccessKeyCredential(config["id"], config["secret"])
    )
    client = AcsClient(
        region_id=config["region"], credential=credential, verify=config["ca"], auto_retry=False
    )
    client.add_endpoint(config["region"], "Kms", config["endpoint"])
    return client


def make_request(operation, params):
    module = importlib.import_module(f"aliyunsdkkms.request.v20160120.{operation}Request")
    request = getattr(module, f"{operation}Request")()
    for name, value in params.items():
        if isinstance(value, bool):
            given = "true" if value else "false"
        elif isinstance(value, dict | list) and name not in ("ResourceId", "Tag", "TagKey"):
            given = json.dumps(value, separators=(",", ":"))
        else:
            given = value
        setter = getattr(request, f"set_{name}", None) or getattr(request, f"set_{name}s", None)
        if setter is None:
            request.add_query_param(name, given)
        else:
            setter(given)
    request.set_accept_format("json")
    return request


def call(client, operation, params):
    try:
        body = client.do_action_with_exception(make_request(operation, params))
    except ServerException as refused:
        return {
            "ok": False,
            "kind": "server",
            "status": refused.get_http_status(),
            "code": refused.get_error_code(),
            "request_id": refused.get_request_id(),
            "message": refused.get_error_msg(),
        }
    except ClientException as failed:
        return {
            "ok": False,
            "kind": "client",
            "code": failed.get_error_code(),
            "message": str(failed),
        }
    return {"ok": True, "answer": json.loads(body)}


def main():
    client = make_client(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(call(client, wanted["operation"], wanted["params"])), flush=True)


main()
