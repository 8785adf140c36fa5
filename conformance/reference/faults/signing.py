"""Faults of asymmetric cryptography: signatures, RSA encryption, public keys."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, forgive, wrap_handler
from conformance.reference.faults.tools import DEMO, SDK, key_of, with_params
from conformance.reference.model import KeyVersion
from conformance.reference.passage import Passage
from conformance.reference.services import algorithms
from conformance.reference.services.algorithms import PrivateKey, PublicKey
from conformance.reference.services.material import new_rsa_key
from conformance.reference.services.wrapping import public_der, public_pem

_OVERVIEW = "Asymmetric keys overview, AlibabaCloudDocs/kms (2021-07)"
_PREHASHED = Prehashed(hashes.SHA256())


def _pss_with_salt(endpoint: Endpoint, length: int) -> None:
    original = endpoint.seams.sign_digest

    def sign(key: PrivateKey, name: str, digest: bytes) -> bytes:
        if name == "RSA_PSS_SHA_256" and isinstance(key, rsa.RSAPrivateKey):
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), length)
            return key.sign(digest, scheme, _PREHASHED)
        return bytes(original(key, name, digest))

    endpoint.seams.sign_digest = sign


@fault(
    "pss-without-salt",
    breaks=("CRY-050",),
    statement="PSS signatures have no salt instead of one of 32 bytes.",
    source=DEMO,
)
def _(endpoint: Endpoint) -> None:
    _pss_with_salt(endpoint, 0)


@fault(
    "pss-with-longest-salt",
    breaks=("CRY-050",),
    statement="PSS signatures have the longest salt instead of one of 32 bytes.",
    source=DEMO,
)
def _(endpoint: Endpoint) -> None:
    _pss_with_salt(endpoint, 2048 // 8 - 32 - 2)


@fault(
    "digest-hashed-again",
    breaks=("CRY-050",),
    statement="AsymmetricSign hashes the digest once more.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.sign_digest = lambda key, name, digest: algorithms.sign(
        key, name, hashlib.sha256(digest).digest()
    )


@fault(
    "ecdsa-signature-is-raw",
    breaks=("CRY-050", "CRY-058"),
    statement="ECDSA signatures are r and s in a row instead of DER.",
    source=DEMO,
)
def _(endpoint: Endpoint) -> None:
    def sign(key: PrivateKey, name: str, digest: bytes) -> bytes:
        signature = algorithms.sign(key, name, digest)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    endpoint.seams.sign_digest = sign


@fault(
    "signature-scheme-ignored",
    breaks=("CRY-050", "CRY-052"),
    statement="RSA keys sign with PKCS#1 v1.5 whatever is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.sign_digest = lambda key, name, digest: algorithms.sign(
        key, name.replace("PSS", "PKCS1"), digest
    )


@fault(
    "every-signature-verifies",
    breaks=("CRY-052", "CRY-053"),
    statement="AsymmetricVerify answers true for any signature.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.verify_digest = lambda _key, _name, _digest, _signature: True


@fault(
    "no-signature-verifies",
    breaks=("CRY-051",),
    statement="AsymmetricVerify answers false for right signatures.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.verify_digest = lambda _key, _name, _digest, _signature: False


@fault(
    "wrong-signature-is-an-error",
    breaks=("CRY-053",),
    statement="AsymmetricVerify of a wrong signature is refused with 400 instead of Value false.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def verify(key: PublicKey, name: str, digest: bytes, signature: bytes) -> bool:
        if algorithms.verify(key, name, digest, signature):
            return True
        raise KmsError("InvalidParameter", "The signature is wrong.")

    endpoint.seams.verify_digest = verify


@fault(
    "digest-of-any-length",
    breaks=("CRY-054",),
    statement="AsymmetricSign fills a digest that is too short with zeros.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def is_about_the_digest(error: KmsError, passage: Passage) -> bool:
        asked = passage.operation is not None and passage.operation.name == "AsymmetricSign"
        return asked and error.status == 400 and "Digest" in passage.params

    forgive(endpoint, "validate", is_about_the_digest)
    endpoint.seams.digest_fits = lambda _row, _digest: True
    endpoint.seams.sign_digest = lambda key, name, digest: algorithms.sign(
        key, name, digest[:32].ljust(32, b"\0")
    )


@fault(
    "usage-of-key-ignored",
    breaks=("CRY-056",),
    statement="An RSA key made for signing encrypts, and one made for encrypting signs.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.require_usage = lambda _key, _usage: None


@fault(
    "asymmetric-version-ignored",
    breaks=("CRY-059",),
    statement="AsymmetricSign uses the newest version whatever KeyVersionId says (moto #9907), and "
    "versions need not be seven days apart.",
    source=_OVERVIEW,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        newest = list(key_of(call).versions)[-1]
        return {
            **original(with_params(call, KeyVersionId=newest)),
            "KeyVersionId": call.params["KeyVersionId"],
        }

    def at_once(call: Call, original: Handler) -> dict[str, Any]:
        for version in key_of(call).versions.values():
            version.created -= timedelta(days=8)
        return original(call)

    wrap_handler(endpoint, "AsymmetricSign", wrapper)
    wrap_handler(endpoint, "CreateKeyVersion", at_once)


@fault(
    "oaep-with-another-mask",
    breaks=("CRY-060", "CRY-063"),
    statement="OAEP over SHA-256 uses a mask over SHA-1, as Java does by default.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    scheme = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA256(), None)

    def encrypt(key: rsa.RSAPublicKey, name: str, plaintext: bytes) -> bytes:
        if name != "RSAES_OAEP_SHA_256":
            return algorithms.rsa_encrypt(key, name, plaintext)
        return key.encrypt(plaintext, scheme)

    def decrypt(key: rsa.RSAPrivateKey, name: str, ciphertext: bytes) -> bytes:
        if name != "RSAES_OAEP_SHA_256":
            return algorithms.rsa_decrypt(key, name, ciphertext)
        return key.decrypt(ciphertext, scheme)

    endpoint.seams.asymmetric_encrypt_bytes = encrypt
    endpoint.seams.asymmetric_decrypt_bytes = decrypt


@fault(
    "oaep-hash-ignored",
    breaks=("CRY-060", "CRY-063"),
    statement="RSA keys encrypt and decrypt with OAEP over SHA-256 whatever is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    name = "RSAES_OAEP_SHA_256"
    endpoint.seams.asymmetric_encrypt_bytes = lambda key, _name, plaintext: algorithms.rsa_encrypt(
        key, name, plaintext
    )
    endpoint.seams.asymmetric_decrypt_bytes = lambda key, _name, ciphertext: algorithms.rsa_decrypt(
        key, name, ciphertext
    )


@fault(
    "long-rsa-plaintext-gives-500",
    breaks=("CRY-062",),
    statement="A plaintext that is too long for key and padding gives 500.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> Any:
        try:
            return original(call)
        except KmsError as error:
            if error.code != "InvalidParameter":
                raise
            raise KmsError("InternalFailure", "Encryption failed.") from None

    wrap_handler(endpoint, "AsymmetricEncrypt", wrapper)


@fault(
    "rsa-plaintext-not-decoded",
    breaks=("CRY-061",),
    statement="AsymmetricEncrypt encrypts the base64 text instead of the bytes it stands for.",
    source=DEMO,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.asymmetric_encrypt_bytes = lambda key, name, plaintext: algorithms.rsa_encrypt(
        key, name, base64.b64encode(plaintext)
    )


@fault(
    "public-key-of-another-pair",
    breaks=("CRY-050", "CRY-060"),
    statement="GetPublicKey answers the public half of another RSA key.",
    source=_OVERVIEW,
)
def _(endpoint: Endpoint) -> None:
    other = public_pem(new_rsa_key(2048).public_key())
    endpoint.seams.shown_public_key = lambda _version: other


@fault(
    "public-key-without-pem",
    breaks=("CRY-057",),
    statement="GetPublicKey answers bare base64 without PEM lines.",
    source=DEMO,
)
def _(endpoint: Endpoint) -> None:
    def shown(version: KeyVersion) -> str:
        assert version.material is not None
        assert not isinstance(version.material, bytes)
        return base64.b64encode(public_der(version.material.public_key())).decode("ascii")

    endpoint.seams.shown_public_key = shown
