"""Asymmetric cryptography: RSA encryption, signatures with RSA and on curves, public keys.

Base64 is decoded here, unlike in Encrypt. A signature that does not verify is an answer, not an
error: 200 with Value false.
"""

import base64
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services import algorithms
from conformance.reference.services.algorithms import PrivateKey, PublicKey
from conformance.reference.services.finding import (
    find_key,
    invalid,
    require_kind,
    require_state,
)
from conformance.reference.services.tables import Row, algorithm
from conformance.reference.services.wrapping import public_pem


def decoded(call: Call, parameter: str) -> bytes:
    """Return a base64 parameter as bytes."""
    try:
        return base64.b64decode(call.params[parameter], validate=True)
    except ValueError:
        raise invalid(f"{parameter} is not base64.") from None


def _is_slow_key(call: Call) -> bool:
    """Tell whether signing takes long: with RSA keys, and on secp256k1.

    A key that is not named by its id is not looked for: a thread does no harm.
    """
    key = call.account.keys.get(call.params["KeyId"])
    return key is None or key.spec != "EC_P256"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _find(call: Call) -> tuple[Key, KeyVersion]:
    key = find_key(call)
    require_state(call, key)
    require_kind(key, "asymmetric")
    return key, call.endpoint.seams.find_version(key, call.params["KeyVersionId"])


def _find_for(call: Call, usage: str, purpose: str) -> tuple[Key, KeyVersion, Row]:
    """Return the key, its version, and the row of the algorithm, which must suit key and usage."""
    key = find_key(call)
    require_state(call, key)
    require_kind(key, "asymmetric")
    call.endpoint.seams.require_usage(key, usage)
    version = call.endpoint.seams.find_version(key, call.params["KeyVersionId"])
    row = algorithm(key.spec, purpose, call.params["Algorithm"])
    if row is None:
        raise invalid(f"Algorithm does not suit a {key.spec} key.")
    return key, version, row


def private_key(version: KeyVersion) -> PrivateKey:
    """Return the private key of a version of a key pair."""
    assert version.material is not None
    assert not isinstance(version.material, bytes)
    return version.material


def _public(version: KeyVersion) -> PublicKey:
    return private_key(version).public_key()


def _named(key: Key, version: KeyVersion) -> dict[str, Any]:
    return {"KeyId": key.id, "KeyVersionId": version.id}


@seam
def asymmetric_encrypt_bytes(key: PublicKey, name: str, plaintext: bytes) -> bytes:
    """Encrypt under a public key.

    Raises:
        ValueError: When there is nothing to encrypt, and SM2 needs something.
    """
    return algorithms.encrypt(key, name, plaintext)


@seam
def asymmetric_decrypt_bytes(key: PrivateKey, name: str, ciphertext: bytes) -> bytes:
    """Decrypt with a private key.

    Raises:
        ValueError: When it does not open.
    """
    return algorithms.decrypt(key, name, ciphertext)


@seam
def sign_digest(key: PrivateKey, name: str, digest: bytes) -> bytes:
    """Sign a digest as given."""
    return algorithms.sign(key, name, digest)


@seam
def verify_digest(key: PublicKey, name: str, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature is right."""
    return algorithms.verify(key, name, digest, signature)


@seam
def plaintext_fits(row: Row, plaintext: bytes) -> bool:
    """Tell whether a plaintext, decoded, is short enough for key and padding."""
    return len(plaintext) <= int(row["maxPlaintextBytes"])


@seam
def digest_fits(row: Row, digest: bytes) -> bool:
    """Tell whether a digest is as long as the algorithm's hash."""
    return len(digest) == int(row["digestBytes"])


@handles("AsymmetricEncrypt")
def asymmetric_encrypt(call: Call) -> dict[str, Any]:
    """Encrypt under the public half of a key version."""
    key, version, row = _find_for(call, "ENCRYPT/DECRYPT", "encryption")
    plaintext = decoded(call, "Plaintext")
    seams = call.endpoint.seams
    if not seams.plaintext_fits(row, plaintext):
        raise invalid(f"Plaintext is at most {row['maxPlaintextBytes']} bytes for this key.")
    try:
        blob = seams.asymmetric_encrypt_bytes(_public(version), row["name"], plaintext)
    except ValueError:
        raise invalid("Plaintext is empty.") from None
    return {**_named(key, version), "CiphertextBlob": _text(blob)}


@handles("AsymmetricDecrypt", slow=True)
def asymmetric_decrypt(call: Call) -> dict[str, Any]:
    """Decrypt with the private half of a key version (code of a failure inferred)."""
    key, version, row = _find_for(call, "ENCRYPT/DECRYPT", "encryption")
    ciphertext = decoded(call, "CiphertextBlob")
    private = private_key(version)
    try:
        with call.endpoint.heavy():
            plaintext = call.endpoint.seams.asymmetric_decrypt_bytes(
                private, row["name"], ciphertext
            )
    except ValueError:
        raise invalid("CiphertextBlob is not valid for this key and algorithm.") from None
    return {**_named(key, version), "Plaintext": _text(plaintext)}


@handles("AsymmetricSign", slow=_is_slow_key)
def asymmetric_sign(call: Call) -> dict[str, Any]:
    """Sign a digest with the private half of a key version."""
    key, version, row = _find_for(call, "SIGN/VERIFY", "signing")
    digest = _digest(call, row)
    private = private_key(version)
    with call.endpoint.heavy():
        signature = call.endpoint.seams.sign_digest(private, row["name"], digest)
    return {**_named(key, version), "Value": _text(signature)}


def _digest(call: Call, row: Row) -> bytes:
    """Return Digest, as long as the algorithm's hash (code of a refusal inferred)."""
    digest = decoded(call, "Digest")
    if not call.endpoint.seams.digest_fits(row, digest):
        raise invalid(f"Digest is {row['digestBytes']} bytes long.")
    return digest


@handles("AsymmetricVerify")
def asymmetric_verify(call: Call) -> dict[str, Any]:
    """Tell whether a signature is right."""
    key, version, row = _find_for(call, "SIGN/VERIFY", "signing")
    digest, signature = _digest(call, row), decoded(call, "Value")
    verdict = call.endpoint.seams.verify_digest(_public(version), row["name"], digest, signature)
    return {**_named(key, version), "Value": verdict}


@seam
def shown_public_key(version: KeyVersion) -> str:
    """Return the public half of a key version as PEM."""
    return public_pem(_public(version))


@handles("GetPublicKey")
def get_public_key(call: Call) -> dict[str, Any]:
    """Show the public half of a key version, in whatever state the key is (inferred)."""
    key, version = _find(call)
    return {**_named(key, version), "PublicKey": call.endpoint.seams.shown_public_key(version)}
