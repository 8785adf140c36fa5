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
from conformance.reference.permissions import find_key

_RAM = "Use RAM to control access, AlibabaCloudDocs/kms (2021-07)"
_POLICIES = "Overview of key policies"
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
    "batches-not-authorised",
    breaks=("RAM-009",),
    statement="BatchGetSecretValue needs no permission where it names several secrets.",
    source="BatchGetSecretValue page (2026-08): kms:GetSecretValue on every secret",
)
def _batches(endpoint: Endpoint) -> None:
    _skip_for(endpoint, lambda call: len(call.params.get("SecretsList", ())) > 1)


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


def _by_owner(call: Call) -> bool:
    """Tell whether RAM allows the caller everything, so that only a policy can refuse it."""
    return call.principal.unlimited


def _protecting(call: Call) -> str | None:
    secret = call.account.secrets.get(str(call.params.get("SecretName")))
    return secret.encryption_key_id if secret is not None else None


@fault(
    "key-policies-deny-nothing",
    breaks=("RAM-011",),
    statement="What the policy of a key denies is done all the same.",
    source=_POLICIES,
)
def _key_policies(endpoint: Endpoint) -> None:
    _skip_for(endpoint, lambda call: _by_owner(call) and "SecretName" not in call.params)


@fault(
    "key-policies-deny-everything",
    breaks=("RAM-011",),
    statement="A policy of a key that denies one action denies all.",
    source=_POLICIES,
)
def _key_policies_all(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        call = _call(passage)
        key = find_key(call, str(call.params.get("KeyId", "")))
        changes = call.operation.name in {"SetKeyPolicy", "ScheduleKeyDeletion"}
        if key is None or key.policy is None or changes:
            return None
        denies = any(row["Effect"] == "Deny" for row in key.policy["Statement"])
        return KmsError("Forbidden.NoPermission", "Denied by a policy.") if denies else None

    refuse_at(endpoint, "authorise", judge)


@fault(
    "re-encrypt-asks-no-policy",
    breaks=("RAM-011",),
    statement="ReEncrypt does not ask for kms:ReEncryptFrom and kms:ReEncryptTo.",
    source=_POLICIES,
)
def _re_encrypt(endpoint: Endpoint) -> None:
    _skip_for(endpoint, lambda call: _by_owner(call) and call.operation.name == "ReEncrypt")


@fault(
    "secret-policies-deny-nothing",
    breaks=("RAM-012",),
    statement="What the policy of a secret denies is done all the same.",
    source=_POLICIES,
)
def _secret_policies(endpoint: Endpoint) -> None:
    def denies(call: Call) -> bool:
        secret = call.account.secrets.get(str(call.params.get("SecretName")))
        policy = secret.policy if secret is not None else None
        return policy is not None and any(row["Effect"] == "Deny" for row in policy["Statement"])

    _skip_for(endpoint, lambda call: _by_owner(call) and denies(call))


@fault(
    "secrets-ask-nothing-of-their-key",
    breaks=("RAM-013",),
    statement="A value under a customer key is read and written without a right to that key.",
    source=_RAM,
)
def _unasked_keys(endpoint: Endpoint) -> None:
    _skip_for(endpoint, lambda call: _by_owner(call) and _protecting(call) is not None)


@fault(
    "unknown-actions-refused",
    breaks=("RAM-014",),
    statement="A policy that names an action that there is not is refused.",
    source=f"{_POLICIES}: such actions have no effect",
)
def _unknown_actions(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        call = _call(passage)
        if "ThereIsNo" not in str(call.params.get("Policy", "")):
            return None
        return KmsError("InvalidParameter", "The specified Policy names an unknown action.")

    refuse_at(endpoint, "validate", judge)
