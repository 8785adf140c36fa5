"""Secrets: versions, labels, deletion windows, managed types and their rotation."""

import json
import re

import pytest
from asking import Asker
from cryptography.hazmat.primitives.serialization import load_ssh_private_key, load_ssh_public_key

from conformance.reference.services.seed import HARDWARE_INSTANCE, SOFTWARE_INSTANCE

NOT_FOUND = (404, "Forbidden.ResourceNotFound")
IN_WINDOW = (409, "Rejected.ResourceInDeleteWindow")
BAD = (400, "InvalidParameter")
RDS = {
    "SecretType": "Rds",
    "ExtendedConfig": {"SecretSubType": "SingleUser", "DBInstanceId": "rm-1"},
    "SecretData": json.dumps({"Accounts": [{"AccountName": "app", "AccountPassword": "first"}]}),
}


@pytest.fixture
def ask():
    return Asker()


def make(ask, name="db", data="v1-data", version="v1", **more):
    params = {"SecretName": name, "SecretData": data, "VersionId": version, **more}
    return ask("CreateSecret", **params)


def value(ask, name="db", **more):
    return ask("GetSecretValue", SecretName=name, **more)


def put(ask, version, data=None, **more):
    return ask(
        "PutSecretValue", SecretName="db", VersionId=version, SecretData=data or version, **more
    )


def labels(ask, name="db"):
    rows = ask("ListSecretVersionIds", SecretName=name, IncludeDeprecated="true")
    return {
        row["VersionId"]: sorted(row["VersionStages"]["VersionStage"])
        for row in rows["VersionIds"]["VersionId"]
    }


def test_a_new_secret_is_read_and_described(ask):
    made = make(ask, Description="books", Tags=[{"TagKey": "team", "TagValue": "ledger"}])
    assert made["Arn"] == "acs:kms:cn-hangzhou:1234567890123456:secret/db"
    read = value(ask)
    assert read["SecretData"] == "v1-data"
    assert read["SecretDataType"] == "text"
    assert read["VersionStages"] == {"VersionStage": ["ACSCurrent"]}
    assert value(ask, made["Arn"])["VersionId"] == "v1"
    shown = ask("DescribeSecret", SecretName="db", FetchTags="true")
    assert shown["Description"] == "books"
    assert shown["Tags"]["Tag"] == [{"TagKey": "team", "TagValue": "ledger"}]
    assert "v1-data" not in json.dumps(shown)
    assert "Tags" not in ask("DescribeSecret", SecretName="db")
    listed = ask("ListSecrets", FetchTags="true")["SecretList"]["Secret"]
    assert [row["SecretName"] for row in listed] == ["db"]
    assert "v1-data" not in json.dumps(listed)


def test_names_are_unique_and_unknown_ones_not_found(ask):
    make(ask)
    refusal = ask.refused("CreateSecret", SecretName="db", SecretData="x", VersionId="v9")
    assert refusal == (409, "Rejected.ResourceExist")
    for operation in ("GetSecretValue", "DescribeSecret", "ListSecretVersionIds", "DeleteSecret"):
        assert ask.refused(operation, SecretName="nobody") == NOT_FOUND
    elsewhere = "acs:kms:cn-beijing:1234567890123456:secret/db"
    assert ask.refused("GetSecretValue", SecretName=elsewhere) == NOT_FOUND


@pytest.mark.parametrize("name", ["acs/db", "$Auto"])
def test_reserved_names_are_refused(ask, name):
    refusal = ask.refused("CreateSecret", SecretName=name, SecretData="x", VersionId="v1")
    assert refusal == BAD


def test_a_new_value_moves_the_labels_on(ask):
    make(ask)
    assert put(ask, "v2")["VersionStages"] == {"VersionStage": ["ACSCurrent"]}
    assert labels(ask) == {"v1": ["ACSPrevious"], "v2": ["ACSCurrent"]}
    put(ask, "v3")
    assert labels(ask) == {"v1": [], "v2": ["ACSPrevious"], "v3": ["ACSCurrent"]}
    assert value(ask)["SecretData"] == "v3"
    assert value(ask, VersionStage="ACSPrevious")["SecretData"] == "v2"
    assert value(ask, VersionId="v1")["SecretData"] == "v1-data"
    assert value(ask, VersionId="v2", VersionStage="ACSPrevious")["SecretData"] == "v2"
    for selection in ({"VersionStage": "none"}, {"VersionId": "v9"}):
        assert ask.refused("GetSecretValue", SecretName="db", **selection) == NOT_FOUND
    apart = {"VersionId": "v2", "VersionStage": "ACSCurrent"}
    assert ask.refused("GetSecretValue", SecretName="db", **apart) == BAD
    listed = ask("ListSecretVersionIds", SecretName="db")
    assert [row["VersionId"] for row in listed["VersionIds"]["VersionId"]] == ["v2", "v3"]
    assert listed["TotalCount"] == 2


