"""The universal scalability law, fitted to throughput at several degrees of concurrency.

    X(N) = λN / (1 + s(N - 1) + κN(N - 1))

λ is the throughput of one, s contention, κ the cost of coherence. N/X is a polynomial in N, so that
least squares need nothing but three linear equations. A hint, never a verdict: it says how well it
fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

_LEAST = 5


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted law.

    Attributes:
        single: λ, requests per second of one at a time.
        contention: s.
        coherence: κ.
        r2: Share of the variance of X that it explains.
    """

    single: float
    contention: float
    coherence: float
    r2: float

    def throughput(self, concurrency: float) -> float:
        """Return X(N)."""
        n = concurrency
        return self.single * n / (1 + self.contention * (n - 1) + self.coherence * n * (n - 1))

    @property
    def peak(self) -> float | None:
        """Concurrency of the highest throughput, None when there is no peak."""
        if self.coherence <= 0 or self.contention >= 1:
            return None
        return sqrt((1 - self.contention) / self.coherence)

    def pack(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "lambda": self.single,
            "sigma": self.contention,
            "kappa": self.coherence,
            "r2": self.r2,
            "peak": self.peak,
        }


def fit(points: Sequence[tuple[float, float]]) -> Fit | None:
    """Fit the law to points (concurrency, throughput).

    Returns:
        None with fewer than five points, or when the law makes no sense of them.
    """
    usable = [(n, x) for n, x in points if n >= 1 and x > 0]
    if len({n for n, _ in usable}) < _LEAST:
        return None
    # N/X = a + b(N - 1) + cN(N - 1), weighted so that errors of X count, not of N/X.
    rows = [((1.0, n - 1, n * (n - 1)), n / x, (x * x / n) ** 2) for n, x in usable]
    for terms in ((0, 1, 2), (0, 1)):  # without κ when it comes out negative
        solved = _least_squares(rows, terms)
        if solved is None:
            continue
        a, b, c = (*solved, 0.0)[:3]
        if a > 0 and c >= 0:
            return _judged(usable, Fit(1 / a, max(0.0, b / a), c / a, 0.0))
    return None


def _judged(points: Sequence[tuple[float, float]], law: Fit) -> Fit:
    mean = sum(x for _, x in points) / len(points)
    total = sum((x - mean) ** 2 for _, x in points)
    left = sum((x - law.throughput(n)) ** 2 for n, x in points)
    r2 = 1 - left / total if total > 0 else 0.0
    return Fit(law.single, law.contention, law.coherence, r2)


def _least_squares(
    rows: Sequence[tuple[tuple[float, float, float], float, float]], terms: tuple[int, ...]
) -> list[float] | None:
    size = len(terms)
    matrix = [[0.0] * (size + 1) for _ in terms]
    for features, y, weight in rows:
        for i, ti in enumerate(terms):
            for j, tj in enumerate(terms):
                matrix[i][j] += weight * features[ti] * features[tj]
            matrix[i][size] += weight * features[ti] * y
    return _solve(matrix)


def _solve(matrix: list[list[float]]) -> list[float] | None:
    """Solve linear equations by elimination with pivoting; None when they are singular."""
    size = len(matrix)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(matrix[row][column]))
        if abs(matrix[pivot][column]) < 1e-300:
            return None
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        for row in range(size):
            if row != column:
                factor = matrix[row][column] / matrix[column][column]
                matrix[row] = [
                    x - factor * y for x, y in zip(matrix[row], matrix[column], strict=True)
                ]
    return [matrix[row][size] / matrix[row][row] for row in range(size)]
