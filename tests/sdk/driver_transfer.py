"""Drives the TransferClient of alibabacloud-kms-python-sdk 1.1.3; runs in the SDK's own environment.

The first line says where and as whom: {"instance": {"endpoint", "ca", "file", "password"}, "shared":
{"endpoint", "ca", "id", "secret", "region"}}. Each further line is a call, {"operation", "params",
"shared": true where the shared gateway is to answer}, answered by {"ok", "answer"} or {"ok", "code",
"message"}.
"""

import json
import re
import sys

from alibabacloud_kms20160120 import models
from alibabacloud_kms_kms20160120.models import KmsConfig, KmsRuntimeOptions
from alibabacloud_kms_kms20160120.transfer_client import TransferClient
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def call(client, place, operation, params):
    request = getattr(models, f"{operation}Request")().from_map(params)
    options = KmsRuntimeOptions(ca=place["ca"], is_use_kms_share_gateway="secret" in place)
    try:
        response = getattr(client, f"{snake(operation)}_with_options")(request, options)
    except TeaException as problem:
        return {"ok": False, "code": problem.code, "message": problem.message}
    return {"ok": True, "answer": response.body.to_map()}


def main():
    first = json.loads(sys.stdin.readline())
    instance, shared = first["instance"], first["shared"]
    client = TransferClient(
        Config(
            endpoint=shared["endpoint"],
            region_id=shared["region"],
            access_key_id=shared["id"],
            access_key_secret=shared["secret"],
            ca=shared["ca"],
        ),
        KmsConfig(
            protocol="https",
            endpoint=instance["endpoint"],
            client_key_file=instance["file"],
            password=instance["password"],
        ),
    )
    for line in sys.stdin:
        wanted = json.loads(line)
        place = shared if wanted.get("shared") else instance
        print(json.dumps(call(client, place, wanted["operation"], wanted["params"])), flush=True)


if __name__ == "__main__":
    main()
