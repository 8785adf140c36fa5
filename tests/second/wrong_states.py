"""Faults of the second endpoint: states of keys."""

from typing import Any
from unittest import mock

import core
from core import Refused
from deviation import around, fault, recoded, tolerating
from wrong_keys import CIPHERS, STATES
from wrong_windows import SMF, kept

fault(
    "cancel-on-live",
    "cancelling on a live key succeeds",
    tolerating("CancelKeyDeletion", SMF),
    "idempotency",
    STATES,
)
fault(
    "enable-pending",
    "EnableKey succeeds on a key in PendingDeletion",
    tolerating("EnableKey", SMF),
    STATES,
)
fault(
    "disable-pending",
    "DisableKey succeeds on a key in PendingDeletion",
    tolerating("DisableKey", SMF),
    STATES,
)
fault(
    "schedule-twice",
    "scheduling twice succeeds",
    tolerating("ScheduleKeyDeletion", SMF),
    "idempotency",
    STATES,
)
fault("smf-400", "a change that a state forbids is 400", recoded(SMF, 400), STATES)
fault(
    "state-codes-swapped",
    "a disabled key is refused as PendingDeletion",
    recoded("Rejected.Disabled", 409, "Rejected.PendingDeletion"),
    STATES,
)
fault(
    "state-codes-403",
    "a disabled key is refused with 403",
    recoded("Rejected.Disabled", 403),
    STATES,
)


def _refuse(code: str, status: int = 409) -> Any:
    raise Refused(status, code)


fault(
    "enable-again-refused",
    "EnableKey is refused on an Enabled key",
    around(
        "EnableKey",
        lambda f, s, p: f(s, p) if s.key(p["KeyId"])["state"] != "Enabled" else _refuse(SMF),
    ),
    "idempotency",
    STATES,
)
fault(
    "disable-again-refused",
    "DisableKey is refused on a Disabled key",
    around(
        "DisableKey",
        lambda f, s, p: f(s, p) if s.key(p["KeyId"])["state"] != "Disabled" else _refuse(SMF),
    ),
    "idempotency",
    STATES,
)


def blind(operation: str, *states: str) -> Any:
    """Let an operation work in more states."""

    def change(original: Any, store: Any, params: Any) -> Any:
        real = core.Store.usable

        def usable(self: Any, reference: str) -> Any:
            key = self.key(reference)
            return key if key["state"] in states else real(self, reference)

        with mock.patch.object(core.Store, "usable", usable):
            return original(store, params)

    return around(operation, change)


for name in (*CIPHERS.split(), "GenerateAndExportDataKey", "ExportDataKey"):
    fault(
        f"disabled-{name}",
        f"{name} works with a Disabled key",
        blind(name, "Disabled"),
        STATES,
        "cryptography",
    )
fault(
    "deleted-Decrypt",
    "Decrypt works with a key in PendingDeletion",
    blind("Decrypt", "PendingDeletion"),
    STATES,
)
fault(
    "deleted-Sign",
    "AsymmetricSign works with a key in PendingDeletion",
    blind("AsymmetricSign", "PendingDeletion"),
    STATES,
)


def anyhow(operation: str) -> Any:
    """Let an operation take every key for Enabled."""

    def change(original: Any, store: Any, params: Any) -> Any:
        real = core.Store.key

        def key(self: Any, reference: str, *, alias: bool = True) -> Any:
            return {**real(self, reference, alias=alias), "state": "Enabled"}

        before_state = real(store, params.get("KeyId", ""))["state"] if params.get("KeyId") else ""
        with mock.patch.object(core.Store, "key", key):
            answer = original(store, params)
        if before_state and operation != "CreateAlias":
            kept(store, params, state=before_state)
        return answer

    return around(operation, change)


fault(
    "pending-described",
    "UpdateKeyDescription works in PendingDeletion",
    anyhow("UpdateKeyDescription"),
    STATES,
)
fault("pending-tagged", "TagResource works in PendingDeletion", anyhow("TagResource"), STATES)
fault("pending-untagged", "UntagResource works in PendingDeletion", anyhow("UntagResource"), STATES)
fault("pending-alias", "CreateAlias works in PendingDeletion", anyhow("CreateAlias"), STATES)
fault(
    "pending-alias-moved",
    "UpdateAlias works towards a key in PendingDeletion",
    anyhow("UpdateAlias"),
    STATES,
)
fault(
    "disabled-rotation",
    "UpdateRotationPolicy works on a Disabled key",
    anyhow("UpdateRotationPolicy"),
    STATES,
)
fault(
    "disabled-version",
    "CreateKeyVersion works on a Disabled key",
    anyhow("CreateKeyVersion"),
    STATES,
)
fault(
    "disabled-not-described",
    "DescribeKey refuses Disabled keys",
    around("DescribeKey", lambda f, s, p: s.usable(p["KeyId"]) and f(s, p)),
    STATES,
)
