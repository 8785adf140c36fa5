"""Faults of key states: what each state allows, refuses, and how one follows another."""

from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, replace_error, wrap_handler
from conformance.reference.faults.tools import (
    KEY_STATES,
    RESPONSES,
    SDK,
    allow,
    answer_state,
    key_of,
)

_SYMMETRIC = ("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
_CODES = {"Rejected.Disabled", "Rejected.PendingDeletion", "Rejected.PendingImport"}


@fault(
    "encrypt-with-disabled-key",
    breaks=("STA-002", "KEY-001"),
    statement="Encrypt works with a Disabled key (localstack #5410).",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["Encrypt"], "Disabled")


@fault(
    "decrypt-with-disabled-key",
    breaks=("STA-002", "CRY-024", "KEY-001"),
    statement="Decrypt works with a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["Decrypt"], "Disabled")


@fault(
    "data-key-with-disabled-key",
    breaks=("STA-002", "KEY-001"),
    statement="Data keys are made under a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, _SYMMETRIC[1:], "Disabled")


@fault(
    "reencrypt-with-disabled-key",
    breaks=("STA-002",),
    statement="ReEncrypt reads from and writes to a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["ReEncrypt"], "Disabled")


@fault(
    "sign-with-disabled-key",
    breaks=("STA-002",),
    statement="AsymmetricSign works with a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["AsymmetricSign"], "Disabled")


@fault(
    "mac-with-disabled-key",
    breaks=("STA-002",),
    statement="GenerateMac works with a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["GenerateMac"], "Disabled")


@fault(
    "encrypt-with-key-pending-deletion",
    breaks=("STA-002", "KEY-001"),
    statement="Encrypt works with a key that waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, _SYMMETRIC, "PendingDeletion")


@fault(
    "decrypt-with-key-pending-deletion",
    breaks=("STA-002", "KEY-001"),
    statement="Decrypt works with a key that waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["Decrypt"], "PendingDeletion")


@fault(
    "describe-key-refuses-disabled",
    breaks=(
        "EFF-004",
        "STA-003",
    ),
    statement="DescribeKey refuses a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    answer_state(endpoint, ["DescribeKey"], "Disabled", "Rejected.Disabled")


@fault(
    "describe-key-hides-pending-deletion",
    breaks=("IDM-002", "STA-005", "KEY-001"),
    statement="A key that waits for its deletion is answered as not found.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    answer_state(endpoint, ["DescribeKey"], "PendingDeletion", "Forbidden.KeyNotFound")


@fault(
    "description-of-key-pending-deletion-changes",
    breaks=("STA-002", "KEY-001"),
    statement="UpdateKeyDescription works with a key that waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["UpdateKeyDescription"], "PendingDeletion")


@fault(
    "rotation-of-disabled-key-changes",
    breaks=("STA-002",),
    statement="UpdateRotationPolicy and CreateKeyVersion work with a Disabled key.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["UpdateRotationPolicy", "CreateKeyVersion"], "Disabled")


@fault(
    "enable-from-pending-deletion",
    breaks=("STA-002", "KEY-001"),
    statement="EnableKey takes a key out of its deletion window.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["EnableKey"], "PendingDeletion")


@fault(
    "disable-from-pending-import",
    breaks=("STA-002", "KEY-002"),
    statement="DisableKey works with a key that has no material.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["DisableKey"], "PendingImport")


@fault(
    "disabled-key-answers-other-code",
    breaks=("STA-002", "KEY-001"),
    statement="Cryptography with a Disabled key is refused as Rejected.StateModifiedFailed.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    names = (*_SYMMETRIC, "Decrypt")
    answer_state(endpoint, names, "Disabled", "Rejected.StateModifiedFailed")


@fault(
    "pending-import-answers-other-code",
    breaks=("STA-002", "KEY-002"),
    statement="Encrypt with a key without material is refused as Rejected.Disabled.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    answer_state(endpoint, _SYMMETRIC, "PendingImport", "Rejected.Disabled")


@fault(
    "state-refusals-are-400",
    breaks=("STA-002", "KEY-001"),
    statement="Refusals because of the state of a key come with HTTP 400.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code in _CODES, status=400)


@fault(
    "disable-does-nothing",
    breaks=("EFF-004", "STA-003", "KEY-001"),
    statement="DisableKey succeeds and the key stays Enabled.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.state
        answer = original(call)
        key.state = before
        return answer

    wrap_handler(endpoint, "DisableKey", wrapper)


@fault(
    "enable-does-nothing",
    breaks=("EFF-004", "EFF-011", "STA-006", "KEY-001"),
    statement="EnableKey succeeds and the key stays Disabled.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.state
        answer = original(call)
        key.state = before
        return answer

    wrap_handler(endpoint, "EnableKey", wrapper)


@fault(
    "cancel-leaves-pending",
    breaks=("STA-004", "STA-006", "KEY-001", "KEY-004"),
    statement="CancelKeyDeletion succeeds and the key still waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.state, key.delete_date
        answer = original(call)
        key.state, key.delete_date = before
        return answer

    wrap_handler(endpoint, "CancelKeyDeletion", wrapper)


@fault(
    "cancel-gives-a-disabled-key",
    breaks=("STA-004", "STA-006", "KEY-001", "KEY-004"),
    statement="CancelKeyDeletion leaves the key Disabled instead of Enabled.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.state_after_cancelling = lambda _: "Disabled"


@fault(
    "state-spelled-otherwise",
    breaks=(
        "STA-003",
        "STA-005",
    ),
    statement="KeyState is written Pending_Deletion.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.metadata

    def metadata(call: Call, key: Any) -> dict[str, Any]:
        shown: dict[str, Any] = original(call, key)
        return {**shown, "KeyState": shown["KeyState"].replace("Pending", "Pending_")}

    endpoint.seams.metadata = metadata
