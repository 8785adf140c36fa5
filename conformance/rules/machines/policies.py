"""Policies of two keys of an instance, set again and again."""

from typing import Any

from conformance.oracle.expected import OK
from conformance.oracle.policy_model import PolicyModel
from conformance.rules.effects.access import statements_of
from conformance.rules.machines.engine import Machine, pick, pick_key, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_POLICIES = "Overview of key policies; Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_DENIED = ("kms:AsymmetricSign", "kms:AsymmetricVerify", "kms:GetPublicKey")


class Policies(Machine):
    """Two keys and three policies, each of which denies something that the keys do not do."""

    commands = ("set", "get")
    stories = (steps("set/0/0 set/1/1 set/0/2 get/0 set/0/0 get/1"),)

    def begin(self) -> None:
        """Make two keys of an instance."""
        self.keys = [str(self.kms.provide("instance-key", fresh=True)["id"]) for _ in range(2)]
        self.model = PolicyModel(self.keys)
        self.principal = self.kms.provide("account")["principal"]

    def _statement(self, sid: str, effect: str, action: str) -> dict[str, Any]:
        allowed = {"Principal": {"RAM": [self.principal]}, "Resource": ["*"]}
        return {"Sid": sid, "Effect": effect, "Action": [action], **allowed}

    def set(self, a: int, b: int) -> None:
        """Set the policy of a key."""
        (key, told), denied = pick_key(self.keys, a), pick(_DENIED, b)
        policy = {
            "Version": "1",
            "Statement": [
                self._statement("kms-all", "Allow", "kms:*"),
                self._statement("kms-less", "Deny", denied),
            ],
        }
        request = {"KeyId": key, "PolicyName": "default", "Policy": policy}
        self.ask("SetKeyPolicy", request, OK, f"SetKeyPolicy of {told} without {denied}")
        self.model.policies[key] = policy
        self._look(key)

    def get(self, a: int, _: int) -> None:
        """Read the policy of a key."""
        self._look(pick_key(self.keys, a)[0])

    def _look(self, key: str) -> None:
        wish = self.model.statements(key)
        if wish is None:
            return
        self.shows(
            lambda: self.kms.call("GetKeyPolicy", {"KeyId": key, "PolicyName": "default"}),
            lambda exchange: (
                [_bare(row) for row in statements_of(exchange)] == [_bare(row) for row in wish]
            ),
            f"GetKeyPolicy tells the policy that was set last for key {self.keys.index(key) + 1}",
        )

    def finish(self) -> None:
        """Read both policies."""
        for key in self.keys:
            self._look(key)


def _bare(statement: Any) -> Any:
    return dict(sorted(statement.items())) if isinstance(statement, dict) else statement


@rule(
    "EFF-062",
    level=Level.MUST,
    family="effects",
    statement="However policies of two keys of an instance are set, each key tells the one that "
    "was set last for it.",
    provenance="documented",
    source=_POLICIES,
    stage="service",
    promises=("semantics/policy-kept",),
    operations=("SetKeyPolicy", "GetKeyPolicy"),
    safety="creates",
    readings=("policy-name",),
)
def policies_follow_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Policies, share=0.3)
