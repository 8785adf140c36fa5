"""What a KMS instance holds, and that it takes no more than its quota."""

from conformance.reference.errors import KmsError
from conformance.reference.model import Account, Instance


def used(account: Account, instance: Instance) -> dict[str, int]:
    """Return what an instance holds by kind of quota; every version of a key counts."""
    keys = [key for key in account.keys.values() if key.instance_id == instance.id]
    return {
        "key": sum(len(key.versions) for key in keys),
        "secret": sum(secret.instance_id == instance.id for secret in account.secrets.values()),
        "qps": 0,
        "vpc": len(instance.bound_vpcs),
    }


def require_room(account: Account, instance_id: str | None, kind: str) -> None:
    """Refuse a further key version or secret in an instance that is full.

    Raises:
        KmsError: Rejected.LimitExceeded.
    """
    instance = account.instances.get(instance_id or "")
    if instance is None:
        return
    quota = {"key": instance.key_quota, "secret": instance.secret_quota}[kind]
    if used(account, instance)[kind] >= quota:
        message = f"The KMS instance holds {quota} {kind} units, which is its quota."
        raise KmsError("Rejected.LimitExceeded", message)
