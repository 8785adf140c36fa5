"""Harmless variations of the services: other readings, and answers that no page fixes."""

import base64
import binascii
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.harmless.registry import (
    harmless,
    replace_error,
    wrap_answer,
    wrap_handler,
)
from conformance.reference.model import Key, Secret, SecretVersion
from conformance.reference.services.finding import invalid
from conformance.reference.services.secret_life import find_secret
from conformance.wire.times import parse_iso

#: How the codes of refusals that no page names may differ.
_UNNAMED = "no page names the code"


@harmless(
    "plaintext-is-decoded",
    statement="Plaintext of Encrypt is decoded, and Decrypt answers canonical base64.",
    source="reading plaintext-of-encrypt",
)
def _plaintext(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.seal, endpoint.seams.unseal

    def sealing(version: Any, iv: bytes, text: bytes, bound: bytes) -> bytes:
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise invalid("Plaintext is not base64.") from None
        sealed: bytes = seal(version, iv, data, bound)
        return sealed

    endpoint.seams.seal = sealing
    endpoint.seams.unseal = lambda version, sealed, bound: base64.b64encode(
        unseal(version, sealed, bound)
    )


@harmless(
    "keys-encrypt-by-default",
    statement="KeyUsage is ENCRYPT/DECRYPT where none is asked for and the spec can encrypt.",
    source="reading default-key-usage",
)
def _usage(endpoint: Endpoint) -> None:
    original = endpoint.seams.default_usage
    endpoint.seams.default_usage = lambda spec: (
        "ENCRYPT/DECRYPT" if spec.startswith("RSA") else original(spec)
    )


@harmless(
    "reencrypt-names-destination",
    statement="KeyId of ReEncrypt is the destination key.",
    source="the operation's text names the source, which was not confirmed",
)
def _reencrypt(endpoint: Endpoint) -> None:
    endpoint.seams.reencrypted_names = lambda _source, destination: destination


@harmless(
    "rotation-every-365-days-only",
    statement="RotationInterval of a key is 365 days and nothing else.",
    source="reading key-rotation-interval",
)
def _interval(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        keys = call.account.keys
        key = keys.get(call.params.get("KeyId", ""))
        if "KeyMetadata" in answer:
            key = keys[answer["KeyMetadata"]["KeyId"]]
        if key is not None and key.rotation_interval not in {None, timedelta(days=365)}:
            if "KeyMetadata" in answer:
                del keys[key.id]
            key.rotation, key.rotation_interval, key.next_rotation = "Disabled", None, None
            raise invalid("RotationInterval is 365 days.")
        return answer

    wrap_handler(endpoint, ["CreateKey", "UpdateRotationPolicy"], wrapper)


@harmless(
    "deletion-window-up-to-30-days",
    statement="PendingWindowInDays is 7 to 30.",
    source="reading deletion-window",
)
def _window(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if call.params["PendingWindowInDays"] > 30:
            raise invalid("PendingWindowInDays is 7 to 30.")
        return original(call)

    wrap_handler(endpoint, "ScheduleKeyDeletion", wrapper)


@harmless(
    "ten-tags-a-resource",
    statement="A resource has at most ten tags.",
    source="reading tags-per-resource",
)
def _tags(endpoint: Endpoint) -> None:
    original = endpoint.seams.with_tags

    def with_tags(present: dict[str, str], new: dict[str, str]) -> dict[str, str]:
        tags: dict[str, str] = original(present, new)
        if len(tags) > 10:
            raise KmsError("Rejected.LimitExceeded", "A resource has at most 10 tags.")
        return tags

    endpoint.seams.with_tags = with_tags


@harmless(
    "page-sizes-from-1-to-100",
    statement="PageSize 0 and 101 are refused.",
    source="reading page-size-edges",
)
def _sizes(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if not 1 <= call.params.get("PageSize", 1) <= 100:
            raise invalid("PageSize is 1 to 100.")
        return original(call)

    wrap_handler(endpoint, ["ListAliases", "ListAliasesByKeyId", "ListKeyVersions"], wrapper)


@harmless(
    "twenty-aliases-a-page",
    statement="ListAliases answers 20 rows a page by default.",
    source="ListAliases metadata (zh)",
)
def _aliases(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        call.params.setdefault("PageSize", 20)
        return original(call)

    wrap_handler(endpoint, "ListAliases", wrapper)


@harmless(
    "lists-from-the-newest",
    statement="Lists come from the newest thing to the oldest.",
    source="no page names an order",
)
def _newest(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, number, size: list(rows)[::-1][
        (number - 1) * size : number * size
    ]


@harmless(
    "alias-on-pending-key-answers-pending-deletion",
    statement="CreateAlias on a key in its window answers Rejected.PendingDeletion.",
    source="reading alias-of-pending-deletion",
)
def _pending(endpoint: Endpoint) -> None:
    original = endpoint.seams.state_rule
    endpoint.seams.state_rule = lambda operation, state: original(
        "UpdateAlias" if operation == "CreateAlias" else operation, state
    )


@harmless(
    "public-key-of-enabled-keys-only",
    statement="GetPublicKey is refused for keys that are not Enabled.",
    source="no source tells what GetPublicKey answers in other states",
)
def _public(endpoint: Endpoint) -> None:
    original = endpoint.seams.state_rule
    endpoint.seams.state_rule = lambda operation, state: original(
        "AsymmetricSign" if operation == "GetPublicKey" else operation, state
    )


@harmless(
    "secret-value-whatever-the-key",
    statement="GetSecretValue works whatever the state of the encryption key.",
    source="no source tells what GetSecretValue answers then",
)
def _readable(endpoint: Endpoint) -> None:
    endpoint.seams.require_readable = lambda _call, _secret: None


@harmless(
    "previous-label-stays",
    statement="ACSPrevious stays where it is when UpdateSecretVersionStage moves ACSCurrent.",
    source="reading previous-stage-follows",
)
def _previous(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        move = endpoint.seams.move_stage
        stage = call.params["VersionStage"]

        def only(secret: Secret, label: str, version: SecretVersion) -> None:
            if label == stage:
                move(secret, label, version)

        endpoint.seams.move_stage = only
        try:
            return original(call)
        finally:
            endpoint.seams.move_stage = move

    wrap_handler(endpoint, "UpdateSecretVersionStage", wrapper)


@harmless(
    "labels-move-from-where-they-are-told",
    statement="A label of the caller's that a version has moves only with RemoveFromVersion.",
    source="no source tells whether RemoveFromVersion may be left out then",
)
def _told_from_where(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        stage = call.params["VersionStage"]
        own = stage not in {"ACSCurrent", "ACSPrevious"}
        if own and "RemoveFromVersion" not in call.params:
            for row in find_secret(call).versions.values():
                if stage in row.stages and row.id != call.params["MoveToVersion"]:
                    raise invalid("RemoveFromVersion is the version that has the label.")
        return original(call)

    wrap_handler(endpoint, "UpdateSecretVersionStage", wrapper)


@harmless(
    "oldest-version-goes-with-its-label",
    statement="Beyond ten versions the oldest goes, labelled or not.",
    source="reading oldest-secret-version",
)
def _oldest(endpoint: Endpoint) -> None:
    endpoint.seams.dropped_version = lambda rows: next(
        row for row in rows if "ACSCurrent" not in row.stages
    )


@harmless(
    "forced-deletion-ignores-the-window",
    statement="DeleteSecret with force ignores a window instead of refusing it.",
    source="reading force-delete-and-window",
)
def _forced(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if call.params.get("ForceDeleteWithoutRecovery") == "true":
            call.params.pop("RecoveryWindowInDays", None)
        return original(call)

    wrap_handler(endpoint, "DeleteSecret", wrapper)


@harmless(
    "planned-delete-time-with-offset",
    statement="PlannedDeleteTime of DeleteSecret has nanoseconds and +08:00.",
    source="reading planned-delete-time",
)
def _planned(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        moment = parse_iso(answer["PlannedDeleteTime"]).astimezone(timezone(timedelta(hours=8)))
        answer["PlannedDeleteTime"] = moment.strftime("%Y-%m-%dT%H:%M:%S.000000000+08:00")

    wrap_answer(endpoint, "DeleteSecret", change)


@harmless(
    "empty-dates",
    statement="Dates that do not apply are empty text instead of absent.",
    source="samples of DescribeKey and DescribeSecret",
)
def _dates(endpoint: Endpoint) -> None:
    metadata = endpoint.seams.metadata
    described = endpoint.seams.described_secret
    endpoint.seams.metadata = lambda call, key: {
        "DeleteDate": "",
        "NextRotationDate": "",
        "RotationInterval": "",
        **metadata(call, key),
    }
    endpoint.seams.described_secret = lambda call, secret: {
        "PlannedDeleteTime": "",
        "NextRotationDate": "",
        **described(call, secret),
    }


@harmless(
    "no-alias-arn",
    statement="Rows of aliases have no AliasArn.",
    source="only AliasName and KeyId are documented as always there",
)
def _alias_arn(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        for row in answer["Aliases"]["Alias"]:
            del row["AliasArn"]

    wrap_answer(endpoint, ["ListAliases", "ListAliasesByKeyId"], change)


@harmless(
    "bad-blob-answers-other-code",
    statement="A blob that does not open is refused with another code.",
    source=_UNNAMED,
)
def _bad_blob(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "InvalidParameter" and "CiphertextBlob is not" in error.message,
        "InvalidCiphertextBlob",
        403,
    )


@harmless(
    "wrong-usage-answers-other-code",
    statement="Cryptography that a key is not for is refused as InvalidParameter.",
    source=_UNNAMED,
)
def _wrong_usage(endpoint: Endpoint) -> None:
    def require_usage(key: Key, usage: str) -> None:
        if key.usage != usage:
            raise invalid("KeyId names a key of another usage.")

    endpoint.seams.require_usage = require_usage


@harmless(
    "protected-key-answers-other-code",
    statement="Scheduling a protected key is refused as Forbidden.DeletionProtected with 403.",
    source=_UNNAMED,
)
def _protected(endpoint: Endpoint) -> None:
    def require_unprotected(key: Key) -> None:
        if key.deletion_protection:
            raise KmsError("Forbidden.DeletionProtected", "The key is protected.", 403)

    endpoint.seams.require_unprotected = require_unprotected


@harmless(
    "conflicting-value-answers-other-code",
    statement="PutSecretValue with a version that has another value answers InvalidParameter.",
    source=_UNNAMED,
)
def _conflict(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Rejected.ResourceExist" and "another value" in error.message,
        "InvalidParameter",
        400,
    )


@harmless(
    "dry-run-answers-409",
    statement="The outcome of a dry run comes with HTTP 409.",
    source="no page names the status",
)
def _dry_run(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "DryRunOperationError", status=409)


@harmless(
    "deletion-dates-of-whole-days",
    statement="Keys and secrets go at the midnight after their window.",
    source="no page says to what the days of a window are counted",
)
def _whole_days(endpoint: Endpoint) -> None:
    def until_midnight(original: Callable[[Call], timedelta]) -> Callable[[Call], timedelta]:
        def window(call: Call) -> timedelta:
            end = call.now + original(call) + timedelta(days=1)
            return end.replace(hour=0, minute=0, second=0, microsecond=0) - call.now

        return window

    seams = endpoint.seams
    seams.deletion_window = until_midnight(seams.deletion_window)
    seams.recovery_window = until_midnight(seams.recovery_window)
