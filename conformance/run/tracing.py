"""Renews the record of what the suite tests: a whole run against the embedded endpoint."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import specs
from conformance.run.engine import Engine, RunOptions
from conformance.run.planning import make_plan
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict
from conformance.target.embedded import embedded_target
from conformance.target.problems import UsageError

_COMMENT = (
    "Record of a whole run on the embedded endpoint: each promise with the rules that proved it. "
    "Made by kms-conformance coverage --update; not to be edited by hand."
)


def renew() -> None:
    """Run every rule and write specs/traceability.json.

    Raises:
        UsageError: When a rule that gates fails, the endpoint stops, or specs cannot be written.
    """
    with embedded_target() as started:
        # A record is no measurement: a busy machine may take its time.
        target = replace(started, timeout=120.0, case_timeout=900.0)
        plan = make_plan(load_rules().values(), (), target)
        with Engine(target, plan, RunOptions(ephemeral=True, time_budget=3600)) as engine:
            for number, result in enumerate(engine.iterate(), 1):
                if number % 200 == 0:
                    print(f"{number} of {len(engine.plan.cases)} cases", file=sys.stderr)
                if result.verdict in {Verdict.FAIL, Verdict.HANG, Verdict.HARNESS_ERROR}:
                    raise UsageError(f"{result.planned.id}: {result.verdict} {result.message}")
        if engine.stop_reason is not None:
            raise UsageError(f"the run stopped: {engine.stop_reason}")
    document = {
        "$schema": "kms:meta/traceability",
        "$comment": _COMMENT,
        "promises": {promise: list(rules) for promise, rules in engine.proofs.view().items()},
    }
    path = Path(str(specs.root())) / "traceability.json"
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from None
    print(path)
