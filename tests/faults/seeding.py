"""Every seeded fault and every variation, whatever brings it about, in one form.

switch  a switch of the embedded endpoint (conformance/reference/faults, .../harmless)
proxy   a proxy that spoils the answers of a good endpoint (corruptions.py)
second  a switch of the second endpoint, which was written apart (tests/second)
agent   a switch of the embedded agent, with the embedded endpoint behind it
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "run"))
sys.path.insert(0, str(Path(__file__).parent.parent / "second"))

from harness import rules, served

from conformance.reference.deviations import DeviationError, known, put_into_force
from conformance.reference.endpoint import Endpoint
from conformance.target import Target, load_target
from conformance.target.embedded import embedded_agent


class Void(Exception):
    """A fault that did not apply, or with which nothing starts: it proves nothing."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """One fault or harmless variation.

    Attributes:
        kind: What brings it about.
        name: Its name there.
        area: What it is about.
        statement: What is wrong with it in force.
        breaks: Rules of which one must report it; of no other rule a report counts.
        operations: Operations that it is about, where its statement does not name them.
        gates: Whether advice is not enough to report it.
    """

    kind: str
    name: str
    area: str
    statement: str
    breaks: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    gates: bool = False

    @property
    def id(self) -> str:
        """Kind and name."""
        return f"{self.kind}:{self.name}"

    def open(self, folder: Path) -> AbstractContextManager[tuple[Target, Callable[[], None]]]:
        """Serve a target with it in force.

        Yields the target, and what raises Void when it turns out that nothing was changed.
        """
        return _OPENERS[self.kind](self.name, folder)


@cache
def faults() -> Mapping[str, Seeded]:
    """Return every fault by id."""
    return {one.id: one for one in (*_switches("fault"), *_proxies(), *_seconds(), *_agents())}


@cache
def variations() -> Mapping[str, Seeded]:
    """Return every harmless variation by id."""
    from deviation import variations as second
    from spoiling import harmless

    found = [
        *_switches("harmless"),
        *(Seeded("proxy", one.name, "proxy", one.statement) for one in harmless().values()),
        *(Seeded("second", one.name, "second", one.says) for one in second().values()),
    ]
    return {one.id: one for one in found}


def plain(kind: str) -> Seeded:
    """Return the same without any fault."""
    return Seeded(kind, "", "control", "Nothing is wrong.")


def _switches(kind: str) -> Iterator[Seeded]:
    for one in known(kind).values():
        yield Seeded("switch", one.name, one.area, one.statement, one.breaks)


def _proxies() -> Iterator[Seeded]:
    from spoiling import corruptions

    for one in corruptions().values():
        # Calls that need nothing come through where nothing can be made any more.
        plain_calls = ("DescribeRegions", "ListKeys")
        yield Seeded("proxy", one.name, "proxy", one.statement, one.breaks, plain_calls)


def _seconds() -> Iterator[Seeded]:
    from deviation import faults as second

    for one in second().values():
        area = f"second: {one.families[0]}"
        breaks = _rules_of(one)
        yield Seeded("second", one.name, area, one.says, breaks, one.operations, one.gates)


def _rules_of(deviation: object) -> tuple[str, ...]:
    """Return the rules that must report it: those of its families, those that have done so first."""
    named: tuple[str, ...] = getattr(deviation, "rules", ())
    families: tuple[str, ...] = deviation.families  # type: ignore[attr-defined]
    found = [one for one in rules().values() if one.family in families]
    others = [one.id for one in sorted(found, key=lambda one: families.index(one.family))]
    return tuple(dict.fromkeys([*named, *others]))


def _agents() -> Iterator[Seeded]:
    from conformance.agent.deviations import known as known_of_agent

    for one in known_of_agent("fault").values():
        yield Seeded("agent", one.name, "agent", one.statement, one.breaks)


# --- serving ----------------------------------------------------------------------------------


@contextmanager
def _switched(name: str, folder: Path) -> Iterator[tuple[Target, Callable[[], None]]]:
    endpoint = Endpoint()
    kind = "harmless" if name in known("harmless") else "fault"
    try:
        put_into_force(endpoint, kind, [name] if name else [])
    except DeviationError as error:
        raise Void(str(error)) from None
    breaks = known("fault")[name].breaks if kind == "fault" and name else tuple(rules())
    with served(endpoint, folder, client_keys=_need_client_keys(breaks)) as target:
        yield target, lambda: None


def _need_client_keys(ids: Iterable[str]) -> bool:
    found = [rules()[identifier] for identifier in ids if identifier in rules()]
    named = any("client-key" in need for one in found for need in one.needs)
    return named or any(one.family in _WITH_CLIENT_KEYS for one in found)


#: Families whose rules may use a client key that stands ready.
_WITH_CLIENT_KEYS = frozenset(
    {"instance-api", "access-points", "matrix", "internet-switch", "gateway"}
)


@contextmanager
def _proxied(name: str, folder: Path) -> Iterator[tuple[Target, Callable[[], None]]]:
    from proxy import spoiled
    from spoiling import corruptions, harmless

    found = {**corruptions(), **harmless()}
    corruption = found[name].corruption if name else lambda answer, _: answer
    with (
        served(Endpoint(), folder, client_keys=False) as target,
        spoiled(target.gateways["shared"].listeners["http"], corruption) as (url, proxy),
    ):
        shared = replace(target.gateways["shared"], listeners={"http": url})
        absent = {"listener:https", "listener:internet", "gateway:dedicated", "api:instance"}
        yield (
            replace(
                target,
                gateways={"shared": shared},
                without=target.without | absent,
                timeout=2.0,
            ),
            lambda: _applied(proxy.applied or not name),
        )


def _applied(applied: object) -> None:
    if not applied:
        raise Void("no answer was changed")


@contextmanager
def _second(name: str, folder: Path) -> Iterator[tuple[Target, Callable[[], None]]]:
    from deviation import in_force
    from server import running
    from test_second_endpoint import target_file

    with in_force(*([name] if name else [])), running() as url:
        yield load_target(target_file(folder, url)), lambda: None


@contextmanager
def _agent(name: str, folder: Path) -> Iterator[tuple[Target, Callable[[], None]]]:
    options = ["--fault", name] if name else []
    with served(Endpoint(), folder, client_keys=False) as target:
        yield replace(target, agent=embedded_agent(options)), lambda: None


_OPENERS = {"switch": _switched, "proxy": _proxied, "second": _second, "agent": _agent}
