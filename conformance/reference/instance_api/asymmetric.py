"""Asymmetric keys: RSA and SM2 encryption, signatures, public keys."""

import hashlib

from conformance.reference.call import seam
from conformance.reference.instance_api.calls import InstanceCall, Reply, answers
from conformance.reference.instance_api.keys import find_key
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.algorithms import PublicKey
from conformance.reference.services.asymmetric import private_key
from conformance.reference.services.tables import Row, algorithm
from conformance.reference.sm import sm2
from conformance.spec.instance import instance_api


def _encryption(call: InstanceCall, key: Key) -> Row:
    """Return the algorithm of an encryption: the one named, else the default of the key spec."""
    defaults = instance_api().transport["asymmetricDefault"]
    default = defaults.get(key.spec) or defaults.get(key.spec.partition("_")[0], "")
    name = call.values["Algorithm"] or default
    row = algorithm(key.spec, "encryption", name)
    if row is None:
        raise InstanceRefusal("bad-parameter")
    return row


def encrypt_asymmetric(call: InstanceCall, key: Key, version: KeyVersion) -> Reply:
    """Encrypt under a public key."""
    row, plaintext = _encryption(call, key), call.values["Plaintext"]
    seams = call.endpoint.seams
    if not seams.plaintext_fits(row, plaintext):
        raise InstanceRefusal("bad-parameter")
    public = private_key(version).public_key()
    blob = seams.asymmetric_encrypt_bytes(public, row["name"], plaintext)
    return Reply({"KeyId": key.id, "CiphertextBlob": blob, "Algorithm": row["name"]}, version)


def decrypt_asymmetric(call: InstanceCall, key: Key, version: KeyVersion) -> Reply:
    """Decrypt with a private key."""
    row = _encryption(call, key)
    private, blob = private_key(version), call.values["CiphertextBlob"]
    try:
        with call.endpoint.heavy():
            plain = call.endpoint.seams.asymmetric_decrypt_bytes(private, row["name"], blob)
    except ValueError:
        raise InstanceRefusal("undecryptable") from None
    return Reply({"KeyId": key.id, "Plaintext": plain, "Algorithm": row["name"]}, version)


@seam
def instance_hash(key: PublicKey, message: bytes) -> bytes:
    """Return what is signed for a message: SHA-256, under SM2 with the identity of the signer."""
    if isinstance(key, sm2.Sm2PublicKey):
        return sm2.message_digest(key, message)
    return hashlib.sha256(message).digest()


@seam
def instance_digest(call: InstanceCall, key: PublicKey) -> bytes:
    """Return the digest of a signing call.

    A digest is at most 32 bytes long; the algorithms take exactly as many.
    """
    message, kind = call.values["Message"], call.values["MessageType"]
    if not message:
        message, kind = call.values["Digest"], "DIGEST"
    if kind != "DIGEST":
        return bytes(call.endpoint.seams.instance_hash(key, message))
    if len(message) != instance_api().transport["digestBytes"]:
        raise InstanceRefusal("bad-parameter")
    return bytes(message)


def _signing(call: InstanceCall) -> tuple[Key, KeyVersion, str]:
    key, version = find_key(call)
    name: str = call.values["Algorithm"]
    if algorithm(key.spec, "signing", name) is None:
        raise InstanceRefusal("bad-parameter")
    return key, version, name


def _named(call: InstanceCall, key: Key) -> dict[str, object]:
    kind = call.values["MessageType"] or "RAW"
    return {"KeyId": key.id, "Algorithm": call.values["Algorithm"], "MessageType": kind}


@answers("Sign")
def sign(call: InstanceCall) -> Reply:
    """Sign a message or a digest."""
    key, version, name = _signing(call)
    private, seams = private_key(version), call.endpoint.seams
    digest = seams.instance_digest(call, private.public_key())
    with call.endpoint.heavy():
        signature = seams.sign_digest(private, name, digest)
    return Reply({**_named(call, key), "Signature": signature}, version)


@answers("Verify")
def verify(call: InstanceCall) -> Reply:
    """Tell whether a signature is right; a wrong one is an answer."""
    key, version, name = _signing(call)
    public, seams = private_key(version).public_key(), call.endpoint.seams
    digest = seams.instance_digest(call, public)
    verdict = seams.verify_digest(public, name, digest, call.values["Signature"])
    return Reply({**_named(call, key), "Value": verdict}, version)


@answers("GetPublicKey")
def get_public_key(call: InstanceCall) -> Reply:
    """Show the public half of a key."""
    key, version = find_key(call)
    shown = call.endpoint.seams.shown_public_key(version)
    return Reply({"KeyId": key.id, "PublicKey": shown}, version)
