"""Access points and client keys, instances, managed data keys, the service itself."""

import base64
import json
import string
from concurrent.futures import ThreadPoolExecutor

import pytest
from asking import Asker
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12

from conformance.reference.services.seed import (
    HARDWARE_INSTANCE,
    MANAGED_DATA_KEY,
    NEW_INSTANCE,
    SERVICE_ALIAS,
    SOFTWARE_INSTANCE,
)

NOT_FOUND = (404, "Forbidden.ResourceNotFound")
EXISTS = (409, "Rejected.ResourceExist")
BAD = (400, "InvalidParameter")
UNSUPPORTED = (400, "Rejected.UnsupportedOperation")
KEY_USER = "RbacPermission/Template/CryptoServiceKeyUser"
SECRET_USER = "RbacPermission/Template/CryptoServiceSecretUser"


@pytest.fixture
def ask():
    return Asker()


def furnish(ask):
    ask("CreateNetworkRule", Name="office", Type="Private", SourcePrivateIp=["10.0.0.0/8"])
    ask(
        "CreatePolicy",
        Name="reader",
        KmsInstance=SOFTWARE_INSTANCE,
        Permissions=[KEY_USER],
        Resources=["key/*"],
        AccessControlRules={"NetworkRules": ["office"]},
    )
    ask("CreateApplicationAccessPoint", Name="app", Policies=["reader"], Description="books")


def test_access_points_policies_and_rules_are_described_and_listed(ask):
    furnish(ask)
    point = ask("DescribeApplicationAccessPoint", Name="app")
    assert json.loads(point["Policies"]) == ["reader"]
    assert (point["Description"], point["AuthenticationMethod"]) == ("books", "ClientKey")
    policy = ask("DescribePolicy", Name="reader")
    assert policy["Permissions"] == [KEY_USER]
    assert json.loads(policy["AccessControlRules"]) == {"NetworkRules": ["office"]}
    rule = ask("DescribeNetworkRule", Name="office")
    assert json.loads(rule["SourcePrivateIp"]) == ["10.0.0.0/8"]
    assert ask("ListApplicationAccessPoints")["TotalCount"] == 1
    assert ask("ListPolicies")["Policies"]["Policy"] == [{"Name": "reader"}]
    rules = ask("ListNetworkRules")["NetworkRules"]["NetworkRule"]
    assert rules == [{"Name": "office", "Type": "Private"}]


def test_access_points_change_and_keep_what_is_not_given(ask):
    furnish(ask)
    ask("CreatePolicy", Name="second", Permissions=[SECRET_USER], Resources=["secret/*"])
    ask("UpdateApplicationAccessPoint", Name="app", Policies=["second"])
    assert json.loads(ask("DescribeApplicationAccessPoint", Name="app")["Policies"]) == ["second"]
    ask("UpdateApplicationAccessPoint", Name="app", Description="new")
    point = ask("DescribeApplicationAccessPoint", Name="app")
    assert (point["Description"], json.loads(point["Policies"])) == ("new", ["second"])
    ask("UpdatePolicy", Name="reader", Resources=["key/a"])
    policy = ask("DescribePolicy", Name="reader")
    assert (policy["Resources"], policy["Permissions"]) == (["key/a"], [KEY_USER])
    ask("UpdateNetworkRule", Name="office", SourcePrivateIp=["172.16.0.1"])
    rule = ask("DescribeNetworkRule", Name="office")
    assert json.loads(rule["SourcePrivateIp"]) == ["172.16.0.1"]


def test_what_does_not_exist_cannot_be_named(ask):
    furnish(ask)
    calls = [
        ("CreateApplicationAccessPoint", {"Name": "x", "Policies": ["none"]}),
        ("UpdateApplicationAccessPoint", {"Name": "app", "Policies": ["none"]}),
        (
            "UpdatePolicy",
            {"Name": "reader", "AccessControlRules": {"NetworkRules": ["none"]}},
        ),
        ("CreateClientKey", {"AapName": "none", "Password": "Passw0rd!"}),
        ("ListClientKeys", {"AapName": "none"}),
        ("GetClientKey", {"ClientKeyId": "KAAP.none"}),
        *[
            (f"{verb}{kind}", {"Name": "none"})
            for verb in ("Describe", "Delete", "Update")
            for kind in ("ApplicationAccessPoint", "Policy", "NetworkRule")
        ],
    ]
    for operation, params in calls:
        assert ask.refused(operation, **params) == NOT_FOUND, operation
    taken = [
        ("CreateApplicationAccessPoint", {"Name": "app", "Policies": ["reader"]}),
        ("CreatePolicy", {"Name": "reader", "Permissions": [KEY_USER], "Resources": ["key/*"]}),
        ("CreateNetworkRule", {"Name": "office", "Type": "Private"}),
    ]
    for operation, params in taken:
        assert ask.refused(operation, **params) == EXISTS, operation
    rule = {"Name": "x", "Type": "Private", "SourcePrivateIp": ["10.0.0.0/99"]}
    assert ask.refused("CreateNetworkRule", **rule) == BAD


