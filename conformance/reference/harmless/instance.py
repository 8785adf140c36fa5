"""Harmless variations of KMS Instance API: what no page settles, and no client minds."""

from dataclasses import replace
from typing import Any

from conformance.reference.endpoint import Endpoint
from conformance.reference.harmless.registry import harmless
from conformance.reference.instance_api import symmetric
from conformance.reference.instance_api.calls import InstanceCall, Reply
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Key
from conformance.reference.passage import Response
from conformance.spec.instance import instance_api
from conformance.wire import instance
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.identity import Policy
from conformance.wire.instance import Admission
from conformance.wire.protobuf import field_bytes

_PROTO3 = "Protocol Buffers, encoding of proto3"
_SIGNING = "KMS Instance API, request signatures"


@harmless(
    "instance-other-words",
    statement="Refusals of KMS Instance API are worded otherwise, where no client compares them.",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_refuse

    def refuse(refusal: InstanceRefusal, request_id: str) -> Response:
        if not instance_api().errors[refusal.kind].matched:
            refusal.message = f"Refused: {refusal.kind}"
        response: Response = original(refusal, request_id)
        return response

    endpoint.seams.instance_refuse = refuse


def _change_body(endpoint: Endpoint, change: Any) -> None:
    original = endpoint.seams.instance_write

    def write(message: str, values: dict[str, Any]) -> bytes:
        body: bytes = change(message, values, original(message, values))
        return body

    endpoint.seams.instance_write = write


@harmless(
    "instance-unknown-fields-answered",
    statement="Answers of KMS Instance API carry fields of a later version.",
    source=_PROTO3,
)
def _(endpoint: Endpoint) -> None:
    extra = field_bytes(90, b"of a later version") + field_bytes(91, 7)
    _change_body(endpoint, lambda _, __, body: field_bytes(89, 1) + body + extra)


@harmless(
    "instance-fields-backwards",
    statement="Answers of KMS Instance API have their fields in another order.",
    source=_PROTO3,
)
def _(endpoint: Endpoint) -> None:
    codec = instance_api().codec

    def backwards(message: str, values: dict[str, Any], _: bytes) -> bytes:
        names = reversed([field.name for field in codec.fields[message] if field.name in values])
        return b"".join(codec.encode(message, {name: values[name]}) for name in names)

    _change_body(endpoint, backwards)


@harmless(
    "instance-false-on-the-wire",
    statement="Verify writes Value false instead of leaving it out.",
    source=_PROTO3,
)
def _(endpoint: Endpoint) -> None:
    def explicit(message: str, values: dict[str, Any], body: bytes) -> bytes:
        wrong = message == "VerifyResponse" and not values["Value"]
        return field_bytes(2, 0) + body if wrong else body

    _change_body(endpoint, explicit)


@harmless(
    "instance-header-names-in-capitals",
    statement="Headers of KMS Instance API are written in other letters, and there are more.",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_succeed

    def succeed(call: InstanceCall, reply: Reply) -> Response:
        status, headers, body = original(call, reply)
        capitals = tuple((name.title(), value) for name, value in headers)
        return Response(status, (*capitals, ("X-Request-Number", "1")), body)

    endpoint.seams.instance_succeed = succeed


@harmless(
    "instance-content-type-of-bytes",
    statement="Answers of KMS Instance API are called application/octet-stream.",
)
def _(endpoint: Endpoint) -> None:
    succeed, refuse = endpoint.seams.instance_succeed, endpoint.seams.instance_refuse

    def renamed(response: Response) -> Response:
        rest = [pair for pair in response.headers if pair[0] != "content-type"]
        headers = (("content-type", "application/octet-stream"), *rest)
        return Response(response.status, headers, response.body)

    endpoint.seams.instance_succeed = lambda call, reply: renamed(succeed(call, reply))
    endpoint.seams.instance_refuse = lambda refusal, name: renamed(refuse(refusal, name))


def _change_policy(endpoint: Endpoint, words: frozenset[str]) -> None:
    original = endpoint.seams.instance_policy

    def policy(endpoint: Endpoint) -> Policy:
        usual: Policy = original(endpoint)
        return replace(usual, instance_words=words)

    endpoint.seams.instance_policy = policy


@harmless(
    "instance-bearer-only",
    statement="TOKEN in front of a signature is not known.",
    source="Reading instance-authorization-scheme",
)
def _(endpoint: Endpoint) -> None:
    _change_policy(endpoint, frozenset({"Bearer"}))


def _check_hash_in_any_case(admission: Admission) -> None:
    named = admission.header(instance.HASH_HEADER).upper()
    if named != instance.content_hash(admission.request.body):
        raise AuthFailure(FailureKind.CONTENT_HASH_MISMATCH, instance.HASH_HEADER)


@harmless(
    "instance-digest-in-any-case",
    statement="Content-SHA256 may be written in lower case.",
    source="Reading instance-digest-case",
)
def _(endpoint: Endpoint) -> None:
    steps = endpoint.seams.instance_steps
    endpoint.seams.instance_steps = lambda endpoint: tuple(
        _check_hash_in_any_case if step is instance.check_hash else step for step in steps(endpoint)
    )


@harmless(
    "instance-checks-in-another-order",
    statement="The identity is looked for first, the operation next, the time last.",
    source="The order of checks is not documented",
)
def _(endpoint: Endpoint) -> None:
    first = (
        instance.check_size,
        instance.check_key_id,
        instance.find_identity,
        instance.check_api_name,
        instance.check_content_type,
        instance.check_authorization,
    )
    endpoint.seams.instance_steps = lambda _: (
        *first,
        *(step for step in reversed(instance.STEPS) if step not in {*first, instance.check_date}),
        instance.check_date,
    )


@harmless(
    "instance-block-modes-missing",
    statement="Keys of the instance know GCM only, as those of software instances.",
    source="Reading instance-block-modes",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_algorithm

    def algorithm(call: InstanceCall, key: Key) -> str:
        found: str = original(call, key)
        if symmetric.mode_of(found) != "GCM":
            raise InstanceRefusal("bad-parameter")
        return found

    endpoint.seams.instance_algorithm = algorithm


@harmless(
    "instance-message-type-required",
    statement="Sign and Verify want a MessageType.",
    source="Reading instance-message-type",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_check_fields

    def check(call: InstanceCall) -> None:
        original(call)
        if not call.values.get("MessageType", "RAW"):
            raise InstanceRefusal("bad-parameter")

    endpoint.seams.instance_check_fields = check


@harmless(
    "instance-missing-fields-are-missing-parameters",
    statement="A required field that is missing is answered by MissingParameter.",
    source="No page names the code",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_check_fields

    def check(call: InstanceCall) -> None:
        for name, field in call.operation.request.items():
            named = name == "KeyId" and call.named_version
            if field["required"] and not call.values[name] and not named:
                raise InstanceRefusal("missing-access-key")
        original(call)

    endpoint.seams.instance_check_fields = check


@harmless(
    "instance-short-ivs-are-failures",
    statement="Decrypt answers InternalFailure to an Iv of another length.",
    source="No page names the code",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_iv_to_decrypt

    def iv(call: InstanceCall, algorithm: str) -> bytes:
        try:
            found: bytes = original(call, algorithm)
        except InstanceRefusal:
            raise InstanceRefusal("undecryptable") from None
        return found

    endpoint.seams.instance_iv_to_decrypt = iv


@harmless(
    "instance-unreadable-bodies-are-bad-parameters-of-their-own",
    statement="A body that is no message is answered by InvalidParam.",
    source="No page describes undecodable bodies",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_refuse

    def refuse(refusal: InstanceRefusal, request_id: str) -> Response:
        if refusal.kind == "undecodable-body":
            refusal.code = "InvalidParam"
        response: Response = original(refusal, request_id)
        return response

    endpoint.seams.instance_refuse = refuse


@harmless(
    "instance-extended-config-unasked",
    statement="GetSecretValue answers ExtendedConfig without being asked.",
    source="Reading instance-extended-config",
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_selection
    endpoint.seams.instance_selection = lambda call: {
        **original(call),
        "FetchExtendedConfig": "true",
    }


@harmless(
    "instance-pairs-beside-each-other",
    statement="Pair operations of an instance go on beside each other.",
    source="More than is promised",
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.instance_pairs_at_once = lambda: 100
