"""Faults of the second endpoint: references to keys, refusals."""

from typing import Any

import core
from deviation import before, fault, method, recoded
from wrong_keys import EFFECTS, KEYS

fault(
    "key-unknown-400",
    "an unknown key is 400",
    recoded("Forbidden.KeyNotFound", 400),
    EFFECTS,
    KEYS,
    "contract",
)
fault(
    "key-unknown-otherwise",
    "an unknown key is told as an unknown resource",
    recoded("Forbidden.KeyNotFound", 404, "Forbidden.ResourceNotFound"),
    EFFECTS,
    KEYS,
    "contract",
)
fault(
    "alias-unknown-otherwise",
    "an unknown alias is told as an unknown key",
    recoded("Forbidden.AliasNotFound", 404, "Forbidden.KeyNotFound"),
    EFFECTS,
    KEYS,
    "contract",
)
fault(
    "version-unknown-otherwise",
    "an unknown version is told as an unknown key",
    recoded("Forbidden.KeyVersionNotFound", 404, "Forbidden.KeyNotFound"),
    EFFECTS,
    KEYS,
    "contract",
    "cryptography",
)
fault(
    "required-otherwise",
    "a parameter left out is told as a bad one at 409",
    recoded("MissingParameter", 409),
    "contract",
)
fault("invalid-422", "a bad parameter is 422", recoded("InvalidParameter", 422), "contract")


def resolving(change: Any) -> Any:
    """Change how references to keys are resolved: `change(original, store, reference, alias)`."""
    return method(core.Store, "key", lambda f: lambda s, r, *, alias=True: change(f, s, r, alias))


fault(
    "arn-not-taken",
    "ARNs of keys are unknown",
    resolving(lambda f, s, r, a: f(s, "none" if r.startswith("acs:") else r, alias=a)),
    "cryptography",
    "contract",
    KEYS,
)
fault(
    "alias-not-taken",
    "aliases are unknown to cryptography",
    before(
        "Encrypt GenerateDataKey",
        lambda p: {**p, "KeyId": "none"} if p.get("KeyId", "").startswith("alias/") else p,
    ),
    "cryptography",
    KEYS,
    "contract",
)
fault(
    "id-in-any-case",
    "ids of keys count in any case",
    resolving(
        lambda f, s, r, a: f(s, r.lower() if not r.startswith(("alias/", "acs:")) else r, alias=a)
    ),
    KEYS,
    EFFECTS,
    gates=False,
)
fault(
    "alias-in-any-case",
    "aliases count in any case",
    resolving(
        lambda f, s, r, a: f(
            s,
            next(
                (
                    one["AliasName"]
                    for one in s.all("alias")
                    if one["AliasName"].lower() == r.lower()
                ),
                r,
            ),
            alias=a,
        )
    ),
    KEYS,
    EFFECTS,
    gates=False,
)
fault(
    "id-by-start",
    "the start of an id is enough",
    resolving(
        lambda f, s, r, a: f(
            s,
            next((k["id"] for k in s.all("key") if len(r) > 20 and k["id"].startswith(r)), r),
            alias=a,
        )
    ),
    KEYS,
    EFFECTS,
    "contract",
)
