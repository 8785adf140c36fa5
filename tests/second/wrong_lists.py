"""Faults of the second endpoint: pages."""

from typing import Any
from unittest import mock

import core
from deviation import around, everywhere, fault
from wrong_keys import without

PAGING, PLAIN = "paging", "contract"
FAMILIES = (PAGING, "effects", PLAIN)


def paging(change: Any) -> Any:
    """Page otherwise: `change(original, params, rows, outer, inner, default)`."""
    return everywhere(
        "page",
        lambda f: (
            lambda p, rows, outer, inner, default=10: change(f, p, rows, outer, inner, default)
        ),
    )


def paged(change: Any) -> Any:
    """Change members of a page: `change(page, rows, outer, inner)`."""

    def changed(f: Any, p: Any, rows: Any, outer: str, inner: str, default: int) -> Any:
        found = f(p, rows, outer, inner, default)
        return {**found, **change(found, rows, outer, inner)}

    return paging(changed)


def cut(rows: Any, page: Any, more: int) -> Any:
    start = (page["PageNumber"] - 1) * page["PageSize"]
    return rows[start : start + page["PageSize"] + more]


def number(params: Any, name: str, default: int) -> int:
    return int(params[name]) if params.get(name, "").isdigit() else default


def shifted(by: int) -> Any:
    def change(f: Any, p: Any, rows: Any, outer: str, inner: str, default: int) -> Any:
        answer = f(p, rows, outer, inner, default)
        size = answer["PageSize"]
        start = (answer["PageNumber"] - 1) * size + (by if answer["PageNumber"] > 1 else 0)
        return {**answer, outer: {inner: rows[max(start, 0) : max(start, 0) + size]}}

    return paging(change)


fault("page-overlaps", "a page begins with the last row of the one before", shifted(-1), PAGING)
fault("page-gap", "a row between pages is lost", shifted(1), PAGING)
fault(
    "page-from-zero",
    "the first page is page 0",
    paging(lambda f, p, *a: f({**p, "PageNumber": "1"} if p.get("PageNumber") == "0" else p, *a)),
    PLAIN,
    PAGING,
)
fault(
    "page-any-number",
    "a page number that is none means 1",
    paging(
        lambda f, p, *a: f(
            p if p.get("PageNumber", "1").isdigit() else without(p, "PageNumber"), *a
        )
    ),
    PLAIN,
    PAGING,
)
fault(
    "page-past-end-first",
    "a page past the end is the first",
    paging(
        lambda f, p, rows, *a: f(
            p
            if (number(p, "PageNumber", 1) - 1) * number(p, "PageSize", 10) < max(len(rows), 1)
            or number(p, "PageNumber", 1) > 2**31
            else {**p, "PageNumber": "1"},
            rows,
            *a,
        )
    ),
    PAGING,
    gates=False,
)
fault(
    "page-size-ignored",
    "PageSize has no effect",
    paging(lambda f, p, *a: {**f(without(p, "PageSize"), *a), "PageSize": f(p, *a)["PageSize"]}),
    PAGING,
)
fault(
    "page-size-one-more",
    "a page has a row more",
    paged(lambda n, rows, outer, inner: {outer: {inner: cut(rows, n, 1)}}),
    PAGING,
)
fault(
    "page-default-50",
    "a page has 50 rows unless told otherwise",
    paging(lambda f, p, rows, outer, inner, d: f(p, rows, outer, inner, 50)),
    PAGING,
)
fault(
    "page-number-not-told",
    "PageNumber is always 1 in answers",
    paging(lambda f, *a: {**f(*a), "PageNumber": 1}),
    PAGING,
)
fault(
    "page-size-told-rows",
    "PageSize of answers is the number of rows",
    paged(lambda n, rows, outer, inner: {"PageSize": len(n[outer][inner])}),
    PAGING,
)
fault(
    "total-capped",
    "TotalCount counts up to what was shown",
    paged(lambda n, rows, *_: {"TotalCount": min(len(rows), n["PageNumber"] * n["PageSize"])}),
    PAGING,
)
fault(
    "total-missing",
    "TotalCount is missing",
    paging(lambda f, *a: without(f(*a), "TotalCount")),
    PAGING,
    PLAIN,
)
fault(
    "total-one-more",
    "TotalCount counts one too many",
    paged(lambda n, *_: {"TotalCount": n["TotalCount"] + 1}),
    PAGING,
)
fault(
    "page-size-1000",
    "pages of 1,000 rows are taken",
    paging(
        lambda f, p, *a: f({**p, "PageSize": "100"} if number(p, "PageSize", 1) > 100 else p, *a)
    ),
    PLAIN,
    PAGING,
    gates=False,
)


def _only(original: Any, store: Any, params: Any, keep: Any) -> Any:
    real = core.Store.all
    with mock.patch.object(
        core.Store, "all", lambda s, kind: [k for k in real(s, kind) if kind != "key" or keep(k)]
    ):
        return original(store, params)


fault(
    "list-without-disabled",
    "ListKeys leaves out Disabled keys",
    around("ListKeys", lambda f, s, p: _only(f, s, p, lambda k: k["state"] != "Disabled")),
    *FAMILIES,
)
fault(
    "list-without-pending",
    "ListKeys leaves out keys in PendingDeletion",
    around("ListKeys", lambda f, s, p: _only(f, s, p, lambda k: k["state"] != "PendingDeletion")),
    *FAMILIES,
    "states",
)
