"""Runs planned cases against a target and writes what happens.

The pytest plugin and everything else that runs rules goes through an `Engine`:

    with Engine(target, options, plan) as engine:
        for planned in plan.cases:
            engine.run(planned)
    engine.exit_code
"""

import secrets as randomness
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.client.redact import Redactor
from conformance.client.resources.base import Names, Resources
from conformance.run.context import Bench, Kms
from conformance.run.events import ResultsFolder, time_text
from conformance.run.evidence import evidence_document, evidence_id
from conformance.run.judging import CaseResult, Exit, exit_code, message_of, verdict_of
from conformance.run.planning import Plan, PlannedCase
from conformance.run.verdict import Hang, Outcome, TransportProblem, Verdict, Violation
from conformance.target.model import Target

#: Exchanges of a case that are kept as evidence, the last ones.
EVIDENCE_KEPT = 12


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a user chose for a run.

    Attributes:
        results: Folder to write into; None writes nothing.
        seed: Decides every random choice.
        examples: Generated examples for each property.
        time_budget: Seconds for the whole run.
        profile: Name and version of the profile.
        command: Command line that repeats the run.
    """

    results: Path | None = None
    seed: int = 0
    examples: int = 20
    time_budget: float = 900.0
    profile: tuple[str, str] = ("all", "0")
    command: str = "kms-conformance run"
    baseline: str | None = None


def suite_version() -> str:
    """Return the version of the installed suite."""
    try:
        return version("kms-conformance")
    except PackageNotFoundError:
        return "0"


@dataclass
class Engine:
    """One run: a target, its options and plan, and the results so far."""

    target: Target
    options: RunOptions
    plan: Plan
    results: list[CaseResult] = field(default_factory=list)
    stop_reason: str | None = None

    def __post_init__(self) -> None:
        self.run_id = randomness.token_hex(4)
        credentials = self.target.identities.values()
        secrets = [credential.secret for credential in credentials]
        secrets += [getattr(credential, "token", "") for credential in credentials]
        self.redactor = Redactor(secrets)
        self.caller = Caller(self.target)
        names = Names(self.run_id)
        self.bench = Bench(
            target=self.target,
            caller=self.caller,
            names=names,
            resources=Resources(self.caller, names),
            seed=self.options.seed,
            examples=self.options.examples,
        )
        self.folder: ResultsFolder | None = None
        self._started = time.monotonic()
        self._closed = False

    def __enter__(self) -> "Engine":
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def exit_code(self) -> Exit:
        """Exit code as things stand."""
        return exit_code(self.results, stopped=self.stop_reason is not None)

    def open(self) -> None:
        """Open the results and write their header."""
        if self.options.results is not None:
            self.folder = ResultsFolder(self.options.results)
        self._started = time.monotonic()
        self._write(self._header())
        for sentence in self.plan.excluded:
            self.note("info", sentence)

    def close(self) -> None:
        """Remove what was made, write the footer."""
        if self._closed:
            return
        self._closed = True
        self._write(self._footer())
        self.caller.close()
        if self.folder is not None:
            self.folder.close()

    def note(self, level: str, message: str) -> None:
        """Write a note into the results."""
        text = self.redactor.text(message)
        self._write({"event": "note", "level": level, "message": text, "time": time_text()})

    def run(self, planned: PlannedCase) -> CaseResult:
        """Put one case to the test, repeat a failure once, record the result."""
        started = time.monotonic()
        outcome, kms = self._attempt(planned)
        attempts = 1
        if isinstance(outcome, Violation | Hang | TransportProblem):
            again, kms_again = self._attempt(planned)
            attempts = 2
            outcome, kms = _decide((outcome, kms), (again, kms_again))
        result = CaseResult(
            planned=planned,
            verdict=_verdict(planned, outcome),
            message=message_of(outcome),
            seconds=time.monotonic() - started,
            attempts=attempts,
            exchanges=_evidence(outcome, kms),
            readings=dict(kms.readings),
        )
        self.results.append(result)
        self._record(result)
        return result

    def _attempt(self, planned: PlannedCase) -> tuple[Exception | None, Kms]:
        kms = Kms(self.bench, planned.id)
        end = time.monotonic() + self.target.case_timeout
        self.caller.case_end = min(end, self._started + self.options.time_budget)
        try:
            kms.require(*planned.rule.needs)
            if planned.case is None:
                planned.rule.check(kms)
            else:
                planned.rule.check(kms, planned.case.value)
        except Exception as error:  # noqa: BLE001 - every end of a check becomes a verdict
            return error, kms
        finally:
            self.caller.case_end = float("inf")
            for exchange in kms.exchanges:
                self.redactor.learn(exchange)
        return None, kms

    # --- events -------------------------------------------------------------------------------

    def _write(self, event: Mapping[str, Any]) -> None:
        if self.folder is not None:
            self.folder.write(event)

    def _header(self) -> dict[str, Any]:
        options = self.options
        return {
            "event": "header",
            "schema": 1,
            "suite": suite_version(),
            "profile": {"name": options.profile[0], "version": options.profile[1]},
            "target": self.target.name,
            "region": self.target.region,
            "started": time_text(),
            "seed": options.seed,
            "selection": list(self.plan.selection),
            "gateways": {
                name: dict(gateway.listeners) for name, gateway in self.target.gateways.items()
            },
            "safety": self.target.safety,
            "command": options.command,
            "planned": len(self.plan.cases),
            "baseline": options.baseline,
            "environment": _environment(),
        }

    def _footer(self) -> dict[str, Any]:
        counts = Counter(result.verdict.value for result in self.results)
        readings: dict[str, Counter[str]] = {}
        for result in self.results:
            for reading, option in result.readings.items():
                readings.setdefault(reading, Counter())[option] += 1
        return {
            "event": "footer",
            "finished": time_text(),
            "seconds": round(time.monotonic() - self._started, 3),
            "counts": dict(sorted(counts.items())),
            "exit_code": int(self.exit_code),
            "complete": self.stop_reason is None and len(self.results) == len(self.plan.cases),
            "stop_reason": self.stop_reason,
            "readings": {name: dict(options) for name, options in sorted(readings.items())},
            "requests": self.caller.sent,
        }

    def _record(self, result: CaseResult) -> None:
        if self.folder is None:
            return
        rule, case = result.planned.rule, result.planned.case
        name = case.name if case is not None else None
        identifiers = []
        if result.verdict is not Verdict.PASS:
            kept = result.exchanges[-EVIDENCE_KEPT:]
            for number, exchange in enumerate(kept, 1):
                identifier = evidence_id(result.planned.id, number)
                document = evidence_document(
                    identifier, exchange, self.redactor, rule=rule.id, case=name, curl=None
                )
                self.folder.write_evidence(identifier, document)
                identifiers.append(identifier)
        message = self.redactor.text(result.message) if result.message else None
        self._write(
            {
                "event": "rule",
                "rule": rule.id,
                "case": name,
                "family": rule.family,
                "operation": result.planned.operation,
                "level": rule.level.value,
                "provenance": rule.provenance,
                "source": rule.source,
                "statement": rule.statement,
                "stage": rule.stage,
                "verdict": result.verdict.value,
                "message": message,
                "seconds": round(result.seconds, 6),
                "attempts": result.attempts,
                "exchanges": identifiers,
                "readings": result.readings,
                "replay": None,
                "curl": None,
                "tags": list(rule.tags),
            }
        )


def _verdict(planned: PlannedCase, outcome: Exception | None) -> Verdict:
    return verdict_of(planned.rule, outcome)


def _decide(
    first: tuple[Exception | None, Kms], second: tuple[Exception | None, Kms]
) -> tuple[Exception | None, Kms]:
    """Choose between two attempts: what failed and then passed is inconsistent."""
    from conformance.run.verdict import Inconsistent

    outcome, kms = first
    if second[0] is not None:
        return second if isinstance(second[0], Violation) else first
    if isinstance(outcome, TransportProblem):
        return second
    assert isinstance(outcome, Outcome)
    return Inconsistent(
        f"passed when repeated; at first: {outcome.message}", outcome.exchanges
    ), kms


def _evidence(outcome: Exception | None, kms: Kms) -> tuple[Exchange, ...]:
    if outcome is None:
        return ()
    decisive = outcome.exchanges if isinstance(outcome, Outcome) else ()
    rest = [exchange for exchange in kms.exchanges if exchange not in decisive]
    return (*rest, *decisive)


def _environment() -> dict[str, str]:
    import platform
    import ssl

    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "openssl": ssl.OPENSSL_VERSION,
        "time": datetime.now(UTC).strftime("%Z"),
    }
