"""Faults of calls at the same time, and faults that show now and then.

A race is made wide enough to be met: the handler gives way for some milliseconds between what it
looks at and what it changes, in a thread of its own as slow work does.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.forging import is_mismatch, take_anyway
from conformance.reference.faults.registry import fault, replace_response, wrap_answer, wrap_handler
from conformance.reference.faults.tools import RESPONSES, SDK, key_of, secret_of
from conformance.reference.passage import Passage, Response

#: Seconds between looking and changing.
_WINDOW = 0.1
#: One answer in so many is wrong.
_RARE = 20

Racing = Callable[[Call, Handler], Any]


def _race(endpoint: Endpoint, operations: tuple[str, ...], wrapper: Racing) -> None:
    """Put a wrapper in the place of handlers that run in threads of their own."""
    for name in operations:
        endpoint.slow[name] = lambda _: True
    wrap_handler(endpoint, operations, wrapper)


def _pause(endpoint: Endpoint) -> None:
    with endpoint.heavy():
        time.sleep(_WINDOW)


@fault(
    "alias-made-twice-at-once",
    breaks=("RACE-001",),
    statement="CreateAlias looks whether the name is free, and takes it a little later.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        name = call.params["AliasName"]
        free = name not in call.account.aliases
        _pause(endpoint)
        if free:
            call.account.aliases.pop(name, None)
        return original(call)

    _race(endpoint, ("CreateAlias",), wrapper)


@fault(
    "secret-made-twice-at-once",
    breaks=("RACE-002",),
    statement="CreateSecret looks whether the name is free, and takes it a little later.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        name = call.params["SecretName"]
        free = name not in call.account.secrets
        _pause(endpoint)
        if free:
            call.account.secrets.pop(name, None)
        return original(call)

    _race(endpoint, ("CreateSecret",), wrapper)


@fault(
    "version-lost-at-once",
    breaks=("RACE-003",),
    statement="PutSecretValue writes back the versions that it read a little earlier.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = secret_of(call)
        before = dict(secret.versions)
        _pause(endpoint)
        secret.versions.clear()
        secret.versions.update(before)
        return original(call)

    _race(endpoint, ("PutSecretValue",), wrapper)


@fault(
    "disable-fails-beside-enable",
    breaks=("RACE-004",),
    statement="DisableKey meets an EnableKey of the same moment and fails with 500.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    busy: set[str] = set()

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        if key.id in busy:
            raise KmsError("InternalFailure", "The key is being changed.")
        busy.add(key.id)
        try:
            _pause(endpoint)
            return original(call)
        finally:
            busy.discard(key.id)

    _race(endpoint, ("EnableKey", "DisableKey"), wrapper)


@fault(
    "state-torn-by-race",
    breaks=("RACE-004",),
    statement="After two changes at once cryptography takes the key for what it does not show.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    torn: set[str] = set()
    running: Counter[str] = Counter()

    def change(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        running[key.id] += 1
        beside = running[key.id] > 1
        _pause(endpoint)
        answer = original(call)
        running[key.id] -= 1
        (torn.add if beside else torn.discard)(key.id)
        return answer

    def use(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        shown = key.state
        if key.id in torn:
            key.state = "Disabled" if shown == "Enabled" else "Enabled"
        try:
            return original(call)
        finally:
            key.state = shown

    _race(endpoint, ("EnableKey", "DisableKey"), change)
    wrap_handler(endpoint, "Encrypt", use)


@fault(
    "scheduled-twice-at-once",
    breaks=("RACE-005",),
    statement="Two ScheduleKeyDeletion of one moment both succeed.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.state
        _pause(endpoint)
        if before != "PendingDeletion":
            key.state = before
        return original(call)

    _race(endpoint, ("ScheduleKeyDeletion",), wrapper)


@fault(
    "value-under-other-version-at-once",
    breaks=("RACE-006",),
    statement="GetSecretValue takes the version before a change and the value after it.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        before = original(call)
        _pause(endpoint)
        after = original(call)
        return {**after, "VersionId": before["VersionId"]}

    def put(call: Call, original: Handler) -> dict[str, Any]:
        with endpoint.heavy():
            time.sleep(_WINDOW / 2)
        return original(call)

    _race(endpoint, ("GetSecretValue",), wrapper)
    _race(endpoint, ("PutSecretValue",), put)


@fault(
    "requests-share-a-variable",
    breaks=("RACE-007",),
    statement="Encrypt keeps its request in a variable that all callers share.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    shared: dict[str, Any] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        shared["params"] = call.params
        _pause(endpoint)
        return original(replace(call, params=shared["params"]))

    _race(endpoint, ("Encrypt",), wrapper)


@fault(
    "answers-share-a-variable",
    breaks=("RACE-007",),
    statement="DescribeKey keeps its answer in a variable that all callers share.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    shared: dict[str, Any] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        shared["answer"] = original(call)
        _pause(endpoint)
        found: dict[str, Any] = shared["answer"]
        return dict(found)

    _race(endpoint, ("DescribeKey",), wrapper)


@fault(
    "now-and-then-refused",
    breaks=("RACE-008",),
    statement="Each twentieth DescribeKey is refused with 404.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    numbers = count(1)

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if next(numbers) % _RARE == 0:
            raise KmsError("Forbidden.KeyNotFound", "The specified Key is not found.")
        return original(call)

    wrap_handler(endpoint, "DescribeKey", wrapper)


@fault(
    "now-and-then-wrong-value",
    breaks=("RACE-008",),
    statement="Each twentieth GetSecretValue answers another value.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    numbers = count(1)

    def change(_: Call, answer: dict[str, Any]) -> None:
        if next(numbers) % _RARE == 0:
            answer["SecretData"] = answer["SecretData"][:-1]

    wrap_answer(endpoint, "GetSecretValue", change)


@fault(
    "now-and-then-not-to-be-opened",
    breaks=("RACE-008",),
    statement="Each twentieth blob of Encrypt does not open.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    numbers = count(1)

    def change(_: Call, answer: dict[str, Any]) -> None:
        if next(numbers) % _RARE == 0:
            blob = answer["CiphertextBlob"]
            answer["CiphertextBlob"] = blob[:-4] + ("AAA=" if blob[-4:] != "AAA=" else "BBB=")

    wrap_answer(endpoint, "Encrypt", change)


@fault(
    "now-and-then-verified",
    breaks=("RACE-008",),
    statement="Each twentieth AsymmetricVerify answers true.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    numbers = count(1)

    def change(_: Call, answer: dict[str, Any]) -> None:
        if next(numbers) % _RARE == 0:
            answer["Value"] = True

    wrap_answer(endpoint, "AsymmetricVerify", change)


@fault(
    "now-and-then-let-in",
    breaks=("RACE-008",),
    statement="Each twentieth wrong signature is let in.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    numbers = count(1)

    def applies(refusal: KmsError, passage: Passage) -> bool:
        return is_mismatch(refusal, passage) and next(numbers) % _RARE == 0

    take_anyway(endpoint, applies)


@fault(
    "now-and-then-500",
    breaks=("RACE-008",),
    statement="Each twentieth answer is 500.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    numbers = count(1)

    def change(_: Passage, response: Response) -> Response:
        if next(numbers) % _RARE == 0:
            return Response(500, (("content-type", "text/html"),), b"<html>oops</html>")
        return response

    replace_response(endpoint, change)
