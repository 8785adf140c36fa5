"""Faults of authentication: access keys, schemes, common parameters."""

from dataclasses import replace

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.forging import (
    fresh,
    full_identity,
    take_anyway,
    with_common,
)
from conformance.reference.faults.registry import fault, replace_error
from conformance.reference.passage import Passage
from conformance.wire.identity import Identity, Scheme

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_RPC = "RPC mechanism page (2024-01 to 2025-03)"
_V3 = "Request syntax and signature method V3"
_GATEWAY = "OpenAPI gateway error table, developer.aliyun.com/ask/278265"


@fault(
    "unknown-access-key-answers-403",
    breaks=("AUTH-001",),
    statement="An unknown access key id is refused as Forbidden.AccessKey.",
    source=f"{_RESPONSES}: 404 InvalidAccessKeyId.NotFound",
)
def _unknown_access_key(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return error.message.startswith("The Access Key ID provided")

    replace_error(endpoint, applies, "Forbidden.AccessKey", 403)


@fault(
    "disabled-access-key-accepted",
    breaks=("AUTH-004",),
    statement="A disabled access key is served like any other.",
    source=f"{_RESPONSES}: 403 Forbidden.AccessKey",
)
def _disabled_key(endpoint: Endpoint) -> None:

    find = endpoint.lookup

    def lookup(access_key_id: str) -> Identity | None:
        identity = find(access_key_id)
        return None if identity is None else replace(identity, active=True)

    endpoint.lookup = lookup


@fault(
    "disabled-access-key-called-unknown",
    breaks=("AUTH-004",),
    statement="A disabled access key is refused as unknown.",
    source=f"{_RESPONSES}: 403 Forbidden.AccessKey; {_GATEWAY}: InvalidAccessKeyId.Inactive",
)
def _disabled_key_code(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return error.message == "The Access Key is disabled."

    replace_error(endpoint, applies, "InvalidAccessKeyId.NotFound", 404)


@fault(
    "access-key-id-in-any-case",
    breaks=("AUTH-006",),
    statement="The letter case of an access key id does not matter.",
    source="An id is an opaque text",
)
def _any_case(endpoint: Endpoint) -> None:
    find = endpoint.lookup

    def lookup(access_key_id: str) -> Identity | None:
        for caller in endpoint.identities:
            if caller.identity.access_key_id.lower() == access_key_id.lower():
                return caller.identity
        return find(access_key_id)

    endpoint.lookup = lookup


@fault(
    "v3-refused",
    breaks=("AUTH-005", "AUTH-071", "GW-SHR-001", "GW-SHR-002"),
    statement="V3 is refused as a way to authenticate that is not offered.",
    source="Two signature methods are documented for KMS API",
)
def _v3_refused(endpoint: Endpoint) -> None:
    endpoint.change_policy(schemes=frozenset({Scheme.RPC}))


@fault(
    "missing-common-parameter-answers-500",
    breaks=("AUTH-040",),
    statement="RPC-1.0 without a common parameter is answered as an internal failure.",
    source=f"{_RESPONSES}: 400 MissingParameter",
)
def _missing_common(endpoint: Endpoint) -> None:
    original = endpoint.authenticate

    def authenticate(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError as error:
            if "mandatory" in error.message and passage.scheme is Scheme.RPC:
                raise KmsError("InternalFailure", "The service failed.", 500) from None
            raise

    endpoint.authenticate = authenticate


@fault(
    "signature-version-optional",
    breaks=("AUTH-040",),
    statement="RPC-1.0 does without SignatureVersion.",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): SignatureVersion is required",
)
def _version_optional(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        del passage
        return "parameter SignatureVersion" in error.message

    take_anyway(endpoint, applies, with_common(SignatureVersion="1.0"))


@fault(
    "signature-version-ignored",
    breaks=("AUTH-050",),
    statement="RPC-1.0 takes any SignatureVersion.",
    source="Common parameters, AlibabaCloudDocs/kms (2021-07): SignatureVersion is 1.0",
)
def _version_ignored(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        del passage
        return "signature version" in error.message

    take_anyway(endpoint, applies, with_common(SignatureVersion="1.0"))


@fault(
    "signature-method-ignored",
    breaks=("AUTH-048",),
    statement="RPC-1.0 takes any SignatureMethod for HMAC-SHA1.",
    source=f"{_RESPONSES}: 400 InvalidParameter; {_GATEWAY}: 400 InvalidSignatureMethod",
)
def _method_ignored(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        return "signature method" in error.message and passage.scheme is Scheme.RPC

    take_anyway(endpoint, applies, with_common(SignatureMethod="HMAC-SHA1"))


@fault(
    "algorithm-ignored",
    breaks=("AUTH-049",),
    statement="V3 takes any algorithm for ACS3-HMAC-SHA256.",
    source=f"{_V3}: ACS3-HMAC-SHA256 is the only algorithm",
)
def _algorithm_ignored(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        return "signature method" in error.message and passage.scheme is Scheme.V3

    take_anyway(endpoint, applies)


@fault(
    "unsigned-accepted",
    breaks=("AUTH-043", "AUTH-044"),
    statement="A request without any signature is served with all rights.",
    source=f"{_RPC}: every request is signed",
)
def _unsigned(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        del error
        return passage.scheme is Scheme.NONE

    def repair(endpoint: Endpoint, passage: Passage, identity: Identity) -> dict[str, str | None]:
        given = dict(passage.request.query_pairs() + passage.request.form_pairs())
        common = {
            "AccessKeyId": identity.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "Version": given.get("Version", "2016-01-20"),
            "Action": given.get("Action") or passage.request.header("x-acs-action") or "",
        }
        return {**common, **fresh(endpoint, passage, identity)}

    take_anyway(endpoint, applies, repair, full_identity)
