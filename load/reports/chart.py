"""Line charts as inline SVG, drawn from plain numbers, legible in light and dark.

Colours are CSS variables of the page, so that a chart follows its scheme.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10
from typing import Literal

Point = tuple[float, float]

_WIDTH, _HEIGHT = 860, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 44


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        label: Name and unit.
        low: Value at the origin.
        high: Value at the end.
        log: Logarithmic, for values above 0.
        ticks: Values that are marked, with their texts; None chooses.
    """

    label: str
    low: float
    high: float
    log: bool = False
    ticks: tuple[tuple[float, str], ...] | None = None

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to 1, clamped."""
        if self.log:
            low, high = log10(self.low), log10(self.high)
            at = (log10(max(value, self.low)) - low) / ((high - low) or 1)
        else:
            at = (value - self.low) / ((self.high - self.low) or 1)
        return min(1.0, max(0.0, at))

    def marks(self) -> list[tuple[float, str]]:
        """Return the values to mark, with their texts."""
        if self.ticks is not None:
            return list(self.ticks)
        if self.log:
            powers = range(ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9) + 1)
            return [(10.0**power, number(10.0**power)) for power in powers]
        step = nice_step((self.high - self.low) / 5)
        first = ceil(self.low / step - 1e-9)
        last = floor(self.high / step + 1e-9)
        return [(count * step, number(count * step)) for count in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, an area down to the axis, or single points."""

    name: str
    points: Sequence[Point]
    colour: str
    style: Literal["line", "dashed", "points", "steps"] = "line"


@dataclass(frozen=True, slots=True)
class Band:
    """A filled band between two lines over the same x values."""

    name: str
    points: Sequence[tuple[float, float, float]]
    colour: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A straight line across the chart at one value."""

    name: str
    value: float
    vertical: bool = False
    colour: str = "--mark"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `svg` draws it."""

    title: str
    description: str
    x: Axis
    y: Axis
    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    marks: Sequence[Mark] = field(default_factory=tuple)

    def svg(self) -> str:
        """Return the chart as an SVG element that needs nothing from outside."""
        parts = [
            (
                f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
                f'aria-label="{escape(self.title)}: {escape(self.description)}">'
            ),
            *self._grid(),
            *(self._band(band) for band in self.bands),
            *(part for mark in self.marks for part in self._mark(mark)),
            *(self._line(line) for line in self.lines),
            "</svg>",
        ]
        return "".join(parts)

    def legend(self) -> list[tuple[str, str, str]]:
        """Return name, colour and kind of everything that the chart shows, for the template."""
        return [
            *((band.name, band.colour, "band") for band in self.bands),
            *((line.name, line.colour, line.style) for line in self.lines),
        ]

    def _at(self, x: float, y: float) -> Point:
        return (
            round(_LEFT + self.x.place(x) * (_WIDTH - _LEFT - _RIGHT), 1),
            round(_HEIGHT - _BOTTOM - self.y.place(y) * (_HEIGHT - _TOP - _BOTTOM), 1),
        )

    def _grid(self) -> list[str]:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        parts = []
        for value, text in self.y.marks():
            _, y = self._at(self.x.low, value)
            parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{right}" y2="{y}"/>')
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{text}</text>')
        for value, text in self.x.marks():
            x, _ = self._at(value, self.y.low)
            parts.append(f'<line class="tick" x1="{x}" y1="{bottom}" x2="{x}" y2="{bottom + 5}"/>')
            parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{text}</text>')
        middle = (_LEFT + right) / 2
        parts += [
            f'<line class="axis" x1="{_LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}"/>',
            (
                f'<text class="label" x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">'
                f"{escape(self.x.label)}</text>"
            ),
            (
                f'<text class="label" transform="translate(14 {(_TOP + bottom) / 2}) rotate(-90)" '
                f'text-anchor="middle">{escape(self.y.label)}</text>'
            ),
        ]
        return parts

    def _line(self, line: Line) -> str:
        places = [self._at(x, y) for x, y in line.points]
        if line.style == "points":
            return "".join(
                f'<circle cx="{x}" cy="{y}" r="4" style="fill:var({line.colour})"/>'
                for x, y in places
            )
        if line.style == "steps":
            places = _stairs(places)
        text = " ".join(f"{x},{y}" for x, y in places)
        dash = ' stroke-dasharray="5 4"' if line.style == "dashed" else ""
        return f'<polyline class="line"{dash} style="stroke:var({line.colour})" points="{text}"/>'

    def _band(self, band: Band) -> str:
        above = [self._at(x, high) for x, _, high in band.points]
        below = [self._at(x, low) for x, low, _ in reversed(band.points)]
        text = " ".join(f"{x},{y}" for x, y in (*above, *below))
        return f'<polygon class="band" style="fill:var({band.colour})" points="{text}"/>'

    def _mark(self, mark: Mark) -> list[str]:
        axis = self.x if mark.vertical else self.y
        if not axis.low <= mark.value <= axis.high:
            return []
        right, bottom = float(_WIDTH - _RIGHT), float(_HEIGHT - _BOTTOM)
        ends: tuple[float, float, float, float]
        if mark.vertical:
            x, _ = self._at(mark.value, self.y.low)
            ends = (x, float(_TOP), x, bottom)
            anchor = "end" if x > _WIDTH / 2 else "start"
            tx, ty = x - 5 if anchor == "end" else x + 5, _TOP + 12.0
        else:
            _, y = self._at(self.x.low, mark.value)
            ends = (float(_LEFT), y, right, y)
            anchor, tx, ty = "end", right - 4, y - 5
        x1, y1, x2, y2 = ends
        return [
            (
                f'<line class="mark" style="stroke:var({mark.colour})" '
                f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
            ),
            (
                f'<text class="note" x="{tx}" y="{ty}" text-anchor="{anchor}">'
                f"{escape(mark.name)}</text>"
            ),
        ]


def _stairs(places: Sequence[Point]) -> list[Point]:
    stairs: list[Point] = []
    for place in places:
        if stairs:
            stairs.append((place[0], stairs[-1][1]))
        stairs.append(place)
    return stairs


def nice_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not below ``rough``."""
    if rough <= 0:
        return 1.0
    power = 10 ** floor(log10(rough))
    return float(next(f * power for f in (1, 2, 5, 10) if f * power >= rough * (1 - 1e-9)))


def number(value: float) -> str:
    """Return a number as people write it on an axis."""
    if value == 0:
        return "0"
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:g}"


def log_bounds(values: Sequence[float], least: float = 0.1) -> tuple[float, float]:
    """Return powers of ten around values above 0, at least one apart."""
    positive = [max(value, least) for value in values if value > 0] or [least]
    low = 10.0 ** floor(log10(min(positive)))
    high = 10.0 ** ceil(log10(max(positive)) + 1e-9)
    return low, max(high, low * 10)


def top_of(values: Sequence[float]) -> float:
    """Return a round number above all values."""
    highest = max(values, default=1.0) or 1.0
    step = nice_step(highest * 1.05 / 5)
    return ceil(highest * 1.05 / step) * step
