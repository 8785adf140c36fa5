"""Identities: unknown, malformed, disabled, with the wrong secret, and those that are let in."""

from collections.abc import Iterable

from conformance.client.building import Scheme
from conformance.rules.authentication.answers import (
    QUESTION,
    SCHEMES,
    TABLES,
    ask,
    expect_failure,
    right_signer,
    twin,
    wrong_signer,
)
from conformance.rules.gateway.requests import (
    one_scheme,
    operation_cases,
    real_or_plausible,
    way,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec import Operation
from conformance.wire.tamper import mistakes, signers


def schemes() -> Iterable[Case]:
    """Return a case for each signing scheme."""
    for scheme in SCHEMES:
        yield Case(scheme, scheme)


@rule(
    "AUTH-001",
    level=Level.MUST,
    family="authentication",
    statement="An AccessKey id that nobody has is refused as InvalidAccessKeyId.NotFound.",
    provenance="documented",
    source=TABLES,
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=schemes,
)
def unknown_access_key(kms: Kms, scheme: Scheme) -> None:
    """Sign rightly under an id that looks right and was never issued."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, "unknown-access-key"))
    expect_failure(kms, exchange, "unknown-access-key", why="signed under an unknown AccessKey id")


@rule(
    "AUTH-002",
    level=Level.SHOULD,
    family="authentication",
    statement="An AccessKey id with characters that no id has is refused as unusable or unknown.",
    provenance="inferred",
    source=f"{TABLES}; wording reported in external-secrets issue 2619",
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=schemes,
)
def malformed_access_key(kms: Kms, scheme: Scheme) -> None:
    """Sign rightly under a text that is no AccessKey id."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, "malformed-access-key"))
    expect_failure(kms, exchange, "malformed-access-key", why="signed under a malformed id")


@rule(
    "AUTH-003",
    level=Level.MUST,
    family="authentication",
    statement="A signature made with another secret is refused as a signature mismatch.",
    provenance="documented",
    source=TABLES,
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=schemes,
)
def wrong_secret(kms: Kms, scheme: Scheme) -> None:
    """Sign as somebody who knows the AccessKey id and not the secret."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, "other-secret"))
    expect_failure(kms, exchange, "signature-mismatch", why="signed with another secret")


@rule(
    "AUTH-004",
    level=Level.MUST,
    family="authentication",
    statement="No operation answers a disabled AccessKey; it is told so as Forbidden.AccessKey or "
    "InvalidAccessKeyId.Inactive.",
    provenance="documented",
    source=TABLES,
    stage="authentication",
    needs=("identity:disabled",),
    tags=("negative",),
    readings=("error-family",),
    cases=operation_cases(),
)
def disabled_access_key(kms: Kms, operation: Operation) -> None:
    """Call each operation with a right signature of an AccessKey that is switched off."""
    params = real_or_plausible(kms, operation)
    method, placement = way(operation)
    scheme = one_scheme(kms, operation)
    kms.require(f"scheme:{scheme}")
    exchange = kms.call(
        operation.name,
        params,
        identity="disabled",
        scheme=scheme,
        method=method,
        placement=placement,
    )
    expect_failure(kms, exchange, "disabled-access-key", why="called by a disabled AccessKey")


@rule(
    "AUTH-005",
    level=Level.MUST,
    family="authentication",
    statement="Every identity that is in force is let in by both schemes: what it is answered is "
    "no failure of authentication.",
    provenance="documented",
    source="Request syntax page, AlibabaCloudDocs/kms (2021-07)",
    stage="authentication",
    operations=("DescribeRegions",),
    cases=lambda: (
        Case(f"{name} {scheme}", (name, scheme))
        for name in ("full", "read-only", "none", "sts")
        for scheme in SCHEMES
    ),
)
def identities_let_in(kms: Kms, who: tuple[str, Scheme]) -> None:
    """Ask for the regions, for which no permission is needed."""
    identity, scheme = who
    kms.require(f"identity:{identity}", f"scheme:{scheme}")
    kms.expect_success(kms.call("DescribeRegions", identity=identity, scheme=scheme))


@rule(
    "AUTH-006",
    level=Level.SHOULD,
    family="authentication",
    statement="An AccessKey id is taken as it is: the same letters in another case are unknown.",
    provenance="inferred",
    source="The id is text; no page says that case is ignored",
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    cases=schemes,
)
def access_key_case(kms: Kms, scheme: Scheme) -> None:
    """Sign under the own id with the case of its letters turned."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    signer = right_signer(kms, scheme)
    turned = mistakes.with_id(signer.credential, signer.credential.id.swapcase())
    operation, params = QUESTION
    exchange = kms.call(
        operation, params, scheme=scheme, auth=signers.with_credential(signer, turned)
    )
    expect_failure(
        kms, exchange, "unknown-access-key", "malformed-access-key", why="id in another case"
    )
