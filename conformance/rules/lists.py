"""Reading lists: rows of a page, whole lists by page, what stands where."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.spec.catalogue import catalogue

Row = Mapping[str, Any]
#: Rows of a page where the size of pages is not under test.
_PAGE = 100
#: Pages that are read at most: what is looked for is the suite's own and recent.
_MOST_PAGES = 200


def rows_at(exchange: Exchange, path: str) -> list[Row]:
    """Return the rows at a path such as ``Keys.Key``; none where the list is empty or left out.

    Both wrappings of lists are read, ``{"Keys": {"Key": [...]}}`` and ``{"Keys": [...]}``.
    """
    value: Any = exchange.data
    for member in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(member)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def list_path(operation: str) -> str:
    """Return where a list operation has its rows."""
    paging = catalogue().operations[operation].paging
    assert paging is not None
    return str(paging["list"])


def pages(
    kms: Kms, operation: str, params: Mapping[str, Any] | None = None, *, size: int = _PAGE
) -> Iterator[tuple[Exchange, list[Row]]]:
    """Yield the pages of a list until one is not full."""
    for number in range(1, _MOST_PAGES + 1):
        request = {**(params or {}), "PageNumber": number, "PageSize": size}
        exchange = kms.expect_success(kms.call(operation, request))
        rows = rows_at(exchange, list_path(operation))
        yield exchange, rows
        if len(rows) < size:
            return


def find_row(
    kms: Kms, operation: str, member: str, value: str, params: Mapping[str, Any] | None = None
) -> tuple[Row | None, Exchange]:
    """Return the row whose member has a value, and the last page read."""
    exchange: Exchange | None = None
    for exchange, rows in pages(kms, operation, params):
        for row in rows:
            if row.get(member) == value:
                return row, exchange
    assert exchange is not None
    return None, exchange


def texts(value: Any) -> list[str]:
    """Return a list of texts, given as one, as JSON text of one, or wrapped in an object."""
    import json

    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    if isinstance(value, Mapping):
        # Further members may stand beside the list.
        value = next((inner for inner in value.values() if isinstance(inner, list)), [])
    return [str(item) for item in value] if isinstance(value, list) else []
