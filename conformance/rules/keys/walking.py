"""Random walks through the life of a key, against a model drawn from the table of states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.key_model import (
    ENABLED,
    PENDING_DELETION,
    PENDING_IMPORT,
    KeyModel,
    story,
)
from conformance.rules.cryptography.asking import encrypted, text_in
from conformance.rules.effects.looking import key_metadata, new_key
from conformance.rules.keys.importing import ask_import, parameters, wrapped
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.spec.catalogue import catalogue

_STATES = "Impact of the key state on API operations, page 44211, and AlibabaCloudDocs/kms"
_TEXT = "Y29uZm9ybWFuY2U="
_LONGEST = 8
#: Walks on targets to which every call travels.
_FEW = 4

_OF_ANY_KEY = (
    "DisableKey",
    "EnableKey",
    "ScheduleKeyDeletion",
    "CancelKeyDeletion",
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "UpdateKeyDescription",
    "TagResource",
)
_OF_MATERIAL = frozenset({"ImportKeyMaterial", "DeleteKeyMaterial"})
_OF_IMPORTED_KEY = (*sorted(_OF_MATERIAL), *_OF_ANY_KEY)
_CHANGING = frozenset(
    {
        "DisableKey",
        "EnableKey",
        "ScheduleKeyDeletion",
        "CancelKeyDeletion",
        *_OF_MATERIAL,
    }
)
#: How a key comes back to Enabled.
_BACK = {
    "Disabled": "EnableKey",
    PENDING_DELETION: "CancelKeyDeletion",
    PENDING_IMPORT: "ImportKeyMaterial",
}


@dataclass
class Walker:
    """One key that is walked again and again; a new one when it cannot be brought back."""

    kms: Kms
    external: bool = False
    key: str = ""
    #: The state that was seen last.
    state: str = ""
    blob: str = ""
    material: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, operation: str) -> Exchange:
        """Send a request that only the state of the key can make wrong."""
        request: Mapping[str, Any] = {"KeyId": self.key}
        match operation:
            case "Encrypt":
                request = {**request, "Plaintext": _TEXT}
            case "Decrypt":
                request = {"CiphertextBlob": self.blob}
            case "ScheduleKeyDeletion":
                request = {**request, "PendingWindowInDays": 7}
            case "UpdateKeyDescription":
                request = {**request, "Description": f"{self.kms.marker} walked"}
            case "TagResource":
                request = {**request, "Tags": [{"TagKey": "walk", "TagValue": "1"}]}
            case "ImportKeyMaterial":
                return ask_import(self.kms, self.material)
        return self.kms.call(operation, request)

    def described(self) -> tuple[Mapping[str, Any], Exchange]:
        """Return the key's metadata, empty when it cannot be described."""
        exchange = self.kms.call("DescribeKey", {"KeyId": self.key})
        return (key_metadata(exchange) if exchange.ok else {}), exchange

    def begin(self) -> None:
        """Have an Enabled key with a blob that it opens."""
        for _ in _BACK:
            if self.state not in _BACK:
                break
            self.ask(_BACK[self.state])
            self.state = str(self.described()[0].get("KeyState"))
        if self.state != ENABLED:
            self._make()

    def _make(self) -> None:
        kms = self.kms
        if self.external:
            self.key = new_key(kms, Origin="EXTERNAL")
            self.material = wrapped(kms, parameters(kms, self.key), kms.bytes(32))
            kms.expect_success(self.ask("ImportKeyMaterial"))
        else:
            self.key = new_key(kms)
        self.blob = text_in(kms, encrypted(kms, self.key, _TEXT), "CiphertextBlob")
        self.state = ENABLED

    def walk(self, steps: Sequence[str]) -> None:
        """Take steps and compare every answer and every state with the model."""
        self.begin()
        model = KeyModel(ENABLED, external=self.external)
        for number, step in enumerate(steps):
            self._step(model, step, steps[:number])

    def _step(self, model: KeyModel, step: str, before: Sequence[str]) -> None:
        kms, told = self.kms, story(before)
        promised = model.expects(step)
        exchange = self.ask(step)
        if promised.outcome == "ok":
            kms.expect(
                exchange.ok,
                f"{told} the key is {model.state} and {step} succeeds, found {exchange.describe()}",
                exchange,
            )
            if step == "Decrypt":
                kms.expect(
                    exchange.data.get("Plaintext") == _TEXT,
                    f"{told} Decrypt answers what was encrypted",
                    exchange,
                )
        elif promised.outcome == "refused":
            known = catalogue().errors.kms_api
            statuses = {known[code].status for code in promised.codes if code in known}
            kms.expect_refused(
                exchange,
                codes=promised.codes,
                statuses=[status for status in statuses if status is not None],
                stage="state",
                why=f"{told} the key is {model.state}",
            )
        self._look(model, step, [*before, step], exchange)

    def _look(self, model: KeyModel, step: str, steps: Sequence[str], exchange: Exchange) -> None:
        kms, told = self.kms, story(steps)
        allowed = model.expects(step).states if exchange.ok else frozenset({model.state})
        metadata, look = self.described()
        state = metadata.get("KeyState")
        self.state = str(state)
        kms.expect(
            state in allowed,
            f"{told} the key is {' or '.join(sorted(allowed))}, found {state or look.describe()}",
            exchange,
            look,
        )
        if exchange.ok:
            model.moved(step, str(state))
        dated = bool(metadata.get("DeleteDate"))
        kms.expect(
            dated == (state == PENDING_DELETION),
            f"{told} DeleteDate is shown in PendingDeletion and in no other state",
            look,
        )


