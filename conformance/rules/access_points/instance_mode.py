"""Client keys on an instance: what policies of access points permit by KMS Instance API."""

from collections.abc import Callable
from dataclasses import dataclass

from conformance.client.instance import InstanceExchange
from conformance.rules.access_points.asking import (
    INSTANCE_ERRORS,
    MANAGE,
    NOBODY,
    ON_INSTANCE,
    USE,
    encrypt,
    expect_denied,
    made,
    made_if_allowed,
    retrieve,
    served,
)
from conformance.rules.effects.looking import done
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.wire.credentials import ClientKey

_SOURCE = f"{USE}; {MANAGE}; {INSTANCE_ERRORS}"
_CRYPTO = "dedicated-aap-instance-api-cryptographic"
_RETRIEVAL = "dedicated-aap-instance-api-secret-retrieval"
_FAQ = "Application access FAQ (2025-12 to 2026-03)"


@dataclass(frozen=True, slots=True)
class Grant:
    """Resources of a policy, made from the id of a key, and whether they cover it."""

    resources: Callable[[str], tuple[str, ...]]
    covers: bool


_GRANTS = {
    "its id": Grant(lambda key: (f"key/{key}",), True),
    "one of two ids": Grant(lambda key: ("key/of-another", f"key/{key}"), True),
    "a star": Grant(lambda _: ("key/*",), True),
    "the beginning of its id and a star": Grant(lambda key: (f"key/{key[:-4]}*",), True),
    "another id": Grant(lambda _: ("key/of-another",), False),
    "the beginning of its id": Grant(lambda key: (f"key/{key[:-4]}",), False),
    "secrets only": Grant(lambda _: ("secret/*",), False),
}


def _key(kms: Kms) -> str:
    return str(kms.provide("symmetric-key", instance=True)["id"])


def _secret(kms: Kms) -> str:
    return str(kms.provide("secret", instance=True)["name"])


def _judge(kms: Kms, exchange: InstanceExchange, permitted: bool, why: str) -> None:
    if not permitted:
        expect_denied(kms, exchange, why)
        return
    kms.expect(
        exchange.ok,
        f"{exchange.operation} ({why}) should be permitted, found {exchange.describe()}",
        exchange,
    )


def _with_all_rights(kms: Kms) -> ClientKey:
    key = made(kms, "instance")["credential"]
    assert isinstance(key, ClientKey)
    return key


@rule(
    "AAP-030",
    level=Level.MUST,
    family="access-points",
    statement="On an instance a client key uses the keys that a policy names, with a star at the "
    "end those whose ids begin so; for any other key it is answered 403 Forbidden.NoPermission.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    safety="creates",
    needs=ON_INSTANCE,
    cells=(_CRYPTO,),
    cases=lambda: (Case(name, (name, grant)) for name, grant in _GRANTS.items()),
)
def resources_of_a_policy(kms: Kms, how: tuple[str, Grant]) -> None:
    """Encrypt with one key under policies that name it, and under policies that do not."""
    words, grant = how
    key_id = _key(kms)
    served(encrypt(kms, _with_all_rights(kms), key_id))
    make = made if grant.covers else made_if_allowed
    bundle = make(kms, "instance", Resources=grant.resources(key_id))
    if bundle is not None:
        exchange = encrypt(kms, bundle["credential"], key_id)
        _judge(kms, exchange, grant.covers, f"the policy names {words}")


#: Roles and what they permit: encrypting, reading a secret.
_ROLES: dict[str, tuple[tuple[str, ...], bool, bool]] = {
    "use of keys": (("CryptoServiceKeyUser",), True, False),
    "reading of secrets": (("CryptoServiceSecretUser",), False, False),
    "both": (("CryptoServiceKeyUser", "CryptoServiceSecretUser"), True, True),
}


@rule(
    "AAP-031",
    level=Level.MUST,
    family="access-points",
    statement="On an instance one role permits the use of keys; reading a secret takes the other "
    "as well, and the use of the key that protects it: 403 Forbidden.NoPermission otherwise.",
    provenance="documented",
    source=f"{_FAQ}; {_SOURCE}",
    stage="authorisation",
    safety="creates",
    needs=ON_INSTANCE,
    cells=(_CRYPTO, _RETRIEVAL),
    cases=lambda: (Case(name, (name, how)) for name, how in _ROLES.items()),
)
def roles_of_a_policy(kms: Kms, how: tuple[str, tuple[tuple[str, ...], bool, bool]]) -> None:
    """Encrypt and read under each role, and under both."""
    words, (permissions, uses, reads) = how
    key_id, secret = _key(kms), _secret(kms)
    everybody = _with_all_rights(kms)
    served(encrypt(kms, everybody, key_id))
    served(retrieve(kms, everybody, secret))
    who = made(kms, "instance", Permissions=permissions)["credential"]
    why = f"the policy grants {words}"
    _judge(kms, encrypt(kms, who, key_id), uses, why)
    _judge(kms, retrieve(kms, who, secret), reads, why)


