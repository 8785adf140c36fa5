"""Every answer, good or bad: status, RequestId, members, content type."""

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"


def _good(kms: Kms) -> Exchange:
    return kms.expect_success(kms.call("DescribeRegions"))


def _bad(kms: Kms) -> Exchange:
    exchange = kms.call("DescribeKey")
    return kms.expect_refused(
        exchange, codes=["MissingParameter"], statuses=[400], why="without KeyId"
    )


@rule(
    "ENV-001",
    level=Level.MUST,
    family="envelope",
    statement="Every answer, good or bad, carries a RequestId that is a non-empty string.",
    provenance="documented",
    source=_RESPONSES,
    stage="answer",
    operations=("DescribeRegions", "DescribeKey"),
)
def request_id(kms: Kms) -> None:
    for exchange in (_good(kms), _bad(kms)):
        kms.expect(
            exchange.answer.request_id,
            f"an answer carries RequestId, found none in {exchange.describe()}",
            exchange,
        )


@rule(
    "ENV-002",
    level=Level.MUST,
    family="envelope",
    statement="Answers are JSON with a JSON content type unless XML is asked for.",
    provenance="documented",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): Format is JSON by default",
    stage="answer",
    operations=("DescribeRegions", "DescribeKey"),
)
def json_by_default(kms: Kms) -> None:
    for exchange in (_good(kms), _bad(kms)):
        kind = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
        kms.expect(
            kind == "application/json" or kind.endswith("+json"),
            f"the content type of a JSON answer is application/json, found {kind or 'none'}",
            exchange,
        )
        kms.expect(exchange.answer.data is not None, "the body is a JSON object", exchange)


@rule(
    "ENV-003",
    level=Level.MUST,
    family="envelope",
    statement="An error carries Code and Message, both strings.",
    provenance="documented",
    source=_RESPONSES,
    stage="answer",
    operations=("DescribeKey",),
)
def error_members(kms: Kms) -> None:
    exchange = _bad(kms)
    answer = exchange.answer
    kms.expect(answer.code, "an error carries Code", exchange)
    kms.expect(answer.message is not None, "an error carries Message", exchange)


@rule(
    "ENV-004",
    level=Level.MUST,
    family="envelope",
    statement="Where an error carries HttpStatus, it is the status of the answer.",
    provenance="documented",
    source=_RESPONSES,
    stage="answer",
    operations=("DescribeKey",),
)
def status_in_body(kms: Kms) -> None:
    exchange = _bad(kms)
    kms.expect(
        "http-status-differs" not in exchange.answer.problems,
        f"HttpStatus equals the status {exchange.status}",
        exchange,
    )
