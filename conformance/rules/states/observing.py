"""Keys that are there already: looked at without creating or changing anything."""

import base64
from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, key_metadata
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotTestable

_STATES = "Impact of the key state on API operations, page 44211, and AlibabaCloudDocs/kms"
#: Keys that are looked at.
_MOST = 20
_TEXT = base64.b64encode(b"only to see whether it is allowed").decode("ascii")
_REFUSALS = {
    "Disabled": "Rejected.Disabled",
    "PendingDeletion": "Rejected.PendingDeletion",
    "PendingImport": "Rejected.PendingImport",
}


@rule(
    "STA-020",
    level=Level.MUST,
    family="states",
    statement="Keys that are there already are described as their state has it: a DeleteDate in "
    "PendingDeletion alone, rotation dates only where rotation is on or suspended; and symmetric "
    "ones do not encrypt unless they are Enabled.",
    provenance="documented",
    source=_STATES,
    stage="state",
    operations=("ListKeys", "DescribeKey", "Encrypt"),
)
def keys_fit_their_states(kms: Kms) -> None:
    """List keys, describe them, and encrypt a word with the symmetric ones."""
    listed = done(kms, "ListKeys", {"PageSize": _MOST})
    rows = listed.data.get("Keys", {}).get("Key", [])
    if not rows:
        raise NotTestable("the account has no key, and none may be created to look at")
    for row in rows[:_MOST]:
        described = kms.call("DescribeKey", {"KeyId": row.get("KeyId")})
        if described.ok:  # a key may go between the two calls
            _fits(kms, key_metadata(described), described)


def _fits(kms: Kms, metadata: Mapping[str, Any], described: Exchange) -> None:
    state = metadata.get("KeyState")
    dated = bool(metadata.get("DeleteDate"))
    message = f"a key that is {state} has a DeleteDate: {state == 'PendingDeletion'}, found {dated}"
    kms.expect(dated is (state == "PendingDeletion"), message, described)
    if not metadata.get("AutomaticRotation") or metadata["AutomaticRotation"] == "Disabled":
        shown = bool(metadata.get("NextRotationDate"))
        kms.expect(not shown, "a key that does not rotate has no NextRotationDate", described)
    if not str(metadata.get("KeySpec", "")).startswith("Aliyun_"):
        return
    used = kms.call("Encrypt", {"KeyId": metadata.get("KeyId"), "Plaintext": _TEXT})
    if state == "Enabled":
        # Policies and gateways may forbid what the state allows.
        by_state = used.code in _REFUSALS.values()
        found = f"a key that is Enabled is not refused for its state, found {used.describe()}"
        kms.expect(not by_state, found, used)
    elif state in _REFUSALS:
        kms.expect_refused(used, why=f"the key is {state}")
