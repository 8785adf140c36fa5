"""Harmless variations of the second endpoint: order of rows and checks."""

import base64
import re
import secrets
import threading
from typing import Any
from unittest import mock

import aliases
import core
import keys
import server
import vault
from core import Refused
from deviation import after, around, before, everywhere, method, together, variation

variation(
    "rows-oldest-first",
    "lists begin with the oldest",
    method(core.Store, "all", lambda f: lambda s, kind: f(s, kind)[::-1]),
)
variation(
    "rows-by-name",
    "lists are in order of names",
    everywhere(
        "page",
        lambda f: (
            lambda p, rows, *a: f(
                p, sorted(rows, key=lambda r: str(sorted(map(str, r.values())))), *a
            )
        ),
    ),
)
variation(
    "tags-in-disorder",
    "tags are in another order",
    after("ListResourceTags", lambda a, s, p: {"Tags": {"Tag": a["Tags"]["Tag"][::-1]}}),
)
variation(
    "stages-in-disorder",
    "stages are in another order",
    after(
        "GetSecretValue",
        lambda a, s, p: {
            **a,
            "VersionStages": {"VersionStage": a["VersionStages"]["VersionStage"][::-1]},
        },
    ),
)
variation(
    "page-20-aliases",
    "a page of aliases has 20 rows",
    around("ListAliases", lambda f, s, p: f(s, {"PageSize": "20", **p})),
)
variation(
    "page-size-clipped",
    "page sizes beyond the bounds are cut",
    everywhere(
        "page",
        lambda f: (
            lambda p, *a: f(
                {**p, "PageSize": str(min(max(int(p["PageSize"]), 1), 100))}
                if re.fullmatch("[0-9]{1,9}", p.get("PageSize", ""))
                else p,
                *a,
            )
        ),
    ),
)


def ending(f: Any, p: Any, rows: Any, outer: str, *a: Any) -> Any:
    found = f(p, rows, outer, *a)
    if (found["PageNumber"] - 1) * found["PageSize"] >= max(len(rows), 1):
        return {**found, outer: {}}
    return found


variation(
    "page-past-end-bare",
    "a page past the end has no rows member",
    everywhere("page", lambda f: lambda *a: ending(f, *a)),
)


def _number(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return "bad"


variation(
    "token-opaque",
    "NextToken is opaque",
    together(
        after(
            "ListTagResources",
            lambda a, s, p: {**a, "NextToken": base64.b64encode(a["NextToken"].encode()).decode()},
        ),
        before(
            "ListTagResources",
            lambda p: {**p, "NextToken": _number(p["NextToken"])} if p.get("NextToken") else p,
        ),
    ),
)


def existing_first(original: Any, store: Any, params: Any) -> Any:
    """Look for the key before anything else."""
    if params.get("KeyId"):
        store.key(params["KeyId"])
    if params.get("SecretName"):
        found = store.get("secret", params["SecretName"])
        if found is None and not params["SecretName"].startswith("acs:kms"):
            raise Refused(404, "Forbidden.ResourceNotFound")
    return original(store, params)


NEEDING = " ".join(
    name
    for name in core.OPERATIONS
    if not name.startswith(("Create", "Import", "List", "Tag", "Untag"))
)
variation(
    "existence-first",
    "the key or secret is looked for before parameters are",
    around(NEEDING, existing_first),
)


def state_first(original: Any, store: Any, params: Any) -> Any:
    if params.get("KeyId"):
        store.usable(params["KeyId"])
    return original(store, params)


variation(
    "state-first",
    "the state is looked at before parameters are",
    around(
        "Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext AsymmetricSign AsymmetricVerify AsymmetricEncrypt AsymmetricDecrypt GenerateAndExportDataKey",
        state_first,
    ),
)


def rights_late(original: Any) -> Any:
    def answer(handler: Any, body: bytes) -> Any:
        real = REAL
        asked: list[Any] = []

        def allowed(user: str, action: str) -> bool:
            asked.append((user, action))
            return real(user, action) or action in core.OPERATIONS

        with LOCK:
            with mock.patch.object(server, "allowed", allowed):
                database = handler.store.database
                changes = database.total_changes
                saved = [
                    tuple(row)
                    for row in database.execute("select kind, name, body, born from things")
                ]
                result = original(handler, body)
            if asked and not real(*asked[-1]):
                if database.total_changes != changes:
                    with database:
                        database.execute("delete from things")
                        database.executemany(
                            "insert into things (kind, name, body, born) values (?, ?, ?, ?)", saved
                        )
                raise Refused(403, "Forbidden.NoPermission")
            return result

    return answer


LOCK = threading.Lock()
REAL = server.allowed
variation(
    "rights-last",
    "rights are looked at after parameters and existence",
    method(server.Handler, "answer", rights_late),
)


def elsewhere(store: Any, number: int) -> None:
    """Do what another user of the account might do meanwhile."""
    key = keys.create_key(store, {"Description": "of somebody else"})["KeyMetadata"]["KeyId"]
    name = f"somebody-{number}-{secrets.token_hex(3)}"
    aliases.create_alias(store, {"AliasName": f"alias/{name}", "KeyId": key})
    made = {"SecretName": name, "SecretData": "x", "VersionId": "v1"}
    vault.create_secret(store, {**made, "Tags": '[{"TagKey":"Owner","TagValue":"somebody"}]'})


class Others:
    calls = 0


def busy(original: Any, store: Any, params: Any) -> Any:
    Others.calls += 1
    if Others.calls % 12 == 0:
        elsewhere(store, Others.calls)
    return original(store, params)


variation("busy", "others make keys, aliases and secrets all the time", around("*", busy))


def populated(original: Any) -> Any:
    def make() -> Any:
        store = original()
        with store.database:
            for number in range(130):
                elsewhere(store, number)
        return store

    return make


variation("populated", "the account has a hundred things already", everywhere("Store", populated))
