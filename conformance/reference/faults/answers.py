"""Faults of answers that depend on the request, and of what errors give away."""

import json
import re
from typing import Any

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, replace_response
from conformance.reference.passage import Passage, Response

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"


def _error_members(response: Response) -> dict[str, Any] | None:
    """Return the members of a JSON error, None for any other answer."""
    if response.status < 400 or not response.body.startswith(b"{"):
        return None
    members: dict[str, Any] = json.loads(response.body)
    return members


def _with_members(response: Response, members: dict[str, Any]) -> Response:
    return response._replace(body=json.dumps(members).encode())


@fault(
    "xml-lacks-total-count",
    breaks=("ENV-008",),
    statement="XML answers lack the members that are numbers.",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): JSON or XML",
)
def _numbers_missing(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if response.body.startswith(b"{"):
            return response
        body = re.sub(rb"<([A-Za-z]+)>[0-9]+</\1>", b"", response.body)
        return response._replace(body=body)

    replace_response(endpoint, change)


@fault(
    "xml-in-other-letter-case",
    breaks=("ENV-008",),
    statement="Identifiers in XML answers are written in upper case.",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): JSON or XML",
)
def _upper_case(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if response.body.startswith(b"{") or response.status >= 400:
            return response
        body = re.sub(
            rb"<((?:Key|Region)Id)>([^<]+)<",
            lambda match: b"<%s>%s<" % (match[1], match[2].swapcase()),
            response.body,
        )
        return response._replace(body=body)

    replace_response(endpoint, change)


@fault(
    "xml-errors-answer-500",
    breaks=("ENV-010",),
    statement="A refusal in XML has status 500.",
    source=f"{_RESPONSES}: a status for each code",
)
def _xml_errors(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        xml = response.body.startswith(b"<")
        return response._replace(status=500) if xml and response.status >= 400 else response

    replace_response(endpoint, change)


@fault(
    "errors-by-get-answer-404",
    breaks=("ENV-010",),
    statement="A refusal by GET has status 404, whatever its code.",
    source=f"{_RESPONSES}: a status for each code",
)
def _get_errors(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        if response.status < 400 or passage.request.method != "GET":
            return response
        return response._replace(status=404)

    replace_response(endpoint, change)


@fault(
    "message-repeats-the-parameters",
    breaks=("ENV-014",),
    statement="The message of a refusal repeats the parameters of the request.",
    source="A refusal carries no secret",
)
def _repeats(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        members = _error_members(response)
        if members is None or not passage.params:
            return response
        members["Message"] = f"not acceptable: {passage.params}"
        return _with_members(response, members)

    replace_response(endpoint, change)


@fault(
    "message-holds-a-stack-trace",
    breaks=("ENV-014",),
    statement="The message of a refusal holds the stack trace of the server.",
    source="A refusal tells nothing of the inside",
)
def _trace(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        members = _error_members(response)
        if members is None:
            return response
        members["Message"] = "failed\n\tat com.aliyun.kms.Gateway.serve(Gateway.java:117)"
        # The tab must stand in the body as it is for a reader to see.
        text = json.dumps(members).replace("\\t", "\t").replace("\\n", " ")
        return response._replace(body=text.encode())

    replace_response(endpoint, change)


@fault(
    "host-id-is-a-number",
    breaks=("ENV-015",),
    statement="Errors carry a HostId that is a number.",
    source="KMS error pages (2020): HostId is a host name",
)
def _host_id(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        members = _error_members(response)
        if members is None:
            return response
        return _with_members(response, {**members, "HostId": 17})

    replace_response(endpoint, change)
