"""Imported key material: wrapped by the oracle, bound to its key for good."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.public_keys import KeyFormatError, RsaPublicKey, load_base64
from conformance.oracle.schemes import encrypt
from conformance.rules.cryptography.asking import (
    SDK,
    ask_decrypt,
    b64,
    done,
    encrypted,
    expect_opens,
    text_in,
)
from conformance.rules.dates import moment
from conformance.rules.effects.looking import expect_key, new_key
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_DOCS = "ImportKeyMaterial and GetParametersForImport pages, AlibabaCloudDocs/kms (2021-07)"
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_BINDING = "Import key material page 607841"
_ALGORITHM = "RSAES_OAEP_SHA_256"


def new_external_key(kms: Kms) -> str:
    """Create a key that waits for its material and return its id."""
    return new_key(kms, Origin="EXTERNAL")


def parameters(kms: Kms, key: str, algorithm: str = _ALGORITHM) -> Exchange:
    """Get what it takes to import material.

    Raises:
        NotApplicable: When the target declines the wrapping algorithm.
    """
    request = {"KeyId": key, "WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": algorithm}
    exchange = kms.call("GetParametersForImport", request)
    if not exchange.ok and (exchange.code or "").startswith(("Unsupported", "Rejected.Unsup")):
        raise NotApplicable(f"the target declines {algorithm} for imports", [exchange])
    return kms.expect_success(exchange)


def wrapped(
    kms: Kms, given: Exchange, material: bytes, algorithm: str = _ALGORITHM
) -> dict[str, Any]:
    """Return parameters of ImportKeyMaterial for material that the oracle wraps."""
    try:
        public = load_base64(text_in(kms, given, "PublicKey"))
    except KeyFormatError as problem:
        kms.violated(f"PublicKey is base64 of a SubjectPublicKeyInfo: {problem}", given)
    if not isinstance(public, RsaPublicKey) or public.bits != 2048:
        kms.violated("PublicKey is an RSA key of 2048 bits", given)
    return {
        "KeyId": given.parameters.get("KeyId"),
        "ImportToken": text_in(kms, given, "ImportToken"),
        "EncryptedKeyMaterial": b64(encrypt(public, algorithm, material)),
    }


def ask_import(kms: Kms, request: Mapping[str, Any]) -> Exchange:
    """Ask for material to be imported."""
    return kms.call("ImportKeyMaterial", {"KeyMaterialExpireUnix": 0, **request}, placement="form")


def import_material(
    kms: Kms, key: str, material: bytes, algorithm: str = _ALGORITHM
) -> dict[str, Any]:
    """Import material into a key and return the request, which can be sent again."""
    request = wrapped(kms, parameters(kms, key, algorithm), material, algorithm)
    kms.expect_success(ask_import(kms, request))
    return request


def _works(kms: Kms, key: str) -> str:
    """Encrypt and decrypt under a key; return the blob."""
    text = "Y29uZm9ybWFuY2U="
    blob = text_in(kms, encrypted(kms, key, text), "CiphertextBlob")
    expect_opens(kms, blob, text)
    return blob


def _algorithms() -> list[Case]:
    names = ("RSAES_PKCS1_V1_5", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
    return [Case(name, name) for name in names]


@rule(
    "KEY-020",
    level=Level.MUST,
    family="keys",
    statement="Material that is wrapped by each documented algorithm outside the service is "
    "imported, and the key then works.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/import-algorithms",
        "transition/PendingImport/ImportKeyMaterial",
    ),
    operations=("GetParametersForImport", "ImportKeyMaterial"),
    safety="creates",
    cases=_algorithms,
)
def wrapped_material_is_taken(kms: Kms, algorithm: str) -> None:
    """Wrap material with the oracle's arithmetic."""
    key = new_external_key(kms)
    import_material(kms, key, kms.bytes(32), algorithm)
    expect_key(kms, key, KeyState="Enabled")
    _works(kms, key)


