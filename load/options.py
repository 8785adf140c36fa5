"""Options of a load run, the same for ``kms-conformance load`` and plain ``locust -f``."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from load.corpus import APIS, CHOICES, Api, Choice
from load.failures import LoadError
from load.schedule import PROCESSES, Process
from load.signing import SCHEMES, Scheme

ClientName = Literal["raw", "ghc", "fast"]
CLIENTS: tuple[str, ...] = get_args(ClientName)
Throttling = Literal["push", "honour"]
KINDS = ("run", "capacity", "soak", "spike")

#: Requests per second that one process sends and still measures honestly on one core: the highest
#: rate of `make bench-load`.
PER_PROCESS = 4000.0
#: The same with the RSA signatures of KMS Instance API: a request takes about a millisecond of CPU
#: (instrument.processor of `kms-conformance load encrypt --api instance --rate 500`).
PER_PROCESS_RSA = 600.0
#: Cap for targets away from loopback without one of their own.
AWAY_RATE = 50.0
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Options:
    """What a run does; every field is an option of the same name.

    Attributes:
        scenario: Id of a scenario.
        mix: Operation weights that replace the scenario's.
        target: Target file, None for the embedded endpoint.
        api: What is asked: KMS API, KMS Instance API or KMS Agent.
        gateway: Gateway under load; the one that an agent asks.
        listener: Its listener.
        scheme: How requests are signed.
        identity: Whose credential signs.
        unit: Requests per second for each Locust user.
        arrivals: Kind of plan.
        seed: Decides plan, payloads, choices and sample.
        warm_up: Seconds at the start that are not judged.
        pool: Connections opened beforehand by each process.
        pool_max: Connections at most, by process; None for what the limits need.
        queue_max: Requests that may wait in each process.
        client: HTTP client.
        throttling: Push through throttling, or honour it by waiting and trying again.
        keys: Number of keys of each kind.
        secrets: Number of secrets.
        size: Bytes of payloads and secret values.
        key_spec: Spec of key pairs.
        choice: How requests spread over keys and secrets.
        exponent: Of the Zipf law.
        sample: One answer in so many gets the cryptographic check.
        slo: File of objectives, None for the defaults.
        results: Folder for what the run leaves, None for one named by the time.
        slice: Seconds of a slice of the record.
        duration: Seconds that the run was meant to last, None when nobody said.
        allow_remote: Load a target that is not on this machine.
        max_rate: Highest rate that may be asked for.
        kind: What the run is for: run, capacity, soak or spike.
        need: Rate that a capacity search is to answer for.
        start: First rate of a capacity search.
        step: Seconds that a step of a capacity search is measured, at least.
        hold: Seconds for which a capacity search holds what it found.
        within: Seconds that a capacity search takes at most; it is less precise when they run out.
        burst: Factor of a burst over the steady rate.
        burst_after: Seconds of steady rate before it.
        burst_seconds: Its length.
        recover_within: Seconds in which the limits have to be kept again.
        cost: Cost of 10,000 calls in any currency, for the estimate.
        command: What was typed, where that was not Locust's own command.
    """

    scenario: str = "encrypt"
    mix: str | None = None
    target: str | None = None
    api: Api = "kms"
    gateway: str = "shared"
    listener: str = "https"
    scheme: Scheme = "V3"
    identity: str = "full"
    unit: float = 10.0
    arrivals: Process = "constant"
    seed: int = 0
    warm_up: float = 3.0
    pool: int = 64
    pool_max: int | None = None
    queue_max: int = 20_000
    client: ClientName = "raw"
    throttling: Throttling = "push"
    keys: int = 1
    secrets: int = 1
    size: int = 32
    key_spec: str = "RSA_2048"
    choice: Choice = "uniform"
    exponent: float = 1.0
    sample: int = 100
    slo: str | None = None
    results: str | None = None
    slice: float = 1.0
    duration: float | None = None
    allow_remote: bool = False
    max_rate: float | None = None
    kind: str = "run"
    need: float | None = None
    start: float = 100.0
    step: float = 6.0
    hold: float = 60.0
    within: float = 240.0
    burst: float = 3.0
    burst_after: float = 10.0
    burst_seconds: float = 5.0
    recover_within: float = 20.0
    cost: float | None = None
    command: str | None = None

    @property
    def attempts(self) -> int:
        """Attempts of a throttled request."""
        return _ATTEMPTS if self.throttling == "honour" else 1

    @property
    def place(self) -> str:
        """What is under load, as results call it: shared, dedicated or agent."""
        return "agent" if self.api == "agent" else self.gateway

    @property
    def signing(self) -> str:
        """How requests prove who sends them, as results call it."""
        return {"kms": self.scheme, "instance": "Instance API", "agent": "token"}[self.api]

    @property
    def per_process(self) -> float:
        """Requests per second that one process sends honestly."""
        return PER_PROCESS_RSA if self.api == "instance" else PER_PROCESS

    def pack(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Options":
        """Take options from parsed arguments; None and absent ones keep their default.

        Raises:
            LoadError: When a number is out of its range.
        """
        names = {field.name for field in fields(cls)}
        given: dict[str, Any] = {
            name: str(value) if isinstance(value, Path) else value
            for name in names
            if (value := values.get(name)) is not None
        }
        instance = given.get("api") == "instance"
        if instance and given.setdefault("gateway", "dedicated") != "dedicated":
            raise LoadError(
                "KMS Instance API is served by the dedicated gateway alone: leave --gateway out"
            )
        options = cls(**given)
        if options.kind not in KINDS:
            raise LoadError(f"--kind must be one of {', '.join(KINDS)}, not {options.kind!r}")
        for name in ("start", "step", "hold", "within", "burst", "burst_seconds", "recover_within"):
            if not getattr(options, name) > 0:
                raise LoadError(f"--{name.replace('_', '-')} must be above 0")
        for name in ("unit", "pool", "queue_max", "keys", "secrets", "size", "sample", "slice"):
            if not getattr(options, name) > 0:
                raise LoadError(f"--{name.replace('_', '-')} must be above 0")
        if options.size > 6144:
            raise LoadError("--size must be at most 6144 bytes, the limit of Encrypt")
        if options.warm_up < 0:
            raise LoadError("--warm-up must not be negative")
        return options


PREFIX = "kms_"
"""Stands before the names of our options among Locust's, so that none collides."""


