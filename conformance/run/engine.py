"""Runs planned cases against a target.

The pytest plugin and everything else that runs rules goes through an `Engine`:

    engine = Engine(target, plan, RunOptions(results=folder))
    with engine:
        for planned in plan.cases:
            engine.run(planned)
            if engine.stop_reason is not None:
                break
    engine.exit_code

Entering looks whether the target answers, removes what earlier runs have left behind and writes the
header; leaving removes what this run has made and writes the footer.
"""

import contextlib
import secrets as randomness
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from conformance.client.agent.session import Agents
from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.client.redact import Redactor
from conformance.client.resources.base import Names, Resources
from conformance.run.attempting import Attempting
from conformance.run.baseline import Baseline
from conformance.run.beside import Beside
from conformance.run.cleanup import Cleaner
from conformance.run.context import Bench, Kms
from conformance.run.deepening import search_on
from conformance.run.events import ResultsFolder, ResultsLost
from conformance.run.hinting import undeclared
from conformance.run.journal import Journal
from conformance.run.judging import CaseResult, Exit, exit_code, message_of, verdict_of
from conformance.run.planning import Plan, PlannedCase
from conformance.run.preflight import CannotRun, look
from conformance.run.proofs import Proofs
from conformance.run.recording import Recorder
from conformance.run.recovering import recover
from conformance.run.state import state_folder, target_id, target_lock
from conformance.run.verdict import NotTestable, Outcome, Verdict
from conformance.run.watching import Watch
from conformance.target.model import Target

