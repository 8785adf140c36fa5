"""Deliberate deviations of the agent: faults break a promise, harmless variations break none.

Each is a function of the agent that changes its attributes; one that changes nothing is an error.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, Literal, TypeAlias

from conformance.agent.application import Agent
from conformance.target.checking import did_you_mean
from conformance.target.problems import UsageError

Kind: TypeAlias = Literal["fault", "harmless"]
Apply: TypeAlias = Callable[[Agent], None]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation.

    Attributes:
        name: As ``--fault`` and ``--harmless`` take it.
        kind: Whether it breaks a promise.
        statement: What the agent does with it, one sentence.
        breaks: Ids of the rules that must report it.
        apply: Changes an agent.
    """

    name: str
    kind: Kind
    statement: str
    breaks: tuple[str, ...]
    apply: Apply

    def view(self) -> dict[str, Any]:
        """Return everything but the function."""
        return {
            "name": self.name,
            "kind": self.kind,
            "statement": self.statement,
            "breaks": list(self.breaks),
        }


_FOUND: dict[Kind, dict[str, Deviation]] = {"fault": {}, "harmless": {}}
_MODULES: Mapping[Kind, tuple[str, ...]] = {
    "fault": ("conformance.agent.faults", "conformance.agent.faults_of_answers"),
    "harmless": ("conformance.agent.harmless",),
}


def fault(name: str, *, breaks: tuple[str, ...], statement: str) -> Callable[[Apply], Apply]:
    """Register a fault."""
    return _register(name, "fault", statement, breaks)


def harmless(name: str, *, statement: str) -> Callable[[Apply], Apply]:
    """Register a harmless variation."""
    return _register(name, "harmless", statement, ())


def _register(
    name: str, kind: Kind, statement: str, breaks: tuple[str, ...]
) -> Callable[[Apply], Apply]:
    def decorate(apply: Apply) -> Apply:
        if name in _FOUND[kind]:
            raise LookupError(f"two deviations are called {name!r}")
        _FOUND[kind][name] = Deviation(name, kind, statement, breaks, apply)
        return apply

    return decorate


def known(kind: Kind) -> dict[str, Deviation]:
    """Return the deviations of a kind by name, sorted."""
    for module in _MODULES[kind]:
        import_module(module)
    return dict(sorted(_FOUND[kind].items()))


def put_into_force(agent: Agent, kind: Kind, names: Iterable[str]) -> None:
    """Apply deviations by name, in order.

    Raises:
        UsageError: When one is unknown, or changed nothing.
    """
    for name in names:
        found = known(kind)
        if name not in found:
            word = "fault" if kind == "fault" else "harmless variation"
            raise UsageError(
                f"an agent has no {word} {name!r}{did_you_mean(name, found)}: "
                "kms-conformance agent --list-faults shows them all"
            )
        before = _fingerprint(agent)
        found[name].apply(agent)
        if _fingerprint(agent) == before:
            raise UsageError(f"the {kind} {name!r} changed nothing: it is defective")
        agent.deviations.append(name)


def _fingerprint(agent: Agent) -> list[Any]:
    """Return what deviations may change; functions count by identity."""
    things = (agent, agent.retrieval)
    seen = [getattr(thing, one.name) for thing in things for one in fields(thing)]
    return [(id(value), tuple(value) if isinstance(value, list) else None) for value in seen]
