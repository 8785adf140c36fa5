"""The shared gateway: every operation by every documented way, and proper refusals of the rest."""

from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from conformance.client.building import AnswerFormat, Placement, Scheme
from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import (
    QUESTION,
    RPC_PAGE,
    SCHEMES,
    TABLES,
    V3_PAGE,
    answers,
    ask,
    expect_failure,
    right_signer,
    twin,
    wrong_signer,
)
from conformance.rules.gateway.requests import operation_cases, real_or_plausible, way
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation
from conformance.wire.request import rebuilt
from conformance.wire.tamper import signers

_SYNTAX = "Request syntax page, AlibabaCloudDocs/kms (2021-07)"
_METADATA = "aliyun-openapi-meta, snapshot of 2026-04-21"
#: Failures that say that a right request was not even brought before the operation.
_NOT_REACHED = (
    *("unknown-action", "unsupported-http-method", "signature-mismatch", "unknown-access-key"),
    *("unknown-version", "plain-http", "no-permission"),
)


_METHODS = ("PUT", "DELETE", "PATCH")


@dataclass(frozen=True, slots=True)
class Way:
    """One way over the wire."""

    scheme: Scheme
    method: str
    placement: Placement
    answer: AnswerFormat

    @property
    def name(self) -> str:
        """Short stable name."""
        return f"{self.scheme} {self.method} {self.placement} {self.answer}"


def _ways() -> Iterable[Case]:
    places: dict[Scheme, tuple[tuple[str, Placement], ...]] = {
        "RPC-1.0": (("GET", "query"), ("POST", "query"), ("POST", "form")),
        "V3": (("GET", "query"), ("POST", "query")),
    }
    formats: tuple[AnswerFormat, ...] = ("JSON", "XML")
    for scheme, found in places.items():
        for method, placement in found:
            for answer in formats:
                one = Way(scheme, method, placement, answer)
                yield Case(one.name, one)


@rule(
    "GW-SHR-001",
    level=Level.MUST,
    family="gateway",
    statement="A read is served by GET and by POST, with parameters in the query and, by RPC-1.0, "
    "in the form, signed by either scheme, answered in the format asked for.",
    provenance="documented",
    source=f"{_SYNTAX}; {RPC_PAGE}; {V3_PAGE}",
    stage="gateway",
    operations=("ListKeys",),
    cases=_ways,
)
def served_by_every_way(kms: Kms, how: Way) -> None:
    """Ask the same question by one of the documented ways."""
    kms.require(f"scheme:{how.scheme}", f"format:{how.answer}")
    operation, params = QUESTION
    exchange = kms.call(
        operation,
        params,
        scheme=how.scheme,
        method=how.method,
        placement=how.placement,
        format=how.answer,
    )
    kms.expect_success(exchange)
    # RPC-1.0 names the format in a signed parameter; how V3 asks for XML is not documented.
    if how.scheme == "RPC-1.0":
        kms.expect(
            (exchange.answer.format or "").upper() == how.answer,
            f"Format={how.answer} is answered in {how.answer}, found {exchange.answer.format}",
            exchange,
        )


@rule(
    "GW-SHR-002",
    level=Level.MUST,
    family="gateway",
    statement="Every operation is reached by RPC-1.0 and V3 with a right request: none is unknown, "
    "refused for its method, its signature, or for lack of permission.",
    provenance="documented",
    source=f"Operation pages; {_METADATA}",
    stage="gateway",
    cells=("shared-ram-api-*",),
    cases=operation_cases(lambda operation: operation.safety != "destructive"),
)
def every_operation_reached(kms: Kms, operation: Operation) -> None:
    """Call each operation with its smallest request, as official SDKs of either scheme do."""
    kms.require(f"operation:{operation.name}")
    method, placement = way(operation)
    found = []
    for scheme in SCHEMES:
        if not kms.offers(f"scheme:{scheme}"):
            continue
        exchange = kms.call(
            operation.name,
            real_or_plausible(kms, operation),
            scheme=scheme,
            method=method,
            placement=placement,
        )
        expect_reached(kms, exchange, f"by {scheme}")
        found.append(exchange)
    served = [exchange for exchange in found if exchange.ok]
    kms.expect(
        operation.safety != "read-only" or len(served) in {0, len(found)},
        f"what one scheme reaches the other does too, found "
        f"{' and '.join(f'{one.describe()} by {one.scheme}' for one in found)}",
        *found,
    )


