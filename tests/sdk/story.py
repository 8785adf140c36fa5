"""What each official SDK is made to do: one story through the operations that both SDKs know.

A step is an operation, its parameters and what must come back; parameters may be functions of what
earlier steps answered. `expect` is a check of the answer, or the error code that must reach the
SDK's caller.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Memory = dict[str, Any]
DIGEST = base64.b64encode(hashlib.sha256(b"signed by an official SDK").digest()).decode()
TEXT = base64.b64encode("spaces, + and / and ~ and é 漢 🔑".encode()).decode()
CONTEXT = {"purpose": "sdk story", "b": "1&2=3"}


@dataclass(frozen=True)
class Step:
    operation: str
    params: dict[str, Any] | Callable[[Memory], dict[str, Any]]
    expect: str | Callable[[dict[str, Any], Memory], object] | None = None
    keep: str | None = None

    def parameters(self, memory: Memory) -> dict[str, Any]:
        return self.params(memory) if callable(self.params) else self.params


def key(memory: Memory) -> str:
    return memory["key"]["KeyMetadata"]["KeyId"]


def rsa(memory: Memory) -> dict[str, Any]:
    return {
        "KeyId": memory["rsa"]["KeyMetadata"]["KeyId"],
        "KeyVersionId": memory["rsa-versions"]["KeyVersions"]["KeyVersion"][0]["KeyVersionId"],
    }


def story(suffix: str) -> list[Step]:
    """The steps; suffix keeps names apart when stories share an endpoint."""
    alias, secret = f"alias/sdk-{suffix}", f"sdk/{suffix}"
    tags = [{"TagKey": "team", "TagValue": "payments"}]
    return [
        Step("DescribeRegions", {}, lambda a, m: a["Regions"]["Region"]),
        Step("DescribeAccountKmsStatus", {}, lambda a, m: a["AccountStatus"] == "Enabled"),
        Step("CreateKey", {"Description": f"{TEXT} two  spaces", "Tags": tags}, keep="key"),
        Step(
            "DescribeKey",
            lambda m: {"KeyId": key(m)},
            lambda a, m: a["KeyMetadata"]["Description"] == f"{TEXT} two  spaces",
        ),
        Step("ListKeys", {"PageSize": 100}, lambda a, m: key(m) in str(a["Keys"])),
        Step("CreateAlias", lambda m: {"AliasName": alias, "KeyId": key(m)}),
        Step("CreateAlias", lambda m: {"AliasName": alias, "KeyId": key(m)}, "AliasAlreadyExists"),
        Step(
            "ListAliasesByKeyId",
            lambda m: {"KeyId": key(m)},
            lambda a, m: a["Aliases"]["Alias"][0]["AliasName"] == alias,
        ),
        Step("ListAliases", {"PageSize": 100}, lambda a, m: alias in str(a)),
        Step(
            "Encrypt",
            {"KeyId": alias, "Plaintext": TEXT, "EncryptionContext": CONTEXT},
            lambda a, m: a["KeyId"] == key(m),
            "blob",
        ),
        Step(
            "Decrypt",
            lambda m: {
                "CiphertextBlob": m["blob"]["CiphertextBlob"],
                "EncryptionContext": dict(reversed(CONTEXT.items())),
            },
            lambda a, m: a["Plaintext"] == TEXT,
        ),
        Step("GenerateDataKey", {"KeyId": alias, "NumberOfBytes": 48}, None, "data-key"),
        Step(
            "Decrypt",
            lambda m: {"CiphertextBlob": m["data-key"]["CiphertextBlob"]},
            lambda a, m: (
                a["Plaintext"] == m["data-key"]["Plaintext"]
                and len(base64.b64decode(a["Plaintext"])) == 48
            ),
        ),
        Step(
            "GenerateDataKeyWithoutPlaintext",
            {"KeyId": alias, "KeySpec": "AES_128"},
            lambda a, m: "Plaintext" not in a or a["Plaintext"] is None,
        ),
        Step(
            "ReEncrypt",
            lambda m: {
                "CiphertextBlob": m["blob"]["CiphertextBlob"],
                "SourceEncryptionContext": CONTEXT,
                "DestinationKeyId": key(m),
            },
            keep="moved",
        ),
        Step(
            "Decrypt",
            lambda m: {"CiphertextBlob": m["moved"]["CiphertextBlob"]},
            lambda a, m: a["Plaintext"] == TEXT,
        ),
        Step("CreateKey", {"KeySpec": "RSA_2048", "KeyUsage": "SIGN/VERIFY"}, keep="rsa"),
        Step(
            "ListKeyVersions",
            lambda m: {"KeyId": m["rsa"]["KeyMetadata"]["KeyId"]},
            lambda a, m: a["TotalCount"] == 1,
            "rsa-versions",
        ),
        Step(
            "AsymmetricSign",
            lambda m: {**rsa(m), "Algorithm": "RSA_PSS_SHA_256", "Digest": DIGEST},
            keep="signature",
        ),
        Step(
            "AsymmetricVerify",
            lambda m: {
                **rsa(m),
                "Algorithm": "RSA_PSS_SHA_256",
                "Digest": DIGEST,
                "Value": m["signature"]["Value"],
            },
            lambda a, m: a["Value"] is True,
        ),
        Step("GetPublicKey", rsa, lambda a, m: a["PublicKey"].startswith("-----BEGIN PUBLIC KEY")),
        Step("DescribeKeyVersion", rsa, lambda a, m: a["KeyVersion"]["KeyVersionId"]),
        Step("UpdateKeyDescription", lambda m: {"KeyId": key(m), "Description": "a*b~c"}),
        Step("TagResource", lambda m: {"KeyId": key(m), "Tags": tags}),
        Step(
            "ListResourceTags",
            lambda m: {"KeyId": key(m)},
            lambda a, m: a["Tags"]["Tag"][0]["TagValue"] == "payments",
        ),
        Step("UntagResource", lambda m: {"KeyId": key(m), "TagKeys": ["team"]}),
        Step("DisableKey", lambda m: {"KeyId": key(m)}),
        Step("Encrypt", lambda m: {"KeyId": key(m), "Plaintext": TEXT}, "Rejected.Disabled"),
        Step("EnableKey", lambda m: {"KeyId": key(m)}),
        Step(
            "CreateSecret",
            {"SecretName": secret, "SecretData": "first\nvalue é", "VersionId": "v1"},
            lambda a, m: a["SecretName"] == secret,
        ),
        Step(
            "PutSecretValue",
            {"SecretName": secret, "SecretData": "second & = +", "VersionId": "v2"},
        ),
        Step(
            "GetSecretValue",
            {"SecretName": secret},
            lambda a, m: (a["SecretData"], a["VersionId"]) == ("second & = +", "v2"),
        ),
        Step(
            "GetSecretValue",
            {"SecretName": secret, "VersionStage": "ACSPrevious"},
            lambda a, m: a["SecretData"] == "first\nvalue é",
        ),
        Step("ListSecrets", {"PageSize": 100}, lambda a, m: secret in str(a["SecretList"])),
        Step(
            "ListSecretVersionIds",
            {"SecretName": secret},
            lambda a, m: len(a["VersionIds"]["VersionId"]) == 2,
        ),
        Step("DescribeSecret", {"SecretName": secret}, lambda a, m: a["SecretType"] == "Generic"),
        Step("UpdateSecret", {"SecretName": secret, "Description": "changed"}),
        Step("DeleteSecret", {"SecretName": secret, "RecoveryWindowInDays": 7}),
        Step("DeleteSecret", {"SecretName": secret}, "Rejected.ResourceInDeleteWindow"),
        Step("RestoreSecret", {"SecretName": secret}),
        Step("DeleteSecret", {"SecretName": secret, "ForceDeleteWithoutRecovery": "true"}),
        Step("GetSecretValue", {"SecretName": secret}, "Forbidden.ResourceNotFound"),
        Step(
            "GetRandomPassword", {"PasswordLength": 20}, lambda a, m: len(a["RandomPassword"]) == 20
        ),
        Step("DeleteAlias", {"AliasName": alias}),
        Step("DescribeKey", {"KeyId": alias}, "Forbidden.AliasNotFound"),
        Step(
            "ScheduleKeyDeletion",
            lambda m: {"KeyId": key(m), "PendingWindowInDays": 3},
            "InvalidParameter",
        ),
        Step("ScheduleKeyDeletion", lambda m: {"KeyId": key(m), "PendingWindowInDays": 7}),
        Step(
            "ScheduleKeyDeletion",
            lambda m: {"KeyId": key(m), "PendingWindowInDays": 7},
            "Rejected.StateModifiedFailed",
        ),
        Step("CancelKeyDeletion", lambda m: {"KeyId": key(m)}),
        Step(
            "DescribeKey",
            lambda m: {"KeyId": "0" * 8 + "-0000-4000-8000-" + "0" * 12},
            "Forbidden.KeyNotFound",
        ),
    ]
