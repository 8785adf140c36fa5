"""The requests that a run consists of, made once and handed to every process."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any, Literal, get_args

Choice = Literal["uniform", "zipf"]
CHOICES: tuple[str, ...] = get_args(Choice)
Api = Literal["kms", "instance", "agent"]
APIS: tuple[str, ...] = get_args(Api)


@dataclass(frozen=True, slots=True)
class Case:
    """One request that can be sent any number of times, and what its answer must hold.

    Attributes:
        operation: Name of the operation.
        pairs: Its parameters as they travel.
        weight: Share among the cases of a run.
        expect: What `load.checks` judges the answer by, as plain data. Expected plaintexts and
            secret values are there as hashes only.
        api: Through which API it goes.
        body: The message, for KMS Instance API.
    """

    operation: str
    pairs: tuple[tuple[str, str], ...] = field(repr=False)
    weight: float
    expect: Mapping[str, Any] = field(repr=False)
    api: Api = "kms"
    body: bytes = field(default=b"", repr=False)

    def pack(self) -> list[Any]:
        """Return plain data for msgpack."""
        pairs = [list(pair) for pair in self.pairs]
        return [self.operation, pairs, self.weight, dict(self.expect), self.api, self.body]

    @classmethod
    def unpack(cls, data: Sequence[Any]) -> "Case":
        """Read what `pack` wrote."""
        operation, pairs, weight, expect, api, body = data
        travelling = tuple((name, value) for name, value in pairs)
        return cls(operation, travelling, weight, expect, api, body)


def popularity(count: int, choice: Choice, exponent: float = 1.0) -> list[float]:
    """Return the share of each of ``count`` things, the most popular first.

    Args:
        count: Number of keys or secrets.
        choice: ``uniform``, or ``zipf``: the share of rank r is proportional to r**-exponent.
        exponent: Of the Zipf law.
    """
    weights = [1.0 if choice == "uniform" else rank**-exponent for rank in range(1, count + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


class Picker:
    """Draws the next case at random, seeded.

    Args:
        cases: With their weights.
        seed: Same seed and worker, same sequence.
        worker: Index of the process.
    """

    def __init__(self, cases: Sequence[Case], seed: int, worker: int) -> None:
        # Shares at which the next case begins; the last one takes what rounding leaves.
        self._starts = list(accumulate(case.weight for case in cases))
        self._total = self._starts.pop()
        self._draw = Random(f"{seed}/{worker}/cases").random

    def next(self) -> int:
        """Return the index of the next case."""
        return bisect(self._starts, self._draw() * self._total)
