"""What faults of services share: where promises are documented, and small changes to a call."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.model import Key, Secret
from conformance.reference.services.finding import find_key
from conformance.reference.services.secret_life import find_secret

KEY_STATES = "Impact of the key state on API operations, page 44211"
SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
DOCS_2021 = "AlibabaCloudDocs/kms repository, API reference of 2021-07"
CONTEXT = "EncryptionContext page, AlibabaCloudDocs/kms (2021-07)"
ROTATION = "Automatic key rotation page, AlibabaCloudDocs/kms (2021-07)"
GENERIC_SECRETS = "Generic secrets pages, AlibabaCloudDocs/kms (2021-07)"
DEMO = "alibabacloud-kms-demo, official sample code"
TRANSFER = "dkms-transfer clients, official code"
AAP = "Use application access points page (zh)"


def with_params(call: Call, **changes: Any) -> Call:
    """Return the call with some parameters changed."""
    return replace(call, params={**call.params, **changes})


def without_params(call: Call, *names: str) -> Call:
    """Return the call without some parameters."""
    left = {name: value for name, value in call.params.items() if name not in names}
    return replace(call, params=left)


def ask(endpoint: Endpoint, call: Call, operation: str, **changes: Any) -> dict[str, Any]:
    """Return what the handler of another operation answers to this call's parameters."""
    other = replace(
        with_params(call, **changes), operation=endpoint.operations[operation].operation
    )
    return endpoint.handlers[operation](other)


def key_of(call: Call, parameter: str = "KeyId") -> Key:
    """Return the key that a call names."""
    return find_key(call, parameter)


def secret_of(call: Call) -> Secret:
    """Return the secret that a call names."""
    return find_secret(call)


def allow(endpoint: Endpoint, operations: Iterable[str], state: str) -> None:
    """Let operations work with a key in a state that refuses them."""
    names = frozenset(operations)
    original = endpoint.seams.state_rule

    def lenient(operation: str, key_state: str) -> str | None:
        if operation in names and key_state == state:
            return None
        code: str | None = original(operation, key_state)
        return code

    endpoint.seams.state_rule = lenient


def answer_state(endpoint: Endpoint, operations: Iterable[str], state: str, code: str) -> None:
    """Let operations answer another code to a state, or refuse one that they should take."""
    names = frozenset(operations)
    original = endpoint.seams.state_rule

    def other(operation: str, key_state: str) -> str | None:
        if operation in names and key_state == state:
            return code
        answered: str | None = original(operation, key_state)
        return answered

    endpoint.seams.state_rule = other
