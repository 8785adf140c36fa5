"""Members of answers: RequestId, errors, statuses, times."""

from datetime import timedelta

from conformance.client.exchange import Exchange
from conformance.rules.cryptography.asking import expect_closed
from conformance.rules.envelope.asking import NOWHERE, RESPONSES, bad, good, refusals
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.spec.catalogue import catalogue
from conformance.wire.failures import WireError
from conformance.wire.times import parse_iso

#: A request must be fresh, so that clocks differ by less than the widest documented window.
_CLOCKS = timedelta(minutes=65)


@rule(
    "ENV-001",
    level=Level.MUST,
    family="envelope",
    statement="Every answer, good or bad, carries a RequestId that is a non-empty string.",
    provenance="documented",
    source=RESPONSES,
    stage="answer",
    promises=("semantics/request-id",),
    operations=("DescribeRegions", "DescribeKey"),
)
def request_id(kms: Kms) -> None:
    """Look at a success and at refusals of several statuses."""
    for exchange in (good(kms), *refusals(kms)):
        kms.expect(
            exchange.answer.request_id,
            f"an answer carries RequestId, found none in {exchange.describe()}",
            exchange,
        )


@rule(
    "ENV-003",
    level=Level.MUST,
    family="envelope",
    statement="An error carries Code and Message, both strings.",
    provenance="documented",
    source=RESPONSES,
    stage="answer",
    promises=("semantics/error-members",),
    operations=("DescribeKey",),
)
def error_members(kms: Kms) -> None:
    """Look at refusals of several statuses."""
    for exchange in refusals(kms):
        answer = exchange.answer
        kms.expect(answer.code, "an error carries Code", exchange)
        kms.expect(answer.message is not None, "an error carries Message", exchange)


@rule(
    "ENV-004",
    level=Level.MUST,
    family="envelope",
    statement="Where an error carries HttpStatus, it is the status of the answer, and in JSON a "
    "number.",
    provenance="documented",
    source=f"{RESPONSES}, and Sample responses page 601449: the sample of an error in JSON",
    stage="answer",
    operations=("DescribeKey",),
)
def status_in_body(kms: Kms) -> None:
    """Look at refusals of several statuses."""
    for exchange in refusals(kms):
        kms.expect(
            "http-status-differs" not in exchange.answer.problems,
            f"HttpStatus equals the status {exchange.status}",
            exchange,
        )
        told = exchange.data.get("HttpStatus")
        kms.expect(
            not isinstance(told, str) or exchange.answer.format != "json",
            f"HttpStatus is a number in JSON, found the text {told!r}",
            exchange,
        )


@rule(
    "ENV-005",
    level=Level.MUST,
    family="envelope",
    statement="RequestId is another one for each call, good or bad.",
    provenance="documented",
    source=f"{RESPONSES}: the unique id of the request",
    stage="answer",
    operations=("DescribeRegions", "DescribeKey"),
)
def request_id_is_unique(kms: Kms) -> None:
    """Collect the ids of several calls."""
    exchanges = [ask(kms) for _ in range(4) for ask in (good, bad)]
    ids = [exchange.answer.request_id for exchange in exchanges]
    kms.expect(
        len(set(ids)) == len(ids),
        f"{len(ids)} calls have {len(ids)} request ids, found {len(set(ids))}",
        *exchanges[-2:],
    )


@rule(
    "ENV-006",
    level=Level.MUST,
    family="envelope",
    statement="A success has a status of 2xx, a refusal a status of 4xx that its code is "
    "documented with.",
    provenance="documented",
    source=RESPONSES,
    stage="answer",
    operations=("DescribeRegions", "DescribeKey"),
)
def statuses(kms: Kms) -> None:
    """Look at a success, at a missing parameter and at an unknown key."""
    kms.expect_success(kms.call("DescribeRegions"))
    missing = kms.call("DescribeKey")
    kms.expect(
        missing.status == 400, f"a missing parameter has 400, found {missing.status}", missing
    )
    gone = kms.call("DescribeKey", {"KeyId": NOWHERE})
    kms.expect_refused(
        gone, codes=["Forbidden.KeyNotFound"], statuses=[404], why="the key does not exist"
    )


@rule(
    "ENV-009",
    level=Level.MUST,
    family="envelope",
    statement="A refusal carries nothing of a result: no member of the operation's answer.",
    provenance="documented",
    source=f"{RESPONSES}: a bad answer carries no result data",
    stage="answer",
    promises=("semantics/no-result-in-errors",),
    operations=("DescribeKey", "Encrypt", "GenerateDataKey", "CreateAlias", "GetSecretValue"),
)
def errors_carry_no_result(kms: Kms) -> None:
    """Refuse calls whose answers would tell something."""
    for operation, params in (
        ("DescribeKey", {"KeyId": NOWHERE}),
        ("Encrypt", {"KeyId": NOWHERE, "Plaintext": "YQ=="}),
        ("GenerateDataKey", {"KeyId": NOWHERE}),
        ("Decrypt", {"CiphertextBlob": "YWJj"}),
        ("GetSecretValue", {"SecretName": "kms-conformance-does-not-exist"}),
        ("ListAliasesByKeyId", {"KeyId": NOWHERE}),
    ):
        exchange = kms.call(operation, params)
        if operation == "Decrypt":
            # How a blob that does not open is answered, no source says: KMS Instance API by 500.
            expect_closed(kms, exchange, "it is no blob")
        else:
            kms.expect_refused(exchange, why="nothing is there")
        _expect_no_result(kms, exchange)
    for exchange in refusals(kms):
        _expect_no_result(kms, exchange)


