"""The matrix of operations and identities: who is refused, how, and that nothing happened."""

from collections.abc import Mapping
from typing import Any

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import SCHEMES, answers
from conformance.rules.gateway.looking import look, unchanged
from conformance.rules.gateway.requests import changes_something, operation_cases, real, way
from conformance.rules.lists import rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec import Operation

_RAM = "Use RAM to control access to KMS, AlibabaCloudDocs/kms (2021-07)"
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_SOURCE = f"{_RAM}; {_RESPONSES}"
#: Actions that a policy may well count as reading although their operation makes something.
_READING = ("Get", "List", "Describe")
_NEEDS_NONE = {"actions": [], "provenance": "documented"}
_BATCH = "BatchGetSecretValue"
#: How an operation may name what it is about.
_FORMS = {
    "Encrypt": ("id", "arn", "alias"),
    "DescribeKey": ("id", "arn", "alias"),
    "GetSecretValue": ("name", "arn"),
    _BATCH: ("several names",),
}
#: One operation of each kind.
_THROUGH_STS = frozenset({"DescribeKey", "TagResource", "Encrypt", "Decrypt", "GetSecretValue"})


def _documented(operation: Operation) -> bool:
    ram = operation.document["ram"]
    return bool(ram["actions"]) and ram["provenance"] == "documented"


def _concluded(operation: Operation) -> bool:
    ram = operation.document["ram"]
    return bool(ram["actions"]) and ram["provenance"] == "inferred"


def _is_write(operation: Operation) -> bool:
    return changes_something(operation) and not operation.name.startswith(_READING)


def _uses_keys(operation: Operation) -> bool:
    return operation.category == "cryptographic" and not operation.name.startswith(_READING)


def expect_denied(kms: Kms, exchange: Exchange, identity: str) -> None:
    """Raise Violation unless the answer is the documented refusal for lack of permission."""
    documented = answers(("no-permission",))
    kms.expect_refused(
        exchange,
        codes={code for _, code in documented},
        statuses={status for status, _ in documented},
        stage="authorisation",
        why=f"called by the identity {identity!r}",
    )
    kms.proves(f"authentication/no-permission/{exchange.scheme}")


def expect_none_read(kms: Kms, exchange: Exchange, names: set[str], identity: str) -> None:
    """Raise Violation unless a batch is refused, or tells each secret in Errors and no value.

    What is wrong with one secret is told in Errors of a call that succeeds; no page says whether
    the lack of permission is told so or refused.
    """
    if not exchange.ok:
        expect_denied(kms, exchange, identity)
        return
    told = {str(row.get("SecretName")) for row in rows_at(exchange, "Errors")}
    kms.expect(
        b'"SecretData"' not in exchange.response_body and told == names,
        f"{exchange.operation} by the identity {identity!r} is refused, or tells every secret in "
        "Errors and no value",
        exchange,
    )


def _named(params: Mapping[str, Any]) -> set[str]:
    """Return the secrets that a batch names."""
    return {str(entry["SecretName"]) for entry in params["SecretsList"]}


def denied(kms: Kms, operation: Operation, identity: str) -> None:
    """Call an operation without permission: refused, and nothing is other than before.

    The same request of an identity with all rights shows that permission is all it lacks; where
    that identity is refused likewise, the refusal proves nothing.
    """
    kms.require(f"operation:{operation.name}", "scheme:V3")
    params = real(kms, operation)
    method, placement = way(operation)
    how: dict[str, Any] = {"method": method, "placement": placement}
    before = look(kms, operation, params)
    exchange = kms.call(operation.name, params, identity=identity, **how)
    if operation.name == _BATCH:
        expect_none_read(kms, exchange, _named(params), identity)
    else:
        expect_denied(kms, exchange, identity)
    unchanged(kms, operation, params, before)
    if operation.safety in {"destructive", "schedules-deletion"}:
        return
    permitted = kms.call(operation.name, params, **how)
    if (permitted.status, permitted.code) in answers(("no-permission",)):
        raise NotTestable(
            f"the identity with all rights is refused as well: {permitted.describe()}", [permitted]
        )


