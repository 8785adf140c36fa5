"""All variants of an operation: the requests, valid and refused, by which its promise is probed.

Each variant states its purpose and what must answer it. Ids are stable: they name what is probed,
not a place in a list, so that a baseline survives new variants.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from conformance.spec.boundaries import Boundary, boundaries
from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.combinations import Combinations, combinations, mark_fresh
from conformance.spec.compose import Params, compose, generated, optional, plausible
from conformance.spec.expectations import special, success
from conformance.spec.keywords import pointer_to
from conformance.spec.negative import Pairs, codec
from conformance.spec.negatives import negatives
from conformance.spec.pairwise import covering
from conformance.spec.placeholders import Resource, described_forms
from conformance.spec.transports import Transport, every, fitting, paired, usual
from conformance.spec.variant import Variant

__all__ = ["FEWEST", "MOST", "Variant", "variants"]

#: Wanted at least, and at most, of an operation that has parameters.
FEWEST = 44
MOST = 90


def variants(operation: Operation) -> tuple[Variant, ...]:
    """Return the variants of an operation, always in the same order."""
    return _variants(operation.name)


@cache
def _variants(name: str) -> tuple[Variant, ...]:
    operation = catalogue().operations[name]
    found = _distinct(_all(operation))
    if len(found) > MOST:
        names = _kept(found)
        found = [variant for variant in found if variant.id in names]
    return tuple(_distinct([*found, *_more(operation, found)]))


def _kept(found: list[Variant]) -> set[str]:
    """Return the ids of those to keep: weightier kinds last, of each polarity in turn."""
    places: dict[tuple[str, int], int] = {}
    ranked = []
    for variant in found:
        kind = (variant.polarity, variant.weight)
        places[kind] = places.get(kind, 0) + 1
        ranked.append((variant.weight, places[kind], variant.id))
    return {identifier for _, _, identifier in sorted(ranked)[:MOST]}


def _distinct(found: Iterable[Variant]) -> list[Variant]:
    shapes: dict[tuple[Any, ...], Variant] = {}
    ids: set[str] = set()
    for variant in found:
        if variant.id not in ids and shapes.setdefault(variant.shape, variant) is variant:
            ids.add(variant.id)
    return list(shapes.values())


def _all(operation: Operation) -> Iterator[Variant]:
    make = _Maker(operation, combinations(operation))
    yield from make.plain()
    yield from make.forms()
    yield from make.walked()
    yield from make.pairs_of_members()
    yield from make.given()
    yield from make.common()
    yield from make.specials()
    yield from make.negatives()


def _more(operation: Operation, found: list[Variant]) -> Iterator[Variant]:
    """Send the telling variants other ways as well, until there are enough."""
    if not generated(operation):
        return
    missing = FEWEST - len(found)
    negative = [
        variant
        for variant in sorted(found, key=lambda variant: variant.weight)
        if variant.polarity == "negative" and len(repr(variant.params)) < 2000
    ]
    for variant in negative:
        for way in every(operation):
            if missing <= 0:
                return
            if way.slug != variant.transport.slug and _same_way(way) != _same_way(
                variant.transport
            ):
                yield replace(
                    variant,
                    id=f"{variant.id}.{way.slug}",
                    purpose=f"{variant.purpose}, by {way.method} {way.placement}, {way.scheme}",
                    transport=way,
                )
                missing -= 1


def _same_way(way: Transport) -> tuple[str, str, str, str]:
    # Without form parameters the way of the SDKs puts everything into the query.
    placement = "query" if way.placement == "sdk" else way.placement
    return way.method, placement, way.format, way.scheme


def _weight(border: Boundary) -> int:
    if border.keyword == "enum":
        return 0
    return 1 if border.provenance == "documented" else 2


@dataclass(frozen=True)
class _Maker:
    """Makes the variants of one operation, a method a kind."""

    operation: Operation
    known: Combinations

    def _way(self, params: Mapping[str, Any], raw: Pairs = ()) -> Transport:
        filled = plausible(self.operation, params)
        return fitting(self.operation, [*codec(self.operation).encode(filled), *raw])

    def _positive(
        self,
        slug: str,
        purpose: str,
        params: Params,
        *,
        keyword: str = "",
        pointer: str = "",
        provenance: str = "documented",
        transport: Transport | None = None,
        weight: int = 1,
    ) -> Variant:
        filled = plausible(self.operation, params)
        if self.known.is_unproven(filled):
            provenance = "inferred"
        needs = tuple(
            f"{kind}:{params[name]}" for name, kind in self.known.needs.items() if name in params
        )
        return Variant(
            f"{self.operation.name}.{slug}",
            self.operation.name,
            purpose,
            "positive",
            mark_fresh(self.operation, params),
            transport or self._way(params),
            keyword,
            pointer,
            success(provenance),
            needs=needs,
            weight=weight,
        )

    def plain(self) -> Iterator[Variant]:
        """The smallest and the largest request, by every way."""
        smallest = compose(self.operation)
        assert smallest is not None, self.operation.name
        reading = self.operation.safety == "read-only"
        ways = every(self.operation) if reading else paired(self.operation)
        for way in ways:
            purpose = f"required parameters only, by {way.method} {way.placement}"
            yield self._positive(
                f"minimal.{way.slug}", f"{purpose}, {way.format}, {way.scheme}", smallest,
                transport=way, weight=0,
            )  # fmt: skip
        largest = self.largest(smallest)
        if largest.keys() == smallest.keys():
            return
        for way in paired(self.operation) if reading else paired(self.operation)[:3]:
            purpose = f"every parameter that goes with the others, by {way.method} {way.placement}"
            yield self._positive(
                f"all.{way.slug}", f"{purpose}, {way.format}, {way.scheme}", largest,
                transport=way, weight=0,
            )  # fmt: skip

    def largest(self, smallest: Params) -> Params:
        """Return a request with as many parameters as go together."""
        wanted: list[str] = []
        found = smallest
        for name in optional(self.operation):
            more = compose(self.operation, include=[*wanted, name])
            if more is not None and not self.known.is_unproven(plausible(self.operation, more)):
                wanted.append(name)
                found = more
        return found

    def forms(self) -> Iterator[Variant]:
        """Every form of reference that is described."""
        for name, schema in generated(self.operation).items():
            for form in schema.get("x-forms", ())[1:]:
                resource = Resource.parse(schema["x-resource"], form)
                params = compose(self.operation, {name: resource})
                if params is not None:
                    agreed = form in described_forms(schema)
                    yield self._positive(
                        f"form.{name}.{form}", f"{name} by {form}", params,
                        keyword="x-forms", pointer=pointer_to("", name), weight=0,
                        provenance="documented" if agreed else "inferred",
                    )  # fmt: skip

    def walked(self) -> Iterator[Variant]:
        """The border of every constraint, from the inside."""
        for name, schema in generated(self.operation).items():
            for border in boundaries(schema):
                params = compose(self.operation, {name: border.value})
                if params is None:
                    continue
                yield self._positive(
                    f"value.{name}.{border.name}", f"{name}: {border.purpose}", params,
                    keyword=border.keyword, pointer=pointer_to("", name) + border.pointer,
                    provenance=border.provenance,
                    weight=_weight(border),
                )  # fmt: skip

    def pairs_of_members(self) -> Iterator[Variant]:
        """Optional parameters given and left out, every two in every combination."""
        names = optional(self.operation)
        if len(names) < 2:
            return

        def build(row: Mapping[str, bool]) -> Params | None:
            return compose(
                self.operation,
                include=[name for name, given in row.items() if given],
                exclude=[name for name, given in row.items() if not given],
            )

        rows = covering(dict.fromkeys(names, (True, False)), lambda row: build(row) is not None)
        for row in rows:
            params = build(row)
            if params is None:
                continue
            given = [name for name in names if name in params]
            yield self._positive(
                f"with.{'+'.join(given) or 'nothing'}",
                f"with {', '.join(given) or 'no optional parameter'}",
                params, keyword="properties",
            )  # fmt: skip

    def given(self) -> Iterator[Variant]:
        """Requests that are given as data."""
        for request in self.known.requests:
            yield self._positive(
                f"given.{request.name}", request.purpose, dict(request.params), weight=0
            )

    def common(self) -> Iterator[Variant]:
        """The region, which older SDKs add to every request, known to the operation or not."""
        if "RegionId" in self.operation.request.get("properties", {}):
            return
        smallest = compose(self.operation)
        assert smallest is not None
        params = {**smallest, "RegionId": Resource("region", "id")}
        for way in paired(self.operation):
            if way.scheme == "RPC-1.0":
                yield self._positive(
                    f"extra.RegionId.{way.slug}", "RegionId beside, as older SDKs send it",
                    params, provenance="observed", transport=way, weight=2,
                )  # fmt: skip

    def specials(self) -> Iterator[Variant]:
        """Valid values with another outcome."""
        for name, schema in generated(self.operation).items():
            for mark in schema.get("x-special-values", ()):
                params = compose(self.operation, {name: mark["value"]})
                if params is None:
                    continue
                for way in (usual(self.operation), *paired(self.operation)[:2]):
                    usually = way == usual(self.operation)
                    yield self._special(name, mark, params, way, usually=usually)

    def _special(
        self,
        name: str,
        mark: Mapping[str, Any],
        params: Params,
        way: Transport,
        *,
        usually: bool,
    ) -> Variant:
        suffix = "" if usually else f".{way.slug}"
        return Variant(
            f"{self.operation.name}.special.{name}.{mark['value']}{suffix}",
            self.operation.name,
            f"{name} {mark['value']}: {', '.join(mark['codes'])}",
            "special",
            params,
            way,
            "x-special-values",
            pointer_to("", name),
            special(self.operation, mark),
            weight=0 if usually else 2,
        )

    def negatives(self) -> Iterator[Variant]:
        """One fault each."""
        for negative, base in negatives(self.operation):
            params = negative.apply(base)
            # What may be accepted after all must not use up a thing that others need.
            doubtful = not negative.expectation.gates
            if doubtful:
                params = mark_fresh(self.operation, params)
            yield Variant(
                f"{self.operation.name}.bad.{negative.name}",
                self.operation.name,
                negative.purpose,
                "negative",
                params,
                self._way(params, negative.raw),
                negative.keyword,
                negative.pointer,
                negative.expectation,
                negative.raw,
                base=mark_fresh(self.operation, base) if doubtful else base,
                weight=negative.weight,
            )
