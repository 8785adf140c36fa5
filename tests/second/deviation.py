"""Switches of the second endpoint: one fault or one harmless variation each.

    with in_force("data-key-short"), running() as url:
        ...

A deviation replaces something of the endpoint while it is in force. `faults()` and `variations()` list
what there is; the modules wrong_*.py and otherwise_*.py hold it.
"""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import core
import endpoint  # noqa: F401 - registers the operations
import server

Patch = Callable[[ExitStack], None]
MODULES = (
    "access",
    "aliases",
    "ciphers",
    "core",
    "endpoint",
    "exports",
    "keys",
    "labels",
    "material",
    "rotation",
    "server",
    "sundries",
    "vault",
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A switch.

    Attributes:
        name: What switches it on.
        says: What the endpoint does then.
        patch: Makes it so.
        families: Families of rules that look at it, the likely first.
        gates: Whether the facts make it a failure; else a warning is enough.
        operations: Operations that it is about, where it is about some only.
        cases: Cases of rules that report it, as "RULE-ID[case]"; none for a survivor.
    """

    name: str
    says: str
    patch: Patch
    families: tuple[str, ...] = ()
    gates: bool = True
    operations: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that report it."""
        return tuple(dict.fromkeys(case.partition("[")[0] for case in self.cases))


FAULTS: dict[str, Deviation] = {}
VARIATIONS: dict[str, Deviation] = {}


@cache
def _found_by() -> dict[str, list[str]]:
    """Which cases report which fault, as `audit.py --write` has found."""
    found: dict[str, list[str]] = json.loads((Path(__file__).parent / "found_by.json").read_text())
    return found


def fault(name: str, says: str, patch: Patch, *families: str, gates: bool = True) -> None:
    """Register a fault."""
    assert name not in FAULTS, name
    operations = tuple(getattr(patch, "operations", "").split())
    cases = tuple(_found_by().get(name, ()))
    FAULTS[name] = Deviation(name, says, patch, families, gates, operations, cases)


def variation(name: str, says: str, patch: Patch) -> None:
    """Register a harmless variation."""
    assert name not in VARIATIONS, name
    VARIATIONS[name] = Deviation(name, says, patch)


def around(operations: str, change: Callable[..., Any]) -> Patch:
    """Let `change(original, store, params)` answer operations (names parted by blanks; * for all)."""

    def patch(stack: ExitStack) -> None:
        names = list(core.OPERATIONS) if operations == "*" else operations.split()
        changed = {name: _bound(change, core.OPERATIONS[name]) for name in names}
        stack.enter_context(mock.patch.dict(core.OPERATIONS, changed))

    patch.operations = "" if operations == "*" else operations  # type: ignore[attr-defined]
    return patch


def _bound(change: Callable[..., Any], original: Any) -> Any:
    return lambda store, params: change(original, store, params)


def after(operations: str, change: Callable[..., Any]) -> Patch:
    """Let `change(answer, store, params)` make the answer of operations."""
    return around(operations, lambda f, s, p: change(f(s, p), s, p))


def before(operations: str, change: Callable[..., Any]) -> Patch:
    """Let `change(params)` make the parameters of operations."""
    return around(operations, lambda f, s, p: f(s, change(p)))


def everywhere(name: str, change: Callable[[Any], Any]) -> Patch:
    """Replace a name in every module that has it by `change(original)`."""

    def patch(stack: ExitStack) -> None:
        modules = [sys.modules[one] for one in MODULES if hasattr(sys.modules[one], name)]
        new = change(getattr(modules[0], name))
        for module in modules:
            stack.enter_context(mock.patch.object(module, name, new))

    return patch


def instead(name: str, value: Any) -> Patch:
    """Replace a name in every module that has it."""
    return everywhere(name, lambda _: value)


def method(owner: Any, name: str, change: Callable[[Any], Any]) -> Patch:
    """Replace a method by `change(original)`."""
    return lambda stack: stack.enter_context(  # type: ignore[return-value]
        mock.patch.object(owner, name, change(getattr(owner, name)))
    )


def refusing(change: Callable[[core.Refused], core.Refused]) -> Patch:
    """Let `change(refused)` make every refusal."""

    def answering(original: Any) -> Any:
        def answer(handler: Any, body: bytes) -> Any:
            try:
                return original(handler, body)
            except core.Refused as refused:
                raise change(refused) from None

        return answer

    return method(server.Handler, "answer", answering)


def recoded(code: str, status: int, other: str = "") -> Patch:
    """Let a code be answered at another status, and as another code."""

    def change(refused: core.Refused) -> core.Refused:
        if refused.code != code:
            return refused
        return core.Refused(status, other or code, refused.message)

    return refusing(change)


def tolerating(operations: str, *codes: str, answer: Any = None) -> Patch:
    """Let operations succeed without doing anything where they should refuse with a code."""

    def change(original: Any, store: Any, params: Any) -> Any:
        try:
            return original(store, params)
        except core.Refused as refused:
            if refused.code in codes:
                return answer or {}
            raise

    return around(operations, change)


def without_effect(operations: str) -> Patch:
    """Let operations answer as ever, and undo what they did."""

    def change(original: Any, store: Any, params: Any) -> Any:
        store.database.execute("savepoint before")
        answer = original(store, params)
        store.database.execute("rollback to before")
        return answer

    return around(operations, change)


def sending(change: Callable[..., Any]) -> Patch:
    """Let `change(answer, status, action)` make what is sent: (answer, status)."""

    def patched(original: Any) -> Any:
        def send(handler: Any, answer: Any, status: int, action: str) -> None:
            answer, status = change(answer, status, action)
            original(handler, answer, status, action)

        return send

    return method(server.Handler, "send", patched)


def together(*patches: Patch) -> Patch:
    """Make several changes at once."""

    def patch(stack: ExitStack) -> None:
        for one in patches:
            one(stack)

    return patch


def deep(value: Any, change: Callable[[str, Any], Any]) -> Any:
    """Change every member of an answer: `change(name, value)`."""
    if isinstance(value, dict):
        return {name: change(name, deep(inner, change)) for name, inner in value.items()}
    if isinstance(value, list):
        return [deep(one, change) for one in value]
    return value


def _load(beginning: str) -> None:
    for path in sorted(Path(__file__).parent.glob(f"{beginning}_*.py")):
        importlib.import_module(path.stem)


def faults() -> dict[str, Deviation]:
    """All faults by name."""
    _load("wrong")
    return FAULTS


def variations() -> dict[str, Deviation]:
    """All harmless variations by name."""
    _load("otherwise")
    return VARIATIONS


@contextmanager
def in_force(*names: str) -> Iterator[None]:
    """Keep deviations in force."""
    every = {**faults(), **variations()}
    with ExitStack() as stack:
        for name in names:
            every[name].patch(stack)
        yield