def test_named_labels_leave_the_service_labels_alone(ask):
    make(ask)
    put(ask, "v2", VersionStages=["certified", "blue"])
    assert labels(ask) == {"v1": ["ACSCurrent"], "v2": ["blue", "certified"]}
    put(ask, "v3", VersionStages=["blue"])
    assert labels(ask)["v2"] == ["certified"]
    assert value(ask)["VersionId"] == "v1"


def test_putting_again_changes_nothing_or_is_refused(ask):
    make(ask)
    put(ask, "v2")
    put(ask, "v3")
    before = labels(ask)
    put(ask, "v2")
    assert labels(ask) == before
    refusal = ask.refused(
        "PutSecretValue", SecretName="db", VersionId="v2", SecretData="something else"
    )
    assert refusal == (409, "Rejected.ResourceExist")
    assert value(ask, VersionId="v2")["SecretData"] == "v2"


def test_the_oldest_unlabelled_version_goes_beyond_ten(ask):
    make(ask)
    ask("UpdateSecretVersionStage", SecretName="db", VersionStage="golden", MoveToVersion="v1")
    for number in range(2, 13):
        put(ask, f"v{number}")
    kept = labels(ask)
    assert len(kept) == 10
    assert "v1" in kept
    assert not {"v2", "v3"} & kept.keys()
    assert value(ask, VersionStage="golden")["SecretData"] == "v1-data"


def test_at_most_eight_labels(ask):
    make(ask)
    put(ask, "v2")
    put(ask, "v3", VersionStages=[f"s{number}" for number in range(6)])
    refusal = ask.refused(
        "UpdateSecretVersionStage", SecretName="db", VersionStage="ninth", MoveToVersion="v1"
    )
    assert refusal == (400, "Rejected.LimitExceeded")


def test_labels_move_and_are_removed(ask):
    make(ask)
    put(ask, "v2")
    put(ask, "v3")
    move = {"SecretName": "db", "VersionStage": "ACSCurrent"}
    ask("UpdateSecretVersionStage", **move, MoveToVersion="v1", RemoveFromVersion="v3")
    assert labels(ask) == {"v1": ["ACSCurrent"], "v2": [], "v3": ["ACSPrevious"]}
    assert ask.refused("UpdateSecretVersionStage", **move, MoveToVersion="v9") == NOT_FOUND
    assert ask.refused("UpdateSecretVersionStage", **move, RemoveFromVersion="v1")[0] == 400
    own = {"SecretName": "db", "VersionStage": "own"}
    ask("UpdateSecretVersionStage", **own, MoveToVersion="v2")
    ask("UpdateSecretVersionStage", **own, RemoveFromVersion="v2")
    assert labels(ask)["v2"] == []
    assert ask.refused("UpdateSecretVersionStage", **own, RemoveFromVersion="v2") == BAD


def test_a_deleted_secret_waits_is_restored_or_goes(ask):
    make(ask)
    deleted = ask("DeleteSecret", SecretName="db", RecoveryWindowInDays=7)
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", deleted["PlannedDeleteTime"])
    shown = ask("DescribeSecret", SecretName="db")
    assert shown["PlannedDeleteTime"] == deleted["PlannedDeleteTime"]
    calls = {
        "GetSecretValue": {},
        "UpdateSecret": {"Description": "x"},
        "DeleteSecret": {},
        "PutSecretValue": {"VersionId": "v2", "SecretData": "x"},
        "CreateSecret": {"VersionId": "v1", "SecretData": "x"},
        "TagResource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
    }
    for operation, params in calls.items():
        assert ask.refused(operation, SecretName="db", **params) == IN_WINDOW, operation
    ask("RestoreSecret", SecretName="db")
    assert value(ask)["SecretData"] == "v1-data"
    assert "PlannedDeleteTime" not in ask("DescribeSecret", SecretName="db")
    refusal = ask.refused("RestoreSecret", SecretName="db")
    assert refusal == (409, "Rejected.ResourceInUse")
    ask("DeleteSecret", SecretName="db", RecoveryWindowInDays=7)
    ask.advance(days=7, seconds=1)
    assert ask.refused("DescribeSecret", SecretName="db") == NOT_FOUND
    make(ask)


