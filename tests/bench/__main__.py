"""`make bench`: ratios against baselines that are taken alternately in the same run.

Nothing here passes or fails: a table is printed, each ratio with its goal, median of several
rounds. The machine decides absolute figures, so none is kept. `--rounds`, `--count`, `--only NAME`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sdk")]


def benches() -> Mapping[str, Callable[[int, int], Iterator[object]]]:
    """Every benchmark by name."""
    import agent_bench
    import endpoint_bench
    import instance_bench
    import runner_bench

    return {
        "endpoint": endpoint_bench.endpoint,
        "emulator": endpoint_bench.emulator,
        "tls": endpoint_bench.tls,
        "signing": endpoint_bench.signing,
        "memory": endpoint_bench.memory,
        "life": endpoint_bench.life,
        "runner": runner_bench.runner,
        "agent": agent_bench.hits,
        "instance-api": instance_bench.apis,
        "client-key": instance_bench.signatures,
    }


def main() -> int:
    """Run the benchmarks that are asked for and print their ratios as they come."""
    known = benches()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=3000, help="requests of one measurement")
    parser.add_argument("--only", choices=sorted(known), action="append")
    arguments = parser.parse_args()
    for name, bench in known.items():
        if arguments.only and name not in arguments.only:
            continue
        print(f"-- {name}", flush=True)
        for ratio in bench(arguments.rounds, arguments.count):
            print(ratio, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
