"""Faults of the second endpoint: filters, network rules, concurrency."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import core
from deviation import after, around, before, everywhere, fault, instead, sending
from wrong_keys import without
from wrong_lists import FAMILIES, PAGING, PLAIN, paging


def filtering(change: Any) -> Any:
    """Filter otherwise: `change(filters)`."""
    return everywhere("filters", lambda f: lambda p: change(f(p)))


fault("filters-ignored", "filters have no effect", filtering(lambda _: []), PAGING)
fault("filters-first-only", "only the first filter counts", filtering(lambda f: f[:1]), PAGING)
fault(
    "filters-first-value",
    "only the first value of a filter counts",
    filtering(lambda f: [{**one, "Values": one["Values"][:1]} for one in f]),
    PAGING,
)
fault(
    "filters-same-key-and",
    "a repeated filter replaces the one before",
    filtering(lambda f: list({one["Key"]: one for one in f}.values())),
    PAGING,
)
for name in (
    "KeyState",
    "KeySpec",
    "KeyUsage",
    "AliasName",
    "TagKey",
    "TagValue",
    "SecretName",
    "Description",
    "SecretType",
):
    fault(
        f"filter-{name}",
        f"the filter {name} has no effect",
        filtering(lambda f, n=name: [one for one in f if one["Key"] != n]),
        PAGING,
        "effects",
        gates=name != "SecretType",
    )
fault(
    "filters-eleven",
    "any number of filters is taken",
    instead("filters", lambda p: core.from_json(p, "Filters", list) or []),
    PLAIN,
)
fault(
    "token-any",
    "any NextToken is taken",
    before(
        "ListTagResources",
        lambda p: (
            {**p, "NextToken": p["NextToken"] if p.get("NextToken", "").isdigit() else ""}
            if "NextToken" in p
            else p
        ),
    ),
    PLAIN,
    PAGING,
    "effects",
    gates=False,
)
fault(
    "token-missing",
    "ListTagResources has no NextToken",
    after("ListTagResources", lambda a, s, p: without(a, "NextToken")),
    PAGING,
    "effects",
    PLAIN,
    gates=False,
)


def _turned() -> Callable[[Any, Any, Any], Any]:
    """Return a ListKeys that lists from the other end each time: no walk meets each key once."""
    calls = itertools.count()

    def listed(original: Any, store: Any, params: Any) -> Any:
        real, step = core.Store.all, (1, -1)[next(calls) % 2]
        with mock.patch.object(
            core.Store,
            "all",
            lambda s, kind: real(s, kind)[::step] if kind == "key" else real(s, kind),
        ):
            return original(store, params)

    return listed


fault(
    "keys-listed-in-disorder",
    "the order of ListKeys changes with each call",
    around("ListKeys", _turned()),
    PAGING,
)


fault(
    "list-late",
    "what was made last is not listed yet",
    paging(lambda f, p, rows, *a: f(p, rows[1:], *a)),
    PAGING,
    "effects",
)
fault(
    "aliases-by-key-total",
    "ListAliasesByKeyId counts all aliases",
    after("ListAliasesByKeyId", lambda a, s, p: {**a, "TotalCount": len(s.all("alias"))}),
    PAGING,
)
fault(
    "alias-arn-missing-prefix",
    "alias ARNs lack alias/",
    after(
        "ListAliases ListAliasesByKeyId",
        lambda a, s, p: {
            **a,
            "Aliases": {
                "Alias": [
                    {**one, "AliasArn": one["AliasArn"].replace("alias/", "")}
                    for one in a["Aliases"]["Alias"]
                ]
            },
        },
    ),
    PAGING,
    *FAMILIES,
    gates=False,
)
fault(
    "list-versions-deleted-key",
    "ListKeyVersions lists for unknown keys",
    around(
        "ListKeyVersions",
        lambda f, s, p: (
            f(s, p)
            if s.get("key", p.get("KeyId", ""))
            else core.page(p, [], "KeyVersions", "KeyVersion")
        ),
    ),
    "effects",
    PLAIN,
)


def _rule_back(original: Any, store: Any, params: Any) -> Any:
    old = store.get("network-rule", params.get("Name", ""))
    original(store, params)
    store.put("network-rule", params["Name"], old)
    return {}


fault(
    "rule-not-updated",
    "UpdateNetworkRule has no effect",
    around("UpdateNetworkRule", _rule_back),
    "effects",
)


fault(
    "rule-update-clears",
    "UpdateNetworkRule clears what is not given",
    before("UpdateNetworkRule", lambda p: {"Description": "", "SourcePrivateIp": "[]", **p}),
    "effects",
    gates=False,
)
fault(
    "rule-overwritten",
    "CreateNetworkRule replaces a rule of that name",
    around(
        "CreateNetworkRule",
        lambda f, s, p: (s.drop("network-rule", p.get("Name", "")), f(s, p))[-1],
    ),
    "effects",
    "idempotency",
    gates=False,
)
fault(
    "rule-addresses-unchecked",
    "network rules take any address",
    instead("addresses", lambda p: core.from_json(p, "SourcePrivateIp", list) or []),
    PLAIN,
    gates=False,
)


def racing(operation: str, found: Any) -> Any:
    """Let calls of an operation that arrive together not see each other."""
    seen: dict[str, float] = {}

    def change(original: Any, store: Any, params: Any) -> Any:
        name = found(params)
        recent = time.monotonic() - seen.get(name, -9) < 0.15
        seen[name] = time.monotonic()
        if recent:
            return racing_answer(original, store, params)
        return original(store, params)

    return around(operation, change)


def racing_answer(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except core.Refused as refused:
        if refused.code in ("AliasAlreadyExists", "Rejected.ResourceExist"):
            return (
                {"SecretName": params["SecretName"], "VersionId": params["VersionId"]}
                if "SecretName" in params
                else {}
            )
        raise


fault(
    "two-alias-creators-win",
    "of two who make an alias at once both succeed",
    racing("CreateAlias", lambda p: p.get("AliasName", "")),
    "idempotency",
    "keys",
    "effects",
    gates=False,
)
fault(
    "two-secret-creators-win",
    "of two who make a secret at once both succeed",
    racing("CreateSecret", lambda p: p.get("SecretName", "")),
    "secrets",
    "idempotency",
    gates=False,
)


class Mixed:
    answer: Any = None
    at = 0.0


def mixed(answer: Any, status: int, action: str) -> Any:
    if action == "Encrypt" and status == 200:
        old, recent = Mixed.answer, time.monotonic() - Mixed.at < 0.01
        Mixed.answer, Mixed.at = answer, time.monotonic()
        if old and recent and threading.active_count() > 6:
            return old, status
    return answer, status


fault(
    "answers-mixed-up",
    "answers are mixed up under load",
    sending(mixed),
    "concurrency",
    "cryptography",
    gates=False,
)
