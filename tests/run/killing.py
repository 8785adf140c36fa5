"""Starts runs that make things without end, kills each at a random moment, then tidies up.

Usage: killing.py TARGET_FILE RUNS SEED. Prints one JSON object: runs that had something to remove,
things removed, and what is left.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from conformance.client.caller import Caller
from conformance.client.resources.base import load_providers
from conformance.run.cleanup import Cleaner
from conformance.run.engine import Engine
from conformance.run.planning import Plan, PlannedCase
from conformance.run.recovering import recover
from conformance.run.registry import Level, Rule
from conformance.target import load_target

#: Bundles whose things are made, the dependent ones with all they need.
BUNDLES = ("alias", "secret", "client-key", "external-key", "access-point", "secret-in-window")


def make_without_end(kms):
    """Make one thing after another."""
    while True:
        for bundle in BUNDLES:
            kms.provide(bundle, fresh=True)


def child(target):
    """Run until killed."""
    rule = Rule(
        "TST-001",
        Level.MUST,
        "test",
        "S.",
        "documented",
        "s",
        "service",
        make_without_end,
        __name__,
        safety="destructive",
    )
    with Engine(target, Plan((PlannedCase(rule),), ())) as engine:
        os.write(1, b".")
        list(engine.iterate())


def main(path, runs, seed):
    """Kill and tidy up again and again."""
    target = load_target(Path(path))
    load_providers()
    chance = random.Random(seed)
    removed = full = 0
    left = []
    for _ in range(runs):
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            os.dup2(writer, 1)
            try:
                child(target)
            finally:
                os._exit(1)
        os.close(writer)
        os.read(reader, 1)  # the run is under way
        time.sleep(chance.uniform(0, 0.12))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(reader)
        caller = Caller(target)
        report = recover(caller)
        caller.close()
        removed += report.removed
        full += report.removed > 0
        left += report.left
    caller = Caller(target)
    left += [f"{entry.kind} {entry.name}" for entry in Cleaner(caller).marked()]
    print(json.dumps({"full": full, "removed": removed, "left": left}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
