"""Calls of KMS Instance API as access keys could sign them, although nothing says that they may."""

import base64
import hmac
from collections.abc import Generator

import httpx

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, StsToken
from conformance.wire.instance import (
    API_VERSION,
    API_VERSION_HEADER,
    HASH_HEADER,
    KEY_ID_HEADER,
    METHOD_HEADER,
    PROTOBUF,
    SIGNATURE_METHOD,
    content_hash,
    string_to_sign,
)
from conformance.wire.request import WireRequest, rebuilt
from conformance.wire.times import format_http_date, utc_now


def _common(headers: httpx.Headers, content: bytes) -> None:
    """Set the headers that every call of the API has, the name of the caller excepted."""
    headers["content-type"] = PROTOBUF
    headers["date"] = format_http_date(utc_now())
    headers[HASH_HEADER] = content_hash(content)
    headers[API_VERSION_HEADER] = API_VERSION
    headers[METHOD_HEADER] = SIGNATURE_METHOD


class AccessKeyAuth(httpx.Auth):
    """Names an access key where a client key belongs, and signs with its secret."""

    requires_request_body = True

    def __init__(self, credential: AccessKey | StsToken) -> None:
        self._credential = credential

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the signed request."""
        headers = request.headers.copy()
        _common(headers, request.content)
        headers[KEY_ID_HEADER] = self._credential.id
        plain = rebuilt(request, headers=headers)
        wire = WireRequest.from_httpx(plain)
        text = string_to_sign(
            wire.method, headers[HASH_HEADER], PROTOBUF, headers["date"], wire.headers
        )
        digest = hmac.digest(self._credential.secret.encode(), text.encode(), "sha256")
        plain.headers["authorization"] = f"Bearer {base64.b64encode(digest).decode()}"
        yield plain


class V3Auth(httpx.Auth):
    """Signs by V3 and names no client key."""

    requires_request_body = True

    def __init__(self, credential: AccessKey | StsToken) -> None:
        self._credential = credential

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the signed request."""

        def complete(headers: httpx.Headers) -> None:
            _common(headers, request.content)
            # These would make it a call of KMS API.
            del headers["x-acs-action"], headers["x-acs-version"]

        signer = Acs3Auth(self._credential)
        signer.edit = complete
        yield signer.sign_request(request)
