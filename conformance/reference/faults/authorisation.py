"""Faults of authorisation: who is let through, how a refusal is answered, and what it leaves."""

from collections.abc import Callable
from contextlib import suppress

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, forgive, refuse_at, replace_error
from conformance.reference.passage import Passage
from conformance.spec import Operation
from conformance.wire.identity import Scheme

RAM = "Use RAM to control access to KMS, AlibabaCloudDocs/kms (2021-07)"
RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"


def _not_asked(endpoint: Endpoint, when: Callable[[Passage], bool]) -> None:
    """Let calls through for which the caller has no permission."""
    forgive(
        endpoint,
        "authorise",
        lambda error, passage: error.code == "Forbidden.NoPermission" and when(passage),
    )


def _operation(passage: Passage) -> Operation:
    assert passage.operation is not None
    return passage.operation


def _caller(passage: Passage) -> str:
    assert passage.call is not None
    return passage.call.principal.name


def _done_then_refused(endpoint: Endpoint, caller: str, when: Callable[[Operation], bool]) -> None:
    """Carry calls out that are refused afterwards."""
    original = endpoint.authorise

    def authorise(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError:
            if _caller(passage) == caller and when(_operation(passage)):
                with suppress(KmsError):
                    endpoint.validate(passage)
                    endpoint.dispatch(passage)
            raise

    endpoint.authorise = authorise


def _concluded(operation: Operation) -> bool:
    return bool(operation.document["ram"]["provenance"] == "inferred")


@fault(
    "everybody-may-decrypt",
    breaks=("RAM-001", "RAM-005"),
    statement="Decrypt asks for no permission.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(endpoint, lambda passage: _operation(passage).name == "Decrypt")


@fault(
    "everybody-may-read-secrets",
    breaks=("RAM-001",),
    statement="GetSecretValue asks for no permission.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(endpoint, lambda passage: _operation(passage).name == "GetSecretValue")


@fault(
    "no-permission-as-not-found",
    breaks=("RAM-001", "RAM-002", "RAM-003", "RAM-004", "RAM-005", "RAM-008", "RAM-009"),
    statement="A call without permission is answered 404 Forbidden.KeyNotFound.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Forbidden.NoPermission",
        "Forbidden.KeyNotFound",
        404,
    )


@fault(
    "no-permission-as-bad-request",
    breaks=("RAM-001", "RAM-002", "RAM-003", "RAM-004", "RAM-005", "RAM-008", "RAM-009"),
    statement="Forbidden.NoPermission comes with status 400.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "Forbidden.NoPermission", status=400)


@fault(
    "denied-call-is-done",
    breaks=("RAM-001",),
    statement="A call such as DisableKey without any permission is carried out, then refused.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _done_then_refused(endpoint, "none", lambda operation: not _concluded(operation))


@fault(
    "denied-management-call-is-done",
    breaks=("RAM-002",),
    statement="A call such as UpdatePolicy without any permission is carried out, then refused.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _done_then_refused(endpoint, "none", _concluded)


@fault(
    "everybody-may-create-policies",
    breaks=("RAM-002", "RAM-004"),
    statement="CreatePolicy asks for no permission.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(endpoint, lambda passage: _operation(passage).name == "CreatePolicy")


@fault(
    "tagging-counts-as-reading",
    breaks=("RAM-003",),
    statement="An identity that may only read may call TagResource.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(
        endpoint,
        lambda passage: (
            _operation(passage).name == "TagResource" and _caller(passage) == "read-only"
        ),
    )


@fault(
    "read-only-call-is-done",
    breaks=("RAM-003", "RAM-004"),
    statement="A write such as DisableKey or UpdatePolicy of an identity that may only read is "
    "carried out, then refused.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _done_then_refused(endpoint, "read-only", lambda _: True)


@fault(
    "set-policy-counts-as-reading",
    breaks=("RAM-004",),
    statement="An identity that may only read may call SetDeletionProtection.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(
        endpoint,
        lambda passage: (
            _operation(passage).name == "SetDeletionProtection" and _caller(passage) == "read-only"
        ),
    )


@fault(
    "encryption-counts-as-reading",
    breaks=("RAM-005",),
    statement="An identity that may only read may call Encrypt.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(
        endpoint,
        lambda passage: _operation(passage).name == "Encrypt" and _caller(passage) == "read-only",
    )


@fault(
    "reading-not-granted",
    breaks=("RAM-006",),
    statement="ListSecrets is refused although kms:List* is allowed.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        if _caller(passage) != "read-only" or _operation(passage).name != "ListSecrets":
            return None
        return KmsError("Forbidden.NoPermission", "This operation is forbidden.")

    refuse_at(endpoint, "authorise", judge)


@fault(
    "roles-have-no-rights",
    breaks=("RAM-007",),
    statement="Temporary access keys are refused Encrypt although their role has all rights.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        assert passage.call is not None
        role = passage.call.principal.kind == "role"
        if not role or _operation(passage).name != "Encrypt":
            return None
        return KmsError("Forbidden.NoPermission", "This operation is forbidden.")

    refuse_at(endpoint, "authorise", judge)


@fault(
    "form-not-authorised",
    breaks=("RAM-008",),
    statement="RPC-1.0 with its parameters in the form asks for no permission.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(
        endpoint,
        lambda passage: passage.scheme is Scheme.RPC and bool(passage.request.body),
    )


@fault(
    "alias-not-authorised",
    breaks=("RAM-009",),
    statement="A key that is named by an alias asks for no permission.",
    source=RAM,
)
def _(endpoint: Endpoint) -> None:
    _not_asked(endpoint, lambda passage: str(passage.params.get("KeyId", "")).startswith("alias/"))
