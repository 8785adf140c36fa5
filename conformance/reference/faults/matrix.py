"""Faults of what goes together: gateways that carry too much or too little."""

from collections.abc import Callable
from dataclasses import replace

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, refuse_at
from conformance.reference.passage import Passage, Response
from conformance.spec import Operation
from conformance.wire.identity import Scheme

_OVERVIEW = "KMS integration overview (2025-06)"
_SDK = "Alibaba Cloud SDK page 601559"


def carry(
    endpoint: Endpoint, wanted: Callable[[Operation], bool], scheme: Scheme | None = None
) -> None:
    """Let the dedicated gateway carry more operations of KMS API, under one scheme or both."""
    original = endpoint.parse

    def parse(passage: Passage) -> None:
        name = passage.verified.action if passage.verified is not None else ""
        known = endpoint.operations[name]
        asked = passage.gateway == "dedicated" and scheme in {None, passage.scheme}
        if not (asked and wanted(known.operation)):
            original(passage)
            return
        endpoint.operations[name] = replace(known, gateways=known.gateways | {"dedicated"})
        try:
            original(passage)
        finally:
            endpoint.operations[name] = known

    endpoint.parse = parse


def refuse_on_dedicated(
    endpoint: Endpoint, stage: str, when: Callable[[Passage], bool], error: KmsError
) -> None:
    """Let the dedicated gateway refuse more."""
    refuse_at(endpoint, stage, lambda p: error if p.gateway == "dedicated" and when(p) else None)


@fault(
    "dedicated-serves-management",
    breaks=("CELL-022",),
    statement="The dedicated gateway serves management like the shared one.",
    source=f"{_OVERVIEW}: business operations only",
)
def _management(endpoint: Endpoint) -> None:
    carry(endpoint, lambda operation: operation.category == "management")


@fault(
    "dedicated-serves-disable-key",
    breaks=("CELL-022",),
    statement="The dedicated gateway serves DisableKey, and no other management.",
    source=f"{_OVERVIEW}: business operations only",
)
def _disable_key(endpoint: Endpoint) -> None:
    carry(endpoint, lambda operation: operation.name == "DisableKey")


@fault(
    "dedicated-lists-keys-by-rpc",
    breaks=("CELL-022",),
    statement="The dedicated gateway serves ListKeys when it is signed by RPC-1.0.",
    source=f"{_OVERVIEW}: business operations only",
)
def _by_rpc(endpoint: Endpoint) -> None:
    carry(endpoint, lambda operation: operation.name == "ListKeys", Scheme.RPC)


@fault(
    "dedicated-refuses-management-when-done",
    breaks=("CELL-022",),
    statement="The dedicated gateway does what UpdateKeyDescription asks before it refuses it.",
    source=f"{_OVERVIEW}: business operations only",
)
def _too_late(endpoint: Endpoint) -> None:
    carry(endpoint, lambda operation: operation.name == "UpdateKeyDescription")
    original = endpoint.render

    def render(passage: Passage) -> Response:
        operation = passage.operation
        if passage.gateway == "dedicated" and operation and operation.category == "management":
            message = f"{operation.name} is not offered by this gateway."
            passage.error = passage.error or KmsError("UnsupportedOperation", message)
        return original(passage)

    endpoint.render = render


@fault(
    "dedicated-re-encrypts",
    breaks=("CELL-023",),
    statement="The dedicated gateway serves ReEncrypt.",
    source=f"{_SDK}: every cryptographic operation but ReEncrypt",
)
def _re_encrypt(endpoint: Endpoint) -> None:
    carry(endpoint, lambda operation: operation.name == "ReEncrypt")


@fault(
    "dedicated-reads-secrets-in-batches",
    breaks=("CELL-024",),
    statement="The dedicated gateway serves BatchGetSecretValue.",
    source=f"{_SDK}: GetSecretValue",
)
def _batches(endpoint: Endpoint) -> None:
    carry(endpoint, lambda operation: operation.name == "BatchGetSecretValue")


@fault(
    "dedicated-does-not-sign",
    breaks=("CELL-020",),
    statement="The dedicated gateway does not serve AsymmetricSign.",
    source=f"{_SDK}: every cryptographic operation but ReEncrypt",
)
def _no_signing(endpoint: Endpoint) -> None:
    error = KmsError("UnsupportedOperation", "AsymmetricSign is not offered by this gateway.")
    refuse_on_dedicated(
        endpoint,
        "parse",
        lambda p: p.operation is not None and p.operation.name == "AsymmetricSign",
        error,
    )


@fault(
    "dedicated-knows-v3-alone",
    breaks=("CELL-020",),
    statement="The dedicated gateway does not take RPC-1.0.",
    source=f"{_SDK}: SDK 1.0, which signs by RPC-1.0, works there",
)
def _v3_alone(endpoint: Endpoint) -> None:
    error = KmsError("InvalidParameter", "The signature version is not supported.")
    refuse_on_dedicated(endpoint, "recognise", lambda p: p.scheme is Scheme.RPC, error)


@fault(
    "dedicated-without-secrets",
    breaks=("CELL-020",),
    statement="The dedicated gateway does not serve GetSecretValue to RAM identities.",
    source=f"{_OVERVIEW}: secret retrieval",
)
def _no_secrets(endpoint: Endpoint) -> None:
    error = KmsError("UnsupportedOperation", "GetSecretValue is not offered by this gateway.")
    refuse_on_dedicated(
        endpoint,
        "parse",
        lambda p: p.operation is not None and p.operation.name == "GetSecretValue",
        error,
    )


@fault(
    "dedicated-refuses-tokens",
    breaks=("CELL-021",),
    statement="The dedicated gateway does not let temporary credentials in.",
    source=f"{_OVERVIEW}: RAM identities, STS tokens among them",
)
def _no_tokens(endpoint: Endpoint) -> None:
    def temporary(passage: Passage) -> bool:
        verified = passage.verified
        return verified is not None and verified.identity.access_key_id.startswith("STS.")

    error = KmsError("InvalidAccessKeyId.NotFound", "The access key is not found.", 404)
    refuse_on_dedicated(endpoint, "authenticate", temporary, error)
