"""Renders a results folder in several formats, reading it once."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reports import allure, badge, certificate, html, junit, terminal
from reports.digest import Digest, digest
from reports.results import load

_RENDERERS: dict[str, tuple[str, Callable[[Digest, Path], Path]]] = {
    "html": (terminal.PAGE, html.render),
    "junit": ("junit.xml", junit.render),
    "allure": ("allure-results", allure.render),
    "certificate": (certificate.CERTIFICATE, certificate.render),
    "badge": ("badge.svg", badge.render),
    "text": ("summary.txt", terminal.render),
}
FORMATS = tuple(_RENDERERS)


class UnknownFormatError(ValueError):
    """A format that is not among FORMATS; the text names those."""


def render(folder: Path, formats: Sequence[str] = ("all",)) -> list[Path]:
    """Write the reports of a results folder into it, and return their paths.

    `formats` are names of FORMATS, or "all". A run that was cut short has no certificate: "all"
    leaves it out, asked for by name it raises IncompleteRunError. Raises UnknownFormatError for an
    unknown format and ResultsError for a folder that cannot be read.
    """
    unknown = [name for name in formats if name not in (*FORMATS, "all")]
    if unknown:
        known = ", ".join((*FORMATS, "all"))
        raise UnknownFormatError(f"unknown report format {unknown[0]!r}; known are {known}")
    run = load(folder)
    names = [name for name in FORMATS if name in formats or "all" in formats]
    if run.footer is None and "certificate" not in formats and "certificate" in names:
        names.remove("certificate")
    numbers = digest(run)
    written = []
    for name in names:
        file, write = _RENDERERS[name]
        written.append(write(numbers, folder / file))
    return written
