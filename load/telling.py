"""What a run says on the terminal."""

import time

from load.control import Control
from load.outcome import Outcome
from load.verdict import Check, Verdict, count_of, latency_of
from load.window import Window, summary


def progress(control: Control) -> str:
    """Return a line about the last whole seconds."""
    moment = time.time()
    length = control.options.slice
    # A report may be a second old, so that the last two slices are not yet whole.
    end = moment - 2 * length
    window = Window.between(max(control.started, end - max(5.0, 2 * length)), end, length)
    measured = window.sum(control.collection)
    good = count_of(measured, (Outcome.OK,))
    seconds = window.seconds or 1.0
    latency = latency_of(measured)
    p99 = f"{latency.quantile(0.99) * 1000:.1f} ms" if latency.total else "-"
    total = control.collection.state
    return (
        f"{moment - control.started:5.0f} s  offered {measured.scheduled / seconds:,.0f}/s  "
        f"good {good / seconds:,.0f}/s  p99 {p99}  in flight {total.in_flight}  "
        f"generator {window.processor(control.collection):.0%} of a core"
    )


def verdict_lines(control: Control, verdict: Verdict) -> list[str]:
    """Return the verdict as lines of text."""
    window = control.window()
    measured = window.sum(control.collection)
    figures = summary(measured, window.seconds)
    latency = figures["latency"]
    shown = ", ".join(
        f"{name.replace('_', '.')} {latency[name]:g}"
        for name in ("p50", "p95", "p99", "p99_9")
        if latency[name] is not None
    )
    outcomes = ", ".join(f"{count:,} {name}" for name, count in figures["outcomes"].items())
    lines = [
        (
            f"{control.scenario.id} on {control.target.name} ({control.options.place}, "
            f"{control.options.signing}): {verdict.summary}"
        ),
        (
            f"  {figures['seconds']:g} s judged: offered {figures['offered']:,.1f}/s, achieved "
            f"{figures['achieved']:,.1f}/s, good {figures['goodput']:,.1f}/s"
        ),
        f"  latency from the intended start, ms: {shown or 'none'}",
        f"  outcomes: {outcomes or 'none'}",
    ]
    lines += [f"  {check_line(check)}" for check in verdict.checks]
    lines += [f"  instrument: {fault}" for fault in verdict.faults if fault not in verdict.summary]
    return lines


def check_line(check: Check) -> str:
    """Return one check as a line."""
    word = {"met": "met     ", "broken": "BROKEN  ", "unproven": "unproven"}[check.result]
    sign = ">=" if check.name == "goodput" else "<="
    name = f"{check.subject} {check.name}".replace("_", ".")
    if check.unit == "ms":
        text = f"{word} {name} {check.found:.3g} ms {sign} {check.limit:g} ms"
    else:
        text = f"{word} {name} {check.found:.3%} {sign} {check.limit:.3%}"
    return f"{text} ({check.note})" if check.note else text
