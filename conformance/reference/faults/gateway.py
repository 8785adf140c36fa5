"""Faults of the shared gateway: methods, placements, formats, operations, HTTP and TLS."""

from dataclasses import replace

from conformance.reference.answers import refuse
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import (
    fault,
    forgive,
    refuse_at,
    replace_error,
    replace_response,
)
from conformance.reference.faults.verifying import (
    action_of,
    answer,
    believe,
    let_in,
    on_failure,
)
from conformance.reference.passage import Passage, Response
from conformance.wire.failures import AuthFailure
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.identity import Scheme, Verified

TABLES = (
    "KMS Responses page, AlibabaCloudDocs/kms (2021-07); "
    "OpenAPI gateway error table, developer.aliyun.com/ask/278265"
)
SYNTAX = "Request syntax page, AlibabaCloudDocs/kms (2021-07)"


def _refuse(passage: Passage, kind: str) -> KmsError:
    return refuse(kind, "kms", f"{passage.request.method} is refused.")


@fault(
    "rpc-by-get-refused",
    breaks=("GW-SHR-001",),
    statement="RPC-1.0 by GET is refused.",
    source=SYNTAX,
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        by_get = passage.request.method == "GET" and passage.scheme is Scheme.RPC
        return _refuse(passage, "unsupported-http-method") if by_get else None

    refuse_at(endpoint, "authenticate", judge)


@fault(
    "form-not-read",
    breaks=("GW-SHR-001",),
    statement="RPC-1.0 with all parameters in the form is answered as lacking them.",
    source=SYNTAX,
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        if b"Action=" not in passage.request.body:
            return None
        return KmsError("MissingParameter", "The input parameter Action is mandatory.", 400)

    refuse_at(endpoint, "authenticate", judge)


@fault(
    "xml-answered-as-json",
    breaks=("GW-SHR-001",),
    statement="Format=XML is answered in JSON.",
    source=SYNTAX,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.authenticate

    def forgetful(passage: Passage) -> None:
        original(passage)
        passage.format = "JSON"

    endpoint.authenticate = forgetful


@fault(
    "operation-forgotten",
    breaks=("GW-SHR-002", "GW-SHR-003"),
    statement="ListKeyVersions is answered as an unknown operation.",
    source="Operation pages",
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        named = passage.operation is not None and passage.operation.name == "ListKeyVersions"
        return _refuse(passage, "unknown-action") if named else None

    refuse_at(endpoint, "parse", judge)


@fault(
    "operation-by-rpc-unsigned",
    breaks=("GW-SHR-002",),
    statement="DescribeSecret by RPC-1.0 is answered as wrongly signed.",
    source="Operation pages",
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        named = passage.operation is not None and passage.operation.name == "DescribeSecret"
        by_rpc = passage.scheme is Scheme.RPC
        return _refuse(passage, "signature-mismatch") if named and by_rpc else None

    refuse_at(endpoint, "parse", judge)


@fault(
    "operation-by-get-refused",
    breaks=("GW-SHR-003",),
    statement="GetPublicKey by GET is refused.",
    source="aliyun-openapi-meta, snapshot of 2026-04-21",
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        named = passage.operation is not None and passage.operation.name == "GetPublicKey"
        by_get = passage.request.method == "GET"
        return _refuse(passage, "unsupported-http-method") if named and by_get else None

    refuse_at(endpoint, "parse", judge)


@fault(
    "put-served",
    breaks=("GW-SHR-004",),
    statement="PUT is served like POST.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    forgive(endpoint, "gateway_check", lambda error, _: error.code == "UnsupportedHTTPMethod")
    let_in(endpoint, Kind.BAD_HTTP_METHOD)
    original = endpoint.parse

    def parse(passage: Passage) -> None:
        kept = passage.request
        passage.request = replace(kept, method="POST")
        try:
            original(passage)
        finally:
            passage.request = kept

    endpoint.parse = parse


@fault(
    "method-not-allowed-405",
    breaks=("GW-SHR-004",),
    statement="Other HTTP methods are answered 405.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "UnsupportedHTTPMethod", status=405)


@fault(
    "unknown-action-as-missing",
    breaks=("GW-SHR-005",),
    statement="An unknown operation is answered MissingParameter.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    answer(endpoint, "MissingParameter", 400, Kind.UNKNOWN_ACTION)


@fault(
    "case-of-action-ignored",
    breaks=("GW-SHR-005",),
    statement="The case of an operation's name does not matter.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    names = {name.casefold(): name for name in endpoint.handlers}

    def instead(passage: Passage, _: AuthFailure, error: KmsError) -> None:
        name = names.get(action_of(passage.request).casefold())
        if name is None:
            raise error
        believe(endpoint, passage)
        verified = passage.verified
        assert isinstance(verified, Verified)
        passage.verified = replace(verified, action=name)

    on_failure(endpoint, [Kind.UNKNOWN_ACTION], instead)


@fault(
    "any-version-taken",
    breaks=("GW-SHR-006",),
    statement="The version of the API is not looked at.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.UNKNOWN_VERSION)


@fault(
    "any-format-taken",
    breaks=("GW-SHR-007",),
    statement="An unknown Format is answered in JSON.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.BAD_FORMAT)


@fault(
    "unparsable-form-fails",
    breaks=("GW-SHR-008",),
    statement="A form that cannot be parsed gives 500 InternalFailure.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    answer(endpoint, "InternalFailure", 500, Kind.UNPARSABLE_PARAMETERS)


@fault(
    "http-moved",
    breaks=("GW-SHR-009", "GW-SHR-010"),
    statement="Plain HTTP is redirected to HTTPS.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    def moved(passage: Passage, response: Response) -> Response:
        if passage.listener == "https":
            return response
        return Response(302, (("location", f"https://{passage.request.host}/"),), b"")

    replace_response(endpoint, moved)


@fault(
    "http-not-verified",
    breaks=("GW-SHR-010",),
    statement="Over plain HTTP any signature is taken.",
    source=TABLES,
)
def _(endpoint: Endpoint) -> None:
    let_in(endpoint, Kind.SIGNATURE_MISMATCH, when=lambda passage, _: not passage.request.secure)


@fault(
    "one-request-id-for-all",
    breaks=("GW-SHR-011",),
    statement="Every answer has the same RequestId.",
    source="KMS Responses page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.gateway_check

    def check(passage: Passage) -> None:
        passage.request_id = "475F1620-B9D3-4D35-B5C6-3FBDD941423D"
        original(passage)

    endpoint.gateway_check = check


@fault(
    "certificate-for-another-name",
    breaks=("GW-SHR-020",),
    statement="The certificate is issued for another host name.",
    source=SYNTAX,
)
def _(endpoint: Endpoint) -> None:
    endpoint.transport.certificate_names = ("kms.elsewhere.example",)


@fault(
    "tls-1.3-only",
    breaks=("GW-SHR-021",),
    statement="Clients that know TLS 1.2 only are turned away.",
    source=f"{SYNTAX}: TLS 1.0 or later",
)
def _(endpoint: Endpoint) -> None:
    endpoint.transport.tls_versions = ("1.3", "1.3")


@fault(
    "plain-text-on-tls-port",
    breaks=("GW-SHR-022",),
    statement="The HTTPS port serves plain text too.",
    source=f"{SYNTAX}: HTTPS only",
)
def _(endpoint: Endpoint) -> None:
    endpoint.transport.plain_text_on_tls = True
