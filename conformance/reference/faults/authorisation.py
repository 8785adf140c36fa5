"""Faults of authorisation: who may do what."""

from collections.abc import Callable

from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import (
    fault,
    forgive,
    refuse_at,
    replace_error,
    skip,
)
from conformance.reference.passage import Passage

_RAM = "Use RAM to control access, AlibabaCloudDocs/kms (2021-07)"
_DENIED = "KMS Responses page, AlibabaCloudDocs/kms (2021-07): 403 Forbidden.NoPermission"


def _call(passage: Passage) -> Call:
    assert passage.call is not None
    return passage.call


def _skip_for(endpoint: Endpoint, when: Callable[[Call], bool]) -> None:
    skip(endpoint, "authorise", lambda passage: when(_call(passage)))


@fault(
    "nothing-authorised",
    breaks=("RAM-001", "RAM-002", "RAM-003", "RAM-004", "RAM-005", "RAM-008"),
    statement="Every caller may do everything.",
    source=_DENIED,
)
def _nothing(endpoint: Endpoint) -> None:
    skip(endpoint, "authorise")


@fault(
    "writes-open-to-readers",
    breaks=("RAM-003", "RAM-004"),
    statement="Who may read may change as well.",
    source=_RAM,
)
def _writes(endpoint: Endpoint) -> None:
    _skip_for(
        endpoint,
        lambda call: call.principal.name == "read-only" and call.operation.safety != "read-only",
    )


@fault(
    "cryptography-open-to-readers",
    breaks=("RAM-005",),
    statement="Who may read may use keys as well.",
    source=_RAM,
)
def _cryptography(endpoint: Endpoint) -> None:
    _skip_for(
        endpoint,
        lambda call: (
            call.principal.name == "read-only" and call.operation.category == "cryptographic"
        ),
    )


@fault(
    "readers-refused",
    breaks=("RAM-006",),
    statement="Who may read only is refused lists.",
    source=_RAM,
)
def _readers(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        call = _call(passage)
        if call.principal.name == "read-only" and call.operation.name.startswith("List"):
            return KmsError("Forbidden.NoPermission", "This operation is forbidden.")
        return None

    refuse_at(endpoint, "authorise", judge)


@fault(
    "roles-without-rights",
    breaks=("RAM-007",),
    statement="A temporary access key has no rights.",
    source="Access with temporary credentials is documented for KMS API",
)
def _roles(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        if _call(passage).principal.kind == "role":
            return KmsError("Forbidden.NoPermission", "This operation is forbidden.")
        return None

    refuse_at(endpoint, "authorise", judge)


@fault(
    "get-not-authorised",
    breaks=("RAM-008",),
    statement="Calls by GET need no permission.",
    source=_DENIED,
)
def _get(endpoint: Endpoint) -> None:
    skip(endpoint, "authorise", lambda passage: passage.request.method == "GET")


@fault(
    "aliases-not-authorised",
    breaks=("RAM-009",),
    statement="A key that is named by its alias needs no permission.",
    source=f"{_RAM}: permission is on the key",
)
def _aliases(endpoint: Endpoint) -> None:
    _skip_for(endpoint, lambda call: str(call.params.get("KeyId", "")).startswith("alias/"))


@fault(
    "refused-after-the-effect",
    breaks=("RAM-001", "RAM-003"),
    statement="Permission is asked for after the call was carried out.",
    source=f"{_DENIED}; a refused call changes nothing",
)
def _after(endpoint: Endpoint) -> None:
    refusals: list[KmsError] = []

    def keep(error: KmsError, _: Passage) -> bool:
        refusals.append(error)
        return True

    forgive(endpoint, "authorise", keep)
    original = endpoint.dispatch

    def dispatch(passage: Passage) -> None:
        refusal = refusals.pop() if refusals else None
        original(passage)
        if refusal is not None:
            raise refusal

    endpoint.dispatch = dispatch


@fault(
    "denied-answers-401",
    breaks=("RAM-001", "RAM-003", "RAM-005", "RAM-008", "RAM-009"),
    statement="Lack of permission is answered with 401.",
    source=_DENIED,
)
def _status(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Forbidden.NoPermission",
        "Forbidden.NoPermission",
        401,
    )


@fault(
    "denied-called-not-found",
    breaks=("RAM-001", "RAM-003", "RAM-005", "RAM-008", "RAM-009"),
    statement="Lack of permission is answered as 404 Forbidden.ResourceNotFound.",
    source=_DENIED,
)
def _hidden(endpoint: Endpoint) -> None:
    replace_error(
        endpoint,
        lambda error: error.code == "Forbidden.NoPermission",
        "Forbidden.ResourceNotFound",
        404,
    )


@fault(
    "regions-need-permission",
    breaks=("RAM-010",),
    statement="DescribeRegions is refused to callers without permissions.",
    source=_RAM,
)
def _regions(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        call = _call(passage)
        if call.operation.name != "DescribeRegions" or call.principal.name != "none":
            return None
        return KmsError("Forbidden.NoPermission", "This call needs a permission.")

    refuse_at(endpoint, "authorise", judge)
