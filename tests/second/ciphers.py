"""Cryptography of the second endpoint."""

import base64
import json
import secrets
from typing import Any

from core import (
    Answer,
    Params,
    Refused,
    Store,
    choice,
    from_json,
    invalid,
    needed,
    operation,
    private_key,
    symmetric,
    unbase64,
    whole,
)
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from keys import newest, version_named


def context_of(params: Params, name: str = "EncryptionContext") -> bytes:
    context = from_json(params, name, dict) or {}
    if not all(isinstance(value, str) for value in context.values()):
        raise invalid(name)
    if len(params.get(name, "")) > 8192:
        raise invalid(name)
    return json.dumps(context, sort_keys=True).encode()


def seal(key: Any, data: bytes, context: bytes) -> str:
    version = newest(key)
    head = version["id"].encode() + secrets.token_bytes(12)
    box = AESGCM(bytes.fromhex(version["material"])).encrypt(head[36:], data, context)
    return base64.b64encode(head + box).decode()


def unseal(store: Store, params: Params, context: bytes) -> tuple[Any, bytes]:
    blob = unbase64(params, "CiphertextBlob")
    for found in store.all("key"):
        for version in found["versions"]:
            if version["id"].encode() != blob[:36]:
                continue
            key = store.usable(found["id"])
            material = AESGCM(bytes.fromhex(version["material"]))
            try:
                data = material.decrypt(blob[36:48], blob[48:], context)
            except (InvalidTag, ValueError):
                raise invalid("CiphertextBlob") from None
            return {**key, "used": version["id"]}, data
    raise invalid("CiphertextBlob")


def named(key: Any, **more: Any) -> Answer:
    used = key.get("used") or newest(key)["id"]
    return {"KeyId": key["id"], "KeyVersionId": used, **more}


@operation
def encrypt(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    data, context = unbase64(params, "Plaintext"), context_of(params)
    if len(data) > 6144:
        raise invalid("Plaintext")
    key = symmetric(store, params["KeyId"])
    return named(key, CiphertextBlob=seal(key, data, context))


@operation
def decrypt(store: Store, params: Params) -> Answer:
    key, data = unseal(store, params, context_of(params))
    return named(key, Plaintext=base64.b64encode(data).decode())


@operation
def reencrypt(store: Store, params: Params) -> Answer:
    needed(params, "DestinationKeyId")
    given = {name: params[name] for name in params if name in ("SourceKeyId", "SourceKeyVersionId")}
    algorithm = choice(
        params, "SourceEncryptionAlgorithm", ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1")
    )
    if given and algorithm:
        box = unbase64(params, "CiphertextBlob")
        named_so = {"KeyId": needed(params, "SourceKeyId"), "Algorithm": algorithm}
        named_so["KeyVersionId"] = needed(params, "SourceKeyVersionId")
        source = pair(store, named_so, "ENCRYPT/DECRYPT")
        try:
            data = private_key(source).decrypt(box, oaep(source, named_so))
        except ValueError:
            raise invalid("CiphertextBlob") from None
    else:
        source, data = unseal(store, params, context_of(params, "SourceEncryptionContext"))
    context = context_of(params, "DestinationEncryptionContext")
    target = symmetric(store, params["DestinationKeyId"])
    return named(source, CiphertextBlob=seal(target, data, context))


def data_key(store: Store, params: Params) -> tuple[Any, bytes, str]:
    spec = choice(params, "KeySpec", ("AES_256", "AES_128"), "AES_256")
    size = whole(params, "NumberOfBytes", 1, 1024, 32 if spec == "AES_256" else 16)
    context = context_of(params)
    key = symmetric(store, needed(params, "KeyId"))
    plain = secrets.token_bytes(size)
    return key, plain, seal(key, plain, context)


@operation
def generate_data_key(store: Store, params: Params) -> Answer:
    key, plain, blob = data_key(store, params)
    return named(key, CiphertextBlob=blob, Plaintext=base64.b64encode(plain).decode())


@operation
def generate_data_key_without_plaintext(store: Store, params: Params) -> Answer:
    key, _, blob = data_key(store, params)
    return named(key, CiphertextBlob=blob)


def pair(store: Store, params: Params, usage: str) -> Any:
    needed(params, "KeyVersionId")
    key = store.usable(needed(params, "KeyId"))
    if key["spec"] == "Aliyun_AES_256" or (usage and key["usage"] != usage):
        raise Refused(400, "UnsupportedOperation")
    return {**key, "used": version_named(key, params["KeyVersionId"])["id"]}


def signature_scheme(key: Any, params: Params) -> tuple[Any, ...]:
    wanted = needed(params, "Algorithm")
    digest = utils.Prehashed(hashes.SHA256())
    if key["spec"].startswith("EC") and wanted == "ECDSA_SHA_256":
        return (ec.ECDSA(digest),)
    if key["spec"].startswith("RSA") and wanted == "RSA_PSS_SHA_256":
        return padding.PSS(padding.MGF1(hashes.SHA256()), 32), digest
    if key["spec"].startswith("RSA") and wanted == "RSA_PKCS1_SHA_256":
        return padding.PKCS1v15(), digest
    raise invalid("Algorithm")


@operation
def asymmetric_sign(store: Store, params: Params) -> Answer:
    digest = unbase64(params, "Digest")
    key = pair(store, params, "SIGN/VERIFY")
    scheme = signature_scheme(key, params)
    if len(digest) != 32:
        raise invalid("Digest")
    return named(key, Value=base64.b64encode(private_key(key).sign(digest, *scheme)).decode())


@operation
def asymmetric_verify(store: Store, params: Params) -> Answer:
    digest, value = unbase64(params, "Digest"), unbase64(params, "Value")
    key = pair(store, params, "SIGN/VERIFY")
    scheme = signature_scheme(key, params)
    if len(digest) != 32:
        raise invalid("Digest")
    try:
        private_key(key).public_key().verify(value, digest, *scheme)
    except InvalidSignature:
        return named(key, Value=False)
    return named(key, Value=True)


def oaep(key: Any, params: Params) -> padding.OAEP:
    kinds = {"RSAES_OAEP_SHA_256": hashes.SHA256(), "RSAES_OAEP_SHA_1": hashes.SHA1()}
    wanted = needed(params, "Algorithm")
    if wanted not in kinds or not key["spec"].startswith("RSA"):
        raise invalid("Algorithm")
    return padding.OAEP(padding.MGF1(kinds[wanted]), kinds[wanted], None)


@operation
def asymmetric_encrypt(store: Store, params: Params) -> Answer:
    data = unbase64(params, "Plaintext")
    key = pair(store, params, "ENCRYPT/DECRYPT")
    try:
        box = private_key(key).public_key().encrypt(data, oaep(key, params))
    except ValueError:
        raise invalid("Plaintext") from None
    return named(key, CiphertextBlob=base64.b64encode(box).decode())


@operation
def asymmetric_decrypt(store: Store, params: Params) -> Answer:
    box = unbase64(params, "CiphertextBlob")
    key = pair(store, params, "ENCRYPT/DECRYPT")
    try:
        data = private_key(key).decrypt(box, oaep(key, params))
    except ValueError:
        raise invalid("CiphertextBlob") from None
    return named(key, Plaintext=base64.b64encode(data).decode())


@operation
def get_public_key(store: Store, params: Params) -> Answer:
    key = pair(store, params, "")
    pem = (
        private_key(key)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return named(key, PublicKey=pem.decode())
