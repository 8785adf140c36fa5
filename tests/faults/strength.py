"""The kill score: which rules report which fault of the embedded endpoint.

    python -m tests.faults.strength [--faults PATTERN] [--rules PATTERN] [--unassigned]

Prints a line a fault: the rules that it names and that report it (+), those that it names and that
do not (-), and the others that report it too. With --cases N at most N cases of a rule run, those
about an operation that the fault's statement names first. Exits with 1 when a fault goes unnoticed
by a rule that it names, or by all of them.
"""

import argparse
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import first_report, likely_first, opened, planned, rules, served

from conformance.reference.deviations import Deviation, known, put_into_force
from conformance.reference.endpoint import Endpoint


def reporters(fault: Deviation, ids: list[str], most: int) -> set[str]:
    """Return the rules that report a fault."""
    endpoint = Endpoint()
    put_into_force(endpoint, "fault", [fault.name])
    found = set()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(endpoint, Path(folder)) as target,
        opened(target, planned(ids)) as engine,
    ):
        for identifier in ids:
            cases = likely_first(planned([identifier]), fault.statement)[:most]
            if first_report(engine, cases) is not None:
                found.add(identifier)
    return found


def main() -> int:
    """Print the score; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--faults", default="*", metavar="PATTERN", help="names of faults")
    parser.add_argument("--rules", default="*", metavar="PATTERN", help="ids of rules")
    parser.add_argument("--unassigned", action="store_true", help="faults that name no rule")
    parser.add_argument("--cases", type=int, default=3, help="at most so many of a rule (3)")
    arguments = parser.parse_args()
    ids = [identifier for identifier in rules() if fnmatchcase(identifier, arguments.rules)]
    killed = total = 0
    for fault in known("fault").values():
        if not fnmatchcase(fault.name, arguments.faults) or (arguments.unassigned and fault.breaks):
            continue
        try:
            reporting = reporters(fault, ids, arguments.cases)
        except AssertionError as stopped:
            print(f"{fault.area} {fault.name}: {stopped}", flush=True)
            continue
        named = [("+" if one in reporting else "-") + one for one in fault.breaks if one in ids]
        others = sorted(reporting - set(fault.breaks))
        print(f"{fault.area} {fault.name}: {' '.join(named)} | {' '.join(others)}", flush=True)
        total += 1
        killed += bool(reporting) and not any(one.startswith("-") for one in named)
    print(f"{killed} of {total} faults are reported by the rules that they name")
    return 0 if killed == total else 1


if __name__ == "__main__":
    sys.exit(main())
