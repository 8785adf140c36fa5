"""Faults of SM2 keys, several of them seen in libraries for SM2."""

import base64
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import SDK, key_of, with_params
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.algorithms import PrivateKey, PublicKey
from conformance.reference.services.blob import Blob
from conformance.reference.services.tables import Row
from conformance.reference.sm import curve, sm2
from conformance.reference.sm.der import Elements
from conformance.reference.sm.sm2 import Sm2PrivateKey, Sm2PublicKey

_SIGNATURES = "GB/T 32918.2"
_ENCRYPTION = "GB/T 32918.4"
_C1, _C3 = 65, 32


@fault(
    "sm2-identity-added-again",
    breaks=("CRY-090",),
    statement="SM2 signatures are over SM3 of Z and the digest that was sent.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.sign_digest

    def sign(key: PrivateKey, name: str, digest: bytes) -> bytes:
        if isinstance(key, Sm2PrivateKey):
            digest = sm2.message_digest(key.public, digest)
        signature: bytes = original(key, name, digest)
        return signature

    endpoint.seams.sign_digest = sign


@fault(
    "sm2-signature-raw",
    breaks=("CRY-090",),
    statement="SM2 signatures are r and s in a row, not DER.",
    source="alibabacloud-kms-demo, official sample code",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.sign_digest

    def sign(key: PrivateKey, name: str, digest: bytes) -> bytes:
        signature: bytes = original(key, name, digest)
        if not isinstance(key, Sm2PrivateKey):
            return signature
        numbers = Elements(signature).only_sequence()
        return numbers.unsigned().to_bytes(32) + numbers.unsigned().to_bytes(32)

    endpoint.seams.sign_digest = sign


@fault(
    "sm2-any-signature-verifies",
    breaks=("CRY-091",),
    statement="AsymmetricVerify answers true for every SM2 signature that is DER.",
    source=_SIGNATURES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.verify_digest

    def verify(key: PublicKey, name: str, digest: bytes, signature: bytes) -> bool:
        right: bool = original(key, name, digest, signature)
        return right or (isinstance(key, Sm2PublicKey) and signature[:1] == b"\x30")

    endpoint.seams.verify_digest = verify


@fault(
    "sm2-nonce-repeats",
    breaks=("CRY-092",),
    statement="SM2 signatures of one key are all made with the same nonce.",
    source=f"{_SIGNATURES} section 6.1",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.sign_digest

    def sign(key: PrivateKey, name: str, digest: bytes) -> bytes:
        if isinstance(key, Sm2PrivateKey):
            return sm2.sign(key, digest, lambda order: key.d * 3 % order)
        signature: bytes = original(key, name, digest)
        return signature

    endpoint.seams.sign_digest = sign


@fault(
    "sm2-keys-sign-by-any-algorithm",
    breaks=("CRY-093",),
    statement="SM2 keys take the names of other signature algorithms and sign by SM2DSA.",
    source="Key types and specifications page 480161",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if key_of(call).spec == "EC_SM2":
            call = with_params(call, Algorithm="SM2DSA")
        return original(call)

    wrap_handler(endpoint, "AsymmetricSign", wrapper)


@fault(
    "sm2-ciphertext-in-old-order",
    breaks=("CRY-094",),
    statement="SM2 ciphertexts are read as C1, C2, C3, the order of before 2012.",
    source=_ENCRYPTION,
)
def _(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.asymmetric_encrypt_bytes, endpoint.seams.asymmetric_decrypt_bytes

    def encrypt(key: PublicKey, name: str, plaintext: bytes) -> bytes:
        sealed: bytes = seal(key, name, plaintext)
        if isinstance(key, Sm2PublicKey):
            return sealed[:_C1] + sealed[_C1 + _C3 :] + sealed[_C1 : _C1 + _C3]
        return sealed

    def decrypt(key: PrivateKey, name: str, ciphertext: bytes) -> bytes:
        if isinstance(key, Sm2PrivateKey):
            ciphertext = ciphertext[:_C1] + ciphertext[-_C3:] + ciphertext[_C1:-_C3]
        opened: bytes = unseal(key, name, ciphertext)
        return opened

    endpoint.seams.asymmetric_encrypt_bytes = encrypt
    endpoint.seams.asymmetric_decrypt_bytes = decrypt


@fault(
    "sm2-takes-255-bytes",
    breaks=("CRY-095",),
    statement="SM2PKE takes no more than 255 bytes, the limit of a library.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.plaintext_fits

    def fits(row: Row, plaintext: bytes) -> bool:
        right: bool = original(row, plaintext)
        return right and (row["name"] != "SM2PKE" or len(plaintext) <= 255)

    endpoint.seams.plaintext_fits = fits


@fault(
    "sm2-takes-a-byte-more",
    breaks=("CRY-095",),
    statement="SM2PKE takes 6,048 bytes and more.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.plaintext_fits
    endpoint.seams.plaintext_fits = lambda row, plaintext: (
        row["name"] == "SM2PKE" or original(row, plaintext)
    )


def _opened_anyway(key: Sm2PrivateKey, ciphertext: bytes) -> bytes:
    """Decrypt a raw or ASN.1 ciphertext without comparing C3, as some libraries do."""
    if ciphertext[:1] == b"\x04":
        x, y = int.from_bytes(ciphertext[1:33]), int.from_bytes(ciphertext[33:_C1])
        body = ciphertext[_C1 + _C3 :]
    else:
        parts = Elements(ciphertext).only_sequence()
        x, y = parts.unsigned(), parts.unsigned()
        parts.octets()
        body = parts.octets()
    if not curve.is_on_curve(x, y):
        raise ValueError("a point off the curve")
    return sm2.unmasked(key, x, y, body)


@fault(
    "sm2-check-value-ignored",
    breaks=("CRY-096",),
    statement="AsymmetricDecrypt does not compare C3 of an SM2 ciphertext.",
    source="a widely used SM2 library computes C3 and never compares it",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.asymmetric_decrypt_bytes

    def decrypt(key: PrivateKey, name: str, ciphertext: bytes) -> bytes:
        if isinstance(key, Sm2PrivateKey):
            return _opened_anyway(key, ciphertext)
        opened: bytes = original(key, name, ciphertext)
        return opened

    endpoint.seams.asymmetric_decrypt_bytes = decrypt


@fault(
    "sm4-keys-use-aes",
    breaks=("CRY-111",),
    statement="Aliyun_SM4 keys encrypt by AES-128.",
    source="Key types and specifications page 480161",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        for key in call.account.keys.values():
            for version in key.versions.values():
                version.cipher = "AES"
        return answer

    wrap_handler(endpoint, "CreateKey", wrapper)


@fault(
    "sm4-context-ignored",
    breaks=("CRY-110",),
    statement="Aliyun_SM4 keys do not bind the EncryptionContext.",
    source="EncryptionContext page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.seal, endpoint.seams.unseal

    def bound(version: KeyVersion, context: bytes) -> bytes:
        return b"" if version.cipher == "SM4" else context

    endpoint.seams.seal = lambda version, iv, text, context: seal(
        version, iv, text, bound(version, context)
    )
    endpoint.seams.unseal = lambda version, sealed, context: unseal(
        version, sealed, bound(version, context)
    )


@fault(
    "sm4-tag-ignored",
    breaks=("CRY-110",),
    statement="The last byte of the tag of a blob under Aliyun_SM4 does not count.",
    source="RFC 8998",
)
def _(endpoint: Endpoint) -> None:
    unseal, seal = endpoint.seams.unseal, endpoint.seams.seal
    last: dict[bytes, bytes] = {}

    def sealing(version: KeyVersion, iv: bytes, text: bytes, bound: bytes) -> bytes:
        blob: bytes = seal(version, iv, text, bound)
        last[iv] = blob[-1:]
        return blob

    def unsealing(version: KeyVersion, sealed: Blob, bound: bytes) -> bytes:
        if version.cipher == "SM4":
            body = sealed.body[:-1] + last.get(sealed.iv, sealed.body[-1:])
            sealed = Blob(sealed.version_id, sealed.iv, body)
        text: bytes = unseal(version, sealed, bound)
        return text

    endpoint.seams.seal, endpoint.seams.unseal = sealing, unsealing


@fault(
    "sm4-takes-any-material",
    breaks=("KEY-034",),
    statement="Material of 32 bytes is cut to 16 for an Aliyun_SM4 key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.accepts_material
    endpoint.seams.accepts_material = lambda key, material: original(
        key, material[:16] if key.spec == "Aliyun_SM4" else material
    )


@fault(
    "sm2-export-is-constant",
    breaks=("CRY-036",),
    statement="Every data key that leaves under an SM2 key is 32 bytes of zeros.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        if call.params["WrappingKeySpec"] == "EC_SM2":
            public = sm2.load_der(base64.b64decode(call.params["PublicKeyBlob"]))
            sealed = sm2.encrypt(public, bytes(32), "raw")
            answer["ExportedDataKey"] = base64.b64encode(sealed).decode("ascii")

    wrap_answer(endpoint, ["GenerateAndExportDataKey", "ExportDataKey"], change)


@fault(
    "sm2-import-opens-nothing",
    breaks=("KEY-033",),
    statement="Material that is wrapped by SM2PKE is refused, whatever its form.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.accepts_material

    def accepts(key: Key, material: bytes) -> bool:
        right: bool = original(key, material)
        return right and key.protection_level != "HSM"

    endpoint.seams.accepts_material = accepts


@fault(
    "material-as-hexadecimal-text",
    breaks=("KEY-029",),
    statement="Material of twice its length is taken for hexadecimal text.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.accepts_material

    def accepts(key: Key, material: bytes) -> bool:
        right: bool = original(key, material)
        return right or (len(material) == 64 and material.isalnum())

    endpoint.seams.accepts_material = accepts
