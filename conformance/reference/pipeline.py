"""The stages of a request, each a function of the endpoint and the passage.

A stage raises `KmsError` to refuse. Their order is the endpoint's; what each relies on was found by
the ones before it.
"""

from typing import TYPE_CHECKING, Any

from conformance.reference import answers, permissions
from conformance.reference.call import Call
from conformance.reference.errors import KmsError
from conformance.reference.json_body import json_body
from conformance.reference.passage import Passage, Response
from conformance.wire.checks import answer_format
from conformance.wire.failures import AuthFailure, DuplicateParameter, FailureKind, WireError
from conformance.wire.identity import Scheme, Verified
from conformance.wire.render import JSON_TYPE, XML_TYPE, error_members, render_error_xml, render_xml
from conformance.wire.verify import recognise as recognise_scheme

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint
    from conformance.wire.request import WireRequest

#: No call of any operation has more pairs than this; beyond it they are not worth decoding.
_MOST_PAIRS = 2_000
#: Operations that answer while the service is not open, or stopped.
_ALWAYS_OPEN = frozenset({"OpenKmsService", "DescribeAccountKmsStatus", "DescribeRegions"})
_NOT_OPEN = {"NotEnabled": "service-not-open", "InDebt": "account-in-debt"}
_JSON_HEADERS = (("content-type", JSON_TYPE),)
_XML_HEADERS = (("content-type", XML_TYPE),)


def gateway_check(endpoint: "Endpoint", passage: Passage) -> None:
    """Refuse what the gateway does not even look into: method, path, size."""
    request = passage.request
    family = endpoint.settings.error_family
    if request.method not in {"GET", "POST"}:
        message = f"The HTTP method {request.method[:20]} is not supported."
        raise answers.refuse("unsupported-http-method", family, message)
    if endpoint.settings.require_tls and not request.secure:
        message = "Your request is denied as lack of ssl protect."
        raise answers.refuse("plain-http", family, message)
    if request.path != "/":
        raise answers.refuse("unknown-action", family, "The specified path is not found.")
    if len(request.body) > endpoint.settings.body_limit:
        raise KmsError("InvalidParameter", "The request body is too large.")
    if len(request.query_string) + len(request.body) > _MOST_PAIRS and _has_too_many_pairs(request):
        message = "The request has too many parameters."
        raise answers.refuse("unparsable-parameters", family, message)


def _has_too_many_pairs(request: "WireRequest") -> bool:
    in_query = request.query_string.count(b"&")
    if in_query > _MOST_PAIRS:
        return True
    return request.has_form() and in_query + request.body.count(b"&") > _MOST_PAIRS


def recognise(endpoint: "Endpoint", passage: Passage) -> None:
    """Tell how the request authenticates."""
    try:
        passage.scheme = recognise_scheme(passage.request)
    except AuthFailure as failure:
        family = endpoint.settings.error_family
        raise answers.authentication_error(failure, Scheme.NONE, family) from None


def authenticate(endpoint: "Endpoint", passage: Passage) -> None:
    """Verify the signature, the time, the token and the nonce."""
    try:
        passage.verified = _verified(endpoint, passage)
    except AuthFailure as failure:
        family = endpoint.settings.error_family
        raise answers.authentication_error(failure, passage.scheme, family) from None
    named = passage.verified.answer_format
    if endpoint.settings.default_format != "JSON":
        named = _named_format(passage) or endpoint.settings.default_format
    passage.format = "XML" if named == "XML" else "JSON"


def _verified(endpoint: "Endpoint", passage: Passage) -> Verified:
    verifier = endpoint.verifier_at(passage.now)
    # Members of an enumeration are slow to hash, therefore no dictionary and no set here.
    for scheme, verify in endpoint.verify_by_scheme:
        if scheme is passage.scheme:
            return verify(passage.request, verifier)
    if passage.scheme is Scheme.NONE or passage.scheme is Scheme.INSTANCE:
        raise AuthFailure(FailureKind.MISSING_PARAMETER, "AccessKeyId")
    raise AuthFailure(FailureKind.UNSUPPORTED_SCHEME, passage.scheme.value)


def parse(endpoint: "Endpoint", passage: Passage) -> None:
    """Find the operation, read its parameters, and make the call out of them."""
    verified = passage.verified
    assert verified is not None
    family = endpoint.settings.error_family
    known = endpoint.operations[verified.action]
    operation = passage.operation = known.operation
    if passage.request.method not in known.methods:
        message = f"{operation.name} is not called by {passage.request.method}."
        raise answers.refuse("unsupported-http-method", family, message)
    if passage.gateway not in known.gateways:
        message = f"{operation.name} is not offered by this gateway."
        raise KmsError("UnsupportedOperation", message)
    try:
        params = passage.params = known.codec.decode(verified.parameters)
    except DuplicateParameter:
        message = "A parameter was given more than once."
        raise answers.refuse("unparsable-parameters", family, message) from None
    if not known.takes_region:
        params.pop("RegionId", None)  # legacy SDKs add it to every call
    passage.call = Call(
        operation,
        params,
        endpoint.identities.principal(verified.identity.access_key_id),
        passage.now,
        endpoint.account,
        passage.request_id,
        passage.gateway,
        passage.request.secure,
        passage.client_ip,
        endpoint,
        passage.side,
        passage.instance_id,
    )


