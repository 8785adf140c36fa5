"""An SVG badge: profile and outcome. It refers to nothing outside itself."""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from reports.digest import Digest
from reports.results import Run
from reports.text import shorten
from reports.vocabulary import BROKEN, outcome, profile

COLOURS = {
    "conformant": "#1a7f37",
    "not conformant": "#b42318",
    "incomplete": "#8a5a00",
    "stale baseline": "#8a5a00",
}
#: Width of a character of 11 px Verdana, and the room around a text, in px.
CHARACTER, ROOM = 6.7, 12


def render(numbers: Digest, path: Path) -> Path:
    """Write the badge."""
    path.write_text(svg(numbers.run), encoding="utf-8")
    return path


def svg(run: Run) -> str:
    """Return the badge of a run."""
    label = shorten(f"KMS {profile(run)}", 60)
    said = outcome(run)
    value = said
    if said == "not conformant":
        broken = {result.rule for result in run.results if result.verdict in BROKEN}
        value = f"{len(broken)} broken"
    left = round(len(label) * CHARACTER + ROOM)
    right = round(len(value) * CHARACTER + ROOM)
    title = quoteattr(f"{label}: {value}")
    colour = COLOURS.get(said, "#57606a")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" \
role="img" aria-label={title}>
<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="20" fill="#3d444d"/>
<rect x="{left}" width="{right}" height="20" fill="{colour}"/>
</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left / 2}" y="14">{escape(label)}</text>
<text x="{left + right / 2}" y="14">{escape(value)}</text>
</g>
</svg>
"""
