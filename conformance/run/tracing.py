"""Renews the record of what the suite tests: a whole run against the embedded endpoint."""

import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import specs
from conformance.run.engine import Engine, RunOptions
from conformance.run.planning import Selector, make_plan
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict
from conformance.spec.promises import promises
from conformance.spec.traceability import Record, recorded
from conformance.target.embedded import embedded_target
from conformance.target.problems import UsageError

_COMMENT = (
    "Record of a whole run on the embedded endpoint: each promise with the rules that proved it. "
    "Made by kms-conformance coverage --update; not to be edited by hand."
)


def renew(patterns: Sequence[str] = ()) -> None:
    """Run rules and write specs/traceability.json.

    Args:
        patterns: Shell patterns of the rules to run, whose part of the record is made anew; all
            when there are none.

    Raises:
        UsageError: When a rule that gates fails, the endpoint stops, or specs cannot be written.
    """
    with embedded_target() as started:
        # A record is no measurement: a busy machine may take its time.
        target = replace(started, timeout=120.0, case_timeout=900.0)
        chosen = [Selector("rule", pattern) for pattern in patterns]
        plan = make_plan(load_rules().values(), chosen, target)
        with Engine(target, plan, RunOptions(ephemeral=True, time_budget=3600)) as engine:
            for number, result in enumerate(engine.iterate(), 1):
                if number % 200 == 0:
                    print(f"{number} of {len(engine.plan.cases)} cases", file=sys.stderr)
                if result.verdict in {Verdict.FAIL, Verdict.HANG, Verdict.HARNESS_ERROR}:
                    raise UsageError(f"{result.planned.id}: {result.verdict} {result.message}")
        if engine.stop_reason is not None:
            raise UsageError(f"the run stopped: {engine.stop_reason}")
    anew = {planned.rule.id for planned in engine.plan.cases}
    document = {
        "$schema": "kms:meta/traceability",
        "$comment": _COMMENT,
        "promises": merged(recorded(), engine.proofs.view(), anew if patterns else None),
    }
    path = Path(str(specs.root())) / "traceability.json"
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from None
    print(path)


def merged(old: Record, new: Record, anew: Collection[str] | None) -> dict[str, list[str]]:
    """Return a record in which some rules are told anew, all of them when ``anew`` is None."""
    known = load_rules()
    found: dict[str, set[str]] = {}
    for promise, rules in old.items() if anew is not None else ():
        kept = {rule for rule in rules if rule in known and rule not in (anew or ())}
        if kept and promise in promises():
            found[promise] = kept
    for promise, rules in new.items():
        found.setdefault(promise, set()).update(rules)
    return {promise: sorted(found[promise]) for promise in sorted(found)}
