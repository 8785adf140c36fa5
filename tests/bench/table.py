"""One line of the table that `make bench` prints."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """One line of the table."""

    name: str
    baseline: str
    values: tuple[float, ...]
    goal: float
    at_most: bool = False
    unit: str = ""

    def __str__(self) -> str:
        middle = statistics.median(self.values)
        met = middle <= self.goal if self.at_most else middle >= self.goal
        spread = f"{min(self.values):.2f}..{max(self.values):.2f}"
        sign = "<=" if self.at_most else ">="
        return (
            f"{self.name:<44} {middle:>8.2f}{self.unit:<2} ({spread:>13})  "
            f"goal {sign} {self.goal:<5} {'met' if met else 'MISSED':<7} against {self.baseline}"
        )
