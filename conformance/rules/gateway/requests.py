"""One valid request of every operation, the smallest, with real things of the target in it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from conformance.client.building import Placement, Scheme
from conformance.run.context import Kms
from conformance.run.registry import Case
from conformance.run.verdict import NotApplicable, NotTestable
from conformance.spec import Operation, catalogue
from conformance.spec.combinations import combinations
from conformance.spec.compose import compose, plausible
from conformance.spec.placeholders import Resource, map_resources, substitute
from conformance.spec.transports import usual

Params = dict[str, Any]


@cache
def smallest(name: str) -> Params:
    """Return the smallest valid request of an operation, with placeholders for real things.

    What a successful call uses up is marked as needing a thing of its own.
    """
    operation = catalogue().operations[name]
    params = compose(operation)
    assert params is not None, name
    used_up = combinations(operation).fresh

    def mark(resource: Resource) -> Resource:
        fresh = resource.bundle in used_up or resource.is_new
        return replace(resource, fresh=True) if fresh else resource

    marked: Params = map_resources(params, mark)
    return marked


def real(kms: Kms, operation: Operation, *, instance: bool = False) -> Params:
    """Return the smallest request with real things of the target, or of its instance.

    Raises:
        NotTestable, NotApplicable: When the target does not have them.
    """
    params = smallest(operation.name)
    filled: Params = substitute(params, kms.lookup(params, instance=instance))
    if operation.name == "CreateKey":
        # A key has no name: by this it is recognised, should it be created.
        filled["Description"] = kms.fresh_name("key")
    return filled


def real_or_plausible(kms: Kms, operation: Operation, *, instance: bool = False) -> Params:
    """Return the smallest request; where the target lacks real things, with plausible values.

    Enough for what must be refused before any parameter is looked at.
    """
    try:
        return real(kms, operation, instance=instance)
    except (NotTestable, NotApplicable):
        return plausible(operation, smallest(operation.name))


def way(operation: Operation) -> tuple[str, Placement]:
    """Return method and placement of parameters as official SDKs call the operation."""
    found = usual(operation)
    placement: Placement = "query" if found.placement == "query" else "sdk"
    return found.method, placement


def one_scheme(kms: Kms, operation: Operation) -> Scheme:
    """Return one scheme for an operation: each that is offered is used for every other one."""
    schemes: tuple[Scheme, ...] = ("RPC-1.0", "V3")
    offered = [scheme for scheme in schemes if kms.offers(f"scheme:{scheme}")] or ["V3"]
    place = list(catalogue().operations).index(operation.name)
    return offered[place % len(offered)]


def operation_cases(
    wanted: Callable[[Operation], bool] = lambda _: True,
) -> Callable[[], Iterable[Case]]:
    """Return a case for each operation of the shared gateway that is wanted."""

    def cases() -> Iterable[Case]:
        for operation in catalogue():
            if "shared" in operation.gateways and wanted(operation):
                yield Case(operation.name, operation, operation.name)

    return cases


def changes_something(operation: Operation) -> bool:
    """Tell whether a successful call creates, changes or deletes something."""
    return any(operation.effects.values())
