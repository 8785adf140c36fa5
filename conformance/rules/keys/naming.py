"""Names of keys: ids, aliases and ARNs, what each stands for and what none does."""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.rules.cryptography.asking import (
    SDK,
    done,
    encrypted,
    expect_opens,
    names_key,
    text_in,
)
from conformance.rules.effects.looking import expect_key, new_key
from conformance.rules.gateway.requests import real
from conformance.rules.lists import find_row
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable
from conformance.spec import catalogue, resolve

_TEXT = "Y29uZm9ybWFuY2U="


@rule(
    "KEY-010",
    level=Level.MUST,
    family="keys",
    statement="A key may have many aliases, each of which names it; moving or deleting one leaves "
    "the others and the key alone.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/alias-unique", "semantics/alias-moved-blobs"),
    operations=("CreateAlias", "UpdateAlias", "DeleteAlias"),
    safety="creates",
)
def aliases_are_apart(kms: Kms) -> None:
    """Give a key three aliases, move one, delete one."""
    key, other = new_key(kms), new_key(kms)
    aliases = [kms.fresh_name("alias") for _ in range(3)]
    for alias in aliases:
        done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key})
    for alias in aliases:
        names_key(kms, encrypted(kms, alias, _TEXT), key)
    moved, deleted, kept = aliases
    blob = text_in(kms, encrypted(kms, moved, _TEXT), "CiphertextBlob")
    done(kms, "UpdateAlias", {"AliasName": moved, "KeyId": other})
    done(kms, "DeleteAlias", {"AliasName": deleted})
    names_key(kms, encrypted(kms, moved, _TEXT), other)
    names_key(kms, encrypted(kms, kept, _TEXT), key)
    # Decrypt takes the key from the blob, whatever its alias names by now.
    names_key(kms, expect_opens(kms, blob, _TEXT), key)
    expect_key(kms, key, KeyState="Enabled")
    row, page = find_row(kms, "ListAliasesByKeyId", "AliasName", kept, {"KeyId": key})
    kms.expect(row is not None, "the alias that was left alone is still listed", page)


@rule(
    "KEY-011",
    level=Level.MUST,
    family="keys",
    statement="UpdateAlias with a name that is not there is refused with 404 "
    "Forbidden.AliasNotFound and makes no alias.",
    provenance="documented",
    source="KMS Responses page, AlibabaCloudDocs/kms (2021-07)",
    stage="service",
    promises=("semantics/alias-unknown",),
    operations=("UpdateAlias",),
    safety="creates",
)
def updating_makes_none(kms: Kms) -> None:
    """Move an alias that is not there."""
    key, alias = kms.provide("symmetric-key")["id"], kms.fresh_name("alias")
    for request in (
        ("UpdateAlias", {"AliasName": alias, "KeyId": key}),
        ("DescribeKey", {"KeyId": alias}),
    ):
        kms.expect_refused(
            kms.call(*request),
            codes=["Forbidden.AliasNotFound"],
            statuses=[404],
            why="an alias that is not there",
        )


@rule(
    "KEY-012",
    level=Level.SHOULD,
    family="keys",
    statement="Aliases and ids of keys count letter for letter: another case names no key.",
    provenance="inferred",
    source="no page says that letter case is passed over; names are parts of ARNs",
    stage="service",
    operations=("CreateAlias", "DescribeKey"),
    safety="creates",
)
def names_count_by_the_letter(kms: Kms) -> None:
    """Look for a key by alias and id in another case."""
    key = new_key(kms)
    alias = f"{kms.fresh_name('alias')}-Aa"
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key})
    expect_key(kms, alias, KeyId=key)
    others = [f"alias/{alias.removeprefix('alias/').swapcase()}", key.swapcase()]
    for other in others:
        if other not in {alias, key}:
            described = kms.call("DescribeKey", {"KeyId": other})
            kms.expect_refused(described, why="the name is another one")


