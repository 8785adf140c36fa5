"""Client keys that ask: for a secret over the shared gateway, for keys and secrets of an instance.

Which code answers a client key without rights on the shared gateway is not documented, so that any
refusal will do there; each refusal stands beside a call that is right in all respects and served.
"""

from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.client.instance import InstanceExchange
from conformance.run.context import Kms
from conformance.run.verdict import NotTestable
from conformance.wire.credentials import ClientKey

USE = "Use application access points page (zh)"
MANAGE = "Manage application access points page (2025-12 to 2026-03)"
OFFICIAL = "aliyun-secret-manager-client 0.1.5, official client code"
INSTANCE_ERRORS = "Common error codes page 601490 / 415316"
#: What a target must offer for client keys on the shared gateway, and on an instance.
ON_SHARED = ("feature:access-points", "feature:shared-client-keys")
ON_INSTANCE = ("feature:access-points", "gateway:dedicated", "api:instance")
#: Addresses that no caller has, one for rules of private networks and one for public ones.
NOBODY = {"instance": ("192.168.255.254",), "shared": ("1.1.1.1",)}
_GRANTING = frozenset({"CreatePolicy", "CreateClientKey"})
PLAINTEXT = b"what an access point permits"

Made = Mapping[str, Any]


def made(kms: Kms, scope: str, *, fresh: bool = False, **wishes: Any) -> Made:
    """Return a client key with the rights that are wished for; see the bundle ``client-key``."""
    return kms.provide("client-key", {"Scope": scope, **wishes}, fresh=fresh)


def made_if_allowed(kms: Kms, scope: str, **wishes: Any) -> Made | None:
    """Return a client key with rights that make no sense, None where they cannot be granted.

    To refuse such a policy is as good as to let it permit nothing.
    """
    try:
        return made(kms, scope, **wishes)
    except NotTestable as outcome:
        last = outcome.exchanges[-1] if outcome.exchanges else None
        if last is None or last.operation not in _GRANTING or not 400 <= last.status < 500:
            raise
        kms.expect_refused(last, why="rights that make no sense")
        return None


def read(kms: Kms, who: ClientKey | str, name: str, **how: Any) -> Exchange:
    """Ask for the value of a secret over the shared gateway."""
    return kms.call("GetSecretValue", {"SecretName": name}, identity=who, scheme="ClientKey", **how)


def expect_read(kms: Kms, exchange: Exchange, secret: Made, why: str) -> None:
    """Raise Violation unless the value of the secret is answered."""
    if not exchange.ok:
        kms.violated(
            f"GetSecretValue ({why}) should succeed, found {exchange.describe()}", exchange
        )
    kms.expect_success(exchange)
    found = exchange.data.get("SecretData")
    kms.expect("data" not in secret or found == secret["data"], f"{why}: the value", exchange)


def expect_unread(kms: Kms, exchange: Exchange, why: str) -> None:
    """Raise Violation unless the value is refused."""
    kms.expect_refused(exchange, stage="authorisation", why=why)


def twin(kms: Kms, secret: Made) -> ClientKey:
    """Return a client key that reads the secret over the shared gateway.

    Raises:
        NotTestable: When it does not, so that a refusal proves nothing.
    """
    key: ClientKey = made(kms, "shared")["credential"]
    served(read(kms, key, secret["name"]))
    return key


def served(exchange: Exchange) -> None:
    """Go on only when a call that is right was served.

    Raises:
        NotTestable: When a refusal of its twin proves nothing.
    """
    if not exchange.ok:
        raise NotTestable(
            f"a client key with all rights is answered {exchange.describe()} by "
            f"{exchange.operation}, so that a refusal proves nothing",
            [exchange],
        )


def encrypt(kms: Kms, who: ClientKey | str, key_id: str) -> InstanceExchange:
    """Encrypt with a key of the instance."""
    fields = {"KeyId": key_id, "Plaintext": PLAINTEXT}
    return kms.call_instance("Encrypt", fields, identity=who)


def retrieve(kms: Kms, who: ClientKey | str, name: str) -> InstanceExchange:
    """Ask for the value of a secret of the instance."""
    return kms.call_instance("GetSecretValue", {"SecretName": name}, identity=who)


def expect_denied(kms: Kms, exchange: InstanceExchange, why: str) -> None:
    """Raise Violation unless the instance refuses for lack of permission."""
    kms.expect_refused(
        exchange,
        codes=["Forbidden.NoPermission"],
        statuses=[403],
        stage="authorisation",
        why=why,
    )