def test_the_usual_window_is_thirty_days(ask):
    make(ask)
    ask("DeleteSecret", SecretName="db")
    ask.advance(days=30, seconds=-5)
    ask("DescribeSecret", SecretName="db")
    ask.advance(seconds=10)
    assert ask.refused("RestoreSecret", SecretName="db") == NOT_FOUND


def test_a_forced_deletion_is_at_once_and_takes_no_window(ask):
    make(ask)
    both = {"ForceDeleteWithoutRecovery": "true", "RecoveryWindowInDays": 7}
    assert ask.refused("DeleteSecret", SecretName="db", **both) == BAD
    ask("DeleteSecret", SecretName="db", ForceDeleteWithoutRecovery="true")
    for operation in ("GetSecretValue", "RestoreSecret"):
        assert ask.refused(operation, SecretName="db") == NOT_FOUND


def test_a_secret_under_a_key_follows_the_state_of_the_key(ask):
    key = ask.key()
    make(ask, EncryptionKeyId=key)
    assert ask("DescribeSecret", SecretName="db")["EncryptionKeyId"] == key
    ask("DisableKey", KeyId=key)
    assert ask.refused("GetSecretValue", SecretName="db") == (409, "Rejected.Disabled")
    refusal = ask.refused(
        "CreateSecret", SecretName="x", SecretData="x", VersionId="v1", EncryptionKeyId=key
    )
    assert refusal == (409, "Rejected.Disabled")
    ask("EnableKey", KeyId=key)
    assert value(ask)["SecretData"] == "v1-data"


def test_key_and_secret_belong_to_one_instance(ask):
    inside = ask.key(DKMSInstanceId=SOFTWARE_INSTANCE)
    for more in ({}, {"DKMSInstanceId": HARDWARE_INSTANCE}):
        refusal = ask.refused(
            "CreateSecret",
            SecretName="x",
            SecretData="x",
            VersionId="v1",
            EncryptionKeyId=inside,
            **more,
        )
        assert refusal == BAD
    make(ask, EncryptionKeyId=inside, DKMSInstanceId=SOFTWARE_INSTANCE)
    assert ask("DescribeSecret", SecretName="db")["DKMSInstanceId"] == SOFTWARE_INSTANCE
    policy = json.loads(ask("GetSecretPolicy", SecretName="db")["Policy"])
    policy["Statement"][0]["Action"] = ["kms:GetSecretValue"]
    ask("SetSecretPolicy", SecretName="db", Policy=policy)
    assert json.loads(ask("GetSecretPolicy", SecretName="db")["Policy"]) == policy
    make(ask, "outside")
    refusal = ask.refused("GetSecretPolicy", SecretName="outside")
    assert refusal == (400, "Rejected.UnsupportedOperation")


def test_several_values_come_with_partial_failures(ask):
    make(ask, "a", "value of a")
    make(ask, "b", "value of b")
    answer = ask(
        "BatchGetSecretValue",
        SecretsList=[
            {"SecretName": "a"},
            {"SecretName": "nobody"},
            {"SecretName": "b", "VersionId": "v9"},
        ],
    )
    assert [row["SecretData"] for row in answer["SecretValues"]] == ["value of a"]
    assert [(row["SecretName"], row["Code"], row["HttpStatus"]) for row in answer["Errors"]] == [
        ("nobody", "Forbidden.ResourceNotFound", 404),
        ("b", "Forbidden.ResourceNotFound", 404),
    ]
    twice = [{"SecretName": "a"}, {"SecretName": "a", "VersionId": "v1"}]
    assert ask.refused("BatchGetSecretValue", SecretsList=twice) == BAD


