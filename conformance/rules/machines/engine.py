"""What all machines share: steps at random, judged by what a model expects.

    class Aliases(Machine):
        commands = ("create", "delete")

        def create(self, a: int, b: int) -> None:
            expected = self.model.creates(name, key)
            made = self.ask("CreateAlias", request, expected, f"CreateAlias {name} for key 1")

A step is a command and two numbers, which choose among the things that there are. Hypothesis makes
sequences of steps, and shrinks one that fails to the shortest that does; the message tells it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from conformance.client.exchange import Exchange
from conformance.oracle.expected import Expected
from conformance.oracle.key_model import story
from conformance.rules.effects.looking import expect_shown
from conformance.run.context import Kms
from conformance.spec.catalogue import catalogue

T = TypeVar("T")

#: Sequences on targets to which every call travels.
_FEW = 4
_LARGEST = 11


@dataclass(frozen=True, slots=True)
class Step:
    """A command and two numbers that choose what it is about."""

    command: str
    a: int
    b: int


class Machine:
    """Things on the target, changed step by step beside their model."""

    #: Names of the methods that are steps.
    commands: ClassVar[Sequence[str]] = ()
    #: Sequences that are always taken before the random ones, for what chance rarely brings about.
    stories: ClassVar[Sequence[Sequence[Step]]] = ()

    def __init__(self, kms: Kms) -> None:
        self.kms = kms
        self.told: list[str] = []
        self.begin()

    def begin(self) -> None:
        """Make the things and the model."""

    def finish(self) -> None:
        """Compare everything that shows with the model, at the end of a sequence."""

    def take(self, step: Step) -> None:
        """Take a step."""
        getattr(self, step.command.replace("-", "_"))(step.a, step.b)

    @property
    def story(self) -> str:
        """What happened so far, in words."""
        return story(self.told)

    def ask(
        self, operation: str, params: Mapping[str, Any], expected: Expected, words: str, **how: Any
    ) -> Exchange:
        """Send a call, judge its answer, and add it to the story."""
        exchange = self.kms.call(operation, params, **how)
        self.judge(exchange, expected, words)
        return exchange

    def judge(self, exchange: Exchange, expected: Expected, words: str) -> None:
        """Judge an answer by what the model expects, and add the call to the story."""
        before = self.story
        self.told.append(words if exchange.ok else f"{words} (refused)")
        if expected.outcome == "ok":
            self.kms.expect(
                exchange.ok, f"{before} {words} succeeds, found {exchange.describe()}", exchange
            )
        elif expected.outcome == "refused":
            known = catalogue().errors.kms_api
            statuses = {known[code].status for code in expected.codes if code in known}
            self.kms.expect_refused(
                exchange,
                codes=expected.codes,
                statuses=[status for status in statuses if status is not None],
                why=f"{before} {words}",
            )

    def shows(
        self, look: Callable[[], Exchange], fits: Callable[[Exchange], object], wish: str
    ) -> Exchange:
        """Look until what the model says shows."""
        return expect_shown(self.kms, look, fits, f"{self.story} {wish}")

    def expect(self, condition: object, message: str, *exchanges: Exchange) -> None:
        """Raise Violation with the story unless a condition holds."""
        self.kms.expect(condition, f"{self.story} {message}", *exchanges)


def steps(text: str) -> tuple[Step, ...]:
    """Return steps written as ``command`` or ``command/a`` or ``command/a/b``, apart by blanks."""
    found: list[Step] = []
    for word in text.split():
        command, _, numbers = word.partition("/")
        a, _, b = numbers.partition("/")
        found.append(Step(command, int(a or 0), int(b or 0)))
    return tuple(found)


def pick(things: Sequence[T], number: int) -> T:
    """Return one of some things; the smaller numbers choose the first ones."""
    return things[number % len(things)]


def pick_key(keys: Sequence[str], number: int) -> tuple[str, str]:
    """Return the id of one of some keys, and what a story calls it."""
    key = pick(keys, number)
    return key, f"key {keys.index(key) + 1}"


def run_machine(kms: Kms, machine: type[Machine], *, longest: int = 8, share: float = 0.5) -> None:
    """Take random sequences of steps; see `Kms.property`.

    Args:
        kms: The target.
        machine: Makes its things when it is made.
        longest: Steps of a sequence at most.
        share: Sequences, as a share of the examples that other properties get.
    """
    from hypothesis import strategies as st

    number = st.integers(0, _LARGEST)
    step = st.builds(Step, st.sampled_from(list(machine.commands)), number, number)

    def check(taken: list[Step]) -> None:
        walked = machine(kms)
        for one in taken:
            walked.take(one)
        walked.finish()

    for known in machine.stories:
        check(list(known))
    examples = max(2, int(kms.examples * share))
    kms.property(
        st.lists(step, min_size=1, max_size=longest),
        check,
        max_examples=examples if kms.target.loopback else min(examples, _FEW),
    )