@rule(
    "AAP-032",
    level=Level.MUST,
    family="access-points",
    statement="A secret is read on an instance when a policy names both it and its key: 403 "
    "Forbidden.NoPermission otherwise.",
    provenance="documented",
    source=f"{_FAQ}; {_SOURCE}",
    stage="authorisation",
    safety="creates",
    needs=ON_INSTANCE,
    tags=("negative",),
    cells=(_RETRIEVAL,),
    cases=lambda: (
        Case("another secret", ("key/*", "secret/of-another")),
        Case("another key", ("key/of-another", "secret/*")),
    ),
)
def resources_of_a_secret(kms: Kms, resources: tuple[str, ...]) -> None:
    """Read a secret under a policy that lacks it, and under one that lacks its key."""
    secret = _secret(kms)
    served(retrieve(kms, _with_all_rights(kms), secret))
    who = made(kms, "instance", Resources=resources)["credential"]
    expect_denied(kms, retrieve(kms, who, secret), f"the policy names {' and '.join(resources)}")


@rule(
    "AAP-033",
    level=Level.MUST,
    family="access-points",
    statement="A policy for the shared gateway opens nothing on an instance.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    safety="creates",
    needs=(*ON_INSTANCE, "feature:shared-client-keys"),
    tags=("negative",),
    cells=(_CRYPTO, _RETRIEVAL),
)
def scope_of_a_policy(kms: Kms) -> None:
    """Encrypt and read with a client key for all of the shared gateway."""
    key_id, secret = _key(kms), _secret(kms)
    everybody = _with_all_rights(kms)
    served(encrypt(kms, everybody, key_id))
    served(retrieve(kms, everybody, secret))
    roles = ("SecretUser", "CryptoServiceKeyUser", "CryptoServiceSecretUser")
    everything = ("key/*", "secret/*")
    bundle = made_if_allowed(kms, "shared", Permissions=roles, Resources=everything)
    who = (bundle or made(kms, "shared"))["credential"]
    why = "the policy is for the shared gateway"
    expect_denied(kms, encrypt(kms, who, key_id), why)
    expect_denied(kms, retrieve(kms, who, secret), why)


@rule(
    "AAP-034",
    level=Level.MUST,
    family="access-points",
    statement="On an instance a client key is let in from the networks of its policy's rule, and "
    "from any other is answered 403 Forbidden.NoPermission.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    operations=("CreateNetworkRule",),
    safety="creates",
    needs=ON_INSTANCE,
    tags=("negative",),
    cells=(_CRYPTO,),
)
def networks_of_a_policy(kms: Kms) -> None:
    """Encrypt under a rule with private networks, and under one with addresses of nobody."""
    key_id = _key(kms)
    served(encrypt(kms, _with_all_rights(kms), key_id))
    who = made(kms, "instance", Addresses=NOBODY["instance"])["credential"]
    expect_denied(kms, encrypt(kms, who, key_id), "the network rule lists others")


@rule(
    "AAP-035",
    level=Level.MUST,
    family="access-points",
    statement="On an instance a client key lets nobody in before its NotBefore, nor after its "
    "NotAfter.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    safety="creates",
    needs=ON_INSTANCE,
    tags=("negative",),
    cells=(_CRYPTO,),
    cases=lambda: (Case("too early", "early"), Case("too late", "late")),
)
def validity(kms: Kms, when: str) -> None:
    """Encrypt with a client key that is not valid yet, and with one that is over."""
    if when == "late":
        kms.require("identity:expired-client-key")
    key_id = _key(kms)
    served(encrypt(kms, _with_all_rights(kms), key_id))
    if when == "late":
        exchange = encrypt(kms, "expired-client-key", key_id)
        kms.expect_refused(exchange, why="the client key is over")
        return
    bundle = made_if_allowed(kms, "instance", Validity=(3600, 48 * 3600))
    if bundle is not None:
        exchange = encrypt(kms, bundle["credential"], key_id)
        kms.expect_refused(exchange, why="the client key is not valid yet")


_DELETIONS = {
    "client key": ("DeleteClientKey", "ClientKeyId", "id"),
    "access point": ("DeleteApplicationAccessPoint", "Name", "access-point"),
}


@rule(
    "AAP-036",
    level=Level.MUST,
    family="access-points",
    statement="Deleting a client key, or its access point, cuts its access to the instance off at "
    "once.",
    provenance="documented",
    source=f"{MANAGE}; API pages of client keys",
    stage="authentication",
    safety="schedules-deletion",
    needs=ON_INSTANCE,
    tags=("negative", "effect"),
    cells=(_CRYPTO,),
    cases=lambda: (Case(name, how, how[0]) for name, how in _DELETIONS.items()),
)
def deleting_cuts_access(kms: Kms, how: tuple[str, str, str]) -> None:
    """Encrypt, delete, and encrypt again."""
    operation, parameter, attribute = how
    key_id = _key(kms)
    bundle = made(kms, "instance", fresh=True)
    served(encrypt(kms, bundle["credential"], key_id))
    done(kms, operation, {parameter: bundle[attribute]})
    exchange = encrypt(kms, bundle["credential"], key_id)
    kms.expect_refused(exchange, why=f"after {operation}")