@rule(
    "KEY-021",
    level=Level.MUST,
    family="keys",
    statement="The material of a key may come again at any time, with the same token too; after "
    "DeleteKeyMaterial it makes earlier blobs open again.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/import-again",),
    operations=("ImportKeyMaterial", "DeleteKeyMaterial"),
    safety="schedules-deletion",
)
def same_material_again(kms: Kms) -> None:
    """Import the same material while it is there and after it was deleted."""
    key = new_external_key(kms)
    request = import_material(kms, key, kms.bytes(32))
    blob = _works(kms, key)
    kms.expect_success(ask_import(kms, request))
    kms.expect_success(ask_decrypt(kms, blob))
    done(kms, "DeleteKeyMaterial", {"KeyId": key})
    expect_key(kms, key, KeyState="PendingImport")
    kms.expect_refused(
        ask_decrypt(kms, blob),
        codes=["Rejected.PendingImport"],
        statuses=[409],
        why="the material is gone",
    )
    kms.expect_success(ask_import(kms, request))
    kms.expect_success(ask_decrypt(kms, blob))


def _times() -> list[Case]:
    return [Case("while-bound", False), Case("after-deletion", True)]


@rule(
    "KEY-022",
    level=Level.MUST,
    family="keys",
    statement="The first import binds a key to its material for good: other material is refused, "
    "after DeleteKeyMaterial too.",
    provenance="documented",
    source=_BINDING,
    stage="service",
    promises=("semantics/import-binds",),
    operations=("ImportKeyMaterial", "DeleteKeyMaterial"),
    safety="schedules-deletion",
    cases=_times,
)
def other_material_is_refused(kms: Kms, deleted: bool) -> None:
    """Offer other material to a key that is bound."""
    key = new_external_key(kms)
    given = parameters(kms, key)
    material = kms.bytes(32)
    kms.expect_success(ask_import(kms, wrapped(kms, given, material)))
    blob = _works(kms, key)
    if deleted:
        done(kms, "DeleteKeyMaterial", {"KeyId": key})
    other = wrapped(kms, given, bytes(octet ^ 1 for octet in material))
    kms.expect_refused(ask_import(kms, other), why="other material than the key is bound to")
    if deleted:
        expect_key(kms, key, KeyState="PendingImport")
    else:
        kms.expect_success(ask_decrypt(kms, blob))


@rule(
    "KEY-023",
    level=Level.MUST,
    family="keys",
    statement="Material of an Aliyun_AES_256 key is 32 bytes long: other lengths are refused and "
    "the key goes on waiting.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/import-length",),
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def material_has_its_length(kms: Kms) -> None:
    """Offer material of other lengths, then of the right one."""
    key = new_external_key(kms)
    given = parameters(kms, key)
    for length in (16, 24, 31, 33, 64):
        request = wrapped(kms, given, kms.bytes(length))
        kms.expect_refused(ask_import(kms, request), why=f"material of {length} bytes")
        expect_key(kms, key, KeyState="PendingImport")
    kms.expect_success(ask_import(kms, wrapped(kms, given, kms.bytes(32))))


