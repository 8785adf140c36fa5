"""``kms-conformance explain RULE``: what a rule states, why, and how it asks."""

import argparse
import json
import shlex
from typing import Any

from conformance.target.problems import UsageError


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("explain", help="explain a rule and how to accept its failure")
    parser.add_argument("rule", metavar="RULE", help="rule id, or RULE-ID[case]")
    parser.set_defaults(handler=explain)


def explain(arguments: argparse.Namespace) -> int:
    """Print everything about one rule."""
    from conformance.run.planning import expand, rules_by_id
    from conformance.run.registry import Rule, load_rules

    identifier, _, case = arguments.rule.removesuffix("]").partition("[")
    rule: Rule = rules_by_id(load_rules(), [identifier])[0]
    cases = expand(rule) if rule.cases is not None else []
    names = [planned.case.name for planned in cases if planned.case is not None]
    if case and case not in names:
        raise UsageError(f"rule {identifier} has no case {case!r}; it has {_some(names)}")
    gates = "a violation makes a target non-conformant" if rule.gates else "a violation warns"
    rows = {
        "level": f"{rule.level.value} ({gates})",
        "family": rule.family,
        "provenance": rule.provenance,
        "source": rule.source,
        "stage": rule.stage,
        "operations": ", ".join(rule.operations) or "any",
        "needs": ", ".join(rule.needs) or "nothing beyond the identity full",
        "safety": rule.safety,
        "readings": ", ".join(rule.readings),
        "cells": ", ".join(rule.cells),
        "tags": ", ".join(rule.tags),
        "cases": _some(names) if names else "",
        "check": f"{rule.module}.{rule.check.__name__}",
    }
    print(f"{rule.id}: {rule.statement}\n")
    for name, text in rows.items():
        if text:
            print(f"  {name:<12} {text}")
    note = (rule.check.__doc__ or "").strip()
    if note:
        print(f"\n  {note}")
    operation = next((p.operation for p in cases if case and p.case and p.case.name == case), None)
    _print_request(operation or (rule.operations[0] if rule.operations else None))
    _print_acceptance(rule.id, case or None)
    return 0


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _print_request(name: str | None) -> None:
    from conformance.spec import catalogue
    from conformance.spec.variants import variants

    if name is None or name not in catalogue().operations:
        return
    operation = catalogue().operations[name]
    given: list[Any] = [e for e in operation.examples.get("request", []) if isinstance(e, dict)]
    params = given[0].get("params", given[0]) if given else _first_variant(variants(operation))
    print("\nExample request (<bundle.attribute> stands for a real thing of the target):\n")
    pairs = [
        f"--pair {shlex.quote(f'{key}={value if isinstance(value, str) else json.dumps(value)}')}"
        for key, value in params.items()
    ]
    print("  " + " \\\n    ".join([f"kms-conformance sign --target TARGET.toml {name}", *pairs]))
    print("    | curl --silent --include --config -")


def _first_variant(found: Any) -> dict[str, Any]:
    from conformance.spec.placeholders import map_resources

    for variant in found:
        if variant.polarity == "positive":
            named: dict[str, Any] = map_resources(variant.params, str)
            return named
    return {}


def _print_acceptance(rule: str, case: str | None) -> None:
    entry = {"rule": rule} if case is None else {"rule": rule, "case": case}
    words = {"reason": "why it is accepted", "owner": "who answers for it", "expires": "2027-06-30"}
    print("\nTo accept a failure, put this entry into a baseline and run with --baseline FILE:\n")
    print("  " + json.dumps({**entry, **words}))
    print("\nor let the results of a run write the entries of all its failures:\n")
    print(
        "  kms-conformance baseline update RESULTS --baseline FILE --reason WHY --owner WHO "
        "--expires 2027-06-30"
    )
