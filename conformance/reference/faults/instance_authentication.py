"""Faults of KMS Instance API: signatures, headers, times, identities."""

import base64
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    CLIENTS,
    ERRORS,
    SIGNING,
    change_policy,
    put_step,
    refuse_otherwise,
)
from conformance.reference.faults.registry import fault
from conformance.spec.instance import instance_api
from conformance.wire import instance
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.instance import Admission
from conformance.wire.times import parse_http_date

#: The x-kms- headers that every request has.
_USUAL = frozenset(
    {
        instance.API_NAME_HEADER,
        instance.API_VERSION_HEADER,
        instance.METHOD_HEADER,
        instance.KEY_ID_HEADER,
    }
)


def _verifies(admission: Admission, headers: tuple[tuple[str, str], ...], method: str) -> bool:
    assert admission.identity is not None
    assert admission.identity.public_key is not None
    text = instance.string_to_sign(
        method,
        admission.header(instance.HASH_HEADER),
        admission.header("content-type"),
        admission.header("date"),
        headers,
    )
    _, _, signature = admission.header("authorization").partition(" ")
    try:
        raw = base64.b64decode(signature, validate=True)
        admission.identity.public_key.verify(
            raw, text.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (ValueError, InvalidSignature):
        return False
    return True


@fault(
    "instance-extra-headers-unsigned",
    breaks=("INS-080",),
    statement="x-kms- headers beyond the usual ones are left out of the string to sign.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        usual = tuple(pair for pair in admission.request.headers if pair[0] in _USUAL)
        if not _verifies(admission, usual, admission.request.method):
            raise AuthFailure(FailureKind.SIGNATURE_MISMATCH)

    put_step(endpoint, instance.check_signature, check)


@fault(
    "instance-bearer-refused",
    breaks=("INS-080",),
    statement="Only TOKEN may stand in front of a signature.",
    source=CLIENTS,
)
def _(endpoint: Endpoint) -> None:
    change_policy(endpoint, instance_words=frozenset({"TOKEN"}))


@fault(
    "instance-token-word-is-a-failure",
    breaks=("INS-081",),
    statement="TOKEN in front of a signature is answered by InternalFailure.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    change_policy(endpoint, instance_words=frozenset({"Bearer"}))
    refuse_otherwise(endpoint, "bad-authorization", code="InternalFailure", status=500)


@fault(
    "instance-signature-unchecked",
    breaks=("INS-082", "INS-083", "INS-084"),
    statement="Signatures are not verified.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    put_step(endpoint, instance.check_signature)


@fault(
    "instance-added-headers-pass",
    breaks=("INS-082",),
    statement="x-kms- headers that were added after signing are overlooked.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        headers = admission.request.headers
        usual = tuple(pair for pair in headers if pair[0] in _USUAL)
        if not any(
            _verifies(admission, each, admission.request.method) for each in (headers, usual)
        ):
            raise AuthFailure(FailureKind.SIGNATURE_MISMATCH)

    put_step(endpoint, instance.check_signature, check)


@fault(
    "instance-method-unsigned",
    breaks=("INS-084",),
    statement="A signature for another HTTP method passes.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        headers = admission.request.headers
        if not any(_verifies(admission, headers, method) for method in ("POST", "PUT")):
            raise AuthFailure(FailureKind.SIGNATURE_MISMATCH)

    put_step(endpoint, instance.check_signature, check)


@fault(
    "instance-signature-mismatch-is-403",
    breaks=("INS-082", "INS-083", "INS-084"),
    statement="A wrong signature is answered by 403.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "signature-mismatch", status=403)


@fault(
    "instance-body-not-hashed",
    breaks=("INS-085", "INS-086"),
    statement="Content-SHA256 is signed and not compared with the body.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    put_step(endpoint, instance.check_hash)


@fault(
    "instance-lower-case-digest-is-a-failure",
    breaks=("INS-087",),
    statement="A digest in lower case is answered by InternalFailure.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "body-hash-mismatch", code="InternalFailure", status=500)


@fault(
    "instance-clock-too-strict",
    breaks=("INS-088",),
    statement="A Date may be 10 minutes away.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    change_policy(endpoint, freshness=timedelta(minutes=10))


@fault(
    "instance-clock-too-lenient",
    breaks=("INS-089",),
    statement="A Date may be an hour away.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    change_policy(endpoint, freshness=timedelta(hours=1))


@fault(
    "instance-future-dates-pass",
    breaks=("INS-089",),
    statement="A Date in the future is taken.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        try:
            instance.check_date(admission)
        except AuthFailure as failure:
            moment = parse_http_date(admission.header("date"))
            if failure.kind is not FailureKind.STALE_TIMESTAMP or moment < admission.now:
                raise

    put_step(endpoint, instance.check_date, check)


@fault(
    "instance-date-unread",
    breaks=("INS-090", "INS-089"),
    statement="Date is signed and not looked at.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    put_step(endpoint, instance.check_date)


@fault(
    "instance-date-in-other-words",
    breaks=("INS-090",),
    statement="The message about a Date is another than the one that clients match.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "bad-date", message="Date is not valid.")


@fault(
    "instance-two-c-taken",
    breaks=("INS-091",),
    statement="x-kms-accesskeyid is taken for x-kms-acccesskeyid.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    def check(admission: Admission) -> None:
        headers = admission.headers
        if "x-kms-accesskeyid" in headers:
            headers.setdefault(instance.KEY_ID_HEADER, headers["x-kms-accesskeyid"])
        instance.check_key_id(admission)

    put_step(endpoint, instance.check_key_id, check)


@fault(
    "instance-missing-key-id-is-401",
    breaks=("INS-091",),
    statement="A request without x-kms-acccesskeyid is answered by SignatureNotMatch.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "missing-access-key", code="SignatureNotMatch", status=401)


@fault(
    "instance-version-unchecked",
    breaks=("INS-092", "INS-093"),
    statement="x-kms-apiversion is not looked at.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    put_step(endpoint, instance.check_version)


@fault(
    "instance-method-header-unchecked",
    breaks=("INS-094",),
    statement="x-kms-signaturemethod is not looked at.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    put_step(endpoint, instance.check_signature_method)


@fault(
    "instance-api-name-in-any-case",
    breaks=("INS-095",),
    statement="x-kms-apiname is taken in any letters, and as a beginning.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    names = {name.lower(): name for name in instance_api().operations}

    def check(admission: Admission) -> None:
        asked = admission.header(instance.API_NAME_HEADER).lower().rstrip("2")
        admission.headers[instance.API_NAME_HEADER] = names.get(asked, "")
        instance.check_api_name(admission)

    put_step(endpoint, instance.check_api_name, check)


@fault(
    "instance-unknown-api-is-404",
    breaks=("INS-095",),
    statement="An unknown operation is answered by 404.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "unknown-api-name", status=404)


@fault(
    "instance-unknown-client-key-is-401",
    breaks=("INS-096",),
    statement="An unknown client key is answered by 401.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "unknown-access-key", status=401)


@fault(
    "instance-unsigned-requests-pass",
    breaks=("INS-097",),
    statement="A request without Authorization is served.",
    source=SIGNING,
)
def _(endpoint: Endpoint) -> None:
    def unless_absent(step: instance.Step) -> instance.Step:
        def check(admission: Admission) -> None:
            if "authorization" in admission.headers:
                step(admission)

        return check

    for step in (instance.check_authorization, instance.check_signature):
        put_step(endpoint, step, unless_absent(step))


@fault(
    "instance-matched-messages-differ",
    breaks=("INS-098",),
    statement="Messages about Authorization and Content-SHA256 are others than clients match.",
    source=CLIENTS,
)
def _(endpoint: Endpoint) -> None:
    kinds = "bad-authorization body-hash-mismatch"
    refuse_otherwise(endpoint, kinds, message="A header is invalid.")


@fault(
    "instance-content-type-unchecked",
    breaks=("INS-099",),
    statement="The content type is not looked at.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    put_step(endpoint, instance.check_content_type)


@fault(
    "instance-ram-ids-taken",
    breaks=("INS-115",),
    statement="The id of an access key stands for the newest client key.",
    source="KMS Instance API, common request headers",
)
def _(endpoint: Endpoint) -> None:
    def find(admission: Admission) -> None:
        found = admission.verifier.lookup(admission.header(instance.KEY_ID_HEADER))
        if found is None or found.public_key is not None:
            instance.find_identity(admission)
            return
        newest = next(reversed(endpoint.account.client_keys), "")
        admission.identity = admission.verifier.lookup(newest)

    put_step(endpoint, instance.find_identity, find)