@rule(
    "RAM-001",
    level=Level.MUST,
    family="authorisation",
    statement="An identity without any permission is refused every operation with 403 "
    "Forbidden.NoPermission, and nothing changes.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    promises=(
        "semantics/permission-refused",
        "semantics/permission-names",
    ),
    needs=("identity:none",),
    tags=("negative", "effect"),
    readings=("error-family",),
    cases=operation_cases(_documented),
)
def without_rights(kms: Kms, operation: Operation) -> None:
    """Call each operation whose RAM action is documented; a batch may tell secrets in Errors."""
    denied(kms, operation, "none")


@rule(
    "RAM-002",
    level=Level.SHOULD,
    family="authorisation",
    statement="An identity without any permission is refused the operations too whose RAM action "
    "no page lists, and nothing changes.",
    provenance="inferred",
    source=f"{_SOURCE}; actions concluded from the names of the operations",
    stage="authorisation",
    needs=("identity:none",),
    tags=("negative", "effect"),
    readings=("error-family",),
    cases=operation_cases(_concluded),
)
def without_rights_concluded(kms: Kms, operation: Operation) -> None:
    """Call each operation whose RAM action follows from its name only."""
    denied(kms, operation, "none")


@rule(
    "RAM-003",
    level=Level.MUST,
    family="authorisation",
    statement="An identity that may only read is refused everything that creates, changes or "
    "deletes with 403 Forbidden.NoPermission, and nothing changes.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    needs=("identity:read-only",),
    tags=("negative", "effect"),
    readings=("error-family",),
    cases=operation_cases(lambda operation: _is_write(operation) and _documented(operation)),
)
def read_only_writes(kms: Kms, operation: Operation) -> None:
    """Try each write whose RAM action is documented."""
    denied(kms, operation, "read-only")


@rule(
    "RAM-004",
    level=Level.SHOULD,
    family="authorisation",
    statement="An identity that may only read is refused the writes too whose RAM action no page "
    "lists, and nothing changes.",
    provenance="inferred",
    source=f"{_SOURCE}; actions concluded from the names of the operations",
    stage="authorisation",
    needs=("identity:read-only",),
    tags=("negative", "effect"),
    readings=("error-family",),
    cases=operation_cases(lambda operation: _is_write(operation) and _concluded(operation)),
)
def read_only_writes_concluded(kms: Kms, operation: Operation) -> None:
    """Try each write whose RAM action follows from its name only."""
    denied(kms, operation, "read-only")


@rule(
    "RAM-005",
    level=Level.MUST,
    family="authorisation",
    statement="An identity that may only read is refused the use of keys with 403 "
    "Forbidden.NoPermission.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    needs=("identity:read-only",),
    tags=("negative",),
    readings=("error-family",),
    cases=operation_cases(lambda operation: _uses_keys(operation) and _documented(operation)),
)
def read_only_uses_keys(kms: Kms, operation: Operation) -> None:
    """Try each cryptographic operation."""
    denied(kms, operation, "read-only")


@rule(
    "RAM-006",
    level=Level.MUST,
    family="authorisation",
    statement="An identity that may read is answered where it describes and lists.",
    provenance="documented",
    source=_RAM,
    stage="authorisation",
    needs=("identity:read-only",),
    cases=operation_cases(
        lambda operation: _documented(operation) and operation.name.startswith(("Describe", "List"))
    ),
)
def read_only_reads(kms: Kms, operation: Operation) -> None:
    """Describe and list, which kms:Describe* and kms:List* allow."""
    kms.require(f"operation:{operation.name}", "scheme:V3")
    params = real(kms, operation)
    method, placement = way(operation)
    exchange = kms.call(
        operation.name, params, identity="read-only", method=method, placement=placement
    )
    kms.expect_success(exchange)


