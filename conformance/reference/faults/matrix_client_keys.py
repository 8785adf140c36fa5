"""Faults of what goes together for client keys: KMS API that does too much for them."""

from collections.abc import Callable

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault
from conformance.reference.passage import Passage, Response

_AAP = "Use application access points page (zh)"
_OVERVIEW = "KMS integration overview (2025-06)"


def _is_client_key(passage: Passage, gateway: str) -> bool:
    call = passage.call
    asks = call is not None and call.principal.kind == "client-key"
    return asks and passage.gateway == gateway


def _permit(endpoint: Endpoint, gateway: str, wanted: Callable[[Passage], bool]) -> None:
    """Let client keys do more by KMS API, on one gateway, as if they had all rights."""
    parse, authorise = endpoint.parse, endpoint.authorise

    def all_parsed(passage: Passage) -> None:
        try:
            parse(passage)
        except KmsError:
            # Management is not carried by the dedicated gateway: take it as by the shared one.
            if passage.gateway != "dedicated" or not _claims(endpoint, passage):
                raise
            passage.gateway = "shared"
            try:
                parse(passage)
            finally:
                passage.gateway = "dedicated"

    def all_permitted(passage: Passage) -> None:
        if not (_is_client_key(passage, gateway) and wanted(passage)):
            authorise(passage)

    endpoint.parse, endpoint.authorise = all_parsed, all_permitted


def _claims(endpoint: Endpoint, passage: Passage) -> bool:
    verified = passage.verified
    return verified is not None and verified.identity.access_key_id in endpoint.account.client_keys


def _category(passage: Passage) -> str:
    return passage.operation.category if passage.operation is not None else ""


@fault(
    "client-keys-manage-on-shared",
    breaks=("CELL-030",),
    statement="The shared gateway lets client keys manage.",
    source=f"{_AAP}: secrets only",
)
def _manage_on_shared(endpoint: Endpoint) -> None:
    _permit(endpoint, "shared", lambda p: _category(p) == "management")


@fault(
    "client-keys-encrypt-on-shared",
    breaks=("CELL-030",),
    statement="The shared gateway lets client keys do cryptography.",
    source=f"{_AAP}: secrets only",
)
def _encrypt_on_shared(endpoint: Endpoint) -> None:
    _permit(endpoint, "shared", lambda p: _category(p) == "cryptographic")


@fault(
    "client-keys-refused-when-done",
    breaks=("CELL-030",),
    statement="The shared gateway does EnableKey and UpdateKeyDescription for client keys before "
    "it refuses them.",
    source=f"{_AAP}: secrets only",
)
def _refused_when_done(endpoint: Endpoint) -> None:
    done = {"EnableKey", "UpdateKeyDescription"}
    _permit(endpoint, "shared", lambda p: p.operation is not None and p.operation.name in done)
    render = endpoint.render

    def refusing(passage: Passage) -> Response:
        if _is_client_key(passage, "shared") and _category(passage) == "management":
            error = KmsError("Forbidden.NoPermission", "A client key does not permit this.")
            passage.error = passage.error or error
        return render(passage)

    endpoint.render = refusing


@fault(
    "client-keys-manage-on-dedicated",
    breaks=("CELL-031",),
    statement="The dedicated gateway lets client keys manage by KMS API.",
    source=f"{_OVERVIEW}: KMS Instance API for client keys",
)
def _manage_on_dedicated(endpoint: Endpoint) -> None:
    _permit(endpoint, "dedicated", lambda p: _category(p) == "management")


@fault(
    "client-keys-encrypt-on-dedicated",
    breaks=("CELL-031",),
    statement="The dedicated gateway lets client keys do cryptography by KMS API.",
    source=f"{_OVERVIEW}: KMS Instance API for client keys",
)
def _encrypt_on_dedicated(endpoint: Endpoint) -> None:
    _permit(endpoint, "dedicated", lambda p: _category(p) == "cryptographic")


@fault(
    "client-keys-read-other-values-on-dedicated",
    breaks=("CELL-032",),
    statement="The dedicated gateway answers GetSecretValue of KMS API to a client key with a "
    "value that is not the stored one.",
    source="GetSecretValue page: the value of the secret",
)
def _other_values(endpoint: Endpoint) -> None:
    _permit(endpoint, "dedicated", lambda p: _category(p) == "secret-retrieval")
    dispatch = endpoint.dispatch

    def other(passage: Passage) -> None:
        dispatch(passage)
        if _is_client_key(passage, "dedicated") and "SecretData" in passage.answer:
            passage.answer["SecretData"] = "another value"

    endpoint.dispatch = other
