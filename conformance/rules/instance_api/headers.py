"""Headers of KMS Instance API: time, names, versions, methods, identities."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx

from conformance.client.instance import InstanceExchange
from conformance.rules.instance_api.asking import (
    CLIENTS,
    CRYPTOGRAPHY,
    ERRORS,
    HEADERS,
    expect_code,
    expect_served,
    harmless_call,
    instance_rule,
    named_cases,
    require_served,
    sent_after,
    sent_before,
    signer,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.wire.credentials import ClientKey
from conformance.wire.instance import (
    API_VERSION_HEADER,
    KEY_ID_HEADER,
    METHOD_HEADER,
    content_hash,
)
from conformance.wire.tamper import signers

#: Seconds between an edge of the window and what is tried on either side of it.
_MARGIN = 60
_AUTHORIZATION = "authorization"


def _at(kms: Kms, seconds: int) -> InstanceExchange:
    return harmless_call(kms, signers.shifted(signer(kms), timedelta(seconds=seconds)))


_SIDES = {"past": -1, "future": 1}


@instance_rule(
    "INS-088",
    level=Level.MUST,
    statement="A Date up to 15 minutes away is taken.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SIDES),
)
def date_within(kms: Kms, side: int) -> None:
    """Sign with a clock that is 14 minutes off."""
    expect_served(kms, _at(kms, side * (900 - _MARGIN)))


@instance_rule(
    "INS-089",
    level=Level.MUST,
    statement="A Date more than 15 minutes away, on either side, is answered by "
    "RequestTimeTooSkewed.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SIDES),
)
def date_beyond(kms: Kms, side: int) -> None:
    """Sign with a clock that is 16 minutes off, and a day."""
    for seconds in (900 + _MARGIN, 86_400):
        expect_code(kms, _at(kms, side * seconds), "stale-date")


_DATES = {
    "none": None,
    "iso": "2026-01-02T03:04:05Z",
    "seconds": "1767323045",
    "words": "yesterday",
}


@instance_rule(
    "INS-090",
    level=Level.MUST,
    statement="A Date that is not in the form of RFC 1123 is answered by InvalidParam, in words "
    "that clients match.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_DATES),
)
def date_form(kms: Kms, date: str | None) -> None:
    """Sign a date in another form, or none."""
    asked = sent_before(kms, "date", date)
    if date is None:
        kms.expect_refused(asked, codes=["InvalidParam", "MissingParameter"], why="no Date")
        return
    expect_code(kms, asked, "bad-date")
    kms.expect(
        asked.message == "The Param Date is invalid.",
        f"the message is the one that clients match, found {asked.message!r}",
        asked,
    )


@instance_rule(
    "INS-091",
    level=Level.MUST,
    statement="Without x-kms-acccesskeyid, which has three c, MissingParameter answers.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("absent", "two-c")),
)
def key_id_header(kms: Kms, how: str) -> None:
    """Leave the header out, and spell it with two c."""
    edited = signer(kms)

    def edit(headers: httpx.Headers) -> None:
        key_id = headers.pop(KEY_ID_HEADER)
        if how == "two-c":
            headers["x-kms-accesskeyid"] = key_id

    edited.edit = edit
    expect_code(kms, harmless_call(kms, edited), "missing-access-key")


@instance_rule(
    "INS-092",
    level=Level.MUST,
    statement="Without x-kms-apiversion InvalidApiVersion answers.",
    provenance="documented",
    source=ERRORS,
    stage="gateway",
    cells=(CRYPTOGRAPHY,),
)
def version_missing(kms: Kms) -> None:
    """Leave the header out."""
    expect_code(kms, sent_before(kms, API_VERSION_HEADER, None), "bad-api-version")


@instance_rule(
    "INS-093",
    level=Level.SHOULD,
    statement="An unknown x-kms-apiversion is answered by InvalidApiVersion.",
    provenance="inferred",
    source=ERRORS,
    stage="gateway",
)
def version_unknown(kms: Kms) -> None:
    """Name a version that there is not."""
    expect_code(kms, sent_before(kms, API_VERSION_HEADER, "dkms-gcs-9.9"), "bad-api-version")


@instance_rule(
    "INS-094",
    level=Level.MUST,
    statement="A missing or unknown x-kms-signaturemethod is answered by InvalidParam.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases({"absent": None, "unknown": "RSA_PKCS1_SHA_1"}),
)
def signature_method(kms: Kms, method: str | None) -> None:
    """Leave the header out, and name another method."""
    expect_code(kms, sent_before(kms, METHOD_HEADER, method), "bad-signature-method")


def _names() -> Iterable[Case]:
    for name in ("NoSuchOperation", "encrypt", "CreateKey", "ReEncrypt", "Encrypt2"):
        yield Case(name, name)


@instance_rule(
    "INS-095",
    level=Level.MUST,
    statement="An unknown x-kms-apiname is answered by InvalidApiName.",
    provenance="documented",
    source=ERRORS,
    stage="gateway",
    cells=(CRYPTOGRAPHY,),
    cases=_names,
)
def api_name(kms: Kms, name: str) -> None:
    """Ask for an operation that this API does not have."""
    require_served(kms)
    asked = kms.call_instance(name, body=b"")
    expect_code(kms, asked, "unknown-api-name")


@instance_rule(
    "INS-096",
    level=Level.MUST,
    statement="The id of a client key that there is not is answered by 404 Unauthorized.",
    provenance="documented",
    source=ERRORS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
)
def unknown_client_key(kms: Kms) -> None:
    """Sign under an id that nobody has."""
    require_served(kms)
    stranger = ClientKey(
        "KAAP.00000000-1111-4222-8333-444444444444", kms.instance_key().private_key
    )
    asked = kms.call_instance("GenerateRandom", {"Length": 16}, identity=stranger)
    expect_code(kms, asked, "unknown-access-key")


_AUTHORIZATIONS: dict[str, Any] = {
    "absent": None,
    "empty": "",
    "no-word": "c2lnbmF0dXJl",
    "other-word": "Basic c2lnbmF0dXJl",
    "no-signature": "Bearer",
}


@instance_rule(
    "INS-097",
    level=Level.MUST,
    statement="A request without a usable Authorization is refused.",
    provenance="documented",
    source=HEADERS,
    stage="authentication",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_AUTHORIZATIONS),
)
def authorization(kms: Kms, value: str | None) -> None:
    """Put something else in the place of the signature."""
    asked = sent_after(kms, _AUTHORIZATION, value)
    codes = ["InvalidParam", "SignatureNotMatch", "MissingParameter"]
    kms.expect_refused(asked, codes=codes, stage="authentication", why="Authorization")


@instance_rule(
    "INS-098",
    level=Level.SHOULD,
    statement="Unusable Authorization and Content-SHA256 are answered by InvalidParam, in words "
    "that clients match.",
    provenance="observed",
    source=CLIENTS,
    stage="authentication",
    cases=named_cases(("Authorization", "Content-SHA256")),
)
def matched_messages(kms: Kms, header: str) -> None:
    """Look at the words."""
    if header == "Authorization":
        asked = sent_after(kms, header.lower(), "Basic c2lnbmF0dXJl")
    else:
        asked = sent_before(kms, header.lower(), content_hash(b"another"))
    kms.expect_refused(asked, codes=["InvalidParam"], why=header)
    right = f"The Param {header} is invalid."
    kms.expect(asked.message == right, f"the message is {right!r}", asked)


@instance_rule(
    "INS-099",
    level=Level.MUST,
    statement="A body of another content type is answered by 415 InvalidContentType.",
    provenance="documented",
    source=ERRORS,
    stage="gateway",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases({"json": "application/json", "text": "text/plain"}),
)
def content_type(kms: Kms, kind: str) -> None:
    """Say that the body is something else, and sign that."""
    expect_code(kms, sent_before(kms, "content-type", kind), "bad-content-type")
