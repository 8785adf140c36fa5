"""Wrong times, nonces and requests, signed rightly."""

from conformance.wire import instance
from conformance.wire.failures import FailureKind as Kind
from conformance.wire.request import rebuilt
from conformance.wire.tamper import mistakes, signers
from conformance.wire.tamper.mutation import (
    EVERY,
    INSTANCE,
    RPC,
    SHARED,
    V3,
    Mutation,
    at_time,
    changed_after,
    changed_before,
    clock_off_by,
    common,
)
from conformance.wire.times import format_iso, parse_http_date

REQUESTS: tuple[Mutation, ...] = (
    # Time and nonce.
    Mutation(
        "time-past",
        "Signed 40 minutes ago.",
        EVERY,
        Kind.STALE_TIMESTAMP,
        clock_off_by(minutes=-40),
    ),
    Mutation(
        "time-future",
        "Signed for 40 minutes ahead.",
        EVERY,
        Kind.STALE_TIMESTAMP,
        clock_off_by(minutes=40),
    ),
    Mutation(
        "time-with-blank",
        "A time without T and Z.",
        SHARED,
        Kind.MALFORMED_TIMESTAMP,
        at_time(lambda old: old.replace("T", " ").rstrip("Z")),
    ),
    Mutation(
        "time-impossible",
        "A time in month 13.",
        SHARED,
        Kind.MALFORMED_TIMESTAMP,
        at_time(lambda old: f"{old[:5]}13{old[7:]}"),
    ),
    Mutation(
        "time-no-time",
        "A text that is no time.",
        EVERY,
        Kind.MALFORMED_TIMESTAMP,
        at_time(lambda _: "now"),
    ),
    Mutation(
        "time-iso",
        "A time in the form of the KMS API.",
        INSTANCE,
        Kind.MALFORMED_TIMESTAMP,
        at_time(lambda old: format_iso(parse_http_date(old))),
    ),
    Mutation(
        "replay",
        "The same request is sent again, byte for byte.",
        SHARED,
        Kind.REPLAYED_NONCE,
        lambda signer, _: signers.repeating(signer),
        frozenset({"twice"}),
    ),
    Mutation(
        "nonce-reused",
        "A new request with the nonce of an earlier one.",
        SHARED,
        Kind.REPLAYED_NONCE,
        lambda signer, _: signers.with_one_nonce(signer),
        frozenset({"twice"}),
    ),
    # Requests that are wrong in themselves, signed rightly.
    Mutation(
        "method-put",
        "Sent and signed with PUT.",
        SHARED,
        Kind.BAD_HTTP_METHOD,
        changed_before(lambda request: rebuilt(request, method="PUT")),
    ),
    Mutation(
        "format-unknown",
        "Format is neither JSON nor XML.",
        RPC,
        Kind.BAD_FORMAT,
        common("Format", "YAML"),
    ),
    Mutation(
        "action-unknown",
        "An operation that does not exist.",
        SHARED,
        Kind.UNKNOWN_ACTION,
        common("Action", "NoSuchOperation"),
    ),
    Mutation(
        "version-unknown",
        "A version of the API that does not exist.",
        SHARED,
        Kind.UNKNOWN_VERSION,
        common("Version", "2010-01-01"),
    ),
    Mutation(
        "parameter-doubled",
        "A parameter stands in query and form with different values, both signed.",
        SHARED,
        Kind.DUPLICATE_PARAMETER,
        changed_before(mistakes.double_parameter),
        frozenset({"parameter", "post"}),
        determined=False,
    ),
    Mutation(
        "form-bad-escape",
        "The form holds a percent sign without digits; the body is signed as it is.",
        V3,
        Kind.UNPARSABLE_PARAMETERS,
        changed_before(lambda request: mistakes.append_to_form(request, "Added=%zz")),
        frozenset({"post"}),
    ),
    Mutation(
        "form-bad-escape-rpc",
        "The form holds a percent sign without digits, hence nothing that could be signed.",
        RPC,
        Kind.UNPARSABLE_PARAMETERS,
        changed_after(lambda request: mistakes.append_to_form(request, "Added=%zz")),
        frozenset({"post"}),
        determined=False,
    ),
    Mutation(
        "form-bad-utf8",
        "The form holds bytes that are not UTF-8; the body is signed as it is.",
        V3,
        Kind.UNPARSABLE_PARAMETERS,
        changed_before(lambda request: mistakes.append_to_form(request, "Added=%FF")),
        frozenset({"post"}),
    ),
    Mutation(
        "form-bad-utf8-rpc",
        "The form holds bytes that are not UTF-8, hence nothing that could be signed.",
        RPC,
        Kind.UNPARSABLE_PARAMETERS,
        changed_after(lambda request: mistakes.append_to_form(request, "Added=%FF")),
        frozenset({"post"}),
        determined=False,
    ),
    # The instance protocol's own.
    Mutation(
        "key-id-header-respelled",
        "The key id header is spelled with two c.",
        INSTANCE,
        Kind.MISSING_PARAMETER,
        lambda signer, _: signers.with_renamed_header(
            signer, instance.KEY_ID_HEADER, "x-kms-accesskeyid"
        ),
    ),
    Mutation(
        "signature-method-missing",
        "The signature method header is missing.",
        INSTANCE,
        Kind.BAD_SIGNATURE_METHOD,
        common(instance.METHOD_HEADER, None),
    ),
    Mutation(
        "api-version-missing",
        "The API version header is missing.",
        INSTANCE,
        Kind.UNKNOWN_VERSION,
        common(instance.API_VERSION_HEADER, None),
    ),
    Mutation(
        "api-name-unknown",
        "An API name that does not exist.",
        INSTANCE,
        Kind.UNKNOWN_ACTION,
        common(instance.API_NAME_HEADER, "NoSuchApi"),
    ),
    Mutation(
        "content-type-json",
        "Content-Type is application/json.",
        INSTANCE,
        Kind.BAD_CONTENT_TYPE,
        common("content-type", "application/json"),
    ),
    Mutation(
        "scheme-word-basic",
        "The word in front of the signature is Basic.",
        INSTANCE,
        Kind.MALFORMED_AUTHORIZATION,
        changed_after(
            lambda request: signers.with_header(
                request,
                "authorization",
                "Basic " + request.headers["authorization"].partition(" ")[2],
            )
        ),
    ),
    Mutation(
        "unsigned-instance",
        "No Authorization header.",
        INSTANCE,
        Kind.MALFORMED_AUTHORIZATION,
        changed_after(lambda request: signers.with_header(request, "authorization", None)),
    ),
)
