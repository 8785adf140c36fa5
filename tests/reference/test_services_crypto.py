"""Cryptography and imported material, judged with the `cryptography` package outside the endpoint."""

import base64
import hashlib
import os
import time
from datetime import timedelta

import pytest
from asking import Asker
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from conformance.reference.services.blob import Blob, bind_context, unpack
from conformance.reference.services.seed import SOFTWARE_INSTANCE

OAEP = {
    "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    "RSAES_PKCS1_V1_5": padding.PKCS1v15(),
}
BAD = (400, "InvalidParameter")


def b64(data):
    return base64.b64encode(data).decode()


def raw(text):
    return base64.b64decode(text, validate=True)


@pytest.fixture(scope="module")
def ask():
    return Asker()


@pytest.fixture(scope="module")
def key(ask):
    return ask.key()


@pytest.fixture(scope="module")
def wrapping_key():
    return rsa.generate_private_key(65537, 2048)


def spki(private_key):
    public = private_key.public_key()
    return b64(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_the_frame_and_the_context_equal_a_worked_blob():
    """The blob that two libraries agreed on: key 00..1f, IV 00..0b, a context of two members."""
    context = bind_context({"b": "2", "a": "1"})
    assert context.hex() == "8e85be58c1c372ac29fe7bfa80d8ddcbd04a4032c7b51c1c026d67c55b1ab23f"
    body = AESGCM(bytes(range(32))).encrypt(bytes(range(12)), b"aGVsbG8=", context)
    blob = Blob("00000000-0000-4000-8000-000000000001", bytes(range(12)), body)
    assert b64(blob.pack()) == (
        "MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxAAECAwQFBgcICQoLJkWAaKei+ibROVDGz1319ZJb"
        "em3TU9Vk"
    )
    assert unpack(blob.pack()) == blob


@pytest.mark.parametrize("text", ["aGVsbG8=", "plaintext", "naïve ünïcode", "QQ", "a+b/c=="])
def test_a_text_comes_back_as_it_was_sent(ask, key, text):
    sealed = ask("Encrypt", KeyId=key, Plaintext=text)
    opened = ask("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == text
    assert opened["KeyId"] == sealed["KeyId"] == key
    assert opened["KeyVersionId"] == sealed["KeyVersionId"]
    blob = unpack(raw(sealed["CiphertextBlob"]))
    assert blob.version_id == sealed["KeyVersionId"]
    assert len(blob.body) == len(text.encode()) + 16


def test_encrypting_twice_differs(ask, key):
    blobs = {ask("Encrypt", KeyId=key, Plaintext="aGk=")["CiphertextBlob"] for _ in range(20)}
    assert len(blobs) == 20
    assert len({unpack(raw(blob)).iv for blob in blobs}) == 20


def test_six_kilobytes_is_the_limit(ask, key):
    ask("Encrypt", KeyId=key, Plaintext=b64(b"x" * 6144))
    assert ask.refused("Encrypt", KeyId=key, Plaintext=b64(b"x" * 6145)) == BAD
    assert ask.refused("Encrypt", KeyId=key, Plaintext="x" * 6145 + "!") == BAD


def test_a_context_is_a_map_and_is_bound(ask, key):
    context = {"b": "2", "a": "1"}
    blob = ask("Encrypt", KeyId=key, Plaintext="aGk=", EncryptionContext=context)
    sealed = blob["CiphertextBlob"]
    same = {"a": "1", "b": "2"}
    assert ask("Decrypt", CiphertextBlob=sealed, EncryptionContext=same)["Plaintext"] == "aGk="
    for other in ({}, {"a": "1"}, {"a": "1", "b": "3"}, {"a": "1", "c": "2"}, {**context, "c": ""}):
        assert ask.refused("Decrypt", CiphertextBlob=sealed, EncryptionContext=other) == BAD
    assert ask.refused("Decrypt", CiphertextBlob=sealed) == BAD
    plain = ask("Encrypt", KeyId=key, Plaintext="aGk=", EncryptionContext={})["CiphertextBlob"]
    assert ask("Decrypt", CiphertextBlob=plain)["Plaintext"] == "aGk="
    assert ask.refused("Decrypt", CiphertextBlob=plain, EncryptionContext=context) == BAD


def test_a_changed_blob_does_not_open(ask, key):
    sealed = raw(ask("Encrypt", KeyId=key, Plaintext="aGVsbG8=")["CiphertextBlob"])
    for position in (40, 50, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[position] ^= 1
        assert ask.refused("Decrypt", CiphertextBlob=b64(bytes(changed))) == BAD
    assert ask.refused("Decrypt", CiphertextBlob=b64(sealed[:-1])) == BAD
    assert ask.refused("Decrypt", CiphertextBlob=b64(sealed + b"x")) == BAD
    assert ask.refused("Decrypt", CiphertextBlob=b64(sealed[:40])) == BAD
    assert ask.refused("Decrypt", CiphertextBlob=b64(b"\xff" * 80)) == BAD
    elsewhere = b"0" * 36 + sealed[36:]
    refusal = ask.refused("Decrypt", CiphertextBlob=b64(elsewhere))
    assert refusal == (404, "Forbidden.KeyNotFound")


@pytest.mark.parametrize(
    ("params", "length"),
    [
        ({}, 32),
        ({"KeySpec": "AES_256"}, 32),
        ({"KeySpec": "AES_128"}, 16),
        ({"NumberOfBytes": 1}, 1),
        ({"NumberOfBytes": 1024}, 1024),
        ({"NumberOfBytes": 24, "KeySpec": "AES_256"}, 24),
    ],
)
def test_data_keys_have_the_length_asked_for(ask, key, params, length):
    made = ask("GenerateDataKey", KeyId=key, EncryptionContext={"a": "b"}, **params)
    assert len(raw(made["Plaintext"])) == length
    opened = ask("Decrypt", CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["Plaintext"]
    without = ask("GenerateDataKeyWithoutPlaintext", KeyId=key, **params)
    assert "Plaintext" not in without
    hidden = ask("Decrypt", CiphertextBlob=without["CiphertextBlob"])["Plaintext"]
    assert len(raw(hidden)) == length


@pytest.mark.parametrize("name", ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"])
def test_data_keys_are_exported_under_a_public_key(ask, key, wrapping_key, name):
    wrapping = {
        "PublicKeyBlob": spki(wrapping_key),
        "WrappingKeySpec": "RSA_2048",
        "WrappingAlgorithm": name,
    }
    made = ask("GenerateAndExportDataKey", KeyId=key, **wrapping)
    inside = ask("Decrypt", CiphertextBlob=made["CiphertextBlob"])["Plaintext"]
    outside = wrapping_key.decrypt(raw(made["ExportedDataKey"]), OAEP[name])
    assert b64(outside) == inside
    again = ask("ExportDataKey", CiphertextBlob=made["CiphertextBlob"], **wrapping)
    assert wrapping_key.decrypt(raw(again["ExportedDataKey"]), OAEP[name]) == outside
    assert again["KeyId"] == key
    long = ask.refused("GenerateAndExportDataKey", KeyId=key, NumberOfBytes=1024, **wrapping)
    assert long == BAD
    for blob in (
        b64(b"junk"),
        spki(ec.generate_private_key(ec.SECP256R1())),
        b64(raw(wrapping["PublicKeyBlob"]) + b"x"),
    ):
        other = {**wrapping, "PublicKeyBlob": blob}
        assert ask.refused("GenerateAndExportDataKey", KeyId=key, **other) == BAD
    sm2 = {**wrapping, "WrappingKeySpec": "EC_SM2", "WrappingAlgorithm": "SM2PKE"}
    assert ask.refused("GenerateAndExportDataKey", KeyId=key, **sm2) == BAD


def test_reencrypt_moves_a_blob_and_binds_the_new_context(ask, key):
    other = ask.key()
    source = ask("Encrypt", KeyId=key, Plaintext="c2VjcmV0", EncryptionContext={"a": "1"})
    moved = ask(
        "ReEncrypt",
        CiphertextBlob=source["CiphertextBlob"],
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other,
        DestinationEncryptionContext={"b": "2"},
    )
    opened = ask("Decrypt", CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (opened["KeyId"], opened["Plaintext"]) == (other, "c2VjcmV0")
    assert moved["KeyId"] == key
    assert ask.refused("Decrypt", CiphertextBlob=moved["CiphertextBlob"]) == BAD
    refusal = ask.refused(
        "ReEncrypt", CiphertextBlob=source["CiphertextBlob"], DestinationKeyId=other
    )
    assert refusal == BAD
    still = ask("Decrypt", CiphertextBlob=source["CiphertextBlob"], EncryptionContext={"a": "1"})
    assert still["Plaintext"] == "c2VjcmV0"


@pytest.fixture(scope="module")
def pairs(ask):
    made = {}
    for spec, usage in [
        ("RSA_2048", "SIGN/VERIFY"),
        ("RSA_2048", "ENCRYPT/DECRYPT"),
        ("EC_P256", "SIGN/VERIFY"),
        ("EC_P256K", "SIGN/VERIFY"),
    ]:
        key_id = ask.key(KeySpec=spec, KeyUsage=usage)
        made[spec, usage] = {"KeyId": key_id, "KeyVersionId": ask.versions(key_id)[0]}
    return made


def public_key(ask, pair):
    return load_pem_public_key(ask("GetPublicKey", **pair)["PublicKey"].encode())


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("RSA_2048", "RSA_PSS_SHA_256"),
        ("RSA_2048", "RSA_PKCS1_SHA_256"),
        ("EC_P256", "ECDSA_SHA_256"),
        ("EC_P256K", "ECDSA_SHA_256"),
    ],
)
def test_signatures_verify_outside_and_inside(ask, pairs, spec, name):
    pair = pairs[spec, "SIGN/VERIFY"]
    digest = hashlib.sha256(b"message").digest()
    params = {**pair, "Algorithm": name, "Digest": b64(digest)}
    signature = raw(ask("AsymmetricSign", **params)["Value"])
    outside = public_key(ask, pair)
    schemes = {
        "RSA_PSS_SHA_256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
        "RSA_PKCS1_SHA_256": padding.PKCS1v15(),
    }
    prehashed = Prehashed(hashes.SHA256())
    if spec == "RSA_2048":
        outside.verify(signature, digest, schemes[name], prehashed)
    else:
        assert outside.curve.name == {"EC_P256": "secp256r1", "EC_P256K": "secp256k1"}[spec]
        outside.verify(signature, digest, ec.ECDSA(prehashed))
        with pytest.raises(InvalidSignature):
            outside.verify(signature, os.urandom(32), ec.ECDSA(prehashed))
    assert ask("AsymmetricVerify", **params, Value=b64(signature))["Value"] is True
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    assert ask("AsymmetricVerify", **params, Value=b64(flipped))["Value"] is False
    assert ask("AsymmetricVerify", **params, Value=b64(b"x"))["Value"] is False
    other = {**params, "Digest": b64(os.urandom(32))}
    assert ask("AsymmetricVerify", **other, Value=b64(signature))["Value"] is False


@pytest.mark.parametrize("name", ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"])
def test_rsa_encryption_meets_the_outside_world(ask, pairs, name):
    pair = {**pairs["RSA_2048", "ENCRYPT/DECRYPT"], "Algorithm": name}
    longest = {"RSAES_OAEP_SHA_256": 190, "RSAES_OAEP_SHA_1": 214}[name]
    text = os.urandom(longest)
    made = public_key(ask, pairs["RSA_2048", "ENCRYPT/DECRYPT"]).encrypt(text, OAEP[name])
    assert raw(ask("AsymmetricDecrypt", **pair, CiphertextBlob=b64(made))["Plaintext"]) == text
    inside = ask("AsymmetricEncrypt", **pair, Plaintext=b64(text))["CiphertextBlob"]
    assert raw(ask("AsymmetricDecrypt", **pair, CiphertextBlob=inside)["Plaintext"]) == text
    assert ask.refused("AsymmetricEncrypt", **pair, Plaintext=b64(text + b"x")) == BAD
    other = {**pair, "Algorithm": next(row for row in OAEP if row != name)}
    assert ask.refused("AsymmetricDecrypt", **other, CiphertextBlob=inside) == BAD
    assert ask.refused("AsymmetricDecrypt", **pair, CiphertextBlob=b64(b"junk")) == BAD


def test_reencrypt_takes_data_from_outside(ask, key, pairs):
    pair = pairs["RSA_2048", "ENCRYPT/DECRYPT"]
    made = public_key(ask, pair).encrypt(b"from outside", OAEP["RSAES_OAEP_SHA_256"])
    moved = ask(
        "ReEncrypt",
        CiphertextBlob=b64(made),
        SourceKeyId=pair["KeyId"],
        SourceKeyVersionId=pair["KeyVersionId"],
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
        DestinationKeyId=key,
    )
    opened = ask("Decrypt", CiphertextBlob=moved["CiphertextBlob"])
    assert raw(opened["Plaintext"]) == b"from outside"
    refusal = ask.refused(
        "ReEncrypt", CiphertextBlob=b64(made), SourceKeyId=pair["KeyId"], DestinationKeyId=key
    )
    assert refusal == (400, "MissingParameter")


def test_usage_kind_and_algorithm_must_suit_the_key(ask, key, pairs):
    digest = b64(os.urandom(32))
    encrypts, signs = pairs["RSA_2048", "ENCRYPT/DECRYPT"], pairs["RSA_2048", "SIGN/VERIFY"]
    unsupported = (400, "Rejected.UnsupportedOperation")
    pss = {"Algorithm": "RSA_PSS_SHA_256", "Digest": digest}
    oaep = {"Algorithm": "RSAES_OAEP_SHA_256", "Plaintext": "aGk="}
    assert ask.refused("AsymmetricSign", **encrypts, **pss) == unsupported
    assert ask.refused("AsymmetricEncrypt", **signs, **oaep) == unsupported
    assert ask.refused("Encrypt", KeyId=signs["KeyId"], Plaintext="aGk=") == unsupported
    assert ask.refused("GenerateDataKey", KeyId=encrypts["KeyId"]) == unsupported
    symmetric = {"KeyId": key, "KeyVersionId": ask.versions(key)[0]}
    assert ask.refused("AsymmetricSign", **symmetric, **pss) == unsupported
    assert ask.refused("GetPublicKey", **symmetric) == unsupported
    ecdsa = {**pss, "Algorithm": "ECDSA_SHA_256"}
    assert ask.refused("AsymmetricSign", **signs, **ecdsa) == BAD
    assert ask.refused("AsymmetricSign", **signs, **{**pss, "Digest": b64(b"x" * 20)}) == BAD
    elsewhere = {**signs, "KeyVersionId": encrypts["KeyVersionId"]}
    assert ask.refused("AsymmetricSign", **elsewhere, **pss) == (
        404,
        "Forbidden.KeyVersionNotFound",
    )


@pytest.mark.parametrize(
    ("name", "hash_", "length"),
    [
        ("HMAC_SHA_224", hashes.SHA224(), 28),
        ("HMAC_SHA_256", hashes.SHA256(), 32),
        ("HMAC_SHA_384", hashes.SHA384(), 48),
        ("HMAC_SHA_512", hashes.SHA512(), 64),
        ("HMAC_SM3", hashes.SM3(), 32),
    ],
)
def test_macs_are_hmacs_of_the_named_hash(ask, name, hash_, length):
    mac_key = ask.key(KeySpec=name, DKMSInstanceId=SOFTWARE_INSTANCE)
    params = {"KeyId": mac_key, "Algorithm": name, "Message": b64(b"message")}
    made = raw(ask("GenerateMac", **params)["Mac"])
    (version,) = ask.account.keys[mac_key].versions.values()
    right = hmac.HMAC(version.material, hash_)
    right.update(b"message")
    assert made == right.finalize()
    assert len(made) == length
    assert ask("VerifyMac", **params, Mac=b64(made))["Value"] is True
    assert ask("VerifyMac", **params, Mac=b64(made[:-1]))["Value"] is False
    other = {**params, "Message": b64(b"messagf")}
    assert ask("VerifyMac", **other, Mac=b64(made))["Value"] is False
    wrong = {**params, "Algorithm": "HMAC_SM3" if name != "HMAC_SM3" else "HMAC_SHA_256"}
    assert ask.refused("GenerateMac", **wrong) == BAD


@pytest.mark.parametrize("operation", ["Encrypt", "GenerateDataKey"])
def test_a_dry_run_always_fails(ask, key, operation):
    more = {"Plaintext": "aGk="} if operation == "Encrypt" else {}
    assert ask.refused(operation, KeyId=key, DryRun="true", **more)[1] == "DryRunOperationError"
    ask(operation, KeyId=key, DryRun="false", **more)
    gone = ask.refused(operation, KeyId="no-key", DryRun="true", **more)
    assert gone == (404, "Forbidden.KeyNotFound")


def wrapped(ask, key_id, material, name="RSAES_OAEP_SHA_256", **more):
    given = ask(
        "GetParametersForImport", KeyId=key_id, WrappingKeySpec="RSA_2048", WrappingAlgorithm=name
    )
    public = load_der_public_key(raw(given["PublicKey"]))
    return {
        "KeyId": key_id,
        "ImportToken": given["ImportToken"],
        "EncryptedKeyMaterial": b64(public.encrypt(material, OAEP[name])),
        "KeyMaterialExpireUnix": 0,
        **more,
    }


@pytest.mark.parametrize("name", sorted(OAEP))
def test_imported_material_encrypts_as_the_frame_says(ask, name):
    material = os.urandom(32)
    key_id = ask.key(Origin="EXTERNAL")
    refusal = ask.refused("Encrypt", KeyId=key_id, Plaintext="aGk=")
    assert refusal == (409, "Rejected.PendingImport")
    ask("ImportKeyMaterial", **wrapped(ask, key_id, material, name))
    shown = ask.describe(key_id)
    assert (shown["KeyState"], shown["MaterialExpireTime"]) == ("Enabled", "")
    sealed = ask("Encrypt", KeyId=key_id, Plaintext="aGk=", EncryptionContext={"a": "1"})
    blob = unpack(raw(sealed["CiphertextBlob"]))
    context = hashlib.sha256(b"a=1").digest()
    assert AESGCM(material).decrypt(blob.iv, blob.body, context) == b"aGk="


def test_a_key_is_bound_to_its_material_and_opens_old_blobs_again(ask):
    material = os.urandom(32)
    key_id = ask.key(Origin="EXTERNAL")
    ask("ImportKeyMaterial", **wrapped(ask, key_id, material))
    blob = ask("Encrypt", KeyId=key_id, Plaintext="aGk=")["CiphertextBlob"]
    ask("DeleteKeyMaterial", KeyId=key_id)
    assert ask.describe(key_id)["KeyState"] == "PendingImport"
    assert ask.refused("Decrypt", CiphertextBlob=blob) == (409, "Rejected.PendingImport")
    other = wrapped(ask, key_id, os.urandom(32))
    assert ask.refused("ImportKeyMaterial", **other) == (400, "InvalidKeyMaterial")
    again = wrapped(ask, key_id, material)
    ask("ImportKeyMaterial", **again)
    assert ask("Decrypt", CiphertextBlob=blob)["Plaintext"] == "aGk="
    ask("ImportKeyMaterial", **again)


def test_material_in_two_keys_stays_apart(ask):
    material, keys = os.urandom(32), [ask.key(Origin="EXTERNAL") for _ in range(2)]
    for key_id in keys:
        ask("ImportKeyMaterial", **wrapped(ask, key_id, material))
    blob = ask("Encrypt", KeyId=keys[0], Plaintext="aGk=")["CiphertextBlob"]
    assert ask("Decrypt", CiphertextBlob=blob)["KeyId"] == keys[0]


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_material_of_another_length_is_refused(ask, length):
    key_id = ask.key(Origin="EXTERNAL")
    params = wrapped(ask, key_id, os.urandom(length))
    assert ask.refused("ImportKeyMaterial", **params) == (400, "InvalidKeyMaterial")
    assert ask.describe(key_id)["KeyState"] == "PendingImport"


def test_tokens_belong_to_one_key_and_one_day():
    ask = Asker()
    one, two = ask.key(Origin="EXTERNAL"), ask.key(Origin="EXTERNAL")
    params = wrapped(ask, one, os.urandom(32))
    for change in ({"KeyId": two}, {"ImportToken": b64(b"invented")}):
        refusal = ask.refused("ImportKeyMaterial", **{**params, **change})
        assert refusal == (400, "InvalidImportToken")
    past = {**params, "KeyMaterialExpireUnix": int(time.time()) - 60}
    assert ask.refused("ImportKeyMaterial", **past) == BAD
    assert ask.refused("ImportKeyMaterial", **{**params, "KeyMaterialExpireUnix": 10**18}) == BAD
    ask.advance(hours=24, seconds=1)
    assert ask.refused("ImportKeyMaterial", **params) == (400, "ExpiredImportToken")


def test_material_expires_by_the_clock():
    ask = Asker()
    key_id = ask.key(Origin="EXTERNAL")
    later = ask.endpoint.clock.now() + timedelta(days=1)
    params = wrapped(ask, key_id, os.urandom(32), KeyMaterialExpireUnix=int(later.timestamp()))
    ask("ImportKeyMaterial", **params)
    assert ask.describe(key_id)["MaterialExpireTime"] != ""
    ask.advance(days=1, seconds=1)
    assert ask.describe(key_id)["KeyState"] == "PendingImport"
    assert ask.refused("Encrypt", KeyId=key_id, Plaintext="aGk=")[1] == "Rejected.PendingImport"


def test_material_of_kms_is_not_imported(ask, key):
    common = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_256"}
    refusal = ask.refused("GetParametersForImport", KeyId=key, **common)
    assert refusal == (400, "Unsupported.Origin")
    assert ask.refused("DeleteKeyMaterial", KeyId=key) == (400, "Unsupported.Origin")
    inside = ask.key(Origin="EXTERNAL", DKMSInstanceId=SOFTWARE_INSTANCE)
    old = {**common, "WrappingAlgorithm": "RSAES_OAEP_SHA_1"}
    assert ask.refused("GetParametersForImport", KeyId=inside, **old) == BAD
    mixed = {**common, "WrappingAlgorithm": "SM2PKE"}
    assert ask.refused("GetParametersForImport", KeyId=inside, **mixed) == BAD


def test_two_import_parameters_never_agree(ask):
    key_id = ask.key(Origin="EXTERNAL")
    answers = [
        ask(
            "GetParametersForImport",
            KeyId=key_id,
            WrappingKeySpec="RSA_2048",
            WrappingAlgorithm="RSAES_OAEP_SHA_256",
        )
        for _ in range(2)
    ]
    assert answers[0]["PublicKey"] != answers[1]["PublicKey"]
    assert answers[0]["ImportToken"] != answers[1]["ImportToken"]
