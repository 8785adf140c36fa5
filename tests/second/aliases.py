"""Aliases of the second endpoint."""

import re

from core import (
    ACCOUNT,
    REGION,
    Answer,
    Params,
    Refused,
    Store,
    invalid,
    needed,
    operation,
    page,
)


@operation
def create_alias(store: Store, params: Params) -> Answer:
    name = needed(params, "AliasName")
    key = store.key(needed(params, "KeyId"), alias=False)
    if not re.fullmatch(r"alias/(?!acs)[A-Za-z0-9_/-]+", name) or len(name) > 255:
        raise invalid("AliasName")
    if store.get("alias", name):
        raise Refused(400, "AliasAlreadyExists")
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.StateModifiedFailed")
    store.put("alias", name, {"AliasName": name, "KeyId": key["id"]})
    return {}


@operation
def update_alias(store: Store, params: Params) -> Answer:
    name, key = existing_alias(store, params), store.key(needed(params, "KeyId"), alias=False)
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.PendingDeletion")
    store.put("alias", name, {"AliasName": name, "KeyId": key["id"]})
    return {}


@operation
def delete_alias(store: Store, params: Params) -> Answer:
    store.drop("alias", existing_alias(store, params))
    return {}


def existing_alias(store: Store, params: Params) -> str:
    name = needed(params, "AliasName")
    if not re.fullmatch(r"alias/[A-Za-z0-9_/-]+", name) or len(name) > 255:
        raise invalid("AliasName")
    if store.get("alias", name) is None:
        raise Refused(404, "Forbidden.AliasNotFound")
    return name


def shown_aliases(store: Store) -> list[Answer]:
    return [
        {**alias, "AliasArn": f"acs:kms:{REGION}:{ACCOUNT}:{alias['AliasName']}"}
        for alias in store.all("alias")
    ]


@operation
def list_aliases(store: Store, params: Params) -> Answer:
    return page(params, shown_aliases(store), "Aliases", "Alias")


@operation
def list_aliases_by_key_id(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"), alias=False)
    own = [alias for alias in shown_aliases(store) if alias["KeyId"] == key["id"]]
    return page(params, own, "Aliases", "Alias")
