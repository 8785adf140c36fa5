"""What deliberate deviations are, and how they are put into force on one endpoint.

A *fault* breaks one promise; a *harmless variation* breaks none. Each is a function of the endpoint
that changes it, and one that changed nothing is an error: a fault that does not bite would pass for
a rule that does not look.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, TypeAlias

from conformance.reference.endpoint import ADMISSION, Endpoint

Kind: TypeAlias = Literal["fault", "harmless"]
Apply: TypeAlias = Callable[[Endpoint], None]


class DeviationError(ValueError):
    """A deviation that cannot be put into force; the text is one sentence with the mend."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation.

    Attributes:
        name: As ``--fault`` and ``--harmless`` take it.
        kind: Whether it breaks a promise.
        area: What it is about: the module it stands in.
        statement: What the endpoint does with it, one sentence.
        breaks: Ids of the rules whose promise it breaks.
        source: Where the promise, or the leave for the variation, is documented.
        apply: Changes an endpoint.
    """

    name: str
    kind: Kind
    area: str
    statement: str
    breaks: tuple[str, ...]
    source: str
    apply: Apply

    def view(self) -> dict[str, Any]:
        """Return everything but the function."""
        return {key: value for key, value in asdict(self).items() if key != "apply"}


_FOUND: dict[Kind, dict[str, Deviation]] = {"fault": {}, "harmless": {}}
_PACKAGES: Mapping[Kind, str] = {
    "fault": "conformance.reference.faults",
    "harmless": "conformance.reference.harmless",
}


def register(
    name: str, kind: Kind, *, statement: str, breaks: tuple[str, ...], source: str
) -> Callable[[Apply], Apply]:
    """Return a decorator that registers a deviation under a name."""

    def decorate(apply: Apply) -> Apply:
        area = apply.__module__.rpartition(".")[2]
        deviation = Deviation(name, kind, area, statement, breaks, source, apply)
        if name in _FOUND[kind]:
            raise LookupError(f"two deviations are called {name!r}")
        _FOUND[kind][name] = deviation
        return apply

    return decorate


def known(kind: Kind) -> dict[str, Deviation]:
    """Import every module of a kind and return its deviations by name, sorted."""
    package = import_module(_PACKAGES[kind])
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return dict(sorted(_FOUND[kind].items()))


def put_into_force(endpoint: Endpoint, kind: Kind, names: Iterable[str]) -> None:
    """Apply deviations by name, in order.

    Raises:
        DeviationError: When one is unknown, or changed nothing.
    """
    wanted = list(names)
    if not wanted:
        return
    deviations = known(kind)
    for name in wanted:
        if name not in deviations:
            raise DeviationError(_unknown(kind, name, deviations))
        before = _fingerprint(endpoint)
        deviations[name].apply(endpoint)
        if _fingerprint(endpoint) == before:
            raise DeviationError(f"the {kind} {name!r} changed nothing: it is defective")
        endpoint.deviations.append(name)


def _unknown(kind: Kind, name: str, deviations: Mapping[str, Deviation]) -> str:
    close = get_close_matches(name, deviations, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    word = "fault" if kind == "fault" else "harmless variation"
    return f"there is no {word} {name!r}: {hint}--list-faults shows them all"


def _fingerprint(endpoint: Endpoint) -> dict[str, Any]:
    """Return what deviations may change; functions count by identity."""
    names = (*ADMISSION, "choose_api", "instance_api", "dispatch", "render")
    stages = {name: id(getattr(endpoint, name)) for name in names}
    return {
        **stages,
        "handlers": {name: id(handler) for name, handler in endpoint.handlers.items()},
        "seams": {name: id(getattr(endpoint.seams, name)) for name in endpoint.seams},
        "operations": {name: id(known) for name, known in endpoint.operations.items()},
        "settings": asdict(endpoint.settings),
        "transport": asdict(endpoint.transport),
        "policy": endpoint.policy,
        "nonces": id(endpoint.nonces),
        "lookup": (id(endpoint.lookup), id(endpoint.token_owner)),
        "identities": [(c.identity, c.principal) for c in endpoint.identities],
        "access": {name: id(value) for name, value in vars(endpoint.access_control).items()},
        "internet": [i.internet_access for i in endpoint.account.instances.values()],
        "quota": id(endpoint.quota),
        "counts": endpoint.account.counts(),
        "status": endpoint.account.status,
    }
