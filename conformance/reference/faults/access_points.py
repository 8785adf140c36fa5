"""Faults of access points, their policies, network rules and client keys; of instances too."""

import base64
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, forgive, wrap_answer, wrap_handler
from conformance.reference.faults.tools import AAP, SDK, without_params
from conformance.reference.passage import Passage
from conformance.reference.services.client_key_file import new_client_key_file
from conformance.reference.services.finding import invalid
from conformance.reference.services.material import new_rsa_key
from conformance.wire.times import parse_iso

_CLIENT_KEY = "Create an application access point page"


@fault(
    "access-point-does-not-change",
    breaks=("EFF-070",),
    statement="UpdateApplicationAccessPoint succeeds and changes nothing.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        point = call.account.access_points.get(call.params["Name"])
        before = (point.description, point.policies) if point else ("", [])
        answer = original(call)
        if point is not None:
            point.description, point.policies = before
        return answer

    wrap_handler(endpoint, "UpdateApplicationAccessPoint", wrapper)


@fault(
    "access-point-takes-two-policies",
    breaks=("EFF-070",),
    statement="An access point takes two policies at most instead of three.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if len(call.params.get("Policies", ())) > 2:
            raise invalid("Policies names too many policies.")
        return original(call)

    operations = ["CreateApplicationAccessPoint", "UpdateApplicationAccessPoint"]
    wrap_handler(endpoint, operations, wrapper)


@fault(
    "access-point-takes-four-policies",
    breaks=("EFF-070",),
    statement="An access point takes four policies that there are.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    def applies(_error: KmsError, passage: Passage) -> bool:
        return len(passage.params.get("Policies", ())) > 3

    forgive(endpoint, "validate", applies)


@fault(
    "access-policy-does-not-change",
    breaks=("EFF-070",),
    statement="UpdatePolicy succeeds and the resources stay.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        policy = call.account.access_policies.get(call.params["Name"])
        before = policy.resources if policy else []
        answer = original(call)
        if policy is not None:
            policy.resources = before
        return answer

    wrap_handler(endpoint, "UpdatePolicy", wrapper)


@fault(
    "network-rule-loses-addresses",
    breaks=("EFF-070",),
    statement="DescribeNetworkRule answers no addresses.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["SourcePrivateIp"] = "[]"

    wrap_answer(endpoint, "DescribeNetworkRule", change)


@fault(
    "network-rule-stays",
    breaks=(
        "EFF-070",
        "IDM-010",
    ),
    statement="DeleteNetworkRule succeeds and the rule stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        rule = call.account.network_rules.get(call.params["Name"])
        answer = original(call)
        if rule is not None:
            call.account.network_rules[rule.name] = rule
        return answer

    wrap_handler(endpoint, "DeleteNetworkRule", wrapper)


@fault(
    "access-policy-stays",
    breaks=(
        "EFF-070",
        "IDM-010",
    ),
    statement="DeletePolicy succeeds and the policy stays.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        policy = call.account.access_policies.get(call.params["Name"])
        answer = original(call)
        if policy is not None:
            call.account.access_policies[policy.name] = policy
        return answer

    wrap_handler(endpoint, "DeletePolicy", wrapper)


@fault(
    "access-point-not-listed",
    breaks=(
        "EFF-070",
        "PAG-001",
        "PAG-002",
    ),
    statement="ListApplicationAccessPoints leaves the newest access point out.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        rows = answer["ApplicationAccessPoints"]["ApplicationAccessPoint"]
        answer["ApplicationAccessPoints"] = {"ApplicationAccessPoint": rows[:-1]}

    wrap_answer(endpoint, "ListApplicationAccessPoints", change)


@fault(
    "client-keys-outlive-their-access-point",
    breaks=("EFF-085",),
    statement="Client keys stay when their access point is deleted.",
    source=_CLIENT_KEY,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        before = dict(call.account.client_keys)
        answer = original(call)
        call.account.client_keys.update(before)
        return answer

    wrap_handler(endpoint, "DeleteApplicationAccessPoint", wrapper)


@fault(
    "client-key-shows-its-private-half",
    breaks=("EFF-071",),
    statement="GetClientKey answers PrivateKeyData.",
    source=_CLIENT_KEY,
)
def _(endpoint: Endpoint) -> None:
    kept: dict[str, str] = {}

    def keep(_call: Call, answer: dict[str, Any]) -> None:
        kept[answer["ClientKeyId"]] = answer["PrivateKeyData"]

    def show(_call: Call, answer: dict[str, Any]) -> None:
        answer["PrivateKeyData"] = kept.get(answer["ClientKeyId"], "")

    wrap_answer(endpoint, "CreateClientKey", keep)
    wrap_answer(endpoint, "GetClientKey", show)


def _answer_other_file(endpoint: Endpoint, password: str | None) -> None:
    """Answer the file of another key pair, or under another password."""

    def change(call: Call, answer: dict[str, Any]) -> None:
        file = new_client_key_file(
            new_rsa_key(2048),
            answer["ClientKeyId"],
            password or call.params["Password"],
            parse_iso(answer["NotBefore"]),
            parse_iso(answer["NotAfter"]),
        )
        answer["PrivateKeyData"] = base64.b64encode(file.pkcs12).decode("ascii")

    wrap_answer(endpoint, "CreateClientKey", change)


@fault(
    "client-key-under-another-password",
    breaks=("EFF-084",),
    statement="PrivateKeyData does not open with the password that was given.",
    source=_CLIENT_KEY,
)
def _(endpoint: Endpoint) -> None:
    _answer_other_file(endpoint, os.urandom(16).hex())


@fault(
    "client-key-halves-do-not-match",
    breaks=("EFF-084",),
    statement="The private half of a client key does not belong to its published half.",
    source=_CLIENT_KEY,
)
def _(endpoint: Endpoint) -> None:
    _answer_other_file(endpoint, None)


@fault(
    "client-key-of-one-year",
    breaks=("EFF-071",),
    statement="A client key without a validity of its own is good for one year instead of five.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    def validity(now: datetime) -> tuple[datetime, datetime]:
        return now, now + timedelta(days=365)

    endpoint.seams.default_validity = validity


@fault(
    "validity-of-client-key-ignored",
    breaks=("EFF-072",),
    statement="NotBefore and NotAfter of CreateClientKey are ignored.",
    source=_CLIENT_KEY,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        call.params.pop("NotBefore", None)
        call.params.pop("NotAfter", None)
        return original(call)

    wrap_handler(endpoint, "CreateClientKey", wrapper)


@fault(
    "any-number-of-client-keys",
    breaks=("EFF-072",),
    statement="An access point takes a fourth client key.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        hidden = dict(call.account.client_keys)
        call.account.client_keys.clear()
        try:
            return original(call)
        finally:
            made = dict(call.account.client_keys)
            call.account.client_keys.clear()
            call.account.client_keys.update({**hidden, **made})

    wrap_handler(endpoint, "CreateClientKey", wrapper)


@fault(
    "client-key-stays",
    breaks=("EFF-071", "AAP-022", "AAP-036"),
    statement="DeleteClientKey succeeds and the client key stays.",
    source=_CLIENT_KEY,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = call.account.client_keys.get(call.params["ClientKeyId"])
        answer = original(call)
        if key is not None:
            call.account.client_keys[key.id] = key
        return answer

    wrap_handler(endpoint, "DeleteClientKey", wrapper)


@fault(
    "taken-access-names-are-replaced",
    breaks=("EFF-092",),
    statement="CreateNetworkRule, CreatePolicy and CreateApplicationAccessPoint replace what has "
    "the name.",
    source="names are what DescribeNetworkRule and its like are asked for; no page replaces",
)
def _(endpoint: Endpoint) -> None:
    def replacing(things: str) -> Callable[[Call, Handler], dict[str, Any]]:
        def wrapper(call: Call, original: Handler) -> dict[str, Any]:
            getattr(call.account, things).pop(call.params["Name"], None)
            return original(call)

        return wrapper

    wrap_handler(endpoint, "CreateNetworkRule", replacing("network_rules"))
    wrap_handler(endpoint, "CreatePolicy", replacing("access_policies"))
    wrap_handler(endpoint, "CreateApplicationAccessPoint", replacing("access_points"))


@fault(
    "network-of-a-policy-stays",
    breaks=("EFF-070",),
    statement="UpdatePolicy does not change AccessControlRules.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "UpdatePolicy",
        lambda call, original: original(without_params(call, "AccessControlRules")),
    )


@fault(
    "access-point-keeps-its-policies",
    breaks=("EFF-070",),
    statement="UpdateApplicationAccessPoint ignores Policies where a Description is given too.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if "Description" in call.params:
            call = without_params(call, "Policies")
        return original(call)

    wrap_handler(endpoint, "UpdateApplicationAccessPoint", wrapper)