def test_secret_filters_and_pages(ask):
    for name in ("a", "b", "c"):
        make(ask, name, Description=f"about {name}", Tags=[{"TagKey": name, "TagValue": "1"}])
    ask("CreateSecret", SecretName="rds", VersionId="v1", **RDS)

    def found(key, *values):
        filters = [{"Key": key, "Values": list(values)}]
        rows = ask("ListSecrets", Filters=filters)["SecretList"]["Secret"]
        return [row["SecretName"] for row in rows]

    assert found("SecretName", "a", "c") == ["a", "c"]
    assert found("Description", "about b") == ["b"]
    assert found("TagKey", "c") == ["c"]
    assert found("SecretType", "RDS") == found("SecretType", "Rds") == ["rds"]
    page = ask("ListSecrets", PageNumber=2, PageSize=3)
    assert [row["SecretName"] for row in page["SecretList"]["Secret"]] == ["rds"]
    assert page["TotalCount"] == 4


MANAGED = {
    "Rds-single": ("r1", RDS),
    "Rds-double": ("r2", {**RDS, "ExtendedConfig": {"SecretSubType": "DoubleUsers"}}),
    "Redis": (
        "redis",
        {
            "SecretType": "Redis",
            "ExtendedConfig": {
                "SecretSubType": "DoubleUsers",
                "AccountName": "app",
                "CloneAccountName": "app_clone",
            },
            "SecretData": "$Auto",
        },
    ),
    "PolarDB": (
        "polar",
        {
            "SecretType": "PolarDB",
            "ExtendedConfig": {"SecretSubType": "DoubleUsers", "AccountName": "app"},
            "SecretData": "$Auto",
        },
    ),
    "RAMCredentials": (
        "$Auto",
        {
            "SecretType": "RAMCredentials",
            "ExtendedConfig": {"SecretSubType": "RamUserAccessKey", "UserName": "ci"},
            "SecretData": json.dumps(
                {"AccessKeys": [{"AccessKeyId": "LTAIx", "AccessKeySecret": "s"}]}
            ),
        },
    ),
    "ECS-password": (
        "acs/ecs/one",
        {
            "SecretType": "ECS",
            "ExtendedConfig": {"SecretSubType": "Password"},
            "SecretData": json.dumps({"UserName": "root", "Password": "first"}),
        },
    ),
    "ECS-key": (
        "acs/ecs/two",
        {
            "SecretType": "ECS",
            "ExtendedConfig": {"SecretSubType": "SSHKey"},
            "SecretData": json.dumps({"UserName": "root", "PublicKey": "p", "PrivateKey": "q"}),
        },
    ),
}


@pytest.mark.parametrize("kind", sorted(MANAGED))
def test_managed_secrets_rotate_to_a_new_credential(ask, kind):
    given, params = MANAGED[kind]
    made = ask("CreateSecret", SecretName=given, VersionId="v1", **params)
    name = made["SecretName"]
    assert name == ("acs/ram/user/ci" if given == "$Auto" else given)
    assert made["AutomaticRotation"] == "Disabled"
    first = json.loads(value(ask, name)["SecretData"])
    assert "Accounts" not in first
    assert "AccessKeys" not in first
    ask("RotateSecret", SecretName=name, VersionId="v2")
    second = json.loads(value(ask, name)["SecretData"])
    assert first.keys() == second.keys()
    assert first != second
    previous = value(ask, name, VersionStage="ACSPrevious")
    assert json.loads(previous["SecretData"]) == first
    if kind in {"Rds-double", "Redis", "PolarDB"}:
        assert (first["AccountName"], second["AccountName"]) == ("app", "app_clone")
        ask("RotateSecret", SecretName=name, VersionId="v3")
        assert json.loads(value(ask, name)["SecretData"])["AccountName"] == "app"
    if kind == "ECS-key":
        private = load_ssh_private_key(second["PrivateKey"].encode(), None)
        public = load_ssh_public_key(second["PublicKey"].encode())
        assert private.public_key() == public
    fetched = value(ask, name, FetchExtendedConfig=True)["ExtendedConfig"]
    assert json.loads(fetched)["SecretSubType"] == params["ExtendedConfig"]["SecretSubType"]


