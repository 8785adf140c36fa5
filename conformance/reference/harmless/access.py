"""Harmless variations of who may call: TLS of the dedicated gateway, access points, permissions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.harmless.registry import (
    forgive,
    harmless,
    replace_error,
    wrap_handler,
)
from conformance.reference.model import AccessPolicy, ClientKey
from conformance.reference.passage import Passage

_PAGE = "Alibaba Cloud SDK page 601559"


@harmless(
    "dedicated-chain-of-one-authority",
    statement="The root of the dedicated gateway issues its certificate itself.",
    source="RFC 5280, section 6; no page promises a second authority",
)
def _flat(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.chain = "flat"


@harmless(
    "one-authority-for-both-gateways",
    statement="One authority certifies both gateways, and clients are told so.",
    source="emulators; the shared gateway's authority is not theirs to choose",
)
def _one_authority(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.shared_authority = True


@harmless(
    "dedicated-tls-1.2-only",
    statement="The dedicated gateway offers TLS 1.2 and nothing later.",
    source=f"{_PAGE}: TLS 1.2",
)
def _tls_1_2(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.versions = ("1.2", "1.2")


@harmless(
    "policies-change-after-five-minutes",
    statement="A policy of an access point counts as it was for five minutes after a change.",
    source="reading access-point-change",
)
def _later(endpoint: Endpoint) -> None:
    before: dict[str, tuple[datetime, AccessPolicy]] = {}
    original = endpoint.access_control.policies

    def update(call: Call, handler: Handler) -> dict[str, Any]:
        name = call.params["Name"]
        kept = replace(call.account.access_policies[name])
        answer = handler(call)
        before[name] = (call.now, kept)
        return answer

    def policies(client_key: ClientKey) -> Iterator[AccessPolicy]:
        now = endpoint.clock.now()
        for policy in original(client_key):
            changed, kept = before.get(
                policy.name, (datetime.min.replace(tzinfo=now.tzinfo), policy)
            )
            yield kept if now - changed < timedelta(minutes=5) else policy

    wrap_handler(endpoint, "UpdatePolicy", update)
    setattr(endpoint.access_control, "policies", policies)  # noqa: B010 - a method is replaced


@harmless(
    "expired-client-key-unknown",
    statement="A client key that is not valid is refused as an access key that does not exist.",
    source="no page names the code",
)
def _unknown(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return error.message == "The client key is not valid at this time."

    replace_error(endpoint, applies, "InvalidAccessKeyId.NotFound", 404)


@harmless(
    "batches-tell-what-is-not-permitted",
    statement="BatchGetSecretValue without permission succeeds, with every secret in Errors.",
    source="BatchGetSecretValue page (2026-08): what is wrong with a secret is told in Errors",
)
def _batches(endpoint: Endpoint) -> None:
    refused: dict[str, KmsError] = {}

    def keep(error: KmsError, passage: Passage) -> bool:
        call = passage.call
        if call is None or call.operation.name != "BatchGetSecretValue":
            return False
        refused[call.request_id] = error
        return True

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        error = refused.pop(call.request_id, None)
        if error is None:
            return original(call)
        told = {"Code": error.code, "HttpStatus": error.status, "Message": error.message}
        names = [entry["SecretName"] for entry in call.params.get("SecretsList", ())]
        return {"SecretValues": [], "Errors": [{"SecretName": name, **told} for name in names]}

    forgive(endpoint, "authorise", keep)
    wrap_handler(endpoint, "BatchGetSecretValue", wrapper)
