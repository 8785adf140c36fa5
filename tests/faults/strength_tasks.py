"""What a worker of the kill score does: one fault, one variation, one control, one null target."""

import gc
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from harness import REPORTS, first_report, likely_first, opened, planned, rules
from null_targets import NAMES, WITHOUT_ANSWER, null_target, target_file
from seeding import Seeded, Void, faults, plain, variations

from conformance.run.judging import CaseResult
from conformance.run.planning import PlannedCase
from conformance.run.verdict import Verdict
from conformance.target import load_target

#: Verdicts that need no line of their own.
QUIET = frozenset({"killed", "green", "spared", "nothing"})
#: Cases of a rule that a fault meets at most, those about what it names first.
CASES = 400
#: Seconds in which a fault has to be reported.
PATIENCE = 40.0
#: Rules of a control that run in one task.
_PORTION = 30


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: `rules` are ids of rules, or of single cases."""

    do: str
    name: str
    rules: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from others that do the same."""
        return f"{self.name} {self.rules[0]}" if self.do == "control" else self.name


def controls(chosen: Iterable[str]) -> list[Task]:
    """Return the tasks that show a case of each rule green on every kind of endpoint."""
    named: dict[str, dict[str, None]] = {}
    for name in chosen:
        fault = faults()[name]
        named.setdefault(fault.kind, {}).update(dict.fromkeys(fault.breaks))
    return [
        task
        for kind, ids in named.items()
        for task in _portions(kind, [planned([i])[0].id for i in sorted(ids) if i in rules()])
    ]


def counterparts(results: Iterable[Mapping[str, Any]]) -> list[Task]:
    """Return the tasks that show each case that has reported a fault silent without it."""
    cases: dict[str, dict[str, None]] = {}
    for result in results:
        if result["verdict"] == "killed":
            cases.setdefault(result["kind"], {})[result["rule"]] = None
    return [task for kind, ids in cases.items() for task in _portions(kind, sorted(ids))]


def _portions(kind: str, ids: list[str]) -> list[Task]:
    starts = range(0, len(ids), _PORTION)
    return [Task("control", kind, tuple(ids[start : start + _PORTION])) for start in starts]


def of_faults(chosen: Iterable[str]) -> list[Task]:
    """Return a task for each fault."""
    return [Task("fault", name) for name in chosen]


def of_variations(share: int) -> list[Task]:
    """Return a task for each harmless variation: every so manieth rule, others each time."""
    ids = sorted(rules())
    return [
        Task("variation", name, tuple(ids[place % share :: share]))
        for place, name in enumerate(variations())
    ]


def of_null_targets() -> list[Task]:
    """Return a task for each target that is no KMS."""
    gating = tuple(sorted(name for name, rule in rules().items() if rule.gates))
    return [Task("null", name, gating) for name in NAMES]


def prepare() -> None:
    """Load what every task needs; keep it out of the collector's way."""
    faults()
    variations()
    gc.collect()
    gc.freeze()


def perform(task: Task) -> dict[str, Any]:
    """Do a task and return its result."""
    started = time.monotonic()
    try:
        result = _DO[task.do](task)
    except Void as void:
        result = {"verdict": "void", "message": str(void)}
    except Exception as error:  # noqa: BLE001 - a broken task is a result, and no end of all others
        result = {"verdict": "broken", "message": f"{type(error).__name__}: {error}"}
    seconds = round(time.monotonic() - started, 2)
    about = {"do": task.do, "id": task.name, "key": task.key, "message": None, "rule": None}
    return {**about, **result, "seconds": seconds}


def _fault(task: Task) -> dict[str, Any]:
    fault = faults()[task.name]
    about = {"kind": fault.kind, "area": fault.area, "statement": fault.statement}
    about["breaks"] = list(fault.breaks)
    known = [identifier for identifier in fault.breaks if identifier in rules()]
    if not known:
        return {**about, "verdict": "survived", "message": "it names no rule that there is"}
    words = " ".join([fault.statement, *fault.operations])
    cases = [
        case for identifier in known for case in likely_first(planned([identifier]), words)[:CASES]
    ]
    # What reported it last time (strength.json) is asked first; the others when it does not.
    cases.sort(key=lambda case: case.id != _reported_before().get(task.name))
    while cases:
        try:
            result = _report_of(fault, cases)
        except AssertionError as stopped:
            return {**about, "verdict": "survived", "message": str(stopped)}
        if result is None:
            break
        if _counts(fault, result):
            told = {"rule": result.planned.id, "reported": result.verdict.value}
            return {**about, "verdict": "killed", **told}
        cases = cases[cases.index(result.planned) + 1 :]
    return {**about, "verdict": "survived", "message": fault.statement}


