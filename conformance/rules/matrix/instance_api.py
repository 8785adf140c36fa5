"""KMS Instance API: for client keys on the dedicated gateway, and nowhere else."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from conformance.client.instance import InstanceExchange
from conformance.rules.gateway.looking import look
from conformance.rules.matrix.messages import operation_cases, request
from conformance.rules.matrix.signers import AccessKeyAuth, V3Auth
from conformance.rules.matrix.trying import ON_INSTANCE, OVERVIEW, answered
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import catalogue
from conformance.spec.instance import instance_api
from conformance.wire.instance import KEY_ID_HEADER

_ERRORS = "Common error codes page 601490 / 415316"
_BUSINESS = ("{}-instance-api-cryptographic", "{}-instance-api-secret-retrieval")
#: What a call of management with the id of a key or the name of a secret could change.
_SHOWING = ("DisableKey", "SetDeletionProtection", "UpdateSecret", "PutSecretValue")


def _cells(place: str) -> tuple[str, ...]:
    return tuple(pattern.format(place) for pattern in _BUSINESS)


def _sent(
    kms: Kms,
    operation: str,
    gateway: str,
    auth: httpx.Auth | None,
    fields: Mapping[str, Any],
    body: bytes | None = None,
) -> InstanceExchange | None:
    """Send a call signed by an access key, or without a signer by a client key."""
    exchange = answered(
        lambda: kms.call_instance(
            operation,
            fields,
            gateway=gateway,
            auth=auth,
            identity="client-key" if auth is None else "full",
            body=body,
        )
    )
    assert exchange is None or isinstance(exchange, InstanceExchange)
    return exchange


def _expect_not_served(kms: Kms, exchange: InstanceExchange | None, where: str) -> None:
    if exchange is not None:
        kms.expect(
            not 200 <= exchange.status < 300,
            f"{exchange.operation} of KMS Instance API is not offered {where}, found "
            f"{exchange.describe()}",
            exchange,
        )


def _ram_signers(kms: Kms) -> Mapping[str, httpx.Auth]:
    full = kms.target.identities["full"]
    return {f"access key in {KEY_ID_HEADER}": AccessKeyAuth(full), "signed by V3": V3Auth(full)}


def _refused_to_ram(kms: Kms, operation: str, gateway: str, *, instance: bool) -> None:
    fields = request(kms, operation, instance=instance)
    for how, auth in _ram_signers(kms).items():
        exchange = _sent(kms, operation, gateway, auth, fields)
        _expect_not_served(kms, exchange, f"to RAM identities by the {gateway} gateway ({how})")


@rule(
    "CELL-010",
    level=Level.MUST,
    family="matrix",
    statement="The shared gateway serves no operation of KMS Instance API to RAM identities.",
    provenance="documented",
    source=OVERVIEW,
    stage="gateway",
    needs=("gateway:shared",),
    tags=("negative",),
    cells=_cells("shared-ram"),
    cases=operation_cases(*_cells("shared-ram")),
)
def ram_on_shared(kms: Kms, operation: str) -> None:
    """Send each one as an access key could."""
    _refused_to_ram(kms, operation, "shared", instance=kms.offers("gateway:dedicated"))


@rule(
    "CELL-011",
    level=Level.MUST,
    family="matrix",
    statement="The shared gateway serves no operation of KMS Instance API to client keys, which "
    "the dedicated gateway serves.",
    provenance="documented",
    source=OVERVIEW,
    stage="gateway",
    needs=("gateway:shared", *ON_INSTANCE),
    tags=("negative",),
    cells=_cells("shared-aap"),
    cases=operation_cases(*_cells("shared-aap")),
)
def client_key_on_shared(kms: Kms, operation: str) -> None:
    """Send each one rightly signed to the other gateway."""
    fields = request(kms, operation, instance=True)
    exchange = _sent(kms, operation, "shared", None, fields)
    _expect_not_served(kms, exchange, "by the shared gateway")


@rule(
    "CELL-012",
    level=Level.MUST,
    family="matrix",
    statement="The dedicated gateway serves no operation of KMS Instance API to RAM identities.",
    provenance="documented",
    source=f"{OVERVIEW}; {_ERRORS}",
    stage="authentication",
    needs=("gateway:dedicated",),
    tags=("negative",),
    cells=_cells("dedicated-ram"),
    cases=operation_cases(*_cells("dedicated-ram")),
)
def ram_on_dedicated(kms: Kms, operation: str) -> None:
    """Send each one as an access key could."""
    _refused_to_ram(kms, operation, "dedicated", instance=True)


@rule(
    "CELL-013",
    level=Level.SHOULD,
    family="matrix",
    statement="KMS Instance API tells a RAM identity that it lacks a client key: 400 "
    "MissingParameter without one, 404 Unauthorized where an access key takes its place.",
    provenance="documented",
    source=_ERRORS,
    stage="authentication",
    needs=("gateway:dedicated", "api:instance"),
    tags=("negative",),
    cells=_cells("dedicated-ram"),
)
def ram_is_told_why(kms: Kms) -> None:
    """Ask for random bytes, which takes no key, by both ways."""
    expected = ((404, "Unauthorized"), (400, "MissingParameter"))
    for (how, auth), documented in zip(_ram_signers(kms).items(), expected, strict=True):
        exchange = _sent(kms, "GenerateRandom", "dedicated", auth, {"Length": 32})
        if exchange is None:
            kms.violated(f"{how}: an answer is due, found a closed connection")
        status, code = documented
        kms.expect_refused(exchange, codes=[code], statuses=[status], why=how)


def _management_cases() -> Iterable[Case]:
    for gateway in ("shared", "dedicated"):
        for authentication in ("ram", "aap"):
            place = f"{gateway}-{authentication}"
            cell = f"{place}-instance-api-management"
            yield Case(place, (gateway, authentication), cells=(cell,))


@rule(
    "CELL-014",
    level=Level.MUST,
    family="matrix",
    statement="KMS Instance API has no management: by its protocol no management operation is "
    "served, whoever asks and on whichever gateway, and nothing changes.",
    provenance="documented",
    source=OVERVIEW,
    stage="gateway",
    needs=("gateway:dedicated",),
    tags=("negative", "effect"),
    cells=("*-instance-api-management",),
    cases=_management_cases,
)
def no_management(kms: Kms, place: tuple[str, str]) -> None:
    """Send the name of each operation, with a key or a secret for it to act on."""
    gateway, authentication = place
    if authentication == "aap":
        kms.require(*ON_INSTANCE)
    auth = None if authentication == "aap" else AccessKeyAuth(kms.target.identities["full"])
    key = kms.provide("symmetric-key", instance=True, fresh=True)
    secret = kms.provide("secret", instance=True, fresh=True)
    named = {"KeyId": key["id"], "SecretName": secret["name"]}
    shown = [catalogue().operations[name] for name in _SHOWING]
    before = [look(kms, operation, named) for operation in shown]
    bodies = {
        "secret": instance_api().encode("GetSecretValue", {"SecretName": secret["name"]}),
        "key": instance_api().encode("GetPublicKey", {"KeyId": key["id"]}),
    }
    for operation in catalogue():
        if operation.category != "management":
            continue
        body = bodies["secret" if "SecretName" in operation.request["properties"] else "key"]
        exchange = _sent(kms, operation.name, gateway, auth, {}, body)
        _expect_not_served(kms, exchange, f"by the {gateway} gateway")
    after = [look(kms, operation, named) for operation in shown]
    kms.expect(before == after, "refused management changes nothing, found key or secret changed")


@rule(
    "CELL-015",
    level=Level.MUST,
    family="matrix",
    statement="To the dedicated gateway the name of a management operation is no name of KMS "
    "Instance API: 400 InvalidApiName.",
    provenance="documented",
    source=f"{OVERVIEW}; {_ERRORS}",
    stage="gateway",
    needs=ON_INSTANCE,
    tags=("negative",),
    cells=("dedicated-aap-instance-api-management",),
    cases=lambda: (Case(name, name) for name in ("ListKeys", "CreateKey", "ScheduleKeyDeletion")),
)
def management_is_unknown(kms: Kms, operation: str) -> None:
    """Ask for some of them, rightly signed by a client key that is let in."""
    served = kms.call_instance("GenerateRandom", {"Length": 8})
    if not served.ok:
        raise NotTestable(f"the client key is answered {served.describe()}", [served])
    body = instance_api().encode("GetPublicKey", {"KeyId": "alias/acs/kms"})
    exchange = kms.call_instance(operation, {}, body=body)
    kms.expect_refused(exchange, codes=["InvalidApiName"], statuses=[400])
