"""``kms-conformance list``: the rules there are."""

import argparse
import json
from typing import Any

from conformance.commands._selecting import add_selectors, selectors


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("list", help="list rules, or their cases")
    parser.add_argument("--cases", action="store_true", help="list every case")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--profile", metavar="NAME", help="rules of a profile only")
    add_selectors(parser)
    parser.set_defaults(handler=list_rules)


def list_rules(arguments: argparse.Namespace) -> int:
    """Print the rules that match."""
    from conformance.run.planning import make_plan
    from conformance.run.profiles import find_profile, rules_of
    from conformance.run.recording import suite_version
    from conformance.run.registry import load_rules

    profile = find_profile(arguments.profile or "all", suite_version())
    plan = make_plan(rules_of(profile, load_rules()), selectors(arguments), None)
    if arguments.cases and not arguments.json:
        for planned in plan.cases:
            print(planned.id)
        return 0
    counts: dict[str, int] = {}
    for planned in plan.cases:
        counts[planned.rule.id] = counts.get(planned.rule.id, 0) + 1
    rules = {planned.rule.id: planned.rule for planned in plan.cases}
    if arguments.json:
        print(json.dumps([_document(rule, counts[rule.id]) for rule in rules.values()], indent=2))
        return 0
    for rule in rules.values():
        number = counts[rule.id]
        cases = f" [{number} cases]" if rule.cases is not None else ""
        print(f"{rule.id:<14} {rule.level.value:<7} {rule.family:<16} {rule.statement}{cases}")
    return 0


def _document(rule: Any, cases: int) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "level": rule.level.value,
        "family": rule.family,
        "statement": rule.statement,
        "provenance": rule.provenance,
        "source": rule.source,
        "stage": rule.stage,
        "operations": list(rule.operations),
        "needs": list(rule.needs),
        "safety": rule.safety,
        "tags": list(rule.tags),
        "readings": list(rule.readings),
        "cells": list(rule.cells),
        "cases": cases,
    }
