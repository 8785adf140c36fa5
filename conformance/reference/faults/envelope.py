"""Faults of answers: members, formats, statuses, content types, times."""

import json
import re
from collections.abc import Callable
from typing import Any

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, replace_response
from conformance.reference.passage import Passage, Response

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_FORMAT = "Common parameters, AlibabaCloudDocs/kms (2021-07)"
_TIME = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})Z")

Members = dict[str, Any]


def _is_json(response: Response) -> bool:
    return response.body.startswith(b"{")


def _change_members(
    endpoint: Endpoint,
    change: Callable[[Members], None],
    *,
    good: bool = True,
    bad: bool = True,
    status: int | None = None,
) -> None:
    """Change the members of JSON answers, of those with one status where it is given."""

    def apply(_: Passage, response: Response) -> Response:
        concerned = good if response.status < 400 else bad
        concerned = concerned and status in {None, response.status}
        if not concerned or not _is_json(response):
            return response
        members = json.loads(response.body)
        change(members)
        return response._replace(body=json.dumps(members).encode())

    replace_response(endpoint, apply)


@fault(
    "errors-without-request-id",
    breaks=("ENV-001",),
    statement="Errors carry no RequestId.",
    source=_RESPONSES,
)
def _no_request_id(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.pop("RequestId"), good=False)


@fault(
    "successes-without-request-id",
    breaks=("ENV-001",),
    statement="Successes carry no RequestId.",
    source=_RESPONSES,
)
def _no_request_id_good(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.pop("RequestId"), bad=False)


@fault(
    "request-id-is-a-number",
    breaks=("ENV-001",),
    statement="RequestId is a number.",
    source=_RESPONSES,
)
def _number(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.update(RequestId=4711))


@fault(
    "request-id-empty",
    breaks=("ENV-001",),
    statement="RequestId is empty.",
    source=_RESPONSES,
)
def _empty(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.update(RequestId=""))


def _empty_request_id(name: str, status: int, refusals: str) -> None:
    """Register a fault of the refusals with one status."""

    @fault(
        name,
        breaks=("ENV-001",),
        statement=f"RequestId of {refusals} is empty.",
        source=_RESPONSES,
    )
    def _(endpoint: Endpoint) -> None:
        _change_members(endpoint, lambda members: members.update(RequestId=""), status=status)


_empty_request_id("request-id-of-denials-empty", 403, "refusals for lack of permission")
_empty_request_id("request-id-of-missing-things-empty", 404, "refusals of what does not exist")
_empty_request_id("request-id-of-conflicts-empty", 409, "refusals because of a state")


@fault(
    "request-id-always-the-same",
    breaks=("ENV-005",),
    statement="Every answer carries the same RequestId.",
    source=f"{_RESPONSES}: RequestId identifies one call",
)
def _same(endpoint: Endpoint) -> None:
    same = "0D7D3A51-3C6F-4A3B-A9F1-2F1D3C5B7E90"
    _change_members(endpoint, lambda members: members.update(RequestId=same))


