"""From what a check does to verdict, event and exit code."""

import pytest
from endpoints import listening, small, target_for

from conformance.run.engine import Engine, RunOptions
from conformance.run.events import read_events
from conformance.run.judging import Exit
from conformance.run.planning import Plan, PlannedCase
from conformance.run.registry import Case, Level, Rule
from conformance.run.verdict import Hang, NotApplicable, NotTestable, Verdict, Violation


@pytest.fixture(scope="module")
def url():
    with listening(small) as address:
        yield address


def rule(check, *, level=Level.MUST, provenance="documented", needs=(), identifier="TST-001"):
    return Rule(
        identifier,
        level,
        "test",
        "A statement.",
        provenance,
        "a source",
        "service",
        check,
        __name__,
        needs=needs,
    )


def run(target, *rules, folder=None, **options):
    plan = Plan(tuple(PlannedCase(found) for found in rules), ())
    engine = Engine(target, plan, RunOptions(results=folder, **options))
    with engine:
        list(engine.iterate())
    return engine


def raises(outcome):
    def check(kms):
        raise outcome

    return check


@pytest.mark.parametrize(
    ("outcome", "level", "provenance", "verdict", "code"),
    [
        (None, Level.MUST, "documented", Verdict.PASS, Exit.CONFORMANT),
        (Violation("x"), Level.MUST, "documented", Verdict.FAIL, Exit.NOT_CONFORMANT),
        (Violation("x"), Level.MUST, "observed", Verdict.FAIL, Exit.NOT_CONFORMANT),
        (Violation("x"), Level.MUST, "inferred", Verdict.WARN, Exit.CONFORMANT),
        (Violation("x"), Level.SHOULD, "documented", Verdict.WARN, Exit.CONFORMANT),
        (Violation("x"), Level.MAY, "documented", Verdict.WARN, Exit.CONFORMANT),
        (NotApplicable("x"), Level.MUST, "documented", Verdict.NOT_APPLICABLE, Exit.CONFORMANT),
        (NotTestable("x"), Level.MUST, "documented", Verdict.NOT_TESTABLE, Exit.INCOMPLETE),
        (NotTestable("x"), Level.SHOULD, "documented", Verdict.NOT_TESTABLE, Exit.CONFORMANT),
        (Hang("x"), Level.MUST, "documented", Verdict.HANG, Exit.NOT_CONFORMANT),
        (Hang("x"), Level.MAY, "documented", Verdict.HANG, Exit.CONFORMANT),
        (KeyError("x"), Level.MUST, "documented", Verdict.HARNESS_ERROR, Exit.HARNESS_ERROR),
        (KeyError("x"), Level.MAY, "documented", Verdict.HARNESS_ERROR, Exit.HARNESS_ERROR),
    ],
)
def test_each_end_of_a_check_has_its_verdict(
    outcome, level, provenance, verdict, code, url, tmp_path
):
    check = (lambda kms: None) if outcome is None else raises(outcome)
    found = rule(check, level=level, provenance=provenance)
    engine = run(target_for(tmp_path, url), found, folder=tmp_path / "results")
    assert [result.verdict for result in engine.results] == [verdict]
    assert engine.exit_code is code
    event, footer = read_events(tmp_path / "results")[1:]
    assert (event["verdict"], footer["exit_code"]) == (verdict.value, int(code))
    assert footer["counts"] == {verdict.value: 1}
    assert footer["complete"] is True


def test_a_failure_that_does_not_come_back_is_flaky(url, tmp_path):
    tries = []

    def check(kms):
        tries.append(1)
        kms.expect(len(tries) > 1, "comes and goes", kms.call("DescribeRegions"))

    engine = run(target_for(tmp_path, url), rule(check))
    assert engine.results[0].verdict is Verdict.FLAKY
    assert engine.results[0].attempts == 2
    assert "comes and goes" in engine.results[0].message
    assert engine.exit_code is Exit.NOT_CONFORMANT


def test_a_failure_is_tried_twice_with_the_same_random_choices(url, tmp_path):
    drawn = []

    def check(kms):
        drawn.append(kms.bytes(8))
        raise Violation("always")

    engine = run(target_for(tmp_path, url), rule(check), seed=5)
    assert engine.results[0].attempts == 2
    assert drawn[0] == drawn[1]
    run(target_for(tmp_path, url), rule(check), seed=5)
    run(target_for(tmp_path, url), rule(check), seed=6)
    assert drawn[2] == drawn[0]
    assert drawn[4] != drawn[0]


