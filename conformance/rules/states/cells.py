"""Each operation on a key in each state, cell by cell of specs/key-states.json."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, expect_key, key_metadata, new_key
from conformance.rules.states.preparing import (
    NEEDS_MATERIAL,
    PLAIN,
    PREPARED,
    Cell,
    Prepared,
    blob,
    imported,
    prepare,
    put_into,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable
from conformance.spec.catalogue import catalogue

#: Members of KeyMetadata that no refused call changes.
_LASTING = (
    *("Description", "KeySpec", "KeyUsage", "Origin", "DeleteDate", "MaterialExpireTime"),
    *("AutomaticRotation", "RotationInterval", "PrimaryKeyVersion", "DeletionProtection"),
)
#: Codes that are as right as those of the table.
_AS_RIGHT = {
    # An EXTERNAL key does not rotate in any state.
    ("UpdateRotationPolicy", "PendingImport"): ("Rejected.UnsupportedOperation",),
    # The table gives the two operations different codes for the same obstacle.
    ("CreateAlias", "PendingDeletion"): ("Rejected.PendingDeletion",),
    ("UpdateAlias", "PendingDeletion"): ("Rejected.StateModifiedFailed",),
}
_STATES = "Impact of the key state on API operations, page 44211, and AlibabaCloudDocs/kms"


def _cells() -> list[Cell]:
    found = []
    for row in catalogue().document("key-states")["operations"]:
        for state, cell in row["states"].items():
            codes = tuple(cell.get("codes", ()))
            name = row["operation"]
            found.append(Cell(name, state, cell["answer"], codes, cell["provenance"]))
    return found


def _cases(answer: str, *, gates: bool) -> Iterable[Case]:
    return [
        Case(f"{cell.operation}/{cell.state}", cell, cell.operation)
        for cell in _cells()
        if cell.answer == answer
        and (cell.provenance != "inferred") is gates
        and cell.operation in PREPARED
        and _possible(cell)
    ]


def _possible(cell: Cell) -> bool:
    """Tell whether a request can be made for a key that waits for its first material."""
    return cell.state != "PendingImport" or cell.operation not in NEEDS_MATERIAL


def _ask(kms: Kms, cell: Cell) -> tuple[Prepared, Exchange]:
    prepared = prepare(kms, cell)
    return prepared, kms.call(cell.operation, prepared.request, placement="form")


def _succeed(kms: Kms, cell: Cell) -> None:
    _, exchange = _ask(kms, cell)
    if cell.operation == "CreateKeyVersion" and not exchange.ok and cell.state == "Enabled":
        kms.expect_refused(exchange, codes=["Rejected.UnsupportedOperation", "Unsupported*"])
        raise NotApplicable("the target adds versions to asymmetric keys only")
    kms.expect(
        exchange.ok,
        f"{cell.operation} succeeds on a key that is {cell.state}, found {exchange.describe()}",
        exchange,
    )
    kms.proves(f"state/{cell.operation}/{cell.state}")


def _be_refused(kms: Kms, cell: Cell) -> None:
    prepared = prepare(kms, cell)
    before = _shown(kms, prepared.key_id)
    exchange = kms.call(cell.operation, prepared.request, placement="form")
    unsupported = cell.operation == "CreateKeyVersion" and exchange.code is not None
    if unsupported and exchange.code == "Rejected.UnsupportedOperation":
        raise NotApplicable("the target adds versions to asymmetric keys only")
    codes = (*cell.codes, *_AS_RIGHT.get((cell.operation, cell.state), ()))
    kms.expect_refused(
        exchange,
        codes=codes,
        statuses=(409, 400) if "Rejected.UnsupportedOperation" in codes else _statuses(cell),
        stage="state",
        why=f"the key is {cell.state}",
    )
    expect_key(kms, prepared.key_id, KeyState=cell.state)
    after = _shown(kms, prepared.key_id)
    changed = ", ".join(name for name in _LASTING if before.get(name) != after.get(name))
    kms.expect(not changed, f"the refused call changes nothing, found another {changed}", exchange)
    kms.proves(f"state/{cell.operation}/{cell.state}")


def _shown(kms: Kms, key_id: str) -> Mapping[str, Any]:
    return key_metadata(kms.expect_success(kms.call("DescribeKey", {"KeyId": key_id})))


def _statuses(cell: Cell) -> tuple[int, ...]:
    known = catalogue().errors.kms_api
    found = {known[code].status for code in cell.codes if code in known}
    return tuple(status for status in found if status is not None)


@rule(
    "STA-001",
    level=Level.MUST,
    family="states",
    statement="An operation succeeds on a key in each state that is no obstacle to it.",
    provenance="documented",
    source=_STATES,
    stage="state",
    safety="destructive",
    readings=("create-key-version",),
    cases=lambda: _cases("ok", gates=True),
)
def state_is_no_obstacle(kms: Kms, cell: Cell) -> None:
    """Send a right request about a key in the state."""
    _succeed(kms, cell)


@rule(
    "STA-002",
    level=Level.MUST,
    family="states",
    statement="An operation is refused with the documented code on a key in a state that does not "
    "allow it: Rejected.Disabled, Rejected.PendingDeletion, Rejected.PendingImport, "
    "Rejected.StateModifiedFailed; the key stays as it was.",
    provenance="documented",
    source=_STATES,
    stage="state",
    safety="destructive",
    readings=("alias-of-pending-deletion", "create-key-version"),
    cases=lambda: _cases("refused", gates=True),
)
def state_refuses(kms: Kms, cell: Cell) -> None:
    """Send a request that only the key's state makes wrong."""
    _be_refused(kms, cell)


