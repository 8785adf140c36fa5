"""Registers what a proxy spoils: the faults, the rules that must report them, and harmless changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from proxy import Corruption

_MODULES = ("corruptions", "corruptions_of_form", "corruptions_of_nothing")


@dataclass(frozen=True, slots=True)
class Spoiling:
    """One fault of the proxy; a harmless one breaks nothing."""

    name: str
    statement: str
    corruption: Corruption
    breaks: tuple[str, ...] = ()


_FOUND: dict[str, Spoiling] = {}


def spoiling(name: str, statement: str, *breaks: str) -> Callable[[Corruption], Corruption]:
    """Register a corruption."""

    def register(corruption: Corruption) -> Corruption:
        _FOUND[name] = Spoiling(name, statement, corruption, breaks)
        return corruption

    return register


def corruptions() -> Mapping[str, Spoiling]:
    """Return those that break something."""
    _load()
    return {name: found for name, found in _FOUND.items() if found.breaks}


def harmless() -> Mapping[str, Spoiling]:
    """Return those that break nothing."""
    _load()
    return {name: found for name, found in _FOUND.items() if not found.breaks}


def _load() -> None:
    for name in _MODULES:
        import_module(name)
