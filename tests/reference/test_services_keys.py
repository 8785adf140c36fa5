"""Keys, their states, versions and rotation, aliases and tags, as a signed client sees them."""

from datetime import timedelta

import pytest
from asking import Asker

from conformance.reference.services.seed import (
    HARDWARE_INSTANCE,
    NEW_INSTANCE,
    SERVICE_ALIAS,
    SOFTWARE_INSTANCE,
)
from conformance.spec import catalogue
from conformance.wire.times import format_iso, parse_iso

AES = "Aliyun_AES_256"
POLICY = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"RAM": ["acs:ram::1234567890123456:*"]},
            "Action": ["kms:*"],
            "Resource": ["*"],
        }
    ],
}


@pytest.fixture
def ask():
    return Asker()


def in_state(ask, state):
    if state == "PendingImport":
        return ask.key(Origin="EXTERNAL")
    key = ask.key()
    if state == "Disabled":
        ask("DisableKey", KeyId=key)
    if state == "PendingDeletion":
        ask("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    return key


def test_a_new_key_is_described_as_it_was_made(ask):
    made = ask(
        "CreateKey",
        Description="for the books",
        Tags=[{"TagKey": "team", "TagValue": "ledger"}],
        EnableAutomaticRotation=True,
        RotationInterval="365d",
    )["KeyMetadata"]
    assert made == ask.describe(made["KeyId"])
    assert made["KeyState"] == "Enabled"
    assert made["KeySpec"] == AES
    assert made["KeyUsage"] == "ENCRYPT/DECRYPT"
    assert made["Description"] == "for the books"
    assert made["RotationInterval"] == "31536000s"
    assert made["LastRotationDate"] == made["CreationDate"]
    assert made["Arn"] == f"acs:kms:cn-hangzhou:1234567890123456:key/{made['KeyId']}"
    assert ask.versions(made["KeyId"]) == [made["PrimaryKeyVersion"]]
    assert "DeleteDate" not in made
    tags = ask("ListResourceTags", KeyId=made["KeyId"])["Tags"]["Tag"]
    assert tags == [{"KeyId": made["KeyId"], "TagKey": "team", "TagValue": "ledger"}]


@pytest.mark.parametrize("form", ["id", "alias", "arn", "alias-arn"])
def test_a_key_is_found_by_every_form_of_reference(ask, form):
    key = ask.key()
    ask("CreateAlias", AliasName="alias/books", KeyId=key)
    prefix = "acs:kms:cn-hangzhou:1234567890123456:"
    references = {
        "id": key,
        "alias": "alias/books",
        "arn": f"{prefix}key/{key}",
        "alias-arn": f"{prefix}alias/books",
    }
    assert ask.describe(references[form])["KeyId"] == key
    assert ask("Encrypt", KeyId=references[form], Plaintext="aGk=")["KeyId"] == key


@pytest.mark.parametrize(
    ("reference", "refusal"),
    [
        ("00000000-0000-4000-8000-000000000000", (404, "Forbidden.KeyNotFound")),
        ("alias/nobody", (404, "Forbidden.AliasNotFound")),
        ("acs:kms:cn-beijing:1234567890123456:key/x", (404, "Forbidden.KeyNotFound")),
        ("acs:kms:cn-hangzhou:1234567890123456:secret/x", (404, "Forbidden.KeyNotFound")),
    ],
)
def test_unknown_references_are_told_apart(ask, reference, refusal):
    assert ask.refused("DescribeKey", KeyId=reference) == refusal


def test_calls_that_change_a_key_take_no_alias(ask):
    ask("CreateAlias", AliasName="alias/a", KeyId=ask.key())
    assert ask.refused("DisableKey", KeyId="alias/a") == (400, "Unsupported.Alias")


SIMPLE = {
    "DescribeKey": {},
    "ListKeyVersions": {},
    "UpdateKeyDescription": {"Description": "new"},
    "EnableKey": {},
    "DisableKey": {},
    "ScheduleKeyDeletion": {"PendingWindowInDays": 366},
    "CancelKeyDeletion": {},
    "CreateAlias": {"AliasName": "alias/new"},
    "TagResource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
    "UntagResource": {"TagKeys": ["a"]},
    "ListResourceTags": {},
    "SetDeletionProtection": {"EnableDeletionProtection": True},
    "Encrypt": {"Plaintext": "aGk="},
    "GenerateDataKey": {},
    "GenerateDataKeyWithoutPlaintext": {},
}
STATES = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", sorted(SIMPLE))
def test_each_operation_answers_each_state_as_the_table_has_it(ask, operation, state):
    rows = {row["operation"]: row for row in catalogue().document("key-states")["operations"]}
    cell = rows[operation]["states"][state]
    key = in_state(ask, state)
    if cell["answer"] == "refused":
        codes = cell["codes"] or ["Rejected.PendingDeletion"]
        assert ask.refused(operation, KeyId=key, **SIMPLE[operation]) == (409, codes[0])
        assert ask.describe(key)["KeyState"] == state
    else:
        ask(operation, KeyId=key, **SIMPLE[operation])


def test_disabling_and_enabling_repeat_without_complaint(ask):
    key = ask.key()
    for operation, state in [("DisableKey", "Disabled"), ("EnableKey", "Enabled")] * 2:
        ask(operation, KeyId=key)
        ask(operation, KeyId=key)
        assert ask.describe(key)["KeyState"] == state


def test_a_scheduled_key_goes_at_its_date_with_its_aliases(ask):
    ask.endpoint.clock.freeze()
    key = ask.key()
    ask("CreateAlias", AliasName="alias/gone", KeyId=key)
    ask("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=9)
    due = parse_iso(ask.describe(key)["DeleteDate"])
    assert format_iso(ask.endpoint.clock.now() + timedelta(days=9)) == format_iso(due)
    ask.advance(days=9, seconds=-2)
    assert ask.describe(key)["KeyState"] == "PendingDeletion"
    ask.advance(seconds=3)
    assert ask.refused("DescribeKey", KeyId=key) == (404, "Forbidden.KeyNotFound")
    assert key not in [row["KeyId"] for row in ask("ListKeys", PageSize=100)["Keys"]["Key"]]
    assert ask.refused("DescribeKey", KeyId="alias/gone") == (404, "Forbidden.AliasNotFound")


def test_cancelling_gives_an_enabled_key_back_even_if_it_was_disabled(ask):
    key = in_state(ask, "Disabled")
    ask("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    ask("CancelKeyDeletion", KeyId=key)
    shown = ask.describe(key)
    assert shown["KeyState"] == "Enabled"
    assert "DeleteDate" not in shown


def test_a_protected_key_cannot_be_scheduled(ask):
    key = ask.key()
    ask(
        "SetDeletionProtection",
        KeyId=key,
        EnableDeletionProtection=True,
        DeletionProtectionDescription="books",
    )
    assert ask.describe(key)["DeletionProtectionDescription"] == "books"
    status, _ = ask.refused("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    assert status == 409
    arn = ask.describe(key)["Arn"]
    ask("SetDeletionProtection", ProtectedResourceArn=arn, EnableDeletionProtection=False)
    ask("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)


def test_the_key_of_a_service_cannot_be_scheduled(ask):
    key = ask.describe(SERVICE_ALIAS)["KeyId"]
    refusal = ask.refused("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    assert refusal == (400, "Rejected.UnsupportedOperation")


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        (
            {"KeySpec": "EC_SM2", "DKMSInstanceId": SOFTWARE_INSTANCE},
            (400, "Rejected.UnsupportedOperation"),
        ),
        ({"KeySpec": "HMAC_SM3"}, (400, "Rejected.UnsupportedOperation")),
        ({"KeySpec": "AES_256"}, (400, "InvalidParameter")),
        ({"KeySpec": "Aliyun_AES_128"}, (400, "Rejected.UnsupportedOperation")),
        ({"KeySpec": "HMAC_SHA_256"}, (400, "Rejected.UnsupportedOperation")),
        ({"KeySpec": "EC_P256", "KeyUsage": "ENCRYPT/DECRYPT"}, (400, "InvalidParameter")),
        ({"KeyUsage": "SIGN/VERIFY"}, (400, "InvalidParameter")),
        ({"KeySpec": "EC_P256", "Origin": "EXTERNAL"}, (400, "Rejected.UnsupportedOperation")),
        ({"DKMSInstanceId": "kst-none"}, (404, "Forbidden.DKMSInstanceNotFound")),
        ({"DKMSInstanceId": NEW_INSTANCE}, (400, "Forbidden.DKMSInstanceStateInvalid")),
        ({"Policy": POLICY}, (400, "Rejected.UnsupportedOperation")),
        (
            {"EnableAutomaticRotation": True, "RotationInterval": "6d"},
            (400, "InvalidParameter"),
        ),
        (
            {"EnableAutomaticRotation": True, "RotationInterval": "731d"},
            (400, "InvalidParameter"),
        ),
        (
            {"EnableAutomaticRotation": True, "RotationInterval": "9" * 30 + "d"},
            (400, "InvalidParameter"),
        ),
        (
            {"KeySpec": "EC_P256", "EnableAutomaticRotation": True, "RotationInterval": "365d"},
            (400, "Rejected.UnsupportedOperation"),
        ),
        (
            {"Origin": "EXTERNAL", "EnableAutomaticRotation": True, "RotationInterval": "365d"},
            (400, "Rejected.UnsupportedOperation"),
        ),
    ],
)
def test_keys_that_cannot_be_are_refused_and_leave_nothing(ask, params, refusal):
    before = ask.account.counts()
    assert ask.refused("CreateKey", **params) == refusal
    assert ask.account.counts() == before


@pytest.mark.parametrize(
    ("spec", "instance", "usage"),
    [
        ("Aliyun_AES_256", SOFTWARE_INSTANCE, "ENCRYPT/DECRYPT"),
        ("Aliyun_AES_128", HARDWARE_INSTANCE, "ENCRYPT/DECRYPT"),
        ("Aliyun_AES_192", HARDWARE_INSTANCE, "ENCRYPT/DECRYPT"),
        ("EC_P256", None, "SIGN/VERIFY"),
        ("EC_SM2", None, "SIGN/VERIFY"),
        ("EC_SM2", HARDWARE_INSTANCE, "SIGN/VERIFY"),
        ("Aliyun_SM4", None, "ENCRYPT/DECRYPT"),
        ("Aliyun_SM4", SOFTWARE_INSTANCE, "ENCRYPT/DECRYPT"),
        ("EC_P256K", SOFTWARE_INSTANCE, "SIGN/VERIFY"),
        ("HMAC_SHA_512", SOFTWARE_INSTANCE, "GENERATE/VERIFY_MAC"),
    ],
)
def test_specs_instances_and_default_usages(ask, spec, instance, usage):
    params = {"DKMSInstanceId": instance} if instance else {}
    shown = ask("CreateKey", KeySpec=spec, **params)["KeyMetadata"]
    assert shown["KeyUsage"] == usage
    assert shown.get("DKMSInstanceId") == instance
    assert shown["KeyId"].startswith("key-") == bool(instance)
    assert shown["ProtectionLevel"] == ("HSM" if instance == HARDWARE_INSTANCE else "SOFTWARE")
    assert ("PrimaryKeyVersion" in shown) == (spec.startswith("Aliyun"))


def test_rotation_falls_due_by_the_clock_and_old_blobs_still_open(ask):
    ask.endpoint.clock.freeze()
    key = ask.key(EnableAutomaticRotation=True, RotationInterval="7d")
    first = ask.describe(key)["PrimaryKeyVersion"]
    blob = ask("Encrypt", KeyId=key, Plaintext="b2xk")["CiphertextBlob"]
    ask.advance(days=7, seconds=1)
    answer = ask("Encrypt", KeyId=key, Plaintext="bmV3")
    shown = ask.describe(key)
    assert shown["PrimaryKeyVersion"] == answer["KeyVersionId"] != first
    assert len(ask.versions(key)) == 2
    old = ask("Decrypt", CiphertextBlob=blob)
    assert (old["Plaintext"], old["KeyVersionId"]) == ("b2xk", first)
    last = parse_iso(shown["LastRotationDate"])
    assert parse_iso(shown["NextRotationDate"]) - last == timedelta(days=7)


def test_rotation_is_suspended_while_a_key_is_disabled_and_then_at_once(ask):
    key = ask.key(EnableAutomaticRotation=True, RotationInterval="7d")
    ask("DisableKey", KeyId=key)
    ask.advance(days=30)
    shown = ask.describe(key)
    assert shown["AutomaticRotation"] == "Suspended"
    assert "NextRotationDate" in shown
    assert len(ask.versions(key)) == 1
    ask("EnableKey", KeyId=key)
    assert ask.describe(key)["AutomaticRotation"] == "Enabled"
    assert len(ask.versions(key)) == 2


def test_a_rotation_policy_that_is_overdue_rotates_at_once(ask):
    key = ask.key()
    ask.advance(days=40)
    ask("UpdateRotationPolicy", KeyId=key, EnableAutomaticRotation=True, RotationInterval="30d")
    assert len(ask.versions(key)) == 2
    ask("UpdateRotationPolicy", KeyId=key, EnableAutomaticRotation=False)
    shown = ask.describe(key)
    assert shown["AutomaticRotation"] == "Disabled"
    assert "NextRotationDate" not in shown
    assert "RotationInterval" not in shown


@pytest.mark.parametrize("params", [{"KeySpec": "EC_P256"}, {"Origin": "EXTERNAL"}])
def test_rotation_is_refused_for_keys_that_do_not_rotate(ask, params):
    key = ask.key(**params)
    refusal = ask.refused(
        "UpdateRotationPolicy", KeyId=key, EnableAutomaticRotation=True, RotationInterval="365d"
    )
    state = "Rejected.PendingImport" if "Origin" in params else "Rejected.UnsupportedOperation"
    assert refusal[1] == state


def test_a_new_version_becomes_primary_for_symmetric_keys_only(ask):
    key = ask.key()
    made = ask("CreateKeyVersion", KeyId=key)["KeyVersion"]
    assert ask.describe(key)["PrimaryKeyVersion"] == made["KeyVersionId"]
    shown = ask("DescribeKeyVersion", KeyId=key, KeyVersionId=made["KeyVersionId"])
    assert shown["KeyVersion"] == made
    pair = ask.key(KeySpec="EC_P256")
    assert ask.refused("CreateKeyVersion", KeyId=pair)[1] == "Rejected.UnsupportedOperation"
    ask.advance(days=7, seconds=1)
    ask("CreateKeyVersion", KeyId=pair)
    assert len(ask.versions(pair)) == 2
    unknown = ask.refused("DescribeKeyVersion", KeyId=pair, KeyVersionId=ask.versions(key)[0])
    assert unknown == (404, "Forbidden.KeyVersionNotFound")


def test_key_filters_join_keys_by_and_and_values_by_or(ask):
    one = ask.key(Tags=[{"TagKey": "t", "TagValue": "1"}])
    two = ask.key(KeySpec="EC_P256", Tags=[{"TagKey": "t", "TagValue": "2"}])
    three = in_state(ask, "Disabled")
    ask("CreateAlias", AliasName="alias/three", KeyId=three)

    def found(*filters):
        rows = [{"Key": key, "Values": list(values)} for key, values in filters]
        answer = ask("ListKeys", Filters=rows, PageSize=100)
        return [row["KeyId"] for row in answer["Keys"]["Key"]]

    assert found(("KeyState", ["Disabled"])) == [three]
    assert found(("TagKey", ["t"])) == [one, two]
    assert found(("TagKey", ["t"]), ("KeySpec", ["EC_P256"])) == [two]
    assert found(("TagValue", ["1"]), ("TagValue", ["2"])) == [one, two]
    assert found(("keyId", [one, three])) == [one, three]
    assert found(("AliasName", ["alias/three"])) == [three]
    assert found(("CreatorType", ["User"])) == [one, two, three]
    assert one not in found(("CreatorType", ["Service"]))
    assert found(("KeyState", ["Enabled"]), ("KeyId", [three])) == []
    refusal = ask.refused("ListKeys", Filters=[{"Key": "Colour", "Values": ["red"]}])
    assert refusal == (400, "InvalidParameter")


def test_pages_walk_the_whole_list_once(ask):
    keys = [ask.key() for _ in range(7)]
    mine = [{"Key": "CreatorType", "Values": ["User"]}]
    seen = []
    for number in (1, 2, 3, 4):
        answer = ask("ListKeys", Filters=mine, PageNumber=number, PageSize=3)
        counts = (answer["PageNumber"], answer["PageSize"], answer["TotalCount"])
        assert counts == (number, 3, 7)
        seen += [row["KeyId"] for row in answer["Keys"]["Key"]]
    assert seen == keys
    assert ask("ListKeys")["PageSize"] == 10


def test_aliases_move_and_go_and_are_unique(ask):
    one, two = ask.key(), ask.key()
    ask("CreateAlias", AliasName="alias/a", KeyId=one)
    for key in (one, two):
        refusal = ask.refused("CreateAlias", AliasName="alias/a", KeyId=key)
        assert refusal == (400, "AliasAlreadyExists")
    blob = ask("Encrypt", KeyId="alias/a", Plaintext="aGk=")
    ask("UpdateAlias", AliasName="alias/a", KeyId=two)
    assert ask.describe("alias/a")["KeyId"] == two
    opened = ask("Decrypt", CiphertextBlob=blob["CiphertextBlob"])
    assert opened["KeyId"] == one
    rows = ask("ListAliasesByKeyId", KeyId=two)["Aliases"]["Alias"]
    assert [row["AliasName"] for row in rows] == ["alias/a"]
    assert rows[0]["AliasArn"].endswith(":alias/a")
    assert ask("ListAliasesByKeyId", KeyId=one)["TotalCount"] == 0
    assert "alias/a" in [row["AliasName"] for row in ask("ListAliases")["Aliases"]["Alias"]]
    ask("DeleteAlias", AliasName="alias/a")
    assert ask.refused("DeleteAlias", AliasName="alias/a") == (404, "Forbidden.AliasNotFound")
    assert ask.describe(two)["KeyState"] == "Enabled"


def test_an_alias_moves_by_the_state_of_the_new_key_only(ask):
    old, new = ask.key(), ask.key()
    ask("CreateAlias", AliasName="alias/a", KeyId=old)
    ask("ScheduleKeyDeletion", KeyId=old, PendingWindowInDays=7)
    ask("UpdateAlias", AliasName="alias/a", KeyId=new)
    refusal = ask.refused("UpdateAlias", AliasName="alias/a", KeyId=old)
    assert refusal == (409, "Rejected.PendingDeletion")
    assert ask.describe("alias/a")["KeyId"] == new


def test_tags_are_set_changed_and_taken_away(ask):
    key = ask.key()

    def tags():
        rows = ask("ListResourceTags", KeyId=key)["Tags"]["Tag"]
        return {row["TagKey"]: row["TagValue"] for row in rows}

    ask("TagResource", KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}])
    ask(
        "TagResource",
        KeyId=key,
        Tags=[{"TagKey": "a", "TagValue": "2"}, {"TagKey": "b", "TagValue": ""}],
    )
    assert tags() == {"a": "2", "b": ""}
    ask("UntagResource", KeyId=key, TagKeys=["a", "not-there"])
    assert tags() == {"b": ""}
    many = [{"TagKey": f"k{number}", "TagValue": "v"} for number in range(20)]
    assert ask.refused("TagResource", KeyId=key, Tags=many) == (400, "Rejected.LimitExceeded")
    assert tags() == {"b": ""}


def test_many_resources_are_tagged_together_or_not_at_all(ask):
    keys = [ask.key(), ask.key()]
    common = {"RegionId": "cn-hangzhou", "ResourceType": "key"}
    tag = [{"Key": "team", "Value": "ledger"}, {"Key": "x", "Value": "y"}]
    refusal = ask.refused("TagResources", ResourceId=[keys[0], "no-key"], Tag=tag, **common)
    assert refusal == (404, "Forbidden.KeyNotFound")
    assert ask("ListTagResources", ResourceId=keys, **common)["TagResources"]["TagResource"] == []
    ask("TagResources", ResourceId=keys, Tag=tag, **common)
    rows = ask("ListTagResources", ResourceId=keys, **common)["TagResources"]["TagResource"]
    assert len(rows) == 4
    ask("UntagResources", ResourceId=keys[:1], TagKey=["x", "unbound"], All=True, **common)
    rows = ask("ListTagResources", Tag=[{"Key": "team"}], **common)["TagResources"]["TagResource"]
    assert [(row["ResourceId"], row["TagKey"]) for row in rows] == [
        (keys[0], "team"),
        (keys[1], "team"),
        (keys[1], "x"),
    ]
    ask("UntagResources", ResourceId=keys, All=True, **common)
    assert ask("ListTagResources", ResourceId=keys, **common)["NextToken"] == ""
    elsewhere = {**common, "RegionId": "cn-beijing"}
    assert ask.refused("ListTagResources", **elsewhere) == (400, "InvalidParameter")


def test_tag_rows_come_in_pages_of_two_hundred(ask):
    keys = [ask.key() for _ in range(11)]
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(20)]
    common = {"RegionId": "cn-hangzhou", "ResourceType": "key"}
    ask("TagResources", ResourceId=keys, Tag=tags, **common)
    first = ask("ListTagResources", **common)
    second = ask("ListTagResources", NextToken=first["NextToken"], **common)
    rows = [*first["TagResources"]["TagResource"], *second["TagResources"]["TagResource"]]
    assert len(first["TagResources"]["TagResource"]) == 200
    assert second["NextToken"] == ""
    assert len({(row["ResourceId"], row["TagKey"]) for row in rows}) == 220
    for token in ("200", "bm90LWEtdG9rZW4=", "???"):
        refusal = ask.refused("ListTagResources", NextToken=token, **common)
        assert refusal == (400, "InvalidParameter")


def test_only_keys_of_an_instance_have_a_policy(ask):
    key = ask.key(DKMSInstanceId=SOFTWARE_INSTANCE)
    assert '"kms:*"' in ask("GetKeyPolicy", KeyId=key)["Policy"]
    stricter = {
        "Version": "1",
        "Statement": [{**POLICY["Statement"][0], "Action": ["kms:Encrypt"]}],
    }
    ask("SetKeyPolicy", KeyId=key, Policy=stricter, PolicyName="default")
    assert '"kms:Encrypt"' in ask("GetKeyPolicy", KeyId=key, PolicyName="default")["Policy"]
    outside = ask.key()
    for operation, more in [("GetKeyPolicy", {}), ("SetKeyPolicy", {"Policy": POLICY})]:
        refusal = ask.refused(operation, KeyId=outside, **more)
        assert refusal == (400, "Rejected.UnsupportedOperation")
