"""Faults of what goes together for KMS Instance API: served to others, or elsewhere."""

from collections.abc import Callable

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.passage import Passage, Response
from conformance.spec import catalogue
from conformance.spec.instance import instance_api
from conformance.wire.instance import (
    API_NAME_HEADER,
    KEY_ID_HEADER,
    PROTOBUF,
    Admission,
    Step,
    check_api_name,
)

_OVERVIEW = "KMS integration overview (2025-06)"
_ERRORS = "Common error codes page 601490 / 415316"


def _carry_on_shared(endpoint: Endpoint) -> None:
    """Let the shared gateway answer calls of KMS Instance API like the dedicated one."""
    original = endpoint.gateway_check

    def gateway_check(passage: Passage) -> None:
        if passage.gateway == "shared" and passage.request.header(API_NAME_HEADER):
            passage.instance_id = endpoint.instance_id
            passage.instance_api = True
            raise KmsError("Handed.On", "KMS Instance API answers this request.")
        original(passage)

    endpoint.gateway_check = gateway_check


def _let_access_keys_in(endpoint: Endpoint) -> None:
    """Take whoever is no client key for the first client key there is."""
    original = endpoint.seams.instance_steps

    def steps(of: Endpoint) -> tuple[Step, ...]:
        strict: tuple[Step, ...] = original(of)

        def admit(admission: Admission) -> None:
            if admission.header(KEY_ID_HEADER).startswith("KAAP."):
                for step in strict:
                    step(admission)
                return
            check_api_name(admission)
            admission.identity = of.lookup(next(iter(of.account.client_keys)))

        return (admit,)

    endpoint.seams.instance_steps = steps


def _management(passage: Passage) -> bool:
    operation = catalogue().operations.get(passage.request.header(API_NAME_HEADER) or "")
    return operation is not None and operation.category == "management"


def _answer_instead(
    endpoint: Endpoint, when: Callable[[Passage], bool], answer: Callable[[Passage], Response]
) -> None:
    original = endpoint.instance_api
    endpoint.instance_api = lambda p: answer(p) if when(p) else original(p)


@fault(
    "shared-serves-instance-api",
    breaks=("CELL-011",),
    statement="The shared gateway serves KMS Instance API to client keys.",
    source=f"{_OVERVIEW}: KMS API only",
)
def _on_shared(endpoint: Endpoint) -> None:
    _carry_on_shared(endpoint)


@fault(
    "shared-serves-instance-api-to-access-keys",
    breaks=("CELL-010",),
    statement="The shared gateway serves KMS Instance API to anybody.",
    source=f"{_OVERVIEW}: KMS API only",
)
def _on_shared_to_access_keys(endpoint: Endpoint) -> None:
    _carry_on_shared(endpoint)
    _let_access_keys_in(endpoint)


@fault(
    "instance-api-for-access-keys",
    breaks=("CELL-012", "CELL-013"),
    statement="KMS Instance API serves RAM identities.",
    source=f"{_OVERVIEW}: client keys only",
)
def _access_keys(endpoint: Endpoint) -> None:
    _let_access_keys_in(endpoint)


@fault(
    "access-key-is-forbidden-to-instance-api",
    breaks=("CELL-013",),
    statement="KMS Instance API refuses an access key with 403 Forbidden.NoPermission.",
    source=f"{_ERRORS}: 404 Unauthorized",
)
def _forbidden(endpoint: Endpoint) -> None:
    _other_refusal(endpoint, "Unauthorized", "Forbidden.NoPermission", 403)


def _other_refusal(endpoint: Endpoint, code: str, other: str, status: int) -> None:
    original = endpoint.seams.instance_refuse

    def refuse(refusal: InstanceRefusal, request_id: str) -> Response:
        if refusal.code == code:
            refusal.code, refusal.status = other, status
        response: Response = original(refusal, request_id)
        return response

    endpoint.seams.instance_refuse = refuse


@fault(
    "instance-api-has-management",
    breaks=("CELL-014",),
    statement="KMS Instance API answers names of management with an empty success.",
    source=f"{_OVERVIEW}: no management",
)
def _has_management(endpoint: Endpoint) -> None:
    success = Response(200, (("content-type", PROTOBUF),), b"")
    _answer_instead(endpoint, _management, lambda _: success)


@fault(
    "instance-api-disables-keys",
    breaks=("CELL-014",),
    statement="KMS Instance API refuses DisableKey and disables the key.",
    source=f"{_OVERVIEW}: no management",
)
def _disables(endpoint: Endpoint) -> None:
    original = endpoint.instance_api

    def answer(passage: Passage) -> Response:
        if passage.request.header(API_NAME_HEADER) == "DisableKey":
            named = instance_api().codec.decode("GetPublicKeyRequest", passage.request.body)
            key = endpoint.account.keys.get(named["KeyId"])
            if key is not None:
                key.state = "Disabled"
        return original(passage)

    endpoint.instance_api = answer


@fault(
    "unknown-name-of-instance-api-is-unsupported",
    breaks=("CELL-015",),
    statement="KMS Instance API refuses an unknown name with UnsupportedOperation.",
    source=f"{_ERRORS}: 400 InvalidApiName",
)
def _unsupported(endpoint: Endpoint) -> None:
    _other_refusal(endpoint, "InvalidApiName", "UnsupportedOperation", 400)