def throttle(endpoint: "Endpoint", passage: Passage) -> None:
    """Refuse what goes over the quota of the operation's group, when quotas are enforced."""
    if endpoint.settings.throttle and passage.operation is not None:
        endpoint.quota.charge(passage.operation.name, passage.now)


def authorise(endpoint: "Endpoint", passage: Passage) -> None:
    """Refuse accounts that may not use the service, then callers without permission."""
    call = passage.call
    assert call is not None
    status = call.account.status
    if status != "Enabled" and call.operation.name not in _ALWAYS_OPEN:
        kind = _NOT_OPEN.get(status, "account-stopped")
        message = "The service is not available to this account."
        raise answers.refuse(kind, endpoint.settings.error_family, message)
    try:
        permissions.authorise(call)
    except KmsError as error:
        if passage.dry_run:
            raise KmsError("AccessDeniedError", error.message, 403) from None
        raise


def validate(endpoint: "Endpoint", passage: Passage) -> None:
    """Judge the parameters by the operation's request schema."""
    call = passage.call
    assert call is not None
    violation = endpoint.operations[call.operation.name].check(call.params)
    if violation is None:
        return
    error = answers.parameter_error(call.operation, violation, endpoint.settings.error_family)
    if passage.dry_run:
        raise KmsError("ValidationError", error.message)
    raise error


def dispatch(endpoint: "Endpoint", passage: Passage) -> None:
    """Let the handler do what was asked.

    With DryRun the handler of an operation without effects runs all the same; its answer is
    dropped.
    """
    call = passage.call
    assert call is not None
    handler = endpoint.handlers.get(call.operation.name)
    if handler is None:
        message = f"{call.operation.name} is not offered by this endpoint."
        raise KmsError("UnsupportedOperation", message)
    if not passage.dry_run:
        passage.answer = handler(call)
        return
    try:
        handler(call)
    except KmsError as error:
        if error.code in {"InvalidParameter", "MissingParameter"}:
            raise KmsError("ValidationError", error.message) from None
        raise
    raise KmsError("DryRunOperationError", "The request would have succeeded.")


def render(endpoint: "Endpoint", passage: Passage) -> Response:
    """Write the answer, a refusal or a success, in the format asked for."""
    if passage.error is not None:
        return _render_error(endpoint, passage, passage.error)
    members = {**passage.answer, "RequestId": passage.request_id}
    if passage.format != "XML":
        return Response(200, _JSON_HEADERS, json_body(members))
    assert passage.operation is not None
    try:
        body = render_xml(passage.operation.name, members, endpoint.settings.xml_root)
    except WireError:
        message = "The answer holds characters that XML does not have: ask for JSON."
        return _render_error(endpoint, passage, KmsError("InvalidParameter", message))
    return Response(200, _XML_HEADERS, body)


def _render_error(endpoint: "Endpoint", passage: Passage, error: KmsError) -> Response:
    family = endpoint.settings.error_family
    extra: dict[str, Any] = {}
    if family == "gateway":
        extra = {"Recommend": "https://www.alibabacloud.com/help/kms", **error.extra}
    members = error_members(
        family,
        status=error.status,
        code=error.code,
        message=error.message,
        request_id=passage.request_id,
        host_id=passage.request.host or f"kms.{endpoint.settings.region}.aliyuncs.com",
        extra=extra,
    )
    asked = passage.format or _named_format(passage) or endpoint.settings.default_format
    if asked == "XML":
        try:
            return Response(error.status, _XML_HEADERS, render_error_xml(family, members))
        except WireError:
            members["Message"] = "The request is refused."
            return Response(error.status, _XML_HEADERS, render_error_xml(family, members))
    return Response(error.status, _JSON_HEADERS, json_body(members, errors="replace"))


def _named_format(passage: Passage) -> str | None:
    """Return the format that a request names, None when it names none or cannot be read."""
    request = passage.request
    if b"Format=" not in request.query_string and b"Format=" not in request.body:
        return None
    try:
        pairs = dict(request.query_pairs() + request.form_pairs())
        text = pairs.get("Format", "")
        return answer_format(text) if text and text.lower() != "none" else None
    except (WireError, AuthFailure):
        return None
