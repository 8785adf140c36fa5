"""Faults of the second endpoint: rotation, versions and protection."""

from typing import Any

from deviation import after, around, before, everywhere, fault, tolerating
from wrong_keys import EFFECTS, KEYS, STATES, shown
from wrong_states import anyhow
from wrong_windows import kept

fault(
    "never-suspended",
    "rotation of a Disabled key stays Enabled",
    shown(
        lambda m: (
            {**m, "AutomaticRotation": "Enabled"} if m["AutomaticRotation"] == "Suspended" else m
        )
    ),
    KEYS,
    STATES,
    EFFECTS,
)
fault(
    "next-rotation-late",
    "NextRotationDate is a day late",
    shown(
        lambda m: {
            **m,
            **({"NextRotationDate": m["CreationDate"]} if "NextRotationDate" in m else {}),
        }
    ),
    KEYS,
    EFFECTS,
)
fault(
    "interval-as-sent",
    "RotationInterval is answered in days",
    shown(
        lambda m: {
            **m,
            **(
                {"RotationInterval": f"{int(m['RotationInterval'][:-1]) // 86400}d"}
                if "RotationInterval" in m
                else {}
            ),
        }
    ),
    KEYS,
    "contract",
)
fault(
    "interval-always-shown",
    "RotationInterval is shown although rotation is off",
    shown(lambda m: {"RotationInterval": "31536000s", **m}),
    KEYS,
    EFFECTS,
)


def _undo(original: Any, store: Any, params: Any) -> Any:
    key = store.key(params["KeyId"])
    original(store, params)
    store.put("key", key["id"], key)
    return {}


fault(
    "rotation-not-kept",
    "UpdateRotationPolicy has no effect",
    around("UpdateRotationPolicy", _undo),
    KEYS,
    EFFECTS,
)


fault(
    "rotation-for-pairs",
    "UpdateRotationPolicy succeeds for asymmetric keys",
    tolerating("UpdateRotationPolicy", "Rejected.UnsupportedOperation"),
    KEYS,
)
fault(
    "rotation-of-a-day",
    "an interval of one day is taken",
    around(
        "UpdateRotationPolicy",
        lambda f, s, p: f(
            s,
            {**p, "RotationInterval": "30d"}
            if p.get("RotationInterval") in ("1d", "6d", "86400s", "24h", "518400s")
            else p,
        ),
    ),
    KEYS,
    "contract",
)
fault(
    "rotation-without-interval",
    "an interval left out means a year",
    before("UpdateRotationPolicy", lambda p: {"RotationInterval": "365d", **p}),
    KEYS,
    "contract",
)
fault(
    "rotation-any-flag",
    "any text means that rotation is off",
    before(
        "UpdateRotationPolicy",
        lambda p: (
            {
                **p,
                "EnableAutomaticRotation": "true"
                if p.get("EnableAutomaticRotation", "").lower() == "true"
                else "false",
            }
            if "EnableAutomaticRotation" in p
            else p
        ),
    ),
    "contract",
    gates=False,
)


def _only_new(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    key = store.key(params["KeyId"])
    key["versions"] = [
        {**one, "material": key["versions"][-1]["material"]} for one in key["versions"]
    ]
    store.put("key", key["id"], key)
    return answer


fault(
    "old-versions-lost",
    "a new version makes old blobs unreadable",
    around("CreateKeyVersion", _only_new),
    KEYS,
    "cryptography",
)


fault(
    "newest-version-only",
    "only the newest version is listed",
    after(
        "ListKeyVersions",
        lambda a, s, p: {
            **a,
            "KeyVersions": {"KeyVersion": a["KeyVersions"]["KeyVersion"][-1:]},
            "TotalCount": 1,
        },
    ),
    KEYS,
    EFFECTS,
)
fault(
    "any-version-described",
    "DescribeKeyVersion answers for every version id",
    everywhere(
        "version_named",
        lambda f: (
            lambda key, one: next(
                (v for v in key["versions"] if v["id"] == one), key["versions"][-1]
            )
        ),
    ),
    KEYS,
    EFFECTS,
    "cryptography",
)


def _undo_version(store: Any, params: Any, answer: Any) -> Any:
    key = store.key(params["KeyId"])
    key["versions"].pop()
    store.put("key", key["id"], key)
    return answer


fault(
    "version-without-effect",
    "CreateKeyVersion makes nothing",
    after("CreateKeyVersion", lambda a, s, p: _undo_version(s, p, a)),
    KEYS,
    EFFECTS,
)


fault(
    "protection-ignored",
    "a protected key can be scheduled for deletion",
    around(
        "ScheduleKeyDeletion",
        lambda f, s, p: (
            kept(s, p, protected=False) if s.get("key", p.get("KeyId", "")) else None,
            f(s, p),
        )[-1],
    ),
    EFFECTS,
    KEYS,
)
fault(
    "protection-not-shown",
    "DescribeKey never shows protection",
    shown(lambda m: {**m, "DeletionProtection": "Disabled"}),
    EFFECTS,
    KEYS,
)
fault(
    "protection-for-good",
    "protection cannot be taken off",
    around(
        "SetDeletionProtection",
        lambda f, s, p: (
            f(s, p)
            if p.get("EnableDeletionProtection", "").lower() != "false"
            else (f(s, {**p, "EnableDeletionProtection": "true"}))
        ),
    ),
    EFFECTS,
    KEYS,
)
fault(
    "protection-while-pending",
    "protection is taken in PendingDeletion",
    anyhow("SetDeletionProtection"),
    STATES,
    KEYS,
    EFFECTS,
)
