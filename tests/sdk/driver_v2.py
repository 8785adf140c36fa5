"""Drives alibabacloud-kms20160120 3.3.1 by JSON lines; runs in the SDK's own environment.

The protocol is that of driver_v1. The first line may say {"mode": "v2"}, by which the SDK signs
with RPC-1.0 instead of V3.
"""

import json
import re
import sys

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import DaraException

#: Parameters whose model is a mapping or list; everything else structured is given as JSON text.
STRUCTURED = {
    "EncryptionContext",
    "SourceEncryptionContext",
    "DestinationEncryptionContext",
    "ExtendedConfig",
    "ResourceId",
    "Tag",
    "TagKey",
    "SecretsList",
}


def make_client(config):
    return Client(
        Config(
            access_key_id=config["id"],
            access_key_secret=config["secret"],
            security_token=config.get("token"),
            endpoint=config["endpoint"],
            region_id=config["region"],
            ca=config["ca"],
            signature_algorithm=config.get("mode"),
        )
    )


def model_of(operation, params):
    shaped = {
        name: value
        if name in STRUCTURED or not isinstance(value, dict | list)
        else json.dumps(value, separators=(",", ":"))
        for name, value in params.items()
    }
    return getattr(models, f"{operation}Request")().from_map(shaped)


def call(client, operation, params):
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()
    method = getattr(client, snake)
    try:
        response = (
            method(model_of(operation, params))
            if hasattr(models, f"{operation}Request")
            else method()
        )
    except DaraException as refused:
        return {
            "ok": False,
            "kind": "server" if getattr(refused, "status_code", None) else "client",
            "status": getattr(refused, "status_code", None),
            "code": refused.code,
            "message": refused.message,
            "request_id": (getattr(refused, "data", None) or {}).get("RequestId"),
        }
    return {"ok": True, "answer": response.body.to_map()}


def main():
    client = make_client(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(call(client, wanted["operation"], wanted["params"])), flush=True)


main()
