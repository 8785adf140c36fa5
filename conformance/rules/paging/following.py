"""Filtered lists after changes: what a thing was like once finds it no more."""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.rules.effects.looking import done, expect_shown, new_key, new_secret
from conformance.rules.lists import list_path, rows_at
from conformance.rules.paging.filters import FILTERS, by_id, filter_on, new_tag
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_PAGE = {"PageNumber": 1, "PageSize": 100}


def _expect_listed(
    kms: Kms, operation: str, filters: Mapping[str, Any], wish: set[str], after: str
) -> None:
    """Expect exactly these things among those that match, of which there are few."""
    member = "KeyId" if operation == "ListKeys" else "SecretName"
    path = list_path(operation)
    expect_shown(
        kms,
        lambda: kms.call(operation, {**filters, **_PAGE}),
        lambda e: {str(row.get(member)) for row in rows_at(e, path)} == wish,
        f"{operation} finds {len(wish)} by {filters['Filters'][-1]['Key']} after {after}",
    )


def _tags_follow(kms: Kms, operation: str, name: str, reference: Mapping[str, str]) -> None:
    tag = new_tag(kms)
    by_key, by_value = filter_on(TagKey=[tag]), filter_on(TagValue=[tag])
    done(kms, "TagResource", {**reference, "Tags": [{"TagKey": tag, "TagValue": tag}]})
    for filters in (by_key, by_value):
        _expect_listed(kms, operation, filters, {name}, "TagResource")
    done(kms, "TagResource", {**reference, "Tags": [{"TagKey": tag, "TagValue": "other"}]})
    _expect_listed(kms, operation, by_value, set(), "another value was given")
    done(kms, "UntagResource", {**reference, "TagKeys": [tag]})
    _expect_listed(kms, operation, by_key, set(), "UntagResource")


def _keys(kms: Kms) -> None:
    first, second = new_key(kms), new_key(kms)
    _tags_follow(kms, "ListKeys", first, {"KeyId": first})
    ids = {by_id(kms, first): [first, second]}
    disabled = filter_on(**ids, KeyState=["Disabled"])
    done(kms, "DisableKey", {"KeyId": first})
    _expect_listed(kms, "ListKeys", disabled, {first}, "DisableKey")
    done(kms, "EnableKey", {"KeyId": first})
    _expect_listed(kms, "ListKeys", disabled, set(), "EnableKey")
    alias = kms.fresh_name("alias")
    by_alias = filter_on(AliasName=[alias])
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": first})
    _expect_listed(kms, "ListKeys", by_alias, {first}, "CreateAlias")
    done(kms, "UpdateAlias", {"AliasName": alias, "KeyId": second})
    _expect_listed(kms, "ListKeys", by_alias, {second}, "UpdateAlias")
    done(kms, "DeleteAlias", {"AliasName": alias})
    _expect_listed(kms, "ListKeys", by_alias, set(), "DeleteAlias")


def _secrets(kms: Kms) -> None:
    former, later = f"{new_tag(kms)}-former", f"{new_tag(kms)}-later"
    name, _ = new_secret(kms, Description=former)
    _tags_follow(kms, "ListSecrets", name, {"SecretName": name})
    done(kms, "UpdateSecret", {"SecretName": name, "Description": later})
    for text, wish in ((later, {name}), (former, set[str]())):
        by_text = filter_on(Description=[text])
        _expect_listed(kms, "ListSecrets", by_text, wish, "UpdateSecret")


def _cases() -> list[Case]:
    walks: dict[str, Callable[[Kms], None]] = {"ListKeys": _keys, "ListSecrets": _secrets}
    return [Case(name, walk, name) for name, walk in walks.items()]


@rule(
    "PAG-019",
    level=Level.MUST,
    family="paging",
    statement="A filter goes by what a thing is now: tags put on, changed and taken off, the state "
    "of a key, the key of an alias, the description of a secret.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    operations=("ListKeys", "ListSecrets"),
    safety="creates",
    cases=_cases,
)
def filters_follow_changes(kms: Kms, walk: Callable[[Kms], None]) -> None:
    """Change a thing, and look for it by what it is and by what it was."""
    walk(kms)