def _walks(kms: Kms, walker: Walker, operations: Sequence[str]) -> None:
    """Ask everything in every state, change twice in every way, then walk at random."""
    from hypothesis import strategies as st

    operations = [name for name in operations if kms.offers(f"operation:{name}")]
    changing = [operation for operation in operations if operation in _CHANGING]
    asking = [operation for operation in operations if operation not in _CHANGING]
    for first in changing:
        walker.walk([first, *asking])
        for second in changing:
            # Of keys with imported material only what concerns the material is new.
            if not walker.external or {first, second} & _OF_MATERIAL:
                walker.walk([first, second, *asking[:1]])
    steps = st.lists(st.sampled_from(operations), min_size=1, max_size=_LONGEST)
    # A walk asks some twenty times, other properties once.
    examples = kms.examples // 2 if kms.target.loopback else min(kms.examples, _FEW)
    kms.property(steps, walker.walk, max_examples=examples)


@rule(
    "KEY-001",
    level=Level.MUST,
    family="keys",
    statement="Whatever is done to a key, one step after the other, each answer and each state "
    "that shows is what the table of states promises.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=(
        "transition/Enabled/ScheduleKeyDeletion",
        "transition/Disabled/ScheduleKeyDeletion",
    ),
    operations=_OF_ANY_KEY,
    safety="schedules-deletion",
)
def life_of_a_key(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest walk that shows it."""
    _walks(kms, Walker(kms), _OF_ANY_KEY)


@rule(
    "KEY-002",
    level=Level.MUST,
    family="keys",
    statement="Whatever is done to a key with imported material, one step after the other, each "
    "answer and each state that shows is what the table of states promises.",
    provenance="documented",
    source=_STATES,
    stage="state",
    promises=(
        "transition/Disabled/DeleteKeyMaterial",
        "transition/PendingImport/DeleteKeyMaterial",
        "transition/PendingImport/ScheduleKeyDeletion",
    ),
    operations=_OF_IMPORTED_KEY,
    safety="schedules-deletion",
)
def life_of_an_imported_key(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest walk that shows it."""
    _walks(kms, Walker(kms, external=True), _OF_IMPORTED_KEY)
