"""Signatures that do not belong to the request, or were made wrongly."""

from base64 import b64encode
from functools import partial

from conformance.wire import instance
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.tamper import mistakes, signers
from conformance.wire.tamper.mutation import (
    EVERY,
    INSTANCE,
    RPC,
    SHARED,
    V3,
    Mutation,
    as_credential,
    common,
    made_by,
    resigned,
    signature_altered,
    signed_by,
    signed_for,
)

#: Where one character of a signature is changed, as a part of its length.
_PLACES = {"first": 0.0, "quarter": 0.25, "middle": 0.5, "three-quarters": 0.75, "last": 1.0}

SIGNATURES: tuple[Mutation, ...] = (
    # Signature over something else than what is sent.
    Mutation(
        "value-changed",
        "The value of a parameter is not the signed one.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.change_value),
        frozenset({"parameter"}),
    ),
    Mutation(
        "parameter-renamed",
        "The name of a parameter is not the signed one.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.rename_parameter),
        frozenset({"parameter"}),
    ),
    Mutation(
        "parameter-added",
        "A parameter is sent that was not signed.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.leave_out_parameter),
        frozenset({"parameter"}),
    ),
    Mutation(
        "parameter-removed",
        "A signed parameter is not sent.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.add_parameter),
    ),
    Mutation(
        "action-changed",
        "The operation is not the signed one.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.change_action),
    ),
    Mutation(
        "method-changed",
        "The HTTP method is not the signed one.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.swap_method),
    ),
    Mutation(
        "host-changed",
        "The host is not the signed one.",
        V3,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.change_host),
    ),
    Mutation(
        "body-changed",
        "The body and its hash are not the signed ones.",
        V3 | INSTANCE,
        Kind.SIGNATURE_MISMATCH,
        signed_for(mistakes.change_body),
    ),
    Mutation(
        "time-changed",
        "The time, still fresh, is not the signed one.",
        EVERY,
        Kind.SIGNATURE_MISMATCH,
        signed_by(mistakes.slow_clock),
    ),
    Mutation(
        "nonce-changed",
        "The nonce is not the signed one.",
        SHARED,
        Kind.SIGNATURE_MISMATCH,
        signed_by(
            lambda signer: signers.with_common(signer, "SignatureNonce", lambda old: f"{old}x")
        ),
    ),
    Mutation(
        "content-hash-wrong",
        "The signed hash is that of another body.",
        V3 | INSTANCE,
        Kind.CONTENT_HASH_MISMATCH,
        lambda signer, _: signers.with_hash_of(signer, b"another body"),
    ),
    Mutation(
        "content-hash-lower-case",
        "The content hash is signed in lower case and sent in upper case.",
        INSTANCE,
        Kind.SIGNATURE_MISMATCH,
        signed_by(mistakes.lower_case_hash),
    ),
    # Signature made wrongly.
    Mutation(
        "other-secret",
        "Signed with a secret, or private key, of somebody else.",
        EVERY,
        Kind.SIGNATURE_MISMATCH,
        as_credential(mistakes.other_secret),
    ),
    Mutation(
        "signature-truncated",
        "The signature lacks its last characters.",
        EVERY,
        Kind.SIGNATURE_MISMATCH,
        signature_altered(lambda signature: signature[:-4]),
    ),
    *(
        Mutation(
            f"signature-character-{place}",
            f"One character of the signature is another ({place}).",
            SHARED,
            Kind.SIGNATURE_MISMATCH,
            signature_altered(partial(mistakes.change_character, part=part)),
        )
        for place, part in _PLACES.items()
    ),
    Mutation(
        "signature-other-case",
        "The letters of the signature are in the other case.",
        RPC,
        Kind.SIGNATURE_MISMATCH,
        signature_altered(str.swapcase),
    ),
    Mutation(
        "signature-base64",
        "The signature is in base64 instead of hexadecimal.",
        V3,
        Kind.SIGNATURE_MISMATCH,
        signature_altered(lambda signature: b64encode(bytes.fromhex(signature)).decode()),
    ),
    Mutation(
        "key-without-ampersand",
        "The signing key is the bare secret.",
        RPC,
        Kind.SIGNATURE_MISMATCH,
        resigned(mistakes.key_without_ampersand),
        frozenset({"secret"}),
    ),
    Mutation(
        "key-with-ampersand",
        "The signing key is the secret followed by an ampersand, as in RPC-1.0.",
        V3,
        Kind.SIGNATURE_MISMATCH,
        as_credential(lambda old: mistakes.with_secret(old, f"{mistakes.secret_of(old)}&")),
        frozenset({"secret"}),
    ),
    Mutation(
        "encoded-once",
        "The canonical query was not encoded a second time.",
        RPC,
        Kind.SIGNATURE_MISMATCH,
        resigned(mistakes.encoded_once),
        frozenset({"secret"}),
    ),
    Mutation(
        "escapes-lower-case",
        "The escapes of the canonical query were signed in lower case.",
        RPC,
        Kind.SIGNATURE_MISMATCH,
        resigned(mistakes.lower_case_escapes),
        frozenset({"secret"}),
    ),
    Mutation(
        "algorithm-unknown",
        "Signed under an algorithm that the scheme does not have.",
        RPC,
        Kind.BAD_SIGNATURE_METHOD,
        resigned(mistakes.hmac_sha256, "HMAC-SHA256"),
        frozenset({"secret"}),
    ),
    Mutation(
        "algorithm-unknown-v3",
        "Signed under an algorithm that the scheme does not have.",
        V3,
        Kind.BAD_SIGNATURE_METHOD,
        made_by(mistakes.unknown_algorithm),
    ),
    Mutation(
        "algorithm-unknown-instance",
        "Names a signature method that the scheme does not have.",
        INSTANCE,
        Kind.BAD_SIGNATURE_METHOD,
        common(instance.METHOD_HEADER, "RSA_PKCS1_SHA_1"),
    ),
    Mutation(
        "signature-version-unknown",
        "SignatureVersion 9.9.",
        RPC,
        Kind.BAD_SIGNATURE_VERSION,
        common("SignatureVersion", "9.9"),
        determined=False,
    ),
)
