"""Selection of cases: kinds narrow, patterns of a kind add up, what matches nothing is refused."""

import pytest
from endpoints import target_for

from conformance.run.planning import Selector, make_plan, rules_by_id
from conformance.run.registry import Case, Level, Rule
from conformance.target import UsageError


def rule(identifier, family="a", operations=(), cases=None, safety="read-only", **more):
    return Rule(
        identifier,
        more.get("level", Level.MUST),
        family,
        "Statement.",
        "documented",
        "source",
        more.get("stage", "service"),
        lambda kms: None,
        __name__,
        operations=tuple(operations),
        safety=safety,
        tags=tuple(more.get("tags", ())),
        cases=cases,
    )


def operation_cases():
    return [Case(name, name, name) for name in ("Encrypt", "CreateKey", "OpenKmsService")]


RULES = [
    rule("AAA-001", tags=["quick"], operations=["Encrypt"]),
    rule("AAA-002", level=Level.SHOULD, stage="gateway", operations=["ListKeys"]),
    rule("BBB-001", "b", cases=operation_cases),
    rule("BBB-002", "b", operations=["DeleteKeyMaterial"], safety="destructive"),
]


def ids(selectors, target=None):
    return [p.id for p in make_plan(RULES, [Selector.parse(s) for s in selectors], target).cases]


@pytest.mark.parametrize(
    ("selectors", "wanted"),
    [
        (["rule:AAA-*"], ["AAA-001", "AAA-002"]),
        (["rule:AAA-001", "rule:BBB-002"], ["AAA-001", "BBB-002"]),
        (["rule:BBB-001[[]Encrypt]"], ["BBB-001[Encrypt]"]),
        (["operation:Encrypt"], ["AAA-001", "BBB-001[Encrypt]"]),
        (["operation:Encrypt", "family:b"], ["BBB-001[Encrypt]"]),
        (["category:cryptographic"], ["AAA-001", "BBB-001[Encrypt]"]),
        (["tag:quick"], ["AAA-001"]),
        (["level:SHOULD"], ["AAA-002"]),
        (["stage:gateway"], ["AAA-002"]),
        (["case:Create*"], ["BBB-001[CreateKey]"]),
    ],
)
def test_selectors(selectors, wanted):
    assert ids(selectors) == wanted


def test_a_part_that_matches_nothing_is_named():
    with pytest.raises(UsageError, match=r"no tag matches 'quik' \(did you mean 'quick'\?\)"):
        ids(["tag:quik", "family:a"])


def test_parts_that_match_nothing_together():
    with pytest.raises(UsageError, match="all together match none"):
        ids(["tag:quick", "family:b"])


def test_an_unknown_kind_lists_the_known():
    with pytest.raises(UsageError, match="one of rule, case, tag, operation"):
        Selector.parse("colour:red")


def test_unknown_rules_are_named():
    with pytest.raises(UsageError, match=r"unknown rule 'AAA-01'.*did you mean 'AAA-001'"):
        rules_by_id({found.id: found for found in RULES}, ["AAA-01"])


def test_the_safety_level_narrows_the_profile_and_says_so(tmp_path):
    target = target_for(tmp_path, "http://127.0.0.1:1", more='safety = "read-only"')
    plan = make_plan(RULES, [], target)
    assert [p.id for p in plan.cases] == ["AAA-001", "AAA-002", "BBB-001[Encrypt]"]
    assert "safety:read-only" in plan.selection
    assert "raise safety" in plan.excluded[0]


def test_what_may_cost_money_is_left_out_unless_named(tmp_path):
    target = target_for(tmp_path, "http://127.0.0.1:1")
    plan = make_plan(RULES, [], target)
    assert "BBB-001[OpenKmsService]" not in [p.id for p in plan.cases]
    assert "name OpenKmsService in billable" in plan.excluded[0]
    allowed = target_for(tmp_path, "http://127.0.0.1:1", more='billable = ["OpenKmsService"]')
    plan = make_plan(RULES, [], allowed)
    assert "BBB-001[OpenKmsService]" in [p.id for p in plan.cases]
    assert plan.selection == ()


def test_nothing_left_is_refused(tmp_path):
    target = target_for(tmp_path, "http://127.0.0.1:1", more='safety = "read-only"')
    with pytest.raises(UsageError, match="nothing is left to run"):
        make_plan(RULES, [Selector("rule", "BBB-002")], target)
