"""Words, signs and order of verdicts, and the sentence that sums up a run.

How a run's exit code follows from its verdicts is the runner's business; here it is only told.
"""

from dataclasses import dataclass

from reports.results import RuleResult, Run
from reports.text import count, one_line


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a verdict is shown: a sign that needs no colour, and what it means."""

    sign: str
    meaning: str


#: From worst to best: what a cell of several cases shows, and the order of every list.
VERDICTS: dict[str, VerdictWords] = {
    "harness-error": VerdictWords("⚙", "the suite's own fault, never blamed on the target"),
    "fail": VerdictWords("✕", "a binding promise is broken"),
    "hang": VerdictWords("∞", "no answer in the time allowed"),
    "flaky": VerdictWords("≈", "failed and passed for the same request"),
    "not-testable": VerdictWords("?", "should be testable and was not; the cause is named"),
    "warn": VerdictWords("!", "a recommendation or an inferred promise is broken"),
    "known": VerdictWords("=", "fails, and the baseline says so"),
    "not-applicable": VerdictWords("–", "not offered by the target, and declined properly"),
    "pass": VerdictWords("✓", "put to the test and kept"),
}

#: Verdicts that say the target broke a binding promise.
BROKEN = ("fail", "hang", "flaky")
#: Verdicts that deserve a place of their own in a report, with evidence.
REPORTED = ("harness-error", *BROKEN, "warn", "known")

OUTCOMES = {
    0: "conformant",
    1: "not conformant",
    2: "nothing was run",
    3: "incomplete",
    4: "harness error",
    5: "stale baseline",
}


def worst(verdicts: frozenset[str] | set[str]) -> str:
    """Return the verdict that a group of cases shows."""
    return next(verdict for verdict in VERDICTS if verdict in verdicts)


def outcome(run: Run) -> str:
    """Return the outcome of a run in one or two words."""
    return "incomplete" if run.footer is None else OUTCOMES[run.footer.exit_code]


def profile(run: Run) -> str:
    """Return the profile with its version: "shared-gateway 1"."""
    return one_line(f"{run.header.profile['name']} {run.header.profile['version']}")


def sentence(run: Run) -> str:
    """Return the verdict of a run in one sentence, the first thing that any report says."""
    footer = run.footer
    if footer is None:
        return f"Incomplete: the run was cut short after {_of_planned(run)}; it proves nothing."
    broken = [result for result in run.results if result.verdict in BROKEN]
    untested = [r for r in run.results if r.verdict == "not-testable" and r.gates]
    errors = sum(result.verdict == "harness-error" for result in run.results)
    match footer.exit_code:
        case 0:
            text = f"Conformant: every MUST of {profile(run)}{_narrowed(run)} is kept"
            return text + _exceptions(run) + "."
        case 1:
            also = f"; {count(len(untested), 'MUST case')} not testable" if untested else ""
            return f"Not conformant to {profile(run)}{_narrowed(run)}: {_broken(broken)}{also}."
        case 2:
            return f"Nothing was run: {_reason(run, 'see the notes')}."
        case 3:
            why = f"{count(len(untested), 'MUST case')} could not be tested" if untested else ""
            why = why or f"{_of_planned(run)} run"
            reason = f" ({one_line(footer.stop_reason)})" if footer.stop_reason else ""
            return f"Incomplete: {why}{reason}; conformance is neither shown nor refuted."
        case 4:
            ended = f"{count(errors, 'case')} ended by the suite's own fault"
            also = f"; {_broken(broken)}" if broken else ""
            return f"Harness error: {ended if errors else _reason(run, 'see the notes')}{also}."
        case _:
            stale = count(len(footer.stale), "baseline entry", "baseline entries")
            return f"Conformant but for the baseline: {stale} no longer fail or have expired."


def _broken(results: list[RuleResult]) -> str:
    rules = len({result.rule for result in results})
    return f"{count(rules, 'rule')} broken in {count(len(results), 'case')}"


def _narrowed(run: Run) -> str:
    return ", as far as selected," if run.header.selection else ""


def _exceptions(run: Run) -> str:
    """Name what "conformant" leaves aside."""
    verdicts = [result.verdict for result in run.results]
    known, declined = verdicts.count("known"), verdicts.count("not-applicable")
    parts = [f"{count(known, 'case')} known"] if known else []
    parts += [f"{count(declined, 'case')} not applicable"] if declined else []
    return f" ({', '.join(parts)})" if parts else ""


def _of_planned(run: Run) -> str:
    done = len(run.results)
    planned = run.header.planned
    return f"{done:,} of {count(planned, 'case')}" if planned else count(done, "case")


def _reason(run: Run, otherwise: str) -> str:
    reason = run.footer.stop_reason if run.footer else None
    return one_line(reason).rstrip(".") if reason else otherwise
