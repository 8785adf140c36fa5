"""Lists by page number, and the filters of lists."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from conformance.reference.call import Call, seam
from conformance.reference.services.finding import invalid
from conformance.spec import catalogue

Row = TypeVar("Row")
#: Values of a thing under one filter key; it matches when any is among the filter's values.
Values = Callable[[Row], Iterable[str]]


@cache
def _default_size(operation: str) -> int:
    schema = catalogue().operations[operation].request["properties"]["PageSize"]
    return int(schema["default"])


@seam
def page_slice(rows: Sequence[Row], number: int, size: int) -> Sequence[Row]:
    """Return the rows of one page, numbered from 1; nothing past the last one."""
    return rows[(number - 1) * size : number * size]


@seam
def page_total(rows: Sequence[Row], number: int, size: int) -> int:
    """Return TotalCount, the same on every page."""
    del number, size
    return len(rows)


def page(call: Call, rows: Sequence[Row], show: Callable[[Row], Any]) -> dict[str, Any]:
    """Answer one page of a list: counts, and the rows where the spec says they stand.

    Args:
        call: Gives PageNumber and PageSize.
        rows: Everything that matches, in a steady order.
        show: Makes the answer's row.
    """
    number = call.params.get("PageNumber", 1)
    size = call.params.get("PageSize", _default_size(call.operation.name))
    paging = call.operation.paging
    if paging is None:
        raise LookupError(f"{call.operation.name} does not page")
    outer, inner = paging["list"].split(".")
    seams = call.endpoint.seams
    return {
        outer: {inner: [show(row) for row in seams.page_slice(rows, number, size)]},
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": seams.page_total(rows, number, size),
    }


@seam
def combine_filters(filters: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the wanted values by filter key: different keys AND, values of one key OR.

    A key that comes twice adds to its values.
    """
    wanted: dict[str, set[str]] = {}
    for row in filters:
        wanted.setdefault(row["Key"].lower(), set()).update(row["Values"])
    return wanted


def filtered(call: Call, rows: Iterable[Row], keys: Mapping[str, Values[Row]]) -> list[Row]:
    """Return the rows that pass the call's Filters.

    Names of filter keys are compared without regard to case, since documents write both KeyId and
    keyId. A filter without values restricts nothing (inferred).

    Raises:
        KmsError: InvalidParameter for a filter key that the list does not have (inferred).
    """
    wanted = call.endpoint.seams.combine_filters(call.params.get("Filters", ()))
    readers = {name.lower(): read for name, read in keys.items()}
    for name in wanted:
        if name not in readers:
            known = ", ".join(sorted(keys))
            raise invalid(f"Filters has an unknown Key; known: {known}.")
    tests = [(readers[name], values) for name, values in wanted.items() if values]
    return [row for row in rows if all(not values.isdisjoint(read(row)) for read, values in tests)]
