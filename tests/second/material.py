"""Imported material of the second endpoint."""

import base64
import hashlib
import secrets
from collections import deque
from datetime import timedelta
from typing import Any

from core import (
    Answer,
    Params,
    Refused,
    Store,
    choice,
    invalid,
    needed,
    now,
    operation,
    stamp,
    unbase64,
    whole,
)
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

WRAPPINGS = {
    "RSAES_PKCS1_V1_5": padding.PKCS1v15(),
    "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}


PAIRS: deque[rsa.RSAPrivateKey] = deque()


def next_pair() -> rsa.RSAPrivateKey:
    """Another pair than the last seven times; making each anew takes half of a run."""
    if len(PAIRS) < 8:
        PAIRS.append(rsa.generate_private_key(65537, 2048))
    PAIRS.rotate()
    return PAIRS[0]


def external(store: Store, params: Params) -> Any:
    key = store.key(needed(params, "KeyId"), alias=False)
    if key["origin"] != "EXTERNAL":
        raise Refused(400, "Unsupported.Origin")
    return key


@operation
def get_parameters_for_import(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    needed(params, "WrappingAlgorithm")
    needed(params, "WrappingKeySpec")
    algorithm = choice(params, "WrappingAlgorithm", tuple(WRAPPINGS))
    choice(params, "WrappingKeySpec", ("RSA_2048",))
    key = external(store, params)
    private = next_pair()
    token = base64.b64encode(secrets.token_bytes(48)).decode()
    expires = stamp(now() + timedelta(hours=24))
    body = {"key": key["id"], "algorithm": algorithm, "expires": expires}
    body["private"] = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    store.put("token", token, body)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "KeyId": key["id"],
        "ImportToken": token,
        "PublicKey": base64.b64encode(public).decode(),
        "TokenExpireTime": expires,
    }


@operation
def import_key_material(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    wrapped = unbase64(params, "EncryptedKeyMaterial")
    unbase64(params, "ImportToken")
    until = whole(params, "KeyMaterialExpireUnix", 0, 9999999999, 0)
    key = external(store, params)
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.StateModifiedFailed")
    token = store.get("token", params["ImportToken"])
    if token is None or token["key"] != key["id"]:
        raise Refused(400, "InvalidImportToken")
    if token["expires"] <= stamp(now()):
        raise Refused(400, "ExpiredImportToken")
    if until and until <= now().timestamp():
        raise invalid("KeyMaterialExpireUnix")
    private: Any = serialization.load_pem_private_key(token["private"].encode(), None)
    try:
        plain = private.decrypt(wrapped, WRAPPINGS[token["algorithm"]])
    except ValueError:
        raise Refused(400, "InvalidKeyMaterial") from None
    digest = hashlib.sha256(plain).hexdigest()
    if len(plain) != 32 or key["bound"] not in ("", digest):
        raise Refused(400, "InvalidKeyMaterial")
    key["bound"] = digest
    key["versions"][-1]["material"] = plain.hex()
    key["expires"] = stamp(now() + timedelta(seconds=until - now().timestamp())) if until else ""
    if key["state"] == "PendingImport":
        key["state"] = "Enabled"
    store.put("key", key["id"], key)
    return {}


@operation
def delete_key_material(store: Store, params: Params) -> Answer:
    key = external(store, params)
    key["versions"][-1]["material"], key["expires"] = "", ""
    if key["state"] != "PendingDeletion":
        key["state"] = "PendingImport"
    store.put("key", key["id"], key)
    return {}
