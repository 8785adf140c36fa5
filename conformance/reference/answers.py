"""Which code and status answer a failure: specs/auth-failures.json and refusals.json in use."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from conformance.reference.errors import KmsError
from conformance.reference.validate import Violation
from conformance.spec import Operation, catalogue, resolve
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.identity import Scheme

Family = Literal["kms", "gateway"]

_K = FailureKind
#: Failures of the wire layer by their name in specs/auth-failures.json.
_KINDS: Mapping[FailureKind, str] = {
    _K.UNPARSABLE_PARAMETERS: "unparsable-parameters",
    _K.DUPLICATE_PARAMETER: "unparsable-parameters",
    _K.BAD_HTTP_METHOD: "unsupported-http-method",
    _K.PLAIN_HTTP: "plain-http",
    _K.UNSUPPORTED_SCHEME: "unsigned",
    _K.MISSING_PARAMETER: "missing-common-parameter",
    _K.MALFORMED_AUTHORIZATION: "signature-mismatch",
    _K.BAD_SIGNATURE_METHOD: "unsupported-signature-method",
    _K.BAD_SIGNATURE_VERSION: "unsupported-signature-version",
    _K.BAD_FORMAT: "unsupported-format",
    _K.UNKNOWN_ACTION: "unknown-action",
    _K.UNKNOWN_VERSION: "unknown-version",
    _K.MALFORMED_ACCESS_KEY: "malformed-access-key",
    _K.UNKNOWN_ACCESS_KEY: "unknown-access-key",
    _K.DISABLED_ACCESS_KEY: "disabled-access-key",
    _K.EXPIRED_CLIENT_KEY: "disabled-access-key",
    _K.MALFORMED_TIMESTAMP: "malformed-timestamp",
    _K.STALE_TIMESTAMP: "stale-timestamp",
    _K.CONTENT_HASH_MISMATCH: "body-hash-mismatch",
    _K.MISSING_SIGNED_HEADER: "signature-mismatch",
    _K.UNSIGNED_HEADER: "signature-mismatch",
    _K.SIGNATURE_MISMATCH: "signature-mismatch",
    _K.MISSING_TOKEN: "missing-security-token",
    _K.BAD_TOKEN: "malformed-security-token",
    _K.TOKEN_MISMATCH: "mismatched-security-token",
    _K.EXPIRED_TOKEN: "expired-security-token",
    _K.REPLAYED_NONCE: "replayed-nonce",
}
#: Wording by failure; clients read Code, people read this.
_MESSAGES: Mapping[FailureKind, str] = {
    _K.UNPARSABLE_PARAMETERS: "The request parameters cannot be parsed.",
    _K.DUPLICATE_PARAMETER: "A parameter was given more than once.",
    _K.BAD_HTTP_METHOD: "This HTTP method is not supported.",
    _K.PLAIN_HTTP: "Your request is denied as lack of ssl protect.",
    _K.UNSUPPORTED_SCHEME: "This way to authenticate is not supported.",
    _K.BAD_SIGNATURE_METHOD: "The specified signature method is not supported.",
    _K.BAD_SIGNATURE_VERSION: "The specified signature version is not supported.",
    _K.BAD_FORMAT: "The specified response format is not supported.",
    _K.UNKNOWN_ACTION: "The specified API is not found.",
    _K.UNKNOWN_VERSION: "The specified API version is not found.",
    _K.MALFORMED_ACCESS_KEY: "The specified AccessKeyId is not valid.",
    _K.UNKNOWN_ACCESS_KEY: "The Access Key ID provided does not exist in our records.",
    _K.DISABLED_ACCESS_KEY: "The Access Key is disabled.",
    _K.EXPIRED_CLIENT_KEY: "The client key is not valid at this time.",
    _K.MALFORMED_TIMESTAMP: "The input parameter Timestamp is not yyyy-MM-ddTHH:mm:ssZ.",
    _K.STALE_TIMESTAMP: "The input parameter Timestamp is too far from the time of the server.",
    _K.CONTENT_HASH_MISMATCH: "The body is not the one whose hash the request names.",
    _K.MISSING_TOKEN: "The security token of a temporary access key is missing.",
    _K.BAD_TOKEN: "The specified security token is malformed.",
    _K.TOKEN_MISMATCH: "The specified security token belongs to another access key.",
    _K.EXPIRED_TOKEN: "The specified security token is expired.",
    _K.REPLAYED_NONCE: "The specified signature nonce was used already.",
}
_MISMATCH = "Specified signature is not matched with our calculation."


@cache
def _rows() -> dict[str, dict[str, list[dict[str, Any]]]]:
    failures = catalogue().document("auth-failures")["failures"]
    return {row["kind"]: row["answers"] for row in failures}


def answer_for(kind: str, family: Family, parameter: str = "") -> tuple[str, int]:
    """Return code and status of a failure named in specs/auth-failures.json.

    A family without a row of its own leaves the answer to the other.
    """
    answers = _rows()[kind]
    other: Family = "gateway" if family == "kms" else "kms"
    first = (answers[family] or answers[other])[0]
    return first["code"].replace("{Parameter}", parameter), first["status"]


def refuse(kind: str, family: Family, message: str, parameter: str = "") -> KmsError:
    """Return the refusal for a failure named in specs/auth-failures.json."""
    code, status = answer_for(kind, family, parameter)
    return KmsError(code, message, status)


def authentication_error(failure: AuthFailure, scheme: Scheme, family: Family) -> KmsError:
    """Return the refusal for a request that did not authenticate.

    The message for a wrong signature holds the string the verifier signed: official clients compare
    it with their own. It goes to the caller only, who sent all that is in it.
    """
    kind = _KINDS.get(failure.kind, "unsigned")
    if failure.kind is FailureKind.MISSING_PARAMETER:
        kind = {Scheme.V3: "missing-header", Scheme.NONE: "unsigned"}.get(scheme, kind)
    code, status = answer_for(kind, family, failure.name)
    return KmsError(code, _message(failure), status)


def _message(failure: AuthFailure) -> str:
    if failure.kind is FailureKind.MISSING_PARAMETER:
        return f"The input parameter {failure.name} that is mandatory is not provided."
    if failure.string_to_sign is None:
        return _MESSAGES.get(failure.kind, _MISMATCH)
    if failure.canonical_request is None:
        return f"{_MISMATCH} server string to sign is:{failure.string_to_sign}"
    return (
        f"{_MISMATCH} server StringToSign is [{failure.string_to_sign}] and server "
        f"CanonicalRequest is [{failure.canonical_request}]"
    )


def parameter_error(operation: Operation, violation: Violation, family: Family) -> KmsError:
    """Return the refusal for parameters that break a constraint of the operation's schema."""
    name = violation.parameter
    row = _refusal(operation, violation.keyword, name)
    code = _first_code(row, family, name)
    statuses = row.get("statuses") or [400]
    return KmsError(code, _what(violation), statuses[0])


def _refusal(operation: Operation, keyword: str, name: str) -> dict[str, Any]:
    rows = catalogue().document("refusals")["keywords"]
    schema = operation.request.get("properties", {}).get(name, {})
    marks = schema.get("x-refusals", {})
    if not marks and "$ref" in schema:
        marks = resolve(schema["$ref"]).get("x-refusals", {})
    return {**rows.get(keyword, {}), **marks.get(keyword, {})}


def _first_code(row: Mapping[str, Any], family: Family, name: str) -> str:
    codes = [code for code in row.get("codes", ()) if not code.endswith(".*")]
    if family == "gateway" and name:
        codes.sort(key=lambda code: "{Parameter}" not in code)
    return codes[0].replace("{Parameter}", name) if codes else "InvalidParameter"


def _what(violation: Violation) -> str:
    """Return a sentence that names the parameter and never its value."""
    name = violation.parameter
    if not name:
        return "The specified combination of parameters is not valid."
    if violation.keyword in {"required", "dependentRequired"}:
        return f"The parameter {name} is required but not provided, or incomplete."
    if violation.keyword == "additionalProperties" and len(violation.path) == 1:
        return "The request has a parameter that the operation does not know."
    return f"The specified parameter {name} is not valid."
