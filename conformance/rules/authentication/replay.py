"""Nonces: what was sent once is not taken again."""

from datetime import timedelta

import httpx

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import (
    RPC_PAGE,
    SCHEMES,
    TABLES,
    ask,
    expect_failure,
    right_signer,
    twin,
    wrong_signer,
)
from conformance.rules.authentication.identities import schemes
from conformance.rules.gateway.looking import look, unchanged
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.wire.tamper import signers

_SOURCE = f"{RPC_PAGE}; {TABLES}"
#: Requests between a request and its replay: more than a memory of few nonces holds.
_OTHERS = 30
#: For so long a nonce must be remembered, less a little.
_REMEMBERED = timedelta(minutes=12)


def _first(kms: Kms, scheme: Scheme, auth: httpx.Auth) -> Exchange:
    """Send the request for the first time, when it is right."""
    exchange = ask(kms, scheme, auth)
    if not exchange.ok:
        raise NotTestable(
            f"sent for the first time, the request is answered {exchange.describe()}, so that a "
            "refusal of the second proves nothing",
            [exchange],
        )
    return exchange


@rule(
    "AUTH-030",
    level=Level.MUST,
    family="authentication",
    statement="A request that is sent again within minutes, byte for byte, is refused as "
    "SignatureNonceUsed, also when others were sent in between.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    promises=("semantics/nonce",),
    operations=("ListKeys",),
    tags=("negative", "replay"),
    readings=("error-family",),
    cases=lambda: (
        *(Case(scheme, (scheme, 0)) for scheme in SCHEMES),
        *(Case(f"{scheme} after {_OTHERS} others", (scheme, _OTHERS)) for scheme in SCHEMES),
    ),
)
def replayed_request(kms: Kms, how: tuple[Scheme, int]) -> None:
    """Send one signed request twice, at once and after others that are signed alike."""
    scheme, others = how
    kms.require(f"scheme:{scheme}")
    auth = wrong_signer(kms, scheme, "replay")
    first = _first(kms, scheme, auth)
    for _ in range(others):
        ask(kms, scheme, right_signer(kms, scheme))
    if kms.now() - first.started > _REMEMBERED:
        raise NotTestable(
            f"{others} requests took longer than a nonce must be remembered, so that a replay "
            "proves nothing",
            [first],
        )
    why = f"sent a second time, after {others} others" if others else "sent a second time"
    expect_failure(kms, ask(kms, scheme, auth), "replayed-nonce", why=why)


@rule(
    "AUTH-031",
    level=Level.MUST,
    family="authentication",
    statement="A new request with the nonce of an earlier one is refused as SignatureNonceUsed.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    promises=("semantics/nonce",),
    operations=("ListKeys", "DescribeRegions"),
    tags=("negative", "replay"),
    readings=("error-family",),
    cases=schemes,
)
def reused_nonce(kms: Kms, scheme: Scheme) -> None:
    """Sign two different requests rightly with one nonce."""
    kms.require(f"scheme:{scheme}")
    auth = wrong_signer(kms, scheme, "nonce-reused")
    _first(kms, scheme, auth)
    exchange = kms.call("DescribeRegions", scheme=scheme, auth=auth)
    expect_failure(kms, exchange, "replayed-nonce", why="with the nonce of an earlier request")


@rule(
    "AUTH-034",
    level=Level.MUST,
    family="authentication",
    statement="A nonce counts once, whatever the time beside it: a request of another minute with "
    "the nonce of an earlier one is refused as SignatureNonceUsed.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative", "replay"),
    readings=("error-family",),
    cases=schemes,
)
def nonce_at_another_time(kms: Kms, scheme: Scheme) -> None:
    """Sign two requests rightly with one nonce and with times that are minutes apart."""
    kms.require(f"scheme:{scheme}")
    auth = signers.with_one_nonce(right_signer(kms, scheme))
    _first(kms, scheme, auth)
    exchange = ask(kms, scheme, signers.shifted(auth, timedelta(minutes=-2)))
    expect_failure(kms, exchange, "replayed-nonce", why="with the nonce of another minute")


@rule(
    "AUTH-032",
    level=Level.MUST,
    family="authentication",
    statement="A write that is sent again, byte for byte, is refused and has no second effect.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("TagResource",),
    safety="creates",
    tags=("negative", "replay", "effect"),
    readings=("error-family",),
    cases=lambda: (Case(scheme, scheme, "TagResource") for scheme in SCHEMES),
)
def replayed_write(kms: Kms, scheme: Scheme) -> None:
    """Tag a key, take the tag away, and send the first request again."""
    kms.require(f"scheme:{scheme}")
    key = kms.provide("symmetric-key", fresh=True)["id"]
    tags = [{"TagKey": "replayed", "TagValue": "once"}]
    auth = wrong_signer(kms, scheme, "replay")
    params = {"KeyId": key, "Tags": tags}
    operation = kms.operation("TagResource")
    written = kms.call("TagResource", params, scheme=scheme, auth=auth)
    removed = kms.call("UntagResource", {"KeyId": key, "TagKeys": ["replayed"]})
    if not (written.ok and removed.ok):
        raise NotTestable(
            f"a prerequisite failed: TagResource answered {written.describe()}, UntagResource "
            f"{removed.describe()}",
            [written, removed],
        )
    before = look(kms, operation, params)
    exchange = kms.call("TagResource", params, scheme=scheme, auth=auth)
    expect_failure(kms, exchange, "replayed-nonce", why="sent a second time")
    unchanged(kms, operation, params, before)


@rule(
    "AUTH-033",
    level=Level.SHOULD,
    family="authentication",
    statement="RPC-1.0 without SignatureNonce is either served or refused as lacking a parameter.",
    provenance="documented",
    source=f"{RPC_PAGE}; KMS common parameters pages (2017, 2021, 2026)",
    stage="authentication",
    promises=("common/RPC-1.0/SignatureNonce",),
    operations=("ListKeys",),
    needs=("scheme:RPC-1.0",),
    readings=("nonce-required", "error-family"),
)
def no_nonce(kms: Kms) -> None:
    """Leave the nonce out, sign the rest rightly, and note which page the target follows."""
    twin(kms, "RPC-1.0")
    exchange = ask(kms, "RPC-1.0", wrong_signer(kms, "RPC-1.0", "missing-SignatureNonce"))
    if exchange.ok:
        kms.showed("nonce-required", "not-listed", exchange)
        return
    expect_failure(
        kms,
        exchange,
        "missing-common-parameter",
        parameter="SignatureNonce",
        why="without SignatureNonce",
    )
    kms.showed("nonce-required", "required", exchange)
