"""Model of the tags of several things."""

from collections.abc import Iterable, Mapping


class TagModel:
    """Tags by thing; a tag key has one value."""

    def __init__(self, things: Iterable[str]) -> None:
        self.tags: dict[str, dict[str, str]] = {thing: {} for thing in things}

    def tagged(self, things: Iterable[str], tags: Mapping[str, str]) -> None:
        """Give things tags; those that are there get their new value."""
        for thing in things:
            self.tags[thing].update(tags)

    def untagged(self, things: Iterable[str], names: Iterable[str] | None) -> None:
        """Take tags away, all of them for None; names that are not there are passed over."""
        for thing in things:
            for name in list(self.tags[thing] if names is None else names):
                self.tags[thing].pop(name, None)
