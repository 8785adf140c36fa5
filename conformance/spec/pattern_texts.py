"""Texts of a wanted length that a pattern describes."""

from collections.abc import Iterator

from conformance.spec.pattern_nodes import (
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