@rule(
    "RAM-007",
    level=Level.MUST,
    family="authorisation",
    statement="A temporary access key has the rights of its role: what all rights allow is done.",
    provenance="documented",
    source=_RAM,
    stage="authorisation",
    needs=("identity:sts",),
    cells=("shared-ram-api-*",),
    cases=operation_cases(lambda operation: operation.name in _THROUGH_STS),
)
def temporary_rights(kms: Kms, operation: Operation) -> None:
    """Do a read, a write, a cryptographic operation and a retrieval with a security token."""
    kms.require(f"operation:{operation.name}")
    method, placement = way(operation)
    for scheme in SCHEMES:
        if not kms.offers(f"scheme:{scheme}"):
            continue
        exchange = kms.call(
            operation.name,
            real(kms, operation),
            identity="sts",
            scheme=scheme,
            method=method,
            placement=placement,
        )
        kms.expect_success(exchange)


@rule(
    "RAM-008",
    level=Level.MUST,
    family="authorisation",
    statement="A refusal for lack of permission does not depend on how the request is signed and "
    "sent.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    operations=("DescribeKey",),
    needs=("identity:none",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(f"{scheme} {method} {placement}", (scheme, method, placement), "DescribeKey")
        for scheme, method, placement in (
            ("RPC-1.0", "GET", "query"),
            ("RPC-1.0", "POST", "query"),
            ("RPC-1.0", "POST", "form"),
            ("V3", "GET", "query"),
            ("V3", "POST", "query"),
        )
    ),
)
def denied_by_every_way(kms: Kms, how: tuple[Scheme, str, str]) -> None:
    """Describe a key by each way without any permission."""
    scheme, method, placement = how
    kms.require(f"scheme:{scheme}")
    params = {"KeyId": kms.provide("symmetric-key")["id"]}
    form = placement == "form"
    for identity in ("full", "none"):
        exchange = kms.call(
            "DescribeKey",
            params,
            identity=identity,
            scheme=scheme,
            method=method,
            placement="form" if form else "query",
        )
        if identity == "none":
            expect_denied(kms, exchange, identity)
        elif not exchange.ok:
            raise NotTestable(
                f"the identity with all rights is answered {exchange.describe()}", [exchange]
            )


@rule(
    "RAM-009",
    level=Level.MUST,
    family="authorisation",
    statement="A key is protected under each of its names: id, ARN and alias; a secret under its "
    "name and ARN, and where it is one of several that a call names.",
    provenance="documented",
    source=_SOURCE,
    stage="authorisation",
    operations=("Encrypt", "DescribeKey", "GetSecretValue", "BatchGetSecretValue"),
    needs=("identity:none",),
    tags=("negative",),
    readings=("error-family", "alias-permission"),
    cases=lambda: (
        Case(f"{operation} {form}", (operation, form), operation)
        for operation, forms in _FORMS.items()
        for form in forms
    ),
)
def denied_under_every_name(kms: Kms, how: tuple[str, str]) -> None:
    """Call with another form of reference to a thing that the caller has no right to."""
    operation, form = how
    params: dict[str, Any]
    if operation == "GetSecretValue":
        params = {"SecretName": kms.provide("secret")[form]}
    elif operation == _BATCH:
        names = [kms.provide("secret")["name"], "kms-conformance-does-not-exist"]
        params = {"SecretsList": [{"SecretName": name} for name in names]}
    else:
        params = {"KeyId": kms.provide("symmetric-key")[form]}
    if operation == "Encrypt":
        params["Plaintext"] = "bm90IGZvciB5b3U="
    permitted = kms.call(operation, params)
    if not permitted.ok:
        raise NotTestable(
            f"the identity with all rights is answered {permitted.describe()}", [permitted]
        )
    exchange = kms.call(operation, params, identity="none")
    if operation == _BATCH:
        expect_none_read(kms, exchange, _named(params), "none")
    else:
        expect_denied(kms, exchange, "none")


@rule(
    "RAM-010",
    level=Level.SHOULD,
    family="authorisation",
    statement="What needs no permission is answered to an identity that has none: DescribeRegions.",
    provenance="documented",
    source=_RAM,
    stage="authorisation",
    needs=("identity:none",),
    cases=operation_cases(lambda o: o.document["ram"] == _NEEDS_NONE),
)
def open_to_everybody(kms: Kms, operation: Operation) -> None:
    """Call it as somebody without any permission."""
    kms.expect_success(kms.call(operation.name, real(kms, operation), identity="none"))
