"""From a request to a call: authenticated, decoded, with fields that fit their constraints."""

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.reference.call import seam
from conformance.reference.instance_api.calls import InstanceCall
from conformance.reference.instance_api.refusals import InstanceRefusal, refusal_of
from conformance.reference.passage import Passage
from conformance.spec.instance import InstanceOperation, instance_api
from conformance.wire import instance
from conformance.wire.failures import AuthFailure, WireError
from conformance.wire.identity import Policy, Scheme, Verifier

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint

_MIGRATION_HEADER = "x-kms-migrationkeyversionid"


@cache
def _policy(freshness: timedelta) -> Policy:
    api = instance_api()
    return Policy(
        freshness=freshness,
        instance_versions=frozenset({api.transport["version"]}),
        instance_actions=frozenset(api.operations),
        instance_words=frozenset(api.transport["signature"]["schemeWords"]),
        instance_body_limit=api.transport["bodyLimit"]["bytes"],
    )


@seam
def instance_policy(endpoint: "Endpoint") -> Policy:
    """Return what authentication insists on."""
    return _policy(endpoint.settings.freshness)


@seam
def instance_steps(endpoint: "Endpoint") -> tuple[instance.Step, ...]:
    """Return the checks of authentication, in order."""
    del endpoint
    return instance.STEPS


@seam
def instance_read(operation: InstanceOperation, body: bytes) -> dict[str, Any]:
    """Return the fields of a request.

    Raises:
        WireError: When the body is no message of the operation.
    """
    return instance_api().codec.decode(operation.request_message, body)


def admit(endpoint: "Endpoint", passage: Passage) -> InstanceCall:
    """Authenticate a request and read it.

    Raises:
        InstanceRefusal, TooLarge: When it is refused.
    """
    seams = endpoint.seams
    passage.scheme = Scheme.INSTANCE
    verifier = Verifier(endpoint.lookup, seams.instance_policy(endpoint), lambda: passage.now)
    try:
        verified = instance.verify(passage.request, verifier, seams.instance_steps(endpoint))
    except AuthFailure as failure:
        raise refusal_of(failure) from None
    passage.verified = verified
    operation = instance_api().operations[verified.action]
    try:
        values = seams.instance_read(operation, passage.request.body)
    except WireError:
        raise InstanceRefusal("undecodable-body") from None
    call = InstanceCall(
        operation,
        values,
        verified.identity.access_key_id,
        passage.now,
        endpoint.account,
        passage.instance_id or endpoint.instance_id,
        passage.request_id,
        passage.client_ip,
        passage.request.header(_MIGRATION_HEADER) or "",
        endpoint,
    )
    seams.instance_check_fields(call)
    return call


@seam
def instance_check_fields(call: InstanceCall) -> None:
    """Refuse fields that are missing or do not fit their constraints (InvalidParameter).

    On the wire a field at its default and one that is not there are the same.
    """
    for name, field in call.operation.request.items():
        if not call.endpoint.seams.instance_field_fits(call, field, call.values[name]):
            raise InstanceRefusal("bad-parameter")


@seam
def instance_field_fits(call: InstanceCall, field: dict[str, Any], value: Any) -> bool:
    """Tell whether one field may stand as it is."""
    if not value:
        needed = field["required"] and not (field["name"] == "KeyId" and call.named_version)
        # An older form of Sign and Verify carries the digest in a field of its own.
        return not needed or (field["name"] == "Message" and bool(call.values.get("Digest")))
    if "enum" in field and value not in field["enum"]:
        return False
    if "minimum" in field and not field["minimum"] <= value <= field["maximum"]:
        return False
    return "maxBytes" not in field or len(value) <= field["maxBytes"]
