"""Faults of the switch that opens keys of an instance to cryptography from the Internet."""

from collections.abc import Callable

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, refuse_at
from conformance.reference.model import Key
from conformance.reference.passage import Passage

_PAGE = "Access keys of a KMS instance over the Internet page"


def _switch(endpoint: Endpoint, wanted: Callable[[Call, Key], bool | None]) -> None:
    """Decide anew whether a key serves a call from the Internet; None leaves it as it was."""
    original = endpoint.seams.require_internet_access

    def require(call: Call, key: Key) -> None:
        decided = wanted(call, key)
        if decided is None:
            original(call, key)
        elif not decided:
            raise KmsError("Forbidden.NoPermission", "Access over the Internet is not enabled.")

    endpoint.seams.require_internet_access = require


def _is_on(call: Call, key: Key) -> bool:
    instance = call.account.instances.get(key.instance_id or "")
    return instance is not None and instance.internet_access


@fault(
    "internet-switch-ignored",
    breaks=("NET-001",),
    statement="Keys of an instance serve calls from the Internet whatever the switch says.",
    source=f"{_PAGE}: off by default",
)
def _ignored(endpoint: Endpoint) -> None:
    _switch(endpoint, lambda _, __: True)


@fault(
    "internet-switch-forgets-signing",
    breaks=("NET-001",),
    statement="With the switch off AsymmetricSign is served from the Internet nevertheless.",
    source=f"{_PAGE}: cryptography from a VPC only",
)
def _forgets_signing(endpoint: Endpoint) -> None:
    _switch(endpoint, lambda call, _: True if call.operation.name == "AsymmetricSign" else None)


@fault(
    "internet-switch-stuck",
    breaks=("NET-002",),
    statement="With the switch on keys of an instance still serve no call from the Internet.",
    source=f"{_PAGE}: what the switch is for",
)
def _stuck(endpoint: Endpoint) -> None:
    def wanted(call: Call, key: Key) -> bool | None:
        own = key.instance_id is not None and call.operation.category == "cryptographic"
        return False if own else None

    _switch(endpoint, wanted)


@fault(
    "internet-switch-covers-secrets",
    breaks=("NET-003",),
    statement="With the switch off secrets of an instance are not read from the Internet.",
    source=f"{_PAGE}: secrets need no switch",
)
def _covers_secrets(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        call = passage.call
        if call is None or passage.side != "internet" or passage.operation is None:
            return None
        secret = call.account.secrets.get(str(call.params.get("SecretName")))
        if secret is None or passage.operation.category != "secret-retrieval":
            return None
        instance = call.account.instances.get(secret.instance_id or "")
        if instance is None or instance.internet_access:
            return None
        return KmsError("Forbidden.NoPermission", "Access over the Internet is not enabled.")

    refuse_at(endpoint, "authorise", judge)


@fault(
    "internet-switch-covers-all-keys",
    breaks=("NET-004",),
    statement="Keys in no instance serve no call from the Internet.",
    source=f"{_PAGE}: keys of an instance",
)
def _covers_all(endpoint: Endpoint) -> None:
    _switch(endpoint, lambda _, key: False if key.instance_id is None else None)


@fault(
    "internet-switch-covers-management",
    breaks=("NET-006",),
    statement="With the switch off keys of an instance are not managed from the Internet.",
    source=f"{_PAGE}: cryptography",
)
def _covers_management(endpoint: Endpoint) -> None:
    _switch(endpoint, lambda call, key: _is_on(call, key) if key.instance_id else None)


@fault(
    "internet-switch-refuses-vpc-as-a-failure",
    breaks=("NET-005",),
    statement="With the switch off calls from a VPC fail with 500.",
    source="KMS integration overview (2025-06): the switch is for cryptography on either side",
)
def _vpc_fails(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        call = passage.call
        if call is None or passage.side != "vpc" or passage.gateway != "shared":
            return None
        key = call.account.keys.get(str(call.params.get("KeyId")))
        cryptographic = call.operation.category == "cryptographic"
        if key is None or key.instance_id is None or not cryptographic or _is_on(call, key):
            return None
        return KmsError("InternalFailure", "The service failed for a reason of its own.", 500)

    refuse_at(endpoint, "authorise", judge)
