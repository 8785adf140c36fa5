"""Walks through cryptography, judged outside the endpoint."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from touring import OAEP, OUTSIDE_KEY, b64, raw

from conformance.reference.services.seed import SOFTWARE_INSTANCE


def symmetric(tour):
    key, other = tour.key(), tour.key()
    labels = {key: "key", other: "other"}
    context = {"b": "2", "a": "1"}
    made = tour("Encrypt", KeyId=key, Plaintext="aGVsbG8=", EncryptionContext=context)
    blob = made["CiphertextBlob"]
    again = tour("Encrypt", KeyId=key, Plaintext="aGVsbG8=", EncryptionContext=context)
    tour.note("differs", blob != again["CiphertextBlob"])
    tour.note("hidden", b"aGVsbG8=" not in raw(blob) and b"hello" not in raw(blob))

    def opened(body):
        own = body["KeyVersionId"] == made["KeyVersionId"]
        return body["Plaintext"], labels.get(body["KeyId"], "unknown"), own

    for given in (context, {"a": "1", "b": "2"}, {}, {"a": "1"}, {"b": "2", "a": "3"}):
        tour("Decrypt", take=opened, CiphertextBlob=blob, EncryptionContext=given)
    flipped = bytearray(raw(blob))
    flipped[-20] ^= 1
    tour("Decrypt", CiphertextBlob=b64(bytes(flipped)), EncryptionContext=context)
    for text in ("a b  ", b64(bytes(4096)), b64(bytes(6144))):
        plain = tour("Encrypt", KeyId=key, Plaintext=text)
        tour(
            "Decrypt",
            take=lambda body, text=text: body["Plaintext"] == text,
            CiphertextBlob=plain.get("CiphertextBlob", "QQ=="),
        )
    tour("Encrypt", KeyId=key, Plaintext="aGk=", DryRun="true")
    moved = tour(
        "ReEncrypt",
        CiphertextBlob=blob,
        SourceEncryptionContext=context,
        DestinationKeyId=other,
        DestinationEncryptionContext={"c": "3"},
    )
    for given in ({"c": "3"}, {}):
        tour(
            "Decrypt",
            take=lambda body: (body["Plaintext"], labels.get(body["KeyId"])),
            CiphertextBlob=moved["CiphertextBlob"],
            EncryptionContext=given,
        )


def data_keys(tour):
    key = tour.key()
    for params in (
        {},
        {"KeySpec": "AES_128"},
        {"NumberOfBytes": 100},
        {"NumberOfBytes": 100, "KeySpec": "AES_128"},
    ):
        keys = [
            tour("GenerateDataKey", KeyId=key, EncryptionContext={"a": "1"}, **params)
            for _ in range(2)
        ]
        plain = [raw(made["Plaintext"]) for made in keys]
        tour.note("length", [len(data) for data in plain])
        tour.note("differ", plain[0] != plain[1])
        tour.note("random", any(plain[0][-8:]))
        for given in ({"a": "1"}, {}):
            tour(
                "Decrypt",
                take=lambda body, plain=plain: raw(body["Plaintext"]) == plain[0],
                CiphertextBlob=keys[0]["CiphertextBlob"],
                EncryptionContext=given,
            )
        tour("GenerateDataKeyWithoutPlaintext", KeyId=key, **params)
    tour("GenerateDataKey", KeyId=tour.key(KeySpec="EC_P256"))
    public = OUTSIDE_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    wrapping = {
        "PublicKeyBlob": b64(public),
        "WrappingKeySpec": "RSA_2048",
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
    }
    made = tour("GenerateAndExportDataKey", KeyId=key, **wrapping)
    again = tour("ExportDataKey", CiphertextBlob=made["CiphertextBlob"], **wrapping)
    text = tour("Decrypt", CiphertextBlob=made["CiphertextBlob"])["Plaintext"]
    for answer in (made, again):
        try:
            exported = OUTSIDE_KEY.decrypt(
                raw(answer["ExportedDataKey"]), OAEP["RSAES_OAEP_SHA_256"]
            )
        except ValueError:
            tour.note("exported", "does not open")
        else:
            tour.note("exported", b64(exported) == text)


def macs(tour):
    keys = [tour.key(KeySpec="HMAC_SHA_256", DKMSInstanceId=SOFTWARE_INSTANCE) for _ in range(2)]
    made = []
    for key in keys:
        params = {"KeyId": key, "Algorithm": "HMAC_SHA_256", "Message": b64(b"message")}
        mac = raw(tour("GenerateMac", **params)["Mac"])
        tour.note("length", len(mac))
        made.append(mac)
        for given in (mac, mac[:-1], bytes(len(mac))):
            tour("VerifyMac", take=lambda body: body["Value"], Mac=b64(given), **params)
    tour.note("differ", made[0] != made[1])
    long = [
        raw(tour("GenerateMac", **{**params, "Message": b64(b"m" * 3_000 + end)})["Mac"])
        for end in (b"a", b"b")
    ]
    tour.note("differ by the end", long[0] != long[1])


def verifies(tour, public, algorithm, digest, signature):
    prehashed = Prehashed(hashes.SHA256())
    schemes = {
        "RSA_PSS_SHA_256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
        "RSA_PKCS1_SHA_256": padding.PKCS1v15(),
    }
    try:
        if algorithm == "ECDSA_SHA_256":
            decode_dss_signature(signature)
            public.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            public.verify(signature, digest, schemes[algorithm], prehashed)
    except (InvalidSignature, ValueError, TypeError):
        tour.note("outside", False)
    else:
        tour.note("outside", True)


def signing(tour):
    digest = hashlib.sha256(b"message").digest()
    for spec, algorithms in (
        ("RSA_2048", ("RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256")),
        ("EC_P256", ("ECDSA_SHA_256",)),
    ):
        key = tour.key(KeySpec=spec, KeyUsage="SIGN/VERIFY")
        version = tour.versions(key)[0]
        for name in algorithms:
            pair = {"KeyId": key, "KeyVersionId": version, "Algorithm": name}
            params = {**pair, "Digest": b64(digest)}
            signature = raw(tour("AsymmetricSign", **params)["Value"])
            pem = tour("GetPublicKey", KeyId=key, KeyVersionId=version).get("PublicKey", "")
            verifies(tour, load_pem_public_key(pem.encode()), name, digest, signature)
            for given in (signature, bytes(len(signature))):
                tour(
                    "AsymmetricVerify", take=lambda body: body["Value"], Value=b64(given), **params
                )
            tour("AsymmetricSign", **pair, Digest=b64(bytes(20)))
        tour("AsymmetricSign", **{**params, "KeyVersionId": "no-version"})
    tour.advance(days=8)
    tour("CreateKeyVersion", KeyId=key)
    first, _ = tour.versions(key)
    signature = raw(tour("AsymmetricSign", **{**params, "KeyVersionId": first})["Value"])
    pem = tour("GetPublicKey", KeyId=key, KeyVersionId=first)["PublicKey"]
    verifies(tour, load_pem_public_key(pem.encode()), "ECDSA_SHA_256", digest, signature)


def rsa_encryption(tour):
    key = tour.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT/DECRYPT")
    pair = {"KeyId": key, "KeyVersionId": tour.versions(key)[0]}
    for name, scheme in OAEP.items():
        params = {**pair, "Algorithm": name}
        pem = tour("GetPublicKey", **pair).get("PublicKey", "")
        outside = load_pem_public_key(pem.encode()).encrypt(b"outside", scheme)
        inside = tour("AsymmetricEncrypt", Plaintext=b64(b"inside"), **params)["CiphertextBlob"]
        for blob in (b64(outside), inside):
            tour(
                "AsymmetricDecrypt",
                take=lambda body: raw(body["Plaintext"]),
                CiphertextBlob=blob,
                **params,
            )
        tour("AsymmetricEncrypt", Plaintext=b64(bytes(215)), **params)
    tour("AsymmetricSign", **pair, Algorithm="RSA_PSS_SHA_256", Digest=b64(bytes(32)))