@cache
def _reported_before() -> Mapping[str, str]:
    """Return the case that reported each fault when the score was written, none where it was not."""
    path = Path(__file__).parent / "strength.json"
    if not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    return {name: found["rule"] for name, found in document.get("killed_by", {}).items()}


def _report_of(fault: Seeded, cases: Sequence[PlannedCase]) -> CaseResult | None:
    """Return the first report of a fault, None when no case reports it."""
    with tempfile.TemporaryDirectory() as folder, fault.open(Path(folder)) as (target, check):
        with opened(target, cases, seconds=PATIENCE) as engine:
            result = first_report(engine, cases)
        check()
    return result


def _counts(fault: Seeded, result: CaseResult) -> bool:
    """Tell whether a report is of the fault: a failure, or advice that the plain one does not get."""
    if result.verdict is not Verdict.WARN:
        return True
    told = _without_numbers(result.message)
    return not fault.gates and told != _advice_without(fault.kind, result.planned.id)


def _without_numbers(message: str | None) -> str:
    return re.sub(r"[0-9a-fA-F-]{6,}|[0-9]+", "#", message or "")


@cache
def _advice_without(kind: str, case: str) -> str | None:
    """Return what a case says of the plain endpoint, None when it is content with it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        plain(kind).open(Path(folder)) as (target, _),
        opened(target, planned([case])) as engine,
    ):
        result = first_report(engine, planned([case]))
    return None if result is None else _without_numbers(result.message)


def _control(task: Task) -> dict[str, Any]:
    accused = _run(plain(task.name), planned(list(task.rules)))
    return {"verdict": "accused" if accused else "green", "message": accused}


def _variation(task: Task) -> dict[str, Any]:
    several = [planned([identifier]) for identifier in task.rules]
    place = sum(map(ord, task.name))
    cases = [cases[place % len(cases)] for cases in several if cases]
    accused = _run(variations()[task.name], cases)
    return {"verdict": "accused" if accused else "spared", "message": accused}


def _run(seeded: Any, cases: list[Any]) -> str | None:
    """Run cases; return what is reported, None when nothing is."""
    with (
        tempfile.TemporaryDirectory() as folder,
        seeded.open(Path(folder)) as (target, _),
        opened(target, cases) as engine,
    ):
        results = [engine.run(case) for case in cases]
        stopped = engine.stop_reason
    gating = [r for r in results if r.verdict in REPORTS and r.verdict is not Verdict.WARN]
    errors = [r for r in results if r.verdict is Verdict.HARNESS_ERROR]
    told = [f"{r.planned.id} {r.verdict}: {r.message}" for r in (*gating, *errors)]
    return "; ".join(told[:3]) or stopped


def _null(task: Task) -> dict[str, Any]:
    if task.name in WITHOUT_ANSWER:
        return _without_answer(task.name)
    cases = [planned([identifier])[-1] for identifier in task.rules]
    with tempfile.TemporaryDirectory() as folder, null_target(task.name) as url:
        target = load_target(target_file(Path(folder), url, timeout=2))
        with opened(target, cases) as engine:
            results = [engine.run(case) for case in cases]
    passed = [r.planned.id for r in results if r.verdict is Verdict.PASS]
    return {"verdict": "green" if passed else "nothing", "message": ", ".join(passed) or None}


def _without_answer(name: str) -> dict[str, Any]:
    """A target that never answers must stop the run before any rule."""
    with tempfile.TemporaryDirectory() as folder, null_target(name) as url:
        target = load_target(target_file(Path(folder), url, timeout=2))
        try:
            with opened(target, planned(["ENV-001"])):
                return {"verdict": "green", "message": "the run began"}
        except AssertionError:
            return {"verdict": "nothing"}


_DO: dict[str, Callable[[Task], dict[str, Any]]] = {
    "fault": _fault,
    "control": _control,
    "variation": _variation,
    "null": _null,
}