def test_deleting_takes_the_name_out_of_whatever_named_it(ask):
    furnish(ask)
    key = ask("CreateClientKey", AapName="app", Password="Passw0rd!")["ClientKeyId"]
    ask("DeleteNetworkRule", Name="office")
    rules = json.loads(ask("DescribePolicy", Name="reader")["AccessControlRules"])
    assert rules == {"NetworkRules": []}
    ask("DeletePolicy", Name="reader")
    assert json.loads(ask("DescribeApplicationAccessPoint", Name="app")["Policies"]) == []
    ask("DeleteApplicationAccessPoint", Name="app")
    assert ask.refused("GetClientKey", ClientKeyId=key) == NOT_FOUND


def test_a_client_key_is_a_legacy_pkcs12_with_one_key_and_certificate(ask):
    furnish(ask)
    password = "Passw0rd~!@#$%^&*?_-"
    made = ask("CreateClientKey", AapName="app", Password=password)
    data = base64.b64decode(made["PrivateKeyData"])
    private, certificate, more = pkcs12.load_key_and_certificates(data, password.encode())
    assert more == []
    assert private.key_size == 2048
    with pytest.raises(ValueError):
        pkcs12.load_key_and_certificates(data, b"another")
    shown = ask("GetClientKey", ClientKeyId=made["ClientKeyId"])
    published = x509.load_pem_x509_certificate(shown["PublicKeyData"].encode())
    assert published == certificate
    published.public_key().verify(
        private.sign(b"x", padding.PKCS1v15(), SHA256()), b"x", padding.PKCS1v15(), SHA256()
    )
    assert (shown["KeyOrigin"], shown["AapName"]) == ("KMS_PROVIDED", "app")
    assert int(made["NotAfter"][:4]) - int(made["NotBefore"][:4]) == 5


def test_three_client_keys_for_an_access_point(ask):
    furnish(ask)
    keys = [
        ask("CreateClientKey", AapName="app", Password="Passw0rd!")["ClientKeyId"] for _ in range(3)
    ]
    refusal = ask.refused("CreateClientKey", AapName="app", Password="Passw0rd!")
    assert refusal == (400, "Rejected.LimitExceeded")
    rows = ask("ListClientKeys", AapName="app")["ClientKeys"]
    assert [row["ClientKeyId"] for row in rows] == keys
    ask("DeleteClientKey", ClientKeyId=keys[0])
    assert ask.refused("DeleteClientKey", ClientKeyId=keys[0]) == NOT_FOUND
    assert len(ask("ListClientKeys")["ClientKeys"]) == 2


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2030-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
        ("2001-01-01T00:00:00Z", "2002-01-01T00:00:00Z"),
    ],
)
def test_the_validity_of_a_client_key_makes_sense(ask, start, end):
    furnish(ask)
    params = {"AapName": "app", "Password": "Passw0rd!", "NotBefore": start, "NotAfter": end}
    assert ask.refused("CreateClientKey", **params) == BAD


def test_instances_are_shown_counted_and_listed(ask):
    shown = ask("GetKmsInstance", KmsInstanceId=SOFTWARE_INSTANCE)["KmsInstance"]
    assert shown["Status"] == "Connected"
    assert shown["BindVpcs"]["BindVpc"]
    ask.key(DKMSInstanceId=SOFTWARE_INSTANCE)
    infos = ask("GetKmsInstanceQuotaInfos", KmsInstanceId=SOFTWARE_INSTANCE, ResourceType="key")
    (row,) = infos["KmsInstanceQuotaInfos"]
    assert row == {"ResourceType": "key", "ResourceQuota": shown["KeyNum"], "UsedQuantity": 1}
    assert len(ask("GetKmsInstanceQuotaInfos")["KmsInstanceQuotaInfos"]) == 4
    rows = ask("ListKmsInstances", PageSize=2)
    assert rows["TotalCount"] == 3
    assert len(rows["KmsInstances"]["KmsInstance"]) == 2
    assert ask("GetDefaultKmsInstance")["DefaultKmsInstanceId"] == SOFTWARE_INSTANCE
    refusal = ask.refused("GetKmsInstance", KmsInstanceId="kst-none")
    assert refusal == (404, "Forbidden.DKMSInstanceNotFound")


