"""Model of policies of keys: one a key, the one that was set last."""

from collections.abc import Iterable, Mapping
from typing import Any

Policy = Mapping[str, Any]


class PolicyModel:
    """The policy of each key, None as long as none was set."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.policies: dict[str, Policy | None] = dict.fromkeys(keys)

    def statements(self, key: str) -> Any:
        """Return the statements of a key's policy, None where nothing is promised."""
        policy = self.policies[key]
        return None if policy is None else policy["Statement"]
