"""Filters of ListKeys and ListSecrets, and lists of tags by token."""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, new_key, new_secret
from conformance.rules.lists import list_path, pages, rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

FILTERS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_MOST_TOKENS = 50


def filter_on(**keys: Sequence[str]) -> dict[str, Any]:
    """Return the parameter Filters with these keys, each with its values."""
    return {"Filters": [{"Key": key, "Values": list(values)} for key, values in keys.items()]}


def _found(kms: Kms, operation: str, member: str, params: Mapping[str, Any]) -> set[str]:
    return {str(row.get(member)) for _, rows in pages(kms, operation, params) for row in rows}


def _expect(
    kms: Kms,
    operation: str,
    filters: Mapping[str, Any],
    inside: set[str],
    outside: set[str],
) -> None:
    """Expect some of the suite's things among the filtered, and others not."""
    member = "KeyId" if operation == "ListKeys" else "SecretName"
    found = _found(kms, operation, member, filters)
    asked = " and ".join(f"{f['Key']} {f['Values']}" for f in filters["Filters"])
    kms.expect(
        inside <= found,
        f"{operation} by {asked} finds all {len(inside)} that match, misses {len(inside - found)}",
        kms.exchanges[-1],
    )
    kms.expect(
        not outside & found,
        f"{operation} by {asked} leaves out what does not match, found {len(outside & found)}",
        kms.exchanges[-1],
    )


def by_id(kms: Kms, key_id: str) -> str:
    """Return how the target spells the filter key for ids: documents write KeyId and keyId."""
    return "KeyId" if kms.call("ListKeys", filter_on(KeyId=[key_id])).ok else "keyId"


def new_tag(kms: Kms) -> str:
    """Return a text that nothing of the account has as tag yet."""
    return f"{kms.marker}-{kms.random.getrandbits(32):08x}"


