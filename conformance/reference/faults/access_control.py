"""Faults of what policies of access points permit."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.reference.access_control import RETRIEVAL, AccessControl
from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import AAP
from conformance.reference.model import AccessPolicy, ClientKey, Secret
from conformance.reference.passage import Passage

_MANAGE = "Manage application access points page"
_FAQ = "Application access FAQ"


def _decide(endpoint: Endpoint, decision: str, decide: Callable[..., Any]) -> None:
    """Put another decision in the place of one of `AccessControl`."""
    assert hasattr(AccessControl, decision), decision
    setattr(endpoint.access_control, decision, decide)


@fault(
    "star-of-a-policy-ignored",
    breaks=("AAP-002", "AAP-030"),
    statement="Resources of policies are compared whole: a star at their end is a character.",
    source=AAP,
)
def _no_star(endpoint: Endpoint) -> None:
    def covers(policy: AccessPolicy, resource: str) -> bool:
        kind = resource.partition("/")[0]
        return resource in policy.resources or f"{kind}/*" in policy.resources

    _decide(endpoint, "covers", covers)


@fault(
    "resources-of-a-policy-ignored",
    breaks=("AAP-002", "AAP-030", "AAP-032"),
    statement="A policy permits all keys and secrets, whichever it names.",
    source=AAP,
)
def _any_resource(endpoint: Endpoint) -> None:
    _decide(endpoint, "covers", lambda *_: True)


@fault(
    "resources-of-a-policy-are-beginnings",
    breaks=("AAP-002", "AAP-030"),
    statement="A policy permits whatever begins as a resource that it names.",
    source=AAP,
)
def _beginnings(endpoint: Endpoint) -> None:
    def covers(policy: AccessPolicy, resource: str) -> bool:
        return any(resource.startswith(named.rstrip("*")) for named in policy.resources)

    _decide(endpoint, "covers", covers)


@fault(
    "only-the-first-resource-of-a-policy-counts",
    breaks=("AAP-002", "AAP-030"),
    statement="Of the resources of a policy the first counts.",
    source=AAP,
)
def _first_resource(endpoint: Endpoint) -> None:
    original = endpoint.access_control.covers

    def covers(policy: AccessPolicy, resource: str) -> bool:
        return original(replace(policy, resources=policy.resources[:1]), resource)

    _decide(endpoint, "covers", covers)


@fault(
    "role-of-a-policy-ignored",
    breaks=("AAP-003", "AAP-031"),
    statement="A policy permits using keys and reading secrets, whichever role it grants.",
    source=AAP,
)
def _any_role(endpoint: Endpoint) -> None:
    _decide(endpoint, "grants", lambda *_: True)


@fault(
    "scope-of-a-policy-ignored",
    breaks=("AAP-004", "AAP-033"),
    statement="A policy for an instance counts on the shared gateway, and the other way round.",
    source=AAP,
)
def _any_scope(endpoint: Endpoint) -> None:
    def grants(policy: AccessPolicy, operation: str, _kind: str) -> bool:
        role = "SecretUser" if operation == RETRIEVAL else "User"
        return any(each.endswith(role) for each in policy.permissions)

    _decide(endpoint, "has_scope", lambda *_: True)
    _decide(endpoint, "grants", grants)
    _decide(endpoint, "lets_in", lambda *_: True)


@fault(
    "network-rule-ignored",
    breaks=("AAP-005", "AAP-034"),
    statement="A client key is let in from everywhere.",
    source=AAP,
)
def _any_network(endpoint: Endpoint) -> None:
    _decide(endpoint, "lets_in", lambda *_: True)


@fault(
    "network-rule-lets-nobody-in",
    breaks=("AAP-005", "AAP-001"),
    statement="A client key of a policy with a network rule is let in from nowhere.",
    source=AAP,
)
def _no_network(endpoint: Endpoint) -> None:
    _decide(endpoint, "is_within", lambda *_: False)


def _is_client_key(passage: Passage) -> bool:
    return passage.call is not None and passage.call.principal.kind == "client-key"


@fault(
    "client-key-does-everything-on-the-shared-gateway",
    breaks=("AAP-006", "AAP-007"),
    statement="On the shared gateway a client key has all rights.",
    source=AAP,
)
def _everything(endpoint: Endpoint) -> None:
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        if not _is_client_key(passage):
            original(passage)

    endpoint.authorise = authorise


@fault(
    "client-key-uses-keys-on-the-shared-gateway",
    breaks=("AAP-006",),
    statement="On the shared gateway a client key encrypts as well as it reads secrets.",
    source=AAP,
)
def _uses_keys(endpoint: Endpoint) -> None:
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        called = passage.call.operation.name if passage.call else ""
        if not (_is_client_key(passage) and called == "Encrypt"):
            original(passage)

    endpoint.authorise = authorise


@fault(
    "client-key-without-right-answers-400",
    breaks=("AAP-007",),
    statement="What a client key may not do is refused with 400 InvalidParameter.",
    source=AAP,
)
def _other_code(endpoint: Endpoint) -> None:
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError as error:
            if not _is_client_key(passage):
                raise
            raise KmsError("InvalidParameter", error.message, 400) from None

    endpoint.authorise = authorise


@fault(
    "secret-without-its-key",
    breaks=("AAP-031", "AAP-032"),
    statement="On an instance a secret is read without the right to use its key.",
    source=_FAQ,
)
def _without_key(endpoint: Endpoint) -> None:
    original = endpoint.access_control.permit_retrieval

    def permit_retrieval(
        client_key: ClientKey, secret: Secret, *, scope: str, client_ip: str
    ) -> None:
        unprotected = replace(secret, encryption_key_id=None)
        original(client_key, unprotected, scope=scope, client_ip=client_ip)

    _decide(endpoint, "permit_retrieval", permit_retrieval)


@fault(
    "policies-count-as-they-were",
    breaks=("AAP-023",),
    statement="A change of a policy does not concern access points that have it already.",
    source=_MANAGE,
)
def _as_they_were(endpoint: Endpoint) -> None:
    kept: dict[str, list[AccessPolicy]] = {}

    def keep(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        known = call.account.access_policies
        kept[call.params["Name"]] = [replace(known[name]) for name in call.params["Policies"]]
        return answer

    def policies(client_key: ClientKey) -> Iterator[AccessPolicy]:
        yield from kept.get(client_key.access_point, ())

    wrap_handler(endpoint, "CreateApplicationAccessPoint", keep)
    _decide(endpoint, "policies", policies)