def add_arguments(parser: Any, *, prefix: str = "") -> None:
    """Add the options to a parser.

    Args:
        parser: Of argparse or of Locust.
        prefix: Of the attribute names in the parsed arguments.
    """
    # Locust's parser, not its groups, knows what to keep out of its web page.
    group = parser if prefix else parser.add_argument_group("KMS load")

    def add(flag: str, text: str, **settings: Any) -> None:
        name = flag.removeprefix("--").replace("-", "_")
        if prefix:
            # What a run is made of is fixed when its keys are made, not in Locust's web page.
            settings["include_in_web_ui"] = False
        group.add_argument(flag, dest=f"{prefix}{name}", help=text, **settings)

    add("--target", "target file (TOML); without it the embedded endpoint", metavar="FILE")
    add("--mix", "weights that replace the scenario's: Encrypt=3,Decrypt=1")
    add("--api", "what is asked: KMS API, KMS Instance API, KMS Agent (default kms)", choices=APIS)
    add("--gateway", "gateway under load (default shared)", choices=["shared", "dedicated"])
    add("--listener", "its listener (default https)", choices=["https", "http", "internet"])
    add("--scheme", "how requests are signed (default V3)", choices=SCHEMES)
    add("--identity", "whose credential of the target file signs (default full)")
    add("--arrivals", "equal or exponential gaps (default constant)", choices=PROCESSES)
    add("--seed", "decides every random choice (default 0)", type=int)
    add("--warm-up", "seconds that are not judged (default 3)", type=float)
    add("--pool", "connections opened beforehand by each process (default 64)", type=int)
    add("--pool-max", "connections at most by process (default: what the limits need)", type=int)
    add("--queue-max", "requests that may wait in each process (default 20000)", type=int)
    add("--client", "HTTP client (default raw, the fastest)", choices=CLIENTS)
    add(
        "--throttling",
        "push through, or honour: wait and try again (default push)",
        choices=["push", "honour"],
    )
    add("--keys", "number of keys of each kind (default 1)", type=int)
    add("--secrets", "number of secrets (default 1)", type=int)
    add("--size", "bytes of payloads and secret values (default 32)", type=int)
    add("--key-spec", "spec of key pairs (default RSA_2048)")
    add("--choice", "how requests spread over keys and secrets", choices=CHOICES)
    add("--exponent", "of the Zipf law (default 1)", type=float)
    add("--sample", "one answer in so many gets the cryptographic check (100)", type=int)
    add("--slo", "file of objectives (TOML); without it the defaults", metavar="FILE")
    add("--results", "folder for what the run leaves", metavar="DIR")
    add("--slice", "seconds of a slice of the record (default 1)", type=float)
    add("--allow-remote", "load a target away from this machine", action="store_true", default=None)
    add("--max-rate", "highest rate that may be asked for, requests per second", type=float)
    add("--need", "capacity: requests per second that have to be carried", type=float)
    add("--start", "capacity: first rate (default 100)", type=float)
    add("--step", "capacity: seconds to measure a step, at least (default 6)", type=float)
    add("--hold", "capacity: seconds to hold what was found (default 60)", type=float)
    add("--within", "capacity: seconds that the search takes at most (default 240)", type=float)
    add("--burst", "spike: factor of the burst over the rate (default 3)", type=float)
    add("--burst-after", "spike: seconds before the burst (default 10)", type=float)
    add("--burst-seconds", "spike: length of the burst (default 5)", type=float)
    add("--recover-within", "spike: seconds in which it must recover (default 20)", type=float)
    add("--cost", "cost of 10,000 calls, for the estimate shown beforehand", type=float)


def add_locust_arguments(parser: Any) -> None:
    """Add the options to Locust's parser, with those that `kms-conformance load` decides itself."""
    add_arguments(parser, prefix=PREFIX)
    for name, kind, text in (
        ("scenario", str, "scenario (default encrypt)"),
        ("unit", float, "requests per second for each user (default 10)"),
        ("duration", float, argparse.SUPPRESS),
        ("command", str, argparse.SUPPRESS),
        ("kind", str, "run, capacity, soak or spike (default run)"),
    ):
        parser.add_argument(
            f"--{name}", dest=f"{PREFIX}{name}", type=kind, help=text, include_in_web_ui=False
        )


def from_locust(namespace: argparse.Namespace) -> Options:
    """Return our options among Locust's; its run time is the duration unless one is given."""
    values = {
        name.removeprefix(PREFIX): value
        for name, value in vars(namespace).items()
        if name.startswith(PREFIX)
    }
    if values.get("duration") is None and getattr(namespace, "run_time", None):
        values["duration"] = float(namespace.run_time)
    return Options.of(values)


def to_locust(options: Options) -> list[str]:
    """Return the command line options that say the same to Locust; defaults are left out."""
    default = Options()
    words = []
    for name, value in options.pack().items():
        if value == getattr(default, name) or value is None:
            continue
        flag = f"--{name.replace('_', '-')}"
        words += [flag] if value is True else [f"{flag}={value}"]
    return words
