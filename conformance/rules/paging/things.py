"""Things of the suite's own in every list that pages, made once a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.rules.effects.looking import done, new_key, new_secret
from conformance.run.context import Kms
from conformance.run.registry import Case

#: Pages of two need three of them for things of one's own: a full one, another, a part.
OWN = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list holds of the suite's own.

    Attributes:
        params: What the list is asked for beside the page.
        names: What its rows are called, of the suite's own.
        alone: Whether there is nothing else in the list, whoever uses the account.
    """

    params: Mapping[str, Any]
    names: frozenset[str]
    alone: bool


@dataclass(frozen=True, slots=True)
class Paged:
    """One list operation.

    Attributes:
        operation: Its name.
        member: Member of a row that names it.
        make: Makes things for it.
    """

    operation: str
    member: str
    make: Callable[[Kms], Listed]


def listed(kms: Kms, paged: Paged) -> Listed:
    """Return things of the suite's own in a list, made when first asked for."""
    key = ("paging", paged.operation)
    if key not in kms.memo:
        kms.memo[key] = paged.make(kms)
    found: Listed = kms.memo[key]
    return found


def _keys(kms: Kms) -> Listed:
    names = [new_key(kms) for _ in range(OWN)]
    return Listed({}, frozenset(names), alone=False)


def _aliases_of(kms: Kms, key_id: str) -> frozenset[str]:
    names = [kms.fresh_name("alias") for _ in range(OWN)]
    for name in names:
        done(kms, "CreateAlias", {"AliasName": name, "KeyId": key_id})
    return frozenset(names)


def _aliases(kms: Kms) -> Listed:
    return Listed({}, _aliases_of(kms, new_key(kms)), alone=False)


def _own_aliases(kms: Kms) -> Listed:
    key_id = new_key(kms)
    return Listed({"KeyId": key_id}, _aliases_of(kms, key_id), alone=True)


def _key_versions(kms: Kms) -> Listed:
    key_id = new_key(kms)
    first = done(kms, "Encrypt", {"KeyId": key_id, "Plaintext": "YQ=="})
    names = [str(first.data.get("KeyVersionId"))]
    while len(names) < OWN:
        added = kms.call("CreateKeyVersion", {"KeyId": key_id})
        if not added.ok:
            break  # a documented reading: not for symmetric keys
        names.append(str((added.data.get("KeyVersion") or {}).get("KeyVersionId")))
    return Listed({"KeyId": key_id}, frozenset(names), alone=True)


def _secrets(kms: Kms) -> Listed:
    names = [new_secret(kms)[0] for _ in range(OWN)]
    return Listed({}, frozenset(names), alone=False)


def _secret_versions(kms: Kms) -> Listed:
    name, _ = new_secret(kms)
    versions = [f"v{number}" for number in range(1, OWN + 1)]
    for version in versions[1:]:
        request = {"SecretName": name, "SecretData": f"x{version}", "VersionId": version}
        done(kms, "PutSecretValue", request)
    params = {"SecretName": name, "IncludeDeprecated": "true"}
    return Listed(params, frozenset(versions), alone=True)


def _bundles(bundle: str) -> Callable[[Kms], Listed]:
    def make(kms: Kms) -> Listed:
        names = [str(kms.provide(bundle, fresh=True)["name"]) for _ in range(OWN)]
        return Listed({}, frozenset(names), alone=False)

    return make


def _instances(kms: Kms) -> Listed:
    return Listed({}, frozenset({str(kms.provide("instance")["id"])}), alone=False)


def _data_key_versions(kms: Kms) -> Listed:
    bundle = kms.provide("managed-data-key")
    params = {"DataKeyName": bundle["name"]}
    return Listed(params, frozenset({str(bundle["version"])}), alone=False)


LISTS = (
    Paged("ListKeys", "KeyId", _keys),
    Paged("ListAliases", "AliasName", _aliases),
    Paged("ListAliasesByKeyId", "AliasName", _own_aliases),
    Paged("ListKeyVersions", "KeyVersionId", _key_versions),
    Paged("ListSecrets", "SecretName", _secrets),
    Paged("ListSecretVersionIds", "VersionId", _secret_versions),
    Paged("ListNetworkRules", "Name", _bundles("network-rule")),
    Paged("ListPolicies", "Name", _bundles("access-policy")),
    Paged("ListApplicationAccessPoints", "Name", _bundles("access-point")),
    Paged("ListKmsInstances", "KmsInstanceId", _instances),
    Paged("ListManagedDataKeyVersions", "DataKeyVersionId", _data_key_versions),
)


def lists() -> list[Case]:
    """Return a case for each list that pages by number."""
    return [Case(paged.operation, paged, paged.operation) for paged in LISTS]
