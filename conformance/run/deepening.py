"""Lets searches go on while a run has time: each round with twice the examples and other seeds."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.run.engine import Engine
    from conformance.run.judging import CaseResult

#: Examples of a property in a quick run.
QUICK_EXAMPLES = 3
#: Rounds after which a search has seen enough of its kind.
_ROUNDS = 10


def search_on(engine: "Engine") -> None:
    """Use what is left of the budget for the searches that found nothing; record them all."""
    searches, engine.searches = engine.searches, []
    try:
        searches = _rounds(engine, searches)
    finally:
        for result in searches:
            engine.record(result)


def _rounds(engine: "Engine", searches: "list[CaseResult]") -> "list[CaseResult]":
    budget = engine.options.budget
    if budget is None or not searches:
        return searches
    end = engine.started + budget
    examples = 0
    for number in range(1, _ROUNDS + 1):
        # Short searches first, so that none waits for one that takes all the time.
        for place, result in sorted(enumerate(searches), key=lambda each: each[1].seconds):
            lasts = 2 * result.seconds / max(1, result.attempts)
            if engine.stop_reason is not None or time.monotonic() + lasts > end:
                continue
            deeper = _once_more(engine, result, number)
            searches[place] = deeper
            examples = max(examples, engine.options.examples * 2**number)
        searches = [result for result in searches if not _found(engine, result)]
    if examples:
        engine.recorder.note(
            "info", f"{len(searches)} searches went on, with up to {examples} examples each"
        )
    return searches


def _found(engine: "Engine", result: "CaseResult") -> bool:
    """Record a search that has found something."""
    if result.verdict.value == "pass":
        return False
    engine.record(result)
    return True


def _once_more(engine: "Engine", result: "CaseResult", number: int) -> "CaseResult":
    bench, options = engine.bench, engine.options
    bench.seed, bench.examples = options.seed + number, options.examples * 2**number
    try:
        deeper, _ = engine.judge(result.planned)
    finally:
        bench.seed, bench.examples = options.seed, options.examples
    if deeper.verdict.value != "pass":
        repeat = f"repeat it with --seed {options.seed + number}"
        repeat += f" --examples {options.examples * 2**number}"
        deeper = replace(deeper, message=f"{deeper.message} ({repeat})")
    return deeper