def test_an_error_of_the_suite_is_not_blamed_on_the_target(url, tmp_path):
    engine = run(target_for(tmp_path, url), rule(lambda kms: {}["missing"]))
    message = engine.results[0].message
    assert message.startswith("error of the suite at test_verdicts.py:")
    assert "KeyError" in message


def test_a_case_that_takes_too_long_hangs(url, tmp_path):
    def check(kms):
        while True:
            kms.call("DescribeRegions")

    target = target_for(tmp_path, url, more="case_timeout = 0.2")
    engine = run(target, rule(check))
    assert engine.results[0].verdict is Verdict.HANG
    assert "0.2 s" in engine.results[0].message


def test_the_time_budget_ends_the_run_and_what_was_done_is_kept(url, tmp_path):
    def endless(kms):
        while True:
            kms.call("DescribeRegions")

    good = rule(lambda kms: None, identifier="TST-001")
    slow = rule(endless, identifier="TST-002")
    after = rule(lambda kms: None, identifier="TST-003")
    engine = run(
        target_for(tmp_path, url), good, slow, after, folder=tmp_path / "r", time_budget=0.5
    )
    assert engine.exit_code is Exit.INCOMPLETE
    events = read_events(tmp_path / "r")
    assert [e["rule"] for e in events if e["event"] == "rule"] == ["TST-001"]
    assert "time budget of 0.5 s" in events[-1]["stop_reason"]
    assert events[-1]["complete"] is False


def test_what_a_target_lacks_is_not_testable_and_says_what_to_add(url, tmp_path):
    found = rule(lambda kms: None, needs=("identity:sts",))
    engine = run(target_for(tmp_path, url), found)
    assert engine.results[0].verdict is Verdict.NOT_TESTABLE
    assert "[identities.sts]" in engine.results[0].message


def test_what_a_target_declares_absent_is_not_applicable(url, tmp_path):
    found = rule(lambda kms: None, needs=("identity:sts",))
    target = target_for(tmp_path, url, more='\n[offers]\nwithout = ["identity:sts"]\n')
    engine = run(target, found)
    assert engine.results[0].verdict is Verdict.NOT_APPLICABLE
    assert engine.exit_code is Exit.CONFORMANT


def test_an_operation_declared_absent_must_be_declined(url, tmp_path):
    # The endpoint answers MissingParameter, which shows that it does look at the call.
    found = rule(lambda kms: None, needs=("operation:DescribeKey",))
    target = target_for(tmp_path, url, more='\n[offers]\nwithout = ["operation:DescribeKey"]\n')
    engine = run(target, found)
    assert engine.results[0].verdict is Verdict.FAIL
    assert "should be declined" in engine.results[0].message


def test_cases_pass_their_value_and_name_their_item(url, tmp_path):
    seen = []
    found = rule(lambda kms, value: seen.append(value))
    plan = Plan((PlannedCase(found, Case("one", 1, "DescribeKey")),), ())
    engine = Engine(target_for(tmp_path, url), plan, RunOptions(results=tmp_path / "r"))
    with engine:
        list(engine.iterate())
    assert seen == [1]
    event = read_events(tmp_path / "r")[1]
    assert (event["rule"], event["case"], event["operation"]) == ("TST-001", "one", "DescribeKey")
    assert event["replay"].startswith("kms-conformance replay 'TST-001[one]' --target ")


def test_every_line_follows_its_schema(url, tmp_path):
    from jsonschema import Draft202012Validator

    from conformance.spec import catalogue

    def check(kms):
        exchange = kms.call("DescribeKey", {"KeyId": "k"})
        kms.showed("error-family", "kms", exchange)
        raise Violation("found something", [exchange])

    run(target_for(tmp_path, url), rule(check), folder=tmp_path / "r")
    known = catalogue()
    schema = known.document("meta/results.schema")
    validator = Draft202012Validator(schema, registry=known.registry)
    events = read_events(tmp_path / "r")
    for event in events:
        validator.validate(event)
    assert events[1]["readings"] == {"error-family": "kms"}
    assert events[-1]["readings"] == {"error-family": {"kms": 1}}
    evidence = Draft202012Validator(known.document("meta/evidence.schema"), registry=known.registry)
    files = sorted((tmp_path / "r" / "evidence").iterdir())
    assert [file.stem for file in files] == events[1]["exchanges"]
    import json

    for file in files:
        evidence.validate(json.loads(file.read_text()))
