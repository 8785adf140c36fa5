"""Effects on tags of keys and secrets."""

from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, expect_shown, new_key, new_secret
from conformance.rules.lists import find_row, rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_TAGS = (
    "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0; List of operations (2021)"
)

#: That a tag may have beside letters and digits.
_CHARACTERS = r"a/\_-.+=:@Z"


def _tags(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(row.get("TagKey")): row.get("TagValue") for row in rows}


def _of_resource(exchange: Exchange, resource: str) -> dict[str, Any]:
    rows = rows_at(exchange, "TagResources.TagResource")
    return _tags([row for row in rows if row.get("ResourceId") == resource])


def _expect_tags(kms: Kms, kind: str, name: str, wish: Mapping[str, str]) -> None:
    """Expect exactly these tags wherever tags of the thing are shown."""
    region = kms.target.region

    def listed() -> Exchange:
        request = {"RegionId": region, "ResourceType": kind, "ResourceId": [name]}
        return kms.call("ListTagResources", request)

    def fits(exchange: Exchange) -> bool:
        rows = rows_at(exchange, "TagResources.TagResource")
        kinds = {str(row.get("ResourceType", kind)).lower() for row in rows}
        return _of_resource(exchange, name) == wish and kinds <= {kind}

    shown = ", ".join(wish) or "no tag"
    expect_shown(kms, listed, fits, f"ListTagResources shows {shown} of the {kind}")
    if kind == "key":
        expect_shown(
            kms,
            lambda: kms.call("ListResourceTags", {"KeyId": name}),
            lambda e: _tags(rows_at(e, "Tags.Tag")) == wish,
            f"ListResourceTags shows {shown}",
        )
        return
    expect_shown(
        kms,
        lambda: kms.call("DescribeSecret", {"SecretName": name, "FetchTags": "true"}),
        lambda e: _tags(rows_at(e, "Tags.Tag")) == wish,
        f"DescribeSecret with FetchTags shows {shown}",
    )


def _kinds() -> list[Case]:
    return [Case("key", "key"), Case("secret", "secret")]


def _thing(kms: Kms, kind: str, **params: Any) -> tuple[str, dict[str, str]]:
    """Create a thing; return its name and how TagResource names it."""
    if kind == "key":
        key_id = new_key(kms, **params)
        return key_id, {"KeyId": key_id}
    name, _ = new_secret(kms, **params)
    return name, {"SecretName": name}


def _pairs(**tags: str) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


@rule(
    "EFF-030",
    level=Level.MUST,
    family="effects",
    statement="TagResource adds tags and gives those that are there another value; UntagResource "
    "takes just the named ones away.",
    provenance="documented",
    source=_TAGS,
    stage="service",
    promises=("semantics/tag-value-changes",),
    operations=("TagResource", "UntagResource", "ListResourceTags", "ListTagResources"),
    safety="creates",
    cases=_kinds,
)
def tags_come_and_go(kms: Kms, kind: str) -> None:
    """Tag, tag again, untag."""
    name, reference = _thing(kms, kind)
    _expect_tags(kms, kind, name, {})
    done(kms, "TagResource", {**reference, "Tags": _pairs(purpose="conformance", OwnerTeam="a")})
    _expect_tags(kms, kind, name, {"purpose": "conformance", "OwnerTeam": "a"})
    done(kms, "TagResource", {**reference, "Tags": _pairs(OwnerTeam="b")})
    _expect_tags(kms, kind, name, {"purpose": "conformance", "OwnerTeam": "b"})
    done(kms, "UntagResource", {**reference, "TagKeys": ["purpose"]})
    _expect_tags(kms, kind, name, {"OwnerTeam": "b"})


@rule(
    "EFF-031",
    level=Level.MUST,
    family="effects",
    statement="Tags that a key or secret is created with are shown, each character of them.",
    provenance="documented",
    source=_TAGS,
    stage="service",
    operations=("CreateKey", "CreateSecret"),
    safety="creates",
    cases=_kinds,
)
def tags_at_creation(kms: Kms, kind: str) -> None:
    """Create with two tags, the one with every character that is allowed beside letters."""
    tags = {"purpose": "conformance", "stage": _CHARACTERS}
    name, _ = _thing(kms, kind, Tags=_pairs(**tags))
    _expect_tags(kms, kind, name, tags)


@rule(
    "EFF-032",
    level=Level.MUST,
    family="effects",
    statement="TagResources tags every named resource and no other; UntagResources passes over "
    "tags that are not there, takes the named ones away, and with All every one.",
    provenance="documented",
    source=_TAGS,
    stage="service",
    promises=(
        "semantics/tag-many",
        "semantics/untag-skips",
    ),
    operations=("TagResources", "UntagResources", "ListTagResources"),
    safety="creates",
    readings=("tag-list-form",),
    cases=_kinds,
)
def many_are_tagged(kms: Kms, kind: str) -> None:
    """Tag three of four things at once."""
    *names, alone = (_thing(kms, kind)[0] for _ in range(4))
    common = {
        "RegionId": kms.target.region,
        "ResourceType": kind,
        "ResourceId": names,
    }
    tags = [{"Key": "purpose", "Value": "conformance"}, {"Key": "OwnerTeam", "Value": "a"}]
    done(kms, "TagResources", {**common, "Tag": tags})
    for name in names:
        _expect_tags(kms, kind, name, {"purpose": "conformance", "OwnerTeam": "a"})
    _expect_tags(kms, kind, alone, {})
    done(kms, "UntagResources", {**common, "TagKey": ["not-there", "OwnerTeam", "nor-there"]})
    for name in names:
        _expect_tags(kms, kind, name, {"purpose": "conformance"})
    # All counts only where no TagKey is given.
    both = {**common, "ResourceId": names[:1], "TagKey": ["not-there"], "All": True}
    done(kms, "UntagResources", both)
    _expect_tags(kms, kind, names[0], {"purpose": "conformance"})
    done(kms, "UntagResources", {**common, "ResourceId": names[:1], "All": True})
    _expect_tags(kms, kind, names[0], {})
    _expect_tags(kms, kind, names[1], {"purpose": "conformance"})


@rule(
    "EFF-091",
    level=Level.SHOULD,
    family="effects",
    statement="DescribeSecret and ListSecrets show tags where FetchTags asks for it, and else not.",
    provenance="documented",
    source="DescribeSecret and ListSecrets pages: FetchTags, false by default",
    stage="service",
    operations=("DescribeSecret",),
    safety="creates",
)
def tags_are_shown_when_asked_for(kms: Kms) -> None:
    """Describe and list a tagged secret without FetchTags and with false."""
    name, _ = new_secret(kms, Tags=_pairs(purpose="conformance"))
    _expect_tags(kms, "secret", name, {"purpose": "conformance"})
    wishes: tuple[dict[str, str], ...] = ({}, {"FetchTags": "false"})
    for wish in wishes:
        described = done(kms, "DescribeSecret", {"SecretName": name, **wish})
        kms.expect(
            not rows_at(described, "Tags.Tag"), "DescribeSecret shows no tags unasked", described
        )
        if kms.offers("operation:ListSecrets"):
            row, page = find_row(kms, "ListSecrets", "SecretName", name, wish)
            tags = (row or {}).get("Tags") or {}
            kms.expect(not tags or not tags.get("Tag"), "ListSecrets shows no tags unasked", page)
