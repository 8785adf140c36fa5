"""Faults of cryptography that only a close look finds: frames, contexts, nonces, algorithms."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import CONTEXT, SDK, TRANSFER, key_of, with_params
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.algorithms import PrivateKey, encrypt
from conformance.reference.services.blob import Blob
from conformance.reference.services.tables import algorithm
from conformance.reference.services.wrapping import load_wrapping_key, public_pem

#: Order of P-256, and a multiple of its generator that serves as r over and over.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_K = 0x1234567


@fault(
    "blob-tail-ignored",
    breaks=("CRY-021",),
    statement="What follows a blob is ignored, so that a lengthened blob opens.",
    source=TRANSFER,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.unseal
    lengths: dict[bytes, int] = {}
    sealing = endpoint.seams.seal

    def seal(version: KeyVersion, iv: bytes, text: bytes, bound: bytes) -> bytes:
        blob: bytes = sealing(version, iv, text, bound)
        lengths[iv] = len(text) + 16
        return blob

    def unseal(version: KeyVersion, sealed: Blob, bound: bytes) -> bytes:
        body = sealed.body[: lengths.get(sealed.iv, len(sealed.body))]
        opened: bytes = original(version, Blob(sealed.version_id, sealed.iv, body), bound)
        return opened

    endpoint.seams.seal, endpoint.seams.unseal = seal, unseal


@fault(
    "initialisation-vector-repeats",
    breaks=("CRY-023",),
    statement="Every second ciphertext of a key has the initialisation vector of the one before.",
    source=TRANSFER,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.new_iv
    kept: list[bytes] = []

    def new_iv() -> bytes:
        if kept:
            return kept.pop()
        kept.append(original())
        return kept[0]

    endpoint.seams.new_iv = new_iv


@fault(
    "versions-share-material",
    breaks=("CRY-022",),
    statement="Keys encrypt under one common material, and a blob opens as whatever key it names.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.seal, endpoint.seams.unseal
    common = hashlib.sha256(b"common").digest()

    def shared(version: KeyVersion) -> KeyVersion:
        return KeyVersion(version.id, version.created, common)

    endpoint.seams.seal = lambda version, iv, text, bound: seal(shared(version), iv, text, bound)
    endpoint.seams.unseal = lambda version, sealed, bound: unseal(shared(version), sealed, bound)


@fault(
    "blob-opens-by-another-key",
    breaks=("CRY-024",),
    statement="When the key of a blob is Disabled, any other key with the same material opens it.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.key_of_blob

    def key_of_blob(call: Call, sealed: Blob) -> tuple[Key, KeyVersion]:
        key, version = original(call, sealed)
        if key.state == "Enabled":
            return key, version
        for other in call.account.keys.values():
            for twin in other.versions.values():
                if other.state == "Enabled" and twin.material == version.material:
                    return other, twin
        return key, version

    endpoint.seams.key_of_blob = key_of_blob


@fault(
    "context-bound-as-json",
    breaks=("CRY-025",),
    statement="A context is bound by the hash of its JSON, which official clients do not know.",
    source=TRANSFER,
)
def _(endpoint: Endpoint) -> None:
    def bind(context: Mapping[str, str] | None) -> bytes:
        if not context:
            return b""
        return hashlib.sha256(json.dumps(context, sort_keys=True).encode()).digest()

    endpoint.seams.bind_context = bind


@fault(
    "context-cut-short",
    breaks=("CRY-013",),
    statement="A context of more than 4,096 characters is refused where 8,192 are promised.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.bind_context

    def bind(context: Mapping[str, str] | None) -> bytes:
        if sum(len(name) + len(value) for name, value in (context or {}).items()) > 4096:
            raise KmsError("InvalidParameter", "EncryptionContext is too long.")
        bound: bytes = original(context)
        return bound

    endpoint.seams.bind_context = bind


@fault(
    "context-names-ignore-case",
    breaks=("CRY-010",),
    statement="Capitals in the names of a context do not count.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.bind_context
    endpoint.seams.bind_context = lambda context: original(
        {name.lower(): value for name, value in (context or {}).items()}
    )


@fault(
    "blob-of-no-context-opens-with-any",
    breaks=("CRY-011",),
    statement="What was encrypted without a context opens with any.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.unseal

    def unseal(version: KeyVersion, sealed: Blob, bound: bytes) -> bytes:
        try:
            opened: bytes = original(version, sealed, bound)
        except InvalidTag:
            opened = original(version, sealed, b"")
        return opened

    endpoint.seams.unseal = unseal


@fault(
    "plaintext-in-latin-1",
    breaks=("CRY-002",),
    statement="A text comes back with its UTF-8 read as Latin-1.",
    source="terraform acceptance tests; alibabacloud-kms-demo",
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["Plaintext"] = answer["Plaintext"].encode().decode("latin-1")

    wrap_answer(endpoint, "Decrypt", change)


@fault(
    "six-kilobytes-are-five",
    breaks=("CRY-004",),
    statement="Encrypt refuses more than 5,000 characters where 6 KB are promised.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.plaintext_size
    endpoint.seams.plaintext_size = lambda text: 10_000 if len(text) > 5000 else original(text)


@fault(
    "exported-data-key-is-constant",
    breaks=("CRY-034", "CRY-035"),
    statement="Every exported data key is 32 bytes of zeros.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        public = load_wrapping_key(call.params["PublicKeyBlob"])
        wrapped = encrypt(public, call.params["WrappingAlgorithm"], bytes(32))
        answer["ExportedDataKey"] = base64.b64encode(wrapped).decode("ascii")

    wrap_answer(endpoint, ["GenerateAndExportDataKey", "ExportDataKey"], change)


@fault(
    "reencrypt-takes-any-padding",
    breaks=("CRY-042",),
    statement="ReEncrypt opens data from outside by OAEP over SHA-256 whatever is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if "SourceEncryptionAlgorithm" not in call.params:
            return original(call)
        return original(with_params(call, SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256"))

    wrap_handler(endpoint, "ReEncrypt", wrapper)


@fault(
    "algorithm-of-key-wins",
    breaks=("CRY-055",),
    statement="A key that does not have the algorithm asked for signs by one that it has.",
    source="Key types and specifications page 480161",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        if algorithm(key.spec, "signing", call.params["Algorithm"]) is not None:
            return original(call)
        own = "ECDSA_SHA_256" if key.spec.startswith("EC") else "RSA_PSS_SHA_256"
        return original(with_params(call, Algorithm=own))

    wrap_handler(endpoint, "AsymmetricSign", wrapper)


@fault(
    "signature-nonce-repeats",
    breaks=("CRY-058",),
    statement="ECDSA signatures on P-256 are all made with the same nonce.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.sign_digest

    def sign(key: PrivateKey, name: str, digest: bytes) -> bytes:
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            signature: bytes = original(key, name, digest)
            return signature
        r = ec.derive_private_key(_K, ec.SECP256R1()).public_key().public_numbers().x % _ORDER
        d = key.private_numbers().private_value
        s = pow(_K, -1, _ORDER) * (int.from_bytes(digest) + r * d) % _ORDER
        return encode_dss_signature(r, s)

    endpoint.seams.sign_digest = sign


@fault(
    "public-key-of-another-size",
    breaks=("CRY-057", "CRY-050"),
    statement="GetPublicKey answers a key on P-256 for one on secp256k1.",
    source="Asymmetric keys overview, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    other = public_pem(ec.generate_private_key(ec.SECP256R1()).public_key())

    def change(call: Call, answer: dict[str, Any]) -> None:
        if key_of(call).spec == "EC_P256K":
            answer["PublicKey"] = other

    wrap_answer(endpoint, "GetPublicKey", change)


@fault(
    "mac-longer-than-its-hash",
    breaks=("CRY-071",),
    statement="Macs have a byte more than the hash that their algorithm names.",
    source="length of the hash that the algorithm names",
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        mac = base64.b64decode(answer["Mac"])
        answer["Mac"] = base64.b64encode(mac + mac[:1]).decode("ascii")

    wrap_answer(endpoint, "GenerateMac", change)
