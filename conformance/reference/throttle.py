"""Quotas of requests per second, a token bucket for each group of specs/quotas.json."""

from collections.abc import Mapping
from datetime import datetime

from conformance.reference.errors import KmsError
from conformance.spec import catalogue


class Throttle:
    """Refuses what goes over the quota of an operation's group.

    A bucket holds one second's worth, so that a burst of that size passes and the average does not
    exceed the quota. An operation in several groups is charged to the first that names it alone, or
    else to the first.

    Args:
        quotas: Requests per second by group, for tests; those of specs/quotas.json where left out.
    """

    def __init__(self, quotas: Mapping[str, float] | None = None) -> None:
        self._groups = group_of_operations()
        documented = {
            group["group"]: group["queriesPerSecond"]
            for group in catalogue().document("quotas")["groups"]
            if "queriesPerSecond" in group
        }
        self._quotas = {**documented, **(quotas or {})}
        self._buckets: dict[str, tuple[float, float]] = {}

    def charge(self, operation: str, now: datetime) -> None:
        """Take one request out of the group's budget.

        Raises:
            KmsError: Rejected.Throttling.
        """
        group = self._groups.get(operation)
        quota = self._quotas.get(group or "")
        if group is None or quota is None:
            return
        moment = now.timestamp()
        left, since = self._buckets.get(group, (float(quota), moment))
        left = min(float(quota), left + max(0.0, moment - since) * quota)
        if left < 1:
            self._buckets[group] = (left, moment)
            raise KmsError("Rejected.Throttling", "QPS Limit Exceeded")
        self._buckets[group] = (left - 1, moment)


def group_of_operations() -> dict[str, str]:
    """Return the group whose budget each operation is charged to."""
    groups = catalogue().document("quotas")["groups"]
    found: dict[str, str] = {}
    for group in sorted(groups, key=lambda group: len(group["operations"])):
        for operation in group["operations"]:
            found.setdefault(operation, group["group"])
    return found
