"""Aliases that come, move and go over keys that may wait for their deletion."""

from conformance.client.exchange import Exchange
from conformance.oracle.alias_model import UNKNOWN, AliasModel
from conformance.oracle.expected import Expected, expected_of, refused
from conformance.rules.effects.looking import key_metadata, new_key
from conformance.rules.lists import pages
from conformance.rules.machines.engine import Machine, pick, pick_key, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_ALIASES = "Aliases pages, AlibabaCloudDocs/kms (2021-07); Go SDK v4.1.0"


class Aliases(Machine):
    """Three names and two keys."""

    commands = ("create", "update", "delete", "schedule", "cancel", "use")
    stories = (
        steps("create/0/0 delete/0 create/0/1 use/0"),
        steps("create/0/0 create/1/0 create/0/1 update/1/1 schedule/0 use/0 cancel/0 use/0 use/1"),
        steps("create/0/0 schedule/0 create/1/0 update/0/1 update/0/0 delete/0 update/0/1"),
    )

    def begin(self) -> None:
        """Make two keys."""
        self.keys = [new_key(self.kms) for _ in range(2)]
        self.names = [self.kms.fresh_name("alias") for _ in range(3)]
        self.model = AliasModel(self.keys)

    def _name(self, number: int) -> tuple[str, str]:
        name = pick(self.names, number)
        return name, f"alias {self.names.index(name) + 1}"

    def create(self, a: int, b: int) -> None:
        """Create an alias."""
        (name, alias), (key, told) = self._name(a), pick_key(self.keys, b)
        request = {"AliasName": name, "KeyId": key}
        expected = self.model.creates(name, key)
        if self.ask("CreateAlias", request, expected, f"CreateAlias {alias} for {told}").ok:
            self.model.holders[name] = key
        self._look(name, key)

    def update(self, a: int, b: int) -> None:
        """Move an alias."""
        (name, alias), (key, told) = self._name(a), pick_key(self.keys, b)
        request = {"AliasName": name, "KeyId": key}
        expected = self.model.updates(name, key)
        if self.ask("UpdateAlias", request, expected, f"UpdateAlias {alias} to {told}").ok:
            self.model.holders[name] = key
        self._look(name, key)

    def delete(self, a: int, _: int) -> None:
        """Delete an alias."""
        name, alias = self._name(a)
        expected = self.model.deletes(name)
        if self.ask("DeleteAlias", {"AliasName": name}, expected, f"DeleteAlias {alias}").ok:
            self.model.holders.pop(name, None)
        self._look(name)

    def schedule(self, a: int, _: int) -> None:
        """Schedule a key for deletion."""
        self._change(a, "ScheduleKeyDeletion", PendingWindowInDays=7)

    def cancel(self, a: int, _: int) -> None:
        """Save a key."""
        self._change(a, "CancelKeyDeletion")

    def _change(self, number: int, operation: str, **params: int) -> None:
        key, told = pick_key(self.keys, number)
        model = self.model.keys[key]
        promised = model.expects(operation)
        request = {"KeyId": key, **params}
        if self.ask(operation, request, expected_of(promised), f"{operation} {told}").ok:
            (state,) = promised.states
            model.moved(operation, state)

    def use(self, a: int, _: int) -> None:
        """Encrypt under an alias."""
        name, alias = self._name(a)
        key = self.model.holders.get(name)
        expected: Expected = refused(UNKNOWN)
        if key is not None:
            expected = expected_of(self.model.keys[key].expects("Encrypt"))
        request = {"KeyId": name, "Plaintext": "Y29uZm9ybWFuY2U="}
        sent = self.ask("Encrypt", request, expected, f"Encrypt under {alias}")
        if sent.ok:
            self.expect(sent.data.get("KeyId") == key, f"{alias} stands for its key", sent)

    def _look(self, name: str, key: str | None = None) -> None:
        """Look what an alias stands for, and which aliases a key has."""
        holder = self.model.holders.get(name)
        alias = f"alias {self.names.index(name) + 1}"
        wish = f"key {self.keys.index(holder) + 1}" if holder else "nothing"

        def fits(exchange: Exchange) -> bool:
            return key_metadata(exchange).get("KeyId") == holder

        if holder:
            look = lambda: self.kms.call("DescribeKey", {"KeyId": name})  # noqa: E731
            self.shows(look, fits, f"{alias} stands for {wish}")
        else:
            look_once = self.kms.call("DescribeKey", {"KeyId": name})
            self.expect(
                look_once.code == UNKNOWN,
                f"{alias} stands for nothing, found {look_once.describe()}",
                look_once,
            )
        if key is not None:
            self._list(key)

    def _list(self, key: str) -> None:
        found: set[str] = set()
        for _, rows in pages(self.kms, "ListAliasesByKeyId", {"KeyId": key}):
            found |= {str(row.get("AliasName")) for row in rows}
        self.expect(
            found == self.model.names_of(key),
            f"ListAliasesByKeyId tells the aliases of key {self.keys.index(key) + 1}",
            self.kms.exchanges[-1],
        )

    def finish(self) -> None:
        """Look at everything."""
        for name in self.names:
            self._look(name)
        for key in self.keys:
            self._list(key)


@rule(
    "KEY-050",
    level=Level.MUST,
    family="keys",
    statement="However aliases are created, moved and deleted over keys in and out of their "
    "deletion window, each stands for one key, and answers and lists are what the model says.",
    provenance="documented",
    source=_ALIASES,
    stage="state",
    promises=("semantics/alias-unique", "semantics/alias-moves", "semantics/alias-taken"),
    operations=("CreateAlias", "UpdateAlias", "DeleteAlias", "ListAliasesByKeyId"),
    readings=("alias-of-pending-deletion",),
    safety="schedules-deletion",
)
def aliases_follow_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Aliases)
