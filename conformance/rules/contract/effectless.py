"""A refused request has no effect on the things that it names."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.contract.sending import Batch, all_operations, cases_of, chosen, may_be_sent
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.spec.catalogue import Operation
from conformance.spec.variants import Variant

#: Refused requests of an operation after which its things are looked at.
_TRIED = 10

Look = Callable[[Kms, Mapping[str, Any]], list[Exchange]]


def _key(kms: Kms, bundle: Mapping[str, Any]) -> list[Exchange]:
    request = {"KeyId": bundle["id"]}
    calls = ("DescribeKey", "ListKeyVersions", "ListAliasesByKeyId", "ListResourceTags")
    return [kms.call(operation, request) for operation in calls]


def _secret(kms: Kms, bundle: Mapping[str, Any]) -> list[Exchange]:
    request = {"SecretName": bundle["name"]}
    return [
        kms.call("DescribeSecret", {**request, "FetchTags": "true"}),
        kms.call("ListSecretVersionIds", {**request, "IncludeDeprecated": "true"}),
        kms.call("GetSecretValue", request),
    ]


def _alias(kms: Kms, bundle: Mapping[str, Any]) -> list[Exchange]:
    return [kms.call("DescribeKey", {"KeyId": bundle["name"]})]


def _named(operation: str) -> Look:
    return lambda kms, bundle: [kms.call(operation, {"Name": bundle["name"]})]


#: How to look at a thing, by bundle.
_LOOKS: Mapping[str, Look] = {
    "symmetric-key": _key,
    "rotatable-key": _key,
    "external-key": _key,
    "instance-key": _key,
    "secret": _secret,
    "instance-secret": _secret,
    "managed-secret": _secret,
    "alias": _alias,
    "network-rule": _named("DescribeNetworkRule"),
    "access-policy": _named("DescribePolicy"),
    "access-point": _named("DescribeApplicationAccessPoint"),
}


def _cases() -> Iterable[Case]:
    return cases_of(
        operation
        for operation in all_operations()
        if any(operation.effects.values()) and _bundles(operation)
    )


def _bundles(operation: Operation) -> set[str]:
    names = {name for v in chosen(operation, "negative", gates=True) for name in v.bundles}
    return names & _LOOKS.keys()


def _shown(kms: Kms, bundles: Iterable[str]) -> dict[str, Any]:
    """Return what is told of each thing, without request ids."""
    found: dict[str, Any] = {}
    for name in sorted(bundles):
        for exchange in _LOOKS[name](kms, kms.provide(name)):
            members = {k: v for k, v in exchange.data.items() if k not in {"RequestId", "Message"}}
            found[f"{exchange.operation} of {name}"] = (exchange.status, members)
    return found


@rule(
    "CON-008",
    level=Level.MUST,
    family="contract",
    statement="A request that is refused changes nothing: the things that it names are described "
    "afterwards as they were before.",
    provenance="documented",
    source="KMS Responses page, AlibabaCloudDocs/kms (2021-07): 4xx means that the call failed",
    stage="parameter",
    tags=("variants", "negative"),
    cases=_cases,
)
def refused_changes_nothing(kms: Kms, operation: Operation) -> None:
    """Describe the things that faulty requests name, before and after these are refused."""
    bundles = _bundles(operation)
    faulty = [
        variant
        for variant in chosen(operation, "negative", gates=True)
        if bundles & variant.bundles.keys() and may_be_sent(kms, operation, variant)
    ]
    batch = Batch(kms)
    before = _shown(kms, bundles)
    tried = sorted(faulty, key=lambda variant: variant.weight)[:_TRIED]
    refused = [(v, e) for v in tried if (e := batch.send(v)) is not None and not e.ok]
    changed = _differences(before, _shown(kms, bundles))
    if changed:
        for variant, exchange in _culprits(kms, batch, tried, bundles) or refused[:1]:
            batch.note(variant.id, f"{', '.join(changed)} as before", exchange, "something else")
    batch.conclude()


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [look for look, shown in after.items() if shown != before[look]]


def _culprits(
    kms: Kms, batch: Batch, tried: Iterable[Variant], bundles: set[str]
) -> list[tuple[Variant, Exchange]]:
    """Send the refused requests again and look after each."""
    found = []
    before = _shown(kms, bundles)
    for variant in tried:
        exchange = batch.send(variant)
        after = _shown(kms, bundles)
        if exchange is not None and not exchange.ok and _differences(before, after):
            found.append((variant, exchange))
        before = after
    return found
