"""Text from a target made safe to show: nothing invisible, nothing that a terminal or XML obeys."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
#: Controls (tab and newline aside), bidirectional and zero-width format characters, non-characters:
#: XML forbids some, terminals obey others, and a reader is deceived by the rest.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ufffe\uffff]"
)


def _name(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"


def well_formed(text: str) -> str:
    """Return the text with lone surrogates replaced, so that it can be encoded."""
    return _SURROGATE.sub("\ufffd", text)


def visible(text: str) -> str:
    """Return the text with every invisible character named (NUL as ⟨U+0000⟩)."""
    return _UNSEEN.sub(_name, well_formed(text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """Return the visible text on one line, with runs of white space as one space."""
    return " ".join(visible(text).split())


def shorten(text: str, length: int) -> str:
    """Return the text cut to `length` characters at most, an ellipsis marking the cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 case", "2 cases", with thousands separated."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a duration for people: 0.8 ms, 240 ms, 3.2 s, 4 min 05 s, 2 h 03 min."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
