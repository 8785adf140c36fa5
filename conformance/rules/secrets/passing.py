"""What time brings to secrets: their end; where the target's clock may be moved."""

from conformance.rules.clock import later, require_movable_clock
from conformance.rules.cryptography.asking import SDK, done
from conformance.rules.effects.looking import new_secret
from conformance.run.context import Kms
from conformance.run.registry import Level, rule


@rule(
    "SEC-040",
    level=Level.MUST,
    family="secrets",
    statement="A deleted secret is gone when its window ends, and its name is free; before, it can "
    "be restored.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("DeleteSecret", "RestoreSecret", "CreateSecret"),
    safety="schedules-deletion",
)
def secrets_go(kms: Kms) -> None:
    """Restore one secret in time, miss the time of another."""
    require_movable_clock(kms)
    (kept, _), (lost, _) = new_secret(kms), new_secret(kms)
    for name in (kept, lost):
        done(kms, "DeleteSecret", {"SecretName": name, "RecoveryWindowInDays": 7})
    with later(kms, days=7, hours=-1) as then:
        kms.expect_success(then.call("RestoreSecret", {"SecretName": kept}))
    with later(kms, days=8, hours=1) as then:  # days may be counted to their end
        for operation in ("DescribeSecret", "RestoreSecret", "GetSecretValue"):
            kms.expect_refused(
                then.call(operation, {"SecretName": lost}),
                codes=["Forbidden.ResourceNotFound"],
                statuses=[404],
                why="the window of the secret has ended",
            )
        kms.expect_success(then.call("GetSecretValue", {"SecretName": kept}))
        again = {"SecretName": lost, "SecretData": "new", "VersionId": "v1"}
        kms.expect_success(then.call("CreateSecret", again))


@rule(
    "SEC-041",
    level=Level.MUST,
    family="secrets",
    statement="A secret that was restored outlives the end of the window that it had.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/secret-restore",),
    operations=("DeleteSecret", "RestoreSecret", "GetSecretValue"),
    safety="schedules-deletion",
)
def restored_secrets_stay(kms: Kms) -> None:
    """Delete for a week, restore, and read a month later."""
    require_movable_clock(kms)
    name, value = new_secret(kms)
    done(kms, "DeleteSecret", {"SecretName": name, "RecoveryWindowInDays": 7})
    done(kms, "RestoreSecret", {"SecretName": name})
    with later(kms, days=30) as then:
        read = kms.expect_success(then.call("GetSecretValue", {"SecretName": name}))
        kms.expect(read.data.get("SecretData") == value, "the secret has its value", read)


@rule(
    "SEC-042",
    level=Level.MUST,
    family="secrets",
    statement="A managed secret that rotates has a new current version when its interval is over, "
    "and not before.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("UpdateSecretRotationPolicy", "GetSecretValue"),
    safety="destructive",
)
def managed_secrets_rotate(kms: Kms) -> None:
    """Let 29 and 31 days pass with an interval of 30."""
    require_movable_clock(kms)
    name = str(kms.provide("managed-secret", fresh=True)["name"])
    policy = {"SecretName": name, "EnableAutomaticRotation": True, "RotationInterval": "30d"}
    done(kms, "UpdateSecretRotationPolicy", policy)
    first = done(kms, "GetSecretValue", {"SecretName": name}).data.get("VersionId")
    for days, rotated in ((29, False), (31, True)):
        with later(kms, days=days) as then:
            read = kms.expect_success(then.call("GetSecretValue", {"SecretName": name}))
            kms.expect(
                (read.data.get("VersionId") != first) is rotated,
                f"after {days} days the secret has {'' if rotated else 'not '}rotated",
                read,
            )