@rule(
    "KEY-013",
    level=Level.MUST,
    family="keys",
    statement="A part of an id or of an alias names no key: it is refused.",
    provenance="documented",
    source="KMS Responses page, AlibabaCloudDocs/kms (2021-07): Forbidden.KeyNotFound",
    stage="service",
    operations=("DescribeKey", "Encrypt"),
    safety="creates",
)
def parts_name_nothing(kms: Kms) -> None:
    """Leave out the last letter, and all but the first eight."""
    key, alias = new_key(kms), f"{kms.fresh_name('alias')}-whole"
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key})
    expect_key(kms, alias, KeyId=key)
    for part in (key[:-1], key[:8], key[1:], alias[:-1]):
        for operation, params in (("DescribeKey", {}), ("Encrypt", {"Plaintext": _TEXT})):
            refused = kms.call(operation, {"KeyId": part, **params})
            kms.expect_refused(refused, why="a part names no key")


def _strange_arns() -> list[Case]:
    return [
        Case("another-account", (3, "1000000000000009")),
        Case("another-region", (2, "cn-nowhere-9")),
    ]


@rule(
    "KEY-014",
    level=Level.SHOULD,
    family="keys",
    statement="An ARN names a key of the account and region that stand in it: with another account "
    "or region it does not name the key of this one that has the same id.",
    provenance="inferred",
    source="Concluded from the form of ARNs in Use RAM to control access to KMS (2021-07) and from "
    "the FAQ on Forbidden.KeyNotFound: regions are independent",
    stage="service",
    operations=("DescribeKey", "Encrypt"),
    cases=_strange_arns,
)
def arns_name_account_and_region(kms: Kms, how: tuple[int, str]) -> None:
    """Change one part of the ARN of a key."""
    place, other = how
    arn = str(kms.provide("symmetric-key")["arn"])
    parts = arn.split(":")

    parts[place] = other
    for operation, params in (("DescribeKey", {}), ("Encrypt", {"Plaintext": _TEXT})):
        kms.expect_success(kms.call(operation, {"KeyId": arn, **params}))
        refused = kms.call(operation, {"KeyId": ":".join(parts), **params})
        kms.expect_refused(refused, why=f"the ARN names {other}")


@rule(
    "KEY-016",
    level=Level.MUST,
    family="keys",
    statement="A disabled key is refused however it is named: by id, by alias and by ARN.",
    provenance="documented",
    source=SDK,
    stage="state",
    operations=("Encrypt", "DisableKey"),
    safety="creates",
)
def disabled_by_any_name(kms: Kms) -> None:
    """Encrypt under each name, before and after the key is disabled."""
    key, alias = new_key(kms), kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key})
    names = [key, alias, str(expect_key(kms, key).get("Arn"))]
    served = [name for name in names if kms.call("Encrypt", _encrypting(name)).ok]
    kms.expect(key in served, "an enabled key encrypts", kms.exchanges[-3])
    done(kms, "DisableKey", {"KeyId": key})
    expect_key(kms, key, KeyState="Disabled")
    for name in served:
        kms.expect_refused(kms.call("Encrypt", _encrypting(name)), why="the key is disabled")


def _answering_ids() -> list[Case]:
    """Return the operations that take an alias for a key and tell the id of it."""
    return [
        Case(name, name, name)
        for name, operation in catalogue().operations.items()
        if "KeyId" in operation.response.get("properties", {})
        and "alias" in _forms(operation.request.get("properties", {}).get("KeyId", {}))
    ]


def _forms(parameter: Mapping[str, Any]) -> Sequence[str]:
    """Return how a parameter may name a key."""
    forms: Sequence[str] = resolve(parameter["$ref"])["x-forms"] if "$ref" in parameter else ()
    return forms


@rule(
    "KEY-017",
    level=Level.MUST,
    family="keys",
    statement="A call that names a key by an alias is answered with the id of the key.",
    provenance="documented",
    source=SDK,
    stage="answer",
    safety="creates",
    cases=_answering_ids,
)
def answers_name_the_id(kms: Kms, operation: str) -> None:
    """Give the key of an example request an alias, and send the request with it."""
    request = real(kms, kms.operation(operation))
    key, alias = request["KeyId"], kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": key})
    answer = kms.call(operation, {**request, "KeyId": alias}, placement="form")
    if answer.code == "Unsupported.Alias":
        raise NotApplicable("the operation takes ids alone, and says so")
    kms.expect_success(answer)
    found = answer.data.get("KeyId")
    kms.expect(found == key, f"KeyId is the id of the key, found {found}", answer)


def _encrypting(name: str) -> dict[str, str]:
    return {"KeyId": name, "Plaintext": _TEXT}
