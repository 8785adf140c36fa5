"""Values in memory: a time for which each is fresh, and a number of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

#: Name, version id and stage as they were asked for.
Key: TypeAlias = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer of KMS; moments are of the monotonic clock.

    Attributes:
        members: Members of the answer.
        fetched: When it came.
        fresh_until: When it has to be asked for again.
    """

    members: Mapping[str, Any] = field(repr=False)
    fetched: float
    fresh_until: float


class Cache:
    """Keeps answers; the one that was asked for longest ago goes first.

    Args:
        ttl: Seconds for which an answer is fresh; 0 keeps nothing.
        size: Most answers kept.
    """

    def __init__(self, ttl: float, size: int) -> None:
        self._ttl = ttl
        self._size = size
        self._entries: OrderedDict[Key, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Entry | None:
        """Return what is kept, fresh or not."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, members: Mapping[str, Any], now: float) -> None:
        """Keep an answer that has just come."""
        if not self._ttl:
            return
        self._entries[key] = Entry(members, now, now + self._ttl)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def prolong(self, key: Key, now: float, end: float) -> None:
        """Make an answer fresh again although it could not be asked for.

        Args:
            key: Of the answer.
            now: From here it is fresh for another TTL,
            end: but not beyond this moment, at which it is too old.
        """
        entry = self._entries.get(key)
        if entry is not None:
            fresh_until = min(now + self._ttl, end)
            self._entries[key] = replace(entry, fresh_until=fresh_until)

    def drop(self, key: Key) -> None:
        """Forget an answer."""
        self._entries.pop(key, None)
