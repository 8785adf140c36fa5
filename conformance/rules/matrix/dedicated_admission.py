"""KMS API on the dedicated gateway lets in whom the shared gateway lets in, and nobody else."""

import base64
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import httpx

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import (
    RPC_PAGE,
    SCHEMES,
    V3_PAGE,
    right_signer,
    wrong_signer,
)
from conformance.rules.matrix.trying import ON_DEDICATED, SDK_PAGE
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.wire.tamper import signers

_SIGNING = f"{RPC_PAGE}; {V3_PAGE}; {SDK_PAGE}"
_CELLS = ("dedicated-ram-api-cryptographic", "dedicated-ram-api-secret-retrieval")
_TEXT, _OTHER_TEXT = (base64.b64encode(text).decode() for text in (b"signed", b"other."))

#: Mistakes that can be made in signing any request, by scheme; the last is made here.
_MISTAKES: Mapping[Scheme, tuple[str, ...]] = {
    "RPC-1.0": ("unsigned", "signature-truncated", "key-without-ampersand"),
    "V3": ("unsigned-v3", "signature-truncated", "content-hash-wrong"),
}
_EITHER = ("other-secret", "unknown-access-key", "time-past", "time-future", "nonce-changed")
_OTHER_PLAINTEXT = "another-plaintext"


def _mistakes() -> Iterable[Case]:
    for scheme in SCHEMES:
        for mistake in (*_EITHER, *_MISTAKES[scheme], _OTHER_PLAINTEXT):
            yield Case(f"{scheme}-{mistake}", (scheme, mistake))


def _schemes() -> Iterable[Case]:
    for scheme in SCHEMES:
        yield Case(scheme, scheme)


def _encrypt(
    kms: Kms, scheme: Scheme, auth: httpx.Auth | None = None, identity: str = "full"
) -> Exchange:
    key = kms.provide("symmetric-key", instance=True)["id"]
    params = {"KeyId": key, "Plaintext": _TEXT}
    return kms.call(
        "Encrypt", params, gateway="dedicated", scheme=scheme, auth=auth, identity=identity
    )


def _require_served(kms: Kms, scheme: Scheme) -> None:
    """Go on only where the right call is served: a refusal of all calls proves nothing."""
    kms.require(f"scheme:{scheme}")
    exchange = _encrypt(kms, scheme)
    if not exchange.ok:
        raise NotTestable(f"a right call is answered {exchange.describe()}", [exchange])


def _with_other_plaintext(request: httpx.Request) -> httpx.Request:
    change = partial(signers.change_pair, name="Plaintext", change=lambda _: _OTHER_TEXT)
    return signers.map_pairs(request, change)


@rule(
    "CELL-025",
    level=Level.MUST,
    family="matrix",
    statement="What is signed wrongly, for another request, by nobody known or at another time is "
    "refused by the dedicated gateway as it is by the shared one.",
    provenance="documented",
    source=_SIGNING,
    stage="authentication",
    needs=ON_DEDICATED,
    operations=("Encrypt",),
    tags=("negative",),
    cells=_CELLS,
    cases=_mistakes,
)
def wrong_signatures(kms: Kms, case: tuple[Scheme, str]) -> None:
    """Make one mistake in a request that is right otherwise."""
    scheme, mistake = case
    _require_served(kms, scheme)
    if mistake == _OTHER_PLAINTEXT:
        auth: httpx.Auth = signers.signed_for_another(
            right_signer(kms, scheme), _with_other_plaintext
        )
    else:
        auth = wrong_signer(kms, scheme, mistake)
    kms.expect_refused(_encrypt(kms, scheme, auth), stage="authentication", why=mistake)


@rule(
    "CELL-026",
    level=Level.MUST,
    family="matrix",
    statement="A request that the dedicated gateway has served is not served again, byte for byte.",
    provenance="documented",
    source=_SIGNING,
    stage="authentication",
    needs=ON_DEDICATED,
    operations=("Encrypt",),
    tags=("negative", "replay"),
    cells=_CELLS,
    cases=_schemes,
)
def replayed_request(kms: Kms, scheme: Scheme) -> None:
    """Send one signed request twice."""
    kms.require(f"scheme:{scheme}")
    auth = wrong_signer(kms, scheme, "replay")
    first = _encrypt(kms, scheme, auth)
    if not first.ok:
        raise NotTestable(f"sent for the first time, it is answered {first.describe()}", [first])
    again = _encrypt(kms, scheme, auth)
    kms.expect_refused(again, stage="authentication", why="sent a second time")


def _nobodies() -> Iterable[Case]:
    for identity in ("none", "disabled", "expired-sts"):
        for operation in ("Encrypt", "GetSecretValue"):
            yield Case(f"{identity}-{operation}", (identity, operation), operation)


@rule(
    "CELL-027",
    level=Level.MUST,
    family="matrix",
    statement="An identity without rights, with a disabled access key or with an expired token "
    "gets nothing from the dedicated gateway.",
    provenance="documented",
    source=f"{SDK_PAGE}; RAM authorisation of KMS (2025-06)",
    stage="authorisation",
    needs=ON_DEDICATED,
    tags=("negative",),
    cells=_CELLS,
    cases=_nobodies,
)
def without_rights(kms: Kms, case: tuple[str, str]) -> None:
    """Ask for what an identity with all rights is given."""
    identity, operation = case
    kms.require(f"identity:{identity}")
    params: dict[str, Any]
    if operation == "Encrypt":
        key = kms.provide("symmetric-key", instance=True)["id"]
        params = {"KeyId": key, "Plaintext": _TEXT}
    else:
        params = {"SecretName": kms.provide("secret", instance=True)["name"]}
    served = kms.call(operation, params, gateway="dedicated")
    if not served.ok:
        raise NotTestable(f"a right call is answered {served.describe()}", [served])
    asked = kms.call(operation, params, gateway="dedicated", identity=identity)
    kms.expect_refused(asked, why=f"called as {identity}")