#: Seconds that removing may take at the end of a run.
CLEANING_TIME = 120.0
#: Generated examples for each property unless told otherwise.
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a user chose for a run.

    Attributes:
        results: Folder to write into; None writes nothing.
        seed: Decides every random choice.
        examples: Generated examples for each property.
        time_budget: Seconds after which the run is cut short.
        budget: Seconds that searches may use up; None ends each after its examples.
        profile: Name and version of the profile.
        command: Command line that repeats the run.
        baseline: Accepted failures.
        deviations: Options by which the embedded endpoint was made to deviate.
        keep_all: Keep the exchanges of passed cases as evidence too.
        ephemeral: The target ends with the run: no lock, and no journal that outlives it.
    """

    results: Path | None = None
    seed: int = 0
    examples: int = EXAMPLES
    time_budget: float = 900.0
    budget: float | None = None
    profile: tuple[str, str] = ("all", "0")
    command: str = "kms-conformance run"
    baseline: Baseline | None = None
    deviations: tuple[str, ...] = ()
    keep_all: bool = False
    ephemeral: bool = False


class Engine:
    """One run: a target, a plan, options, and the results so far.

    Finding all cases takes seconds: a plan may be given as a function that is told whether the
    target can be put to the test, and is called once that is known.

    Attributes:
        results: How the cases ended, in order.
        stop_reason: Why no further case should run, None while all is well.
        stale: Baseline entries that do not hold any more, after closing.
        left: Things that could not be removed, after closing.
        proofs: Promises of the specs that passed cases have put to the test.
        searches: Results of searches that found nothing yet and may go on.
    """

    def __init__(
        self,
        target: Target,
        plan: Plan | Callable[[bool], Plan],
        options: RunOptions | None = None,
        beside: Beside | None = None,
    ) -> None:
        self.target = target
        self._beside = beside
        self._sent_beside = 0
        #: Empty until the run is open when it was given as a function.
        self.plan = Plan((), ()) if callable(plan) else plan
        self._find_plan = plan if callable(plan) else lambda _: plan
        self.options = options or RunOptions()
        self.results: list[CaseResult] = []
        self.stop_reason: str | None = None
        self.stale: list[str] = []
        self.left: list[str] = []
        self.proofs = Proofs()
        self.searches: list[CaseResult] = []
        self._forced: Exit | None = None
        self._stack = contextlib.ExitStack()
        self._closed = False
        self._anything_succeeds = True
        self.started = time.monotonic()

    # --- opening and closing --------------------------------------------------------------------

    def __enter__(self) -> "Engine":  # noqa: PYI034 - Self needs nothing more here
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.stop_reason = self.stop_reason or "interrupted"
        self.close()

    def _open(self) -> None:
        options = self.options
        if not options.ephemeral:
            self._stack.enter_context(target_lock(self.target))
        folder = None if options.results is None else ResultsFolder(options.results)
        if folder is not None:
            self._stack.callback(folder.close)
        self.redactor = Redactor(self.target.secrets)
        self.recorder = Recorder(folder, self.redactor, self.target, self._replay_options())
        self.caller = Caller(self.target)
        self._stack.callback(self.caller.close)
        self.started = time.monotonic()
        self._look()
        self.plan = self._find_plan(self.stop_reason is None)
        self.recorder.header(
            self.plan,
            profile=options.profile,
            seed=options.seed,
            command=options.command,
            baseline=None if options.baseline is None else str(options.baseline.path),
        )
        for sentence in self.plan.excluded:
            self.recorder.note("info", sentence)
        if self.stop_reason is None:
            self._prepare()

    def _look(self) -> None:
        try:
            self._anything_succeeds = look(self.caller)
        except CannotRun as reason:
            self.stop_reason = str(reason)
            self._forced = reason.exit_code

    def _prepare(self) -> None:
        """Tidy up after earlier runs and open this run's journal."""
        run = randomness.token_hex(4)
        if self.options.ephemeral:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            name = "journal.jsonl"
        else:
            folder = state_folder() / "journals"
            name = f"{target_id(self.target)}-{run}.jsonl"
            found = recover(self.caller)
            self.left += found.left
            if found.removed:
                self.recorder.note("info", f"removed {found.removed} things of an earlier run")
        durable = not self.options.ephemeral
        self.journal = Journal(folder / name, run, self.target, durable=durable)
        names = Names(run)
        resources = Resources(self.caller, names)
        self.caller.watch = Watch(self.journal, self.redactor, resources)
        agents = Agents(self.target, self.caller, names, self.redactor.learn_value)
        self._stack.callback(agents.close)
        self.bench = Bench(
            target=self.target,
            caller=self.caller,
            names=names,
            resources=resources,
            seed=self.options.seed,
            examples=self.options.examples,
            agents=agents,
        )
        end = self.started + self.options.time_budget
        self._attempting = Attempting(self.bench, self.caller, end, self.recorder.note)

    def close(self) -> None:
        """Remove what was made, write the footer, let go of the target."""
        if self._closed:
            return
        self._closed = True
        search_on(self)
        if self._beside is not None:
            try:
                self._take_over(self._beside)
            except ResultsLost as lost:
                self.stop_reason = self.stop_reason or str(lost)
        done, planned = len(self.results), len(self.plan.cases)
        if self.stop_reason is None and done < planned:
            self.stop_reason = f"{planned - done} of {planned} planned cases were not run"
        try:
            self._clean()
            self._weigh_baseline()
            self.proofs.write(self.options.results, self.recorder.note)
            if self.caller.pace.throttled:
                told = f"{self.caller.pace.throttled} throttled answers were waited out"
                self.recorder.note("info", told)
            hint = undeclared(self.results)
            if hint is not None:
                self.recorder.note("warning", hint)
            self.recorder.footer(
                self.results,
                seconds=time.monotonic() - self.started,
                exit_code=int(self.exit_code),
                complete=self.stop_reason is None,
                stop_reason=self.stop_reason,
                requests=self.caller.sent + self._sent_beside,
                stale=self.stale,
                left=self.left,
            )
        except ResultsLost as lost:
            self.stop_reason = self.stop_reason or str(lost)
        finally:
            self._stack.close()

    def _take_over(self, beside: Beside) -> None:
        """Add what was run beside this run to its results."""
        try:
            half = beside.join(at_once=self.stop_reason is not None)
        except KeyboardInterrupt:
            self.stop_reason = "interrupted"
            half = beside.join(at_once=True)
        planned = {one.id: one for one in self.plan.cases}
        for event in half.events:
            if event["event"] == "rule":
                name = "" if event["case"] is None else f"[{event['case']}]"
                result = CaseResult(
                    planned[f"{event['rule']}{name}"],
                    Verdict(event["verdict"]),
                    event["message"],
                    event["seconds"],
                    event["attempts"],
                    readings=event["readings"],
                )
                self.results.append(result)
            if event["event"] in {"rule", "note"}:
                self.recorder.write(event)
            if event["event"] == "footer":
                self._sent_beside = event["requests"]
                self.left += event["left"]
        self.proofs.take_over(half.proofs)
        if self.recorder.folder is not None:
            self.recorder.folder.take_evidence(half.folder)
        if half.problem is not None and self.stop_reason is None:
            self.stop_reason = f"the half of the run that went on beside it: {half.problem}"

    def own_cases(self) -> list[PlannedCase]:
        """Return the planned cases that no other process runs beside this one."""
        if self._beside is None:
            return list(self.plan.cases)
        return [planned for planned in self.plan.cases if not self._beside.has(planned.rule)]

    def _clean(self) -> None:
        journal: Journal | None = getattr(self, "journal", None)
        if journal is None:
            return
        if self.options.ephemeral:
            journal.close(clean=True)  # all that was made ends with the target
            return
        end = time.monotonic() + CLEANING_TIME
        cleaner = Cleaner(self.caller, stop=lambda: time.monotonic() > end)
        try:
            report = cleaner.clean(journal.left(), journal.gone)
        except KeyboardInterrupt:
            self.left.append("the clean-up was interrupted: run kms-conformance cleanup")
            journal.close(clean=False)
            return
        self.left += report.left
        journal.close(clean=not report.left)

    def _weigh_baseline(self) -> None:
        baseline = self.options.baseline
        if baseline is None:
            return
        failing, sound = [], []
        for result in self.results:
            if result.verdict in {*_FAILING, Verdict.KNOWN}:
                failing.append(_key(result))
            elif result.verdict in {Verdict.PASS, Verdict.NOT_APPLICABLE}:
                sound.append(_key(result))
        self.stale = baseline.stale(sound, failing)

    @property
    def exit_code(self) -> Exit:
        """Exit code as things stand."""
        if self._forced is not None:
            return self._forced
        return exit_code(
            self.results, stopped=self.stop_reason is not None, stale_baseline=bool(self.stale)
        )

    # --- running ----------------------------------------------------------------------------------

    def iterate(self) -> Iterator[CaseResult]:
        """Run the planned cases one by one until all are done or the run stops."""
        for planned in self.plan.cases:
            if self.stop_reason is not None:
                return
            yield self.run(planned)

    def run(self, planned: PlannedCase) -> CaseResult:
        """Put one case to the test, repeat a failure once, record the result.

        With a budget the result of a search that found nothing waits until the search has gone on.
        """
        result, kms = self.judge(planned)
        if self.options.budget is not None and kms.searched and result.verdict is Verdict.PASS:
            self.searches.append(result)
            return result
        return self.record(result)

    def judge(self, planned: PlannedCase) -> tuple[CaseResult, Kms]:
        """Put one case to the test without recording the result."""
        started = time.monotonic()
        ended = self._attempting.run(planned)
        outcome, kms = ended.outcome, ended.kms
        self.stop_reason = self.stop_reason or ended.stop
        if outcome is None and not self._anything_succeeds:
            outcome = NotTestable(
                "the target lets nothing succeed, so that a refusal proves nothing"
            )
        if outcome is None:
            self.proofs.add(planned, kms)
        result = CaseResult(
            planned=planned,
            verdict=verdict_of(planned.rule, outcome),
            message=message_of(outcome),
            seconds=time.monotonic() - started,
            attempts=ended.attempts,
            exchanges=_evidence(outcome, kms, keep_all=self.options.keep_all),
            readings=dict(kms.readings),
        )
        return result, kms

    @property
    def done(self) -> int:
        """Cases that were put to the test."""
        return len(self.results) + len(self.searches)

    def _time_left(self) -> bool:
        return time.monotonic() < self.started + self.options.time_budget

    def record(self, result: CaseResult) -> CaseResult:
        """Weigh a result against the baseline and write it."""
        if not self._time_left() and result.verdict is not Verdict.PASS:
            # Whatever the case says, it says so because its time was cut short.
            self.stop_reason = self._over()
            return result
        entry = None
        if result.verdict in _FAILING and self.options.baseline is not None:
            entry = self.options.baseline.entry_for(*_key(result))
            if entry is not None:
                result = result.known()
        self.results.append(result)
        try:
            self.recorder.rule(result, entry)
        except ResultsLost as lost:
            self.stop_reason = str(lost)
        if not self._time_left() and self.done < len(self.plan.cases):
            self.stop_reason = self._over()
        return result

    def _over(self) -> str:
        return f"the time budget of {self.options.time_budget:g} s is over"

    def _replay_options(self) -> tuple[str, ...]:
        given = self.options
        options = given.deviations
        if self.target.path is not None and not given.ephemeral:
            options = ("--target", str(self.target.path))
        if given.examples != EXAMPLES:
            options += ("--examples", str(given.examples))
        return (*options, "--seed", str(given.seed))


_FAILING = frozenset({Verdict.FAIL, Verdict.HANG, Verdict.FLAKY})


def _key(result: CaseResult) -> tuple[str, str | None]:
    case = result.planned.case
    return result.planned.rule.id, None if case is None else case.name


def _evidence(outcome: Exception | None, kms: Kms, *, keep_all: bool) -> tuple[Exchange, ...]:
    if outcome is None and not keep_all:
        return ()
    decisive = outcome.exchanges if isinstance(outcome, Outcome) else ()
    known = {id(exchange) for exchange in decisive}
    rest = [exchange for exchange in kms.exchanges if id(exchange) not in known]
    return (*rest, *decisive)
