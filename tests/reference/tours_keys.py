"""Walks among keys: made, named, switched, deleted, rotated, imported."""

import json
import os
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
)
from touring import OAEP, b64, document, raw

from conformance.reference.services.seed import SOFTWARE_INSTANCE
from conformance.wire.times import parse_iso

CRYPTO = {
    "Encrypt": {"Plaintext": "aGk="},
    "GenerateDataKey": {},
    "GenerateDataKeyWithoutPlaintext": {},
}


def metadata_of_a_new_key(tour):
    body = tour(
        "CreateKey",
        Description="books",
        Tags=[{"TagKey": "a", "TagValue": "1"}],
        EnableAutomaticRotation=True,
        RotationInterval="365d",
    )
    made = body["KeyMetadata"]
    shown = tour.shown(made["KeyId"])
    tour.note("stays", shown == made)
    tour("DescribeKey", KeyId=made["KeyId"][:-1])
    tour.note("arn", shown["Arn"].startswith("acs:kms:cn-hangzhou:1234567890123456:key/"))
    for name in ("Description", "KeySpec", "KeyUsage", "Origin", "RotationInterval"):
        tour.note(name, shown.get(name))
    tour.note("members", sorted(shown))
    tour.note("created", parse_iso(shown["CreationDate"]) <= tour.ask.endpoint.clock.now())
    tour(
        "ListResourceTags",
        take=lambda body: body["Tags"]["Tag"][0]["TagValue"],
        KeyId=made["KeyId"],
    )
    tour("ListKeys", take=lambda body: body["TotalCount"])
    tour("ListKeys", take=lambda body: len(body["Keys"]["Key"]), PageSize=100)


