"""Client keys with KMS API: GetSecretValue on the shared gateway, and nothing else anywhere."""

from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.gateway.requests import way
from conformance.rules.matrix.trying import ON_INSTANCE, OVERVIEW, not_offered, operation_cases
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation
from conformance.wire.credentials import ClientKey

_AAP = "Use application access points page (zh)"
_SOURCE = f"{OVERVIEW}; {_AAP}"
_READING = "client-key-on-dedicated-kms-api"


def _ask(
    kms: Kms, operation: Operation, params: Mapping[str, Any], key: ClientKey, gateway: str
) -> Exchange:
    """Call as client code does: all parameters in the URL."""
    method, _ = way(operation)
    return kms.call(
        operation.name, params, identity=key, gateway=gateway, method=method, placement="query"
    )


def _reading_key(kms: Kms) -> ClientKey:
    """Return a client key that reads secrets over the shared gateway.

    Raises:
        NotTestable: When it does not; then the refusal of anything else proves nothing.
    """
    key = kms.provide("client-key", {"Scope": "shared"})["credential"]
    name = kms.provide("secret")["name"]
    if ("reads", key.id) not in kms.memo:
        read = _ask(kms, kms.operation("GetSecretValue"), {"SecretName": name}, key, "shared")
        if not read.ok:
            raise NotTestable(f"the client key reads no secret: {read.describe()}", [read])
        kms.memo["reads", key.id] = True
    assert isinstance(key, ClientKey)
    return key


def _instance_key(kms: Kms) -> ClientKey:
    """Return a client key that the instance serves.

    Raises:
        NotTestable: When it does not; then the refusal of anything else proves nothing.
    """
    key = kms.instance_key()
    if ("serves", key.id) not in kms.memo:
        served = kms.call_instance("GenerateRandom", {"Length": 8}, identity=key)
        if not served.ok:
            raise NotTestable(f"the client key is answered {served.describe()}", [served])
        kms.memo["serves", key.id] = True
    return key


def _not_retrieval(operation: Operation) -> bool:
    return operation.category != "secret-retrieval"


@rule(
    "CELL-030",
    level=Level.MUST,
    family="matrix",
    statement="A client key that reads secrets over the shared gateway gets nothing else there: "
    "every operation of management and cryptography, rightly signed, is refused and changes "
    "nothing.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    needs=("feature:access-points", "feature:shared-client-keys"),
    tags=("negative", "effect"),
    cells=("shared-aap-api-management", "shared-aap-api-cryptographic"),
    cases=operation_cases(_not_retrieval),
)
def client_key_on_shared(kms: Kms, operation: Operation) -> None:
    """Try each one, and look with all rights at what it would have changed."""
    key = _reading_key(kms)

    def send(params: Mapping[str, Any]) -> Exchange:
        return _ask(kms, operation, params, key, "shared")

    where = "to client keys by the shared gateway"
    not_offered(kms, operation, send, where=where, instance=False)


@rule(
    "CELL-031",
    level=Level.MUST,
    family="matrix",
    statement="A client key of the instance gets no management and no cryptography by KMS API on "
    "the dedicated gateway: every such operation, rightly signed, is refused and changes nothing.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    needs=ON_INSTANCE,
    tags=("negative", "effect"),
    cells=("dedicated-aap-api-management", "dedicated-aap-api-cryptographic"),
    cases=operation_cases(_not_retrieval),
)
def client_key_on_dedicated(kms: Kms, operation: Operation) -> None:
    """Try each one with things of the instance, and look at what it would have changed."""
    key = _instance_key(kms)

    def send(params: Mapping[str, Any]) -> Exchange:
        return _ask(kms, operation, params, key, "dedicated")

    where = "to client keys by KMS API on the dedicated gateway"
    not_offered(kms, operation, send, where=where, instance=True)


@rule(
    "CELL-032",
    level=Level.SHOULD,
    family="matrix",
    statement="Whether the dedicated gateway answers GetSecretValue of KMS API to a client key is "
    "left open: it answers the value that is stored, or refuses.",
    provenance="inferred",
    source="Two tables of the integration pages; SDK table and client code",
    stage="authorisation",
    needs=ON_INSTANCE,
    readings=(_READING,),
    cells=("dedicated-aap-api-secret-retrieval",),
    operations=("GetSecretValue",),
)
def secret_by_client_key_on_dedicated(kms: Kms) -> None:
    """Ask for a secret of the instance and note which it is."""
    key = _instance_key(kms)
    secret = kms.provide("secret", instance=True)
    params = {"SecretName": secret["name"]}
    exchange = _ask(kms, kms.operation("GetSecretValue"), params, key, "dedicated")
    kms.showed(_READING, "yes" if exchange.ok else "no", exchange)
    if not exchange.ok:
        kms.expect_refused(exchange, stage="authorisation")
        return
    stored = secret.get("data")
    kms.expect(
        stored is None or exchange.data.get("SecretData") == stored,
        "GetSecretValue answers the value that was stored, found another",
        exchange,
    )
