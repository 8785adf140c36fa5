"""Walking lists: every thing of the suite's own is met once, counts and defaults are right.

Other users of the account may create and delete meanwhile, so that only the suite's own things and
lists that hold nothing else are counted; the order of rows is promised nowhere.
"""

from collections import Counter
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import new_key
from conformance.rules.lists import list_path, rows_at
from conformance.rules.paging.things import LISTS, Listed, Paged, listed, lists
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotApplicable, NotTestable
from conformance.spec.catalogue import catalogue

_LISTS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
#: A page that is never the last one of a list.
_FAR = 100_000
#: Lists of one thing's own, which nobody else changes.
_ALONE = ("ListAliasesByKeyId", "ListKeyVersions", "ListSecretVersionIds")
#: Pages after which a walk of a crowded account is given up.
_MOST_PAGES = 400
#: More things than any page has.
_MANY = 105


def ask(kms: Kms, paged: Paged, own: Listed, **page: int) -> Exchange:
    """Ask for one page."""
    return kms.expect_success(kms.call(paged.operation, {**own.params, **page}))


def _names(paged: Paged, exchange: Exchange) -> list[str]:
    rows = rows_at(exchange, list_path(paged.operation))
    return [str(row.get(paged.member)) for row in rows]


def _whole(value: Any) -> int | None:
    """Return a whole number of JSON, which may be written 5.0 as well; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == int(value) else None


def _total(kms: Kms, exchange: Exchange) -> int:
    total = _whole(exchange.data.get("TotalCount"))
    kms.expect(total is not None and total >= 0, "TotalCount is a number", exchange)
    assert total is not None
    return total


def _walk(kms: Kms, paged: Paged, own: Listed, size: int) -> tuple[list[str], list[Exchange]]:
    """Return all rows' names in the order of pages of a size, and the pages."""
    names: list[str] = []
    exchanges: list[Exchange] = []
    for number in range(1, _MOST_PAGES + 1):
        exchange = ask(kms, paged, own, PageNumber=number, PageSize=size)
        found = _names(paged, exchange)
        kms.expect(len(found) <= size, f"a page of {size} has {len(found)} rows", exchange)
        names += found
        exchanges.append(exchange)
        if len(found) < size:
            return names, exchanges
    raise NotTestable(f"{paged.operation} does not end within {_MOST_PAGES} pages")


def _count(kms: Kms, paged: Paged, own: Listed) -> int:
    return _total(kms, ask(kms, paged, own, PageNumber=1, PageSize=1))


