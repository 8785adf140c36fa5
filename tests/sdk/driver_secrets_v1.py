"""Reads secrets with aliyun-secret-manager-client 0.1.5 by JSON lines; runs in its own environment.

Settings are taken from environment variables.
Each line is {"secret": name}, answered by {ok, value, type, version} or {ok: false, code, message}.
"""

import json
import sys

from alibaba_cloud_secretsmanager_client.secret_manager_cache_client_builder import (
    SecretManagerCacheClientBuilder,
)
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException


def read(client, name):
    try:
        found = client.get_secret_info(name)
    except (ClientException, ServerException) as refused:
        return {"ok": False, "code": refused.get_error_code(), "message": refused.get_error_msg()}
    except Exception as problem:  # noqa: BLE001 - whatever it raises is told
        return {"ok": False, "code": type(problem).__name__, "message": str(problem)}
    return {
        "ok": True,
        "value": found.secret_value,
        "type": found.secret_data_type,
        "version": found.version_id,
    }


def main():
    try:
        client = SecretManagerCacheClientBuilder.new_client()
    except Exception as problem:  # noqa: BLE001 - whatever it raises is told
        told = {"ok": False, "code": type(problem).__name__, "message": str(problem)}
        print(json.dumps(told), flush=True)
        return
    for line in sys.stdin:
        print(json.dumps(read(client, json.loads(line)["secret"])), flush=True)
    client.close()


main()
