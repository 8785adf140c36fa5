"""Answers read and written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.envelope import PROBLEMS, parse
from conformance.wire.failures import WireError
from conformance.wire.render import (
    JSON_TYPE,
    XML_TYPE,
    error_members,
    render_error_json,
    render_error_xml,
    render_json,
    render_xml,
)

JSON = {"content-type": JSON_TYPE}
XML = {"Content-Type": XML_TYPE}
ID = "475f1620-b9d3-4d35-b5c6-3fbdd941423d"

SCHEMA = {
    "type": "object",
    "properties": {
        "Keys": {
            "type": "object",
            "properties": {
                "Key": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"KeyId": {"type": "string"}}},
                }
            },
            "required": ["Key"],
        },
        "ClientKeys": {"type": "array", "items": {"type": "object"}},
        "ZoneIds": {"type": "array", "items": {"type": "string"}},
        "TotalCount": {"type": "integer"},
        "Ratio": {"type": "number"},
        "Enabled": {"type": "boolean"},
        "Description": {"type": "string"},
        "RequestId": {"type": "string"},
    },
}


def names(answer):
    return [problem.partition(":")[0] for problem in answer.problems]


def test_a_success_in_json():
    answer = parse(200, JSON, render_json({"KeyId": "k", "RequestId": ID}))

    assert answer.ok
    assert (answer.request_id, answer.code, answer.format) == (ID, None, "json")
    assert answer.data == {"KeyId": "k", "RequestId": ID}
    assert answer.problems == ()


@pytest.mark.parametrize("form", ["kms", "gateway"])
@pytest.mark.parametrize("shape", ["json", "xml"])
def test_errors_in_both_forms_and_formats(form, shape):
    members = error_members(
        form,
        status=403,
        code="Forbidden.NoPermission",
        message="no <permission> & so on",
        request_id=ID,
        host_id="kms.cn-hangzhou.aliyuncs.com",
    )
    if shape == "json":
        answer = parse(403, JSON, render_error_json(members))
    else:
        answer = parse(403, XML, render_error_xml(form, members))

    assert (answer.request_id, answer.code) == (ID, "Forbidden.NoPermission")
    assert answer.message == "no <permission> & so on"
    assert answer.data == members
    assert answer.problems == ()
    assert ("HostId" in members) is (form == "gateway")


@pytest.mark.parametrize("root", ["KMS", "response"])
def test_a_success_in_xml_with_types_of_the_schema(root):
    data = {
        "Keys": {"Key": [{"KeyId": "1"}, {"KeyId": "true"}]},
        "ClientKeys": [{"ClientKeyId": "KAAP.1"}],
        "ZoneIds": ["a"],
        "TotalCount": 2,
        "Enabled": False,
        "Description": "\r\n <&> \t密🔑",
        "RequestId": ID,
    }

    answer = parse(200, XML, render_xml("ListKeys", data, root), SCHEMA, operation="ListKeys")

    assert answer.data == data
    assert (answer.format, answer.problems) == ("xml", ())


def test_an_empty_list_in_xml():
    body = render_xml("ListKeys", {"Keys": {"Key": []}, "RequestId": ID})
    assert parse(200, XML, body, SCHEMA).data == {"Keys": {"Key": []}, "RequestId": ID}
    body = b"<KMS><ClientKeys/><Description/><TotalCount>x</TotalCount></KMS>"
    assert parse(200, XML, body, SCHEMA).data == {
        "ClientKeys": [],
        "Description": "",
        "TotalCount": "x",
    }


def test_xml_without_schema_is_text_and_repetition():
    body = b"<KMS><A>1</A><A>2</A><B><C>true</C></B></KMS>"
    assert parse(200, XML, body).data == {"A": ["1", "2"], "B": {"C": "true"}}


def test_schema_references_are_followed_in_xml():
    definitions = {"kms:definitions#/$defs/TotalCount": {"type": "integer"}}
    schema = {"properties": {"TotalCount": {"$ref": "kms:definitions#/$defs/TotalCount"}}}
    body = b"<KMS><TotalCount>7</TotalCount></KMS>"
    answer = parse(200, XML, body, schema, resolve=definitions.__getitem__)
    assert answer.data == {"TotalCount": 7}


@pytest.mark.parametrize(
    ("status", "headers", "body", "problems"),
    [
        (200, JSON, b"", ["body-empty", "request-id-missing"]),
        (200, JSON, b"   ", ["body-empty", "request-id-missing"]),
        (200, JSON, b"\xff", ["body-not-utf8", "request-id-missing"]),
        (200, JSON, b"[]", ["body-not-object", "request-id-missing"]),
        (200, JSON, b"{", ["body-not-json", "request-id-missing"]),
        (200, JSON, b"[" * 100_000, ["body-not-json", "request-id-missing"]),
        (200, JSON, b'{"RequestId":"1"}{}', ["body-not-json", "request-id-missing"]),
        (200, JSON, b'{"RequestId":"1","RequestId":"2"}', ["duplicate-member"]),
        (200, JSON, b'{"RequestId":"1","N":NaN}', ["not-a-number"]),
        (200, JSON, b'{"RequestId":"1","N":1e999}', ["not-a-number"]),
        (200, JSON, b'{"RequestId":"1","T":"\\ud800"}', ["lone-surrogate"]),
        (200, JSON, b'\xef\xbb\xbf{"RequestId":"1"}', ["byte-order-mark"]),
        (200, JSON, b'{"RequestId":1}', ["request-id-not-text"]),
        (200, JSON, b'{"RequestId":""}', ["request-id-not-text"]),
        (200, {}, b'{"RequestId":"1"}', ["content-type-missing"]),
        (200, XML, b'{"RequestId":"1"}', ["content-type-differs"]),
        (200, {"content-type": "text/html"}, b"<html>", ["content-type-differs", "body-not-xml"]),
        (400, JSON, b'{"RequestId":"1"}', ["code-missing", "message-missing"]),
        (400, JSON, b'{"RequestId":"1","Code":7,"Message":[]}', ["code-not-text"]),
        (
            400,
            JSON,
            b'{"RequestId":"1","Code":"C","Message":"","HttpStatus":404}',
            ["http-status-differs"],
        ),
        (200, XML, b"<Other><RequestId>1</RequestId></Other>", ["root-unknown"]),
        (400, XML, b"<XResponse><RequestId>1</RequestId></XResponse>", ["root-unknown"]),
        (
            200,
            XML,
            b'<!DOCTYPE a [<!ENTITY b "c">]><KMS><RequestId>&b;</RequestId></KMS>',
            ["body-not-xml"],
        ),
    ],
)
def test_what_is_wrong_with_the_envelope_is_told(status, headers, body, problems):
    found = names(parse(status, headers, body))
    assert set(problems) <= set(found)
    assert set(found) <= PROBLEMS.keys()


def test_a_wrong_operation_in_the_root_is_told():
    body = render_xml("ListKeys", {"RequestId": ID})
    assert parse(200, XML, body, operation="ListKeys").problems == ()
    assert names(parse(200, XML, body, operation="ListAliases")) == ["root-unknown"]


def test_a_lone_surrogate_does_not_travel_on():
    answer = parse(200, JSON, b'{"RequestId":"1","T":"\\ud800\\ud83d\\udd11"}')
    assert json.dumps(answer.data, ensure_ascii=False).encode()
    assert answer.data["T"].endswith("🔑")


pieces = st.lists(
    st.sampled_from(
        [b"<KMS>", b"</KMS>", b"<a/>", b"{", b"}", b'"Code":', b'"x"', b",", b"[", b"]", b"1e9"]
    )
    | st.binary(max_size=4),
    max_size=12,
).map(b"".join)


@given(
    st.sampled_from([200, 400, 500, 302, 0]),
    st.sampled_from([{}, JSON, XML, {"content-type": "\x00"}]),
    st.binary() | pieces | st.text().map(str.encode),
    st.sampled_from([None, SCHEMA]),
)
def test_no_bytes_break_the_reader(status, headers, body, schema):
    answer = parse(status, headers, body, schema)
    assert set(names(answer)) <= PROBLEMS.keys()
    assert answer.data is None or json.dumps(answer.data, ensure_ascii=False).encode()


scalars = st.integers() | st.booleans() | st.text(alphabet=st.characters(codec="ascii"))
objects = st.dictionaries(st.from_regex(r"[A-Z][A-Za-z]{0,5}", fullmatch=True), scalars, max_size=4)


@given(objects)
def test_json_round_trip(data):
    assert parse(200, JSON, render_json(data)).data == data


xml_text = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
)


@given(st.lists(xml_text, min_size=1, max_size=3), xml_text, st.integers(), st.booleans())
def test_xml_round_trip(zones, description, count, enabled):
    data = {
        "ZoneIds": zones,
        "Description": description,
        "TotalCount": count,
        "Enabled": enabled,
        "RequestId": ID,
    }
    assert parse(200, XML, render_xml("X", data), SCHEMA).data == data


@pytest.mark.parametrize("data", [{"a b": 1}, {"": 1}, {"A": [[1]]}, {"A": "\x00"}, {"1": 2}])
def test_what_has_no_xml_form_is_refused(data):
    with pytest.raises(WireError):
        render_xml("X", data)
