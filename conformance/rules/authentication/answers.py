"""What must answer a request that cannot be accepted: specs/auth-failures.json in use."""

from functools import cache
from typing import Any

import httpx

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.verdict import NotTestable
from conformance.spec import catalogue
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, StsToken
from conformance.wire.rpc import RpcAuth
from conformance.wire.tamper import MUTATIONS

SCHEMES: tuple[Scheme, ...] = ("RPC-1.0", "V3")
#: Where the failures and their answers stand.
TABLES = (
    "KMS Responses page, AlibabaCloudDocs/kms (2021-07); "
    "OpenAPI gateway error table, developer.aliyun.com/ask/278265"
)
RPC_PAGE = "Request syntax and signature method V2 for RPC APIs (2024-01 to 2025-03)"
V3_PAGE = "Request syntax and signature method V3, doc-detail/2593177 (2025-01 to 2026-08)"

#: A question that any identity with rights may ask, that changes nothing, with parameters to sign.
QUESTION = ("ListKeys", {"PageNumber": 1, "PageSize": 10})


@cache
def _failures() -> dict[str, dict[str, Any]]:
    rows = catalogue().document("auth-failures")["failures"]
    return {row["kind"]: row["answers"] for row in rows}


def answers(kinds: tuple[str, ...], parameter: str = "") -> dict[tuple[int, str], set[str]]:
    """Return the documented answers to failures: status and code to the families that name them."""
    found: dict[tuple[int, str], set[str]] = {}
    for kind in kinds:
        for family, rows in _failures()[kind].items():
            for row in rows:
                code = row["code"].replace("{Parameter}", parameter)
                found.setdefault((row["status"], code), set()).add(family)
    return found


def expect_failure(
    kms: Kms, exchange: Exchange, *kinds: str, parameter: str = "", why: str = ""
) -> None:
    """Raise Violation unless the answer is one that either family names for the failures.

    Args:
        kms: The target.
        exchange: The answer.
        kinds: Failures of specs/auth-failures.json, any of which the request may count as.
        parameter: The common parameter at fault.
        why: What is wrong with the request.
    """
    documented = answers(kinds, parameter)
    codes = {code for _, code in documented}
    kms.expect_refused(
        exchange,
        codes=codes | ({"InvalidParameter.*"} if "InvalidParameter" in codes else set()),
        statuses={status for status, _ in documented},
        stage="authentication",
        why=why,
    )
    found = (exchange.status, exchange.code or "")
    if found not in documented and found[1].startswith("InvalidParameter."):
        # Reading parameter-code-names: the parameter at fault may follow after a dot.
        found = (exchange.status, "InvalidParameter")
    wanted = ", ".join(f"{status} {code}" for status, code in sorted(documented))
    kms.expect(
        found in documented,
        f"{exchange.operation} ({why}) is answered with one of {wanted}, found "
        f"{exchange.describe()}",
        exchange,
    )
    kms.proves(
        *(
            f"authentication/{kind}/{exchange.scheme}"
            for kind in kinds
            if found in answers((kind,), parameter)
        )
    )
    families = documented[found]
    if len(families) == 1:
        kms.showed("error-family", next(iter(families)), exchange)


def right_signer(kms: Kms, scheme: Scheme, identity: str = "full") -> RpcAuth | Acs3Auth:
    """Return the right signer of an identity.

    Raises:
        NotTestable: When the target file does not name the identity.
    """
    credential = credential_of(kms, identity)
    return RpcAuth(credential) if scheme == "RPC-1.0" else Acs3Auth(credential)


def credential_of(kms: Kms, identity: str) -> AccessKey | StsToken:
    """Return the credential of an identity; NotTestable when the target file has none."""
    credential = kms.target.identities.get(identity)
    if credential is None:
        raise NotTestable(f"the target file has no [identities.{identity}]")
    return credential


def wrong_signer(
    kms: Kms,
    scheme: Scheme,
    mutation: str,
    *,
    identity: str = "full",
    other: str | None = None,
    right: RpcAuth | Acs3Auth | None = None,
) -> httpx.Auth:
    """Return a signer that makes one mistake; see `conformance.wire.tamper`.

    Args:
        kms: The target.
        scheme: How it signs.
        mutation: Name of the mistake.
        identity: Whose credential.
        other: Identity whose token the mistake takes.
        right: The right signer to start from.

    Raises:
        NotTestable: When the target's credentials do not fit the mistake.
    """
    found = MUTATIONS[mutation]
    signer = right or right_signer(kms, scheme, identity)
    if "permanent" in found.needs and not isinstance(signer.credential, AccessKey):
        raise NotTestable(f"the identity {identity!r} of the target is a temporary one")
    return found.wrap(signer, credential_of(kms, other) if other else None)


def twin(kms: Kms, scheme: Scheme, *, identity: str = "full", **how: Any) -> Exchange:
    """Send the question rightly signed, so that a refusal of the wrong one has one reason only.

    Raises:
        NotTestable: When it does not succeed.
    """
    operation, params = QUESTION
    exchange = kms.call(operation, params, scheme=scheme, identity=identity, **how)
    if not exchange.ok:
        raise NotTestable(
            f"the rightly signed twin ({scheme}, {operation}) is answered "
            f"{exchange.describe()}, so that a refusal proves nothing",
            [exchange],
        )
    return exchange


def ask(kms: Kms, scheme: Scheme, auth: httpx.Auth, **how: Any) -> Exchange:
    """Send the question as a wrong signer signs it."""
    operation, params = QUESTION
    return kms.call(operation, params, scheme=scheme, auth=auth, **how)