def test_an_instance_is_connected_bound_and_released(ask):
    connect = {
        "KMProvider": "Aliyun",
        "VpcId": "vpc-1",
        "VSwitchIds": ["vsw-1"],
        "ZoneIds": ["z1", "z2"],
    }
    bind = {"BindVpcs": [{"VpcId": "vpc-2"}, {"VpcId": "vpc-3", "VpcOwnerId": 42}]}
    refusal = ask.refused("UpdateKmsInstanceBindVpc", KmsInstanceId=NEW_INSTANCE, **bind)
    assert refusal == (400, "Forbidden.DKMSInstanceStateInvalid")
    ask("ConnectKmsInstance", KmsInstanceId=NEW_INSTANCE, **connect)
    again = ask.refused("ConnectKmsInstance", KmsInstanceId=NEW_INSTANCE, **connect)
    assert again == (400, "Forbidden.DKMSInstanceStateInvalid")
    hardware = ask.refused("ConnectKmsInstance", KmsInstanceId=HARDWARE_INSTANCE, **connect)
    assert hardware == UNSUPPORTED
    ask("UpdateKmsInstanceBindVpc", KmsInstanceId=NEW_INSTANCE, **bind)
    shown = ask("GetKmsInstance", KmsInstanceId=NEW_INSTANCE)["KmsInstance"]
    assert [row["VpcId"] for row in shown["BindVpcs"]["BindVpc"]] == ["vpc-2", "vpc-3"]
    key = ask.key(DKMSInstanceId=NEW_INSTANCE)
    ask("SetDeletionProtection", KmsInstanceId=NEW_INSTANCE, EnableDeletionProtection=True)
    release = {"KmsInstanceId": NEW_INSTANCE, "ForceDeleteWithoutBackup": "true"}
    assert ask.refused("ReleaseKmsInstance", **release) == UNSUPPORTED
    ask("SetDeletionProtection", KmsInstanceId=NEW_INSTANCE, EnableDeletionProtection=False)
    assert ask.refused("ReleaseKmsInstance", KmsInstanceId=NEW_INSTANCE) == UNSUPPORTED
    ask("ReleaseKmsInstance", **release)
    assert ask.refused("DescribeKey", KeyId=key) == (404, "Forbidden.KeyNotFound")
    prepaid = ask.refused("ReleaseKmsInstance", KmsInstanceId=SOFTWARE_INSTANCE)
    assert prepaid == UNSUPPORTED


def test_a_managed_data_key_answers_its_versions(ask):
    rows = ask("ListManagedDataKeyVersions", DataKeyName=MANAGED_DATA_KEY)
    versions = [
        row["DataKeyVersionId"] for row in rows["ManagedDataKeyVersions"]["ManagedDataKeyVersion"]
    ]
    assert rows["TotalCount"] == len(versions) == 3

    def get(**more):
        return ask("GetManagedDataKey", DataKeyName=MANAGED_DATA_KEY, **more)

    assert get()["DataKeyVersionId"] == versions[0]
    assert get(UseLatest=True)["DataKeyVersionId"] == versions[-1]
    middle = get(DataKeyVersionId=versions[1])
    assert middle["DataKeyVersionName"] == (f"kms-datakeyversion!{MANAGED_DATA_KEY}!{versions[1]}")
    assert len(base64.b64decode(middle["Plaintext"])) == 32
    assert get(DataKeyVersionId=versions[1]) | {"RequestId": ""} == middle | {"RequestId": ""}
    unknown = {"DataKeyName": MANAGED_DATA_KEY, "DataKeyVersionId": "none"}
    assert ask.refused("GetManagedDataKey", **unknown) == NOT_FOUND
    assert ask.refused("GetManagedDataKey", DataKeyName="none") == NOT_FOUND
    ask("DisableKey", KeyId=ask.describe(SERVICE_ALIAS)["KeyId"])
    refusal = ask.refused("GetManagedDataKey", DataKeyName=MANAGED_DATA_KEY)
    assert refusal == (409, "Rejected.Disabled")