def test_a_rotation_to_a_version_that_exists_makes_none(ask):
    ask("CreateSecret", SecretName="db", VersionId="v1", **RDS)
    ask("RotateSecret", SecretName="db", VersionId="v2")
    before = value(ask)
    ask("RotateSecret", SecretName="db", VersionId="v2")
    ask("RotateSecret", SecretName="db", VersionId="v1")
    assert value(ask)["SecretData"] == before["SecretData"]
    assert len(labels(ask)) == 2


def test_managed_and_generic_secrets_keep_apart(ask):
    make(ask, "generic")
    ask("CreateSecret", SecretName="db", VersionId="v1", **RDS)
    unsupported = (400, "Rejected.UnsupportedOperation")
    refusal = ask.refused("PutSecretValue", SecretName="db", VersionId="v2", SecretData="x")
    assert refusal == unsupported
    assert ask.refused("RotateSecret", SecretName="generic", VersionId="v2") == unsupported
    policy = {"EnableAutomaticRotation": True, "RotationInterval": "7d"}
    refusal = ask.refused("UpdateSecretRotationPolicy", SecretName="generic", **policy)
    assert refusal == unsupported
    ignored = value(ask, "db", VersionId="not there")
    assert ignored["VersionId"] == "v1"
    assert ask.refused("GetSecretValue", SecretName="db", VersionStage="own") == NOT_FOUND


@pytest.mark.parametrize(
    "change",
    [
        {"SecretData": "text"},
        {"SecretData": "{}"},
        {"SecretData": json.dumps({"Accounts": [{"AccountName": "app"}]})},
        {"SecretDataType": "binary"},
        {"ExtendedConfig": {"SecretSubType": "ThreeUsers"}},
        {"EnableAutomaticRotation": True, "RotationInterval": "5h"},
        {"EnableAutomaticRotation": True, "RotationInterval": "8761h"},
    ],
)
def test_managed_secrets_that_do_not_fit_their_type_are_refused(ask, change):
    refusal = ask.refused("CreateSecret", SecretName="db", VersionId="v1", **{**RDS, **change})
    assert refusal == BAD
    assert ask.refused("DescribeSecret", SecretName="db") == NOT_FOUND


def test_automatic_rotation_falls_due_by_the_clock(ask):
    made = ask(
        "CreateSecret",
        SecretName="db",
        VersionId="v1",
        EnableAutomaticRotation=True,
        RotationInterval="7d",
        **RDS,
    )
    assert made["RotationInterval"] == "604800s"
    ask.advance(days=7, seconds=1)
    read = value(ask)
    assert read["VersionId"] != "v1"
    assert read["AutomaticRotation"] == "Enabled"
    assert value(ask, VersionStage="ACSPrevious")["VersionId"] == "v1"
    ask("UpdateSecretRotationPolicy", SecretName="db", EnableAutomaticRotation=False)
    ask.advance(days=70)
    assert value(ask)["VersionId"] == read["VersionId"]
    ask(
        "UpdateSecretRotationPolicy",
        SecretName="db",
        EnableAutomaticRotation=True,
        RotationInterval="8760h",
    )
    assert ask("DescribeSecret", SecretName="db")["RotationInterval"] == "31536000s"


def test_fifty_rotations_an_hour(ask):
    ask("CreateSecret", SecretName="db", VersionId="v0", **RDS)
    for number in range(1, 51):
        ask("RotateSecret", SecretName="db", VersionId=f"v{number}")
    refusal = ask.refused("RotateSecret", SecretName="db", VersionId="v51")
    assert refusal == (429, "Rejected.Throttling")
    ask.advance(hours=1, seconds=1)
    ask("RotateSecret", SecretName="db", VersionId="v51")


def test_custom_data_of_managed_secrets_is_replaced(ask):
    ask("CreateSecret", SecretName="db", VersionId="v1", **RDS)
    ask("UpdateSecret", SecretName="db", ExtendedConfig={"CustomData": {"a": "1"}})
    config = json.loads(ask("DescribeSecret", SecretName="db")["ExtendedConfig"])
    assert config["CustomData"] == {"a": "1"}
    assert config["DBInstanceId"] == "rm-1"
    ask("UpdateSecret", SecretName="db", Description="new")
    shown = ask("DescribeSecret", SecretName="db")
    assert shown["Description"] == "new"
    assert json.loads(shown["ExtendedConfig"]) == config
