"""Secrets that are made, changed, deleted, restored and made anew under two names."""

from typing import Any

from conformance.oracle.expected import OK
from conformance.oracle.secret_life_model import SecretLifeModel
from conformance.rules.machines.engine import Machine, pick, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_SECRETS = "CreateSecret, UpdateSecret, DeleteSecret and RestoreSecret pages (2021-07 and zh)"


class Secrets(Machine):
    """Two names."""

    commands = ("create", "put", "update", "delete", "restore", "force", "read")
    stories = (
        steps("create/0 put/0 update/0 delete/0 create/0 update/0 restore/0 restore/0 put/0"),
        steps("create/0 put/0 force/0 read/0 restore/0 create/0 read/0 create/0 delete/0 delete/0"),
    )

    def begin(self) -> None:
        """Choose two names that nothing has."""
        self.names = [self.kms.fresh_name("secret") for _ in range(2)]
        self.models = {name: SecretLifeModel() for name in self.names}
        self.count = 0

    def _secret(self, number: int) -> tuple[str, str, SecretLifeModel]:
        name = pick(self.names, number)
        return name, f"secret {self.names.index(name) + 1}", self.models[name]

    def _value(self) -> str:
        return f"value-{self.kms.random.getrandbits(96):024x}"

    def create(self, a: int, _: int) -> None:
        """Make a secret."""
        name, told, model = self._secret(a)
        value, text = self._value(), f"{self.kms.marker} {self._next()}"
        request = {"SecretName": name, "SecretData": value, "VersionId": "v1", "Description": text}
        if self.ask("CreateSecret", request, model.expects("CreateSecret"), f"create {told}").ok:
            model.created("v1", value, text)
        self._look(name)

    def _next(self) -> int:
        self.count += 1
        return self.count

    def put(self, a: int, _: int) -> None:
        """Put a new value."""
        name, told, model = self._secret(a)
        value, version = self._value(), f"w{self._next()}"
        request = {"SecretName": name, "SecretData": value, "VersionId": version}
        expected = model.expects("PutSecretValue")
        if self.ask("PutSecretValue", request, expected, f"put a value into {told}").ok:
            model.put(version, value)
        self._look(name)

    def update(self, a: int, _: int) -> None:
        """Change the description."""
        name, told, model = self._secret(a)
        text = f"{self.kms.marker} {self._next()}"
        request = {"SecretName": name, "Description": text}
        expected = model.expects("UpdateSecret")
        if self.ask("UpdateSecret", request, expected, f"update {told}").ok:
            model.description = text
        self._look(name)

    def delete(self, a: int, b: int) -> None:
        """Delete with a window."""
        name, told, model = self._secret(a)
        window = pick([{"RecoveryWindowInDays": 7}, {}], b)
        request: dict[str, Any] = {"SecretName": name, **window}
        expected = model.expects("DeleteSecret")
        if self.ask("DeleteSecret", request, expected, f"delete {told}").ok:
            model.life = "waiting"
        self._look(name)

    def force(self, a: int, _: int) -> None:
        """Delete at once."""
        name, told, model = self._secret(a)
        request = {"SecretName": name, "ForceDeleteWithoutRecovery": "true"}
        if self.ask("DeleteSecret", request, model.expects("force"), f"force-delete {told}").ok:
            model.removed()
        self._look(name)

    def restore(self, a: int, _: int) -> None:
        """Bring a secret back."""
        name, told, model = self._secret(a)
        expected = model.expects("RestoreSecret")
        if self.ask("RestoreSecret", {"SecretName": name}, expected, f"restore {told}").ok:
            model.life = "live"
        self._look(name)

    def read(self, a: int, b: int) -> None:
        """Read a value by its version, or the current one."""
        name, told, model = self._secret(a)
        versions = list(model.values)
        version = pick(versions, b) if versions and b % 2 else None
        request = {"SecretName": name, **({"VersionId": version} if version else {})}
        expected = model.expects("GetSecretValue")
        read = self.ask("GetSecretValue", request, expected, f"read {told}")
        if read.ok:
            wish = model.values[version or model.current]
            self.expect(
                read.data.get("SecretData") == wish, "the value is the one that was put", read
            )

    def _look(self, name: str) -> None:
        model, told = self.models[name], f"secret {self.names.index(name) + 1}"
        if model.life == "waiting":
            return
        expected = model.expects("DescribeSecret")
        if expected is OK:
            self.shows(
                lambda: self.kms.call("DescribeSecret", {"SecretName": name}),
                lambda look: (
                    look.data.get("Description") == model.description
                    and not look.data.get("PlannedDeleteTime")
                ),
                f"{told} is described as it was set last, without PlannedDeleteTime",
            )
            return
        described = self.kms.call("DescribeSecret", {"SecretName": name})
        self.expect(
            described.code in expected.codes,
            f"{told} is not there, found {described.describe()}",
            described,
        )

    def finish(self) -> None:
        """Restore what waits, and read every value of every secret."""
        for number, name in enumerate(self.names):
            model = self.models[name]
            if model.life == "waiting":
                self.restore(number, 0)
            for version, wish in model.values.items():
                request = {"SecretName": name, "VersionId": version}
                read = self.kms.expect_success(self.kms.call("GetSecretValue", request))
                self.expect(
                    read.data.get("SecretData") == wish, f"{version} has the value it had", read
                )


@rule(
    "SEC-050",
    level=Level.MUST,
    family="secrets",
    statement="However secrets are made, changed, deleted, restored and made anew under the same "
    "names, answers, values and descriptions are what the model says.",
    provenance="documented",
    source=_SECRETS,
    stage="state",
    promises=(
        "semantics/secret-window-name",
        "semantics/secret-exists",
        "semantics/secret-window-writes",
        "semantics/secret-restore",
        "semantics/secret-restore-live",
        "semantics/secret-force",
        "semantics/secret-unknown",
    ),
    operations=("CreateSecret", "UpdateSecret", "DeleteSecret", "RestoreSecret", "GetSecretValue"),
    safety="schedules-deletion",
)
def secrets_follow_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Secrets)