@rule(
    "PAG-010",
    level=Level.MUST,
    family="paging",
    statement="ListKeys with a filter lists the keys that match it and no others: by KeyState, "
    "KeySpec, KeyUsage, KeyId, AliasName, TagKey and TagValue.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    promises=(
        "state/ListKeys/Enabled",
        "state/ListKeys/Disabled",
        "state/ListKeys/PendingDeletion",
    ),
    operations=("ListKeys",),
    safety="creates",
)
def keys_by_filter(kms: Kms) -> None:
    """Filter by each key that can be told of keys of one's own."""
    tag = new_tag(kms)
    enabled = new_key(kms, Tags=[{"TagKey": tag, "TagValue": tag}])
    disabled = new_key(kms)
    done(kms, "DisableKey", {"KeyId": disabled})
    pair = new_key(kms, KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")
    alias = kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": alias, "KeyId": pair})
    for filters, inside in (
        (filter_on(KeyState=["Disabled"]), {disabled}),
        (filter_on(KeyState=["Enabled"]), {enabled, pair}),
        (filter_on(KeySpec=["EC_P256"]), {pair}),
        (filter_on(KeyUsage=["ENCRYPT/DECRYPT"]), {enabled, disabled}),
        (filter_on(**{by_id(kms, enabled): [enabled]}), {enabled}),
        (filter_on(AliasName=[alias]), {pair}),
        (filter_on(TagKey=[tag]), {enabled}),
        (filter_on(TagValue=[tag]), {enabled}),
        (filter_on(TagKey=[tag], TagValue=[tag]), {enabled}),
    ):
        _expect(kms, "ListKeys", filters, inside, {enabled, disabled, pair} - inside)


@rule(
    "PAG-011",
    level=Level.MUST,
    family="paging",
    statement="Values of one filter key are alternatives, also when the key comes twice; "
    "different filter keys narrow each other.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    promises=("semantics/filters",),
    operations=("ListKeys",),
    safety="creates",
)
def filters_combine(kms: Kms) -> None:
    """Combine filters on two enabled and two disabled keys."""
    keys = [new_key(kms) for _ in range(4)]
    for key in keys[1], keys[3]:
        done(kms, "DisableKey", {"KeyId": key})
    name = by_id(kms, keys[0])
    two, others = set(keys[:2]), set(keys[2:])
    _expect(kms, "ListKeys", filter_on(**{name: keys[:2]}), two, others)
    twice = {"Filters": [{"Key": name, "Values": [key]} for key in keys[:2]]}
    _expect(kms, "ListKeys", twice, two, others)
    both = filter_on(**{name: keys[:2], "KeyState": ["Disabled"]})
    turned = {"Filters": both["Filters"][::-1]}
    for filters in both, turned:
        _expect(kms, "ListKeys", filters, {keys[1]}, {keys[0], *others})
    either = filter_on(**{name: keys, "KeyState": ["Disabled", "PendingDeletion"]})
    _expect(kms, "ListKeys", either, {keys[1], keys[3]}, {keys[0], keys[2]})
    for spec, usage in (
        ("EC_P256", "ENCRYPT/DECRYPT"),
        ("Aliyun_AES_256", "SIGN/VERIFY"),
    ):
        apart = filter_on(**{name: keys, "KeySpec": [spec], "KeyUsage": [usage]})
        _expect(kms, "ListKeys", apart, set(), set(keys))


@rule(
    "PAG-012",
    level=Level.MUST,
    family="paging",
    statement="ListSecrets with a filter lists the secrets that match it and no others: by "
    "SecretName, TagKey and TagValue, values of one key being alternatives.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    operations=("ListSecrets",),
    safety="creates",
)
def secrets_by_filter(kms: Kms) -> None:
    """Filter secrets of one's own."""
    tag = new_tag(kms)
    tagged, _ = new_secret(kms, Tags=[{"TagKey": tag, "TagValue": tag}])
    plain, _ = new_secret(kms)
    other, _ = new_secret(kms)
    # Whether a name is compared as a whole is not told: only full names are asked for.
    for filters, inside, outside in (
        (filter_on(SecretName=[plain]), {plain}, {tagged}),
        (filter_on(SecretName=[plain, tagged]), {plain, tagged}, set()),
        (filter_on(TagKey=[tag]), {tagged}, {plain, other}),
        (filter_on(TagValue=[tag]), {tagged}, {plain, other}),
        (filter_on(TagKey=[tag], TagValue=[tag]), {tagged}, {plain, other}),
        (filter_on(TagKey=[tag], SecretName=[plain, other]), set(), {tagged, plain, other}),
        (filter_on(SecretName=[plain, tagged], TagKey=[tag]), {tagged}, {plain, other}),
    ):
        _expect(kms, "ListSecrets", filters, inside, outside)


def _lists_with_filters() -> list[Case]:
    return [Case(name, name, name) for name in ("ListKeys", "ListSecrets")]


@rule(
    "PAG-013",
    level=Level.MUST,
    family="paging",
    statement="A filtered list counts and pages what matches: TotalCount is the number of things "
    "that match, and walking meets each once.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    promises=("semantics/filtered-count",),
    operations=("ListKeys", "ListSecrets"),
    safety="creates",
    cases=_lists_with_filters,
)
def filtered_pages(kms: Kms, operation: str) -> None:
    """Walk a filtered list one by one."""
    tag = new_tag(kms)
    tags = [{"TagKey": "purpose", "TagValue": tag}]
    make = new_key if operation == "ListKeys" else lambda k, **p: new_secret(k, **p)[0]
    names = {make(kms, Tags=tags) for _ in range(3)}
    make(kms)
    member = "KeyId" if operation == "ListKeys" else "SecretName"
    met: list[str] = []
    for exchange, rows in pages(kms, operation, filter_on(TagValue=[tag]), size=2):
        met += [str(row.get(member)) for row in rows]
        total = exchange.data.get("TotalCount")
        kms.expect(total == 3, f"TotalCount is 3, the number that matches, found {total}", exchange)
    kms.expect(
        sorted(met) == sorted(names), "walking meets the three that match, each once",
        kms.exchanges[-1],
    )  # fmt: skip


def _tag_rows(exchange: Exchange) -> list[tuple[str, str]]:
    rows = rows_at(exchange, list_path("ListTagResources"))
    return [(str(row.get("ResourceId")), str(row.get("TagKey"))) for row in rows]


@rule(
    "PAG-014",
    level=Level.MUST,
    family="paging",
    statement="ListTagResources by tag finds every resource with it once, page by NextToken, and "
    "no resource without it.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    operations=("ListTagResources",),
    safety="creates",
)
def tag_resources_by_token(kms: Kms) -> None:
    """Find tagged keys by their tag."""
    tag = new_tag(kms)
    names = [new_key(kms, Tags=[{"TagKey": tag, "TagValue": "a"}]) for _ in range(2)]
    other = new_key(kms, Tags=[{"TagKey": tag, "TagValue": "b"}])
    request: dict[str, Any] = {
        "RegionId": kms.target.region,
        "ResourceType": "key",
        "Tag": [{"Key": tag, "Value": "a"}],
    }
    met: list[tuple[str, str]] = []
    for _ in range(_MOST_TOKENS):
        exchange = done(kms, "ListTagResources", request)
        met += _tag_rows(exchange)
        token = exchange.data.get("NextToken")
        if not token:
            break
        request["NextToken"] = token
    else:
        kms.violated("NextToken is empty on the last page, found one always", kms.exchanges[-1])
    found = [resource for resource, key in met if key == tag]
    kms.expect(
        sorted(found) == sorted(names) and other not in found,
        "the two keys with the tag and value are found, each once, and the other is not",
        kms.exchanges[-1],
    )


@rule(
    "PAG-015",
    level=Level.MUST,
    family="paging",
    statement="ListTagResources answers the rest of more than 200 rows by NextToken.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    promises=(
        "semantics/tag-paging",
        "limit/tag-rows",
    ),
    operations=("ListTagResources",),
    safety="creates",
)
def many_tag_rows(kms: Kms) -> None:
    """Put ten tags, which every reading allows, on 21 keys and read all 210 rows."""
    names = [new_key(kms) for _ in range(21)]
    tags = [{"Key": f"t{number}", "Value": "x"} for number in range(10)]
    common = {"RegionId": kms.target.region, "ResourceType": "key", "ResourceId": names}
    tagged = kms.call("TagResources", {**common, "Tag": tags}, placement="form")
    kms.expect_success(tagged)
    request: dict[str, Any] = dict(common)
    met: list[tuple[str, str]] = []
    first = 0
    for _ in range(_MOST_TOKENS):
        exchange = done(kms, "ListTagResources", request)
        met += _tag_rows(exchange)
        first = first or len(met)
        token = exchange.data.get("NextToken")
        if not token:
            break
        request["NextToken"] = token
    else:
        kms.violated("NextToken is empty on the last page, found one always", kms.exchanges[-1])
    wish = {(name, tag["Key"]) for name in names for tag in tags}
    kms.expect(first <= 200, f"a page has at most 200 rows, found {first}", kms.exchanges[-1])
    kms.expect(
        set(met) == wish and len(met) == len(wish),
        f"all {len(wish)} rows come, each once, found {len(met)}",
        kms.exchanges[-1],
    )