@rule(
    "GW-SHR-003",
    level=Level.MUST,
    family="gateway",
    statement="An operation that the API's description offers by GET and POST is reached by both.",
    provenance="documented",
    source=f"{_SYNTAX}; {_METADATA}",
    stage="gateway",
    cases=operation_cases(
        lambda operation: operation.safety == "read-only" and len(operation.methods) > 1
    ),
)
def both_methods(kms: Kms, operation: Operation) -> None:
    """Read by each method with all parameters in the query."""
    kms.require(f"operation:{operation.name}", "scheme:V3")
    params = real_or_plausible(kms, operation)
    for method in operation.methods:
        exchange = kms.call(operation.name, params, method=method)
        expect_reached(kms, exchange, f"by {method}")


def expect_reached(kms: Kms, exchange: Exchange, how: str) -> None:
    """Raise Violation when a right request was not brought before its operation."""
    kms.expect(
        exchange.status < 500,
        f"{exchange.operation} {how} should be reached, found {exchange.describe()}",
        exchange,
    )
    if exchange.ok:
        kms.expect_success(exchange)
        return
    refusals = answers(_NOT_REACHED)
    kms.expect(
        (exchange.status, exchange.code) not in refusals and exchange.code,
        f"{exchange.operation} {how} should be reached, found {exchange.describe()}",
        exchange,
    )


@rule(
    "GW-SHR-004",
    level=Level.MUST,
    family="gateway",
    statement="HTTP methods other than GET and POST are refused as UnsupportedHTTPMethod.",
    provenance="documented",
    source=TABLES,
    stage="gateway",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(f"{method} {scheme}", (scheme, method)) for scheme in SCHEMES for method in _METHODS
    ),
)
def other_methods(kms: Kms, how: tuple[Scheme, str]) -> None:
    """Send and sign a right request under another method."""
    scheme, method = how
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)

    def renamed(request: httpx.Request) -> httpx.Request:
        return rebuilt(request, method=method)

    exchange = ask(kms, scheme, signers.before(right_signer(kms, scheme), renamed))
    expect_failure(kms, exchange, "unsupported-http-method", why=f"by {method}")


@rule(
    "GW-SHR-005",
    level=Level.MUST,
    family="gateway",
    statement="An operation that does not exist is refused as such.",
    provenance="documented",
    source=TABLES,
    stage="gateway",
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(f"{name} {scheme}", (scheme, name))
        for scheme in SCHEMES
        for name in ("NoSuchOperation", "ListKeysX")
    ),
)
def unknown_action(kms: Kms, how: tuple[Scheme, str]) -> None:
    """Ask for an operation of another name, rightly signed."""
    scheme, name = how
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = kms.call(name, scheme=scheme)
    expect_failure(kms, exchange, "unknown-action", why="an operation that does not exist")


