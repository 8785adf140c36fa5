"""Data keys under foreign public keys, and many secrets at once, at the second endpoint."""

import base64
from typing import Any

import vault
from ciphers import context_of, data_key, named, unseal
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
    unbase64,
)
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def envelope(params: Params) -> Any:
    """What the public key of a request does to a plaintext."""
    for name in ("WrappingAlgorithm", "WrappingKeySpec"):
        needed(params, name)
    hashed = {"RSAES_OAEP_SHA_256": hashes.SHA256(), "RSAES_OAEP_SHA_1": hashes.SHA1()}
    wanted = choice(params, "WrappingAlgorithm", tuple(hashed))
    choice(params, "WrappingKeySpec", ("RSA_2048",))
    try:
        public = serialization.load_der_public_key(unbase64(params, "PublicKeyBlob"))
    except ValueError:
        raise invalid("PublicKeyBlob") from None
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size != 2048:
        raise invalid("PublicKeyBlob")
    how = padding.OAEP(padding.MGF1(hashed[wanted]), hashed[wanted], None)

    def wrap(data: bytes) -> str:
        try:
            return base64.b64encode(public.encrypt(data, how)).decode()
        except ValueError:
            raise invalid("NumberOfBytes") from None

    return wrap


@operation
def generate_and_export_data_key(store: Store, params: Params) -> Answer:
    wrap = envelope(params)
    key, plain, blob = data_key(store, params)
    return named(key, CiphertextBlob=blob, ExportedDataKey=wrap(plain))


@operation
def export_data_key(store: Store, params: Params) -> Answer:
    wrap = envelope(params)
    key, plain = unseal(store, params, context_of(params))
    return named(key, ExportedDataKey=wrap(plain))


@operation
def batch_get_secret_value(store: Store, params: Params) -> Answer:
    wanted = from_json(params, "SecretsList", list) or []
    if not 0 < len(wanted) <= 20 or not all(isinstance(one, dict) for one in wanted):
        raise invalid("SecretsList")
    names = [one.get("SecretName") for one in wanted]
    if len(set(map(str, names))) != len(names) or not all(
        isinstance(value, str) for one in wanted for value in one.values()
    ):
        raise invalid("SecretsList")
    found: list[Answer] = []
    missed: list[Answer] = []
    for one in wanted:
        try:
            found.append(vault.get_secret_value(store, one))
        except Refused as refused:
            missed.append(
                {
                    "SecretName": one.get("SecretName", ""),
                    "Code": refused.code,
                    "HttpStatus": refused.status,
                    "Message": refused.message,
                }
            )
    if not all(names):
        raise Refused(400, "MissingParameter", "SecretName")
    return {"SecretValues": found, "Errors": missed}
