"""Latency histograms that many processes fill and one adds up exactly.

Bins are those of an HDR histogram with three significant digits over microseconds. They are kept
sparsely: a run records one histogram per second, operation and outcome, and a dense one takes
170 kB. Equal bins make sums exact, count for count, whatever the order of merging.
"""

from collections.abc import Iterable, Mapping

from hdrh.histogram import HdrHistogram

#: Values are clamped to this range: 1 microsecond to one hour.
LOWEST, HIGHEST = 1, 3_600_000_000
DIGITS = 3
#: Values below 2**11 have a bin each; above, 1,024 bins share each power of two.
_EXACT_BITS = 11


def bin_of(value: int) -> int:
    """Return the lowest value of the bin that holds ``value``, in microseconds."""
    shift = value.bit_length() - _EXACT_BITS
    return value if shift <= 0 else value >> shift << shift


def bin_top(low: int) -> int:
    """Return the highest value of the bin that starts at ``low``."""
    shift = low.bit_length() - _EXACT_BITS
    return low if shift <= 0 else low + (1 << shift) - 1


class Histogram:
    """Counts by bin."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def record(self, seconds: float) -> None:
        """Count one value given in seconds."""
        value = int(seconds * 1e6 + 0.5)
        low = bin_of(LOWEST if value < LOWEST else min(value, HIGHEST))
        self.counts[low] = self.counts.get(low, 0) + 1

    def add(self, other: "Histogram") -> None:
        """Add the counts of another histogram."""
        for low, count in other.counts.items():
            self.counts[low] = self.counts.get(low, 0) + count

    @property
    def total(self) -> int:
        """Number of values."""
        return sum(self.counts.values())

    def quantile(self, q: float) -> float:
        """Return the quantile ``q`` (0 to 1) in seconds, NaN of nothing.

        As in every HDR histogram it is the top of the bin in which the quantile falls.
        """
        values = self.quantiles((q,))
        return values[0]

    def quantiles(self, qs: Iterable[float]) -> list[float]:
        """Return several quantiles in one pass; ``qs`` in ascending order."""
        wanted = list(qs)
        total = self.total
        if not total:
            return [float("nan")] * len(wanted)
        found: list[float] = []
        seen = 0
        bins = sorted(self.counts.items())
        position = -1
        for q in wanted:
            rank = max(1, _rank(q, total))
            while seen < rank:
                position += 1
                seen += bins[position][1]
            found.append(bin_top(bins[position][0]) / 1e6)
        return found

    def mean(self) -> float:
        """Return the mean in seconds, taking the middle of each bin; NaN of nothing."""
        total = self.total
        if not total:
            return float("nan")
        middles = ((low + bin_top(low)) / 2 * count for low, count in self.counts.items())
        return sum(middles) / total / 1e6

    def above(self, seconds: float) -> int:
        """Return how many values lie in bins wholly above a limit."""
        limit = seconds * 1e6
        return sum(count for low, count in self.counts.items() if low > limit)

    def pack(self) -> list[int]:
        """Return bins and counts alternating, the form in which histograms travel."""
        return [number for pair in self.counts.items() for number in pair]

    @classmethod
    def unpack(cls, numbers: list[int]) -> "Histogram":
        """Read what `pack` wrote."""
        return cls(dict(zip(numbers[::2], numbers[1::2], strict=True)))

    def to_hdr(self) -> HdrHistogram:
        """Return the same counts as a dense HDR histogram of microseconds."""
        dense = HdrHistogram(LOWEST, HIGHEST, DIGITS)
        for low, count in self.counts.items():
            dense.record_value(low, count)
        return dense

    def encode(self) -> str:
        """Return the HdrHistogram V2 compressed log format, readable by every HDR tool."""
        encoded: bytes = self.to_hdr().encode()
        return encoded.decode("ascii")


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Return the exact sum."""
    total = Histogram()
    for histogram in histograms:
        total.add(histogram)
    return total


def _rank(q: float, total: int) -> int:
    """Return how many values lie at or below the quantile, rounded as HDR histograms round."""
    return min(total, int(q * total + 0.5))
