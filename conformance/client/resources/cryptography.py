"""What keys make: ciphertexts, data keys, signatures, wrapped material."""

import base64
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from conformance.client.resources.base import Bundle, Lazy, Make, provides, text_of
from conformance.client.resources.keys import ENCRYPTS, SIGNS, SPECS, is_unsupported
from conformance.oracle.public_keys import load_base64
from conformance.oracle.rsa import RsaPrivateKey
from conformance.oracle.schemes import encrypt
from conformance.oracle.sm2 import Sm2PrivateKey, new_key, public_der
from conformance.run.verdict import NotApplicable, NotTestable

_SIGNS = ("RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256", "ECDSA_SHA_256", "SM2DSA")
_ENCRYPTS = ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "SM2PKE")
_WRAPS = ("RSAES_PKCS1_V1_5", *_ENCRYPTS)
_WRAPPING_SPECS = ("RSA_2048", "EC_SM2")
#: Seconds that imported material stays, 30 days.
_EXPIRES_IN = 30 * 24 * 3600


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def algorithm_of(params: Mapping[str, Any], name: str, default: str) -> str:
    """Return the algorithm that a request names, the default where it names none that is known."""
    named = text_of(params, name)
    return default if named is None or named not in SPECS else named


@provides("ciphertext", by=("EncryptionContext?", "SourceEncryptionContext?"))
def ciphertext(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a ciphertext of Encrypt: ciphertext, context, plaintext, id of the key."""
    return _under_symmetric_key(
        make, params, "Encrypt", {"Plaintext": _b64(make.random.randbytes(24))}
    )


@provides("data-key", by=("EncryptionContext?",))
def data_key(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return the ciphertext of a data key and its context."""
    return _under_symmetric_key(make, params, "GenerateDataKeyWithoutPlaintext", {})


def _under_symmetric_key(
    make: Make, params: Mapping[str, Any], operation: str, request: dict[str, Any]
) -> Bundle:
    key = make.provide("symmetric-key")
    context = _context(params)
    request["KeyId"] = key["id"]
    if context:
        request["EncryptionContext"] = context
    exchange = make.call(operation, request)
    return {
        "ciphertext": make.member(exchange, "CiphertextBlob"),
        "context": context,
        "plaintext": request.get("Plaintext"),
        "id": key["id"],
        "version": make.member(exchange, "KeyVersionId"),
    }


def _context(params: Mapping[str, Any]) -> dict[str, str]:
    """Return a context where the request at hand is going to name one."""
    wanted = params.keys() & {"EncryptionContext", "SourceEncryptionContext"}
    return {"purpose": "conformance", "stage": "test"} if wanted else {}


@provides("signing-key-pair", by=("Algorithm", "KeySpec"))
def signing_key_pair(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a key pair that signs, with a digest and its signature."""
    algorithm = algorithm_of(params, "Algorithm", "RSA_PSS_SHA_256")
    spec = text_of(params, "KeySpec") or SPECS.get(algorithm, "RSA_2048")
    if spec.startswith("EC_P256") and algorithm.startswith("RSA"):
        algorithm = "ECDSA_SHA_256"
    key = make.provide("asymmetric-key", {"KeySpec": spec, "KeyUsage": SIGNS})
    digest = _b64(make.random.randbytes(32))

    def signature() -> str:
        request = {
            "KeyId": key["id"],
            "KeyVersionId": key["version"],
            "Algorithm": algorithm,
            "Digest": digest,
        }
        return str(make.member(make.call("AsymmetricSign", request), "Value"))

    return Lazy(
        {
            "id": key["id"],
            "arn": key["arn"],
            "algorithm": algorithm,
            "digest": digest,
            "spec": spec,
        },
        signature=signature,
        version=lambda: key["version"],
        alias=lambda: key["alias"],
    )


@provides("encryption-key-pair", by=("Algorithm", "KeySpec"))
def encryption_key_pair(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a key pair that encrypts, with a plaintext and its ciphertext."""
    algorithm = algorithm_of(params, "Algorithm", "RSAES_OAEP_SHA_256")
    spec = text_of(params, "KeySpec") or SPECS.get(algorithm, "RSA_2048")
    return _encrypted_under_pair(make, algorithm, spec)


@provides("asymmetric-ciphertext", by=("SourceEncryptionAlgorithm",))
def asymmetric_ciphertext(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a ciphertext under the public half of a key pair, as a source of ReEncrypt."""
    algorithm = algorithm_of(params, "SourceEncryptionAlgorithm", "RSAES_OAEP_SHA_256")
    return _encrypted_under_pair(make, algorithm, SPECS.get(algorithm, "RSA_2048"))


def _encrypted_under_pair(make: Make, algorithm: str, spec: str) -> Bundle:
    key = make.provide("asymmetric-key", {"KeySpec": spec, "KeyUsage": ENCRYPTS})
    plaintext = _b64(make.random.randbytes(24))

    def encrypted() -> str:
        request = {
            "KeyId": key["id"],
            "KeyVersionId": key["version"],
            "Algorithm": algorithm,
            "Plaintext": plaintext,
        }
        return str(make.member(make.call("AsymmetricEncrypt", request), "CiphertextBlob"))

    values = {"id": key["id"], "arn": key["arn"], "algorithm": algorithm, "spec": spec}
    return Lazy(
        {**values, "plaintext": plaintext},
        ciphertext=encrypted,
        version=lambda: key["version"],
        alias=lambda: key["alias"],
    )


@cache
def _wrapping_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _sm2_wrapping_key() -> Sm2PrivateKey:
    return new_key()


@provides("wrapping", by=("WrappingKeySpec", "WrappingAlgorithm"))
def wrapping(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a public key to wrap a data key under: public-key, spec, algorithm, private-key.

    The private key is one of the oracle's (`conformance.oracle.schemes.PrivateKey`).
    """
    spec = text_of(params, "WrappingKeySpec", _WRAPPING_SPECS) or "RSA_2048"
    algorithm = text_of(params, "WrappingAlgorithm", _WRAPS) or (
        "SM2PKE" if spec == "EC_SM2" else "RSAES_OAEP_SHA_256"
    )
    values = {"spec": spec, "algorithm": algorithm}
    if spec == "EC_SM2":
        if make.target.has_declined("spec:EC_SM2"):
            raise NotApplicable("the target declares that it does not offer SM2")
        own = _sm2_wrapping_key()
        return {**values, "public-key": _b64(public_der(own.public)), "private-key": own}
    private = _wrapping_key()
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    numbers = private.private_numbers()
    opener = RsaPrivateKey(numbers.public_numbers.n, numbers.d)
    return {**values, "public-key": _b64(der), "private-key": opener}


@provides("import", by=("WrappingAlgorithm", "WrappingKeySpec"))
def import_parameters(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return what it takes to import material: id, token, wrapped-material, expiry, spec."""
    algorithm = text_of(params, "WrappingAlgorithm", _WRAPS) or "RSAES_OAEP_SHA_256"
    spec = text_of(params, "WrappingKeySpec", _WRAPPING_SPECS) or (
        "EC_SM2" if algorithm == "SM2PKE" else "RSA_2048"
    )
    if spec == "EC_SM2" and text_of(params, "WrappingAlgorithm", _WRAPS) is None:
        algorithm = "SM2PKE"
    # A key takes one material for good, so that these keys are never shared with others.
    kind = "hsm-external-key" if spec == "EC_SM2" else "external-key"
    key = make.provide(kind, fresh=True) if make.creating else make.provide(kind)
    material = make.random.randbytes(32)
    parameters: dict[str, Any] = {}

    def fetched() -> dict[str, Any]:
        if not parameters:
            parameters.update(_parameters_for_import(make, key["id"], algorithm, spec))
        return parameters

    return Lazy(
        {
            "id": key["id"],
            "arn": key["arn"],
            "algorithm": algorithm,
            "spec": spec,
            "expiry": int(time.time()) + _EXPIRES_IN,
            "material": material,
        },
        alias=lambda: key["alias"],
        token=lambda: fetched()["ImportToken"],
        public_key=lambda: fetched()["PublicKey"],
        wrapped_material=lambda: wrap(fetched()["PublicKey"], algorithm, material),
    )


def _parameters_for_import(make: Make, key_id: str, algorithm: str, spec: str) -> Mapping[str, Any]:
    request = {"KeyId": key_id, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec}
    exchange = make.attempt("GetParametersForImport", request)
    if is_unsupported(exchange):
        found = exchange.describe()
        raise NotApplicable(f"the target declines {algorithm} for imports: {found}", [exchange])
    if not exchange.ok:
        raise NotTestable(
            f"a prerequisite failed: GetParametersForImport answered {exchange.describe()}",
            [exchange],
        )
    for name in ("ImportToken", "PublicKey"):
        make.member(exchange, name)
    return exchange.data


def wrap(public_key: str, algorithm: str, material: bytes) -> str:
    """Wrap material under the public key of GetParametersForImport; base64 in and out.

    Raises:
        NotTestable: When the key is no public key in DER or PEM, of the kind that the algorithm
            takes.
    """
    if algorithm == "SM2PKE":
        try:
            return _b64(encrypt(load_base64(public_key), algorithm, material))
        except ValueError as problem:
            raise NotTestable(
                f"a prerequisite failed: PublicKey for import is no SM2 public key: {problem}"
            ) from None
    schemes: Mapping[str, padding.AsymmetricPadding] = {
        "RSAES_PKCS1_V1_5": padding.PKCS1v15(),
        "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
        "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    }
    return _b64(_load(public_key).encrypt(material, schemes[algorithm]))


def _load(text: str) -> rsa.RSAPublicKey:
    try:
        raw = text.encode() if text.startswith("-----") else base64.b64decode(text)
        key = load_pem_public_key(raw) if raw.startswith(b"-----") else load_der_public_key(raw)
    except ValueError:
        raise NotTestable("a prerequisite failed: PublicKey for import is no public key") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotTestable("a prerequisite failed: PublicKey for import is no RSA key")
    return key