@rule(
    "PAG-016",
    level=Level.SHOULD,
    family="paging",
    statement="A NextToken that no page gave is refused by a 4xx.",
    provenance="inferred",
    source=FILTERS,
    stage="parameter",
    operations=("ListTagResources",),
    safety="creates",
)
def made_up_token(kms: Kms) -> None:
    """Ask for the page behind a token of one's own making."""
    request = {"RegionId": kms.target.region, "ResourceType": "key", "NextToken": "made-up"}
    kms.expect_refused(kms.call("ListTagResources", request), why="no page gave this token")


@rule(
    "PAG-017",
    level=Level.MUST,
    family="paging",
    statement="ListKeys lists keys in every state, one that waits for its deletion and one that "
    "waits for its material among them, and finds them by KeyState.",
    provenance="documented",
    source=f"{FILTERS}; impact of the key state on API operations, page 44211",
    stage="service",
    operations=("ListKeys",),
    safety="schedules-deletion",
)
def keys_waiting_for_deletion_are_listed(kms: Kms) -> None:
    """Schedule one of two keys, and look for both by state and by tag."""
    tag = new_tag(kms)
    tags = [{"TagKey": "purpose", "TagValue": tag}]
    live, waiting = new_key(kms, Tags=tags), new_key(kms, Tags=tags)
    done(kms, "ScheduleKeyDeletion", {"KeyId": waiting, "PendingWindowInDays": 7})
    empty = set[str]()
    if kms.offers("origin:EXTERNAL"):
        empty = {new_key(kms, Tags=tags, Origin="EXTERNAL")}
    for filters, inside in (
        (filter_on(TagValue=[tag]), {live, waiting, *empty}),
        (filter_on(TagValue=[tag], KeyState=["PendingDeletion"]), {waiting}),
        (filter_on(TagValue=[tag], KeyState=["PendingImport"]), empty),
        (filter_on(TagValue=[tag], KeyState=["Enabled", "Disabled"]), {live}),
    ):
        _expect(kms, "ListKeys", filters, inside, {live, waiting, *empty} - inside)


@rule(
    "PAG-018",
    level=Level.MUST,
    family="paging",
    statement="ListSecrets by Description and by SecretType lists the secrets that match and no "
    "others.",
    provenance="documented",
    source=FILTERS,
    stage="service",
    operations=("ListSecrets",),
    safety="creates",
)
def secrets_by_text_and_type(kms: Kms) -> None:
    """Filter secrets of one's own by their descriptions, and by types that they have not."""
    tag = new_tag(kms)
    tags = [{"TagKey": "purpose", "TagValue": tag}]
    # A description is looked for as a whole: whether a part of it is enough is not told.
    text = f"{tag}-described"
    one, _ = new_secret(kms, Tags=tags, Description=text)
    other, _ = new_secret(kms, Tags=tags, Description=f"another-{tag[::-1]}")
    _expect(kms, "ListSecrets", filter_on(Description=[text]), {one}, {other})
    typed = {"TagValue": [tag], "SecretType": ["Generic"]}
    _expect(kms, "ListSecrets", filter_on(**typed), {one, other}, set())
    managed = filter_on(TagValue=[tag], SecretType=["ECS", "Redis"])
    if kms.call("ListSecrets", managed).ok:
        _expect(kms, "ListSecrets", managed, set(), {one, other})
