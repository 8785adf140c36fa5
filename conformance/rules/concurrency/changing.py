"""Changes of a thing's state at the same time as other changes of it, or its use."""

import base64
from functools import partial

from conformance.client.exchange import Exchange
from conformance.rules.concurrency.together import settle, together
from conformance.rules.effects.looking import done, expect_key, key_metadata, new_key, new_secret
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_STATES = "Impact of the key state on API operations, page 44211, and AlibabaCloudDocs/kms"
_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_TEXT = base64.b64encode(b"the same each time").decode("ascii")


@rule(
    "RACE-004",
    level=Level.MUST,
    family="concurrency",
    statement="EnableKey and DisableKey at the same time leave the key in one of the two states, "
    "which DescribeKey and Encrypt agree on; none fails but by a refusal.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=("semantics/race-state",),
    operations=("EnableKey", "DisableKey"),
    safety="creates",
)
def one_state(kms: Kms) -> None:
    """Enable and disable a key from several sides, then ask for its state in three ways."""
    key_id = new_key(kms)
    for _ in range(3):
        names = ["EnableKey", "DisableKey"] * 4
        answers = together([partial(kms.call, name, {"KeyId": key_id}) for name in names])
        kms.expect(any(answer.ok for answer in answers), "a change succeeds", *answers)
        for answer in answers:
            if not answer.ok:  # that it gives way to another call is no page's matter
                kms.expect_refused(answer, why="the state is changed at the same time")
        settle(kms)
        looks = [done(kms, "DescribeKey", {"KeyId": key_id}) for _ in range(2)]
        states = {str(key_metadata(look).get("KeyState")) for look in looks}
        kms.expect(
            len(states) == 1 and states <= {"Enabled", "Disabled"},
            f"the key is Enabled or Disabled, found {sorted(states)}",
            *looks,
        )
        used = kms.call("Encrypt", {"KeyId": key_id, "Plaintext": _TEXT})
        if states == {"Enabled"}:
            kms.expect_success(used)
        else:
            kms.expect_refused(used, codes=["Rejected.Disabled"], statuses=[409])
    done(kms, "EnableKey", {"KeyId": key_id})
    expect_key(kms, key_id, KeyState="Enabled")


@rule(
    "RACE-005",
    level=Level.MUST,
    family="concurrency",
    statement="While a key is scheduled for deletion, each use of it succeeds wholly or is refused "
    "with 409 Rejected.PendingDeletion; one scheduling alone succeeds; what was encrypted opens "
    "once the deletion is cancelled.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=("semantics/race-state",),
    operations=("ScheduleKeyDeletion", "Encrypt"),
    safety="schedules-deletion",
)
def deleted_while_used(kms: Kms) -> None:
    """Encrypt from several sides while two callers schedule the key for deletion."""
    key_id = new_key(kms)
    use = partial(kms.call, "Encrypt", {"KeyId": key_id, "Plaintext": _TEXT})
    days = {"KeyId": key_id, "PendingWindowInDays": 7}
    schedule = partial(kms.call, "ScheduleKeyDeletion", days)
    answers = together([use, schedule, use, use, schedule, use, use, use])
    schedules = [answer for answer in answers if answer.operation == "ScheduleKeyDeletion"]
    succeeded = sum(answer.ok for answer in schedules)
    kms.expect(succeeded == 1, f"one of two schedulings succeeds, found {succeeded}", *schedules)
    blobs = []
    for answer in answers:
        if answer.ok and answer.operation == "Encrypt":
            blobs.append(answer.data.get("CiphertextBlob"))
        elif not answer.ok:
            code = "Rejected.PendingDeletion" if answer.operation == "Encrypt" else _MODIFIED
            kms.expect_refused(answer, codes=[code], statuses=[409])
    expect_key(kms, key_id, KeyState="PendingDeletion")
    done(kms, "CancelKeyDeletion", {"KeyId": key_id})
    for blob in blobs:
        opened = done(kms, "Decrypt", {"CiphertextBlob": blob})
        right = opened.data.get("Plaintext") == _TEXT
        kms.expect(right, "what was encrypted meanwhile opens to its text", opened)


_MODIFIED = "Rejected.StateModifiedFailed"


@rule(
    "RACE-006",
    level=Level.MUST,
    family="concurrency",
    statement="Reads and uses during a change of version get the old version or the new one, "
    "whole: no call fails, no value comes under the other's version, and every blob opens.",
    provenance="documented",
    source=f"Automatic key rotation, AlibabaCloudDocs/kms (2021-07); {_SDK}",
    stage="service",
    promises=("semantics/race-reads",),
    operations=("PutSecretValue", "CreateKeyVersion", "GetSecretValue", "Encrypt"),
    safety="creates",
    cases=lambda: (Case("secret", "secret"), Case("key", "key")),
)
def read_while_rotating(kms: Kms, thing: str) -> None:
    """Use a key, or read a secret, while it gets another version."""
    if thing == "secret":
        _read_secret(kms)
    else:
        _use_key(kms)


def _read_secret(kms: Kms) -> None:
    name, first = new_secret(kms)
    values = {"v1": first}
    for number in range(2, 6):
        values[f"v{number}"] = f"value-{number}-{kms.random.getrandbits(64):x}"
        request = {"SecretName": name, "SecretData": values[f"v{number}"]}
        put = partial(kms.call, "PutSecretValue", {**request, "VersionId": f"v{number}"})
        read = partial(kms.call, "GetSecretValue", {"SecretName": name})
        for answer in together([read, read, put, read, read, read]):
            kms.expect_success(answer)
            if answer.operation != "GetSecretValue":
                continue
            version, value = answer.data.get("VersionId"), answer.data.get("SecretData")
            fits = value is not None and values.get(str(version)) == value
            kms.expect(fits, "a read gets the value of the version that it names", answer)


def _use_key(kms: Kms) -> None:
    key_id = new_key(kms)
    use = partial(kms.call, "Encrypt", {"KeyId": key_id, "Plaintext": _TEXT})
    rotate = partial(kms.call, "CreateKeyVersion", {"KeyId": key_id})
    answers = together([use, use, rotate, use, use, use])
    rotated = next(answer for answer in answers if answer.operation == "CreateKeyVersion")
    if not rotated.ok:
        kms.expect_refused(rotated, codes=["Rejected.UnsupportedOperation", "Unsupported*"])
        raise NotApplicable("the target adds versions to asymmetric keys only")
    for answer in answers:
        if answer.operation == "Encrypt":
            _opens(kms, kms.expect_success(answer))


def _opens(kms: Kms, made: Exchange) -> None:
    opened = done(kms, "Decrypt", {"CiphertextBlob": made.data.get("CiphertextBlob")})
    same = all(opened.data.get(name) == made.data.get(name) for name in ("KeyId", "KeyVersionId"))
    right = opened.data.get("Plaintext") == _TEXT and same
    kms.expect(right, "what was encrypted opens under the version that was named", made, opened)