@rule(
    "STA-003",
    level=Level.SHOULD,
    family="states",
    statement="Operations that the table of states leaves out behave as their kin does.",
    provenance="inferred",
    source=_STATES,
    stage="state",
    safety="destructive",
    cases=lambda: _cases("ok", gates=False),
)
def state_is_likely_no_obstacle(kms: Kms, cell: Cell) -> None:
    """Send a right request about a key in the state."""
    _succeed(kms, cell)


@rule(
    "STA-004",
    level=Level.SHOULD,
    family="states",
    statement="A key that was Disabled when its deletion was scheduled is Enabled once that is "
    "cancelled.",
    provenance="inferred",
    source=f"{_STATES}; CancelKeyDeletion page: the key is Enabled",
    stage="state",
    operations=("CancelKeyDeletion",),
    safety="schedules-deletion",
)
def cancelled_is_enabled(kms: Kms) -> None:
    """Disable, schedule, cancel."""
    key_id = new_key(kms)
    done(kms, "DisableKey", {"KeyId": key_id})
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    expect_key(kms, key_id, KeyState="PendingDeletion")
    done(kms, "CancelKeyDeletion", {"KeyId": key_id})
    expect_key(kms, key_id, KeyState="Enabled")


@rule(
    "STA-005",
    level=Level.MUST,
    family="states",
    statement="DeleteKeyMaterial on a key that is PendingDeletion leaves state and date of "
    "deletion.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=("transition/PendingDeletion/DeleteKeyMaterial",),
    operations=("DeleteKeyMaterial",),
    safety="destructive",
)
def date_stays_without_material(kms: Kms) -> None:
    """Delete the material of a key that is scheduled."""
    key_id = imported(kms).key_id
    put_into(kms, key_id, "PendingDeletion")
    date = expect_key(kms, key_id)["DeleteDate"]
    done(kms, "DeleteKeyMaterial", {"KeyId": key_id})
    expect_key(kms, key_id, KeyState="PendingDeletion", DeleteDate=date)


@rule(
    "STA-006",
    level=Level.MUST,
    family="states",
    statement="A key that is Enabled again does what it did: what it encrypted before it was "
    "Disabled or scheduled for deletion is decrypted.",
    provenance="documented",
    source=_STATES,
    stage="service",
    operations=("EnableKey", "CancelKeyDeletion", "Decrypt"),
    safety="schedules-deletion",
)
def enabled_again_decrypts(kms: Kms) -> None:
    """Encrypt, go through both states, decrypt."""
    key_id = new_key(kms)
    made = blob(kms, key_id)
    for there, back in (("DisableKey", "EnableKey"), ("ScheduleKeyDeletion", "CancelKeyDeletion")):
        request = {"KeyId": key_id}
        window = {"PendingWindowInDays": 7} if there == "ScheduleKeyDeletion" else {}
        done(kms, there, {**request, **window})
        done(kms, back, request)
        opened = done(kms, "Decrypt", {"CiphertextBlob": made})
        kms.expect(opened.data.get("Plaintext") == PLAIN, "Decrypt opens what was before", opened)
