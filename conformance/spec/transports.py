"""How a request may travel: method, place of the parameters, answer format, signing scheme."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from conformance.spec.catalogue import Operation
from conformance.spec.pairwise import covering
from conformance.wire.encoding import percent_encode

#: More than this does not fit a request line everywhere.
_LONGEST_QUERY = 4000


@dataclass(frozen=True, slots=True)
class Transport:
    """One way over the wire.

    Attributes:
        method: GET or POST.
        placement: "query", "form", or "sdk": as official SDKs do, a few parameters in the form.
        format: Answer format asked for, JSON or XML.
        scheme: V3 or RPC-1.0.
    """

    method: str = "POST"
    placement: str = "sdk"
    format: str = "JSON"
    scheme: str = "V3"

    @property
    def slug(self) -> str:
        """Short stable name."""
        return f"{self.method}-{self.placement}-{self.format}-{self.scheme}".lower()


def usual(operation: Operation, length: int = 0) -> Transport:
    """Return the way official SDKs take; long parameters go into the form where there is one."""
    if "POST" not in operation.methods:
        return Transport("GET", "query")
    return Transport("POST", "form" if length > _LONGEST_QUERY else "sdk")


def fitting(operation: Operation, pairs: Iterable[tuple[str, str]]) -> Transport:
    """Return the usual way for parameters of this length, percent-encoded."""
    return usual(operation, sum(len(percent_encode(value)) for _, value in pairs))


def every(operation: Operation) -> list[Transport]:
    """Return all ways an operation may take."""
    return [
        Transport(method, placement, answer, scheme)
        for method, placement, answer, scheme in product(
            operation.methods, ("query", "form"), ("JSON", "XML"), ("V3", "RPC-1.0")
        )
        if method == "POST" or placement == "query"
    ]


def paired(operation: Operation) -> list[Transport]:
    """Return few ways in which every two of method and place, format and scheme meet."""
    places = {(way.method, way.placement): None for way in every(operation)}
    rows = covering(
        {
            "place": [f"{method} {placement}" for method, placement in places],
            "format": ["JSON", "XML"],
            "scheme": ["V3", "RPC-1.0"],
        }
    )
    found = []
    for row in rows:
        method, _, placement = row["place"].partition(" ")
        found.append(Transport(method, placement, row["format"], row["scheme"]))
    return found
