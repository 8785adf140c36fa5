"""Temporary access keys: with their token they are let in, with anything else they are not."""

from collections.abc import Callable, Mapping

from conformance.client.building import Scheme
from conformance.rules.authentication.answers import (
    QUESTION,
    SCHEMES,
    TABLES,
    ask,
    credential_of,
    expect_failure,
    right_signer,
    twin,
    wrong_signer,
)
from conformance.rules.authentication.identities import schemes
from conformance.rules.gateway.requests import (
    one_scheme,
    operation_cases,
    real_or_plausible,
    way,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation
from conformance.wire.credentials import StsToken
from conformance.wire.tamper import mistakes, signers

_SOURCE = f"Request syntax page, AlibabaCloudDocs/kms (2021-07); {TABLES}"


def _appended(token: str) -> str:
    """Add characters at the end, as many as whole bytes in base64, and before its padding."""
    significant = token.rstrip("=")
    return f"{significant}AAAA{token[len(significant) :]}"


#: Tokens that were never issued, made of a right one. Each differs from it also when its base64 is
#: decoded by somebody who does not care what is left over at the end.
_INVENTED: Mapping[str, Callable[[str], str]] = {
    "": lambda _: mistakes.UNKNOWN_TOKEN,
    "other first character": lambda token: mistakes.change_character(token, 0),
    "other middle character": lambda token: mistakes.change_character(token, 0.5),
    "other last character": lambda token: mistakes.change_character(token, 1),
    "longer": _appended,
    "shorter": lambda token: token.rstrip("=")[:-4],
    "one character more": lambda token: f"{token[: len(token) // 2]}A{token[len(token) // 2 :]}",
    "one character less": lambda token: token[: len(token) // 2] + token[len(token) // 2 + 1 :],
}


@rule(
    "AUTH-060",
    level=Level.MUST,
    family="authentication",
    statement="A temporary access key with its token is let in by both schemes, in query and form.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    promises=(
        "common/RPC-1.0/SecurityToken",
        "common/V3/x-acs-security-token",
    ),
    operations=("ListKeys",),
    needs=("identity:sts",),
    cases=lambda: (
        Case(f"{scheme} {method} {placement}", (scheme, method, placement))
        for scheme, method, placement in (
            ("RPC-1.0", "GET", "query"),
            ("RPC-1.0", "POST", "query"),
            ("RPC-1.0", "POST", "form"),
            ("V3", "GET", "query"),
            ("V3", "POST", "query"),
        )
    ),
)
def token_let_in(kms: Kms, how: tuple[Scheme, str, str]) -> None:
    """Ask the question with a security token."""
    scheme, method, placement = how
    kms.require(f"scheme:{scheme}")
    operation, params = QUESTION
    exchange = kms.call(
        operation,
        params,
        identity="sts",
        scheme=scheme,
        method=method,
        placement="form" if placement == "form" else "query",
    )
    kms.expect_success(exchange)


@rule(
    "AUTH-061",
    level=Level.MUST,
    family="authentication",
    statement="A temporary access key without its token is refused.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("identity:sts",),
    tags=("negative",),
    readings=("error-family",),
    cases=schemes,
)
def missing_token(kms: Kms, scheme: Scheme) -> None:
    """Leave the token out and sign the rest rightly."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme, identity="sts")
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, "missing-token", identity="sts"))
    expect_failure(kms, exchange, "missing-security-token", why="without the security token")


@rule(
    "AUTH-062",
    level=Level.MUST,
    family="authentication",
    statement="A token that was never issued is refused, also one that differs from a right one "
    "in a character or in its length.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("identity:sts",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(f"{scheme} {name}".strip(), (scheme, name)) for name in _INVENTED for scheme in SCHEMES
    ),
)
def unknown_token(kms: Kms, how: tuple[Scheme, str]) -> None:
    """Sign rightly with a token of one's own invention, or with a right one that was changed."""
    scheme, name = how
    kms.require(f"scheme:{scheme}")
    credential = _temporary(kms)
    twin(kms, scheme, identity="sts")
    other = mistakes.with_token(credential, _INVENTED[name](credential.token))
    exchange = ask(kms, scheme, signers.with_credential(right_signer(kms, scheme, "sts"), other))
    expect_failure(
        kms,
        exchange,
        "malformed-security-token",
        "mismatched-security-token",
        why=f"with a token that was never issued{name and f', {name} than a right one'}",
    )


def _temporary(kms: Kms) -> StsToken:
    credential = credential_of(kms, "sts")
    if not isinstance(credential, StsToken):
        raise NotTestable("[identities.sts] of the target file has no security token")
    return credential


@rule(
    "AUTH-063",
    level=Level.MUST,
    family="authentication",
    statement="The token of another temporary access key is refused.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("identity:sts", "identity:expired-sts"),
    tags=("negative",),
    readings=("error-family",),
    cases=schemes,
)
def foreign_token(kms: Kms, scheme: Scheme) -> None:
    """Sign rightly with the token of the expired key: either reason will do."""
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme, identity="sts")
    auth = wrong_signer(kms, scheme, "foreign-token", identity="sts", other="expired-sts")
    expect_failure(
        kms,
        ask(kms, scheme, auth),
        "mismatched-security-token",
        "malformed-security-token",
        "expired-security-token",
        why="with the token of another access key",
    )


@rule(
    "AUTH-064",
    level=Level.MUST,
    family="authentication",
    statement="No operation answers a temporary access key whose token has expired.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    needs=("identity:expired-sts",),
    tags=("negative",),
    readings=("error-family",),
    cases=operation_cases(),
)
def expired_token(kms: Kms, operation: Operation) -> None:
    """Call each operation with a right signature and a token that is over."""
    params = real_or_plausible(kms, operation)
    method, placement = way(operation)
    scheme = one_scheme(kms, operation)
    kms.require(f"scheme:{scheme}")
    exchange = kms.call(
        operation.name,
        params,
        identity="expired-sts",
        scheme=scheme,
        method=method,
        placement=placement,
    )
    expect_failure(kms, exchange, "expired-security-token", why="with an expired token")


@rule(
    "AUTH-065",
    level=Level.MUST,
    family="authentication",
    statement="RPC-1.0: a token that is added to a signed request is refused as a signature "
    "mismatch.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    tags=("negative", "tampering"),
    readings=("error-family",),
)
def token_appended(kms: Kms) -> None:
    """Append SecurityToken to a request of a permanent access key after signing."""
    twin(kms, "RPC-1.0")
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", "token-appended"))
    expect_failure(kms, exchange, "signature-mismatch", why="a token was added after signing")


@rule(
    "AUTH-066",
    level=Level.MUST,
    family="authentication",
    statement="A token counts only as it was signed: a right one beside the signature for another "
    "is refused.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    needs=("identity:sts",),
    tags=("negative", "tampering"),
    readings=("error-family",),
    cases=schemes,
)
def token_swapped(kms: Kms, scheme: Scheme) -> None:
    """Send the right token with the signature that belongs to an invented one."""
    kms.require(f"scheme:{scheme}")
    credential = _temporary(kms)
    twin(kms, scheme, identity="sts")
    other = mistakes.with_token(credential, mistakes.UNKNOWN_TOKEN)
    auth = signers.signed_by(
        right_signer(kms, scheme, "sts"), lambda signer: signers.with_credential(signer, other)
    )
    exchange = ask(kms, scheme, auth)
    expect_failure(kms, exchange, "signature-mismatch", why="signed for another token")
