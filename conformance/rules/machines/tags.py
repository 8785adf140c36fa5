"""Tags of two keys, given and taken one by one and together."""

from collections.abc import Sequence
from typing import Any

from conformance.oracle.expected import ANYTHING, OK
from conformance.oracle.tag_model import TagModel
from conformance.rules.effects.looking import new_key
from conformance.rules.lists import rows_at
from conformance.rules.machines.engine import Machine, pick, pick_key, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_TAGS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_NAMES = ("stage", "owner", "Stage", "a/b_c-d.e+f=g@h")
_VALUES = ("one", "two", "Two")


class Tags(Machine):
    """Two keys, four tag keys, three values."""

    commands = ("tag", "untag", "tag-both", "untag-both", "untag-all")
    stories = (
        steps("tag/0/1 tag-both/2 tag/0/6 untag-both/1/3 untag-all/1/1 untag-all/0/0"),
        steps("tag/0/0 tag/1/2 untag/0/2 tag-both/4 untag/1/0 untag-both/0/1"),
    )

    def begin(self) -> None:
        """Make two keys."""
        self.keys = [new_key(self.kms) for _ in range(2)]
        self.model = TagModel(self.keys)

    def _tags(self, number: int) -> dict[str, str]:
        first = {pick(_NAMES, number): pick(_VALUES, number // 4)}
        return first if number % 3 else {**first, pick(_NAMES, number + 1): pick(_VALUES, number)}

    def tag(self, a: int, b: int) -> None:
        """Give a key tags."""
        (key, told), tags = pick_key(self.keys, a), self._tags(b)
        request = {"KeyId": key, "Tags": _listed(tags, "TagKey", "TagValue")}
        self.ask("TagResource", request, OK, f"TagResource {told} {_words(tags)}")
        self.model.tagged([key], tags)
        self._look([key])

    def untag(self, a: int, b: int) -> None:
        """Take a tag away that may not be there, of which no page tells the answer."""
        (key, told), name = pick_key(self.keys, a), pick(_NAMES, b)
        there = name in self.model.tags[key]
        request = {"KeyId": key, "TagKeys": [name]}
        expected = OK if there else ANYTHING
        self.ask("UntagResource", request, expected, f"UntagResource {told} {name}")
        self.model.untagged([key], [name])
        self._look([key])

    def tag_both(self, a: int, _: int) -> None:
        """Give both keys tags."""
        tags = self._tags(a)
        request = {**self._several(self.keys), "Tag": _listed(tags, "Key", "Value")}
        self.ask("TagResources", request, OK, f"TagResources {_words(tags)}")
        self.model.tagged(self.keys, tags)
        self._look(self.keys)

    def untag_both(self, a: int, b: int) -> None:
        """Take tags from both keys, there or not."""
        names = sorted({pick(_NAMES, a), pick(_NAMES, b)})
        request = {**self._several(self.keys), "TagKey": names}
        self.ask("UntagResources", request, OK, f"UntagResources {' '.join(names)}")
        self.model.untagged(self.keys, names)
        self._look(self.keys)

    def untag_all(self, a: int, b: int) -> None:
        """Take every tag from a key; All does not count beside a tag key."""
        (key, told), names = pick_key(self.keys, a), [pick(_NAMES, b)] if b % 2 else None
        request = {**self._several([key]), "All": True}
        if names:
            request["TagKey"] = names
        words = f"UntagResources All{f' and {names[0]}' if names else ''} {told}"
        self.ask("UntagResources", request, OK, words)
        self.model.untagged([key], names)
        self._look([key])

    def _several(self, keys: Sequence[str]) -> dict[str, Any]:
        region = self.kms.target.region
        return {"RegionId": region, "ResourceType": "key", "ResourceId": list(keys)}

    def _look(self, keys: Sequence[str]) -> None:
        for key in keys:
            wish = self.model.tags[key]
            self.shows(
                lambda key=key: self.kms.call("ListResourceTags", {"KeyId": key}),  # type: ignore[misc]
                lambda exchange, wish=wish: _shown(exchange.data) == wish,  # type: ignore[misc]
                f"the tags of key {self.keys.index(key) + 1} are {_words(wish)}",
            )

    def finish(self) -> None:
        """Look at both keys at once."""
        request = self._several(self.keys)

        def fits(exchange: Any) -> bool:
            found: dict[str, dict[str, str]] = {key: {} for key in self.keys}
            for row in rows_at(exchange, "TagResources.TagResource"):
                tags = found.setdefault(str(row.get("ResourceId")), {})
                tags[str(row.get("TagKey"))] = str(row.get("TagValue"))
            return found == self.model.tags

        self.shows(
            lambda: self.kms.call("ListTagResources", request),
            fits,
            "ListTagResources tells the tags of both keys",
        )


def _listed(tags: dict[str, str], name: str, value: str) -> list[dict[str, str]]:
    return [{name: key, value: text} for key, text in tags.items()]


def _words(tags: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(tags.items())) or "none"


def _shown(data: Any) -> dict[str, str]:
    rows = (data.get("Tags") or {}).get("Tag") or []
    return {str(row.get("TagKey")): str(row.get("TagValue")) for row in rows}


@rule(
    "KEY-053",
    level=Level.MUST,
    family="keys",
    statement="However tags are given to two keys and taken away, one by one and together, each "
    "key shows the tags that the model says, with the value that was given last.",
    provenance="documented",
    source=_TAGS,
    stage="service",
    promises=("semantics/tag-value-changes", "semantics/tag-many", "semantics/untag-skips"),
    operations=("TagResource", "UntagResource", "TagResources", "UntagResources"),
    safety="creates",
)
def tags_follow_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Tags)
