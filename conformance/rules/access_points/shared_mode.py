"""Client keys on the shared gateway: they read the secrets of their policies and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.access_points.asking import (
    MANAGE,
    NOBODY,
    OFFICIAL,
    ON_SHARED,
    USE,
    Made,
    expect_read,
    expect_unread,
    made,
    made_if_allowed,
    read,
    twin,
)
from conformance.rules.gateway.looking import look, unchanged
from conformance.rules.gateway.requests import real_or_plausible, way
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec import Operation, catalogue

CELL = "shared-aap-api-secret-retrieval"
#: What stands next to GetSecretValue, and the simplest of everything else.
_NEIGHBOURS = (
    "DescribeSecret",
    "ListSecrets",
    "ListSecretVersionIds",
    "PutSecretValue",
    "DeleteSecret",
    "Encrypt",
    "DescribeKey",
    "CreateKey",
    "ListClientKeys",
    "GetRandomPassword",
)


_ALL = ("key/*", "secret/*")


@dataclass(frozen=True, slots=True)
class Grant:
    """Resources of a policy, made from the name of a secret, and whether they cover it."""

    resources: Callable[[str], tuple[str, ...]]
    covers: bool


_GRANTS = {
    "its name": Grant(lambda name: (f"secret/{name}",), True),
    "one of two names": Grant(lambda name: ("secret/of-another", f"secret/{name}"), True),
    "the beginning of its name and a star": Grant(lambda name: (f"secret/{name[:-2]}*",), True),
    "a star": Grant(lambda _: ("secret/*",), True),
    "another name": Grant(lambda name: (f"secret/{name}-other",), False),
    "the beginning of its name": Grant(lambda name: (f"secret/{name[:-2]}",), False),
    "another beginning and a star": Grant(lambda name: (f"secret/x{name[:-2]}*",), False),
    "keys only": Grant(lambda _: ("key/*",), False),
}


def _ways() -> Iterable[Case]:
    for placement in ("query", "form"):
        for answer in ("JSON", "XML"):
            how = {"placement": placement, "format": answer}
            yield Case(f"{placement} {answer}", how, "GetSecretValue")


@rule(
    "AAP-001",
    level=Level.MUST,
    family="access-points",
    statement="A client key reads a secret of its policies over the shared gateway by RPC-1.0, "
    "signed with SHA256withRSA.",
    provenance="observed",
    source=f"{OFFICIAL}; {USE}",
    stage="authorisation",
    safety="creates",
    needs=ON_SHARED,
    cells=(CELL,),
    cases=_ways,
)
def reads_a_secret(kms: Kms, how: dict[str, Any]) -> None:
    """Read a secret with parameters in query or form, answered in JSON or XML."""
    kms.require(f"format:{how['format']}")
    secret = kms.provide("secret")
    key = made(kms, "shared")["credential"]
    exchange = read(kms, key, secret["name"], **how)
    expect_read(kms, exchange, secret, "with the rights that it takes")


@rule(
    "AAP-002",
    level=Level.MUST,
    family="access-points",
    statement="A client key reads the secrets that a policy names, with a star at the end those "
    "whose names begin so, and no other secret.",
    provenance="documented",
    source=f"{USE}; {MANAGE}",
    stage="authorisation",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    cells=(CELL,),
    cases=lambda: (Case(name, (name, grant)) for name, grant in _GRANTS.items()),
)
def resources_of_a_policy(kms: Kms, how: tuple[str, Grant]) -> None:
    """Read one secret with policies that name it, and with policies that do not."""
    words, grant = how
    secret = kms.provide("secret")
    if not grant.covers:
        twin(kms, secret)
    resources = grant.resources(str(secret["name"]))
    bundle = (made if grant.covers else made_if_allowed)(kms, "shared", Resources=resources)
    if bundle is not None:
        exchange = read(kms, bundle["credential"], secret["name"])
        _judge(kms, exchange, secret, grant.covers, f"the policy names {words}")


def _judge(kms: Kms, exchange: Exchange, secret: Made, served: bool, why: str) -> None:
    if served:
        expect_read(kms, exchange, secret, why)
    else:
        expect_unread(kms, exchange, why)


@rule(
    "AAP-003",
    level=Level.MUST,
    family="access-points",
    statement="Only a policy that grants a role for reading secrets lets a client key read them.",
    provenance="documented",
    source=f"{USE}; {MANAGE}",
    stage="authorisation",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    cells=(CELL,),
)
def role_for_secrets(kms: Kms) -> None:
    """Read a secret with the role that uses keys."""
    secret = kms.provide("secret")
    twin(kms, secret)
    role = ("CryptoServiceKeyUser",)
    bundle = made_if_allowed(kms, "shared", Permissions=role, Resources=_ALL)
    if bundle is not None:
        exchange = read(kms, bundle["credential"], secret["name"])
        expect_unread(kms, exchange, "the policy grants the use of keys")


@rule(
    "AAP-004",
    level=Level.MUST,
    family="access-points",
    statement="A policy for an instance opens nothing on the shared gateway.",
    provenance="documented",
    source=f"{USE}; {MANAGE}",
    stage="authorisation",
    operations=("GetSecretValue",),
    safety="creates",
    needs=(*ON_SHARED, "gateway:dedicated"),
    tags=("negative",),
    cells=(CELL,),
)
def scope_of_a_policy(kms: Kms) -> None:
    """Read a secret of the instance over the shared gateway with a policy for all of it."""
    secret = kms.provide("secret", instance=True)
    twin(kms, secret)
    key = made(kms, "instance")["credential"]
    expect_unread(kms, read(kms, key, secret["name"]), "the policy is for the instance")


@rule(
    "AAP-005",
    level=Level.MUST,
    family="access-points",
    statement="A client key is let in from the networks of its policy's rule, and from no other.",
    provenance="documented",
    source=f"{USE}; {MANAGE}",
    stage="authorisation",
    operations=("GetSecretValue",),
    safety="creates",
    needs=(*ON_SHARED, "feature:public-network-rules"),
    cells=(CELL,),
    cases=lambda: (Case("listed", True), Case("not listed", False)),
)
def networks_of_a_policy(kms: Kms, listed: bool) -> None:
    """Read a secret under a rule with every address, and under one with addresses of nobody."""
    secret = kms.provide("secret")
    if not listed:
        twin(kms, secret)
    others = made(kms, "shared", Addresses=NOBODY["shared"]) if not listed else None
    key = (others or made(kms, "shared"))["credential"]
    why = "the network rule lists every address" if listed else "the network rule lists others"
    _judge(kms, read(kms, key, secret["name"]), secret, listed, why)


def _neighbours() -> Iterable[Case]:
    for name in _NEIGHBOURS:
        yield Case(name, catalogue().operations[name], name)


@rule(
    "AAP-006",
    level=Level.MUST,
    family="access-points",
    statement="Reading values of secrets is all that a client key may do on the shared gateway: "
    "what stands next to it is refused and changes nothing, whatever the policy names.",
    provenance="documented",
    source=USE,
    stage="authorisation",
    safety="creates",
    needs=ON_SHARED,
    tags=("negative", "effect"),
    cells=("shared-aap-api-management", "shared-aap-api-cryptographic"),
    cases=_neighbours,
)
def reads_and_nothing_else(kms: Kms, operation: Operation) -> None:
    """Call other operations, rightly signed, under a policy for all keys and secrets."""
    kms.require(f"operation:{operation.name}")
    twin(kms, kms.provide("secret"))
    roles = ("SecretUser", "CryptoServiceKeyUser")
    bundle = made_if_allowed(kms, "shared", Permissions=roles, Resources=_ALL)
    key = (bundle or made(kms, "shared"))["credential"]
    params = real_or_plausible(kms, operation)
    method, _ = way(operation)
    before = look(kms, operation, params)
    exchange = kms.call(operation.name, params, identity=key, scheme="ClientKey", method=method)
    expect_unread(kms, exchange, "called by a client key")
    unchanged(kms, operation, params, before)


@rule(
    "AAP-007",
    level=Level.SHOULD,
    family="access-points",
    statement="What a client key may not do is refused with 403 Forbidden.NoPermission.",
    provenance="inferred",
    source=f"{USE}; the code is documented for policies of an instance",
    stage="authorisation",
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    cases=lambda: (Case(name, name, name) for name in ("GetSecretValue", "Encrypt", "ListKeys")),
)
def code_of_a_refusal(kms: Kms, name: str) -> None:
    """Read a secret that is not named, use a key, and list keys."""
    operation = catalogue().operations[name]
    key = made(kms, "shared", Resources=("secret/of-nobody",))["credential"]
    params = real_or_plausible(kms, operation)
    exchange = kms.call(name, params, identity=key, scheme="ClientKey")
    kms.expect_refused(
        exchange,
        codes=["Forbidden.NoPermission"],
        statuses=[403],
        stage="authorisation",
        why="a client key without the right",
    )
