"""Writes what happens in a run: header, rule events with their evidence, notes, footer."""

import platform
import shlex
import ssl
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from conformance.client.curl import curl_command
from conformance.client.redact import Redactor
from conformance.run.baseline import Entry
from conformance.run.events import ResultsFolder, time_text
from conformance.run.evidence import evidence_document, evidence_id
from conformance.run.judging import CaseResult
from conformance.run.planning import Plan
from conformance.target.model import Target

#: Exchanges of a case that are kept as evidence, the last ones.
EVIDENCE_KEPT = 12


def suite_version() -> str:
    """Return the version of the installed suite."""
    try:
        return version("kms-conformance")
    except PackageNotFoundError:
        return "0"


@dataclass(frozen=True)
class Recorder:
    """Writes one run's events into its folder, redacted; without a folder it writes nothing.

    Attributes:
        folder: Where to.
        redactor: Knows the secrets.
        target: What is under test.
        replay: Options of the command that repeats a case: target and seed.
    """

    folder: ResultsFolder | None
    redactor: Redactor
    target: Target
    replay: tuple[str, ...]

    def write(self, event: Mapping[str, Any]) -> None:
        """Append an event that holds no secret."""
        if self.folder is not None:
            self.folder.write(event)

    def header(
        self,
        plan: Plan,
        *,
        profile: tuple[str, str],
        seed: int,
        command: str,
        baseline: str | None,
    ) -> None:
        """Write what the run is about."""
        self.write(
            {
                "event": "header",
                "schema": 1,
                "suite": suite_version(),
                "profile": {"name": profile[0], "version": profile[1]},
                "target": self.target.name,
                "region": self.target.region,
                "started": time_text(),
                "seed": seed,
                "selection": list(plan.selection),
                "gateways": {
                    name: dict(gateway.listeners) for name, gateway in self.target.gateways.items()
                },
                "safety": self.target.safety,
                "command": command,
                "planned": len(plan.cases),
                "baseline": baseline,
                "environment": {
                    "python": sys.version.split()[0],
                    "platform": platform.platform(),
                    "openssl": ssl.OPENSSL_VERSION,
                },
            }
        )

    def note(self, level: str, message: str) -> None:
        """Write a note."""
        text = self.redactor.text(message)
        self.write({"event": "note", "level": level, "message": text, "time": time_text()})

    def rule(self, result: CaseResult, entry: Entry | None) -> None:
        """Write how a case ended, with evidence where any is kept."""
        if self.folder is None:
            return
        planned = result.planned
        rule, name = planned.rule, planned.case.name if planned.case is not None else None
        evidence: list[str] = []
        curl: str | None = None
        if result.exchanges:
            evidence, curl = self._evidence(self.folder, result, name)
        accepted = None
        if entry is not None:
            accepted = {
                "reason": entry.reason,
                "owner": entry.owner,
                "expires": entry.expires.isoformat(),
            }
        self.write(
            {
                "event": "rule",
                "rule": rule.id,
                "case": name,
                "family": rule.family,
                "operation": planned.operation,
                "level": rule.level.value,
                "provenance": rule.provenance,
                "source": rule.source,
                "statement": rule.statement,
                "stage": rule.stage,
                "verdict": result.verdict.value,
                "message": self.redactor.text(result.message) if result.message else None,
                "seconds": round(result.seconds, 6),
                "attempts": result.attempts,
                "exchanges": evidence,
                "readings": result.readings,
                "replay": shlex.join(["kms-conformance", "replay", planned.id, *self.replay]),
                "curl": curl,
                "tags": list(rule.tags),
                "cells": list(planned.cells),
                "baseline": accepted,
            }
        )

    def _evidence(
        self, folder: ResultsFolder, result: CaseResult, case: str | None
    ) -> tuple[list[str], str | None]:
        identifiers: list[str] = []
        curl: str | None = None
        kept = result.exchanges[-EVIDENCE_KEPT:]
        for number, exchange in enumerate(kept, 1):
            identifier = evidence_id(result.planned.id, number)
            curl = curl_command(exchange, self.redactor, self.target.path)
            document = evidence_document(
                identifier,
                exchange,
                self.redactor,
                rule=result.planned.rule.id,
                case=case,
                curl=curl,
            )
            folder.write_evidence(identifier, document)
            identifiers.append(identifier)
        return identifiers, curl

    def footer(
        self,
        results: Iterable[CaseResult],
        *,
        seconds: float,
        exit_code: int,
        complete: bool,
        stop_reason: str | None,
        requests: int,
        stale: list[str],
        left: list[str],
    ) -> None:
        """Write the sums that show that the run came to its end."""
        counts: Counter[str] = Counter()
        readings: dict[str, Counter[str]] = {}
        for result in results:
            counts[result.verdict.value] += 1
            for reading, option in result.readings.items():
                readings.setdefault(reading, Counter())[option] += 1
        self.write(
            {
                "event": "footer",
                "finished": time_text(),
                "seconds": round(seconds, 3),
                "counts": dict(sorted(counts.items())),
                "exit_code": exit_code,
                "complete": complete,
                "stop_reason": None if stop_reason is None else self.redactor.text(stop_reason),
                "readings": {name: dict(options) for name, options in sorted(readings.items())},
                "requests": requests,
                "stale": stale,
                "left": [self.redactor.text(sentence) for sentence in left],
            }
        )
