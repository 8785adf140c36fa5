"""What a run leaves in ``results.json``: all that reports and comparisons need, no secret."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from math import isnan
from pathlib import Path
from typing import Any

from load.control import Control
from load.failures import LoadError
from load.histogram import Histogram
from load.outcome import Outcome
from load.record import Slice
from load.scenarios import promises
from load.verdict import Verdict, count_of, latency_of
from load.window import Window, outcomes, quantiles_ms, summary

SCHEMA = 1
#: Points of a quantile curve: ten for each power of ten of 1/(1-q).
_CURVE = tuple(1 - 10 ** (-step / 10) for step in range(1, 51))


def document(
    control: Control, verdict: Verdict, extras: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the results of a run as plain data.

    Args:
        control: After the end of the run.
        verdict: What it proved.
        extras: Further members, such as the steps of a capacity search.
    """
    window = control.window()
    measured = window.sum(control.collection)
    return {
        "$schema": "kms:meta/load-result",
        "schema": SCHEMA,
        "suite": version("kms-conformance"),
        "kind": control.options.kind,
        "command": control.command,
        "started": _iso(control.started),
        "ended": _iso(control.ended or control.started),
        "scenario": {
            "id": control.scenario.id,
            "title": control.scenario.title,
            "group": control.scenario.group,
            "mix": dict(control.scenario.mix),
        },
        "target": {
            "name": control.target.name,
            "url": control.place.address.url,
            "gateway": control.options.place,
            "scheme": control.options.signing,
        },
        "options": _options(control),
        "objectives": control.objectives.pack(),
        "promises": [
            {"id": p.id, "rate": p.rate, "provenance": p.provenance, "source": p.source}
            for p in promises(control.options.place, control.scenario.group)
        ],
        "window": {"start": window.start, "seconds": window.seconds},
        "verdict": _verdict(verdict),
        "summary": summary(measured, window.seconds),
        "operations": _operations(measured),
        "instrument": _instrument(control, window, measured),
        "target_process": _target_process(control, window),
        "causes": [
            {"operation": operation, "outcome": outcome, "cause": cause, "count": count}
            for (
                operation,
                outcome,
                cause,
            ), count in control.collection.total().causes.most_common()
        ],
        "series": series(control),
        "histograms": _histograms(measured),
        **(extras or {}),
    }


def write(folder: Path, results: Mapping[str, Any]) -> Path:
    """Write results.json.

    Raises:
        LoadError: When it cannot be written; what was measured has been printed by then.
    """
    path = folder / "results.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise LoadError(
            f"{path} could not be written ({error.strerror}): free some space or choose another "
            "folder with --results"
        ) from None
    return path


def read(path: Path) -> dict[str, Any]:
    """Read results, given the file or its folder.

    Raises:
        LoadError: When they are not there or not results of this schema.
    """
    from conformance.target.checking import complaint

    file = path / "results.json" if path.is_dir() else path
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LoadError(f"the load results {file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise LoadError(f"{file} is not JSON: give the results.json of a load run") from None
    problem = complaint("meta/load-result.schema", results)
    if problem is not None:
        raise LoadError(f"{file} holds no load results of this version: {problem}")
    found: dict[str, Any] = results
    return found


def series(control: Control) -> list[dict[str, Any]]:
    """Return what happened in each slice, with seconds counted from the start."""
    length = control.options.slice
    looks = control.observer.memory(0, float("inf"))
    found = []
    for index, piece in control.collection.series().items():
        start = index * length
        latency = latency_of(piece)
        inside = [memory for moment, memory in looks.items() if start <= moment < start + length]
        found.append(
            {
                "second": round(start - control.started, 3),
                "scheduled": piece.scheduled,
                "good": count_of(piece, (Outcome.OK,)),
                "dropped": piece.dropped,
                "outcomes": outcomes(piece),
                "p50": _ms(latency, 0.5),
                "p95": _ms(latency, 0.95),
                "p99": _ms(latency, 0.99),
                "max": _ms(latency, 1.0),
                "generator": round(piece.busy / piece.span, 3) if piece.span else None,
                "target": _rounded(control.observer.share(start - 1, start + length)),
                "memory": inside[-1] if inside else None,
            }
        )
    return found


def curve(histogram: Histogram) -> list[tuple[float, float]]:
    """Return points (quantile, milliseconds) as far as the samples reach."""
    if not histogram.total:
        return []
    reach = [q for q in _CURVE if (1 - q) * histogram.total >= 1]
    return [(q, value * 1000) for q, value in zip(reach, histogram.quantiles(reach), strict=True)]


def _options(control: Control) -> dict[str, Any]:
    left_out = {"target", "results", "slo", "allow_remote", "cost", "command"}
    return {name: value for name, value in control.options.pack().items() if name not in left_out}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "code": int(verdict.code),
        "summary": verdict.summary,
        "checks": [
            {
                "subject": check.subject,
                "name": check.name,
                "limit": check.limit,
                "found": _number(check.found),
                "result": check.result,
                "unit": check.unit,
                "note": check.note,
            }
            for check in verdict.checks
        ],
        "faults": list(verdict.faults),
        "reasons": list(verdict.reasons),
    }


def _operations(measured: Slice) -> dict[str, Any]:
    names = sorted({operation for operation, _ in measured.cells})
    return {
        name: {
            "outcomes": {
                outcome: cell.latency.total
                for (operation, outcome), cell in sorted(measured.cells.items())
                if operation == name
            },
            "latency": quantiles_ms(latency_of(measured, name)),
        }
        for name in names
    }


def _instrument(control: Control, window: Window, measured: Slice) -> dict[str, Any]:
    instrument = control.instrument(window)
    state = instrument.state
    return {
        "workers": len(control.lives),
        "lost": list(instrument.lost),
        "connections": instrument.connections,
        "processor": round(instrument.processor, 4),
        "counts": {
            "scheduled": state.scheduled,
            "completed": state.completed,
            "dropped": state.dropped,
            "in_flight": state.in_flight,
            "adds_up": state.adds_up,
        },
        "late": measured.late,
        "waited": measured.waited,
        "dropped": measured.dropped,
        "missed": round((measured.late + measured.dropped) / max(1, measured.scheduled), 6),
        "retries": measured.retries,
        "reopened": measured.reopened,
        "checked": measured.checked,
        "refuted": measured.refuted,
        "lag": quantiles_ms(measured.lag),
        "wait": quantiles_ms(measured.wait),
    }


def _target_process(control: Control, window: Window) -> dict[str, Any] | None:
    memory = control.observer.memory(window.start, window.end)
    if not memory:
        return None
    moments = sorted(memory)
    return {
        "processor": _rounded(control.observer.share(window.start, window.end)),
        "memory_first": memory[moments[0]],
        "memory_last": memory[moments[-1]],
    }


def _histograms(measured: Slice) -> dict[str, Any]:
    """Return the measured histograms in the HDR V2 log format, microseconds, with their curves."""
    found: dict[str, Any] = {
        "latency": {},
        "service": {},
        "curve": curve(latency_of(measured)),
        "service_curve": [],
    }
    service = Histogram()
    for (operation, outcome), cell in sorted(measured.cells.items()):
        found["latency"][f"{operation} {outcome}"] = cell.latency.encode()
        found["service"][f"{operation} {outcome}"] = cell.service.encode()
        service.add(cell.service)
    found["service_curve"] = curve(service)
    return found


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _ms(histogram: Histogram, q: float) -> float | None:
    return round(histogram.quantile(q) * 1000, 3) if histogram.total else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _number(value: float) -> float | None:
    return None if isnan(value) else round(value, 6)
