"""Model of a Generic secret: versions that never change, and stage labels that move.

Values are told apart by the version they belong to. Where no source tells what happens (whether
ACSPrevious follows a moved ACSCurrent), the model offers what is possible and takes over what
shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

CURRENT, PREVIOUS = "ACSCurrent", "ACSPrevious"

#: Stages by version.
Labels = dict[str, frozenset[str]]


@dataclass
class SecretModel:
    """A secret as it should be.

    Attributes:
        values: Value by version, oldest version first.
        holders: Version by stage label.
    """

    values: dict[str, str] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)

    def created(self, version: str, value: str) -> None:
        """Make the secret with its first version."""
        self.values = {version: value}
        self.holders = {CURRENT: version}

    def put(self, version: str, value: str, stages: Iterable[str] = ()) -> list[Labels]:
        """Add a version with stages, or as the current one where none is named.

        Returns:
            The labels that may stand then.
        """
        former = self.holders[CURRENT]
        self.values[version] = value
        named = set(stages)
        holders = {**self.holders, **dict.fromkeys(named or {CURRENT}, version)}
        following = {**holders, PREVIOUS: former}
        if not named:
            return [_labels(self.values, following)]
        possible = [holders, following] if CURRENT in named else [holders]
        return [_labels(self.values, one) for one in possible]

    def moves(self, stage: str, version: str) -> list[Labels]:
        """Return the labels that may stand when a stage has moved to a version."""
        moved = {**self.holders, stage: version}
        possible = [moved]
        if stage == CURRENT and self.holders[CURRENT] != version:
            possible.append({**moved, PREVIOUS: self.holders[CURRENT]})
        return [_labels(self.values, holders) for holders in possible]

    def removed(self, stage: str) -> list[Labels]:
        """Return the labels that stand when a stage of the caller's own was taken away."""
        left = {name: version for name, version in self.holders.items() if name != stage}
        return [_labels(self.values, left)]

    def take_over(self, labels: Labels) -> None:
        """Take over the labels that show."""
        self.holders = {stage: version for version, held in labels.items() for stage in held}


def _labels(versions: Iterable[str], holders: dict[str, str]) -> Labels:
    return {
        version: frozenset(stage for stage, holder in holders.items() if holder == version)
        for version in versions
    }
