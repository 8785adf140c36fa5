"""Harmless variations of answers: members, spelling, wording, layout."""

import json
from collections.abc import Callable
from typing import Any

from conformance.reference.endpoint import Endpoint
from conformance.reference.harmless.registry import harmless, replace_error, replace_response
from conformance.reference.passage import Passage, Response

Members = dict[str, Any]


def _change(endpoint: Endpoint, change: Callable[[Members], Members | None]) -> None:
    """Change the members of JSON answers, in place or by returning others."""

    def apply(_: Passage, response: Response) -> Response:
        if not response.body.startswith(b"{"):
            return response
        members = json.loads(response.body)
        changed = change(members)
        text = json.dumps(members if changed is None else changed, ensure_ascii=False)
        return response._replace(body=text.encode())

    replace_response(endpoint, apply)


def _dump(endpoint: Endpoint, **options: Any) -> None:
    """Write JSON answers with other options of the encoder."""

    def apply(_: Passage, response: Response) -> Response:
        if not response.body.startswith(b"{"):
            return response
        return response._replace(body=json.dumps(json.loads(response.body), **options).encode())

    replace_response(endpoint, apply)


@harmless("extra-members", statement="Every JSON answer has members that no page names.")
def _extra(endpoint: Endpoint) -> None:
    extra = {"ServerTime": 1764103500, "Hints": ["a", None, {"b": 1.5}], "Ext": {}}
    _change(endpoint, lambda members: members.update(extra))


@harmless("extra-nested-members", statement="Objects and list items have members no page names.")
def _nested(endpoint: Endpoint) -> None:
    def more(value: Any) -> Any:
        if isinstance(value, dict):
            return {**{name: more(member) for name, member in value.items()}, "Extra": "x"}
        return [more(item) for item in value] if isinstance(value, list) else value

    _change(endpoint, more)


@harmless("reversed-members", statement="The members of JSON objects come in another order.")
def _reversed(endpoint: Endpoint) -> None:
    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turn(value[name]) for name in reversed(value)}
        return [turn(item) for item in value] if isinstance(value, list) else value

    _change(endpoint, turn)


@harmless("indented-json", statement="JSON is indented over several lines.")
def _indented(endpoint: Endpoint) -> None:
    _dump(endpoint, indent=2, ensure_ascii=False)


@harmless("escaped-json", statement="Characters beyond ASCII are escaped in JSON.")
def _escaped(endpoint: Endpoint) -> None:
    _dump(endpoint, ensure_ascii=True)


@harmless("trailing-line-feed", statement="Bodies end with a line feed.")
def _line_feed(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        return response._replace(body=response.body + b"\n")

    replace_response(endpoint, change)


@harmless(
    "lower-case-request-id",
    statement="RequestId is written in lower case.",
    source="Samples show a UUID in either letter case",
)
def _lower(endpoint: Endpoint) -> None:
    _change(endpoint, lambda members: members.update(RequestId=members["RequestId"].lower()))


@harmless("plain-request-id", statement="RequestId is no UUID but some other text.")
def _plain(endpoint: Endpoint) -> None:
    _change(
        endpoint,
        lambda members: members.update(RequestId="req_" + members["RequestId"].replace("-", "")),
    )


@harmless("other-wording", statement="Messages of errors are worded differently.")
def _wording(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        if passage.error is None or not response.body.startswith(b"{"):
            return response
        members = json.loads(response.body)
        members["Message"] = "Nope; 请求被拒绝。"
        return response._replace(body=json.dumps(members).encode())

    replace_response(endpoint, change)


@harmless("empty-message", statement="Messages of errors are empty strings.")
def _empty_message(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda _: True, message="")


@harmless(
    "error-form-with-host-id",
    statement="Errors carry HostId and Recommend beside the members of the KMS form.",
    source="An older page mentions HostId in its text",
)
def _host_id(endpoint: Endpoint) -> None:
    def change(members: Members) -> None:
        if "Code" in members and "Message" in members:
            members["HostId"] = "kms.cn-hangzhou.aliyuncs.com"
            members["Recommend"] = "https://api.aliyun.com/troubleshoot"

    _change(endpoint, change)


@harmless(
    "errors-without-http-status",
    statement="Errors do not carry HttpStatus.",
    source="The gateway's error form does without it",
)
def _no_http_status(endpoint: Endpoint) -> None:
    _change(endpoint, lambda members: {k: v for k, v in members.items() if k != "HttpStatus"})


@harmless(
    "content-type-with-blank", statement="The content type is application/json; charset=UTF-8."
)
def _content_type(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if not response.body.startswith(b"{"):
            return response
        return response._replace(headers=(("Content-Type", "application/json; charset=UTF-8"),))

    replace_response(endpoint, change)


@harmless("xml-as-application-xml", statement="XML answers say application/xml.")
def _application_xml(endpoint: Endpoint) -> None:
    def change(_: Passage, response: Response) -> Response:
        if response.body.startswith(b"{"):
            return response
        return response._replace(headers=(("content-type", "application/xml;charset=utf-8"),))

    replace_response(endpoint, change)
