"""The Internet switch: on and off, from the Internet and from a VPC, and what it leaves alone."""

from conformance.rules.gateway.requests import real, way
from conformance.rules.internet.throwing import NEEDS, ask, switched
from conformance.rules.matrix.trying import operation_cases
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation

_PAGE = "Access keys of a KMS instance over the Internet page"
_READING = "internet-switch"
_CRYPTOGRAPHY = "shared-ram-api-cryptographic"
_RETRIEVAL = "shared-ram-api-secret-retrieval"
#: Not cryptography in every eye (a public key), or not with a key that the caller names.
_APART = frozenset({"GetPublicKey", "GetManagedDataKey"})
#: One of each kind of key.
_SOME = ("Encrypt", "AsymmetricSign")


def _uses_keys(operation: Operation) -> bool:
    return operation.category == "cryptographic" and operation.name not in _APART


def _works_elsewhere(kms: Kms, operation: Operation, params: dict[str, object]) -> None:
    """Go on only when the same call is served where the switch does not matter.

    Raises:
        NotTestable: When it is not, so that a refusal proves nothing.
    """
    if "dedicated" not in operation.gateways or not kms.offers("gateway:dedicated"):
        return
    method, placement = way(operation)
    twin = kms.call(operation.name, params, gateway="dedicated", method=method, placement=placement)
    if not twin.ok:
        raise NotTestable(f"the dedicated gateway answers {twin.describe()}", [twin])


@rule(
    "NET-001",
    level=Level.MUST,
    family="internet-switch",
    statement="While the switch of an instance is off, its keys do no cryptography for calls from "
    "the Internet.",
    provenance="documented",
    source=_PAGE,
    stage="authorisation",
    needs=NEEDS,
    tags=("negative",),
    cells=(_CRYPTOGRAPHY,),
    cases=operation_cases(_uses_keys),
)
def off_from_the_internet(kms: Kms, operation: Operation) -> None:
    """Call each operation with a key of the instance over the Internet side."""
    params = real(kms, operation, instance=True)
    with switched(kms, "off"):
        exchange = ask(kms, operation, params)
    kms.expect(
        not 200 <= exchange.status < 300,
        f"with the switch off {operation.name} from the Internet is not served with a key of the "
        f"instance, found {exchange.describe()}",
        exchange,
    )
    _works_elsewhere(kms, operation, params)


@rule(
    "NET-002",
    level=Level.MUST,
    family="internet-switch",
    statement="While the switch of an instance is on, its keys do cryptography for calls from the "
    "Internet.",
    provenance="documented",
    source=_PAGE,
    stage="service",
    needs=NEEDS,
    cells=(_CRYPTOGRAPHY,),
    cases=operation_cases(_uses_keys),
)
def on_from_the_internet(kms: Kms, operation: Operation) -> None:
    """Call each operation with a key of the instance over the Internet side."""
    params = real(kms, operation, instance=True)
    with switched(kms, "on"):
        exchange = ask(kms, operation, params)
    kms.expect_success(exchange)


@rule(
    "NET-003",
    level=Level.MUST,
    family="internet-switch",
    statement="Secrets need no switch: the value of a secret of the instance is read from the "
    "Internet while it is off, and from a VPC.",
    provenance="documented",
    source=_PAGE,
    stage="service",
    operations=("GetSecretValue",),
    needs=NEEDS,
    cells=(_RETRIEVAL,),
)
def secrets_need_no_switch(kms: Kms) -> None:
    """Read a secret whose protecting key is one of the instance, from both sides."""
    secret = kms.provide("secret", instance=True)
    with switched(kms, "off"):
        for listener in ("internet", None):
            exchange = ask(
                kms,
                kms.operation("GetSecretValue"),
                {"SecretName": secret["name"]},
                listener,
            )
            kms.expect_success(exchange)
            kms.expect(
                "data" not in secret or exchange.data.get("SecretData") == secret["data"],
                "GetSecretValue answers the value that was stored, found another",
                exchange,
            )


@rule(
    "NET-004",
    level=Level.SHOULD,
    family="internet-switch",
    statement="Keys that are in no instance do cryptography for calls from the Internet, whatever "
    "the switch of an instance says.",
    provenance="inferred",
    source=_PAGE,
    stage="service",
    needs=NEEDS,
    cells=(_CRYPTOGRAPHY,),
    cases=operation_cases(lambda operation: operation.name in _SOME),
)
def other_keys_need_no_switch(kms: Kms, operation: Operation) -> None:
    """Encrypt and sign with keys outside the instance while the switch is off."""
    params = real(kms, operation)
    with switched(kms, "off"):
        exchange = ask(kms, operation, params)
    kms.expect_success(exchange)


@rule(
    "NET-005",
    level=Level.SHOULD,
    family="internet-switch",
    statement="Whether calls from a VPC need the switch, too, is left open: they are served while "
    "it is off, or refused as those from the Internet are.",
    provenance="inferred",
    source=f"KMS integration overview (2025-06); {_PAGE}",
    stage="authorisation",
    needs=NEEDS,
    readings=(_READING,),
    cells=(_CRYPTOGRAPHY,),
    operations=("Encrypt",),
)
def off_from_a_vpc(kms: Kms) -> None:
    """Encrypt from the side of the VPC and note which it is; with the switch on it is served."""
    operation = kms.operation("Encrypt")
    params = real(kms, operation, instance=True)
    with switched(kms, "off"):
        vpc = ask(kms, operation, params, None)
        internet = ask(kms, operation, params)
    kms.showed(_READING, "internet-only" if vpc.ok else "all-shared", vpc)
    if vpc.ok:
        return
    kms.expect_refused(vpc, stage="authorisation")
    kms.expect(
        (vpc.status, vpc.code) == (internet.status, internet.code),
        f"both sides are refused alike, found {vpc.describe()} and {internet.describe()}",
        vpc,
        internet,
    )


@rule(
    "NET-006",
    level=Level.SHOULD,
    family="internet-switch",
    statement="The switch is about cryptography: keys of the instance are managed from the "
    "Internet while it is off.",
    provenance="inferred",
    source=_PAGE,
    stage="service",
    needs=NEEDS,
    cells=("shared-ram-api-management",),
    cases=operation_cases(lambda operation: operation.name in {"DescribeKey", "DisableKey"}),
)
def management_needs_no_switch(kms: Kms, operation: Operation) -> None:
    """Describe a key of the instance, and disable one."""
    params = real(kms, operation, instance=True)
    with switched(kms, "off"):
        exchange = ask(kms, operation, params)
    kms.expect_success(exchange)
