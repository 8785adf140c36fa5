"""Runs chosen rules against the embedded endpoint, all within this process.

with served(endpoint, folder) as target:
    results = judged(target, ["AUTH-001"])
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from conformance.reference.endpoint import Endpoint
from conformance.reference.serve_cli import write_target
from conformance.reference.server import ListenOptions, serve
from conformance.run.engine import Engine, RunOptions
from conformance.run.judging import CaseResult
from conformance.run.planning import Plan, PlannedCase, expand
from conformance.run.registry import Rule, load_rules
from conformance.run.verdict import Verdict
from conformance.target import Target, load_target

#: Verdicts that a rule reports a broken promise with.
REPORTS = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.HANG, Verdict.FLAKY})


#: Tables of client keys in a target file.
_CLIENT_KEYS = re.compile(
    r"^\[identities\.[a-z-]*client-key[a-z-]*\]\n(?:[^\[\n].*\n|\n)*", re.MULTILINE
)


@cache
def rules() -> dict[str, Rule]:
    """Return all rules by id."""
    return load_rules()


@contextmanager
def served(endpoint: Endpoint, folder: Path, *, client_keys: bool = True) -> Iterator[Target]:
    """Serve an endpoint on free ports and yield it as a target.

    Opening the files of client keys takes longer than most rules: leave them out where none is used.
    """
    with serve(endpoint, ListenOptions(control_port=0)) as running:
        # The file that `kms-conformance serve` writes, so that what is tested is what is shipped.
        server = running._server
        server.authority.write(folder / "ca.pem")
        path = write_target(endpoint, server, folder)
        if not client_keys:
            path.write_text(_CLIENT_KEYS.sub("", path.read_text()))
        yield load_target(path)


@contextmanager
def opened(
    target: Target, cases: Sequence[PlannedCase], *, seconds: float = 600
) -> Iterator[Engine]:
    """Yield an engine that is about to run cases, and stops after some seconds.

    Raises:
        AssertionError: When the target cannot be put to the test.
    """
    options = RunOptions(ephemeral=True, time_budget=seconds)
    with Engine(target, Plan(tuple(cases), ()), options) as engine:
        assert engine.stop_reason is None, f"the run stopped: {engine.stop_reason}"
        yield engine
        engine.journal.close(clean=True)
        # The endpoint ends with the test, and with it what was made.
        vars(engine).pop("journal")


def judged(target: Target, ids: Iterable[str]) -> list[CaseResult]:
    """Run the rules of these ids, or those of ``RULE-ID[case]`` alone, and return the results."""
    cases = planned(ids)
    with opened(target, cases) as engine:
        return [engine.run(case) for case in cases]


def first_report(engine: Engine, cases: Iterable[PlannedCase]) -> CaseResult | None:
    """Run cases until one reports a broken promise, and return its result.

    What a case says when the time of the run ends in its midst is no report: it is not recorded.
    """
    for case in cases:
        result = engine.run(case)
        recorded = bool(engine.results) and engine.results[-1] is result
        if result.verdict in REPORTS and recorded:
            return result
        assert engine.stop_reason is None, f"the run stopped: {engine.stop_reason}"
    return None


def planned(ids: Iterable[str]) -> list[PlannedCase]:
    """Return the cases of rules."""
    found = []
    for identifier in ids:
        rule_id, _, case = identifier.partition("[")
        cases = expand(rules()[rule_id])
        found += [one for one in cases if not case or one.id == identifier]
    return found


def likely_first(cases: Sequence[PlannedCase], statement: str) -> list[PlannedCase]:
    """Return cases with those about an operation that a sentence names at the front."""
    words = set(re.findall(r"\w+", statement))
    return sorted(cases, key=lambda case: case.operation not in words)


def reporting(results: Sequence[CaseResult]) -> set[str]:
    """Return the ids of the rules that report something."""
    return {result.planned.rule.id for result in results if result.verdict in REPORTS}


def told(results: Sequence[CaseResult]) -> str:
    """Return what is not a pass, a line each."""
    return "\n".join(
        f"{result.planned.id}: {result.verdict} {result.message}"
        for result in results
        if result.verdict is not Verdict.PASS
    )
