"""Faults of the second endpoint: deletion windows of keys."""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import core
from core import invalid, now, stamp
from deviation import after, around, before, fault, instead, without_effect
from wrong_keys import EFFECTS, KEYS, STATES


def kept(store: Any, params: Any, **changes: Any) -> Any:
    key = store.key(params["KeyId"])
    store.put("key", key["id"], {**key, **changes})
    return {}


def other_date(days: int) -> Any:
    def change(answer: Any, store: Any, params: Any) -> Any:
        kept(
            store,
            params,
            gone=stamp(now() + timedelta(days=int(params["PendingWindowInDays"]) + days)),
        )
        return answer

    return after("ScheduleKeyDeletion", change)


fault(
    "window-a-day-longer",
    "keys live a day longer than the window",
    other_date(1),
    EFFECTS,
    KEYS,
    STATES,
)
fault(
    "window-always-seven",
    "keys always live seven days",
    before(
        "ScheduleKeyDeletion",
        lambda p: (
            {**p, "PendingWindowInDays": "7"}
            if p.get("PendingWindowInDays", "").isdigit()
            and 7 <= int(p["PendingWindowInDays"]) <= 366
            else p
        ),
    ),
    EFFECTS,
    KEYS,
    STATES,
)


def within(operation: str, name: str, low: int, high: int, default: str = "") -> Any:
    """Take other bounds for a number."""

    def change(original: Any, store: Any, params: Any) -> Any:
        if name not in params and default:
            params = {**params, name: default}
        if params.get(name, "").isdigit():
            if not low <= int(params[name]) <= high:
                raise invalid(name)
            with mock_whole(name, low, high):
                return original(store, params)
        return original(store, params)

    return around(operation, change)


def mock_whole(wanted: str, low: int, high: int) -> Any:
    real = core.whole

    def whole(params: Any, name: str, least: int, most: int, default: Any = None) -> int:
        if name == wanted:
            return real(params, name, low, high, default)
        return real(params, name, least, most, default)

    stack = ExitStack()
    instead("whole", whole)(stack)
    return stack


fault(
    "window-of-six",
    "a window of 6 days is taken",
    within("ScheduleKeyDeletion", "PendingWindowInDays", 6, 366),
    "contract",
    EFFECTS,
)
fault(
    "window-of-a-year-and-more",
    "a window of 367 days is taken",
    within("ScheduleKeyDeletion", "PendingWindowInDays", 7, 3660),
    "contract",
    EFFECTS,
)
fault(
    "window-at-most-20",
    "a window of 30 days is refused",
    within("ScheduleKeyDeletion", "PendingWindowInDays", 7, 20),
    "contract",
    EFFECTS,
)
fault(
    "window-by-default",
    "a window left out means 30 days",
    within("ScheduleKeyDeletion", "PendingWindowInDays", 7, 366, "30"),
    "contract",
)
fault(
    "key-gone-at-once",
    "a scheduled key is gone at once",
    around("ScheduleKeyDeletion", lambda f, s, p: (f(s, p), s.drop("key", p["KeyId"]), {})[-1]),
    EFFECTS,
    STATES,
)
fault(
    "schedule-without-effect",
    "scheduling has no effect",
    without_effect("ScheduleKeyDeletion"),
    EFFECTS,
)


def scheduled_quietly(original: Any, store: Any, params: Any) -> Any:
    original(store, params)
    return kept(store, params, state="Enabled")


fault(
    "schedule-keeps-state",
    "a scheduled key stays Enabled",
    around("ScheduleKeyDeletion", scheduled_quietly),
    EFFECTS,
    STATES,
)
fault(
    "cancel-keeps-disabled",
    "a cancelled deletion leaves the key Disabled",
    around("CancelKeyDeletion", lambda f, s, p: (f(s, p), kept(s, p, state="Disabled"))[-1]),
    EFFECTS,
    STATES,
)


def _cancel(original: Any, store: Any, params: Any) -> Any:
    date = store.key(params["KeyId"])["gone"]
    original(store, params)
    return kept(store, params, gone=date)


fault(
    "cancel-keeps-date",
    "a cancelled deletion leaves DeleteDate",
    around("CancelKeyDeletion", _cancel),
    EFFECTS,
    STATES,
)


SMF = "Rejected.StateModifiedFailed"
