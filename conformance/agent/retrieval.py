"""How an agent gets a value: from the cache, from KMS, or from the cache because KMS is away."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from conformance.agent.cache import Cache, Key
from conformance.agent.messages import Lookup
from conformance.agent.settings import Settings
from conformance.agent.shapes import Members
from conformance.agent.upstream import Away, Said, Upstream

Origin: TypeAlias = Literal["cache", "kms", "stale"]
Found: TypeAlias = tuple[Members, Origin]


class Failed(Exception):  # noqa: N818 - an answer, no error of the agent
    """There is no value; ``said`` is the refusal of KMS, None when it could not be asked."""

    def __init__(self, said: Said | None) -> None:
        super().__init__("" if said is None else said.code)
        self.said = said


@dataclass
class Retrieval:
    """Cache and upstream of one agent.

    Attributes:
        settings: Of the agent.
        upstream: Asks KMS.
        cache: Keeps what it answered.
        clock: Monotonic, in seconds.
        joining: Whether those who ask for the same value at once share one call.
        passing: Tells whether what KMS said, None for nothing, may be got over with an old value.
        key_of: Where the cache keeps what a lookup asks for.
        ask: Asks KMS for what a lookup is about.
        on_refusal: Told of a value that KMS no longer gives out.
    """

    settings: Settings
    upstream: Upstream
    cache: Cache
    clock: Callable[[], float] = time.monotonic
    joining: bool = True
    passing: Callable[[Said | None], bool] = lambda said: said is None or said.passing
    key_of: Callable[[Lookup], Key] = lambda lookup: lookup.key
    ask: "Callable[[Retrieval, Lookup], Said]" = field(default_factory=lambda: _ask)
    on_refusal: "Callable[[Retrieval, Key], None]" = field(default_factory=lambda: _forget)
    _under_way: "dict[Key, asyncio.Task[Found]]" = field(default_factory=dict)

    async def get(self, lookup: Lookup) -> Found:
        """Return a value and where it is from.

        Raises:
            Failed: When there is none.
        """
        key = self.key_of(lookup)
        entry = self.cache.get(key)
        if entry is not None and not lookup.refresh and self.clock() < entry.fresh_until:
            return entry.members, "cache"
        if not self.joining or lookup.refresh:
            return await self._fetch(key, lookup)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fetch(key, lookup))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # Whoever gives up must not take the call away from those who wait for it too.
        return await asyncio.shield(task)

    async def _fetch(self, key: Key, lookup: Lookup) -> Found:
        said = await self._said(lookup)
        if said is not None and said.ok:
            self.cache.put(key, said.members, self.clock())
            return said.members, "kms"
        if lookup.refresh:
            raise Failed(said)
        if not self.passing(said):
            self.on_refusal(self, key)
            raise Failed(said)
        entry = self.cache.get(key)
        now, settings = self.clock(), self.settings
        if entry is None or not settings.ignore_transient:
            raise Failed(said)
        too_old = entry.fetched + settings.max_stale
        if now >= too_old:
            raise Failed(said)
        self.cache.prolong(key, now, too_old)
        return entry.members, "stale"

    async def _said(self, lookup: Lookup) -> Said | None:
        try:
            return await asyncio.to_thread(self.ask, self, lookup)
        except Away:
            return None


def _ask(retrieval: Retrieval, lookup: Lookup) -> Said:
    return retrieval.upstream.call("GetSecretValue", lookup.parameters)


def _forget(retrieval: Retrieval, key: Key) -> None:
    """Drop a value that KMS no longer gives out."""
    retrieval.cache.drop(key)
