r"""Regular expressions of the specs, read as JSON Schema means them and not as Python does.

JSON Schema patterns follow ECMA-262. Python differs where it hurts: ``$`` also matches before a
trailing newline, and ``\d``, ``\w`` and ``\s`` take non-ASCII characters. A pattern is therefore
parsed into a small tree, from which come a Python expression with ``\A``, ``\Z`` and ASCII classes,
texts of a wanted length for boundary values, and a Hypothesis strategy whose values shrink.

Only the constructs that the specs use are known; any other is refused when it is loaded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_DIGIT = ((0x30, 0x39),)
_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE = ((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x2028, 0x2029), (0xFEFF, 0xFEFF))
_LINE_ENDS = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CLASSES = {"d": (_DIGIT, False), "w": (_WORD, False), "s": (_SPACE, False)}
_CLASSES |= {name.upper(): (ranges, True) for name, (ranges, _) in _CLASSES.items()}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
#: What a generated text prefers, in this order: readable and safe everywhere.
_PREFERRED = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./"
_ASCII_VISIBLE = tuple(chr(code) for code in range(0x20, 0x7F))


class PatternError(ValueError):
    """A regular expression outside the declared subset."""


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
    return tuple(char for char in _ASCII_VISIBLE if char in chars)


@cache
def _first(chars: Chars) -> str:
    preferred = _PREFERRED + "".join(_ASCII_VISIBLE)
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
        return re.compile(_python(self.tree), re.ASCII)

    def matches(self, text: str) -> bool:
        """Tell whether ``text`` satisfies the pattern."""
        return self.regex.search(text) is not None

    @cached_property
    def bounds(self) -> tuple[int, int | None]:
        """Shortest and longest text; what missing anchors leave open is not counted."""
        return _bounds(self.tree)

    @cached_property
    def classes(self) -> tuple[Chars, ...]:
        """Every character class in it, in order."""
        return tuple(node for node in _nodes(self.tree) if isinstance(node, Chars))

    @cached_property
    def forbidden_beginnings(self) -> tuple[str, ...]:
        """Texts that negative look-aheads exclude, each after what comes before it."""
        return tuple(_excluded(self.tree))

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
        text = _build(self.tree, wanted, varied=varied)
        return text if len(text) == wanted and self.matches(text) else None

    def strategy(self, low: int = 0, high: int | None = None) -> SearchStrategy[str]:
        """Return matching texts of ``low`` to ``high`` characters, shrinking to short ones."""
        tree = _fit(self.tree, low, high)
        found = _strategy(tree)
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


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from _nodes(part)
        case Repeat(part, _, _):
            yield from _nodes(part)
        case _:
            return


def _python(node: Node) -> str:
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
            return "".join(map(_python, parts))
        case Choice(options):
            return f"(?:{'|'.join(map(_python, options))})"
        case Repeat(part, low, high):
            return f"(?:{_python(part)}){{{low},{'' if high is None else high}}}"
        case Look(part, negative):
            return f"(?{'!' if negative else '='}{_python(part)})"


def _bounds(node: Node) -> tuple[int, int | None]:
    match node:
        case Chars():
            return 1, 1
        case Anchor() | Look():
            return 0, 0
        case Sequence(parts):
            each = [_bounds(part) for part in parts]
            highs = [high for _, high in each]
            total = None if None in highs else sum(high for high in highs if high is not None)
            return sum(low for low, _ in each), total
        case Choice(options):
            each = [_bounds(option) for option in options]
            highs = [high for _, high in each]
            longest = None if None in highs else max(high for high in highs if high is not None)
            return min(low for low, _ in each), longest
        case Repeat(part, low, high):
            least, most = _bounds(part)
            return least * low, None if high is None or most is None else most * high


def _build(node: Node, length: int, *, varied: bool, offset: int = 0) -> str:
    """Return a text of ``length`` that the node describes, or a shorter one if it cannot."""
    match node:
        case Chars():
            visible = node.visible() if varied else ()
            return visible[offset % len(visible)] if visible else node.first()
        case Anchor() | Look():
            return ""
        case Choice(options):
            for option in options:
                low, high = _bounds(option)
                if low <= length and (high is None or length <= high):
                    return _build(option, length, varied=varied, offset=offset)
            return ""
        case Sequence(parts):
            each = [_bounds(part) for part in parts]
            spare = length - sum(low for low, _ in each)
            texts = []
            for part, (low, high) in zip(parts, each, strict=True):
                extra = spare if high is None else min(spare, high - low)
                spare -= extra
                texts.append(_build(part, low + extra, varied=varied, offset=offset))
            return "".join(texts)
        case Repeat(part, low, high):
            least, _ = _bounds(part)
            count = low if least == 0 else length // least
            count = count if high is None else min(count, high)
            return "".join(
                _build(part, least, varied=varied, offset=offset + index) for index in range(count)
            )


def _fit(node: Node, low: int, high: int | None) -> Node:
    """Narrow the only stretchable part of a sequence to the wanted length: less to filter."""
    if isinstance(node, Repeat):
        node = Sequence((node,))
    if not isinstance(node, Sequence):
        return node
    each = [_bounds(part) for part in node.parts]
    stretchable = [index for index, (least, most) in enumerate(each) if least != most]
    if len(stretchable) != 1:
        return node
    index = stretchable[0]
    part = node.parts[index]
    if not isinstance(part, Repeat) or _bounds(part.part) != (1, 1):
        return node
    fixed = sum(least for position, (least, _) in enumerate(each) if position != index)
    least = max(part.low, low - fixed)
    most = part.high if high is None else high - fixed
    most = most if part.high is None or most is None else min(part.high, most)
    parts = (*node.parts[:index], Repeat(part.part, least, most), *node.parts[index + 1 :])
    return Sequence(parts)


def _strategy(node: Node) -> SearchStrategy[str]:
    match node:
        case Chars():
            return _chars(node)
        case Anchor() | Look():
            return st.just("")
        case Choice(options):
            return st.one_of([_strategy(option) for option in options])
        case Sequence(parts):
            return st.tuples(*map(_strategy, parts)).map("".join)
        case Repeat(Chars() as part, low, high):
            most = max(low, 16) if high is None else min(high, max(low, 24))
            return st.text(_chars(part), min_size=low, max_size=most)
        case Repeat(part, low, high):
            most = low + 4 if high is None else high
            return st.lists(_strategy(part), min_size=low, max_size=most).map("".join)


@cache
def _chars(node: Chars) -> SearchStrategy[str]:
    visible = node.visible()
    if not visible:
        return st.just(node.first())
    if not node.negated:
        return st.sampled_from(sorted(visible, key=_order))
    outside = "".join(char for char in _ASCII_VISIBLE if char not in node)
    return st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters=outside)


def _order(char: str) -> tuple[int, str]:
    place = _PREFERRED.find(char)
    return (place if place >= 0 else len(_PREFERRED), char)


def _excluded(node: Node) -> Iterator[str]:
    if not isinstance(node, Sequence):
        return
    before = ""
    for part in node.parts:
        if isinstance(part, Look) and part.negative:
            options = part.part.options if isinstance(part.part, Choice) else (part.part,)
            for option in options:
                yield before + _build(option, _bounds(option)[0], varied=False)
            continue
        before += _build(part, _bounds(part)[0], varied=False)
