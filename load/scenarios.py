"""Scenarios and the rates that gateways promise, read from specs/."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.spec import catalogue
from conformance.target.checking import did_you_mean
from load.corpus import Api
from load.failures import LoadError


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named mix of operations.

    Attributes:
        id: Name on the command line.
        title: What it stands for.
        group: Group of operations that promises are about, None for a mix over several.
        mix: Operation to weight.
        reference: Whether it is the case that the promise is measured with.
    """

    id: str
    title: str
    group: str | None
    mix: Mapping[str, float]
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """A rate that a gateway is documented to carry.

    Attributes:
        id: Name of the promise.
        rate: Queries per second.
        provenance: documented, observed or inferred.
        source: Where it stands.
        quota: Whether more than that is refused, rather than not promised.
    """

    id: str
    rate: float
    provenance: str
    source: str
    quota: bool


def scenarios() -> dict[str, Scenario]:
    """Return all scenarios by id."""
    document = catalogue().document("load-scenarios")
    return {
        entry["id"]: Scenario(
            entry["id"],
            entry["title"],
            entry["group"],
            entry["mix"],
            entry.get("reference", False),
        )
        for entry in document["scenarios"]
    }


def find_scenario(name: str, mix: str | None = None) -> Scenario:
    """Return the scenario of a name, with other weights when ``mix`` gives some.

    Args:
        name: Id of a scenario.
        mix: ``Operation=weight`` parts separated by commas, to replace its mix.

    Raises:
        LoadError: When there is no such scenario or operation, or a weight is not positive.
    """
    known = scenarios()
    if name not in known:
        raise LoadError(
            f"there is no scenario {name!r}{did_you_mean(name, known)}: "
            f"known are {', '.join(known)}"
        )
    scenario = known[name]
    return scenario if mix is None else replace(scenario, mix=parse_mix(mix), reference=False)


def parse_mix(text: str) -> dict[str, float]:
    """Read ``Encrypt=3,Decrypt=1``; a name alone has weight 1."""
    known = {operation for scenario in scenarios().values() for operation in scenario.mix}
    mix: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.strip().partition("=")
        if name not in known:
            raise LoadError(
                f"{name!r} is no operation that load can be made of{did_you_mean(name, known)}: "
                f"known are {', '.join(sorted(known))}"
            )
        try:
            value = float(weight or "1")
        except ValueError:
            value = 0.0
        if not 0 < value < 1e9:
            raise LoadError(f"the weight of {name} must be a number above 0, not {weight!r}")
        mix[name] = value
    return mix


def calls_of(api: Api) -> Mapping[str, str]:
    """Return how an API calls the operations of scenarios, for those that it offers."""
    named: Mapping[str, Any] = catalogue().document("load-scenarios")["apis"]
    if api == "kms":
        return {name: name for scenario in scenarios().values() for name in scenario.mix}
    found: Mapping[str, str] = named[api]["operations"]
    return found


def check_api(scenario: Scenario, api: Api) -> None:
    """Refuse a scenario that an API cannot serve.

    Raises:
        LoadError: With an operation that it does not offer.
    """
    offered = calls_of(api)
    missing = [name for name in scenario.mix if name not in offered]
    if missing:
        title = catalogue().document("load-scenarios")["apis"][api]["title"]
        fitting = [known.id for known in scenarios().values() if set(known.mix) <= set(offered)]
        raise LoadError(
            f"{title} does not offer {missing[0]}, which {scenario.id} asks for: "
            f"choose {' or '.join(fitting)}"
        )


def promises(gateway: str, group: str | None) -> list[Promise]:
    """Return the rates that a gateway is documented to carry for a group, lowest first.

    Rates that are documented to exist but whose figure is unknown are left out.
    """
    found = []
    for entry in catalogue().document("load-targets")["targets"]:
        rate = _rate(entry["queriesPerSecond"])
        if entry["gateway"] == gateway and entry["group"] == group and rate is not None:
            found.append(
                Promise(
                    entry["id"],
                    rate,
                    entry["provenance"],
                    entry["source"],
                    isinstance(entry["queriesPerSecond"], dict),
                )
            )
    return sorted(found, key=lambda promise: promise.rate)


def _rate(value: Any) -> float | None:
    if isinstance(value, dict):
        groups = catalogue().document("quotas")["groups"]
        return next(
            (float(g["queriesPerSecond"]) for g in groups if g["group"] == value["quota"]), None
        )
    return None if value is None else float(value)
