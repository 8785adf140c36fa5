"""What the rules say of each deviation of the second endpoint.

    python tests/second/audit.py [--only PATTERN] [--harmless] [--out FILE]

Prints a line a fault: the rules that fail, that warn, and what went wrong in the suite itself.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
sys.path.insert(0, str(Path(__file__).parent))

import deviation
from harness import opened, planned, rules
from server import running
from test_second_endpoint import target_file

from conformance.run.planning import PlannedCase
from conformance.run.verdict import Verdict
from conformance.target import load_target

#: Case id to verdict and message, for what is neither a pass nor not applicable.
Told = dict[str, tuple[str, str]]
QUIET = (Verdict.PASS, Verdict.NOT_APPLICABLE)
#: Rules about another gateway, which this endpoint is not.
DEDICATED = ("CELL-", "INS-", "AAP-", "AGT-", "NET-")
PLAIN: Told = {}
REPORTED = (Verdict.FAIL, Verdict.HANG, Verdict.FLAKY)
#: Seconds for one fault.
PATIENCE = 60
#: Seconds for all cases.
LONGEST = 200


def cases_of(fault: deviation.Deviation | None = None) -> list[PlannedCase]:
    """Return all cases, or those that look at what a fault is about, the likely ones first."""
    wanted = list(fault.families) if fault else []
    ids = [one.id for one in rules().values() if not wanted or one.family in wanted]
    found = [case for case in planned(ids) if not case.rule.id.startswith(DEDICATED)]
    if not fault or not wanted:
        return found
    words = set(re.findall(r"\w+", fault.says)) | set(fault.operations)
    if fault.operations:
        found = [one for one in found if one.rule.family != "contract" or one.operation in words]
    found.sort(key=lambda case: (wanted.index(case.rule.family), case.operation not in words))
    return found


def thinned(cases: Sequence[PlannedCase], place: int, most: int = 6) -> list[PlannedCase]:
    """Return at most so many cases of each rule, others for each place."""
    several: dict[str, list[PlannedCase]] = {}
    for case in cases:
        several.setdefault(case.rule.id, []).append(case)
    kept = []
    for found in several.values():
        step = -(-len(found) // most)
        kept += found[place % step :: step]
    return kept


def told_by(cases: Sequence[PlannedCase], names: Sequence[str], *, first: bool = False) -> Told:
    """Run cases with deviations in force; with `first` until one fails."""
    with (
        deviation.in_force(*names),
        running() as url,
        tempfile.TemporaryDirectory() as folder,
        opened(load_target(target_file(Path(folder), url)), cases) as engine,
    ):
        results, started = [], time.monotonic()
        for case in cases:
            if time.monotonic() - started > (PATIENCE if first else LONGEST):
                break
            results.append(engine.run(case))
            if engine.stop_reason is not None:
                break
            found = results[-1]
            if first and found.verdict in REPORTED and found.planned.id not in PLAIN:
                break
    return {
        result.planned.id: (str(result.verdict), result.message or "")
        for result in results
        if result.verdict not in QUIET
    }


def brief(found: tuple[str, str] | None) -> str:
    """Return a verdict and how many requests it is about."""
    return f"{found[0]} {found[1].partition(chr(10))[0][:60]}" if found else ""


def line(name: str, told: Told, plain: Told, seconds: float) -> dict[str, object]:
    """Return what is to be known of one deviation."""
    new = {case: found for case, found in told.items() if brief(plain.get(case)) != brief(found)}
    by = {}
    for case, (verdict, message) in new.items():
        by.setdefault(verdict, {})[case] = (message or "")[:600]
    return {"name": name, "seconds": round(seconds, 1), **by}


@contextmanager
def clocked():
    """Yield a list that gets the seconds that its block took."""
    started, seconds = time.monotonic(), []
    yield seconds
    seconds.append(time.monotonic() - started)


def main() -> int:
    """Print what is found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="*")
    parser.add_argument("--harmless", action="store_true")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--all", action="store_true", help="all families, not the likely ones")
    parser.add_argument("--plain", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", default="")
    parser.add_argument("--part", default="0/1")
    arguments = parser.parse_args()
    plain: Told = {}
    if arguments.plain.exists():
        plain = {k: tuple(v) for k, v in json.loads(arguments.plain.read_text()).items()}
    else:
        plain = told_by(cases_of(), ())
        arguments.plain.parent.mkdir(exist_ok=True)
        arguments.plain.write_text(json.dumps(plain, indent=1))
    PLAIN.update(plain)
    every = deviation.variations() if arguments.harmless else deviation.faults()
    names = [n for n in every if any(fnmatchcase(n, one) for one in arguments.only.split(","))]
    part, parts = map(int, arguments.part.split("/"))
    done = (
        {json.loads(one)["name"] for one in arguments.out.open()}
        if arguments.out.exists()
        else set()
    )
    names = [name for name in names[part::parts] if name not in done]
    groups = [names] if arguments.together else [[name] for name in names]
    with arguments.out.open("a") as out:
        for group in groups:
            cases = cases_of(None if arguments.all or arguments.harmless else every[group[0]])
            if arguments.harmless:
                cases = thinned(cases, part)
            started = time.monotonic()
            try:
                told = told_by(cases, group, first=not arguments.harmless)
            except Exception as error:  # noqa: BLE001
                told = {"crash": ("crash", repr(error)[:500])}
            found = line("+".join(group), told, plain, time.monotonic() - started)
            out.write(json.dumps(found) + "\n")
            out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