def _expect_no_result(kms: Kms, exchange: Exchange) -> None:
    operation = exchange.operation
    members = catalogue().operations[operation].response["properties"]
    told = sorted(exchange.data.keys() & (members.keys() - {"RequestId"}))
    kms.expect(not told, f"a refusal of {operation} tells no {', '.join(told)}", exchange)


@rule(
    "ENV-012",
    level=Level.MUST,
    family="envelope",
    statement="Times are UTC, in seconds, yyyy-MM-ddTHH:mm:ssZ: what is made now was made now.",
    provenance="documented",
    source="DescribeKey page, AlibabaCloudDocs/kms (2021-07)",
    stage="answer",
    promises=("semantics/times",),
    operations=("CreateKey", "DescribeKeyVersion"),
    safety="creates",
)
def times_are_utc(kms: Kms) -> None:
    """Compare the creation of a key and of its version with the clock."""
    created = kms.expect_success(kms.call("CreateKey", {"Description": f"{kms.marker} time"}))
    metadata = created.data.get("KeyMetadata") or {}
    key_id = metadata.get("KeyId")
    listed = kms.expect_success(kms.call("ListKeyVersions", {"KeyId": key_id}))
    rows = (listed.data.get("KeyVersions") or {}).get("KeyVersion") or [{}]
    for text, exchange in (
        (metadata.get("CreationDate"), created),
        (rows[0].get("CreationDate"), listed),
    ):
        try:
            moment = parse_iso(str(text))
        except WireError:
            kms.violated("a time is yyyy-MM-ddTHH:mm:ssZ", exchange)
        kms.expect(
            abs(moment - kms.now()) < _CLOCKS,
            f"what is made now was made now, found {moment - kms.now()} from now",
            exchange,
        )


@rule(
    "ENV-014",
    level=Level.SHOULD,
    family="envelope",
    statement="A refusal repeats no secret of its request and tells nothing of the inside of the "
    "target.",
    provenance="inferred",
    source=RESPONSES,
    stage="answer",
    operations=("Encrypt", "CreateSecret"),
)
def refusals_are_discreet(kms: Kms) -> None:
    """Refuse calls that carry secrets, and look for these and for stack traces."""
    secret = f"secret{kms.random.getrandbits(96):024x}"
    for operation, params in (
        ("Encrypt", {"KeyId": NOWHERE, "Plaintext": secret}),
        ("PutSecretValue", {"SecretName": "kms-conformance-does-not-exist", "VersionId": "v1",
                            "SecretData": secret}),
        ("DescribeKey", {"KeyId": "\0"}),
    ):  # fmt: skip
        if not kms.target.allows(catalogue().operations[operation].safety):
            continue
        exchange = kms.call(operation, params)
        body = exchange.response_body
        kms.expect(secret.encode() not in body, "a refusal repeats no secret", exchange)
        traces = (b"Traceback (most recent", b"\tat java.", b"\tat com.", b"goroutine ")
        kms.expect(
            not any(trace in body for trace in traces), "a refusal holds no stack trace", exchange
        )


@rule(
    "ENV-015",
    level=Level.MAY,
    family="envelope",
    statement="Errors carry HostId where the target keeps to the older page.",
    provenance="inferred",
    source="KMS error pages (2020); gateway error samples",
    stage="answer",
    operations=("DescribeKey",),
    readings=("host-id", "error-body"),
)
def host_id(kms: Kms) -> None:
    """Record which form errors have; both are documented."""
    exchange = bad(kms)
    has = "HostId" in exchange.data
    kms.showed("host-id", "present" if has else "absent", exchange)
    recommends = "Recommend" in exchange.data
    kms.showed("error-body", "gateway" if has or recommends else "kms", exchange)
    host = exchange.data.get("HostId", "host")
    kms.expect(isinstance(host, str) and host, "HostId, where given, is text", exchange)


@rule(
    "ENV-016",
    level=Level.SHOULD,
    family="envelope",
    statement="A success has status 200, which is the only one of 2xx that clients have seen.",
    provenance="inferred",
    source=RESPONSES,
    stage="answer",
    operations=("DescribeRegions",),
)
def success_is_200(kms: Kms) -> None:
    """Look at a success."""
    exchange = good(kms)
    kms.expect(exchange.status == 200, f"a success has 200, found {exchange.status}", exchange)
