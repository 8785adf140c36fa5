"""Requests written out as bytes before anything is measured."""

import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey
from conformance.wire.rpc import RpcAuth


def as_bytes(request: httpx.Request) -> bytes:
    """Write a request as HTTP/1.1 bytes."""
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + request.read()


def signed(
    base: str, credential: AccessKey, action: str, params: dict[str, Any], count: int, scheme: str
) -> list[bytes]:
    """Sign one call `count` times, each with a nonce of its own; parameters in the form body."""
    signer = RpcAuth(credential, placement="form") if scheme == "RPC-1.0" else Acs3Auth(credential)
    query = {"Action": action, "Version": "2016-01-20"}
    return [
        as_bytes(
            signer.sign_request(httpx.Request("POST", f"{base}/?{urlencode(query)}", data=params))
        )
        for _ in range(count)
    ]


def null_gets(host: str, count: int) -> Sequence[bytes]:
    """Bare GET requests."""
    return [f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()] * count


def moto_get_secret_value(host: str, name: str, count: int) -> list[bytes]:
    """GetSecretValue in the protocol of the other emulator, which checks no signature."""
    body = json.dumps({"SecretId": name}).encode()
    head = (
        f"POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-target: secretsmanager.GetSecretValue\r\n"
        "content-type: application/x-amz-json-1.1\r\n"
        "authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/secretsmanager/"
        f"aws4_request, SignedHeaders=host, Signature={uuid.uuid4().hex}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return [head.encode() + body] * count
