"""Harmless variations of how answers travel."""

from conformance.reference.endpoint import Endpoint
from conformance.reference.harmless.registry import harmless

_HTTP = "RFC 9110 and 9112 leave it to the server"


@harmless("chunked", statement="Answers come in chunked transfer coding.", source=_HTTP)
def _chunked(endpoint: Endpoint) -> None:
    endpoint.transport.chunked = 7


@harmless("connections-closed", statement="Every answer closes its connection.", source=_HTTP)
def _closed(endpoint: Endpoint) -> None:
    endpoint.transport.close = True


@harmless("slow-answers", statement="Every answer comes 30 ms late.", source=_HTTP)
def _slow(endpoint: Endpoint) -> None:
    endpoint.transport.delay = 0.03


@harmless("extra-headers", statement="Answers carry many further headers.", source=_HTTP)
def _headers(endpoint: Endpoint) -> None:
    endpoint.transport.headers = (
        ("server", "Tengine"),
        ("x-acs-request-id", "4B5C8F3E"),
        ("x-acs-trace-id", "0bc5ea1416"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "*"),
        ("vary", "Accept-Encoding"),
        ("set-cookie", "acw_tc=1; path=/; HttpOnly"),
        ("set-cookie", "aliyungf_tc=2; path=/"),
        ("etag", '"1"'),
        ("cache-control", "no-store"),
    )


@harmless(
    "tls-1.2-only",
    statement="TLS 1.3 is not offered.",
    source="Request syntax, AlibabaCloudDocs/kms (2021-07): TLS 1.0 and later",
)
def _tls12(endpoint: Endpoint) -> None:
    endpoint.transport.tls_versions = ("1.2", "1.2")


@harmless(
    "http-refused",
    statement="Plain HTTP is refused as lacking TLS.",
    source="OpenAPI gateway error table: 404 InvalidProtocol.NeedSsl",
)
def _http(endpoint: Endpoint) -> None:
    endpoint.settings.require_tls = True
