"""Formats of answers: JSON and XML, their content types, and that they agree."""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.envelope.asking import FORMATS, bad, good
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.spec import resolve
from conformance.spec.catalogue import catalogue

_Ask = Callable[[str, Mapping[str, Any]], Exchange]
#: Problems of an answer that is not what its format says.
_MALFORMED = (
    "body-empty",
    "body-not-utf8",
    "body-not-json",
    "body-not-xml",
    "body-not-object",
    "byte-order-mark",
    "duplicate-member",
    "not-a-number",
    "lone-surrogate",
    "content-type-missing",
    "content-type-differs",
)


def _ways(kms: Kms) -> list[tuple[str, _Ask]]:
    """Return how to ask for each format: V3 has no documented way to ask for XML."""
    ways: list[tuple[str, _Ask]] = [("JSON", kms.call)]
    if kms.offers("format:XML") and kms.offers("scheme:RPC-1.0"):

        def ask_xml(operation: str, params: Mapping[str, Any]) -> Exchange:
            return kms.call(operation, params, format="XML", scheme="RPC-1.0")

        ways.append(("XML", ask_xml))
    return ways


def _roots() -> Mapping[str, tuple[str, ...]]:
    rows = catalogue().document("readings")["readings"]
    return {row["id"]: tuple(option["option"] for option in row["options"]) for row in rows}


def _show_root(kms: Kms, exchange: Exchange) -> None:
    reading = "xml-root" if exchange.ok else "error-xml-root"
    own = {"xml-root": "operation-response", "error-xml-root": "Error"}[reading]
    body = exchange.response_body.lstrip()
    plain = b"<KMS" in body[:200]
    if own in _roots().get(reading, ()):
        kms.showed(reading, "KMS" if plain else own, exchange)


def _described(kms: Kms) -> list[tuple[str, dict[str, Any]]]:
    key = kms.provide("symmetric-key")
    return [
        ("DescribeRegions", {}),
        ("DescribeKey", {"KeyId": key["id"]}),
        ("ListKeyVersions", {"KeyId": key["id"]}),
        ("ListResourceTags", {"KeyId": key["id"]}),
        ("ListAliasesByKeyId", {"KeyId": key["id"]}),
    ]


def _members(exchange: Exchange) -> Any:
    """Return the members that the operation describes, but RequestId.

    Empty ones are left out, which XML cannot tell from absent, and so are further ones, whose types
    no schema tells: XML answers them as text.
    """
    schema = catalogue().operations[exchange.operation].response
    described = _described_part(exchange.data, schema)
    return _tidy({name: part for name, part in described.items() if name != "RequestId"})


def _described_part(value: Any, schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        schema = {**resolve(schema["$ref"]), **schema}
    if isinstance(value, Mapping):
        known = schema.get("properties", {})
        return {
            name: _described_part(part, known[name])
            for name, part in value.items()
            if name in known
        }
    if isinstance(value, list):
        return [_described_part(part, schema.get("items", {})) for part in value]
    return value


def _tidy(value: Any) -> Any:
    if isinstance(value, Mapping):
        found = {name: _tidy(part) for name, part in value.items()}
        return {name: part for name, part in found.items() if part not in ("", None, [], {})}
    if isinstance(value, list):
        return [_tidy(part) for part in value]
    return value


@rule(
    "ENV-002",
    level=Level.MUST,
    family="envelope",
    statement="Answers are JSON with a JSON content type unless XML is asked for.",
    provenance="documented",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): Format is JSON by default",
    stage="answer",
    promises=("semantics/json-default",),
    operations=("DescribeRegions", "DescribeKey"),
)
def json_by_default(kms: Kms) -> None:
    """Look at a success and at a refusal."""
    for exchange in (good(kms), bad(kms)):
        kind = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
        kms.expect(
            kind == "application/json" or kind.endswith("+json"),
            f"the content type of a JSON answer is application/json, found {kind or 'none'}",
            exchange,
        )
        kms.expect(exchange.answer.data is not None, "the body is a JSON object", exchange)


