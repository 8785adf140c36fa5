"""Model of the versions of symmetric keys: the newest encrypts, each opens what it encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sealed:
    """A blob and what it must open to."""

    blob: str = field(repr=False)
    text: str = field(repr=False)
    key: str
    version: str
    context: Mapping[str, str] | None = None


@dataclass
class VersionModel:
    """Keys with their versions, oldest first, and blobs that they made.

    Attributes:
        versions: Ids of versions by key; the last one is the primary one.
        sealed: What was encrypted so far.
    """

    versions: dict[str, list[str]] = field(default_factory=dict)
    sealed: list[Sealed] = field(default_factory=list)

    def primary(self, key: str) -> str:
        """Return the version that encrypts."""
        return self.versions[key][-1]

    def is_new(self, version: str) -> bool:
        """Tell whether no key has a version of this id yet."""
        return all(version not in known for known in self.versions.values())
