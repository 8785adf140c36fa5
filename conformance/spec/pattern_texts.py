"""Texts that a pattern describes: of a wanted length, or random ones that shrink."""

from collections.abc import Iterator
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.spec.pattern_nodes import (
    ASCII_VISIBLE,
    PREFERRED,
    Anchor,
    Chars,
    Choice,
    Look,
    Node,
    Repeat,
    Sequence,
    bounds_of,
)


def build(node: Node, length: int, *, varied: bool, offset: int = 0) -> str:
    """Return a text of ``length`` that the node describes, or a shorter one if it cannot."""
    match node:
        case Chars():
            visible = node.visible() if varied else ()
            return visible[offset % len(visible)] if visible else node.first()
        case Anchor() | Look():
            return ""
        case Choice(options):
            for option in options:
                low, high = bounds_of(option)
                if low <= length and (high is None or length <= high):
                    return build(option, length, varied=varied, offset=offset)
            return ""
        case Sequence(parts):
            each = [bounds_of(part) for part in parts]
            spare = length - sum(low for low, _ in each)
            texts = []
            for part, (low, high) in zip(parts, each, strict=True):
                extra = spare if high is None else min(spare, high - low)
                spare -= extra
                texts.append(build(part, low + extra, varied=varied, offset=offset))
            return "".join(texts)
        case Repeat(part, low, high):
            least, _ = bounds_of(part)
            count = low if least == 0 else length // least
            count = count if high is None else min(count, high)
            return "".join(
                build(part, least, varied=varied, offset=offset + index) for index in range(count)
            )


def fit(node: Node, low: int, high: int | None) -> Node:
    """Narrow the only stretchable part of a sequence to the wanted length: less to filter."""
    if isinstance(node, Repeat):
        node = Sequence((node,))
    if not isinstance(node, Sequence):
        return node
    each = [bounds_of(part) for part in node.parts]
    stretchable = [index for index, (least, most) in enumerate(each) if least != most]
    if len(stretchable) != 1:
        return node
    index = stretchable[0]
    part = node.parts[index]
    if not isinstance(part, Repeat) or bounds_of(part.part) != (1, 1):
        return node
    fixed = sum(least for position, (least, _) in enumerate(each) if position != index)
    least = max(part.low, low - fixed)
    most = part.high if high is None else high - fixed
    most = most if part.high is None or most is None else min(part.high, most)
    parts = (*node.parts[:index], Repeat(part.part, least, most), *node.parts[index + 1 :])
    return Sequence(parts)


def strategy_of(node: Node) -> SearchStrategy[str]:
    """Return texts that a node describes; look-aheads are not heeded."""
    match node:
        case Chars():
            return _chars(node)
        case Anchor() | Look():
            return st.just("")
        case Choice(options):
            return st.one_of([strategy_of(option) for option in options])
        case Sequence(parts):
            return st.tuples(*map(strategy_of, parts)).map("".join)
        case Repeat(Chars() as part, low, high):
            most = max(low, 16) if high is None else min(high, max(low, 24))
            return st.text(_chars(part), min_size=low, max_size=most)
        case Repeat(part, low, high):
            most = low + 4 if high is None else high
            return st.lists(strategy_of(part), min_size=low, max_size=most).map("".join)


@cache
def _chars(node: Chars) -> SearchStrategy[str]:
    visible = node.visible()
    if not visible:
        return st.just(node.first())
    if not node.negated:
        return st.sampled_from(sorted(visible, key=_order))
    outside = "".join(char for char in ASCII_VISIBLE if char not in node)
    return st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters=outside)


def _order(char: str) -> tuple[int, str]:
    place = PREFERRED.find(char)
    return (place if place >= 0 else len(PREFERRED), char)


def excluded_beginnings(node: Node) -> Iterator[str]:
    """Yield what negative look-aheads exclude, each after the text before it."""
    if not isinstance(node, Sequence):
        return
    before = ""
    for part in node.parts:
        if isinstance(part, Look) and part.negative:
            options = part.part.options if isinstance(part.part, Choice) else (part.part,)
            for option in options:
                yield before + build(option, bounds_of(option)[0], varied=False)
            continue
        before += build(part, bounds_of(part)[0], varied=False)