@rule(
    "ENV-007",
    level=Level.MUST,
    family="envelope",
    statement="Asked for XML, a target answers well-formed XML with an XML content type and a "
    "documented root, successes and refusals alike.",
    provenance="documented",
    source=FORMATS,
    stage="answer",
    promises=(
        "common/RPC-1.0/Format",
        "common/V3/accept",
    ),
    operations=("DescribeRegions", "DescribeKey"),
    needs=("format:XML", "scheme:RPC-1.0"),
    readings=("xml-root", "error-xml-root"),
)
def xml_when_asked(kms: Kms) -> None:
    """Ask for XML the only documented way, by Format of RPC-1.0."""
    for operation in ("DescribeRegions", "DescribeKey"):
        exchange = kms.call(operation, format="XML", scheme="RPC-1.0")
        answer = exchange.answer
        kms.expect(answer.format == "xml", f"{operation} is answered in XML, as asked", exchange)
        kind = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
        kms.expect(
            kind in {"application/xml", "text/xml"} or kind.endswith("+xml"),
            f"the content type of an XML answer is application/xml, found {kind or 'none'}",
            exchange,
        )
        wrong = [p for p in answer.problems if p.startswith(("root-unknown", "body-not-xml"))]
        kms.expect(
            not wrong, f"the answer of {operation} is documented XML, found {wrong}", exchange
        )
        kms.expect(answer.request_id, "an XML answer carries RequestId", exchange)
        _show_root(kms, exchange)


@rule(
    "ENV-008",
    level=Level.MUST,
    family="envelope",
    statement="JSON and XML answers to one request hold the same members with the same values.",
    provenance="documented",
    source=FORMATS,
    stage="answer",
    operations=("DescribeKey", "ListKeyVersions", "DescribeRegions"),
    needs=("format:XML", "scheme:RPC-1.0"),
)
def formats_agree(kms: Kms) -> None:
    """Ask in both formats and compare."""
    for operation, params in _described(kms):
        json_answer = kms.expect_success(kms.call(operation, params))
        xml_answer = kms.expect_success(kms.call(operation, params, format="XML", scheme="RPC-1.0"))
        kms.expect(
            _members(json_answer) == _members(xml_answer),
            f"{operation} answers the same in JSON and in XML",
            json_answer,
            xml_answer,
        )


@rule(
    "ENV-010",
    level=Level.MUST,
    family="envelope",
    statement="A refusal has the same status and code in JSON and in XML, by GET and by POST.",
    provenance="documented",
    source=FORMATS,
    stage="answer",
    operations=("DescribeKey",),
    needs=("format:XML", "scheme:RPC-1.0"),
)
def refusals_agree(kms: Kms) -> None:
    """Refuse the same request asked in several ways."""
    nowhere = {"KeyId": "00000000-0000-4000-8000-000000000000"}
    for params in ({}, nowhere):
        exchanges = [
            *(ask("DescribeKey", params) for _, ask in _ways(kms)),
            kms.call("DescribeKey", params, method="GET"),
        ]
        found = sorted({exchange.describe() for exchange in exchanges})
        kms.expect(
            len(found) == 1 and all(exchange.code for exchange in exchanges),
            f"the refusal is the same each way, found {', '.join(found)}",
            *exchanges,
        )


@rule(
    "ENV-011",
    level=Level.MUST,
    family="envelope",
    statement="Text of every script comes back as it was sent, in JSON and in XML: UTF-8 both "
    "ways.",
    provenance="documented",
    source="Request syntax page, AlibabaCloudDocs/kms (2021-07)",
    stage="answer",
    promises=("semantics/utf8",),
    operations=("CreateKey", "DescribeKey"),
    safety="creates",
)
def text_comes_back(kms: Kms) -> None:
    """Describe a key whose description holds many scripts, markup and reserved characters."""
    text = f'{kms.marker} ключ 密钥 🔑 é <a>&amp;"quotes" %41 + ~ /?=;'
    created = kms.expect_success(kms.call("CreateKey", {"Description": text}))
    key_id = (created.data.get("KeyMetadata") or {}).get("KeyId")
    for form, ask in _ways(kms):
        exchange = kms.expect_success(ask("DescribeKey", {"KeyId": key_id}))
        found = (exchange.data.get("KeyMetadata") or {}).get("Description")
        kms.expect(found == text, f"the description comes back in {form}", exchange)


@rule(
    "ENV-013",
    level=Level.MUST,
    family="envelope",
    statement="Every answer is well-formed in its format, UTF-8, and of the type that its "
    "Content-Type says.",
    provenance="documented",
    source=FORMATS,
    stage="answer",
    operations=("DescribeRegions", "DescribeKey"),
)
def answers_are_well_formed(kms: Kms) -> None:
    """Look at successes and refusals in both formats."""
    for form, ask in _ways(kms):
        for operation in ("DescribeRegions", "DescribeKey", "ListKeys"):
            exchange = ask(operation, {})
            wrong = [p for p in exchange.answer.problems if p.startswith(_MALFORMED)]
            kms.expect(
                not wrong, f"an answer in {form} is well-formed, found {', '.join(wrong)}", exchange
            )
