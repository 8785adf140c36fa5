"""Faults of the second code base, made without the switches of the reference, are found too.

Each meets the whole of its family, as a user would run it: three of them, all with
KMS_CONFORMANCE_THOROUGH. What else is wrong with that endpoint is for the kill score.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ciphers
import core
import keys
import pytest
import server
import vault
from test_second_endpoint import certify

Patch = Callable[[pytest.MonkeyPatch], None]


def replace(operation: str, change: Callable[[Any, Any, Any], Any]) -> Patch:
    """Let `change(original, store, params)` answer an operation."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        original = core.OPERATIONS[operation]
        monkeypatch.setitem(
            core.OPERATIONS, operation, lambda store, params: change(original, store, params)
        )

    return patch


def attribute(module: Any, name: str, value: Any) -> Patch:
    return lambda monkeypatch: monkeypatch.setattr(module, name, value)


def always_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.Store, "usable", core.Store.key)


def twice_the_total(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    return {**answer, "TotalCount": len(answer["Keys"]["Key"])}


def short_key(original: Any, store: Any, params: Any) -> Any:
    smaller = {**params, "NumberOfBytes": "31"} if "NumberOfBytes" not in params else params
    return original(store, smaller)


FAULTS: dict[str, tuple[Patch, tuple[str, ...]]] = {
    "a replayed nonce is taken": (
        attribute(server, "NONCES", type("Forgetful", (set,), {"add": lambda *_: None})()),
        ("--family", "authentication"),
    ),
    "everybody may do everything": (
        attribute(server, "allowed", lambda *_: True),
        ("--family", "authorisation"),
    ),
    "the encryption context is not bound": (
        attribute(ciphers, "context_of", lambda *_: b""),
        ("--family", "cryptography"),
    ),
    "keys work in every state": (always_usable, ("--family", "states")),
    "the total is that of the page": (
        replace("ListKeys", twice_the_total),
        ("--family", "paging"),
    ),
    "data keys are a byte short": (
        replace("GenerateDataKey", short_key),
        ("--family", "cryptography"),
    ),
    "a verified signature is always right": (
        replace("AsymmetricVerify", lambda f, s, p: {**f(s, p), "Value": True}),
        ("--family", "cryptography"),
    ),
    "stages are never taken from the former holder": (
        attribute(vault, "take", lambda *_: None),
        ("--family", "secrets"),
    ),
    "a key cannot be disabled": (
        replace("DisableKey", lambda _f, s, p: s.key(p["KeyId"]) and {}),
        ("--family", "effects"),
    ),
    "a second deletion moves the window": (
        replace(
            "ScheduleKeyDeletion",
            lambda f, s, p: {} if s.key(p["KeyId"])["gone"] else f(s, p),
        ),
        ("--family", "idempotency"),
    ),
    "times carry fractions": (
        attribute(keys, "stamp", lambda moment: moment.isoformat().replace("+00:00", "Z")),
        ("--family", "contract", "--operation", "CreateKey"),
    ),
}


CHOSEN = list(FAULTS) if os.environ.get("KMS_CONFORMANCE_THOROUGH") else list(FAULTS)[1:4]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patch, selection = FAULTS[name]
    patch(monkeypatch)
    code, cases = certify(tmp_path, *selection, "--examples", "5")
    failing = sorted({str(case["rule"]) for case in cases if case["verdict"] == "fail"})
    assert code == 1, f"exit {code}, nothing fails"
    assert failing
    print(name, "->", ", ".join(failing))
