"""Faults of KMS Instance API: keys, states, limits and permissions."""

from collections.abc import Callable

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    AAP,
    ERRORS,
    PAGES,
    change_policy,
    refuse_otherwise,
)
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api.calls import InstanceCall
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Key, Secret
from conformance.reference.services.life import settle


@fault(
    "instance-unknown-key-is-bad-parameter",
    breaks=("INS-100",),
    statement="A key that there is not is answered by InvalidParameter.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "unknown-key", code="InvalidParameter", status=400)


@fault(
    "instance-serves-keys-of-others",
    breaks=("INS-101",),
    statement="Keys that do not belong to the instance are used.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    def find(call: InstanceCall, key_id: str) -> Key:
        key = call.account.keys.get(key_id)
        if key is None or not settle(call.account, key, call.now, endpoint.seams):
            raise InstanceRefusal("unknown-key")
        return key

    endpoint.seams.instance_key = find


@fault(
    "instance-advance-with-pair-is-unsupported",
    breaks=("INS-102",),
    statement="An Advance operation with an asymmetric key is answered by UnsupportedOperation.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "only-symmetric", code="UnsupportedOperation", status=400)


@fault(
    "instance-usage-unchecked",
    breaks=("INS-103",),
    statement="Keys encrypt and sign whatever their usage.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_require_kind

    def require(call: InstanceCall, key: Key) -> None:
        asymmetric = not key.spec.startswith(("Aliyun", "HMAC"))
        if not (asymmetric and "asymmetric" in call.operation.kinds):
            original(call, key)

    endpoint.seams.instance_require_kind = require


@fault(
    "instance-unsupported-is-409",
    breaks=("INS-103",),
    statement="A key that does not fit is answered by 409.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "unsupported-operation", status=409)


def _work_in(endpoint: Endpoint, state: str) -> None:
    original = endpoint.seams.instance_require_state

    def require(call: InstanceCall, key: Key) -> None:
        if key.state != state:
            original(call, key)

    endpoint.seams.instance_require_state = require


@fault(
    "instance-disabled-keys-work",
    breaks=("INS-104",),
    statement="Disabled keys work.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    _work_in(endpoint, "Disabled")


@fault(
    "instance-keys-pending-deletion-work",
    breaks=("INS-105",),
    statement="Keys that are scheduled for deletion work.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    _work_in(endpoint, "PendingDeletion")


@fault(
    "instance-states-are-403",
    breaks=("INS-104", "INS-105", "INS-106"),
    statement="Keys that are not enabled are answered by 403.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    kinds = "key-disabled key-pending-deletion key-pending-import"
    refuse_otherwise(endpoint, kinds, status=403)


@fault(
    "instance-bodies-without-limit",
    breaks=("INS-107",),
    statement="Bodies above 3 MB are read.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    change_policy(endpoint, instance_body_limit=64 * 1024 * 1024)


@fault(
    "instance-bodies-of-one-megabyte",
    breaks=("INS-108",),
    statement="Bodies above 1 MB are too large.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    change_policy(endpoint, instance_body_limit=1024 * 1024)


def _decide(endpoint: Endpoint, decision: str, decide: Callable[..., bool]) -> None:
    """Put another decision in the place of one of the endpoint's access control."""
    assert hasattr(endpoint.access_control, decision), decision
    setattr(endpoint.access_control, decision, decide)


@fault(
    "instance-policy-resources-unchecked",
    breaks=("INS-110", "INS-111", "INS-113"),
    statement="A policy opens every key and secret of the instance, whatever it names.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    _decide(endpoint, "covers", lambda *_: True)


@fault(
    "instance-key-in-ciphertext-unasked",
    breaks=("INS-111",),
    statement="AdvanceDecrypt does not ask whether the key of a ciphertext is permitted.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_permit

    def permit(call: InstanceCall, key: Key | None) -> None:
        if call.operation.name != "AdvanceDecrypt":
            original(call, key)

    endpoint.seams.instance_permit = permit


@fault(
    "instance-roles-unchecked",
    breaks=("INS-112",),
    statement="Every role of a policy allows everything.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    _decide(endpoint, "grants", lambda *_: True)


@fault(
    "instance-protecting-key-unasked",
    breaks=("INS-113",),
    statement="Reading a secret does not take the use of the key that protects it.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    control = endpoint.access_control

    def permit(call: InstanceCall, secret: Secret) -> None:
        control.permit(
            call.account.client_keys[call.client_key_id],
            operation="GetSecretValue",
            resource_arn=call.account.arn("secret", secret.name),
            scope=call.instance_id,
            client_ip=call.client_ip,
        )

    endpoint.seams.instance_permit_retrieval = permit


@fault(
    "instance-scope-unchecked",
    breaks=("INS-114",),
    statement="Policies for the shared gateway count on the instance.",
    source=AAP,
)
def _(endpoint: Endpoint) -> None:
    for decision in ("has_scope", "covers", "lets_in"):
        _decide(endpoint, decision, lambda *_: True)
    _decide(endpoint, "grants", lambda policy, *_: bool(policy.permissions))
