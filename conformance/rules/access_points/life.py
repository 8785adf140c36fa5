"""Client keys over time: their file, their validity, and the end that deleting makes of them."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.access_points.asking import (
    MANAGE,
    ON_SHARED,
    USE,
    expect_unread,
    made,
    made_if_allowed,
    read,
    served,
    twin,
)
from conformance.rules.clock import later
from conformance.rules.effects.looking import done
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.wire.rpc import RpcAuth
from conformance.wire.times import utc_now

_CELLS = ("shared-aap-api-secret-retrieval",)
_GO = "golang.org/x/crypto/pkcs12 as official Go clients use it; published samples of client keys"
_HOUR = 3600


def _oid(*octets: int) -> bytes:
    """Return an object identifier as it stands in DER, from the octets of its content."""
    return bytes([6, len(octets), *octets])


#: id-encryptedData, which holds the certificate, and pkcs8ShroudedKeyBag.
_ENCRYPTED_DATA = _oid(0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x06)
_KEY_BAG = _oid(0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01, 0x02)
_PBES2 = _oid(0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D)
_SHA1 = _oid(0x2B, 0x0E, 0x03, 0x02, 0x1A)


@rule(
    "AAP-020",
    level=Level.MUST,
    family="access-points",
    statement="PrivateKeyData has the oldest form of PKCS#12, which is all that some official "
    "clients read: encryption and MAC with SHA-1, the certificate before the key.",
    provenance="observed",
    source=_GO,
    stage="service",
    operations=("CreateClientKey",),
    safety="creates",
    needs=("feature:access-points",),
)
def oldest_pkcs12(kms: Kms) -> None:
    """Look at the structure of a client key's file."""
    point = str(kms.provide("access-point", fresh=True)["name"])
    password = f"Aa1-{kms.random.getrandbits(64):016x}"
    created = done(kms, "CreateClientKey", {"AapName": point, "Password": password})
    try:
        data = base64.b64decode(str(created.data.get("PrivateKeyData")), validate=True)
    except ValueError:
        kms.violated("PrivateKeyData is base64", created)
    kms.expect(_PBES2 not in data, "the bags are encrypted by PBE with SHA-1, not PBES2", created)
    kms.expect(_SHA1 in data, "the MAC is made with SHA-1", created)
    certificate, key = data.find(_ENCRYPTED_DATA), data.find(_KEY_BAG)
    kms.expect(0 <= certificate < key, "the certificate stands before the key", created)
    kms.expect(data.count(_KEY_BAG) == 1, "there is one key", created)


@rule(
    "AAP-021",
    level=Level.MUST,
    family="access-points",
    statement="A client key lets nobody in before its NotBefore, nor after its NotAfter.",
    provenance="documented",
    source=f"{USE}; {MANAGE}",
    stage="authentication",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    cells=_CELLS,
    cases=lambda: (Case("too early", "early"), Case("too late", "late")),
)
def validity(kms: Kms, when: str) -> None:
    """Read a secret with a client key that is not valid yet, and with one that is over."""
    if when == "late":
        kms.require("identity:expired-client-key")
    secret = kms.provide("secret")
    twin(kms, secret)
    if when == "late":
        exchange = read(kms, "expired-client-key", secret["name"])
        expect_unread(kms, exchange, "the client key is over")
        return
    bundle = made_if_allowed(kms, "shared", Validity=(_HOUR, 48 * _HOUR))
    if bundle is not None:
        exchange = read(kms, bundle["credential"], secret["name"])
        expect_unread(kms, exchange, "the client key is not valid yet")


_DELETIONS: Mapping[str, tuple[str, str, str]] = {
    "client key": ("DeleteClientKey", "ClientKeyId", "id"),
    "access point": ("DeleteApplicationAccessPoint", "Name", "access-point"),
}


@rule(
    "AAP-022",
    level=Level.MUST,
    family="access-points",
    statement="Deleting a client key, or its access point, cuts its access off at once.",
    provenance="documented",
    source=f"{MANAGE}; API pages of client keys",
    stage="authentication",
    safety="schedules-deletion",
    needs=ON_SHARED,
    tags=("negative", "effect"),
    cells=_CELLS,
    cases=lambda: (Case(name, how, how[0]) for name, how in _DELETIONS.items()),
)
def deleting_cuts_access(kms: Kms, how: tuple[str, str, str]) -> None:
    """Read, delete, and read again."""
    operation, parameter, attribute = how
    secret = kms.provide("secret")
    bundle = made(kms, "shared", fresh=True)
    served(read(kms, bundle["credential"], secret["name"]))
    done(kms, operation, {parameter: bundle[attribute]})
    exchange = read(kms, bundle["credential"], secret["name"])
    expect_unread(kms, exchange, f"after {operation}")


@rule(
    "AAP-023",
    level=Level.SHOULD,
    family="access-points",
    statement="What is taken out of a policy is refused, five minutes later at the latest.",
    provenance="documented",
    source=MANAGE,
    stage="authorisation",
    operations=("UpdatePolicy",),
    safety="creates",
    needs=ON_SHARED,
    tags=("effect",),
    readings=("access-point-change",),
    cells=_CELLS,
)
def changed_policy(kms: Kms) -> None:
    """Take a secret out of a policy and read it, if need be six minutes later."""
    secret = kms.provide("secret")
    bundle = made(kms, "shared", fresh=True)
    served(read(kms, bundle["credential"], secret["name"]))
    done(kms, "UpdatePolicy", {"Name": bundle["policy"], "Resources": ["secret/of-nobody"]})
    why = "the policy names it no longer"
    exchange = read(kms, bundle["credential"], secret["name"])
    if not exchange.ok:
        kms.showed("access-point-change", "at-once", exchange)
        expect_unread(kms, exchange, why)
        return
    if kms.target.control is None:
        raise NotTestable("the change did not act at once, and five minutes cannot be waited for")
    expect_unread(kms, _read_later(kms, bundle, secret), f"{why}, for six minutes")
    kms.showed("access-point-change", "five-minutes", exchange)


def _read_later(kms: Kms, bundle: Mapping[str, Any], secret: Mapping[str, Any]) -> Exchange:
    ahead = timedelta(minutes=6)
    with later(kms, minutes=6):
        key = bundle["credential"]
        auth = RpcAuth(key, clock=lambda: utc_now() + ahead)
        return read(kms, key, secret["name"], auth=auth)
