"""The door of KMS Instance API: from a request to a response."""

from typing import TYPE_CHECKING, Any

from conformance.reference.call import seam
from conformance.reference.errors import KmsError
from conformance.reference.instance_api import (  # noqa: F401 - register their handlers
    asymmetric,
    data_keys,
    pairs,
    secrets,
    symmetric,
)
from conformance.reference.instance_api.admission import admit
from conformance.reference.instance_api.calls import HANDLERS, InstanceCall, Reply
from conformance.reference.instance_api.refusals import InstanceRefusal, TooLarge, kms_refusal
from conformance.reference.passage import Headers, Passage, Response
from conformance.spec.instance import instance_api
from conformance.wire.failures import WireError
from conformance.wire.instance import API_NAME_HEADER, PROTOBUF

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint

_HEADERS: Headers = (("content-type", PROTOBUF),)
_MIGRATION_HEADER = "x-kms-migrationkeyversionid"
_SLOW = frozenset({"Sign", *(name for name in instance_api().operations if "KeyPair" in name)})


def is_slow(passage: Passage) -> bool:
    """Tell whether answering is RSA private-key work, or makes keys."""
    name = passage.request.header(API_NAME_HEADER) or ""
    if name != "Decrypt":
        return name in _SLOW
    # RSA ciphertexts are as long as their keys; a symmetric one of this length does no harm.
    return len(passage.request.body) >= 256


def answer(endpoint: "Endpoint", passage: Passage) -> Response:
    """Answer one request; the endpoint's lock is held."""
    seams = endpoint.seams
    try:
        call: InstanceCall = admit(endpoint, passage)
        reply: Reply = seams.instance_handle(call)
        response: Response = seams.instance_succeed(call, reply)
    except TooLarge:
        passage.error = KmsError("", "", 413)
        return Response(instance_api().transport["bodyLimit"]["status"], (), b"")
    except KmsError as error:
        return _refuse(endpoint, passage, kms_refusal(error))
    except InstanceRefusal as refusal:
        return _refuse(endpoint, passage, refusal)
    except Exception as error:  # noqa: BLE001 - an answer is owed whatever went wrong
        endpoint.witness.note_internal_error(error)
        return _refuse(endpoint, passage, InstanceRefusal("failure"))
    return response


def _refuse(endpoint: "Endpoint", passage: Passage, refusal: InstanceRefusal) -> Response:
    passage.error = KmsError(refusal.code, refusal.message, refusal.status)
    response: Response = endpoint.seams.instance_refuse(refusal, passage.request_id)
    return response


@seam
def instance_handle(call: InstanceCall) -> Reply:
    """Do what was asked."""
    return HANDLERS[call.operation.name](call)


@seam
def instance_write(message: str, values: dict[str, Any]) -> bytes:
    """Write a message."""
    return instance_api().codec.encode(message, values)


@seam
def instance_succeed(call: InstanceCall, reply: Reply) -> Response:
    """Write a success. Clients that move from KMS API need the key version in a header."""
    values = {**reply.values, "RequestId": call.request_id}
    body = call.endpoint.seams.instance_write(call.operation.response_message, values)
    version = reply.version
    more: Headers = () if version is None else ((_MIGRATION_HEADER, version.id),)
    return Response(200, _HEADERS + more, body)


@seam
def instance_refuse(refusal: InstanceRefusal, request_id: str) -> Response:
    """Write a refusal; StatusCode repeats the status (inferred)."""
    values = {
        "StatusCode": refusal.status,
        "ErrorCode": refusal.code,
        "ErrorMessage": refusal.message,
        "RequestId": request_id,
    }
    try:
        body = instance_api().codec.encode("Error", values)
    except WireError:  # what the request named cannot be written
        body = instance_api().codec.encode("Error", {**values, "ErrorMessage": refusal.kind})
    return Response(refusal.status, _HEADERS, body)