@fault(
    "json-as-text-plain",
    breaks=("ENV-002",),
    statement="JSON answers say that they are text/plain.",
    source=_FORMAT,
)
def _text_plain(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if not _is_json(response):
            return response
        return response._replace(headers=(("content-type", "text/plain;charset=utf-8"),))

    replace_response(endpoint, change)


@fault(
    "answer-in-an-array",
    breaks=("ENV-002",),
    statement="The members of a success stand in an array.",
    source=_FORMAT,
)
def _array(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if not _is_json(response) or response.status >= 400:
            return response
        return response._replace(body=b"[" + response.body + b"]")

    replace_response(endpoint, change)


@fault(
    "xml-ignored",
    breaks=("ENV-007",),
    statement="Format=XML is answered in JSON.",
    source=f"{_FORMAT}: JSON or XML",
)
def _xml_ignored(endpoint: Endpoint) -> None:
    original = endpoint.render

    def render(passage: Passage) -> Response:
        passage.format = "JSON"
        return original(passage)

    endpoint.render = render


@fault(
    "xml-as-json",
    breaks=("ENV-007", "ENV-013"),
    statement="XML answers say that they are application/json.",
    source=f"{_FORMAT}: JSON or XML",
)
def _xml_as_json(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if _is_json(response):
            return response
        return response._replace(headers=(("content-type", "application/json"),))

    replace_response(endpoint, change)


@fault(
    "xml-cut-short",
    breaks=("ENV-007", "ENV-013"),
    statement="XML answers lack their last tag.",
    source="XML 1.0: well-formed documents",
)
def _xml_cut(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if _is_json(response):
            return response
        return response._replace(body=response.body[: response.body.rindex(b"</")])

    replace_response(endpoint, change)


@fault(
    "xml-root-result",
    breaks=("ENV-007",),
    statement="The root of XML answers is Result.",
    source="KMS pages: KMS, or <Operation>Response",
)
def _xml_root(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if _is_json(response):
            return response
        body = re.sub(rb"(?<=\?>)<[A-Za-z]+>", b"<Result>", response.body)
        return response._replace(body=body[: body.rindex(b"</")] + b"</Result>")

    replace_response(endpoint, change)


@fault(
    "errors-without-code",
    breaks=("ENV-003",),
    statement="Errors carry no Code.",
    source=_RESPONSES,
)
def _no_code(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.pop("Code"), good=False)


@fault(
    "errors-without-message",
    breaks=("ENV-003",),
    statement="Errors carry no Message.",
    source=_RESPONSES,
)
def _no_message(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.pop("Message"), good=False)


@fault(
    "denials-without-code",
    breaks=("ENV-003",),
    statement="Refusals for lack of permission carry no Code.",
    source=_RESPONSES,
)
def _no_code_of_denials(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.pop("Code"), status=403)


@fault(
    "conflicts-without-message",
    breaks=("ENV-003",),
    statement="Refusals because of a state carry no Message.",
    source=_RESPONSES,
)
def _no_message_of_conflicts(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.pop("Message"), status=409)


@fault(
    "error-members-in-lower-case",
    breaks=("ENV-001", "ENV-003"),
    statement="The members of errors are spelt code, message, requestId.",
    source=_RESPONSES,
)
def _lower(endpoint: Endpoint) -> None:
    def change(members: Members) -> None:
        for name in list(members):
            members[name[0].lower() + name[1:]] = members.pop(name)

    _change_members(endpoint, change, good=False)


@fault(
    "http-status-differs",
    breaks=("ENV-004",),
    statement="HttpStatus in an error is another than that of the answer.",
    source=_RESPONSES,
)
def _differs(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.update(HttpStatus=418), good=False)


@fault(
    "http-status-of-conflicts-differs",
    breaks=("ENV-004",),
    statement="HttpStatus of refusals because of a state is 400, their status 409.",
    source=_RESPONSES,
)
def _differs_of_conflicts(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.update(HttpStatus=400), status=409)


@fault(
    "http-status-as-text",
    breaks=("ENV-004",),
    statement="HttpStatus of refusals of what does not exist is written as text.",
    source=f"{_RESPONSES}: the sample of an error in JSON",
)
def _status_as_text(endpoint: Endpoint) -> None:
    _change_members(endpoint, lambda members: members.update(HttpStatus="404"), status=404)


@fault(
    "errors-with-status-200",
    breaks=("ENV-006",),
    statement="Errors are answered with status 200.",
    source=f"{_RESPONSES}: 2xx good, 4xx and 5xx bad",
)
def _status_200(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        return response._replace(status=200)

    replace_response(endpoint, change)


@fault(
    "successes-with-status-201",
    breaks=("ENV-016",),
    statement="Successes are answered with status 201.",
    source=f"{_RESPONSES}: 200",
)
def _status_201(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        return response._replace(status=201) if response.status == 200 else response

    replace_response(endpoint, change)


@fault(
    "result-in-errors",
    breaks=("ENV-009",),
    statement="Errors carry the key that the request named as if it were a result.",
    source=f"{_RESPONSES}: a bad answer carries no result data",
)
def _result(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        if passage.error is None or not _is_json(response):
            return response
        members = json.loads(response.body)
        members["KeyId"] = passage.params.get("KeyId", "")
        members["KeyMetadata"] = {"KeyId": members["KeyId"], "KeyState": "Enabled"}
        return response._replace(body=json.dumps(members).encode())

    replace_response(endpoint, change)


@fault(
    "times-with-fractions",
    breaks=("ENV-012",),
    statement="Times carry milliseconds.",
    source="DescribeKey, AlibabaCloudDocs/kms (2021-07): yyyy-MM-ddTHH:mm:ssZ",
)
def _fractions(endpoint: Endpoint) -> None:
    _change_times(endpoint, rb"\1.000Z")


@fault(
    "times-with-offset",
    breaks=("ENV-012",),
    statement="Times carry an offset instead of Z.",
    source="DescribeKey, AlibabaCloudDocs/kms (2021-07): yyyy-MM-ddTHH:mm:ssZ",
)
def _offset(endpoint: Endpoint) -> None:
    _change_times(endpoint, rb"\1+00:00")


def _change_times(endpoint: Endpoint, pattern: bytes) -> None:
    def change(_: Passage, response: Response) -> Response:
        if response.status >= 400:
            return response
        return response._replace(body=_TIME.sub(pattern, response.body))

    replace_response(endpoint, change)


@fault(
    "body-in-latin-1",
    breaks=("ENV-011",),
    statement="Answers are written in Latin-1.",
    source="Request syntax, AlibabaCloudDocs/kms (2021-07): UTF-8 both ways",
)
def _latin(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        text = response.body.decode()
        return response._replace(body=text.encode("latin-1", "replace"))

    replace_response(endpoint, change)


@fault(
    "json-with-trailing-text",
    breaks=("ENV-002", "ENV-013"),
    statement="Something follows the JSON of a success.",
    source="RFC 8259",
)
def _trailing(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if not _is_json(response) or response.status >= 400:
            return response
        return response._replace(body=response.body + b"OK")

    replace_response(endpoint, change)


@fault(
    "numbers-as-text",
    breaks=(
        "CON-004",
        "ENV-008",
    ),
    statement="Numbers in successes are written as strings.",
    source="Response schemas of the operations",
)
def _numbers(endpoint: Endpoint) -> None:
    def texts(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: texts(member) for name, member in value.items()}
        if isinstance(value, list):
            return [texts(item) for item in value]
        number = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if number else value

    def change(_: Passage, response: Response) -> Response:
        if not _is_json(response) or response.status >= 400:
            return response
        return response._replace(body=json.dumps(texts(json.loads(response.body))).encode())

    replace_response(endpoint, change)


@fault(
    "refused-restore-tells-the-secret",
    breaks=("ENV-009",),
    statement="The refusal of RestoreSecret carries SecretName.",
    source=_RESPONSES,
)
def _refused_restore(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        call = passage.call
        if passage.error is None or call is None or call.operation.name != "RestoreSecret":
            return response
        members = {**json.loads(response.body), "SecretName": call.params.get("SecretName")}
        return response._replace(body=json.dumps(members).encode())

    replace_response(endpoint, change)
