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
    with later(kms, days=7, hours=1) as then:
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
