"""Random texts that a pattern describes, which shrink.

Apart from all else about patterns, so that what generates nothing need not load Hypothesis.
"""

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
)


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
