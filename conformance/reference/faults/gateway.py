"""Faults of the shared gateway: methods, placement, formats, connections, TLS."""

from collections.abc import Callable
from dataclasses import replace

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.forging import is_failure, take_anyway
from conformance.reference.faults.registry import fault, refuse_at, replace_error, replace_response
from conformance.reference.passage import Passage, Response
from conformance.wire.identity import Identity, Scheme
from conformance.wire.request import WireRequest

_SYNTAX = "Request syntax, AlibabaCloudDocs/kms (2021-07)"
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_GATEWAY = "OpenAPI gateway error table, developer.aliyun.com/ask/278265"


def _refuse_when(
    endpoint: Endpoint, when: Callable[[Passage], bool], code: str, status: int
) -> None:
    def judge(passage: Passage) -> KmsError | None:
        return KmsError(code, "The request is refused.", status) if when(passage) else None

    refuse_at(endpoint, "gateway_check", judge)


@fault(
    "get-refused",
    breaks=("GW-SHR-001", "GW-SHR-002", "GW-SHR-003"),
    statement="Calls by GET are refused as an unsupported method.",
    source=f"{_SYNTAX}: GET and POST",
)
def _get_refused(endpoint: Endpoint) -> None:
    _refuse_when(endpoint, lambda p: p.request.method == "GET", "UnsupportedHTTPMethod", 403)


@fault(
    "form-ignored",
    breaks=("GW-SHR-001",),
    statement="RPC-1.0: parameters in the form are not read.",
    source=f"{_SYNTAX}: parameters in the query or the form",
)
def _form_ignored(endpoint: Endpoint) -> None:
    original = endpoint.recognise

    def recognise(passage: Passage) -> None:
        request = passage.request
        if request.has_form() and request.header("authorization") is None:
            passage.request = replace(request, body=b"")
        original(passage)

    endpoint.recognise = recognise


@fault(
    "any-method-accepted",
    breaks=("GW-SHR-004",),
    statement="PUT, DELETE, PATCH and the like are carried out like POST.",
    source=f"{_RESPONSES}: UnsupportedHTTPMethod",
)
def _any_method(endpoint: Endpoint) -> None:
    check = endpoint.gateway_check

    def gateway_check(passage: Passage) -> None:
        if passage.request.method not in {"GET", "POST"}:
            passage.request = replace(passage.request, method="POST")
        check(passage)

    endpoint.gateway_check = gateway_check
    take_anyway(endpoint, lambda error, _: is_failure(error, "signature-mismatch"))


