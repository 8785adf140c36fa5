"""The part of a run that decides: one, in the process that is not a worker.

It checks what was asked for before anything is sent, makes what is needed, collects what the
stations report, and says at the end what was proven.
"""

import shlex
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from conformance.client.resources.base import Names
from conformance.run.journal import Journal
from conformance.run.state import state_folder, target_id, target_lock
from conformance.target import load_target
from conformance.target.embedded import embedded_target
from conformance.target.model import Target
from load.agent import AgentPreparation, started_agent
from load.instance_cases import InstancePreparation
from load.observer import TargetObserver
from load.options import Options
from load.papers import Papers
from load.place import Place
from load.prepare import KmsPreparation, Preparation, corpus
from load.record import Collection
from load.safety import check_remote
from load.scenarios import Scenario, check_api, find_scenario
from load.slo import Objectives, load_objectives
from load.things import Things, Wishes
from load.verdict import Instrument, Verdict, judge
from load.window import Window

if TYPE_CHECKING:
    from load.corpus import Case


@dataclass(slots=True)
class WorkerLife:
    """What the master knows of one generating process."""

    index: int
    begun: float
    heard: float
    connections: int = 0
    finished: bool = False


class Control:
    """See the module.

    Args:
        options: Of the run.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.command = options.command or shlex.join(["locust", *sys.argv[1:]])
        self.scenario: Scenario = find_scenario(options.scenario, options.mix)
        check_api(self.scenario, options.api)
        slo = None if options.slo is None else Path(options.slo)
        self.objectives: Objectives = load_objectives(slo)
        self._stack = ExitStack()
        self._embedded = options.target is None
        self.target: Target = self._find_target()
        self.place = Place.of(self.target, self.options)
        self.results = Path(options.results or default_folder(options.scenario))
        self.cases: list[Case] = []
        self._things: Things | None = None
        self.papers: Path | None = None
        self._journal: Journal | None = None
        self.observer = TargetObserver(self.place.address)
        self.rate_max = 0.0
        self.reset()

    # ---- before

    def _find_target(self) -> Target:
        if self.options.target is not None:
            return load_target(Path(self.options.target))
        context: AbstractContextManager[Target] = embedded_target()
        target = self._stack.enter_context(context)
        self.options = replace(self.options, target=str(target.path))
        return target

    def check(self, rate: float) -> None:
        """Refuse what safety forbids; ``rate`` is the highest that will be asked for."""
        check_remote(self.target, self.options, rate, self.scenario.group)
        self.rate_max = rate

    def prepare(self) -> None:
        """Make what the scenario needs.

        Raises:
            LoadError: When the target file does not allow it.
            NothingProven: When the target does not answer, or not as it should.
        """
        options = self.options
        run = token_hex(4)
        wishes = Wishes(
            options.keys,
            options.secrets,
            options.size,
            options.key_spec,
            options.choice,
            options.exponent,
            options.seed,
            Names(run).marker,
            options.gateway == "dedicated",
        )
        management = self.place.management()
        management.journal = self._journal = self._open_journal(run)
        self._things = Things(self.target, management, wishes)
        self._equip(self._things)
        preparation = self._preparation(self._things)
        try:
            self.cases = corpus(self.scenario, preparation)
        finally:
            preparation.close()

    def _equip(self, things: Things) -> None:
        """Make the client key or start the agent that the run needs and the target file lacks."""
        if self.options.api == "agent":
            papers = started_agent(self.target, self.options.gateway, self._stack)
        elif self.options.api == "instance" and self.place.client_key() is None:
            papers = Papers(client_key=things.client_key())
        else:
            return
        self.place = self.place.with_papers(papers)
        self.observer = TargetObserver(self.place.address)
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="kms-load-")))
        self.papers = folder / "papers.json"
        papers.write(self.papers)

    def _preparation(self, things: Things) -> Preparation:
        if self.options.api == "instance":
            return InstancePreparation(things, self.place.instance_caller())
        if self.options.api == "agent":
            assert self.target.agent is not None
            return AgentPreparation(things, self.target.agent.response_type)
        return KmsPreparation(things, self.place.caller())

    def _open_journal(self, run: str) -> Journal:
        """Open the journal that ``kms-conformance cleanup`` reads, and hold the target."""
        if self._embedded:
            folder = Path(self._stack.enter_context(TemporaryDirectory()))
        else:
            self._stack.enter_context(target_lock(self.target))
            folder = state_folder() / "journals"
        return Journal(folder / f"{target_id(self.target)}-{run}.jsonl", run, self.target)

    def close(self) -> list[str]:
        """Remove what was made and end the embedded endpoint; return what could not be removed."""
        left: list[str] = []
        if self._things is not None:
            try:
                left = self._things.clean()
            except OSError as error:
                left = [f"the journal could not be written: {error.strerror}"]
            self._things = None
        if self._journal is not None:
            self._journal.close(clean=not left)
            self._journal = None
        self._stack.close()
        return left

    # ---- during

    def reset(self) -> None:
        """Forget what was measured; a new run begins."""
        self.collection = Collection(self.options.slice)
        self.lives: dict[str, WorkerLife] = {}
        self.lost: dict[str, str] = {}
        self.started = time.time()
        self.steady: float | None = None
        self.ended: float | None = None
        self.users = 0
        #: The time that is judged where it is not simply all after the warm-up.
        self.focus: Window | None = None

    def expect(self, worker: str) -> WorkerLife:
        """Count on a process from now on."""
        moment = time.time()
        life = self.lives.get(worker)
        if life is None:
            life = self.lives[worker] = WorkerLife(len(self.lives), moment, moment)
        return life

    def receive(self, worker: str, report: Mapping[str, Any], *, final: bool = False) -> None:
        """Take a report of a process."""
        life = self.expect(worker)
        life.heard = time.time()
        life.connections = report["connections"]
        life.finished = life.finished or final
        self.collection.receive(worker, report["slices"], report["state"])

    def lose(self, worker: str) -> None:
        """Note that a process is gone before it was told to end."""
        life = self.lives.get(worker)
        if life is None or life.finished or worker in self.lost:
            return
        after = life.heard - self.started
        flight = self.collection.states[worker].in_flight if worker in self.collection.states else 0
        self.lost[worker] = (
            f"worker {life.index + 1} of {len(self.lives)} was lost, its last report is from "
            f"second {after:.0f} with {flight} requests in flight; its share of the rate was "
            "missing from then on"
        )

    # ---- after

    def window(self) -> Window:
        """Return the time that is judged: after warm-up, before the end."""
        if self.focus is not None:
            return self.focus
        end = self.ended if self.ended is not None else time.time()
        steady = self.steady if self.steady is not None else self.started
        return Window.between(steady + self.options.warm_up, end, self.options.slice)

    def instrument(self, window: Window) -> Instrument:
        """Return how the generator did in a window."""
        return Instrument(
            window.processor(self.collection),
            sum(life.connections for life in self.lives.values()),
            tuple(self.lost.values()),
            self.collection.state,
        )

    def verdict(self, interruption: str | None = None) -> Verdict:
        """Judge the run."""
        window = self.window()
        measured = window.sum(self.collection)
        offered = measured.scheduled / window.seconds if window.seconds else 0.0
        if interruption is None and self._is_short():
            seconds = (self.ended or time.time()) - (self.steady or self.started)
            interruption = (
                f"stopped early, after {seconds:.0f} of {self.options.duration:g} seconds"
            )
        return judge(measured, self.objectives, self.instrument(window), offered, interruption)

    def _is_short(self) -> bool:
        """Tell whether the run ended before the time it was meant to last."""
        wanted = self.options.duration
        if wanted is None or self.ended is None:
            return False
        return self.ended - self.started < wanted - max(1.5, 2 * self.options.slice)


def default_folder(scenario: str) -> str:
    """Return the folder of results that the time names."""
    return f"results/load-{scenario}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
