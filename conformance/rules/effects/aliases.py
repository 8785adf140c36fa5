"""Effects on aliases: created, moved, deleted."""

from conformance.rules.effects.looking import done, expect_key, gone, new_key
from conformance.rules.lists import find_row
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_ALIASES = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"


def _listed(kms: Kms, name: str, key_id: str) -> tuple[bool, bool]:
    """Tell whether an alias is among all, with that key, and among the key's."""
    row, _ = find_row(kms, "ListAliases", "AliasName", name)
    own, _ = find_row(kms, "ListAliasesByKeyId", "AliasName", name, {"KeyId": key_id})
    return (
        row is not None and row.get("KeyId") == key_id,
        own is not None and own.get("KeyId") == key_id,
    )


def _alias(kms: Kms, key_id: str) -> str:
    name = kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": name, "KeyId": key_id})
    return name


@rule(
    "EFF-020",
    level=Level.MUST,
    family="effects",
    statement="A created alias is listed by ListAliases and by ListAliasesByKeyId of its key, and "
    "stands for the key, whose id the answers tell.",
    provenance="documented",
    source=_ALIASES,
    stage="service",
    operations=("CreateAlias", "ListAliases", "ListAliasesByKeyId"),
    safety="creates",
)
def created_alias_works(kms: Kms) -> None:
    """Create two aliases of one key and use them."""
    key_id = new_key(kms)
    for name in (_alias(kms, key_id), _alias(kms, key_id)):
        kms.expect(
            _listed(kms, name, key_id) == (True, True),
            "both lists have the alias with the id of its key",
            *kms.exchanges[-2:],
        )
        expect_key(kms, name, KeyId=key_id)
        made = done(kms, "Encrypt", {"KeyId": name, "Plaintext": "YQ=="})
        kms.expect(made.data.get("KeyId") == key_id, "Encrypt by alias answers the key's id", made)


@rule(
    "EFF-021",
    level=Level.MUST,
    family="effects",
    statement="UpdateAlias makes an alias stand for another key, and no longer for the former one.",
    provenance="documented",
    source=_ALIASES,
    stage="service",
    promises=("semantics/alias-moves",),
    operations=("UpdateAlias",),
    safety="creates",
)
def alias_moves(kms: Kms) -> None:
    """Move an alias from one key to another; what was encrypted before still opens."""
    first, second = new_key(kms), new_key(kms)
    name = _alias(kms, first)
    before = done(kms, "Encrypt", {"KeyId": name, "Plaintext": "YQ=="})
    done(kms, "UpdateAlias", {"AliasName": name, "KeyId": second})
    expect_key(kms, name, KeyId=second)
    kms.expect(
        _listed(kms, name, second) == (True, True),
        "both lists have the alias with its new key",
        *kms.exchanges[-2:],
    )
    left, page = find_row(kms, "ListAliasesByKeyId", "AliasName", name, {"KeyId": first})
    kms.expect(left is None, "the former key has the alias no longer", page)
    opened = done(kms, "Decrypt", {"CiphertextBlob": before.data.get("CiphertextBlob")})
    kms.expect(opened.data.get("KeyId") == first, "Decrypt uses the key that encrypted", opened)


@rule(
    "EFF-022",
    level=Level.MUST,
    family="effects",
    statement="A deleted alias is in no list and stands for nothing (404 Forbidden.AliasNotFound); "
    "its key is left alone.",
    provenance="documented",
    source="Aliases pages and Responses page, AlibabaCloudDocs/kms (2021-07)",
    stage="state",
    promises=("semantics/alias-deleted",),
    operations=("DeleteAlias",),
    safety="schedules-deletion",
)
def deleted_alias_is_gone(kms: Kms) -> None:
    """Delete one of three aliases, of which one has a name that begins with its own."""
    key_id = new_key(kms)
    name, other = _alias(kms, key_id), _alias(kms, key_id)
    longer = f"{name}/2"
    done(kms, "CreateAlias", {"AliasName": longer, "KeyId": key_id})
    done(kms, "DeleteAlias", {"AliasName": name})
    kms.expect(
        _listed(kms, name, key_id) == (False, False),
        "neither list has the deleted alias",
        *kms.exchanges[-2:],
    )
    gone(kms, kms.call("DescribeKey", {"KeyId": name}), "Forbidden.AliasNotFound")
    for left in (other, longer):
        expect_key(kms, left, KeyId=key_id, KeyState="Enabled")
        kms.expect(
            _listed(kms, left, key_id) == (True, True),
            "the key's other aliases are left alone",
            *kms.exchanges[-2:],
        )