def _size_for(own: Listed, total: int) -> int:
    """Return the smallest page size by which a walk is short."""
    return 2 if own.alone else min(100, max(2, total // 12))


def _is_quiet(kms: Kms, paged: Paged, own: Listed, before: int) -> bool:
    """Tell whether nobody else has changed a list since it was counted, as far as can be seen.

    The same question counts before and after, so that a total that is wrong on other pages does not
    look like the work of others.
    """
    if own.alone or not kms.target.loopback:
        return own.alone
    return _count(kms, paged, own) == before


@rule(
    "PAG-001",
    level=Level.MUST,
    family="paging",
    statement="The pages of a list together hold everything once: walking page by page meets each "
    "of the suite's own things exactly one time, and no row twice.",
    provenance="documented",
    source=_LISTS,
    stage="service",
    promises=("semantics/page-walk",),
    safety="creates",
    cases=lists,
)
def walk_is_whole(kms: Kms, paged: Paged) -> None:
    """Walk a list in small pages."""
    own = listed(kms, paged)
    before = _count(kms, paged, own)
    names, exchanges = _walk(kms, paged, own, _size_for(own, before))
    quiet = _is_quiet(kms, paged, own, before)
    if not quiet and not own.names <= set(names):
        # Rows move between pages when others delete: what a second walk meets was there.
        names += _walk(kms, paged, own, _size_for(own, before))[0]
    counts = Counter(names)
    missing = own.names - counts.keys()
    kms.expect(
        not missing,
        f"walking {paged.operation} meets all {len(own.names)} own things, misses {len(missing)}",
        *exchanges[-3:],
    )
    twice = [name for name in own.names if counts[name] > 1] if quiet else []
    kms.expect(not twice, f"no row comes twice, {len(twice)} do", *exchanges[-3:])
    if own.alone:
        kms.expect(
            counts.keys() == own.names, "the list holds nothing but its own", *exchanges[-3:]
        )


@rule(
    "PAG-002",
    level=Level.MUST,
    family="paging",
    statement="TotalCount is the number of all rows, the same on every page.",
    provenance="documented",
    source=_LISTS,
    stage="answer",
    promises=("semantics/page-members",),
    safety="creates",
    cases=lists,
)
def totals_agree(kms: Kms, paged: Paged) -> None:
    """Compare TotalCount with the rows of a walk; what others do meanwhile is allowed for."""
    own = listed(kms, paged)
    before = _count(kms, paged, own)
    names, exchanges = _walk(kms, paged, own, _size_for(own, before))
    totals = [_total(kms, exchange) for exchange in exchanges]
    if _is_quiet(kms, paged, own, before):
        kms.expect(
            set(totals) == {len(names)},
            f"TotalCount is {len(names)} on every page, found {sorted(set(totals))}",
            exchanges[0],
            exchanges[-1],
        )
        return
    low, high = min(totals), max(totals)
    near = max(5, high // 10)
    kms.expect(
        low - near <= len(names) <= high + near and low >= len(own.names),
        f"TotalCount is about {len(names)}, found {low} to {high}",
        exchanges[0],
        exchanges[-1],
    )


@rule(
    "PAG-003",
    level=Level.MUST,
    family="paging",
    statement="PageNumber and PageSize come back as asked for, and a page has as many rows as its "
    "size, fewer only at the end of the list.",
    provenance="documented",
    source=_LISTS,
    stage="answer",
    promises=("semantics/page-members",),
    safety="creates",
    cases=lists,
)
def page_is_echoed(kms: Kms, paged: Paged) -> None:
    """Ask for pages of one row, of three, and of a hundred."""
    own = listed(kms, paged)
    for number, size in ((1, 1), (2, 1), (1, 3), (2, 3), (1, 100)):
        exchange = ask(kms, paged, own, PageNumber=number, PageSize=size)
        found = exchange.data.get("PageNumber"), exchange.data.get("PageSize")
        kms.expect(
            found == (number, size),
            f"PageNumber {number} and PageSize {size} come back, found {found}",
            exchange,
        )
        rows = len(_names(paged, exchange))
        left = max(0, _total(kms, exchange) - (number - 1) * size)
        kms.expect(rows <= size, f"at most {size} rows, found {rows}", exchange)
        if own.alone or kms.target.loopback:
            # Rows and TotalCount are of one answer: what others do meanwhile is in both.
            wish = min(size, left)
            kms.expect(rows == wish, f"{wish} rows of page {number}, found {rows}", exchange)


def _default(paged: Paged) -> int | None:
    schema: Any = catalogue().operations[paged.operation].request["properties"]["PageSize"]
    default = schema.get("default")
    return default if isinstance(default, int) else None


@rule(
    "PAG-004",
    level=Level.MUST,
    family="paging",
    statement="Without PageNumber and PageSize a list answers page 1 in its documented default "
    "size.",
    provenance="documented",
    source=_LISTS,
    stage="answer",
    promises=("semantics/page-default",),
    safety="creates",
    cases=lists,
)
def defaults_hold(kms: Kms, paged: Paged) -> None:
    """Ask for no page in particular."""
    own = listed(kms, paged)
    exchange = ask(kms, paged, own)
    number = exchange.data.get("PageNumber")
    kms.expect(number == 1, f"the first page unless asked, found {number}", exchange)
    wish = {_default(paged)} if paged.operation != "ListAliases" else {10, 20}
    size = _whole(exchange.data.get("PageSize"))
    if wish == {None}:
        raise NotApplicable("no default size is documented")
    kms.expect(size in wish, f"PageSize is {wish} unless asked, found {size}", exchange)
    rows = len(_names(paged, exchange))
    assert size is not None
    kms.expect(rows <= size, f"at most {size} rows, found {rows}", exchange)


@rule(
    "PAG-005",
    level=Level.SHOULD,
    family="paging",
    statement="A page past the end is empty, with the TotalCount of the list.",
    provenance="inferred",
    source=_LISTS,
    stage="answer",
    safety="creates",
    cases=lists,
)
def past_the_end(kms: Kms, paged: Paged) -> None:
    """Ask for a page far behind the last one."""
    own = listed(kms, paged)
    exchange = ask(kms, paged, own, PageNumber=_FAR, PageSize=10)
    kms.expect(not _names(paged, exchange), "a page past the end has no row", exchange)
    total = _total(kms, exchange)
    kms.expect(
        total >= len(own.names),
        f"TotalCount is that of the list, at least {len(own.names)}, found {total}",
        exchange,
    )


@rule(
    "PAG-006",
    level=Level.MUST,
    family="paging",
    statement="Pages of another size hold the same things: one page of a hundred equals a walk in "
    "twos.",
    provenance="documented",
    source=_LISTS,
    stage="service",
    safety="creates",
    cases=lambda: [case for case in lists() if case.name in _ALONE],
)
def sizes_agree(kms: Kms, paged: Paged) -> None:
    """Compare one large page with small ones, where the list is the suite's alone."""
    own = listed(kms, paged)
    small, _ = _walk(kms, paged, own, 2)
    large = ask(kms, paged, own, PageNumber=1, PageSize=100)
    kms.expect(
        set(small) == set(_names(paged, large)) == own.names,
        f"all {len(own.names)} rows in pages of two and in one page",
        large,
    )


@rule(
    "PAG-020",
    level=Level.MUST,
    family="paging",
    statement="A list of more than a hundred things is whole: a full page of a hundred, and the "
    "rest on the next.",
    provenance="documented",
    source=f"{_LISTS}; limits, page 32368",
    stage="service",
    operations=("ListAliasesByKeyId", "ListAliases"),
    safety="creates",
)
def long_lists_are_whole(kms: Kms) -> None:
    """Give a key 105 aliases, of which an account may have 300, and list them."""
    key_id = new_key(kms)
    names = [kms.fresh_name("alias") for _ in range(_MANY)]
    for name in names:
        if not kms.call("CreateAlias", {"AliasName": name, "KeyId": key_id}).ok:
            raise NotTestable(f"{_MANY} aliases are more than this account may have")
    paged = next(one for one in LISTS if one.operation == "ListAliasesByKeyId")
    own = Listed({"KeyId": key_id}, frozenset(names), alone=True)
    met: list[str] = []
    for number, wish in ((1, 100), (2, _MANY - 100), (3, 0)):
        exchange = ask(kms, paged, own, PageNumber=number, PageSize=100)
        rows = _names(paged, exchange)
        kms.expect(len(rows) == wish, f"page {number} has {wish} rows, found {len(rows)}", exchange)
        total = _total(kms, exchange)
        kms.expect(total == _MANY, f"TotalCount is {_MANY}, found {total}", exchange)
        met += rows
    kms.expect(
        sorted(met) == sorted(names), f"all {_MANY} aliases come, each once", kms.exchanges[-1]
    )
    every = next(one for one in LISTS if one.operation == "ListAliases")
    exchange = ask(kms, every, Listed({}, own.names, alone=False), PageNumber=1, PageSize=100)
    rows = _names(every, exchange)
    kms.expect(len(rows) == 100, f"a page of ListAliases has 100 rows, found {len(rows)}", exchange)
