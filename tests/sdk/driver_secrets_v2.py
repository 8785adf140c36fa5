"""Reads secrets with alibabacloud-secretsmanager-client-v2 2.0.0 by JSON lines, in its environment.

Settings are taken from environment variables. INSTANCE_ADDRESS, host:port, is where the name of the
instance leads: it stands in for the name service and the route of the VPC, and the certificate is
verified for the name all the same. PUBLIC_CA stands in for the public authorities, which the client
trusts on the shared gateway. Lines are those of driver_secrets_v1.
"""

import json
import os
import sys

import certifi
import urllib3.util.connection
from alibabacloud_secretsmanager_client_v2.secret_manager_cache_client_builder import (
    SecretManagerCacheClientBuilder,
)

DOMAIN = "cryptoservice.kms.aliyuncs.com"


def route_to(address):
    host, _, port = address.rpartition(":")
    connect = urllib3.util.connection.create_connection

    def create_connection(wanted, *rest, **named):
        there = (host, int(port)) if wanted[0].endswith(DOMAIN) else wanted
        return connect(there, *rest, **named)

    urllib3.util.connection.create_connection = create_connection


def read(client, name):
    try:
        found = client.get_secret_info(name)
    except Exception as refused:  # noqa: BLE001 - whatever it raises is told
        code = getattr(refused, "code", None) or type(refused).__name__
        return {"ok": False, "code": code, "message": str(refused)}
    return {
        "ok": True,
        "value": found.secret_value,
        "type": found.secret_data_type,
        "version": found.version_id,
    }


def main():
    if "INSTANCE_ADDRESS" in os.environ:
        route_to(os.environ["INSTANCE_ADDRESS"])
    if "PUBLIC_CA" in os.environ:
        certifi.where = lambda: os.environ["PUBLIC_CA"]
    client = SecretManagerCacheClientBuilder.new_client()
    for line in sys.stdin:
        print(json.dumps(read(client, json.loads(line)["secret"])), flush=True)
    client.close()


main()
