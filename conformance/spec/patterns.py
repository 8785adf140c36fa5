r"""Regular expressions of the specs, read as JSON Schema means them and not as Python does.

JSON Schema patterns follow ECMA-262. Python differs where it hurts: ``$`` also matches before a
trailing newline, and ``\d``, ``\w`` and ``\s`` take non-ASCII characters. A pattern is therefore
parsed into a small tree, from which come a Python expression with ``\A``, ``\Z`` and ASCII classes,
texts of a wanted length for boundary values, and a Hypothesis strategy whose values shrink.

Only the constructs that the specs use are known; any other is refused when it is loaded.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from conformance.spec.pattern_nodes import (
    Anchor,
    Chars,
    Choice,
    Look,
    Node,
    Repeat,
    Sequence,
    bounds_of,
    python_source,
    walk,
)
from conformance.spec.pattern_texts import build, excluded_beginnings, fit

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_DIGIT = ((0x30, 0x39),)
_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE = ((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x2028, 0x2029), (0xFEFF, 0xFEFF))
_LINE_ENDS = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CLASSES = {"d": (_DIGIT, False), "w": (_WORD, False), "s": (_SPACE, False)}
_CLASSES |= {name.upper(): (ranges, True) for name, (ranges, _) in _CLASSES.items()}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}


class PatternError(ValueError):
    """A regular expression outside the declared subset."""


@dataclass(frozen=True)
class Pattern:
    """A parsed pattern.

    Attributes:
        source: As the spec writes it.
        tree: Its structure.
    """

    source: str
    tree: Node

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The same as a Python expression, to be used with ``search``."""
        return re.compile(python_source(self.tree), re.ASCII)

    def matches(self, text: str) -> bool:
        """Tell whether ``text`` satisfies the pattern."""
        return self.regex.search(text) is not None

    @cached_property
    def bounds(self) -> tuple[int, int | None]:
        """Shortest and longest text; what missing anchors leave open is not counted."""
        return bounds_of(self.tree)

    @cached_property
    def classes(self) -> tuple[Chars, ...]:
        """Every character class in it, in order."""
        return tuple(node for node in walk(self.tree) if isinstance(node, Chars))

    @cached_property
    def forbidden_beginnings(self) -> tuple[str, ...]:
        """Texts that negative look-aheads exclude, each after what comes before it."""
        return tuple(excluded_beginnings(self.tree))

    def sample(self, length: int | None = None, *, varied: bool = False) -> str | None:
        """Return a matching text.

        Args:
            length: Its exact length; the shortest when None.
            varied: Go through all visible characters of each class instead of repeating one.

        Returns:
            The text, or None when there is none of that length.
        """
        low, high = self.bounds
        wanted = max(low, 0) if length is None else length
        if wanted < low or (high is not None and wanted > high):
            return None
        text = build(self.tree, wanted, varied=varied)
        return text if len(text) == wanted and self.matches(text) else None

    def strategy(self, low: int = 0, high: int | None = None) -> "SearchStrategy[str]":
        """Return matching texts of ``low`` to ``high`` characters, shrinking to short ones."""
        from conformance.spec.pattern_strategies import strategy_of

        tree = fit(self.tree, low, high)
        found = strategy_of(tree)
        within = self.regex.search
        return found.filter(
            lambda text: (
                low <= len(text)
                and (high is None or len(text) <= high)
                and within(text) is not None
            )
        )


@cache
def parse(source: str) -> Pattern:
    """Read a pattern.

    Raises:
        PatternError: When it uses a construct outside the subset.
    """
    return Pattern(source, _Parser(source).read())


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def read(self) -> Node:
        node = self._choice()
        if self.at != len(self.source):
            raise self._refuse("an unmatched )")
        return node

    def _refuse(self, what: str) -> PatternError:
        return PatternError(f"pattern {self.source!r}: {what} at {self.at} is not supported")

    def _peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def _take(self, text: str) -> bool:
        if not self._peek(text):
            return False
        self.at += len(text)
        return True

    def _next(self) -> str:
        if self.at >= len(self.source):
            raise self._refuse("an unfinished construct")
        self.at += 1
        return self.source[self.at - 1]

    def _choice(self) -> Node:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.source) and not self._peek("|") and not self._peek(")"):
            parts.append(self._quantified(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self) -> Node:
        if self._take("^"):
            return Anchor(end=False)
        if self._take("$"):
            return Anchor(end=True)
        if self._take("."):
            return Chars(_LINE_ENDS, negated=True)
        if self._take("["):
            return self._class()
        if self._take("("):
            return self._group()
        char = self._next()
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            raise self._refuse("a quantifier without a part")
        return _char(char)

    def _group(self) -> Node:
        look = None
        if self._take("?!") or self._take("?="):
            look = self.source[self.at - 1] == "!"
        elif not self._take("?:") and self._peek("?"):
            raise self._refuse("a special group")
        node = self._choice()
        if not self._take(")"):
            raise self._refuse("an open group")
        return node if look is None else Look(node, look)

    def _escape(self) -> Chars:
        char = self._next()
        if char in _CLASSES:
            ranges, negated = _CLASSES[char]
            return Chars(ranges, negated)
        if char in _CONTROLS:
            return _char(_CONTROLS[char])
        if char.isalnum():
            raise self._refuse(f"the escape \\{char}")
        return _char(char)

    def _class(self) -> Chars:
        negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        while not self._take("]"):
            low = self._member()
            if not isinstance(low, str):
                ranges.extend(low)
                continue
            high: str | tuple[tuple[int, int], ...] = low
            if self._peek("-") and not self.source.startswith("-]", self.at):
                self.at += 1
                high = self._member()
            if not isinstance(high, str) or ord(high) < ord(low):
                raise self._refuse("a range out of order")
            ranges.append((ord(low), ord(high)))
        return Chars(tuple(ranges), negated)

    def _member(self) -> str | tuple[tuple[int, int], ...]:
        char = self._next()
        if char != "\\":
            return char
        escaped = self._escape()
        if escaped.negated:
            raise self._refuse("a negated class inside a class")
        low, high = escaped.ranges[0]
        return chr(low) if len(escaped.ranges) == 1 and low == high else escaped.ranges

    def _quantified(self, node: Node) -> Node:
        for mark, (low, high) in {"*": (0, None), "+": (1, None), "?": (0, 1)}.items():
            if self._take(mark):
                return self._repeat(node, low, high)
        found = re.compile(r"\{([0-9]+)(,([0-9]*))?\}").match(self.source, self.at)
        if found is None:
            return node
        self.at = found.end()
        low = int(found[1])
        high = low if found[2] is None else int(found[3]) if found[3] else None
        return self._repeat(node, low, high)

    def _repeat(self, node: Node, low: int, high: int | None) -> Repeat:
        if isinstance(node, Anchor | Look):
            raise self._refuse("a repeated anchor")
        self._take("?")  # lazy or greedy makes no difference to what matches
        return Repeat(node, low, high)


def _char(char: str) -> Chars:
    return Chars(((ord(char), ord(char)),))
