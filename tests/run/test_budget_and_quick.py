"""A quick look says what it leaves out; a budget lets searches go on."""

import time

from hypothesis import strategies as st

from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.planning import SLOW, Plan, PlannedCase, make_plan, shortened
from conformance.run.registry import Level, Rule, load_rules
from conformance.run.verdict import Verdict
from conformance.spec import catalogue


def searching(check):
    """Return a planned case that searches numbers."""

    def search(kms):
        kms.property(st.integers(0, 10**6), lambda number: check(kms, number))

    rule = Rule(
        "X-001",
        Level.MUST,
        "x",
        "Numbers are fine.",
        "documented",
        "none",
        "service",
        search,
        __name__,
    )
    return PlannedCase(rule)


def run(target, cases, folder, **options):
    options = RunOptions(ephemeral=True, results=folder, examples=2, **options)
    started = time.monotonic()
    with Engine(target, Plan(tuple(cases), ()), options) as engine:
        list(engine.iterate())
    return engine, time.monotonic() - started


def test_a_search_goes_on_until_the_budget_is_used(endpoint, tmp_path):
    seen = []
    case = searching(lambda _, number: seen.append(number))
    engine, _ = run(endpoint, [case], tmp_path, budget=60)
    assert [result.verdict for result in engine.results] == [Verdict.PASS]
    assert len(seen) > 100
    events = read_events(tmp_path)
    assert sum(event["event"] == "rule" for event in events) == 1
    notes = [event["message"] for event in events if event["event"] == "note"]
    assert any("1 searches went on, with up to" in note for note in notes), notes
    assert engine.exit_code == 0


def test_a_spent_budget_ends_the_search(endpoint, tmp_path):
    seen = []
    engine, _ = run(endpoint, [searching(lambda _, n: seen.append(n))], tmp_path, budget=0.001)
    assert [result.verdict for result in engine.results] == [Verdict.PASS]
    assert len(seen) == 2
    assert engine.exit_code == 0


def test_a_budget_finds_what_few_examples_miss(endpoint, tmp_path):
    def check(kms, number):
        kms.expect(number % 97 != 13, f"found {number}")

    without, _ = run(endpoint, [searching(check)], tmp_path / "without")
    assert [result.verdict for result in without.results] == [Verdict.PASS]
    engine, _ = run(endpoint, [searching(check)], tmp_path / "with", budget=60)
    (result,) = engine.results
    assert result.verdict is Verdict.FAIL
    assert "repeat it with --seed" in result.message
    assert engine.exit_code == 1


def test_what_fails_at_once_is_not_searched_on(endpoint, tmp_path):
    case = searching(lambda kms, _: kms.violated("none is fine"))
    engine, seconds = run(endpoint, [case], tmp_path, budget=30)
    assert [result.verdict for result in engine.results] == [Verdict.FAIL]
    assert seconds < 15


def test_a_quick_plan_has_a_case_of_each_rule_and_meets_every_operation(endpoint):
    whole = make_plan(load_rules().values(), (), endpoint)
    quick = shortened(whole)
    ids = [planned.rule.id for planned in quick.cases]
    assert len(ids) < len(set(ids)) + 40
    rules = load_rules().values()
    slow = {rule.id for rule in rules if SLOW in rule.tags or "feature:agent" in rule.needs}
    assert set(ids) >= {planned.rule.id for planned in whole.cases} - slow
    met = {planned.operation for planned in quick.cases}
    named = {planned.operation for planned in whole.cases} & catalogue().operations.keys()
    assert met & named == named
    assert quick.selection[-1] == "quick:one case a rule"
    assert f"{len(quick.cases)} of {len(whole.cases)} cases" in quick.excluded[-1]
