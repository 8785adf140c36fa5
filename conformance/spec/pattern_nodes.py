"""The tree of a regular expression: its nodes, and the Python expression they stand for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

#: What a generated text prefers, in this order: readable and safe everywhere.
PREFERRED = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./"
ASCII_VISIBLE = tuple(chr(code) for code in range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of (or, negated, none of) inclusive ranges of code points."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return any(low <= ord(char) <= high for low, high in self.ranges) is not self.negated

    def visible(self) -> tuple[str, ...]:
        """The visible ASCII characters among them."""
        return _visible(self)

    def first(self) -> str:
        """The most readable of them."""
        return _first(self)


@cache
def _visible(chars: Chars) -> tuple[str, ...]:
    return tuple(char for char in ASCII_VISIBLE if char in chars)


@cache
def _first(chars: Chars) -> str:
    preferred = PREFERRED + "".join(ASCII_VISIBLE)
    return next((char for char in preferred if char in chars), chr(chars.ranges[0][0]))


@dataclass(frozen=True, slots=True)
class Anchor:
    """Begin (``^``) or end (``$``) of the text."""

    end: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several options."""

    options: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part repeated; ``high`` None is without end."""

    part: "Node"
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """What must (or, negative, must not) follow here."""

    part: "Node"
    negative: bool


Node = Chars | Anchor | Sequence | Choice | Repeat | Look


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in order."""
    yield node
    match node:
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from walk(part)
        case Repeat(part, _, _):
            yield from walk(part)
        case _:
            return


def python_source(node: Node) -> str:
    """Return the Python expression of a node."""
    match node:
        case Chars(ranges, negated):
            body = "".join(
                re.escape(chr(low))
                if low == high
                else f"{re.escape(chr(low))}-{re.escape(chr(high))}"
                for low, high in ranges
            )
            return f"[{'^' if negated else ''}{body}]"
        case Anchor(end):
            return r"\Z" if end else r"\A"
        case Sequence(parts):
            return "".join(map(python_source, parts))
        case Choice(options):
            return f"(?:{'|'.join(map(python_source, options))})"
        case Repeat(part, low, high):
            return f"(?:{python_source(part)}){{{low},{'' if high is None else high}}}"
        case Look(part, negative):
            return f"(?{'!' if negative else '='}{python_source(part)})"


def bounds_of(node: Node) -> tuple[int, int | None]:
    """Return the shortest and the longest text a node describes; None is without end."""
    match node:
        case Chars():
            return 1, 1
        case Anchor() | Look():
            return 0, 0
        case Sequence(parts):
            each = [bounds_of(part) for part in parts]
            highs = [high for _, high in each]
            total = None if None in highs else sum(high for high in highs if high is not None)
            return sum(low for low, _ in each), total
        case Choice(options):
            each = [bounds_of(option) for option in options]
            highs = [high for _, high in each]
            longest = None if None in highs else max(high for high in highs if high is not None)
            return min(low for low, _ in each), longest
        case Repeat(part, low, high):
            least, most = bounds_of(part)
            return least * low, None if high is None or most is None else most * high
