"""Asks for cryptography and reads what comes back."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.texts import canonical_base64
from conformance.run.context import Kms
from conformance.run.verdict import NotApplicable

SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
CONTEXT = "EncryptionContext page, AlibabaCloudDocs/kms (2021-07)"
GCM = "Key types and specifications page 480161: mode GCM; NIST SP 800-38D"
#: The smallest plaintext limit that any source names, in bytes of text.
SAFE_TEXT = 4096

Context = Mapping[str, str] | None


def b64(data: bytes) -> str:
    """Return canonical base64."""
    return base64.b64encode(data).decode("ascii")


def done(kms: Kms, operation: str, params: Mapping[str, Any], **how: Any) -> Exchange:
    """Send a call that must succeed."""
    return kms.expect_success(kms.call(operation, params, **how))


def declines(kms: Kms, exchange: Exchange) -> None:
    """Go on unless a call was declined as unsupported; regions differ in what they offer.

    Raises:
        NotApplicable: When it was, properly.
    """
    if not exchange.ok and (exchange.code or "").startswith(("Unsupported", "Rejected.Unsup")):
        kms.expect_refused(exchange, why="what the target does not offer")
        raise NotApplicable(f"the target declines it: {exchange.describe()}", [exchange])


def text_in(kms: Kms, exchange: Exchange, member: str) -> str:
    """Return a member that must be a non-empty text."""
    value = exchange.data.get(member)
    kms.expect(isinstance(value, str) and value, f"{exchange.operation} answers {member}", exchange)
    return str(value)


def bytes_in(kms: Kms, exchange: Exchange, member: str) -> bytes:
    """Return the bytes of a member that must be base64."""
    decoded = canonical_base64(text_in(kms, exchange, member))
    if decoded is None:
        kms.violated(f"{member} of {exchange.operation} is base64", exchange)
    return decoded


def encrypted(
    kms: Kms, key: str, text: str, context: Context = None, *, placement: str = "query"
) -> Exchange:
    """Encrypt a text under a key; Violation where that fails."""
    request: dict[str, Any] = {"KeyId": key, "Plaintext": text}
    if context is not None:
        request["EncryptionContext"] = dict(context)
    return done(kms, "Encrypt", request, placement=placement)


def ask_decrypt(
    kms: Kms, blob: str, context: Context = None, *, placement: str = "query"
) -> Exchange:
    """Ask for a blob to be opened."""
    request: dict[str, Any] = {"CiphertextBlob": blob}
    if context is not None:
        request["EncryptionContext"] = dict(context)
    exchange: Exchange = kms.call("Decrypt", request, placement=placement)  # type: ignore[arg-type]
    return exchange


def expect_opens(
    kms: Kms, blob: str, text: str, context: Context = None, *, placement: str = "query"
) -> Exchange:
    """Expect a blob to open to a text and return the answer of Decrypt."""
    opened = kms.expect_success(ask_decrypt(kms, blob, context, placement=placement))
    kms.expect(
        opened.data.get("Plaintext") == text, "Decrypt answers the text that was encrypted", opened
    )
    return opened


def expect_closed(kms: Kms, exchange: Exchange, why: str) -> None:
    """Expect a call to fail and to give nothing away.

    No source names code or status of such a refusal; the Instance API answers 500 to a wrong
    context, so that any failure will do. That it should be a 4xx is advice of a rule of its own.
    """
    kms.expect(
        not exchange.ok,
        f"{exchange.operation} fails ({why}), found {exchange.describe()}",
        exchange,
    )
    kms.expect(
        not exchange.data.get("Plaintext"),
        f"a failed {exchange.operation} answers no Plaintext",
        exchange,
    )


def names_key(kms: Kms, exchange: Exchange, key: str, version: object = None) -> None:
    """Expect an answer to name a key by its id, and a version where one is given."""
    found = exchange.data.get("KeyId")
    kms.expect(
        found == key, f"KeyId of {exchange.operation} is the id {key}, found {found}", exchange
    )
    if version is not None:
        found = exchange.data.get("KeyVersionId")
        kms.expect(
            found == version,
            f"KeyVersionId of {exchange.operation} is {version}, found {found}",
            exchange,
        )


def new_version(
    kms: Kms, key: str, call: Callable[[str, Mapping[str, Any]], Exchange] | None = None
) -> str:
    """Give a key another version and return its id.

    Args:
        kms: The target.
        key: Id of the key.
        call: How it is asked, where not as usual.

    Raises:
        NotApplicable: When the target adds versions to the other kind of keys only; sources
            contradict each other about which.
    """
    added = (call or kms.call)("CreateKeyVersion", {"KeyId": key})
    if not added.ok:
        kms.expect_refused(added, why="a key of a kind that gets no versions by hand")
        raise NotApplicable("the target adds no version to such keys, a documented reading")
    version = kms.expect_success(added).data.get("KeyVersion")
    version = version.get("KeyVersionId") if isinstance(version, Mapping) else None
    kms.expect(isinstance(version, str), "CreateKeyVersion answers a KeyVersionId", added)
    return str(version)
