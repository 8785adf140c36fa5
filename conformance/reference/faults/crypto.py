"""Faults of symmetric cryptography."""

import base64
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import CONTEXT, SDK, TRANSFER, ask, with_params
from conformance.reference.model import Key, KeyVersion
from conformance.reference.services.blob import Blob
from conformance.reference.services.symmetric import seal, unseal

_CIPHERTEXT = "CreateKey page and FAQ, AlibabaCloudDocs/kms (2021-07)"
_TAG = 16


@fault(
    "deterministic-ciphertext",
    breaks=("CRY-005", "CRY-023"),
    statement="The same plaintext always gives the same blob (floci #816).",
    source=TRANSFER,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.new_iv = lambda: b"\0" * 12


@fault(
    "context-ignored",
    breaks=("CRY-010", "CRY-011", "CRY-013", "CRY-014", "CRY-035", "CRY-041"),
    statement="A blob opens with any encryption context (floci #817).",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.bind_context = lambda _: b""


@fault(
    "context-turned-around",
    breaks=("CRY-010", "CRY-013"),
    statement=(
        "Decrypt fails with the right encryption context and works with a wrong one "
        "(localstack #8505)."
    ),
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.bind_context

    def wrapper(call: Call, handler: Handler) -> dict[str, Any]:
        given = call.params.get("EncryptionContext")
        try:
            answer = handler(call)
        except KmsError:
            endpoint.seams.bind_context = lambda _: b""
            endpoint.seams.unseal = _without_check
            try:
                return handler(call)
            finally:
                endpoint.seams.bind_context, endpoint.seams.unseal = original, unseal
        if given:
            raise KmsError("InvalidParameter", "CiphertextBlob is not valid.")
        return answer

    wrap_handler(endpoint, "Decrypt", wrapper)


def _without_check(version: KeyVersion, sealed: Blob, _bound: bytes) -> bytes:
    """Decrypt without looking at the tag: GCM is a counter mode that begins at 2."""
    assert isinstance(version.material, bytes)
    counter = sealed.iv + b"\0\0\0\2"
    decryptor = Cipher(algorithms.AES(version.material), modes.CTR(counter)).decryptor()
    opened = decryptor.update(sealed.body[:-_TAG]) + decryptor.finalize()
    return opened.decode(errors="replace").encode()


@fault(
    "context-order-matters",
    breaks=("CRY-012",),
    statement="A context opens only with its members in the order in which they were sent.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.bind_context = lambda context: "&".join(
        f"{name}={value}" for name, value in (context or {}).items()
    ).encode()


@fault(
    "context-values-ignored",
    breaks=("CRY-010", "CRY-014", "CRY-025"),
    statement="Only the names in an encryption context count.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.bind_context = lambda context: "&".join(sorted(context or {})).encode()


@fault(
    "tampered-blob-opens",
    breaks=("CRY-010", "CRY-020"),
    statement="A blob with a flipped bit opens to something else.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.unseal = _without_check


@fault(
    "bad-blob-gives-500",
    breaks=("CRY-015",),
    statement="A blob that does not open gives 500 InternalFailure.",
    source=CONTEXT,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        try:
            return original(call)
        except KmsError as refusal:
            if refusal.code != "InvalidParameter":
                raise
            raise KmsError("InternalFailure", "The service failed.") from None

    wrap_handler(endpoint, "Decrypt", wrapper)


@fault(
    "ciphertext-holds-plaintext",
    breaks=("CRY-006", "CRY-020"),
    statement="The blob holds the plaintext as it is (moto PR #2397).",
    source=_CIPHERTEXT,
)
def _(endpoint: Endpoint) -> None:
    def sealing(version: KeyVersion, iv: bytes, text: bytes, _bound: bytes) -> bytes:
        return Blob(version.id, iv, text + b"\0" * _TAG).pack()

    def unsealing(_version: KeyVersion, sealed: Blob, _bound: bytes) -> bytes:
        return sealed.body[:-_TAG]

    endpoint.seams.seal = sealing
    endpoint.seams.unseal = unsealing


@fault(
    "all-keys-are-one",
    breaks=("CRY-008", "CRY-022", "CRY-024"),
    statement="All keys encrypt with the same material, so that any opens any blob (moto #9907).",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    material = os.urandom(32)

    def shared(version: KeyVersion) -> KeyVersion:
        return KeyVersion(version.id, version.created, material)

    def key_of_blob(call: Call, _sealed: Blob) -> tuple[Key, KeyVersion]:
        keys = [key for key in call.account.keys.values() if key.primary_version is not None]
        newest = max(keys, key=lambda key: key.created)
        return newest, newest.versions[str(newest.primary_version)]

    endpoint.seams.seal = lambda version, iv, text, bound: seal(shared(version), iv, text, bound)
    endpoint.seams.unseal = lambda version, sealed, bound: unseal(shared(version), sealed, bound)
    endpoint.seams.key_of_blob = key_of_blob


@fault(
    "decrypt-names-another-key",
    breaks=("CRY-007", "CRY-008"),
    statement="Decrypt answers the KeyId of another key than the one that opened the blob.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        answer["KeyId"] = next(iter(call.account.keys))

    wrap_answer(endpoint, "Decrypt", change)


@fault(
    "encrypt-names-another-version",
    breaks=("CRY-007",),
    statement="KeyVersionId of Encrypt is not the version that encrypted.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["KeyVersionId"] = "00000000-0000-4000-8000-000000000000"

    wrap_answer(endpoint, "Encrypt", change)


@fault(
    "plaintext-comes-back-shortened",
    breaks=("CRY-001", "CRY-002"),
    statement="Decrypt drops white space and padding at the end of a text.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["Plaintext"] = answer["Plaintext"].rstrip("= \n")

    wrap_answer(endpoint, "Decrypt", change)


@fault(
    "plaintext-limit-is-one-kilobyte",
    breaks=("CRY-003", "CRY-004"),
    statement="Encrypt refuses more than 1,024 bytes where 6 KB are promised.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.plaintext_size
    endpoint.seams.plaintext_size = lambda text: 6 * int(original(text))


@fault(
    "dry-run-succeeds",
    breaks=("CON-007",),
    statement="DryRun is ignored and the call succeeds.",
    source="DryRun description, Python SDK alibabacloud-kms20160120 3.3.1",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.parse

    def parse(passage: Any) -> None:
        original(passage)
        passage.params.pop("DryRun", None)

    endpoint.parse = parse


@fault(
    "reencrypt-loses-destination-context",
    breaks=("CRY-041",),
    statement="ReEncrypt does not bind DestinationEncryptionContext (fakecloud PR #986).",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "ReEncrypt",
        lambda call, original: original(with_params(call, DestinationEncryptionContext={})),
    )


@fault(
    "reencrypt-keeps-the-key",
    breaks=("CRY-040",),
    statement="ReEncrypt answers a blob under the source key.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        if "SourceKeyId" in call.params:
            return answer
        return original(with_params(call, DestinationKeyId=answer["KeyId"]))

    wrap_handler(endpoint, "ReEncrypt", wrapper)


@fault(
    "reencrypt-changes-the-text",
    breaks=("CRY-040",),
    statement="ReEncrypt encrypts the base64 of the text instead of the text.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        sealing = endpoint.seams.seal
        endpoint.seams.seal = lambda version, iv, text, bound: sealing(
            version, iv, base64.b64encode(text), bound
        )
        try:
            return original(call)
        finally:
            endpoint.seams.seal = sealing

    wrap_handler(endpoint, "ReEncrypt", wrapper)


@fault(
    "reencrypt-tells-the-plaintext",
    breaks=("CRY-040",),
    statement="ReEncrypt answers the plaintext beside the new blob.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        if "SourceKeyId" not in call.params:
            context = call.params.get("SourceEncryptionContext")
            bound = {"EncryptionContext": context} if context else {}
            answer["Plaintext"] = ask(endpoint, call, "Decrypt", **bound)["Plaintext"]
        return answer

    wrap_handler(endpoint, "ReEncrypt", wrapper)


@fault(
    "sized-data-key-in-plain",
    breaks=("CRY-031",),
    statement="GenerateDataKeyWithoutPlaintext answers Plaintext when NumberOfBytes is given.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if "NumberOfBytes" not in call.params:
            return original(call)
        return endpoint.handlers["GenerateDataKey"](call)

    wrap_handler(endpoint, "GenerateDataKeyWithoutPlaintext", wrapper)


@fault(
    "mac-of-two-kilobytes",
    breaks=("CRY-073",),
    statement="A MAC covers the first 2,048 bytes of its message.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.mac_bytes
    endpoint.seams.mac_bytes = lambda material, name, message: original(
        material, name, message[:2_048]
    )


@fault(
    "data-key-follows-from-context",
    breaks=("CRY-032",),
    statement="GenerateDataKey answers the data key that it answered for this context before.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    made: dict[str, dict[str, Any]] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        context = call.params.get("EncryptionContext")
        answer = original(call)
        return made.setdefault(f"{call.params} {context}", answer) if context else answer

    wrap_handler(endpoint, "GenerateDataKey", wrapper)