def keys_of_all_kinds(tour):
    for params in (
        {"KeySpec": "EC_P256"},
        {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT/DECRYPT"},
        {"Origin": "EXTERNAL"},
        {"KeySpec": "EC_P256K", "DKMSInstanceId": SOFTWARE_INSTANCE},
    ):
        shown = tour.shown(tour.key(**params))
        tour("DescribeKeyVersion", KeyId=shown["KeyId"], KeyVersionId="none")
        tour.note("kind", [shown[name] for name in ("KeySpec", "KeyUsage", "Origin", "KeyState")])


def policy_given_at_creation(tour):
    policy = document("Deny", "kms:Encrypt")
    key = tour.key(DKMSInstanceId=SOFTWARE_INSTANCE, Policy=policy)
    tour("GetKeyPolicy", take=lambda body: json.loads(body["Policy"]) == policy, KeyId=key)


def references(tour):
    key = tour.key()
    tour("CreateAlias", AliasName="alias/r", KeyId=key)
    arn = f"acs:kms:cn-hangzhou:1234567890123456:key/{key}"
    for reference in (key, "alias/r", arn):
        tour("DescribeKey", take=lambda body: body["KeyMetadata"]["KeyId"] == key, KeyId=reference)
        for operation, params in CRYPTO.items():
            tour(operation, take=lambda body: body["KeyId"] == key, KeyId=reference, **params)
    version = tour("CreateKeyVersion", KeyId=key)["KeyVersion"]["KeyVersionId"]
    for reference in (key, "alias/r", arn):
        tour(
            "DescribeKey",
            take=lambda body: body["KeyMetadata"]["PrimaryKeyVersion"] == version,
            KeyId=reference,
        )
    foreign = arn.replace("1234567890123456", "1000000000000009")
    for reference in ("alias/none", "00000000-0000-4000-8000-000000000000", foreign):
        tour("DescribeKey", KeyId=reference)
    tour("DisableKey", KeyId="alias/r")


def every_state(tour):
    blob = None
    keys = {"Enabled": tour.key(), "PendingImport": tour.key(Origin="EXTERNAL")}
    for state in ("Disabled", "PendingDeletion"):
        keys[state] = tour.key()
    pair = tour.key(KeySpec="EC_P256")
    sign = {
        "KeyId": pair,
        "KeyVersionId": tour.versions(pair)[0],
        "Algorithm": "ECDSA_SHA_256",
        "Digest": b64(bytes(32)),
    }
    mac = tour.key(KeySpec="HMAC_SHA_256", DKMSInstanceId=SOFTWARE_INSTANCE)
    blobs = {
        state: tour("Encrypt", KeyId=keys[state], Plaintext="aGk=").get("CiphertextBlob")
        for state in ("Enabled", "Disabled", "PendingDeletion")
    }
    for key in (keys["Disabled"], pair, mac):
        tour("DisableKey", KeyId=key)
    tour("ScheduleKeyDeletion", KeyId=keys["PendingDeletion"], PendingWindowInDays=7)
    for key in keys.values():
        tour.state(key)
        for operation, params in CRYPTO.items():
            tour(operation, KeyId=key, **params)
        tour("UpdateKeyDescription", KeyId=key, Description="new")
        tour("CreateKeyVersion", KeyId=key)
        tour("TagResource", KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
        tour("CreateAlias", KeyId=key, AliasName=f"alias/{key[:8]}")
        tour("UpdateRotationPolicy", KeyId=key, EnableAutomaticRotation=False)
    for blob in blobs.values():
        tour("Decrypt", CiphertextBlob=blob)
        tour("ReEncrypt", CiphertextBlob=blob, DestinationKeyId=keys["Enabled"])
    tour("AsymmetricSign", **sign)
    tour("GenerateMac", KeyId=mac, Algorithm="HMAC_SHA_256", Message="aGk=")
    tour("ReEncrypt", CiphertextBlob=blobs["Enabled"], DestinationKeyId=keys["Disabled"])
    for state in ("PendingDeletion", "PendingImport"):
        tour("EnableKey", KeyId=keys[state])
        tour("DisableKey", KeyId=keys[state])
        tour.state(keys[state])


def switching(tour):
    key = tour.key()
    for operation in ("DisableKey", "DisableKey", "EnableKey", "EnableKey"):
        tour(operation, KeyId=key)
        tour.state(key)
    tour("DisableKey", KeyId=key)
    tour.shown(key)
    tour.state(key)
    other = tour.key()
    tour("DisableKey", KeyId=key)
    tour.state(other)
    tour("UpdateKeyDescription", KeyId=key, Description="changed")
    tour.note("description", tour.shown(key).get("Description"))


def deletion(tour):
    key = tour.key()
    tour("DisableKey", KeyId=key)
    tour("CancelKeyDeletion", KeyId=key)
    tour("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=9)
    due = tour.shown(key).get("DeleteDate")
    tour.note("date", due is not None)
    tour.state(key)
    tour.advance(days=1)
    tour("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=100)
    tour.note("date stays", tour.shown(key).get("DeleteDate") == due)
    tour("CancelKeyDeletion", KeyId=key)
    tour("CancelKeyDeletion", KeyId=key)
    tour.state(key)
    tour.note("date", "DeleteDate" in tour.shown(key))
    tour("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=9)
    tour.advance(days=9, seconds=-60)
    tour.state(key)
    tour.advance(seconds=70)
    tour.state(key)


def protection(tour):
    key = tour.key()
    tour("SetDeletionProtection", KeyId=key, EnableDeletionProtection=True)
    tour.note("protected", tour.shown(key).get("DeletionProtection"))
    tour("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    tour.state(key)


def rotation(tour):
    key = tour.key(EnableAutomaticRotation=True, RotationInterval="7d")
    old = tour("Encrypt", KeyId=key, Plaintext="aGk=")
    tour.advance(days=7, seconds=1)
    new = tour("Encrypt", KeyId=key, Plaintext="aGk=")
    versions = tour.versions(key)
    tour.note("versions", len(versions))
    tour.note("encrypts", versions.index(new["KeyVersionId"]))
    tour.note("primary", versions.index(tour.shown(key)["PrimaryKeyVersion"]))
    for blob in (old, new):
        tour(
            "Decrypt",
            take=lambda body: (body["Plaintext"], versions.index(body["KeyVersionId"])),
            CiphertextBlob=blob["CiphertextBlob"],
        )
    for version in [*versions, "00000000-0000-4000-8000-000000000000"]:
        tour(
            "DescribeKeyVersion",
            take=lambda body: versions.index(body["KeyVersion"]["KeyVersionId"]),
            KeyId=key,
            KeyVersionId=version,
        )
    tour("DisableKey", KeyId=key)
    tour.note("suspended", tour.shown(key)["AutomaticRotation"])
    plain = tour.key()
    tour("UpdateRotationPolicy", KeyId=plain, EnableAutomaticRotation=True, RotationInterval="365d")
    tour("UpdateRotationPolicy", KeyId=plain, EnableAutomaticRotation=True, RotationInterval="731d")
    tour.note("on", sorted(tour.shown(plain)))
    tour.note("on", tour.shown(plain)["AutomaticRotation"])
    for spec in ({"KeySpec": "EC_P256"}, {"Origin": "EXTERNAL"}):
        other = tour.key(**spec)
        if spec.get("Origin"):
            tour("ImportKeyMaterial", **wrapped(tour, other, bytes(32)))
        tour(
            "UpdateRotationPolicy",
            KeyId=other,
            EnableAutomaticRotation=True,
            RotationInterval="365d",
        )


def wrapped(tour, key, material, algorithm="RSAES_OAEP_SHA_256", **more):
    given = tour(
        "GetParametersForImport",
        KeyId=key,
        WrappingKeySpec="RSA_2048",
        WrappingAlgorithm=algorithm,
    )
    public = load_der_public_key(raw(given["PublicKey"]))
    life = parse_iso(given["TokenExpireTime"]) - tour.ask.endpoint.clock.now()
    tour.note("life", round(life.total_seconds() / 3600))
    return {
        "KeyId": key,
        "ImportToken": given["ImportToken"],
        "EncryptedKeyMaterial": b64(public.encrypt(material, OAEP[algorithm])),
        "KeyMaterialExpireUnix": 0,
        **more,
    }


def imports(tour):
    material = os.urandom(32)
    key, other = tour.key(Origin="EXTERNAL"), tour.key(Origin="EXTERNAL")
    params = wrapped(tour, key, material)
    again = wrapped(tour, key, material)
    tour.note("differs", params["ImportToken"] != again["ImportToken"])
    tour("ImportKeyMaterial", **{**params, "KeyId": other})
    tour("ImportKeyMaterial", **wrapped(tour, other, os.urandom(16)))
    past = int((tour.ask.endpoint.clock.now() - timedelta(hours=1)).timestamp())
    tour("ImportKeyMaterial", **{**params, "KeyMaterialExpireUnix": past})
    tour.state(other)
    tour("ImportKeyMaterial", **params)
    tour.state(key)
    blob = tour("Encrypt", KeyId=key, Plaintext="aGk=")["CiphertextBlob"]
    tour("DeleteKeyMaterial", KeyId=key)
    tour.state(key)
    tour("ImportKeyMaterial", **wrapped(tour, key, os.urandom(32)))
    soon = int((tour.ask.endpoint.clock.now() + timedelta(hours=1)).timestamp())
    tour("ImportKeyMaterial", **{**params, "KeyMaterialExpireUnix": soon})
    tour("Decrypt", CiphertextBlob=blob)
    tour.advance(hours=2)
    tour.state(key)
    tour.advance(hours=30)
    tour("ImportKeyMaterial", **again)
    kms = tour.key()
    tour(
        "GetParametersForImport",
        KeyId=kms,
        WrappingKeySpec="RSA_2048",
        WrappingAlgorithm="RSAES_OAEP_SHA_256",
    )