@fault(
    "other-method-answers-405",
    breaks=("GW-SHR-004",),
    statement="Methods other than GET and POST are refused with 405 MethodNotAllowed.",
    source=f"{_RESPONSES}: 403 UnsupportedHTTPMethod; {_GATEWAY}: 400 UnsupportedHTTPMethod",
)
def _method_405(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return error.code == "UnsupportedHTTPMethod"

    replace_error(endpoint, applies, "MethodNotAllowed", 405)


@fault(
    "unknown-action-answers-500",
    breaks=("GW-SHR-005",),
    statement="An operation that does not exist is answered as an internal failure.",
    source=f"{_GATEWAY}: 404 InvalidApi.NotFound",
)
def _unknown_action(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return is_failure(error, "unknown-action")

    replace_error(endpoint, applies, "InternalFailure", 500)


@fault(
    "any-version-accepted",
    breaks=("GW-SHR-006",),
    statement="The API version of a request is not looked at.",
    source=f"{_GATEWAY}: 400 InvalidVersion",
)
def _any_version(endpoint: Endpoint) -> None:
    class Everything(frozenset[str]):
        def __contains__(self, version: object) -> bool:
            return True

    endpoint.change_policy(versions=Everything())


@fault(
    "any-format-accepted",
    breaks=("GW-SHR-007",),
    statement="RPC-1.0: an unknown Format is answered in JSON.",
    source=f"{_RESPONSES}: 400 InvalidParameter; {_GATEWAY}: 400 InvalidParameter.Format",
)
def _any_format(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        return "response format" in error.message and passage.scheme is Scheme.RPC

    def repair(_: Endpoint, __: Passage, ___: Identity) -> dict[str, str | None]:
        return {"Format": "JSON"}

    take_anyway(endpoint, applies, repair)


@fault(
    "xml-refused",
    breaks=("GW-SHR-001",),
    statement="Format=XML is refused.",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): JSON or XML",
)
def _xml_refused(endpoint: Endpoint) -> None:
    def asks_for_xml(passage: Passage) -> bool:
        request = passage.request
        return b"format=xml" in (request.query_string + b"&" + request.body).lower()

    _refuse_when(endpoint, asks_for_xml, "InvalidParameter", 400)


@fault(
    "unparsable-form-answers-500",
    breaks=("GW-SHR-008",),
    statement="A form that cannot be parsed is answered as an internal failure.",
    source=f"{_RESPONSES}: 400 ParseRequestParameterException",
)
def _unparsable(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return error.code == "ParseRequestParameterException"

    replace_error(endpoint, applies, "InternalFailure", 500)


@fault(
    "http-redirected",
    breaks=("GW-SHR-009", "GW-SHR-010"),
    statement="Plain HTTP is answered by a redirect to HTTPS.",
    source=f"{_GATEWAY}: 404 InvalidProtocol.NeedSsl",
)
def _redirected(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        if passage.listener != "http":
            return response
        location = f"https://{passage.request.host}/"
        return Response(301, (("location", location),), b"")

    replace_response(endpoint, change)


@fault(
    "http-without-signature-check",
    breaks=("GW-SHR-010",),
    statement="Over plain HTTP signatures are not compared.",
    source=f"{_RESPONSES}: 400 IncompleteSignature",
)
def _http_unchecked(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        return passage.listener == "http" and is_failure(error, "signature-mismatch")

    take_anyway(endpoint, applies)


@fault(
    "first-answer-repeated",
    breaks=("GW-SHR-011",),
    statement="A caller who asks for another operation gets the answer to the one before.",
    source="HTTP/1.1: answers follow their requests",
)
def _repeated(endpoint: Endpoint) -> None:
    last: list[tuple[str, Response]] = []

    def change(passage: Passage, response: Response) -> Response:
        name = passage.operation.name if passage.operation else ""
        before = last[-1] if last else None
        last[:] = [(name, response)]
        if before is None or before[0] == name or passage.error is not None:
            return response
        return before[1] if before[1].status == 200 else response

    replace_response(endpoint, change)


@fault(
    "certificate-of-another-host",
    breaks=("GW-SHR-020",),
    statement="The certificate names another host.",
    source="RFC 9110, section 4.3.4",
)
def _other_host(endpoint: Endpoint) -> None:
    endpoint.transport.certificate = "other-host"


@fault(
    "certificate-out-of-date",
    breaks=("GW-SHR-020",),
    statement="The certificate ended yesterday.",
    source="RFC 5280, section 4.1.2.5",
)
def _expired(endpoint: Endpoint) -> None:
    endpoint.transport.certificate = "expired"


@fault(
    "tls-1.3-only",
    breaks=("GW-SHR-021",),
    statement="TLS 1.2 is not offered.",
    source=f"{_SYNTAX}: TLS 1.0 and later",
)
def _tls13(endpoint: Endpoint) -> None:
    endpoint.transport.tls_versions = ("1.3", "1.3")


@fault(
    "plain-text-on-tls-port",
    breaks=("GW-SHR-022",),
    statement="What comes in plain text to the HTTPS port is served.",
    source=f"{_SYNTAX}: HTTPS only",
)
def _plain(endpoint: Endpoint) -> None:
    endpoint.transport.plain_on_tls = True


@fault(
    "operation-by-get-unknown",
    breaks=("GW-SHR-003",),
    statement="Operations on secrets are unknown by GET.",
    source="API metadata: GET and POST",
)
def _secrets_by_get(endpoint: Endpoint) -> None:
    def applies(request: WireRequest) -> bool:
        if request.method != "GET":
            return False
        return b"Secret" in request.query_string or "Secret" in (
            request.header("x-acs-action") or ""
        )

    _refuse_when(endpoint, lambda p: applies(p.request), "InvalidApi.NotFound", 404)
