"""Harmless variations of what goes together: other refusals of what no gateway has to offer."""

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.harmless.registry import harmless, replace_response
from conformance.reference.model import Key
from conformance.reference.passage import Passage, Response
from conformance.wire.instance import PROTOBUF

_OPEN = "specs/matrix.json: no source says what answers a call that is not offered"


def _refuse_shared_only(endpoint: Endpoint, code: str, status: int) -> None:
    """Let the dedicated gateway refuse what the shared one alone carries in another way."""
    original = endpoint.render

    def render(passage: Passage) -> Response:
        operation = passage.operation
        away = operation is not None and "dedicated" not in operation.gateways
        if passage.gateway == "dedicated" and away and passage.error is not None:
            passage.error = KmsError(code, "This gateway does not serve the operation.", status)
        return original(passage)

    endpoint.render = render


@harmless(
    "dedicated-does-not-know-management",
    statement="The dedicated gateway answers management as operations that do not exist.",
    source=_OPEN,
)
def _unknown(endpoint: Endpoint) -> None:
    _refuse_shared_only(endpoint, "InvalidAction.NotFound", 404)


@harmless(
    "dedicated-forbids-management",
    statement="The dedicated gateway answers management as a lack of permission.",
    source=_OPEN,
)
def _forbidden(endpoint: Endpoint) -> None:
    _refuse_shared_only(endpoint, "Forbidden.NoPermission", 403)


@harmless(
    "shared-does-not-read-protobuf",
    statement="The shared gateway answers calls of KMS Instance API with a bare 415.",
    source=_OPEN,
)
def _no_protobuf(endpoint: Endpoint) -> None:
    def change(passage: Passage, response: Response) -> Response:
        binary = (passage.request.header("content-type") or "").startswith(PROTOBUF)
        return Response(415, (), b"") if binary and passage.gateway == "shared" else response

    replace_response(endpoint, change)


@harmless(
    "client-keys-read-secrets-on-dedicated-by-kms-api",
    statement="The dedicated gateway answers GetSecretValue of KMS API to client keys.",
    source="reading client-key-on-dedicated-kms-api",
)
def _retrieval_on_dedicated(endpoint: Endpoint) -> None:
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        call = passage.call
        asks = call is not None and call.principal.kind == "client-key"
        if call is None or not asks or passage.gateway != "dedicated":
            original(passage)
            return
        secret = call.account.secrets.get(str(call.params.get("SecretName")))
        if secret is None or call.operation.name != "GetSecretValue":
            original(passage)
            return
        client_key = call.account.client_keys[call.principal.name.removeprefix("clientkey/")]
        endpoint.access_control.permit_retrieval(
            client_key, secret, scope=endpoint.instance_id, client_ip=call.client_ip
        )

    endpoint.authorise = authorise


@harmless(
    "internet-switch-for-every-call-on-shared",
    statement="The Internet switch, which is on, governs cryptography over the shared gateway from "
    "a VPC, too.",
    source="reading internet-switch",
)
def _every_call(endpoint: Endpoint) -> None:
    for instance in endpoint.account.instances.values():
        instance.internet_access = True
    _switch(endpoint, vpc=True, code="Forbidden.NoPermission", status=403)


@harmless(
    "internet-switch-refuses-with-409",
    statement="While the Internet switch is off, calls are refused with 409 Rejected.Unavailable.",
    source="no source says what answers while the switch is off",
)
def _other_code(endpoint: Endpoint) -> None:
    _switch(endpoint, vpc=False, code="Rejected.Unavailable", status=409)


def _switch(endpoint: Endpoint, *, vpc: bool, code: str, status: int) -> None:
    def govern(call: Call, key: Key) -> None:
        instance = call.account.instances.get(key.instance_id or "")
        if instance is None or call.operation.category != "cryptographic":
            return
        if not instance.internet_access:
            raise KmsError(code, "Access over the Internet is not enabled.", status)

    endpoint.seams.require_internet_access = govern
    if not vpc:
        return
    original = endpoint.parse

    def parse(passage: Passage) -> None:
        # The side is what tells whether the switch counts.
        if passage.gateway == "shared":
            passage.side = "internet"
        original(passage)

    endpoint.parse = parse
