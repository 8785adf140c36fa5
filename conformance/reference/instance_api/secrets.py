"""GetSecretValue: what KMS API answers, in the form of this API."""

from typing import Any

from conformance.reference.call import Call, seam
from conformance.reference.errors import KmsError
from conformance.reference.identities import client_key_principal
from conformance.reference.instance_api.calls import InstanceCall, Reply, answers
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Secret
from conformance.reference.services.secret_life import find_secret


@seam
def instance_stages(stages: dict[str, list[str]]) -> list[str]:
    """Return stage labels as a plain list."""
    return stages["VersionStage"]


@seam
def instance_selection(call: InstanceCall) -> dict[str, Any]:
    """Return the parameters of KMS API that choose a version; empty ones are left out."""
    values = call.values
    chosen = {name: values[name] for name in ("VersionStage", "VersionId") if values[name]}
    fetch = "true" if values["FetchExtendedConfig"] else "false"
    return {"SecretName": values["SecretName"], **chosen, "FetchExtendedConfig": fetch}


@seam
def instance_permit_retrieval(call: InstanceCall, secret: Secret) -> None:
    """Refuse unless a policy allows the secret, and one the key that protects it."""
    control, client_key = call.endpoint.access_control, call.account.client_keys[call.client_key_id]
    try:
        control.permit_retrieval(
            client_key, secret, scope=call.instance_id, client_ip=call.client_ip
        )
    except KmsError as error:
        named = error.message.rpartition(" ")[2].rstrip(".")
        raise InstanceRefusal("no-permission", named) from None


@answers("GetSecretValue")
def get_secret_value(call: InstanceCall) -> Reply:
    """Answer one version's value."""
    endpoint = call.endpoint
    selection: dict[str, Any] = endpoint.seams.instance_selection(call)
    asked = Call(
        endpoint.operations["GetSecretValue"].operation,
        selection,
        client_key_principal(call.account, call.client_key_id),
        call.now,
        call.account,
        call.request_id,
        "dedicated",
        secure=True,
        client_ip=call.client_ip,
        endpoint=endpoint,
        instance_id=call.instance_id,
    )
    endpoint.seams.instance_permit_retrieval(call, find_secret(asked))
    shown = endpoint.handlers["GetSecretValue"](asked)
    stages = endpoint.seams.instance_stages(shown["VersionStages"])
    return Reply({**shown, "VersionStages": stages})