def test_the_service_opens_once(ask):
    assert ask("DescribeAccountKmsStatus")["AccountStatus"] == "Enabled"
    assert ask.refused("OpenKmsService") == (400, "Forbidden.Opened")
    ask.account.status = "NotEnabled"
    assert ask.refused("ListKeys") == (403, "Forbidden.KmsServiceNotEnabled")
    ask("OpenKmsService")
    ask("ListKeys")
    regions = ask("DescribeRegions")["Regions"]["Region"]
    assert {"RegionId": "cn-hangzhou"} in regions


def test_challenges_never_agree(ask):
    answers = [ask("GetChallenge") for _ in range(2)]
    assert answers[0]["ChallengeToken"] != answers[1]["ChallengeToken"]
    assert answers[0]["Nonce"] != answers[1]["Nonce"]


@pytest.mark.parametrize(
    ("params", "allowed"),
    [
        ({}, string.ascii_letters + string.digits + string.punctuation.replace("`", "")),
        (
            {"ExcludeLowercase": "true", "ExcludePunctuation": "true"},
            string.ascii_uppercase + string.digits,
        ),
        (
            {
                "ExcludeNumbers": "true",
                "ExcludeUppercase": "true",
                "ExcludePunctuation": "true",
                "ExcludeCharacters": "abc",
            },
            string.ascii_lowercase[3:],
        ),
    ],
)
def test_random_passwords_hold_what_is_allowed(ask, params, allowed):
    passwords = {ask("GetRandomPassword", **params)["RandomPassword"] for _ in range(5)}
    assert len(passwords) == 5
    assert all(len(password) == 32 and set(password) <= set(allowed) for password in passwords)


def test_random_passwords_hold_each_class_when_asked(ask):
    for _ in range(50):
        answer = ask("GetRandomPassword", PasswordLength=8, RequireEachIncludedType="true")
        password = answer["RandomPassword"]
        classes = (
            string.ascii_lowercase,
            string.ascii_uppercase,
            string.digits,
            string.punctuation,
        )
        assert len(password) == 8
        assert all(set(password) & set(letters) for letters in classes)
    nothing = {
        f"Exclude{kind}": "true" for kind in ("Lowercase", "Uppercase", "Numbers", "Punctuation")
    }
    assert ask.refused("GetRandomPassword", **nothing) == BAD


def test_an_instance_takes_no_more_than_its_quota(ask):
    instance = ask.account.instances[SOFTWARE_INSTANCE]
    instance.key_quota, instance.secret_quota = 2, 1
    full = (400, "Rejected.LimitExceeded")
    key = ask.key(DKMSInstanceId=SOFTWARE_INSTANCE)
    ask("CreateKeyVersion", KeyId=key)
    assert ask.refused("CreateKeyVersion", KeyId=key) == full
    assert ask.refused("CreateKey", DKMSInstanceId=SOFTWARE_INSTANCE) == full
    secret = {"SecretData": "x", "VersionId": "v1", "DKMSInstanceId": SOFTWARE_INSTANCE}
    ask("CreateSecret", SecretName="one", **secret)
    assert ask.refused("CreateSecret", SecretName="two", **secret) == full
    ask.key()


def test_slow_and_quick_calls_go_on_side_by_side(ask):
    pair = ask.key(KeySpec="RSA_2048", KeyUsage="SIGN/VERIFY")
    sign = {
        "KeyId": pair,
        "KeyVersionId": ask.versions(pair)[0],
        "Algorithm": "RSA_PSS_SHA_256",
        "Digest": base64.b64encode(bytes(32)).decode(),
    }

    def work(number):
        for _ in range(5):
            ask("AsymmetricSign", **sign)
            ask("ListKeys", PageSize=100)
            ask.key(Description=str(number))
        ask.key(KeySpec="RSA_2048")
        return ask("DescribeKey", KeyId=pair)["KeyMetadata"]["KeyState"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == ["Enabled"] * 4
    mine = [{"Key": "CreatorType", "Values": ["User"]}]
    assert ask("ListKeys", Filters=mine)["TotalCount"] == 1 + 4 * 6
