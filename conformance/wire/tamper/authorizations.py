"""Authentication that says too little, and identities that do not fit."""

from conformance.wire.credentials import AccessKey
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.tamper import mistakes, signers
from conformance.wire.tamper.mutation import (
    EVERY,
    RPC,
    SHARED,
    V3,
    Mutation,
    absent_header,
    as_credential,
    changed_after,
    common,
    foreign_token,
    made_by,
)

AUTHORIZATIONS: tuple[Mutation, ...] = (
    # Authorization that says too little.
    Mutation(
        "unsigned",
        "Nothing of the authentication is sent.",
        RPC,
        Kind.MISSING_PARAMETER,
        changed_after(
            lambda request: mistakes.leave_out(
                request,
                *("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion"),
                *("SignatureNonce", "SignatureType", "SecurityToken", "Timestamp"),
            )
        ),
    ),
    Mutation(
        "unsigned-v3",
        "No Authorization header.",
        V3,
        Kind.MISSING_PARAMETER,
        changed_after(lambda request: signers.with_header(request, "authorization", None)),
    ),
    Mutation(
        "missing-signature",
        "Signature is missing.",
        RPC,
        Kind.MISSING_PARAMETER,
        changed_after(lambda request: mistakes.leave_out(request, "Signature")),
    ),
    *(
        Mutation(
            f"missing-{name}",
            f"{name} is missing, the rest is signed rightly.",
            RPC,
            Kind.MISSING_PARAMETER,
            common(name, None),
            determined=name != "SignatureNonce",  # the KMS pages do not list it
        )
        for name in (
            *("Action", "Version", "AccessKeyId", "SignatureMethod"),
            *("SignatureVersion", "SignatureNonce", "Timestamp"),
        )
    ),
    *(
        Mutation(
            f"missing-{name}",
            f"{name} is missing, the rest is signed rightly.",
            V3,
            Kind.MISSING_PARAMETER,
            common(name, None),
        )
        for name in (
            *("x-acs-action", "x-acs-version", "x-acs-date"),
            *("x-acs-signature-nonce", "x-acs-content-sha256"),
        )
    ),
    Mutation(
        "authorization-cut",
        "The Authorization header ends after the credential.",
        V3,
        Kind.MALFORMED_AUTHORIZATION,
        changed_after(mistakes.empty_authorization),
    ),
    Mutation(
        "signed-header-absent",
        "SignedHeaders names a header that is not sent.",
        V3,
        Kind.MISSING_SIGNED_HEADER,
        absent_header,
    ),
    Mutation(
        "action-unsigned",
        "Action and version are sent and not signed.",
        V3,
        Kind.UNSIGNED_HEADER,
        made_by(lambda s: mistakes.unsigned_headers(s, "x-acs-action", "x-acs-version")),
        determined=False,
    ),
    # Identity.
    Mutation(
        "unknown-access-key",
        "An id that looks right and that nobody has.",
        EVERY,
        Kind.UNKNOWN_ACCESS_KEY,
        as_credential(mistakes.unknown_id),
    ),
    Mutation(
        "malformed-access-key",
        "An id with characters that no id has.",
        SHARED,
        Kind.MALFORMED_ACCESS_KEY,
        as_credential(lambda old: mistakes.with_id(old, "not an access key id!")),
        determined=False,
    ),
    Mutation(
        "client-key-hmac",
        "A client key id with HMAC-SHA1.",
        RPC,
        Kind.UNKNOWN_ACCESS_KEY,
        as_credential(lambda old: AccessKey(old.id, "FakeSecretOfAClientKey")),
        frozenset({"client-key"}),
    ),
    Mutation(
        "missing-token",
        "A temporary access key without its token.",
        SHARED,
        Kind.MISSING_TOKEN,
        as_credential(lambda old: mistakes.with_token(old, None)),
        frozenset({"temporary"}),
    ),
    Mutation(
        "unknown-token",
        "A temporary access key with a token that was never issued.",
        SHARED,
        Kind.BAD_TOKEN,
        as_credential(lambda old: mistakes.with_token(old, mistakes.UNKNOWN_TOKEN)),
        frozenset({"temporary"}),
    ),
    Mutation(
        "foreign-token",
        "A temporary access key with the token of another.",
        SHARED,
        Kind.TOKEN_MISMATCH,
        foreign_token,
        frozenset({"temporary", "other"}),
    ),
    Mutation(
        "token-with-permanent-key",
        "A permanent access key with a signed token of another.",
        SHARED,
        Kind.TOKEN_MISMATCH,
        foreign_token,
        frozenset({"permanent", "other"}),
        determined=False,
    ),
    Mutation(
        "token-appended",
        "A token was added after signing.",
        RPC,
        Kind.SIGNATURE_MISMATCH,
        changed_after(mistakes.append_token),
        frozenset({"permanent"}),
    ),
    Mutation(
        "token-appended-v3",
        "A token was added after signing and is not among the signed headers.",
        V3,
        Kind.UNSIGNED_HEADER,
        changed_after(
            lambda r: signers.with_header(r, "x-acs-security-token", mistakes.UNKNOWN_TOKEN)
        ),
        frozenset({"permanent"}),
    ),
)
