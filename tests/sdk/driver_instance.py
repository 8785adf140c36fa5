"""Drives alibabacloud-dkms-gcs 1.0.2 by JSON lines; runs in the SDK's own environment.

The first line says where and as whom: {"endpoint", "ca", "file", "password"}. Each further line is a
call, {"operation", "values"}, answered by {"ok", "answer", "headers"} or {"ok", "status", "code"}.
Bytes travel as {"base64": text}.
"""

import base64
import json
import re
import sys

from openapi.models import Config
from sdk import models
from sdk.client import Client
from Tea.exceptions import TeaException, UnretryableException


def packed(value):
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def unpacked(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def call(client, operation, values):
    given = {name: unpacked(value) for name, value in values.items()}
    request = getattr(models, f"{operation}Request")().from_map(given)
    try:
        response = getattr(client, snake(operation))(request)
    except TeaException as problem:
        data = problem.data or {}
        return {
            "ok": False,
            "code": problem.code,
            "status": data.get("httpCode"),
            "message": problem.message,
        }
    except UnretryableException as problem:
        return {
            "ok": False,
            "code": type(problem).__name__,
            "status": None,
            "message": str(problem),
        }
    answer = {name: packed(value) for name, value in response.to_map().items()}
    headers = answer.pop("responseHeaders", None) or {}
    return {"ok": True, "answer": answer, "headers": dict(headers)}


def main():
    first = json.loads(sys.stdin.readline())
    client = Client(
        Config(
            protocol="https",
            endpoint=first["endpoint"],
            client_key_file=first["file"],
            password=first["password"],
            ca_file_path=first["ca"],
        )
    )
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(call(client, wanted["operation"], wanted["values"])), flush=True)


if __name__ == "__main__":
    main()
