"""The matrix of what goes together: gateway, authentication, API, category and integration.

`specs/matrix.json` holds 24 cells that a request on the wire falls into, and 96 that add the client
that sends it. Their ids are what rules and results name: ``shared-ram-api-management`` on the wire,
``shared-ram-api-management.secret-sdk`` with the client.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import Any

from conformance.spec.catalogue import catalogue


@cache
def wire_cells() -> Mapping[str, Mapping[str, Any]]:
    """Return the 24 cells of the wire by id."""
    return MappingProxyType({cell["id"]: cell for cell in catalogue().document("matrix")["wire"]})


@cache
def cell_ids() -> tuple[str, ...]:
    """Return the ids of all cells, those of the wire first."""
    cells = catalogue().document("matrix")["cells"]
    return (*wire_cells(), *(cell["id"] for cell in cells))


def find_cells(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that match shell patterns, in the order of the matrix.

    A pattern without a dot matches cells of the wire only.

    Raises:
        ValueError: When a pattern matches no cell.
    """
    found: set[str] = set()
    for pattern in patterns:
        among = cell_ids() if "." in pattern else tuple(wire_cells())
        matching = {identifier for identifier in among if fnmatchcase(identifier, pattern)}
        if not matching:
            raise ValueError(f"no cell of the matrix matches {pattern!r}")
        found |= matching
    return tuple(identifier for identifier in cell_ids() if identifier in found)


def of_category(cells: Iterable[str], category: str) -> tuple[str, ...]:
    """Return those of some cells that are about a category of operations."""
    known = wire_cells()
    return tuple(
        identifier
        for identifier in cells
        if known[identifier.partition(".")[0]]["category"] == category
    )
