"""Judges a long run: its limits, and what drifted."""

from typing import Any

from load import endurance
from load.conclude import leave
from load.control import Control
from load.verdict import ExitCode, Verdict


def conclude(control: Control, interruption: str | None) -> int:
    """Judge the run as a whole and its drift; write what it leaves."""
    verdict = control.verdict(interruption)
    window = control.window()
    found = endurance.inside(endurance.points(control), control, window)
    checks, figures = endurance.drift(found, control.objectives)
    outages = endurance.outages(found, control.options.slice)
    words = endurance.drift_in_words(figures, window.seconds)
    words += [
        f"From second {outage['start']:.0f} on most requests failed, for {outage['seconds']:g} s."
        for outage in outages
    ]
    broken = [check for check in checks if check.result == "broken"]
    together = (*verdict.checks, *checks)
    if verdict.code is ExitCode.MET and broken:
        names = ", ".join(check.name for check in broken)
        verdict = Verdict(ExitCode.NOT_MET, f"not met: {names}", together)
    elif verdict.code is ExitCode.MET and any(check.result == "unproven" for check in checks):
        note = next(check.note for check in checks if check.result == "unproven")
        verdict = Verdict(
            ExitCode.NOTHING_PROVEN, f"nothing proven: {note}", together, reasons=(note,)
        )
    else:
        verdict = Verdict(verdict.code, verdict.summary, together, verdict.faults, verdict.reasons)
    extras: dict[str, Any] = {"soak": {"drift": figures, "outages": outages, "words": words}}
    return leave(control, verdict, extras, tuple(f"  {sentence}" for sentence in words))
