"""Imported material: offered, offered again, taken away, lost to time, over two keys."""

from datetime import timedelta
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.key_model import PENDING_IMPORT
from conformance.oracle.material_model import MaterialModel
from conformance.rules.clock import later
from conformance.rules.cryptography.asking import text_in
from conformance.rules.effects.looking import key_metadata
from conformance.rules.keys.importing import ask_import, new_external_key, parameters, wrapped
from conformance.rules.machines.engine import Machine, pick, pick_key, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_IMPORT = "Import key material page 607841; ImportKeyMaterial page, AlibabaCloudDocs/kms (2021-07)"
_TEXT = "Y29uZm9ybWFuY2U="
_MATERIALS = ("first", "second")


class Material(Machine):
    """Two keys, two materials, and a token for each key."""

    commands = (
        "offer", "offer", "delete", "encrypt", "open", "disable", "enable", "expire",
    )  # fmt: skip

    stories = (
        steps("offer/0/0 encrypt/0 expire/0 offer/0/1 offer/0/0 open/0"),
        steps("offer/0/0 encrypt/0 delete/0 encrypt/0 offer/0/1 offer/1/1 offer/0/6 open/0"),
    )

    def begin(self) -> None:
        """Make two keys that wait, with a token each."""
        self.keys = [new_external_key(self.kms) for _ in range(2)]
        self.models = {key: MaterialModel() for key in self.keys}
        self.materials = {name: self.kms.bytes(32) for name in _MATERIALS}
        self.given = {key: parameters(self.kms, key) for key in self.keys}
        self.blobs: dict[str, list[str]] = {key: [] for key in self.keys}

    def _offered(self, key: str, name: str, giver: str) -> dict[str, Any]:
        request = wrapped(self.kms, self.given[giver], self.materials[name])
        return {**request, "KeyId": key}

    def offer(self, a: int, b: int) -> None:
        """Offer material; every sixth time with the token of the other key."""
        (key, told), name = pick_key(self.keys, a), pick(_MATERIALS, b)
        giver = key if b % 6 else pick(self.keys, self.keys.index(key) + 1)
        giver = key if b == 0 else giver
        model = self.models[key]
        expected = model.imports(name, own_token=giver == key)
        sent = ask_import(self.kms, self._offered(key, name, giver))
        of = "" if giver == key else " with the token of another key"
        self.judge(sent, expected, f"ImportKeyMaterial of {name} material into {told}{of}")
        self._look(key, "ImportKeyMaterial", sent, name)

    def expire(self, a: int, b: int) -> None:
        """Import material for an hour and let two pass, where the clock can be moved."""
        if self.kms.target.control is None:
            return
        (key, told), model = pick_key(self.keys, a), self.models[pick(self.keys, a)]
        name = model.bound or pick(_MATERIALS, b)
        expected = model.imports(name, own_token=True)
        if expected.outcome != "ok":
            return
        end = int((self.kms.now() + timedelta(hours=1)).timestamp())
        request = {**self._offered(key, name, key), "KeyMaterialExpireUnix": end}
        sent = ask_import(self.kms, request)
        self.judge(sent, expected, f"ImportKeyMaterial of {name} material for an hour into {told}")
        self._look(key, "ImportKeyMaterial", sent, name)
        before = model.state.state
        with later(self.kms, hours=2) as then:
            described = self.kms.expect_success(then.call("DescribeKey", {"KeyId": key}))
        self.told.append("two hours")
        state = str(key_metadata(described).get("KeyState"))
        self.expect(
            state == PENDING_IMPORT or before == "Disabled",
            f"the material of {told} has expired and it waits again, found {state}",
            described,
        )
        model.moved("DeleteKeyMaterial", state)

    def delete(self, a: int, _: int) -> None:
        """Take material away."""
        self._ask(a, "DeleteKeyMaterial")

    def disable(self, a: int, _: int) -> None:
        """Disable a key."""
        self._ask(a, "DisableKey")

    def enable(self, a: int, _: int) -> None:
        """Enable a key."""
        self._ask(a, "EnableKey")

    def _ask(self, number: int, operation: str) -> None:
        key, told = pick_key(self.keys, number)
        expected = self.models[key].expects(operation)
        sent = self.ask(operation, {"KeyId": key}, expected, f"{operation} {told}")
        self._look(key, operation, sent)

    def encrypt(self, a: int, _: int) -> None:
        """Encrypt under a key."""
        key, told = pick_key(self.keys, a)
        expected = self.models[key].expects("Encrypt")
        request = {"KeyId": key, "Plaintext": _TEXT}
        sent = self.ask("Encrypt", request, expected, f"Encrypt under {told}")
        if sent.ok:
            self.blobs[key].append(text_in(self.kms, sent, "CiphertextBlob"))

    def open(self, a: int, b: int) -> None:
        """Open a blob of a key, whenever it was made."""
        key, told = pick_key(self.keys, a)
        if not self.blobs[key]:
            return
        request = {"CiphertextBlob": pick(self.blobs[key], b)}
        opened = self.ask("Decrypt", request, self.models[key].opens(), f"Decrypt under {told}")
        if opened.ok:
            self.expect(
                (opened.data.get("Plaintext"), opened.data.get("KeyId")) == (_TEXT, key),
                f"a blob of {told} opens to what was encrypted, and names it",
                opened,
            )

    def _look(self, key: str, operation: str, sent: Exchange, name: str | None = None) -> None:
        model = self.models[key]
        possible = frozenset({model.state.state})
        if sent.ok:
            possible = model.state.expects(operation).states
        look = self.shows(
            lambda: self.kms.call("DescribeKey", {"KeyId": key}),
            lambda exchange: key_metadata(exchange).get("KeyState") in possible,
            f"the key is {' or '.join(sorted(possible))}",
        )
        if sent.ok:
            model.moved(operation, str(key_metadata(look).get("KeyState")), name)

    def finish(self) -> None:
        """Bring every key's own material back and open everything that it made."""
        for number, key in enumerate(self.keys):
            model = self.models[key]
            if model.bound is None or model.state.state != PENDING_IMPORT:
                continue
            sent = ask_import(self.kms, self._offered(key, model.bound, key))
            told = f"ImportKeyMaterial of {model.bound} material into key {number + 1} again"
            self.judge(sent, model.imports(model.bound, own_token=True), told)
            self._look(key, "ImportKeyMaterial", sent, model.bound)
            for place in range(len(self.blobs[key])):
                self.open(number, place)


@rule(
    "KEY-052",
    level=Level.MUST,
    family="keys",
    statement="However material is offered, taken away and lost to time over two keys, each key "
    "takes the material it is bound to and no other, by its own token, and opens its own blobs.",
    provenance="documented",
    source=_IMPORT,
    stage="state",
    promises=("semantics/import-binds", "semantics/import-again", "semantics/import-token"),
    operations=("ImportKeyMaterial", "DeleteKeyMaterial", "Encrypt", "Decrypt"),
    safety="schedules-deletion",
)
def material_follows_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Material, share=0.4)
