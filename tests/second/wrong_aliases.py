"""Faults of the second endpoint: aliases."""

import re
from typing import Any, ClassVar
from unittest import mock

import aliases
from deviation import around, before, fault, recoded, tolerating, without_effect
from wrong_keys import EFFECTS, KEYS, STATES
from wrong_rotation import _undo
from wrong_windows import kept

fault(
    "alias-taken-over",
    "CreateAlias moves an alias that exists",
    around("CreateAlias", lambda f, s, p: (s.drop("alias", p.get("AliasName", "")), f(s, p))[-1]),
    "idempotency",
    KEYS,
    EFFECTS,
)
fault(
    "alias-taken-409",
    "a taken alias is 409",
    recoded("AliasAlreadyExists", 409),
    "idempotency",
    KEYS,
    EFFECTS,
)
fault(
    "alias-any-prefix",
    "an alias needs no prefix",
    before(
        "CreateAlias",
        lambda p: (
            {
                **p,
                "AliasName": p["AliasName"]
                if p.get("AliasName", "alias/").startswith("alias/")
                else "alias/" + p["AliasName"],
            }
            if "AliasName" in p
            else p
        ),
    ),
    "contract",
    KEYS,
)


def naming(pattern: str, length: int = 255) -> Any:
    def change(original: Any, store: Any, params: Any) -> Any:
        real = re.fullmatch
        fake = type("Re", (), {"fullmatch": staticmethod(lambda _, text: real(pattern, text))})
        with (
            mock.patch.object(aliases, "re", fake),
            mock.patch.object(
                aliases,
                "len",
                lambda text: min(len(text), 255 if len(text) <= length else 999),
                create=True,
            ),
        ):
            return original(store, params)

    return around("CreateAlias", change)


GOOD = r"alias/(?!acs)[A-Za-z0-9_/-]+"
fault(
    "alias-acs", "reserved aliases can be made", naming(r"alias/[A-Za-z0-9_/-]+"), "contract", KEYS
)
fault(
    "alias-any-letters",
    "aliases may contain anything",
    naming(r"(?s)alias/(?!acs).+"),
    "contract",
    KEYS,
)
fault(
    "alias-unlimited",
    "aliases have no limit",
    naming(GOOD, 9999),
    "contract",
    KEYS,
    gates=False,
)
fault(
    "alias-empty",
    "an alias may be the prefix alone",
    naming(r"alias/(?!acs)[A-Za-z0-9_/-]*"),
    "contract",
    KEYS,
    gates=False,
)


def _alias_back(original: Any, store: Any, params: Any) -> Any:
    old = store.get("alias", params.get("AliasName", ""))
    original(store, params)
    store.put("alias", params["AliasName"], old)
    return {}


fault(
    "alias-moved-not",
    "UpdateAlias has no effect",
    around("UpdateAlias", _alias_back),
    EFFECTS,
    KEYS,
)


fault(
    "alias-made-by-update",
    "UpdateAlias makes an alias",
    around(
        "UpdateAlias",
        lambda f, s, p: (
            f(s, p)
            if s.get("alias", p.get("AliasName", "")) or "AliasName" not in p
            else aliases.create_alias(s, p)
        ),
    ),
    EFFECTS,
    KEYS,
)
fault(
    "alias-deleted-not", "DeleteAlias has no effect", without_effect("DeleteAlias"), EFFECTS, KEYS
)


def _all_aliases(original: Any, store: Any, params: Any) -> Any:
    one = store.get("alias", params.get("AliasName", ""))
    answer = original(store, params)
    for other in store.all("alias"):
        if one and other["KeyId"] == one["KeyId"]:
            store.drop("alias", other["AliasName"])
    return answer


fault(
    "alias-deletes-all",
    "DeleteAlias deletes all aliases of the key",
    around("DeleteAlias", _all_aliases),
    EFFECTS,
    KEYS,
)


def _alias_key(original: Any, store: Any, params: Any) -> Any:
    one = store.get("alias", params.get("AliasName", ""))
    answer = original(store, params)
    kept(store, one, state="Disabled")
    return answer


fault(
    "alias-deletes-key",
    "DeleteAlias disables the key",
    around("DeleteAlias", _alias_key),
    EFFECTS,
    KEYS,
)


fault(
    "alias-unknown-deleted",
    "deleting an unknown alias succeeds",
    tolerating("DeleteAlias", "Forbidden.AliasNotFound"),
    EFFECTS,
    KEYS,
    "contract",
    "idempotency",
)
fault(
    "aliases-of-all",
    "ListAliasesByKeyId lists the aliases of all keys",
    around("ListAliasesByKeyId", lambda f, s, p: (f(s, p), aliases.list_aliases(s, p))[-1]),
    "paging",
    EFFECTS,
    KEYS,
)


def _one_alias(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    for other in store.all("alias"):
        if other["KeyId"] == params["KeyId"] and other["AliasName"] != params["AliasName"]:
            store.drop("alias", other["AliasName"])
    return answer


fault(
    "one-alias-a-key",
    "a second alias replaces the first",
    around("CreateAlias", _one_alias),
    KEYS,
    EFFECTS,
    "paging",
)


fault(
    "unsupported-alias-404",
    "aliases are unknown keys to EnableKey and its like",
    recoded("Unsupported.Alias", 500, "InternalFailure"),
    "contract",
    KEYS,
    gates=False,
)


class Stale:
    told: ClassVar[dict[str, Any]] = {}


def stale(original: Any, store: Any, params: Any) -> Any:
    """Tell what was told before, once."""
    old = Stale.told.pop(params.get("KeyId", ""), None)
    new = original(store, params)
    if old is None:
        Stale.told[params["KeyId"]] = new
        return new
    return old


fault(
    "described-stale",
    "every second DescribeKey tells what the one before told",
    around("DescribeKey", stale),
    EFFECTS,
    KEYS,
    STATES,
)
fault(
    "description-not-kept",
    "UpdateKeyDescription has no effect",
    around("UpdateKeyDescription", _undo),
    EFFECTS,
)
fault(
    "description-clears-tags",
    "UpdateKeyDescription clears tags",
    around("UpdateKeyDescription", lambda f, s, p: (f(s, p), kept(s, p, tags={}))[-1]),
    EFFECTS,
    gates=False,
)
fault(
    "both-rotation-changes",
    "rotation is off after disabling and enabling",
    around("EnableKey", lambda f, s, p: (f(s, p), kept(s, p, rotation=0))[-1]),
    KEYS,
    EFFECTS,
)