@rule(
    "KEY-024",
    level=Level.MUST,
    family="keys",
    statement="Token and key belong together: the token of another key and a token that nobody "
    "issued are refused with 400 InvalidImportToken, and the key goes on waiting.",
    provenance="documented",
    source=_RESPONSES,
    stage="service",
    promises=(
        "semantics/import-token",
        "semantics/import-bad-token",
    ),
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def tokens_belong_to_keys(kms: Kms) -> None:
    """Offer material with a token of another key, then with a changed one, then rightly."""
    key, other = new_external_key(kms), new_external_key(kms)
    given, foreign = parameters(kms, key), parameters(kms, other)
    material = kms.bytes(32)
    right, borrowed = wrapped(kms, given, material), wrapped(kms, foreign, material)
    token = str(right["ImportToken"])
    middle = len(token) // 2
    letter = "A" if token[middle] != "A" else "B"
    for wrong in (
        {**borrowed, "KeyId": key},
        {**right, "ImportToken": token[:middle] + letter + token[middle + 1 :]},
    ):
        kms.expect_refused(
            ask_import(kms, wrong),
            codes=["InvalidImportToken"],
            statuses=[400],
            why="a token that was not issued for this key",
        )
        expect_key(kms, key, KeyState="PendingImport")
    kms.expect_success(ask_import(kms, right))


@rule(
    "KEY-025",
    level=Level.MUST,
    family="keys",
    statement="Public key and token of an import differ on each call and are good for 24 hours.",
    provenance="documented",
    source=_DOCS,
    stage="service",
    promises=("semantics/import-token-differs",),
    operations=("GetParametersForImport", "ImportKeyMaterial"),
    safety="creates",
)
def parameters_differ(kms: Kms) -> None:
    """Ask twice, and import with what the second answer gave."""
    key = new_external_key(kms)
    given = [parameters(kms, key) for _ in range(2)]
    for member in ("PublicKey", "ImportToken"):
        first, second = (text_in(kms, exchange, member) for exchange in given)
        kms.expect(first != second, f"{member} differs on each call", *given)
    ends = moment(kms, given[1].data.get("TokenExpireTime"), given[1])
    difference = abs(ends - kms.now() - timedelta(hours=24))
    kms.expect(difference < timedelta(minutes=20), "TokenExpireTime is 24 hours ahead", given[1])
    kms.expect_success(ask_import(kms, wrapped(kms, given[1], kms.bytes(32))))
    expect_key(kms, key, KeyState="Enabled")


@rule(
    "KEY-026",
    level=Level.MUST,
    family="keys",
    statement="Material that was wrapped under the public key of another call than the token came "
    "from is refused.",
    provenance="documented",
    source=_DOCS,
    stage="service",
    promises=("semantics/import-token",),
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def key_and_token_belong_together(kms: Kms) -> None:
    """Mix what two calls gave."""
    key = new_external_key(kms)
    first, second = (wrapped(kms, parameters(kms, key), kms.bytes(32)) for _ in range(2))
    mixed = {**first, "ImportToken": second["ImportToken"]}
    kms.expect_refused(ask_import(kms, mixed), why="public key and token of two calls")
    expect_key(kms, key, KeyState="PendingImport")


@rule(
    "KEY-027",
    level=Level.MUST,
    family="keys",
    statement="A KeyMaterialExpireUnix that has passed is refused, and the key goes on waiting.",
    provenance="documented",
    source=SDK,
    stage="parameter",
    promises=("semantics/import-expiry",),
    operations=("ImportKeyMaterial",),
    safety="creates",
)
def expiry_lies_ahead(kms: Kms) -> None:
    """Import material that expired an hour and a year ago."""
    key = new_external_key(kms)
    request = wrapped(kms, parameters(kms, key), kms.bytes(32))
    for hours in (1, 24 * 365):
        ago = int((kms.now() - timedelta(hours=hours)).timestamp())
        kms.expect_refused(
            ask_import(kms, {**request, "KeyMaterialExpireUnix": ago}), why="an expiry that passed"
        )
        expect_key(kms, key, KeyState="PendingImport")


@rule(
    "KEY-028",
    level=Level.MUST,
    family="keys",
    statement="Only EXTERNAL keys take material: GetParametersForImport of a key whose material "
    "KMS made is refused.",
    provenance="documented",
    source=_RESPONSES,
    stage="service",
    promises=("semantics/import-wrong-origin",),
    operations=("GetParametersForImport",),
)
def only_external_keys(kms: Kms) -> None:
    """Ask for import parameters of a key of KMS."""
    request = {
        "KeyId": kms.provide("symmetric-key")["id"],
        "WrappingKeySpec": "RSA_2048",
        "WrappingAlgorithm": _ALGORITHM,
    }
    kms.expect_refused(
        kms.call("GetParametersForImport", request), why="a key whose material KMS made"
    )