@rule(
    "GW-SHR-006",
    level=Level.MUST,
    family="gateway",
    statement="A version of the API that does not exist is refused as such.",
    provenance="documented",
    source=TABLES,
    stage="gateway",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (Case(scheme, scheme) for scheme in SCHEMES),
)
def unknown_version(kms: Kms, scheme: Scheme) -> None:
    """Name another version and sign rightly."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, "version-unknown"))
    expect_failure(kms, exchange, "unknown-version", why="version 2010-01-01")


@rule(
    "GW-SHR-007",
    level=Level.MUST,
    family="gateway",
    statement="RPC-1.0: a Format other than JSON and XML is refused as such.",
    provenance="documented",
    source=TABLES,
    stage="gateway",
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    tags=("negative",),
    readings=("error-family",),
)
def unknown_format(kms: Kms) -> None:
    """Ask for YAML and sign rightly."""
    twin(kms, "RPC-1.0")
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", "format-unknown"))
    expect_failure(kms, exchange, "unsupported-format", why="Format YAML")


@rule(
    "GW-SHR-008",
    level=Level.SHOULD,
    family="gateway",
    statement="A form that cannot be parsed is refused as such.",
    provenance="inferred",
    source=f"{TABLES}; the order of checks is not documented",
    stage="gateway",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(name, (scheme, name))
        for scheme, name in (
            ("V3", "form-bad-escape"),
            ("V3", "form-bad-utf8"),
            ("RPC-1.0", "form-bad-escape-rpc"),
            ("RPC-1.0", "form-bad-utf8-rpc"),
        )
    ),
)
def unparsable_form(kms: Kms, how: tuple[Scheme, str]) -> None:
    """Send escapes without digits, and bytes that are no UTF-8."""
    scheme, mutation = how
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, mutation))
    expect_failure(
        kms, exchange, "unparsable-parameters", "signature-mismatch", why="unparsable form"
    )


@rule(
    "GW-SHR-009",
    level=Level.MUST,
    family="gateway",
    statement="Plain HTTP, where it is offered at all, is served as HTTPS is or refused as lacking "
    "TLS.",
    provenance="documented",
    source=f"{TABLES}; Request syntax page: only HTTPS is offered",
    stage="gateway",
    operations=("ListKeys",),
    needs=("listener:http", "listener:https"),
    readings=("plain-http", "error-family"),
    cases=lambda: (Case(scheme, scheme) for scheme in SCHEMES),
)
def plain_http(kms: Kms, scheme: Scheme) -> None:
    """Ask the question over HTTPS, then over HTTP, and note what HTTP is used for."""
    kms.require(f"scheme:{scheme}")
    operation, params = QUESTION
    secure = kms.call(operation, params, scheme=scheme, listener="https")
    if not secure.ok:
        raise NotTestable(f"over HTTPS the question is answered {secure.describe()}", [secure])
    exchange = kms.call(operation, params, scheme=scheme, listener="http")
    if exchange.ok:
        kms.showed("plain-http", "offered", exchange)
        kms.expect_success(exchange)
        kms.proves(f"authentication/plain-http/{scheme}")
        return
    expect_failure(kms, exchange, "plain-http", why="over plain HTTP")
    kms.showed("plain-http", "refused", exchange)


@rule(
    "GW-SHR-010",
    level=Level.MUST,
    family="gateway",
    statement="Plain HTTP checks signatures like HTTPS: a wrong one is refused there too.",
    provenance="documented",
    source=TABLES,
    stage="gateway",
    operations=("ListKeys",),
    needs=("listener:http",),
    tags=("negative",),
    readings=("plain-http", "error-family"),
    cases=lambda: (Case(scheme, scheme) for scheme in SCHEMES),
)
def plain_http_checks(kms: Kms, scheme: Scheme) -> None:
    """Sign with another secret and send over HTTP."""
    kms.require(f"scheme:{scheme}")
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, "other-secret"), listener="http")
    expect_failure(
        kms, exchange, "signature-mismatch", "plain-http", why="signed with another secret"
    )


@rule(
    "GW-SHR-011",
    level=Level.MUST,
    family="gateway",
    statement="A connection carries several requests, each with its own answer.",
    provenance="documented",
    source="RFC 9112, section 9.3; Request syntax page, AlibabaCloudDocs/kms (2021-07)",
    stage="gateway",
    operations=("ListKeys", "DescribeRegions"),
)
def answers_do_not_mix(kms: Kms) -> None:
    """Ask different things in turn, right and wrong, and look whose answer comes."""
    seen: set[str] = set()
    for _ in range(3):
        keys = kms.expect_success(kms.call("ListKeys", {"PageNumber": 1, "PageSize": 1}))
        kms.expect("Keys" in keys.data, "ListKeys is answered with Keys", keys)
        regions = kms.expect_success(kms.call("DescribeRegions"))
        kms.expect("Regions" in regions.data, "DescribeRegions is answered with Regions", regions)
        wrong = kms.expect_refused(kms.call("DescribeKey"), why="without KeyId")
        for exchange in (keys, regions, wrong):
            identifier = exchange.answer.request_id or ""
            kms.expect(identifier not in seen, "no two answers have the same RequestId", exchange)
            seen.add(identifier)
