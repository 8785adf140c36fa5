"""Walks among secrets."""

import json
from itertools import pairwise

RDS = {
    "SecretType": "Rds",
    "ExtendedConfig": {"SecretSubType": "SingleUser"},
    "SecretData": json.dumps({"Accounts": [{"AccountName": "a", "AccountPassword": "first"}]}),
}


def secret(tour, name="s", data="v1", version="v1", **more):
    return tour("CreateSecret", SecretName=name, SecretData=data, VersionId=version, **more)


def value_of(body):
    return body["SecretData"], body["SecretDataType"], body["VersionId"]


def labels(tour, name="s", everything="true"):
    tour(
        "ListSecretVersionIds",
        take=lambda body: [
            (row["VersionId"], sorted(row["VersionStages"]["VersionStage"]))
            for row in body["VersionIds"]["VersionId"]
        ],
        SecretName=name,
        IncludeDeprecated=everything,
        PageSize=50,
    )


def new_secrets(tour):
    secret(tour, Description="books", Tags=[{"TagKey": "a", "TagValue": "1"}])
    secret(tour, "t", "  spaces ", "w1", SecretDataType="binary")
    for name in ("s", "t"):
        tour("GetSecretValue", take=value_of, SecretName=name)
        tour(
            "DescribeSecret",
            take=lambda body: (sorted(body), body["Description"], body.get("Tags")),
            SecretName=name,
            FetchTags="true",
        )
    tour(
        "ListSecrets",
        take=lambda body: [
            (row["SecretName"], sorted(row)) for row in body["SecretList"]["Secret"]
        ],
    )
    tour(
        "ListSecrets",
        take=lambda body: [sorted(row) for row in body["SecretList"]["Secret"]],
        FetchTags="true",
    )
    secret(tour, data="v1")
    secret(tour, data="other")
    tour("GetSecretValue", take=value_of, SecretName="s")
    for operation in ("GetSecretValue", "DescribeSecret"):
        tour(operation, SecretName="none")
    secret(tour, "acs/x")
    tour("UpdateSecret", SecretName="s", Description="new")
    tour("DescribeSecret", take=lambda body: body["Description"], SecretName="s")


def secret_versions(tour):
    secret(tour)
    put = {"SecretName": "s"}
    tour("PutSecretValue", VersionId="v2", SecretData="v2", **put)
    labels(tour)
    tour("PutSecretValue", VersionId="v3", SecretData="v3", VersionStages=["own"], **put)
    labels(tour)
    labels(tour, everything="false")
    for selection in (
        {},
        {"VersionStage": "ACSPrevious"},
        {"VersionStage": "own"},
        {"VersionId": "v1"},
        {"VersionId": "v1", "VersionStage": "ACSCurrent"},
        {"VersionId": "none"},
        {"VersionStage": "none"},
    ):
        tour("GetSecretValue", take=value_of, SecretName="s", **selection)
    tour("PutSecretValue", VersionId="v1", SecretData="v1", **put)
    labels(tour)
    tour("PutSecretValue", VersionId="v1", SecretData="other", **put)
    tour("GetSecretValue", take=value_of, SecretName="s", VersionId="v1")
    tour("UpdateSecretVersionStage", VersionStage="own", MoveToVersion="v1", **put)
    labels(tour)
    for number in range(4, 14):
        tour("PutSecretValue", VersionId=f"v{number}", SecretData=f"v{number}", **put)
    labels(tour)
    labels(tour, everything="false")


def secret_deletion(tour):
    secret(tour)
    tour("RestoreSecret", SecretName="s")
    tour("DeleteSecret", SecretName="s", RecoveryWindowInDays=8)
    tour(
        "DescribeSecret",
        take=sorted,
        SecretName="s",
    )
    for operation, params in (
        ("UpdateSecret", {"Description": "x"}),
        ("DeleteSecret", {}),
        ("GetSecretValue", {}),
    ):
        tour(operation, SecretName="s", **params)
    secret(tour)
    tour.advance(days=7)
    tour("RestoreSecret", SecretName="s")
    tour("GetSecretValue", take=value_of, SecretName="s")
    tour("DeleteSecret", SecretName="s", RecoveryWindowInDays=8)
    tour.advance(days=8, seconds=5)
    tour("RestoreSecret", SecretName="s")
    secret(tour, "t")
    tour("DeleteSecret", SecretName="t")
    tour.advance(days=20)
    tour("RestoreSecret", SecretName="t")
    tour("DeleteSecret", SecretName="t", ForceDeleteWithoutRecovery="true")
    for operation in ("RestoreSecret", "GetSecretValue"):
        tour(operation, SecretName="t")


def secret_under_a_key(tour):
    key = tour.key()
    secret(tour, EncryptionKeyId=key)
    tour("DisableKey", KeyId=key)
    secret(tour, "late", EncryptionKeyId=key)
    tour("GetSecretValue", SecretName="s")


def managed_secrets(tour):
    tour("CreateSecret", SecretName="r", VersionId="v1", **RDS)
    read = {"SecretName": "r"}

    def credential():
        return tour(
            "GetSecretValue", take=lambda body: sorted(json.loads(body["SecretData"])), **read
        )["SecretData"]

    seen = [credential()]
    for version in ("v2", "v2", "v3"):
        tour("RotateSecret", VersionId=version, **read)
        seen.append(credential())
    tour.note("changes", [a != b for a, b in pairwise(seen)])
    labels(tour, "r")
    tour("PutSecretValue", VersionId="v9", SecretData="x", **read)


def batches(tour):
    secret(tour, "a", "1")
    secret(tour, "b", "2")
    wanted = [{"SecretName": name} for name in ("a", "none", "b")]
    tour(
        "BatchGetSecretValue",
        take=lambda body: (
            [(row["SecretName"], row["SecretData"]) for row in body["SecretValues"]],
            [(row["SecretName"], row["Code"]) for row in body["Errors"]],
        ),
        SecretsList=wanted,
    )
    full = [{"SecretName": name} for name in ("a", *(f"none-{number}" for number in range(19)))]
    tour("BatchGetSecretValue", take=lambda body: len(body["Errors"]), SecretsList=full)
